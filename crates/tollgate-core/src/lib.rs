//! What must happen. Pure: no I/O, no clock, no randomness (I7).
//!
//! The modules stand in reading order.

pub mod id;
pub mod time;
pub mod money;
pub mod event;
