//! Orders.

mod handlers;
pub(super) mod request;
pub(super) mod response;
mod said;
mod sentences;
mod story;
mod timeline;
mod waits;

pub(super) use handlers::*;
pub(crate) use request::{
    HOLD_SECONDS, LINES_MAX, ResolveBody, is_one_slot, metadata_change, order_ref, slot_wish,
    two_slots, usual_hold,
};
pub(crate) use response::OrderView;
#[cfg(test)]
pub(crate) use timeline::TimelineView;
pub(crate) use timeline::{ByView, into_detail, shown_detail};
