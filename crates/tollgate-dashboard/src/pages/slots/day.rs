//! Days by the clocks of a calendar.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Calendar;

/// The clocks of a calendar.
pub(super) struct Clocks {
    zone: TimeZone,
    /// What the zone is called.
    pub(super) name: String,
}

/// From a point in time on, and before another: RFC 3339.
pub(super) type Stretch = (String, String);

impl Clocks {
    /// Those of the calendar; without a rule it has none of its own, and UTC stands for them.
    pub(super) fn of(calendar: &Calendar) -> Clocks {
        let name = calendar.timezone.as_deref().unwrap_or("UTC");
        let zone = TimeZone::get(name);
        Clocks {
            name: if zone.is_ok() { name } else { "UTC" }.to_owned(),
            zone: zone.unwrap_or(TimeZone::UTC),
        }
    }

    /// The day that somebody has picked, or the one that it is; `now` is milliseconds since the Unix epoch.
    pub(super) fn day(&self, picked: Option<&str>, now: i64) -> Date {
        let picked = picked.and_then(|day| day.parse::<Date>().ok());
        picked.unwrap_or_else(|| self.today(now))
    }

    /// The day that it is.
    pub(super) fn today(&self, now: i64) -> Date {
        let now = Timestamp::from_millisecond(now).unwrap_or_default();
        now.to_zoned(self.zone.clone()).date()
    }

    /// So many days from the beginning of one on.
    pub(super) fn stretch(&self, day: Date, days: u8) -> Option<Stretch> {
        let end = day.checked_add(jiff::Span::new().days(days)).ok()?;
        Some((self.begin(day)?, self.begin(end)?))
    }

    fn begin(&self, day: Date) -> Option<String> {
        let begin = day.to_zoned(self.zone.clone()).ok()?;
        Some(begin.timestamp().to_string())
    }

    /// The day and the clock of a point in time: `2026-01-22`, `10:00`.
    pub(super) fn read(&self, rfc3339: &str) -> Option<(Date, String)> {
        let at: Timestamp = rfc3339.parse().ok()?;
        let local = at.to_zoned(self.zone.clone());
        let clock = format!("{:02}:{:02}", local.hour(), local.minute());
        Some((local.date(), clock))
    }

    /// From when to when, by these clocks: `10:00–11:00`.
    pub(super) fn span(&self, starts_at: &str, ends_at: &str) -> String {
        let clock = |at: &str| match self.read(at) {
            Some((_, clock)) => clock,
            None => at.to_owned(),
        };
        format!("{}–{}", clock(starts_at), clock(ends_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(name: &str) -> Clocks {
        Clocks {
            zone: TimeZone::get(name).expect("it is a zone"),
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_day_is_as_long_as_its_clocks_have_it() {
        let day: Date = "2026-03-29".parse().expect("it is a day");
        let (from, to) = clocks("Europe/Berlin").stretch(day, 1).expect("it is one");
        assert_eq!(
            (from.as_str(), to.as_str()),
            ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
        );
    }

    #[test]
    fn what_is_no_day_is_today() {
        let jakarta = clocks("Asia/Jakarta");
        // 23:30 UTC: it is the next day there.
        let now = 1_769_124_600_000;
        for picked in [None, Some("2026-02-30"), Some("x")] {
            assert_eq!(jakarta.day(picked, now).to_string(), "2026-01-23");
        }
        assert_eq!(
            jakarta.day(Some("2026-01-01"), now).to_string(),
            "2026-01-01"
        );
        assert_eq!(
            jakarta.span("2026-01-22T16:30:00.000Z", "2026-01-22T17:30:00.000Z"),
            "23:30–00:30"
        );
    }
}
