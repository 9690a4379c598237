//! The rules of `decide`, played against an in-memory store that loads as the real one does.

mod store;
mod words;
mod worker;

mod any_order;
mod capacity;
mod effects;
mod events;
mod fold;
mod money;
mod orders;
mod payments;
mod questions;
mod refunds;
mod total;
