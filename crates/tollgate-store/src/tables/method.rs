//! A way to pay as it stands in the documents of payments and of events.

use serde::{Deserialize, Serialize};
use tollgate_core::method::PaymentMethod;
use tollgate_core::word::Word;

use crate::tables::document::{Read, word};

/// A way to pay: its word, and what is said of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct MethodDoc {
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

pub(crate) fn write_method(method: &PaymentMethod) -> MethodDoc {
    MethodDoc {
        kind: method.kind.word().to_owned(),
        detail: method.detail.clone(),
    }
}

pub(crate) fn read_method(doc: MethodDoc) -> Read<PaymentMethod> {
    Ok(PaymentMethod {
        kind: word(&doc.kind)?,
        detail: doc.detail,
    })
}
