//! A fact as it stands in the documents of payments and of events.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tollgate_core::event::{Fact, FactKind, Strength};
use tollgate_core::money::Money;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::Corrupt;
use crate::tables::document::{Read, currency, currency_of, is_no, text, word};

/// A fact: `kind` is `capture`, `refund`, `refunded_total` or `dispute`.
#[derive(Serialize, Deserialize)]
pub(crate) struct FactDoc<'a> {
    object: Cow<'a, str>,
    kind: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    strength: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_no")]
    foreign_mode: bool,
    /// What of the amount is a fee on top of what is due; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fee: Option<i64>,
}

pub(crate) fn write_fact(fact: &Fact) -> FactDoc<'_> {
    let (kind, state) = match fact.kind {
        FactKind::Capture(state) => ("capture", Some(state.word())),
        FactKind::Refund(state) => ("refund", Some(state.word())),
        FactKind::RefundedTotal => ("refunded_total", None),
        FactKind::Dispute(state) => ("dispute", Some(state.word())),
    };
    FactDoc {
        object: text(&fact.object),
        kind: text(kind),
        state: state.map(text),
        minor: fact.money.map(|money| money.minor),
        currency: currency_of(&fact.money),
        at: fact.occurred_at.map(Timestamp::as_millis),
        strength: text(strength_word(fact.strength)),
        foreign_mode: fact.foreign_mode,
        fee: Some(fact.fee_minor).filter(|fee| *fee != 0),
    }
}

pub(crate) fn read_fact(doc: FactDoc<'_>) -> Read<Fact> {
    let state = doc.state.as_deref().unwrap_or_default();
    let kind = match doc.kind.as_ref() {
        "capture" => FactKind::Capture(word(state)?),
        "refund" => FactKind::Refund(word(state)?),
        "refunded_total" => FactKind::RefundedTotal,
        "dispute" => FactKind::Dispute(word(state)?),
        other => return Err(Corrupt::new("fact", format!("its kind is {other:?}"))),
    };
    let money = match (doc.minor, doc.currency) {
        (Some(minor), Some(code)) => Some(Money {
            minor,
            currency: currency(&code)?,
        }),
        _ => None,
    };
    Ok(Fact {
        object: doc.object.into_owned(),
        kind,
        money,
        occurred_at: doc.at.map(Timestamp::from_millis),
        strength: strength(&doc.strength)?,
        foreign_mode: doc.foreign_mode,
        fee_minor: doc.fee.unwrap_or(0),
    })
}

const PARTLY_SIGNED: &str = "partly";

/// A document's word of a strength; of one it is shorter than everybody else's, and older versions read it.
fn strength_word(strength: Strength) -> &'static str {
    match strength {
        Strength::PartlySigned => PARTLY_SIGNED,
        Strength::Unsigned | Strength::Signed | Strength::Asked => strength.word(),
    }
}

fn strength(text: &str) -> Read<Strength> {
    match text {
        PARTLY_SIGNED => Ok(Strength::PartlySigned),
        _ => word(text),
    }
}
