//! The way out over HTTP: to merchants' endpoints and handlers, and to providers.
//!
//! The caller says whether the target was named by the operator or over the API ([`Trust`]). What was named
//! over the API is guarded: no private address is ever connected to, whatever a name resolves to at that
//! moment. Nothing is followed, nothing is repeated here; what came of a call is an [`Exchange`], and its
//! [`Outcome`] says whether the call may have reached its target.

mod networks;
mod target;
mod certificates;
mod client;
mod answer;
mod signature;

pub use answer::{Answer, BodyEnd, Exchange, NotSent, Outcome, printable};
pub(crate) use certificates::read_certificates;
pub use client::{Call, Client, Looking, Lookup, trusting};
pub use networks::{Networks, Refusal, Trust};
pub use signature::{BadSecret, SigningSecret, sign, webhook_id};
pub use target::{BadTarget, URL_BYTES_MAX, target};

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::SettingError;

/// How calls to the outside are made; the section `[outgoing]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingSettings {
    /// Private networks that targets named over the API may be in.
    pub allow_networks: Vec<IpNet>,
    /// From the look-up of the name to the end of the TLS handshake.
    pub connect_timeout: Duration,
    /// From the beginning of a call to the last byte of its answer.
    pub timeout: Duration,
    /// The most that is read of a provider's answer.
    pub answer_bytes_max: usize,
    /// A PEM file with certificates to trust besides the system's.
    pub root_certificate: Option<PathBuf>,
}

impl OutgoingSettings {
    /// Checks what was typed: 100 ms to 10 minutes for both times, the first the shorter one, and
    /// 1 KiB to 16 MiB.
    pub fn new(
        allow_networks: Vec<IpNet>,
        connect_timeout: Duration,
        timeout: Duration,
        answer_bytes_max: usize,
        root_certificate: Option<PathBuf>,
    ) -> Result<OutgoingSettings, SettingError> {
        let wrong = |key: &str, found: String, wanted: &str| SettingError {
            key: format!("outgoing.{key}"),
            found,
            wanted: wanted.to_owned(),
        };
        for (key, time) in [
            ("connect_timeout_ms", connect_timeout),
            ("timeout_ms", timeout),
        ] {
            let millis = time.as_millis();
            if !(100..=600_000).contains(&millis) {
                return Err(wrong(key, millis.to_string(), "100 to 600000"));
            }
        }
        // Whether a call that took too long had left at all is known only as long as connecting
        // has a limit of its own that comes first.
        if timeout <= connect_timeout {
            let found = connect_timeout.as_millis().to_string();
            return Err(wrong(
                "connect_timeout_ms",
                found,
                "less than outgoing.timeout_ms",
            ));
        }
        if !(1024..=16 << 20).contains(&answer_bytes_max) {
            let found = answer_bytes_max.to_string();
            return Err(wrong("answer_bytes_max", found, "1024 to 16777216"));
        }
        Ok(OutgoingSettings {
            allow_networks,
            connect_timeout,
            timeout,
            answer_bytes_max,
            root_certificate,
        })
    }
}

impl Default for OutgoingSettings {
    fn default() -> Self {
        OutgoingSettings {
            allow_networks: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(20),
            answer_bytes_max: 64 << 10,
            root_certificate: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_settings_are_refused_by_the_name_of_their_key() {
        let second = Duration::from_secs(1);
        for (connect, whole, bytes, key) in [
            (second, second, 1024, "outgoing.connect_timeout_ms"),
            (Duration::ZERO, second, 1024, "outgoing.connect_timeout_ms"),
            (
                second,
                Duration::from_secs(601),
                1024,
                "outgoing.timeout_ms",
            ),
            (second, 2 * second, 1023, "outgoing.answer_bytes_max"),
        ] {
            let error = OutgoingSettings::new(Vec::new(), connect, whole, bytes, None)
                .expect_err("one of them is impossible");
            assert!(error.to_string().starts_with(key), "{error}");
        }
        let good = OutgoingSettings::default();
        assert_eq!(
            OutgoingSettings::new(
                Vec::new(),
                good.connect_timeout,
                good.timeout,
                good.answer_bytes_max,
                None
            ),
            Ok(good)
        );
    }
}
