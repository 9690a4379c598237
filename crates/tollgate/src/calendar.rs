//! Calendars' rules and the slots they make: local opening hours become points in time.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tollgate_core::capacity::{Calendar, NewSlot};
use tollgate_core::id::SlotId;
use tollgate_core::time::{Span, Timestamp};

/// The most slots that one calendar has ahead.
pub(crate) const SLOTS_AHEAD_MAX: usize = 20_000;

/// The rules as they are kept with the calendar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rules {
    pub(crate) timezone: String,
    pub(crate) slot_minutes: i64,
    pub(crate) days_ahead: i64,
    #[serde(default)]
    pub(crate) weekly: Vec<Weekly>,
    #[serde(default)]
    pub(crate) closed: Vec<String>,
}

/// The same hours on some days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Weekly {
    pub(crate) days: Vec<String>,
    pub(crate) opens: String,
    pub(crate) closes: String,
}

/// The day of a three-letter word.
pub(crate) fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
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

/// The slots the rules make that start at or after `from` and before `until`, in order of time.
/// `None` if the rules cannot be read or make more than [`SLOTS_AHEAD_MAX`].
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
    // A day that opened yesterday may still be open; a slot of a day may start after midnight.
    let first = date_of(from)?.checked_sub(2.days()).ok()?;
    let last = date_of(until)?.checked_add(1.day()).ok()?;
    let mut made = BTreeMap::new();
    let mut date = first;
    while date <= last {
        if !closed.contains(&date) {
            for weekly in &rules.weekly {
                if !weekly
                    .days
                    .iter()
                    .any(|day| weekday(day) == Some(date.weekday()))
                {
                    continue;
                }
                for start in day_starts(date, weekly, rules.slot_minutes)? {
                    let Some(starts_at) = existing(&zone, start) else {
                        continue;
                    };
                    if starts_at < from || until <= starts_at {
                        continue;
                    }
                    made.insert(starts_at, starts_at.plus(Span::minutes(rules.slot_minutes)));
                    if SLOTS_AHEAD_MAX < made.len() {
                        return None;
                    }
                }
            }
        }
        date = date.tomorrow().ok()?;
    }
    let new_slot = |(starts_at, ends_at)| NewSlot {
        id: slot_id(calendar, starts_at),
        starts_at,
        ends_at,
        capacity: None,
    };
    Some(made.into_iter().map(new_slot).collect())
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

/// When to make more: often enough that a day ahead is always nearly a day.
pub(crate) fn make_at(rules: &Rules, now: Timestamp) -> Timestamp {
    now.plus(Span::hours(rules.days_ahead.clamp(1, 6)))
}

/// Makes a calendar's next slots, up to where they reach, and says when to make more.
pub(crate) fn make_slots(
    calendar: &Calendar,
    now: Timestamp,
) -> Option<(Vec<NewSlot>, Timestamp, Timestamp)> {
    let rules: Rules = serde_json::from_str(&calendar.rules).ok()?;
    let until = horizon(&rules, now).max(calendar.made_until);
    let from = calendar.made_until.max(now);
    let slots = slots(&calendar.name, &rules, from, until)?;
    Some((slots, until, make_at(&rules, now)))
}

/// The year of a time in a time zone; UTC's where the zone is not known.
pub(crate) fn year_in(zone: &str, at: Timestamp) -> i32 {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    i32::from(at.to_zoned(zone).year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_text::{parse, rfc3339};

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

    #[test]
    fn the_next_slots_go_on_where_the_last_ended() {
        let rules = Rules {
            timezone: "UTC".to_owned(),
            slot_minutes: 60,
            days_ahead: 1,
            weekly: vec![Weekly {
                days: vec!["thu".to_owned(), "fri".to_owned()],
                opens: "00:00".to_owned(),
                closes: "00:00".to_owned(),
            }],
            closed: Vec::new(),
        };
        let now = parse("2026-01-22T06:30:00Z").expect("it is a time");
        let calendar = Calendar {
            name: "kitchen".to_owned(),
            unit: tollgate_core::capacity::Unit::Orders,
            capacity: 1,
            currency: None,
            visible_lead: Span::minutes(0),
            booking_lead: Span::minutes(0),
            late: tollgate_core::capacity::Late::Same,
            made_until: parse("2026-01-23T04:00:00Z").expect("it is a time"),
            make_at: None,
            rules: serde_json::to_string(&rules).expect("it is JSON"),
            version: 1,
        };
        let (slots, until, next) = make_slots(&calendar, now).expect("they are made");
        let starts: Vec<String> = slots.iter().map(|slot| rfc3339(slot.starts_at)).collect();
        assert_eq!(
            starts,
            [
                "2026-01-23T04:00:00Z",
                "2026-01-23T05:00:00Z",
                "2026-01-23T06:00:00Z"
            ]
        );
        assert_eq!(until, parse("2026-01-23T06:30:00Z").expect("it is a time"));
        assert!(now < next);
    }
}
