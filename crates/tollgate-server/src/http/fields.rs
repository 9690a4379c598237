//! Single values on the wire: ids and times as texts, bodies, metadata.

use std::borrow::Cow;
use std::fmt::Display;
use std::net::IpAddr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tollgate_core::id::{
    DeliveryId, EffectId, EndpointId, ErrorId, EventId, HoldId, KeyId, OrderId, PaymentId,
    ReceiptId, RefundId, SlotId, UserId,
};
use tollgate_core::receipt_number::ReceiptNumber;
use tollgate_core::time::Timestamp;

use crate::http::body::id_pattern;
use crate::time_text::rfc3339;

/// What is written as a text of a known format.
pub(crate) trait Textual: Display {
    /// The format's name in schemas.
    const FORMAT: &'static str;
    /// The regular expression that its texts keep, where it has one.
    fn pattern() -> Option<String> {
        None
    }
}

macro_rules! ids {
    ($($name:ty = $format:literal;)*) => {$(
        impl Textual for $name {
            const FORMAT: &'static str = $format;

            fn pattern() -> Option<String> {
                Some(id_pattern(<$name>::PREFIX))
            }
        }
    )*};
}

ids! {
    OrderId = "order-id";
    PaymentId = "payment-id";
    RefundId = "refund-id";
    HoldId = "hold-id";
    SlotId = "slot-id";
    DeliveryId = "delivery-id";
    EventId = "event-id";
    EffectId = "effect-id";
    ReceiptId = "receipt-id";
    EndpointId = "endpoint-id";
    KeyId = "key-id";
    ErrorId = "error-id";
    UserId = "user-id";
}

impl Textual for ReceiptNumber {
    const FORMAT: &'static str = "receipt-number";
}

impl Textual for IpAddr {
    const FORMAT: &'static str = "ip";
}

/// A value as its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<T: Textual> JsonSchema for Shown<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::FORMAT.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "type": "string", "format": T::FORMAT });
        if let Some(pattern) = T::pattern() {
            schema.insert("pattern".to_owned(), pattern.into());
        }
        schema
    }
}

/// A point in time as its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeText(pub(crate) Timestamp);

impl Serialize for TimeText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl JsonSchema for TimeText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "date-time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// JSON from outside, as it came.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
pub(crate) struct Raw<'a>(&'a RawValue);

impl Raw<'_> {
    /// A text that was JSON when it was kept; should it not be any more, it is shown as nothing.
    pub(crate) fn metadata(text: &str) -> Raw<'_> {
        const NOTHING: &str = "{}";
        Raw(serde_json::from_str(text)
            .unwrap_or_else(|_| serde_json::from_str(NOTHING).expect("an empty object is JSON")))
    }

    /// A text that may be JSON.
    pub(crate) fn of(text: &str) -> Option<Raw<'_>> {
        serde_json::from_str(text).ok().map(Raw)
    }
}

impl JsonSchema for Raw<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "json".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "JSON as it was sent." })
    }
}

/// A body as text, or in base64 if it is none.
pub(crate) fn body_texts(body: &[u8]) -> (Option<String>, Option<String>) {
    use base64::Engine;
    match std::str::from_utf8(body) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (
            None,
            Some(base64::engine::general_purpose::STANDARD.encode(body)),
        ),
    }
}

/// A fee that there is none of is not shown.
pub(crate) fn is_zero(minor: &i64) -> bool {
    *minor == 0
}
