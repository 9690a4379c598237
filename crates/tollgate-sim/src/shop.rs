//! The shop: what stands on its shelves by its own count, and when its calendar is open.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::CalendarWish;
use crate::provider::House;

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

    /// The same as a command for the engine.
    pub fn wish(&self, now: i64) -> CalendarWish {
        let until = now + self.days_ahead * DAY;
        CalendarWish {
            capacity: self.capacity,
            late_next: self.late_next,
            slots: self.slots(now, until),
            until,
            rules: self.rules(),
        }
    }

    /// It in a line of figures, for a reader who has to follow it alone.
    pub fn rules(&self) -> String {
        let closed_day = self
            .closed_day
            .map_or("-".to_owned(), |day| day.to_string());
        format!(
            "[{}, {}, \"{closed_day}\", {}, {}]",
            self.days_ahead, self.minutes, self.capacity, self.late_next
        )
    }

    /// The opening hours of such a line.
    pub fn of_rules(rules: &str) -> Option<Opening> {
        let rules = rules.strip_prefix('[')?.strip_suffix(']')?;
        let mut words = rules.split(", ");
        Some(Opening {
            days_ahead: words.next()?.parse().ok()?,
            minutes: words.next()?.parse().ok()?,
            closed_day: words.next()?.trim_matches('"').parse().ok(),
            capacity: words.next()?.parse().ok()?,
            late_next: words.next()?.parse().ok()?,
        })
    }
}

/// Begin and end of a slot put by hand, in minutes of its day: one of the hours' own, over two of them,
/// after them, and over the last of them.
pub fn by_hand(place: u8) -> (i64, i64) {
    match place % 4 {
        0 => (10 * 60, 11 * 60),
        1 => (10 * 60 + 30, 11 * 60 + 30),
        2 => (13 * 60, 14 * 60),
        _ => (11 * 60, 13 * 60),
    }
}

/// What the shop knows by its own count.
#[derive(Debug, Clone, Default)]
pub struct Shop {
    /// Units put on the shelf and not taken out by hand, by sku.
    pub put_in: BTreeMap<&'static str, i64>,
    /// The opening hours in force.
    pub opening: Option<Opening>,
    /// Slots put by hand, by start: end and units.
    pub by_hand: BTreeMap<i64, (i64, i64)>,
    /// What came back with a refund, oldest first.
    pub came_back: Vec<CameBack>,
    /// Carts that set something aside, oldest first.
    pub carts: Vec<Cart>,
    /// Payments that end by the shop's word: when, by id.
    pub attempts: BTreeMap<u128, i64>,
    /// References of payments that were registered without an order.
    pub alone: BTreeSet<(House, String)>,
}

/// Goods and a slot that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameBack {
    /// With which refund.
    pub key: String,
    /// Of which order.
    pub root: u128,
    /// Units by sku.
    pub lines: Vec<(String, i64)>,
    /// The slot too.
    pub slot: bool,
}

/// A cart, by the shop's own count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// The id of its hold.
    pub hold: u128,
    /// Units by sku.
    pub lines: Vec<(String, i64)>,
    /// When it ends by itself.
    pub ends_at: i64,
    /// It was given back, or an order has taken it over.
    pub given_up: bool,
    /// The order that has taken it over.
    pub order: Option<u128>,
}

impl Shop {
    /// Units of a sku that came back, of one order or of all.
    pub fn units_back(&self, root: Option<u128>, sku: &str) -> i64 {
        let of_root = |back: &&CameBack| root.is_none_or(|root| root == back.root);
        let lines = self.came_back.iter().filter(of_root);
        let of_sku = lines.flat_map(|back| &back.lines);
        let units = of_sku
            .filter(|(name, _)| name == sku)
            .map(|(_, units)| units);
        units.sum()
    }

    /// An order has given its slot back.
    pub fn has_slot_back(&self, root: u128) -> bool {
        self.came_back
            .iter()
            .any(|back| back.root == root && back.slot)
    }
}

/// The things it sells.
pub const SKUS: [&str; 2] = ["shirt", "mug"];
