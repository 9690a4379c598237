//! Points in time: JSON has RFC 3339.

use prost_types::Timestamp;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::Serializer;

pub(crate) fn serialize<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_str(&text(time)),
        None => serializer.serialize_none(),
    }
}

/// A time that no calendar has is written so that the server shows it where it refuses it.
fn text(time: &Timestamp) -> String {
    match jiff::Timestamp::new(time.seconds, time.nanos) {
        Ok(at) => at.to_string(),
        Err(_) => format!("{} s {} ns", time.seconds, time.nanos),
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let at: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
    Ok(Some(Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    }))
}
