//! What a person must look at, in a root's document.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tollgate_core::id::PaymentId;
use tollgate_core::order::{Attention, AttentionCode};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::Corrupt;
use crate::tables::document::{Read, id, text};

#[derive(Serialize, Deserialize)]
pub(super) struct AttentionDoc<'a> {
    code: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Cow<'a, str>>,
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
}

pub(super) fn write_attention(attention: &Attention) -> AttentionDoc<'_> {
    AttentionDoc {
        code: text(attention.code.word()),
        payment: attention
            .payment
            .map(|payment| Cow::Owned(payment.to_string())),
        at: attention.at.as_millis(),
        resolved_at: attention.resolved.as_ref().map(|(at, _)| at.as_millis()),
        note: attention.resolved.as_ref().map(|(_, note)| text(note)),
    }
}

pub(super) fn read_attention(doc: AttentionDoc<'_>) -> Read<Attention> {
    Ok(Attention {
        code: AttentionCode::ALL
            .iter()
            .copied()
            .find(|code| code.word() == doc.code)
            .ok_or_else(|| Corrupt::new("attention", &doc.code))?,
        payment: doc.payment.as_deref().map(id::<PaymentId, _>).transpose()?,
        at: Timestamp::from_millis(doc.at),
        resolved: doc.resolved_at.map(|at| {
            (
                Timestamp::from_millis(at),
                doc.note.unwrap_or_default().into_owned(),
            )
        }),
    })
}
