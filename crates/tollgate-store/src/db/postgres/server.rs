//! A server: where it is, how it is spoken to, and what is said when it cannot be reached.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Error;
use super::OpenError;
use crate::db::refuse;
use crate::options::{Isolation, Pause, ServerPlace};

/// How long one host may take to answer, where the URL says nothing else.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// How long a host may take to let somebody in once it is reached.
const LOGIN_LIMIT: Duration = Duration::from_secs(5);

/// How long sent bytes may go without the other side's word, before the connection is given up.
const SENT_LIMIT: Duration = Duration::from_secs(5);

/// Where a server is and how it is spoken to.
#[derive(Clone)]
pub(crate) struct Server {
    config: Config,
    isolation: Isolation,
    tls: Option<Arc<rustls::ClientConfig>>,
    /// Hosts and database, without user and password.
    name: String,
    /// Called before each round trip of a batch.
    pause: Option<Pause>,
    /// Its sessions are sessions; looked at once.
    keeps_sessions: Arc<OnceLock<()>>,
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Server {
    /// The server of a place.
    pub(crate) fn of(place: &ServerPlace) -> Result<Server, OpenError> {
        let certificate = place.root_certificate.as_deref();
        Server::new(&place.url, place.isolation, certificate)
    }

    /// Reads a URL. `root_certificate` is whom to trust besides the system's certificates.
    ///
    /// `sslmode=require` encrypts and checks the server's certificate and name; anything else is
    /// spoken in the open.
    fn new(
        url: &str,
        isolation: Isolation,
        root_certificate: Option<&Path>,
    ) -> Result<Server, OpenError> {
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let reason = match std::error::Error::source(&error) {
                Some(source) => source.to_string(),
                None => error.to_string(),
            };
            OpenError::BadUrl { reason }
        })?;
        if config.get_hosts().is_empty() {
            let reason = "it names no host".to_owned();
            return Err(OpenError::BadUrl { reason });
        }
        // A standby takes no writes; of several hosts the one that does is looked for.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.tcp_user_timeout(SENT_LIMIT);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_LIMIT);
        }
        if config.get_application_name().is_none() {
            config.application_name("tollgate");
        }
        let tls = match config.get_ssl_mode() {
            SslMode::Require => Some(Arc::new(tls(root_certificate)?)),
            _ => None,
        };
        let name = name(&config);
        Ok(Server {
            config,
            isolation,
            tls,
            name,
            pause: None,
            keeps_sessions: Arc::default(),
        })
    }

    /// The same, with somebody who steps through what its batches do.
    pub(crate) fn with_pause(self, pause: Option<Pause>) -> Server {
        Server { pause, ..self }
    }

    /// What is called before each round trip of a batch.
    pub(super) fn pause(&self) -> Option<Pause> {
        self.pause.clone()
    }

    /// The same, whether it takes writes or not: for looking at it.
    pub(crate) fn for_looking(&self) -> Server {
        let mut server = self.clone();
        server
            .config
            .target_session_attrs(TargetSessionAttrs::Any)
            .application_name("tollgate doctor");
        server
    }

    /// Whether it is known that a session keeps its connection to the server.
    pub(super) fn keeps_sessions(&self) -> &OnceLock<()> {
        &self.keeps_sessions
    }

    /// How it is connected to.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// How long opening a connection may take in all. The connection's own limit is for reaching a
    /// host and ends there: one that says nothing then would be waited for for ever.
    pub(super) fn open_limit(&self) -> Duration {
        let reach = self.config.get_connect_timeout().unwrap_or(&CONNECT_LIMIT);
        let hosts = u32::try_from(self.config.get_hosts().len()).expect("a handful");
        (*reach + LOGIN_LIMIT) * hosts
    }

    /// How the connection is encrypted, if it is.
    pub(super) fn tls(&self) -> Option<MakeRustlsConnect> {
        let tls = self.tls.as_ref()?;
        Some(MakeRustlsConnect::new(rustls::ClientConfig::clone(tls)))
    }

    /// How a transaction begins. Always said, whatever the server's default is.
    pub(super) fn begin(&self) -> &'static str {
        match self.isolation {
            Isolation::ReadCommitted => "begin isolation level read committed read write",
            Isolation::Serializable => "begin isolation level serializable read write",
        }
    }

    /// Says in the operator's words why it cannot be used.
    pub(crate) fn refuse(&self, error: Error) -> OpenError {
        refuse(Path::new(&self.name), error)
    }
}

/// `postgres://host:port,host:port/database`.
fn name(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(place, host)| {
            let port = ports.get(place).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(host) => format!("{host}:{port}"),
                Host::Unix(path) => format!("{}:{port}", path.display()),
            }
        })
        .collect();
    let database = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or_default();
    format!("postgres://{}/{database}", hosts.join(","))
}

fn tls(root_certificate: Option<&Path>) -> Result<rustls::ClientConfig, OpenError> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = root_certificate {
        let refuse = |reason: String| OpenError::Certificate {
            path: path.to_owned(),
            reason,
        };
        let certificates = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| refuse(error.to_string()))?;
        for certificate in certificates {
            roots
                .add(certificate)
                .map_err(|error| refuse(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring covers the default versions");
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_user_and_password() {
        let url = "postgres://shop:s3cret@db1:5433,db2:5434/orders?application_name=x";
        let server = Server::new(url, Isolation::ReadCommitted, None).expect("it is a URL");
        assert_eq!(server.to_string(), "postgres://db1:5433,db2:5434/orders");
    }

    #[test]
    fn a_url_that_cannot_be_read_does_not_print_itself() {
        for url in [
            "postgres://u:s3cret@db/x?sslmode=often",
            "postgres:///x?port=s3cret",
        ] {
            let error = Server::new(url, Isolation::ReadCommitted, None).err();
            let message = error.expect("it is none").to_string();
            assert!(!message.contains("s3cret"), "{message}");
        }
    }
}
