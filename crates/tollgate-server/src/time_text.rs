//! Points in time as the API writes and reads them: RFC 3339 in UTC.

use tollgate_core::time::Timestamp;

/// The text of a point in time, always to the millisecond.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(time.as_millis()) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => format!("{:.3}", jiff::Timestamp::MAX),
    }
}

/// What a text of a point in time looks like, and how far the calendar reaches.
pub(crate) const WANTED: &str = "a time as 2026-01-22T10:00:00Z, at most 9999-12-30T22:00:00Z";

/// Reads a text; an offset is taken into account, a missing one is refused.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_its_text() {
        for (text, millis) in [
            ("2026-01-22T10:00:00.000Z", 1_769_076_000_000),
            ("2026-01-22T10:00:00.120Z", 1_769_076_000_120),
            ("2026-01-22T10:00:00.123Z", 1_769_076_000_123),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(rfc3339(Timestamp::from_millis(millis)), text);
            assert_eq!(parse(text), Some(Timestamp::from_millis(millis)));
        }
        let longest = rfc3339(Timestamp::from_millis(i64::MAX));
        assert_eq!(longest, "9999-12-30T22:00:00.999Z");
        let east = parse("2026-01-22T13:00:00+03:00");
        assert_eq!(east, parse("2026-01-22T10:00:00Z"));
        for text in ["", "2026-01-22", "2026-01-22T10:00:00", "tomorrow"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
