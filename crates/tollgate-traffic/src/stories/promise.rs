//! What a story promises, what was found, and the table that says both.

use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table};

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Promise {
    /// In words.
    pub(super) must_hold: &'static str,
    /// What the answers say.
    pub(super) found: String,
    /// Whether it does.
    pub(super) holds: bool,
}

impl Promise {
    /// All of so many must do so.
    pub(super) fn all(must_hold: &'static str, kept: usize, of: usize) -> Promise {
        Promise {
            must_hold,
            found: ratio(kept, of),
            holds: kept == of && of > 0,
        }
    }

    /// A figure must be this one.
    pub(super) fn equal(must_hold: &'static str, found: i64, wanted: i64) -> Promise {
        let text = if found == wanted {
            group(found)
        } else {
            format!("{} instead of {}", group(found), group(wanted))
        };
        Promise {
            must_hold,
            found: text,
            holds: found == wanted,
        }
    }
}

/// One story, played and checked.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its heading.
    pub(super) title: &'static str,
    /// What was sent.
    pub(super) sent: String,
    /// What must hold, and what was found.
    pub(super) promises: Vec<Promise>,
    /// Ratios and times.
    pub(super) figures: Vec<(&'static str, String)>,
}

impl Story {
    /// Every promise was kept, and there was one.
    pub fn holds(&self) -> bool {
        !self.promises.is_empty() && self.promises.iter().all(|promise| promise.holds)
    }

    /// The story for people.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table
            .load_preset(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(["must hold", "found", ""]);
        for promise in &self.promises {
            let mark = match promise.holds {
                true => Cell::new("kept").fg(Color::Green),
                false => Cell::new("BROKEN").fg(Color::Red),
            };
            table.add_row([
                Cell::new(promise.must_hold),
                Cell::new(&promise.found),
                mark,
            ]);
        }
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let figures: Vec<String> = self
            .figures
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        format!(
            "{}\n  sent: {}\n{table}\n  {}\n",
            self.title,
            self.sent,
            figures.join("  ·  ")
        )
    }
}

/// `19 of 20 (95.0 %)`.
pub(super) fn ratio(part: usize, of: usize) -> String {
    if of == 0 {
        return "0 of 0".to_owned();
    }
    let tenths = part as u64 * 1000 / of as u64;
    format!("{part} of {of} ({}.{} %)", tenths / 10, tenths % 10)
}

/// Digits in groups of three.
pub(super) fn group(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Minor units of a currency with two decimals: `100 000.00`.
pub(super) fn decimal(minor: i64) -> String {
    let sign = if minor < 0 && minor > -100 { "-" } else { "" };
    format!("{sign}{}.{:02}", group(minor / 100), (minor % 100).abs())
}

/// Milliseconds to a tenth.
pub(super) fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// The time that half of them, and the one that 99 of 100, do not exceed.
pub(super) fn half_and_most(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |per_cent: usize| {
        let rank = (times.len() * per_cent).div_ceil(100).max(1);
        times.get(rank - 1).copied().unwrap_or_default()
    };
    (at(50), at(99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_without_promises_does_not_hold() {
        let story = Story {
            title: "",
            sent: String::new(),
            promises: vec![],
            figures: vec![],
        };
        assert!(!story.holds());
    }

    #[test]
    fn one_broken_promise_breaks_the_story_and_shows() {
        let promises = vec![Promise::all("a", 3, 3), Promise::equal("b", 11, 10)];
        let story = Story {
            title: "t",
            sent: "s".to_owned(),
            promises,
            figures: vec![],
        };
        assert!(!story.holds());
        let table = story.table();
        assert!(
            table.contains("BROKEN") && table.contains("11 instead of 10"),
            "{table}"
        );
    }

    #[test]
    fn nothing_looked_at_is_nothing_kept() {
        assert!(!Promise::all("a", 0, 0).holds);
        assert!(!Promise::all("a", 4, 5).holds);
    }

    #[test]
    fn numbers_for_people() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (-1000, "-1 000"),
            (1234567, "1 234 567"),
        ] {
            assert_eq!(group(number), text);
        }
        for (minor, text) in [
            (10_000_000, "100 000.00"),
            (5, "0.05"),
            (-5, "-0.05"),
            (-250, "-2.50"),
        ] {
            assert_eq!(decimal(minor), text);
        }
        assert_eq!(ratio(19, 20), "19 of 20 (95.0 %)");
        let times = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(
            half_and_most(times),
            (Duration::from_millis(100), Duration::from_millis(198))
        );
        assert_eq!(half_and_most(vec![]), (Duration::ZERO, Duration::ZERO));
    }
}
