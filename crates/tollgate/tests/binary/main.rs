//! Tollgate from outside: the real binary, real HTTP, signed webhooks, crashes.
//!
//! Every test starts a server of its own on a port the system chooses. What a test checks it reads
//! through the API; the scenario's number (spec/scenarios.md) stands above it.

mod harness;

mod early;
mod batches;
mod stock;
mod slots;
mod refusals;
mod payments;
mod amounts;
mod inbox;
mod secrets;
mod forgery;
mod bodies;
mod setup;
mod starting;
mod stopping;
mod keys;
mod crash;
mod disk;
mod idle;
mod queries;
mod tools;
