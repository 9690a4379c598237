//! The real binary on a SQLite file: what only a file has. Its lock and its folder, a disk that is full,
//! a log that overload does not fill, the command line that reads it, and the commands that make files of their
//! own.

#[path = "../harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each suite uses its part")]
mod harness;

mod bench;
mod log_throttle;
mod disk;
mod errors;
mod taken_away;
mod backup;
mod litestream;
mod memory;
mod prometheus;
mod documented;
mod opened;
mod packages;
mod proxies;
mod queries;
mod service;
mod setup;
mod starting;
mod tour;
