//! Receipts in a root's document; the receipt itself is a row of `receipts`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tollgate_core::effect::Receipt;
use tollgate_core::receipt_number::ReceiptNumber;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::tables::document::{Read, currency_of, id, minor_of, money, text, word};

#[derive(Serialize, Deserialize)]
pub(super) struct ReceiptDoc<'a> {
    id: Cow<'a, str>,
    kind: Cow<'a, str>,
    payment: Cow<'a, str>,
    object: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Cow<'a, str>>,
    /// The kind that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<Cow<'a, str>>,
    /// What the payment's receipts are over with it, besides the fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    bought: Option<i64>,
    /// Year and sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<(i32, i64)>,
    /// The number as people call it, where that is not in the usual form.
    #[serde(skip_serializing_if = "Option::is_none")]
    called: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<i64>,
}

pub(super) fn write_receipt(receipt: &Receipt) -> ReceiptDoc<'_> {
    ReceiptDoc {
        id: Cow::Owned(receipt.id.to_string()),
        kind: text(receipt.kind.word()),
        payment: Cow::Owned(receipt.payment.to_string()),
        object: text(&receipt.object),
        minor: minor_of(&receipt.money),
        currency: currency_of(&receipt.money),
        corrects: receipt.corrects.map(|kind| text(kind.word())),
        bought: receipt.bought,
        number: receipt.number.as_ref().map(|n| (n.year, n.sequence)),
        called: receipt.number.as_ref().and_then(called),
        issued_at: receipt.issued_at.map(Timestamp::as_millis),
    }
}

/// What a number is called, if that does not follow from the rest: most documents have no such member.
fn called(number: &ReceiptNumber) -> Option<Cow<'_, str>> {
    let usual = ReceiptNumber::usual(number.year, number.sequence);
    (usual != *number).then(|| text(&number.text))
}

pub(super) fn read_receipt(doc: ReceiptDoc<'_>) -> Read<Receipt> {
    Ok(Receipt {
        id: id(&doc.id)?,
        kind: word(&doc.kind)?,
        payment: id(&doc.payment)?,
        object: doc.object.into_owned(),
        money: money(doc.minor, doc.currency.as_deref())?,
        corrects: doc.corrects.as_deref().map(word).transpose()?,
        bought: doc.bought,
        number: doc.number.map(|(year, sequence)| {
            let usual = ReceiptNumber::usual(year, sequence);
            ReceiptNumber {
                text: doc.called.map_or(usual.text, Cow::into_owned),
                ..usual
            }
        }),
        issued_at: doc.issued_at.map(Timestamp::from_millis),
    })
}
