//! The store as its callers see it, over real databases: opened, filled, broken, crashed and read. Every
//! test runs on SQLite and on PostgreSQL; what only one of them has is in `tests/file` and
//! `tests/server`.

mod access;
mod alerts;
mod child;
mod crash;
mod crowds;
mod doctor;
mod due;
mod fight;
mod effects;
mod endpoints;
mod errors;
mod idempotency;
mod opening;
mod pages;
mod pairs;
mod planted;
mod planted_rows;
mod poison;
mod prune;
mod queries;
mod receipts;
mod retention;
mod round_trip;
mod search;
mod secrets;
mod rows;
mod shares;
mod table;
mod tickets;
mod upgrade;
mod verify;
mod views;
mod words;
mod world;
