//! TLS at the listeners.

use std::path::PathBuf;
use std::time::Duration;

use super::error::ConfigError;
use super::typed::Typed;

/// What connections are encrypted with. The files are read when the server starts, and again when they
/// change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// A PEM file with the certificate and what leads from it to its root.
    pub certificate: PathBuf,
    /// A PEM file with the certificate's key.
    pub key: PathBuf,
    /// Handshakes at one time; what connects beyond them waits.
    pub handshakes_max: usize,
    /// For a handshake.
    pub handshake_timeout: Duration,
}

impl Typed<'_> {
    pub(super) fn tls(&self) -> Result<Option<Tls>, ConfigError> {
        let handshakes_max = self.size("server.tls.handshakes_max", 1, 100_000)?;
        let handshake_timeout = self.span("server.tls.handshake_timeout_ms", 100, 600_000)?;
        let (certificate, key) = ("server.tls.certificate", "server.tls.key");
        let lacks = |key: &str, other: &str| {
            let wanted = format!("a PEM file, because {other} names one; or both empty");
            Err(self.wrong(key, "an empty text", wanted))
        };
        match (self.file_of(certificate)?, self.file_of(key)?) {
            (None, None) => Ok(None),
            (None, Some(_)) => lacks(certificate, key),
            (Some(_), None) => lacks(key, certificate),
            (Some(certificate), Some(key)) => Ok(Some(Tls {
                certificate,
                key,
                handshakes_max,
                handshake_timeout,
            })),
        }
    }
}
