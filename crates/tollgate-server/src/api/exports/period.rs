//! The stretch of time that a table or a list is of: days of the shop, or points in time.

use serde_json::{Value, json};
use tollgate_core::time::Timestamp;
use tollgate_store::Between;

use crate::http::body::{Date, Time};
use crate::http::extract::Query;
use crate::http::operation::schema_of;
use crate::http::problem::Problem;
use crate::time_text;

/// What `from` and `to` look like.
const WANTED: &str = "a day as 2026-01-31, or a time as 2026-01-22T10:00:00Z";

/// A day or a time.
pub(in crate::api) fn schema_of_begin() -> Value {
    json!({ "type": "string", "anyOf": [schema_of::<Date>(), schema_of::<Time>()] })
}

/// What is asked for: from a time on, and before another.
#[derive(Debug, Clone)]
pub(in crate::api) struct Period {
    pub(in crate::api) between: Between,
    /// What stands in the name of the file: the two days, where days were asked for.
    days: String,
}

impl Period {
    /// Reads `from` and `to`; a day begins when it does in the shop's time zone.
    pub(in crate::api) fn of(query: &Query, zone: &str) -> Result<Period, Problem> {
        let read = |name| query.read(name, WANTED, |text| begin_of(text, zone));
        let between = Between {
            from: read("from")?,
            to: read("to")?,
        };
        if let (Some(from), Some(to)) = (between.from, between.to)
            && to <= from
        {
            return Err(Problem::invalid_at("?to", "it is not later than from"));
        }
        let days = ["from", "to"].map(|name| query.text(name).filter(|text| is_day(text)));
        let days: String = days.iter().flatten().map(|day| format!("-{day}")).collect();
        Ok(Period { between, days })
    }

    /// The file that a table is kept as.
    pub(in crate::api) fn file(&self, what: &str) -> String {
        format!("{what}{}.csv", self.days)
    }
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

fn begin_of(text: &str, zone: &str) -> Option<Timestamp> {
    if !is_day(text) {
        return time_text::parse(text);
    }
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let day: jiff::civil::Date = text.parse().ok()?;
    let begins = day.to_zoned(zone).ok()?.timestamp();
    Some(Timestamp::from_millis(begins.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_with_the_clocks_of_its_shop() {
        let at = |text: &str| time_text::parse(text).expect("it is a time");
        for (text, zone, begins) in [
            ("2026-01-22", "Asia/Jakarta", Some("2026-01-21T17:00:00Z")),
            ("2026-01-22", "UTC", Some("2026-01-22T00:00:00Z")),
            // There is no midnight on this day: the clocks go on from it to one.
            ("2026-03-08", "America/Havana", Some("2026-03-08T05:00:00Z")),
            (
                "2026-01-22T10:00:00+03:00",
                "UTC",
                Some("2026-01-22T07:00:00Z"),
            ),
            ("2026-13-01", "UTC", None),
            ("20260122", "UTC", None),
            ("yesterday", "UTC", None),
        ] {
            assert_eq!(begin_of(text, zone), begins.map(at), "{text} {zone}");
        }
    }
}
