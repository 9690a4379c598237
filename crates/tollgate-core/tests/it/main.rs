//! The rules of `decide`, played against an in-memory store that loads as the real one does.

mod store;
mod stories;
mod words;
mod worker;

mod alerts;
mod any_order;
mod authorizations;
mod capacity;
mod changes;
mod crowds;
mod drained;
mod effects;
mod events;
mod fold;
mod money;
mod names;
mod orders;
mod payments;
mod questions;
mod refunds;
mod total;
mod voids;
