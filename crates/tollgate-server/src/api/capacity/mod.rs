//! Stock, calendars with their slots, carts' holds.

mod handlers;
pub(super) mod request;
pub(super) mod response;

pub(super) use handlers::*;
pub(crate) use response::{BookingView, HoldHeadView, HoldView};
