//! Holds in a root's document.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tollgate_core::capacity::{Booking, Hold, HoldState};
use tollgate_core::id::{HoldId, OrderId, SlotId};
use tollgate_core::time::Timestamp;

use crate::db::Corrupt;
use crate::tables::document::{Read, id, is_empty, text};

#[derive(Serialize, Deserialize)]
pub(super) struct HoldDoc<'a> {
    id: Cow<'a, str>,
    state: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_over_by: Option<Cow<'a, str>>,
    expires_at: i64,
    #[serde(default, skip_serializing_if = "is_empty")]
    lines: Cow<'a, [(String, i64)]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<BookingDoc<'a>>,
}

#[derive(Serialize, Deserialize)]
struct BookingDoc<'a> {
    id: Cow<'a, str>,
    calendar: Cow<'a, str>,
    starts_at: i64,
    ends_at: i64,
    visible_at: i64,
    units: i64,
}

/// The word for a hold's state.
pub(super) fn hold_word(state: HoldState) -> &'static str {
    match state {
        HoldState::Active => "active",
        HoldState::Consumed => "consumed",
        HoldState::Released => "released",
        HoldState::Expired => "expired",
        HoldState::TakenOver(_) => "taken_over",
    }
}

pub(super) fn write_hold(hold: &Hold) -> HoldDoc<'_> {
    let taken_over_by = match hold.state {
        HoldState::TakenOver(order) => Some(Cow::Owned(order.to_string())),
        HoldState::Active | HoldState::Consumed | HoldState::Released | HoldState::Expired => None,
    };
    HoldDoc {
        id: Cow::Owned(hold.id.to_string()),
        state: text(hold_word(hold.state)),
        taken_over_by,
        expires_at: hold.expires_at.as_millis(),
        lines: Cow::Borrowed(&hold.lines),
        slot: hold.booking.as_ref().map(|booking| BookingDoc {
            id: Cow::Owned(booking.slot.to_string()),
            calendar: text(&booking.calendar),
            starts_at: booking.starts_at.as_millis(),
            ends_at: booking.ends_at.as_millis(),
            visible_at: booking.visible_at.as_millis(),
            units: booking.units,
        }),
    }
}

pub(super) fn read_hold(doc: HoldDoc<'_>) -> Read<Hold> {
    let state = match (doc.state.as_ref(), doc.taken_over_by) {
        ("active", _) => HoldState::Active,
        ("consumed", _) => HoldState::Consumed,
        ("released", _) => HoldState::Released,
        ("expired", _) => HoldState::Expired,
        ("taken_over", Some(order)) => HoldState::TakenOver(id::<OrderId, _>(&order)?),
        (other, _) => return Err(Corrupt::new("hold", format!("its state is {other:?}"))),
    };
    Ok(Hold {
        id: id::<HoldId, _>(&doc.id)?,
        state,
        expires_at: Timestamp::from_millis(doc.expires_at),
        lines: doc.lines.into_owned(),
        booking: doc
            .slot
            .map(|slot| {
                Ok::<_, Corrupt>(Booking {
                    slot: id::<SlotId, _>(&slot.id)?,
                    calendar: slot.calendar.into_owned(),
                    starts_at: Timestamp::from_millis(slot.starts_at),
                    ends_at: Timestamp::from_millis(slot.ends_at),
                    visible_at: Timestamp::from_millis(slot.visible_at),
                    units: slot.units,
                })
            })
            .transpose()?,
    })
}
