//! The program from outside: a server in this process on a port of its own, spoken to over HTTP.

mod shop;
mod tidy;
mod orders;
mod idempotency;
mod webhooks;
mod refusals;
mod capacity;
mod access;
mod connections;
