//! What they sent us: headers and bytes in, verified events out. Pure.
//!
//! A provider is one value of [`PROVIDERS`]; what an operator configured of it is a [`Source`].
//! The program hands a [`Delivery`] to [`Source::verify`] and gets [`Item`]s, each an event with
//! its identity, its names and its facts. Where a signature does not vouch for what it signs, the
//! source also writes the question to the provider ([`Source::status_request`]) and reads the
//! answer ([`Source::read_status`]); the program carries both. Nothing here reads a clock, draws a
//! random number or opens a socket, and no delivery makes it panic (I7).

mod provider;
mod source;
mod settings;
mod delivery;
mod question;
mod refund;
mod sample;

mod signature;
mod likely_cause;
mod json;
pub mod spelling;
mod wording;
mod status_map;
mod mapping;

mod accurate;
mod cardcom;
mod hmac;
mod midtrans;
mod phonepe;
mod standard_webhooks;

pub use delivery::{Delivery, Item, ItemError, RejectCode, Rejection};
pub use likely_cause::OtherSource;
pub use provider::{Console, Covers, Field, Kind, Provider, Reply, visit_secrets};
pub use question::{Answer, AskBy, CannotAsk, HttpRequest, HttpResponse, Question, Token};
pub use refund::{RefundAnswer, RefundOrder, RefundStatus, RefundStep};
pub use sample::{NotInProvider, Sample, SampleStatus, Webhook};
pub use settings::{ConfigError, bare_secret, nearest};
pub use source::{COMMON_FIELDS, Source};
pub use standard_webhooks::sign_standard_webhook;

/// Every provider there is, by name.
pub const PROVIDERS: &[&Provider] = &[
    &accurate::PROVIDER,
    &cardcom::PROVIDER,
    &hmac::PROVIDER,
    &midtrans::PROVIDER,
    &phonepe::PROVIDER,
    &standard_webhooks::PROVIDER,
];

/// The provider of this name.
pub fn provider(name: &str) -> Option<&'static Provider> {
    PROVIDERS
        .iter()
        .copied()
        .find(|provider| provider.name == name)
}
