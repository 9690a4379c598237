//! Receipts in a root's document; the receipt itself is a row of `receipts`.

use serde::{Deserialize, Serialize};
use tollgate_core::effect::Receipt;
use tollgate_core::receipt_number::ReceiptNumber;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::tables::document::{Read, currency_of, id, minor_of, money, word};

#[derive(Serialize, Deserialize)]
pub(super) struct ReceiptDoc {
    id: String,
    kind: String,
    payment: String,
    object: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The kind that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<String>,
    /// What the payment's receipts are over with it, besides the fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    bought: Option<i64>,
    /// Year and sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<(i32, i64)>,
    /// The number as people call it, where that is not in the usual form.
    #[serde(skip_serializing_if = "Option::is_none")]
    called: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<i64>,
}

pub(super) fn write_receipt(receipt: &Receipt) -> ReceiptDoc {
    ReceiptDoc {
        id: receipt.id.to_string(),
        kind: receipt.kind.word().to_owned(),
        payment: receipt.payment.to_string(),
        object: receipt.object.clone(),
        minor: minor_of(&receipt.money),
        currency: currency_of(&receipt.money),
        corrects: receipt.corrects.map(|kind| kind.word().to_owned()),
        bought: receipt.bought,
        number: receipt.number.as_ref().map(|n| (n.year, n.sequence)),
        called: receipt.number.as_ref().and_then(called),
        issued_at: receipt.issued_at.map(Timestamp::as_millis),
    }
}

/// What a number is called, if that does not follow from the rest: most documents have no such member.
fn called(number: &ReceiptNumber) -> Option<String> {
    let usual = ReceiptNumber::usual(number.year, number.sequence);
    (usual != *number).then(|| number.text.clone())
}

pub(super) fn read_receipt(doc: ReceiptDoc) -> Read<Receipt> {
    Ok(Receipt {
        id: id(&doc.id)?,
        kind: word(&doc.kind)?,
        payment: id(&doc.payment)?,
        object: doc.object,
        money: money(doc.minor, doc.currency.as_deref())?,
        corrects: doc.corrects.as_deref().map(word).transpose()?,
        bought: doc.bought,
        number: doc.number.map(|(year, sequence)| {
            let usual = ReceiptNumber::usual(year, sequence);
            ReceiptNumber {
                text: doc.called.unwrap_or(usual.text),
                ..usual
            }
        }),
        issued_at: doc.issued_at.map(Timestamp::from_millis),
    })
}
