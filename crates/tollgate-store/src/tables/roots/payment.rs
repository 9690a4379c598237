//! Payments and their refunds in a root's document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tollgate_core::id::{PaymentId, RefundId};
use tollgate_core::money::Money;
use tollgate_core::payment::{OrderedBy, Payment, Refund};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::tables::document::{Read, currency, id, is_no, read_all, word};
use crate::tables::fact::{FactDoc, read_fact, write_fact};
use crate::tables::method::{MethodDoc, read_method, write_method};

#[derive(Serialize, Deserialize)]
pub(super) struct PaymentDoc {
    id: String,
    source: String,
    reference: String,
    due: i64,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    status: String,
    captured: i64,
    refunded: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<FactDoc>,
    /// How each object was paid.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    methods: BTreeMap<String, MethodDoc>,
    created_at: i64,
    updated_at: i64,
}

pub(super) fn write_payment(payment: &Payment) -> PaymentDoc {
    let projection = payment.projection();
    PaymentDoc {
        id: payment.id.to_string(),
        source: payment.source.clone(),
        reference: payment.reference.clone(),
        due: payment.due.minor,
        currency: payment.due.currency.to_string(),
        expires_at: payment.expires_at.map(Timestamp::as_millis),
        provider_id: payment.provider_payment_id.clone(),
        status: projection.status.word().to_owned(),
        captured: projection.captured_minor,
        refunded: projection.refunded_minor,
        facts: payment.facts.iter().map(write_fact).collect(),
        methods: payment
            .methods
            .iter()
            .map(|(object, method)| (object.clone(), write_method(method)))
            .collect(),
        created_at: payment.created_at.as_millis(),
        updated_at: payment.updated_at.as_millis(),
    }
}

pub(super) fn read_payment(doc: PaymentDoc) -> Read<Payment> {
    Ok(Payment {
        id: id::<PaymentId, _>(&doc.id)?,
        source: doc.source,
        reference: doc.reference,
        due: Money {
            minor: doc.due,
            currency: currency(&doc.currency)?,
        },
        expires_at: doc.expires_at.map(Timestamp::from_millis),
        provider_payment_id: doc.provider_id,
        facts: read_all(doc.facts, read_fact)?,
        methods: doc
            .methods
            .into_iter()
            .map(|(object, method)| Ok((object, read_method(method)?)))
            .collect::<Read<_>>()?,
        created_at: Timestamp::from_millis(doc.created_at),
        updated_at: Timestamp::from_millis(doc.updated_at),
    })
}

#[derive(Serialize, Deserialize)]
pub(super) struct RefundDoc {
    id: String,
    payment: String,
    minor: i64,
    currency: String,
    state: String,
    #[serde(default)]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    /// Who ordered it; the merchant where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    ordered_by: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    restocked: Vec<(String, i64)>,
    #[serde(default, skip_serializing_if = "is_no")]
    released_slot: bool,
    created_at: i64,
}

pub(super) fn write_refund(refund: &Refund) -> RefundDoc {
    RefundDoc {
        id: refund.id.to_string(),
        payment: refund.payment.to_string(),
        minor: refund.money.minor,
        currency: refund.money.currency.to_string(),
        state: refund.state.word().to_owned(),
        reason: refund.reason.clone(),
        provider_id: refund.provider_refund_id.clone(),
        ordered_by: match refund.ordered_by {
            OrderedBy::Merchant => None,
            OrderedBy::Tollgate => Some(refund.ordered_by.word().to_owned()),
        },
        restocked: refund.restocked.clone(),
        released_slot: refund.released_slot,
        created_at: refund.created_at.as_millis(),
    }
}

pub(super) fn read_refund(doc: RefundDoc) -> Read<Refund> {
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
        reason: doc.reason,
        provider_refund_id: doc.provider_id,
        restocked: doc.restocked,
        released_slot: doc.released_slot,
        created_at: Timestamp::from_millis(doc.created_at),
    })
}
