//! What a person must look at, in a root's document.

use serde::{Deserialize, Serialize};
use tollgate_core::id::PaymentId;
use tollgate_core::order::{Attention, AttentionCode};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::Corrupt;
use crate::tables::document::{Read, id};

#[derive(Serialize, Deserialize)]
pub(super) struct AttentionDoc {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<String>,
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

pub(super) fn write_attention(attention: &Attention) -> AttentionDoc {
    AttentionDoc {
        code: attention.code.word().to_owned(),
        payment: attention.payment.map(|payment| payment.to_string()),
        at: attention.at.as_millis(),
        resolved_at: attention.resolved.as_ref().map(|(at, _)| at.as_millis()),
        note: attention.resolved.as_ref().map(|(_, note)| note.clone()),
    }
}

pub(super) fn read_attention(doc: AttentionDoc) -> Read<Attention> {
    Ok(Attention {
        code: AttentionCode::ALL
            .iter()
            .copied()
            .find(|code| code.word() == doc.code)
            .ok_or_else(|| Corrupt::new("attention", &doc.code))?,
        payment: doc.payment.as_deref().map(id::<PaymentId, _>).transpose()?,
        at: Timestamp::from_millis(doc.at),
        resolved: doc
            .resolved_at
            .map(|at| (Timestamp::from_millis(at), doc.note.unwrap_or_default())),
    })
}
