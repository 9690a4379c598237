//! Orders.

mod handlers;
pub(super) mod request;
pub(super) mod response;
mod timeline;

pub(super) use handlers::*;
pub(crate) use request::{
    HOLD_SECONDS, LINES_MAX, ResolveBody, is_one_slot, order_ref, slot_wish, two_slots, usual_hold,
};
pub(crate) use response::OrderView;
pub(crate) use timeline::EntryView;
