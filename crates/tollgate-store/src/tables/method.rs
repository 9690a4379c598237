//! A way to pay as it stands in the documents of payments and of events.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tollgate_core::method::PaymentMethod;
use tollgate_core::word::Word;

use crate::tables::document::{Read, maybe_text, text, word};

/// A way to pay: its word, and what is said of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct MethodDoc<'a> {
    kind: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'a, str>>,
}

pub(crate) fn write_method(method: &PaymentMethod) -> MethodDoc<'_> {
    MethodDoc {
        kind: text(method.kind.word()),
        detail: maybe_text(&method.detail),
    }
}

pub(crate) fn read_method(doc: MethodDoc<'_>) -> Read<PaymentMethod> {
    Ok(PaymentMethod {
        kind: word(&doc.kind)?,
        detail: doc.detail.map(Cow::into_owned),
    })
}
