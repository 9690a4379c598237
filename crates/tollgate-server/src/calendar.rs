//! Calendars' rules and the slots they make: local opening hours become points in time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tollgate_core::capacity::{Calendar, NewSlot};
use tollgate_core::closed_sets;
use tollgate_core::id::SlotId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

/// The most slots that one calendar has ahead.
pub(crate) const SLOTS_AHEAD_MAX: usize = 20_000;

/// The rules as they are kept with the calendar, and shown with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Rules {
    /// The time zone of the hours.
    pub(crate) timezone: String,
    /// How many minutes a slot is long.
    pub(crate) slot_minutes: i64,
    /// How many days ahead slots are made.
    pub(crate) days_ahead: i64,
    /// The hours of a week.
    #[serde(default)]
    pub(crate) weekly: Vec<Weekly>,
    /// Dates without slots.
    #[serde(default)]
    pub(crate) closed: Vec<String>,
}

impl Rules {
    /// As they are kept with the calendar.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("rules of texts can be written")
    }
}

/// The same hours on some days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Weekly {
    /// On which days.
    pub(crate) days: Vec<String>,
    /// When it opens.
    pub(crate) opens: String,
    /// When it closes; at or before `opens` it is on the next day.
    pub(crate) closes: String,
}

closed_sets! {
    /// A day of the week.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Day {
        /// Monday.
        Mon = "mon",
        /// Tuesday.
        Tue = "tue",
        /// Wednesday.
        Wed = "wed",
        /// Thursday.
        Thu = "thu",
        /// Friday.
        Fri = "fri",
        /// Saturday.
        Sat = "sat",
        /// Sunday.
        Sun = "sun",
    }
}

impl From<Day> for Weekday {
    fn from(day: Day) -> Weekday {
        match day {
            Day::Mon => Weekday::Monday,
            Day::Tue => Weekday::Tuesday,
            Day::Wed => Weekday::Wednesday,
            Day::Thu => Weekday::Thursday,
            Day::Fri => Weekday::Friday,
            Day::Sat => Weekday::Saturday,
            Day::Sun => Weekday::Sunday,
        }
    }
}

/// The slot's id: the time of its start, and a hash of calendar and start.
pub(crate) fn slot_id(calendar: &str, starts_at: Timestamp) -> SlotId {
    let mut hash = Sha256::new();
    hash.update(calendar.as_bytes());
    hash.update([0]);
    hash.update(starts_at.as_millis().to_be_bytes());
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    let millis = (starts_at.as_millis().max(0) as u128) & 0xffff_ffff_ffff;
    let random = u128::from_be_bytes(bytes) >> 48;
    // The version and variant of a UUIDv7 (RFC 9562, 5.7).
    let id = (millis << 80) | random;
    let id = (id & !(0xf << 76)) | (0x7 << 76);
    SlotId::from_u128((id & !(0x3 << 62)) | (0x2 << 62))
}

/// The slots the rules make that start at or after `from` and before `until`, in order of time, none
/// over another. `None` if the rules cannot be read or make more than [`SLOTS_AHEAD_MAX`].
pub(crate) fn slots(
    calendar: &str,
    rules: &Rules,
    from: Timestamp,
    until: Timestamp,
) -> Option<Vec<NewSlot>> {
    let zone = TimeZone::get(&rules.timezone).ok()?;
    let date_of = |time: Timestamp| {
        let time = jiff::Timestamp::from_millisecond(time.as_millis()).ok()?;
        Some(time.to_zoned(zone.clone()).date())
    };
    let closed: Vec<Date> = rules
        .closed
        .iter()
        .filter_map(|day| day.parse().ok())
        .collect();
    // A day that opened yesterday may still be open; a slot of a day may start after midnight. What a
    // day makes depends on the two days before it and on nothing earlier, so it is always the same.
    let first = date_of(from)?.checked_sub(4.days()).ok()?;
    let last = date_of(until)?.checked_add(1.day()).ok()?;
    let mut made = Vec::new();
    let mut before = [Openings::new(), Openings::new()];
    let mut date = first;
    while date <= last {
        let day = match closed.contains(&date) {
            true => Openings::new(),
            false => day_of(&zone, rules, date)?,
        };
        for (start, end) in &day {
            let meets = |other: &Openings| overlaps(other, *start, *end);
            if from <= *start && *start < until && !before.iter().any(meets) {
                made.push((*start, *end));
                if SLOTS_AHEAD_MAX < made.len() {
                    return None;
                }
            }
        }
        let [_, yesterday] = before;
        before = [yesterday, day];
        date = date.tomorrow().ok()?;
    }
    made.sort_unstable();
    let new_slot = |(starts_at, ends_at)| NewSlot {
        id: slot_id(calendar, starts_at),
        starts_at,
        ends_at,
        capacity: None,
    };
    Some(made.into_iter().map(new_slot).collect())
}

/// A day's slots by their starts, with their ends.
type Openings = BTreeMap<Timestamp, Timestamp>;

/// A slot of the day meets this time. None of them meets another.
fn overlaps(day: &Openings, starts_at: Timestamp, ends_at: Timestamp) -> bool {
    day.range(..ends_at)
        .next_back()
        .is_some_and(|(_, end)| starts_at < *end)
}

/// What a day's hours make, whichever day a slot is on when it starts. Where hours overlap, or the
/// clocks go forward during a slot, one that would begin before another has ended is left out.
fn day_of(zone: &TimeZone, rules: &Rules, date: Date) -> Option<Openings> {
    let mut starts = BTreeSet::new();
    for weekly in &rules.weekly {
        let is_open = |day: &String| Day::of(day).map(Weekday::from) == Some(date.weekday());
        if weekly.days.iter().any(is_open) {
            let local = day_starts(date, weekly, rules.slot_minutes)?;
            starts.extend(local.into_iter().filter_map(|start| existing(zone, start)));
        }
    }
    let mut day = Openings::new();
    for starts_at in starts {
        let ends_at = starts_at.plus(Span::minutes(rules.slot_minutes));
        if !overlaps(&day, starts_at, ends_at) {
            day.insert(starts_at, ends_at);
        }
    }
    Some(day)
}

/// The local starts of one day's slots. A last short slot is not made.
fn day_starts(date: Date, weekly: &Weekly, minutes: i64) -> Option<Vec<DateTime>> {
    let opens: Time = weekly.opens.parse().ok()?;
    let closes: Time = weekly.closes.parse().ok()?;
    let close_date = if closes <= opens {
        date.tomorrow().ok()?
    } else {
        date
    };
    let end = close_date.to_datetime(closes);
    let mut starts = Vec::new();
    let mut start = date.to_datetime(opens);
    loop {
        let next = start.checked_add(minutes.minutes()).ok()?;
        if end < next {
            return Some(starts);
        }
        starts.push(start);
        start = next;
    }
}

/// The point in time of a local time: none if it does not exist, the first if it exists twice.
fn existing(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let offset = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, .. } => before,
        AmbiguousOffset::Gap { .. } => return None,
    };
    let time = offset.to_timestamp(local).ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

/// How far ahead slots are made.
pub(crate) fn horizon(rules: &Rules, now: Timestamp) -> Timestamp {
    now.plus(Span::hours(24 * rules.days_ahead))
}

/// When to follow the rules again: often enough that a day ahead is always nearly a day.
pub(crate) fn make_at(rules: &Rules, now: Timestamp) -> Timestamp {
    now.plus(Span::hours(rules.days_ahead.clamp(1, 6)))
}

/// Makes a calendar's slots from now on, up to where they reach, and says when to do so again. Not
/// only those that are new: what was closed, or was never made, is made up for.
pub(crate) fn make_slots(
    calendar: &Calendar,
    now: Timestamp,
) -> Option<(Vec<NewSlot>, Timestamp, Timestamp)> {
    let rules: Rules = serde_json::from_str(&calendar.rules).ok()?;
    let until = horizon(&rules, now);
    let slots = slots(&calendar.name, &rules, now, until)?;
    Some((slots, until, make_at(&rules, now)))
}

/// The year of a time in a time zone; UTC's where the zone is not known.
pub(crate) fn year_in(zone: &str, at: Timestamp) -> i32 {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    i32::from(at.to_zoned(zone).year())
}

/// When the day of a time begins in a time zone, or a day so many days before.
pub(crate) fn day_in(zone: &str, at: Timestamp, days_before: i64) -> Timestamp {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    let day = at.to_zoned(zone).checked_sub(days_before.days());
    let begins = day.and_then(|day| day.start_of_day());
    begins.map_or(Timestamp::from_millis(0), |begins| {
        Timestamp::from_millis(begins.timestamp().as_millisecond())
    })
}

/// The day of a time in a time zone: `2026-01-22`.
pub(crate) fn date_in(zone: &str, at: Timestamp) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    at.to_zoned(zone).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_text::parse;

    #[test]
    fn a_day_begins_at_midnight_of_its_time_zone() {
        for (zone, at, days_before, begins) in [
            ("UTC", "2026-01-22T10:00:00Z", 0, "2026-01-22T00:00:00Z"),
            (
                "Asia/Kolkata",
                "2026-01-22T18:29:59Z",
                0,
                "2026-01-21T18:30:00Z",
            ),
            (
                "Asia/Kolkata",
                "2026-01-22T18:30:00Z",
                0,
                "2026-01-22T18:30:00Z",
            ),
            ("UTC", "2026-01-22T10:00:00Z", 6, "2026-01-16T00:00:00Z"),
            // An hour of the days between was left out.
            (
                "Europe/Berlin",
                "2026-03-31T10:00:00Z",
                6,
                "2026-03-24T23:00:00Z",
            ),
            ("no/zone", "2026-01-22T10:00:00Z", 0, "2026-01-22T00:00:00Z"),
        ] {
            let at = parse(at).expect("it is a time");
            assert_eq!(rfc3339(day_in(zone, at, days_before)), begins, "{zone}");
        }
    }

    /// A point in time, which is a whole second.
    fn rfc3339(time: Timestamp) -> String {
        crate::time_text::rfc3339(time).replace(".000Z", "Z")
    }

    fn made(timezone: &str, hours: &str, minutes: i64, from: &str, days: i64) -> Vec<String> {
        let (opens, closes) = hours.split_once('-').expect("hours have two ends");
        let rules = Rules {
            timezone: timezone.to_owned(),
            slot_minutes: minutes,
            days_ahead: days,
            weekly: vec![Weekly {
                days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
                    .map(str::to_owned)
                    .into(),
                opens: opens.to_owned(),
                closes: closes.to_owned(),
            }],
            closed: vec!["2026-12-25".to_owned()],
        };
        let from = parse(from).expect("it is a time");
        let slots = slots("kitchen", &rules, from, horizon(&rules, from)).expect("they are made");
        slots.iter().map(|slot| rfc3339(slot.starts_at)).collect()
    }

    #[test]
    fn local_hours_become_points_in_time() {
        assert_eq!(
            made(
                "Europe/Moscow",
                "10:00-11:10",
                30,
                "2026-01-22T00:00:00Z",
                1
            ),
            ["2026-01-22T07:00:00Z", "2026-01-22T07:30:00Z"],
            "the last slot would be too short"
        );
    }

    #[test]
    fn what_closes_before_it_opens_closes_the_next_day() {
        assert_eq!(
            made("UTC", "23:00-01:00", 60, "2026-01-22T00:00:00Z", 1),
            ["2026-01-22T00:00:00Z", "2026-01-22T23:00:00Z"],
        );
        assert_eq!(
            made("UTC", "00:00-00:00", 720, "2026-01-22T00:00:00Z", 1).len(),
            2
        );
    }

    #[test]
    fn closed_days_have_no_slots() {
        let days = made("UTC", "10:00-11:00", 60, "2026-12-24T00:00:00Z", 3);
        assert_eq!(days, ["2026-12-24T10:00:00Z", "2026-12-26T10:00:00Z"]);
    }

    #[test]
    fn a_local_time_that_does_not_exist_is_skipped_and_a_double_one_is_taken_once() {
        // Berlin goes from 02:00 to 03:00 on 29 March, and from 03:00 to 02:00 on 25 October 2026.
        assert_eq!(
            made(
                "Europe/Berlin",
                "01:00-04:00",
                30,
                "2026-03-28T23:00:00Z",
                1
            ),
            [
                "2026-03-29T00:00:00Z",
                "2026-03-29T00:30:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-29T01:30:00Z"
            ],
        );
        assert_eq!(
            made(
                "Europe/Berlin",
                "01:00-04:00",
                60,
                "2026-10-24T22:00:00Z",
                1
            ),
            [
                "2026-10-24T23:00:00Z",
                "2026-10-25T00:00:00Z",
                "2026-10-25T02:00:00Z"
            ],
        );
    }

    #[test]
    fn an_id_is_a_uuid_of_the_start_and_differs_by_calendar() {
        let start = Timestamp::from_millis(1_769_076_000_000);
        let id = slot_id("kitchen", start);
        assert_eq!(id, slot_id("kitchen", start));
        assert_ne!(id, slot_id("bar", start));
        let uuid = uuid::Uuid::from_u128(id.as_u128());
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(id.as_u128() >> 80, 1_769_076_000_000);
    }

    fn kitchen(rules: &Rules, made_until: &str) -> Calendar {
        Calendar {
            name: "kitchen".to_owned(),
            unit: tollgate_core::capacity::Unit::Orders,
            capacity: 1,
            currency: None,
            visible_lead: Span::minutes(0),
            booking_lead: Span::minutes(0),
            late: tollgate_core::capacity::Late::Same,
            made_until: parse(made_until).expect("it is a time"),
            make_at: None,
            rules: serde_json::to_string(rules).expect("it is JSON"),
            version: 1,
        }
    }

    #[test]
    fn all_slots_ahead_are_made_each_time_wherever_it_had_got_to() {
        let rules = Rules {
            timezone: "UTC".to_owned(),
            slot_minutes: 60,
            days_ahead: 1,
            weekly: vec![weekly("thu", "00:00-00:00"), weekly("fri", "00:00-00:00")],
            closed: Vec::new(),
        };
        let now = parse("2026-01-22T06:30:00Z").expect("it is a time");
        // It had got nowhere, to the usual place, or as far as a clock that was a year ahead.
        for made_until in [
            "2026-01-20T00:00:00Z",
            "2026-01-23T04:00:00Z",
            "2027-01-22T00:00:00Z",
        ] {
            let (slots, until, next) =
                make_slots(&kitchen(&rules, made_until), now).expect("they are made");
            let starts: Vec<String> = slots.iter().map(|slot| rfc3339(slot.starts_at)).collect();
            assert_eq!(starts.len(), 24);
            assert_eq!(
                (starts[0].as_str(), starts[23].as_str()),
                ("2026-01-22T07:00:00Z", "2026-01-23T06:00:00Z")
            );
            assert_eq!(until, parse("2026-01-23T06:30:00Z").expect("it is a time"));
            assert!(now < next && next <= now.plus(Span::hours(6)));
        }
    }

    fn weekly(day: &str, hours: &str) -> Weekly {
        let (opens, closes) = hours.split_once('-').expect("hours have two ends");
        Weekly {
            days: vec![day.to_owned()],
            opens: opens.to_owned(),
            closes: closes.to_owned(),
        }
    }

    #[test]
    fn no_slot_is_made_over_another_and_it_does_not_matter_from_when() {
        // Hours that overlap on a day, over midnight and by an hour that the clocks leave out: Berlin
        // goes from 02:00 to 03:00 on Sunday 29 March 2026.
        for minutes in [7, 45, 50, 60, 90, 1440] {
            let rules = Rules {
                timezone: "Europe/Berlin".to_owned(),
                slot_minutes: minutes,
                days_ahead: 3,
                weekly: vec![
                    weekly("fri", "10:00-12:00"),
                    weekly("fri", "11:10-16:00"),
                    weekly("fri", "20:00-20:00"),
                    weekly("sat", "01:20-09:00"),
                    weekly("sat", "12:00-11:59"),
                    weekly("sun", "00:00-05:00"),
                    weekly("sun", "01:30-06:00"),
                ],
                closed: Vec::new(),
            };
            let begin = parse("2026-03-26T00:00:00Z").expect("it is a time");
            let until = begin.plus(Span::hours(24 * 5));
            let all = slots("kitchen", &rules, begin, until).expect("they are made");
            assert!(!all.is_empty());
            for pair in all.windows(2) {
                assert!(
                    pair[0].ends_at <= pair[1].starts_at,
                    "{minutes} minutes: {} is made over {}",
                    rfc3339(pair[1].starts_at),
                    rfc3339(pair[0].starts_at)
                );
            }
            for hours in 0..100 {
                let from = begin.plus(Span::hours(hours));
                let later = slots("kitchen", &rules, from, until).expect("they are made");
                let rest: Vec<NewSlot> = all
                    .iter()
                    .filter(|slot| from <= slot.starts_at)
                    .cloned()
                    .collect();
                assert_eq!(later, rest, "{minutes} minutes, {hours} hours later");
            }
        }
    }
}
