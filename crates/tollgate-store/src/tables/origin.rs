//! Where a command comes from: what the request of somebody outside was called by its sender.

use serde::{Deserialize, Serialize};

use crate::tables::document::{Read, from_json, to_json};

/// The id and the trace that a request brought. They stand with what it did, and go on with what is sent for
/// that.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// Its sender's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Box<str>>,
    /// The trace that it is part of, 32 hexadecimal digits (W3C Trace Context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<Box<str>>,
    /// Its caller says that nothing of the trace is recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsampled: bool,
}

/// The names of both, in an entry of the timeline too.
pub(crate) const REQUEST_ID: &str = "request_id";
pub(crate) const TRACE_ID: &str = "trace_id";

impl Origin {
    /// As a document, for a row.
    pub(crate) fn write(&self) -> String {
        to_json(self)
    }

    /// Reads what [`Origin::write`] wrote.
    pub(crate) fn read(text: &str) -> Read<Origin> {
        from_json("origin", text)
    }
}
