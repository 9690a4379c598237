//! The store as its callers see it, over real files: opened, filled, broken, crashed and read.

mod crash;
mod due;
mod full_disk;
mod idempotency;
mod log;
mod opening;
mod pages;
mod pairs;
mod poison;
mod round_trip;
mod shares;
mod statements;
mod table;
mod views;
mod words;
mod world;
