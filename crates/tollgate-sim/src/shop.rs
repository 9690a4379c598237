//! The shop: what stands on its shelves by its own count, and when its calendar is open.

use std::collections::BTreeMap;

use crate::engine::CalendarWish;

/// Milliseconds of a minute, an hour and a day.
pub const MINUTE: i64 = 60_000;
/// Milliseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds of a day.
pub const DAY: i64 = 24 * HOUR;
/// When every story begins: eight in the morning.
pub const START: i64 = 20_834 * DAY + 8 * HOUR;

/// When the calendar is open: from ten to noon, every day but one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// How many days ahead can be booked.
    pub days_ahead: i64,
    /// How long a slot is.
    pub minutes: i64,
    /// The day that is closed, counted from the story's first.
    pub closed_day: Option<i64>,
    /// Orders a slot takes.
    pub capacity: i64,
    /// A late payment may take the next slot.
    pub late_next: bool,
}

/// How many shapes of opening hours there are.
pub const OPENINGS: u8 = 6;

impl Opening {
    /// One of the shapes.
    pub fn of(shape: u8) -> Opening {
        let usual = Opening {
            days_ahead: 2,
            minutes: 60,
            closed_day: None,
            capacity: 1,
            late_next: false,
        };
        match shape % OPENINGS {
            0 => usual,
            1 => Opening {
                days_ahead: 7,
                ..usual
            },
            2 => Opening {
                minutes: 90,
                ..usual
            },
            3 => Opening {
                closed_day: Some(0),
                capacity: 2,
                ..usual
            },
            4 => Opening {
                capacity: 2,
                late_next: true,
                ..usual
            },
            _ => Opening {
                days_ahead: 7,
                closed_day: Some(1),
                capacity: 2,
                ..usual
            },
        }
    }

    /// Starts and ends of its slots that start in a stretch of time.
    pub fn slots(&self, from: i64, until: i64) -> Vec<(i64, i64)> {
        let midnight = START - START % DAY;
        let mut slots = Vec::new();
        let first = (from - midnight).div_euclid(DAY);
        let last = (until - midnight).div_euclid(DAY);
        for day in first..=last {
            if self.closed_day == Some(day) {
                continue;
            }
            let (mut start, noon) = (
                midnight + day * DAY + 10 * HOUR,
                midnight + day * DAY + 12 * HOUR,
            );
            while start + self.minutes * MINUTE <= noon {
                if from <= start && start < until {
                    slots.push((start, start + self.minutes * MINUTE));
                }
                start += self.minutes * MINUTE;
            }
        }
        slots
    }

    /// The same as the engine is told it.
    pub fn wish(&self, now: i64) -> CalendarWish {
        let until = now + self.days_ahead * DAY;
        CalendarWish {
            capacity: self.capacity,
            late_next: self.late_next,
            slots: self.slots(now, until),
            until,
        }
    }
}

/// What the shop knows by its own count.
#[derive(Debug, Clone, Default)]
pub struct Shop {
    /// Units put on the shelf and not taken out by hand, by sku.
    pub put_in: BTreeMap<&'static str, i64>,
    /// The opening hours in force.
    pub opening: Option<Opening>,
}

/// The things it sells.
pub const SKUS: [&str; 2] = ["shirt", "mug"];
