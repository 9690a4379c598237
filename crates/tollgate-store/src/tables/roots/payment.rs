//! Payments and their refunds in a root's document.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tollgate_core::id::{PaymentId, RefundId};
use tollgate_core::money::Money;
use tollgate_core::payment::{OrderedBy, Payment, Refund};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::tables::document::{
    Read, currency, id, is_empty, is_no, maybe_text, read_all, text, word,
};
use crate::tables::fact::{FactDoc, read_fact, write_fact};
use crate::tables::method::{MethodDoc, read_method, write_method};

#[derive(Serialize, Deserialize)]
pub(super) struct PaymentDoc<'a> {
    id: Cow<'a, str>,
    source: Cow<'a, str>,
    reference: Cow<'a, str>,
    due: i64,
    currency: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<Cow<'a, str>>,
    status: Cow<'a, str>,
    captured: i64,
    refunded: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<FactDoc<'a>>,
    /// How each object was paid.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    methods: BTreeMap<Cow<'a, str>, MethodDoc<'a>>,
    created_at: i64,
    updated_at: i64,
}

pub(super) fn write_payment(payment: &Payment) -> PaymentDoc<'_> {
    let projection = payment.projection();
    PaymentDoc {
        id: Cow::Owned(payment.id.to_string()),
        source: text(&payment.source),
        reference: text(&payment.reference),
        due: payment.due.minor,
        currency: text(payment.due.currency.as_str()),
        expires_at: payment.expires_at.map(Timestamp::as_millis),
        provider_id: maybe_text(&payment.provider_payment_id),
        status: text(projection.status.word()),
        captured: projection.captured_minor,
        refunded: projection.refunded_minor,
        facts: payment.facts.iter().map(write_fact).collect(),
        methods: payment
            .methods
            .iter()
            .map(|(object, method)| (text(object), write_method(method)))
            .collect(),
        created_at: payment.created_at.as_millis(),
        updated_at: payment.updated_at.as_millis(),
    }
}

pub(super) fn read_payment(doc: PaymentDoc<'_>) -> Read<Payment> {
    Ok(Payment {
        id: id::<PaymentId, _>(&doc.id)?,
        source: doc.source.into_owned(),
        reference: doc.reference.into_owned(),
        due: Money {
            minor: doc.due,
            currency: currency(&doc.currency)?,
        },
        expires_at: doc.expires_at.map(Timestamp::from_millis),
        provider_payment_id: doc.provider_id.map(Cow::into_owned),
        facts: read_all(doc.facts, read_fact)?,
        methods: doc
            .methods
            .into_iter()
            .map(|(object, method)| Ok((object.into_owned(), read_method(method)?)))
            .collect::<Read<_>>()?,
        created_at: Timestamp::from_millis(doc.created_at),
        updated_at: Timestamp::from_millis(doc.updated_at),
    })
}

#[derive(Serialize, Deserialize)]
pub(super) struct RefundDoc<'a> {
    id: Cow<'a, str>,
    payment: Cow<'a, str>,
    minor: i64,
    currency: Cow<'a, str>,
    state: Cow<'a, str>,
    #[serde(default)]
    reason: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<Cow<'a, str>>,
    /// Who ordered it; the merchant where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    ordered_by: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    restocked: Cow<'a, [(String, i64)]>,
    #[serde(default, skip_serializing_if = "is_no")]
    released_slot: bool,
    created_at: i64,
}

pub(super) fn write_refund(refund: &Refund) -> RefundDoc<'_> {
    RefundDoc {
        id: Cow::Owned(refund.id.to_string()),
        payment: Cow::Owned(refund.payment.to_string()),
        minor: refund.money.minor,
        currency: text(refund.money.currency.as_str()),
        state: text(refund.state.word()),
        reason: text(&refund.reason),
        provider_id: maybe_text(&refund.provider_refund_id),
        ordered_by: match refund.ordered_by {
            OrderedBy::Merchant => None,
            OrderedBy::Tollgate => Some(text(refund.ordered_by.word())),
        },
        restocked: Cow::Borrowed(&refund.restocked),
        released_slot: refund.released_slot,
        created_at: refund.created_at.as_millis(),
    }
}

pub(super) fn read_refund(doc: RefundDoc<'_>) -> Read<Refund> {
    Ok(Refund {
        id: id::<RefundId, _>(&doc.id)?,
        payment: id::<PaymentId, _>(&doc.payment)?,
        money: Money {
            minor: doc.minor,
            currency: currency(&doc.currency)?,
        },
        state: word(&doc.state)?,
        ordered_by: doc
            .ordered_by
            .map_or(Ok(OrderedBy::Merchant), |by| word(&by))?,
        reason: doc.reason.into_owned(),
        provider_refund_id: doc.provider_id.map(Cow::into_owned),
        restocked: doc.restocked.into_owned(),
        released_slot: doc.released_slot,
        created_at: Timestamp::from_millis(doc.created_at),
    })
}
