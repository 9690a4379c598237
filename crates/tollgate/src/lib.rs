//! Tollgate, the program: what an operator types, what providers and shops send, and the doors to
//! it all. The modules stand in reading order.

pub mod config;
mod clock;
mod ids;
mod time_text;
mod calendar;
mod keys;
mod veil;
mod headers;
mod rate;
mod metrics;
mod report;
pub mod app;
mod instance;
mod effects;
mod worker;
pub mod http;
mod api;
pub mod server;
mod load;
pub mod cli;

pub use app::{App, StartError};
pub use config::Config;
pub use server::{Serving, serve};
