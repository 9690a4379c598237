//! What must happen. Pure: no I/O, no clock, no randomness (I7).
//!
//! The modules stand in reading order; if time is short, read `decide` first.

pub mod word;
pub mod id;
pub mod time;
pub mod money;
pub mod method;
pub mod event;
pub mod payment;
pub mod capacity;
pub mod order;
mod fee;
pub mod ledger;
pub mod receipt_number;
pub mod effect;
mod receipts_due;
mod receipt_share;
pub mod breaker;
pub mod retry;
pub mod alert;
pub mod timeline;
pub mod command;
pub mod snapshot;
pub mod decision;
pub mod idempotency;
pub mod decide;

pub use receipt_share::ReceiptShare;
