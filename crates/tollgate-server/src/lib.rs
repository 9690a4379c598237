//! The server: what is configured, what providers and shops send, the use cases, and the doors to it all.
//! The modules stand in reading order.

pub mod config;
mod clock;
mod ids;
mod time_text;
mod money_text;
mod calendar;
mod fonts;
mod paper;
pub mod keys;
mod passwords;
mod redaction;
pub mod masking;
mod headers;
mod content_encoding;
mod certificate;
mod rate;
mod throttle;
mod bodies;
mod trace;
mod telemetry;
mod otlp;
mod latency;
mod sampled;
mod disks;
mod metrics;
mod decisions;
mod errors;
mod report;
mod open_files;
mod app;
mod instance;
mod effects;
mod worker;
mod http;
mod api;
mod grpc;
mod dashboard;
mod server;

pub use api::{
    NotMade, change_user, create_key, create_user, list_keys, list_users, openapi, revoke_key,
    rotate_key, set_password,
};
pub use app::{App, NullStore, Role, StartError, Taken, TakenItem};
pub use certificate::{CertificateError, certificate_check};
pub use clock::Clock;
pub use config::Config;
pub use fonts::check_fonts;
pub use http::problem::{CODES, Code};
pub use money_text::amount_in_words;
pub use open_files::{open_files_check, raise_open_files};
pub use paper::letters_check;
pub use report::{ReportView, configuration_check, totals_lines};
pub use server::{Listeners, Reload, Reloads, Serving, open, serve, work};
pub use telemetry::telemetry_check;
