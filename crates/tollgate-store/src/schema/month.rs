//! Calendar months in UTC, as partitions and `tollgate prune` count them.

use std::fmt;
use std::str::FromStr;

use tollgate_core::time::Timestamp;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// The days of each month of a year that is no leap year.
const DAYS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// A month of a year from 1970 to 9999, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i64,
    /// January is 0.
    place: usize,
}

/// Why a text is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {text:?} as a month: expected YYYY-MM from 1970-01 to 9999-12")]
pub struct MonthError {
    text: String,
}

impl Month {
    const FIRST: Month = Month {
        year: 1970,
        place: 0,
    };

    /// The month of a point in time. What is before the epoch counts as the epoch.
    pub fn of(time: Timestamp) -> Month {
        let days = time.as_millis().max(0) / DAY_MS;
        // No month is longer than 31 days, so this is it or one not long before it.
        let months = (days / 31).min(12 * (9999 - 1970));
        let mut month = Month {
            year: 1970 + months / 12,
            place: (months % 12) as usize,
        };
        while month.below() <= time && month.year < 9999 {
            month = month.next();
        }
        month
    }

    /// Its first millisecond.
    pub fn first(self) -> Timestamp {
        let in_year: i64 = (0..self.place).map(|place| days(self.year, place)).sum();
        let day = days_before(self.year) - days_before(1970) + in_year;
        Timestamp::from_millis(day * DAY_MS)
    }

    /// The first millisecond after it.
    pub fn below(self) -> Timestamp {
        self.next().first()
    }

    /// The month after it.
    pub fn next(self) -> Month {
        match self.place {
            11 => Month {
                year: self.year + 1,
                place: 0,
            },
            place => Month {
                place: place + 1,
                ..self
            },
        }
    }
}

/// Days from the beginning of year 1 to that of a year.
fn days_before(year: i64) -> i64 {
    let past = year - 1;
    365 * past + past / 4 - past / 100 + past / 400
}

fn days(year: i64, place: usize) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    DAYS[place] + i64::from(is_leap && place == 1)
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.place + 1)
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Month, MonthError> {
        let read = || {
            let (year, month) = text.split_once('-')?;
            let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            if year.len() != 4 || month.len() != 2 || !is_digits(year) || !is_digits(month) {
                return None;
            }
            let place = month.parse::<usize>().ok()?.checked_sub(1)?;
            let year = year.parse().ok()?;
            let month = Month { year, place };
            (place < 12 && Month::FIRST <= month).then_some(month)
        };
        read().ok_or_else(|| MonthError {
            text: text.chars().take(32).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> i64 {
        text.parse::<Month>()
            .expect("it is a month")
            .first()
            .as_millis()
    }

    #[test]
    fn a_month_begins_when_the_calendar_says() {
        for (text, seconds) in [
            ("1970-01", 0),
            ("1970-03", 5_097_600),
            ("1972-03", 68_256_000),
            ("2000-03", 951_868_800),
            ("2026-11", 1_793_491_200),
            ("2100-03", 4_107_542_400),
        ] {
            assert_eq!(millis(text), seconds * 1000, "{text}");
        }
    }

    #[test]
    fn a_time_is_in_the_month_that_has_it() {
        let mut month = Month::FIRST;
        while month.year < 2401 {
            let (first, below) = (month.first(), month.below());
            let last = Timestamp::from_millis(below.as_millis() - 1);
            assert_eq!(Month::of(first), month);
            assert_eq!(Month::of(last), month);
            assert_eq!(month.to_string().parse(), Ok(month));
            month = month.next();
        }
        assert_eq!(Month::of(Timestamp::from_millis(-1)), Month::FIRST);
        assert_eq!(Month::of(Timestamp::from_millis(i64::MAX)).year, 9999);
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for text in [
            "",
            "2026",
            "2026-00",
            "2026-13",
            "2026-1",
            "26-01",
            "1969-12",
            "2026-01-01",
            "+026-01",
        ] {
            assert!(text.parse::<Month>().is_err(), "{text:?}");
        }
    }
}
