//! What a provider is answered.

use tollgate_core::snapshot::EventOutcome;
use tollgate_core::word::Word;

use crate::app::{Taken, TakenItem};

/// `{"events":[{"id","key","type","outcome"}]}`, written without a tree.
pub(crate) fn document(taken: &Taken) -> Vec<u8> {
    let mut text = Vec::with_capacity(16 + taken.items.len() * 128);
    text.extend_from_slice(b"{\"events\":[");
    for (index, item) in taken.items.iter().enumerate() {
        if 0 < index {
            text.push(b',');
        }
        write_item(&mut text, item);
    }
    text.extend_from_slice(b"]}");
    text
}

fn write_item(text: &mut Vec<u8>, item: &TakenItem) {
    let TakenItem {
        id,
        key,
        kind,
        outcome,
        error,
    } = item;
    text.extend_from_slice(b"{\"id\":");
    match id {
        Some(id) => {
            text.push(b'"');
            text.extend_from_slice(id.to_string().as_bytes());
            text.push(b'"');
        }
        None => text.extend_from_slice(b"null"),
    }
    text.extend_from_slice(b",\"key\":");
    write_text(text, key);
    text.extend_from_slice(b",\"type\":");
    write_text(text, kind);
    text.extend_from_slice(b",\"outcome\":\"");
    text.extend_from_slice(outcome.word().as_bytes());
    text.push(b'"');
    if let (EventOutcome::Rejected, Some(error)) = (outcome, error) {
        text.extend_from_slice(b",\"code\":\"");
        text.extend_from_slice(error.code.as_str().as_bytes());
        text.extend_from_slice(b"\",\"detail\":");
        write_text(text, &error.detail);
    }
    text.push(b'}');
}

fn write_text(text: &mut Vec<u8>, value: &str) {
    serde_json::to_writer(text, value).expect("a vector takes every byte");
}
