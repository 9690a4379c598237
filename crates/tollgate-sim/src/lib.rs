//! The world: a shop, its customers, its providers with books of their own, and strangers, played from a
//! seed against the real `decide`. The laws compare the books and the shelves with what the engine says;
//! they share no line with its rules.
//!
//! `cargo run -p tollgate-sim -- --seed N` plays one story and prints the shortest that breaks a law.

pub mod rng;
pub mod provider;
pub mod customer;
pub mod shop;
pub mod law;
pub mod backend;
pub mod engine;
pub mod laws;
pub mod script;
pub mod world;
pub mod stories;
pub mod shrink;
pub mod words;
#[cfg(feature = "store")]
pub mod store;
