//! The server's certificate and its key: read from their files, checked, and judged.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{Checked, Level};
use x509_cert::der::Decode;

use crate::clock::machine_time;
use crate::config::{Config, Tls};
use crate::time_text::rfc3339;

/// Before a certificate's end an operator is told.
const RENEW_BEFORE: Span = Span::hours(14 * 24);

/// What is spoken over TLS, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why a certificate cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// Which.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A file holds something else.
    #[error("{path}: there is no {wanted} in it, as a PEM file has one")]
    Lacks {
        /// Which.
        path: String,
        /// What it should hold.
        wanted: &'static str,
    },
    /// It is no certificate that can be read.
    #[error("{path}: its first certificate cannot be read: {reason}")]
    Malformed {
        /// Which file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// It would take the place of one that is good.
    #[error("{path}: it is not good at this time")]
    OutOfTime {
        /// Which file.
        path: String,
    },
    /// Key and certificate do not belong together, or are of no kind that is known.
    #[error("{certificate} and {key}: {reason}")]
    Unusable {
        /// The certificate's file.
        certificate: String,
        /// The key's.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

/// The bytes of both files.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// A certificate that can be served.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    /// How connections are encrypted with it.
    pub(crate) config: Arc<ServerConfig>,
    /// From when on it is good.
    pub(crate) not_before: Timestamp,
    /// Until when.
    pub(crate) not_after: Timestamp,
}

impl Files {
    /// Reads both.
    pub(crate) fn read(tls: &Tls) -> Result<Files, CertificateError> {
        Ok(Files {
            certificate: bytes_of(&tls.certificate)?,
            key: bytes_of(&tls.key)?,
        })
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(path).map_err(|error| CertificateError::Unreadable {
        path: path.display().to_string(),
        reason: error.to_string(),
    })
}

impl Certificate {
    /// Reads the files and checks what is in them.
    pub(crate) fn load(tls: &Tls) -> Result<Certificate, CertificateError> {
        Certificate::of(&Files::read(tls)?, tls)
    }

    /// Checks what was read: that the key is the certificate's, and what its times are.
    pub(crate) fn of(files: &Files, tls: &Tls) -> Result<Certificate, CertificateError> {
        let (certificate_path, key_path) = (shown(&tls.certificate), shown(&tls.key));
        let chain: Result<Vec<CertificateDer<'static>>, pem::Error> =
            CertificateDer::pem_slice_iter(&files.certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| CertificateError::Lacks {
            path: certificate_path.clone(),
            wanted: "certificate",
        })?;
        let key = PrivateKeyDer::from_pem_slice(&files.key);
        let key = key.map_err(|_| CertificateError::Lacks {
            path: key_path.clone(),
            wanted: "private key",
        })?;
        let first = x509_cert::Certificate::from_der(&chain[0]);
        let validity = first.map(|first| first.tbs_certificate.validity);
        let validity = validity.map_err(|error| CertificateError::Malformed {
            path: certificate_path.clone(),
            reason: error.to_string(),
        })?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| CertificateError::Unusable {
                certificate: certificate_path,
                key: key_path,
                reason: error.to_string(),
            })?;
        let mut config = config;
        config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        Ok(Certificate {
            config: Arc::new(config),
            not_before: at(validity.not_before),
            not_after: at(validity.not_after),
        })
    }

    /// Whether it is good at a time.
    pub(crate) fn is_good_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now < self.not_after
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn at(time: x509_cert::time::Time) -> Timestamp {
    let millis = time.to_unix_duration().as_millis();
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// What doctor says of the configured certificate; nothing where there is none.
pub fn certificate_check(config: &Config) -> Option<Checked> {
    let tls = config.server.tls.as_ref()?;
    Some(judge(Certificate::load(tls), machine_time()))
}

/// The end that a check has, what it has seen and what mends it.
fn judge(loaded: Result<Certificate, CertificateError>, now: Timestamp) -> Checked {
    let renew = "renew it and put the files of [server] tls in their places; the server reads them again \
                 by itself";
    let (level, seen, fix) = match loaded {
        Err(error) => (
            Level::Fail,
            error.to_string(),
            "put a PEM file with the certificate and one with its key where [server] tls says; a server \
             that runs goes on with those it has",
        ),
        Ok(certificate) if now < certificate.not_before => {
            let from = rfc3339(certificate.not_before);
            (
                Level::Fail,
                format!("it is good only from {from} on"),
                renew,
            )
        }
        Ok(certificate) => {
            let until = rfc3339(certificate.not_after);
            if certificate.not_after <= now {
                (Level::Fail, format!("it was good until {until}"), renew)
            } else if certificate.not_after <= now.plus(RENEW_BEFORE) {
                (Level::Warn, format!("it is good until {until}"), renew)
            } else {
                (Level::Ok, format!("it is good until {until}"), "")
            }
        }
    };
    Checked {
        name: "certificate",
        about: "the certificate of [server] tls is its key's, and good for two weeks more",
        level,
        seen: vec![seen],
        more: 0,
        fix: fix.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::time::Duration;

    /// A certificate until the year 2120, and its key.
    const CERTIFICATE: &str = include_str!("../../tollgate-outbound/tests/it/tls/server.pem");
    const KEY: &str = include_str!("../../tollgate-outbound/tests/it/tls/server.key");

    /// The key of another.
    const FOREIGN_KEY: &str = include_str!("../../tollgate-outbound/tests/it/tls/second.key");

    fn tls() -> Tls {
        Tls {
            certificate: PathBuf::from("c.pem"),
            key: PathBuf::from("k.pem"),
            handshakes_max: 1,
            handshake_timeout: Duration::from_secs(1),
        }
    }

    fn load(certificate: &str, key: &str) -> Result<Certificate, CertificateError> {
        let files = Files {
            certificate: certificate.as_bytes().to_vec(),
            key: key.as_bytes().to_vec(),
        };
        Certificate::of(&files, &tls())
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_name() {
        let error = |certificate, key| match load(certificate, key) {
            Ok(_) => panic!("it was taken"),
            Err(error) => error.to_string(),
        };
        let lacks = "c.pem: there is no certificate in it, as a PEM file has one";
        assert_eq!(error("", KEY), lacks);
        assert_eq!(error(KEY, KEY), lacks);
        let lacks = "k.pem: there is no private key in it, as a PEM file has one";
        assert_eq!(error(CERTIFICATE, CERTIFICATE), lacks);
        let foreign = error(CERTIFICATE, FOREIGN_KEY);
        assert!(foreign.starts_with("c.pem and k.pem: "), "{foreign}");
        let missing = Certificate::load(&tls()).expect_err("there is no such file");
        assert!(missing.to_string().starts_with("c.pem: "), "{missing}");
    }

    #[test]
    fn doctor_warns_two_weeks_before_the_end() {
        let end = Timestamp::from_millis(4_733_510_400_000);
        for (now, level, seen) in [
            (
                Timestamp::from_millis(0),
                Level::Fail,
                "only from 2020-01-01",
            ),
            (
                end.minus(Span::hours(15 * 24)),
                Level::Ok,
                "until 2120-01-01",
            ),
            (
                end.minus(Span::hours(13 * 24)),
                Level::Warn,
                "is good until 2120",
            ),
            (end, Level::Fail, "was good until 2120-01-01"),
        ] {
            let checked = judge(load(CERTIFICATE, KEY), now);
            assert_eq!(checked.level, level, "{:?}", checked.seen);
            assert!(checked.seen[0].contains(seen), "{:?}", checked.seen);
            assert_eq!(checked.fix.is_empty(), level == Level::Ok);
        }
    }
}
