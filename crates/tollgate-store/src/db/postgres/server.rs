//! A server: where it is, how it is spoken to, and what is said when it cannot be reached.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Error;
use super::OpenError;
use super::lineage::Lineage;
use crate::db::refuse;
use crate::options::{Clock, Isolation, Pause, ServerPlace};

/// How long one host may take to answer, where the URL says nothing else.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// How long a host may take to let somebody in once it is reached.
const LOGIN_LIMIT: Duration = Duration::from_secs(5);

/// How long sent bytes may go without the other side's word, before the connection is given up.
const SENT_LIMIT: Duration = Duration::from_secs(5);

/// Where a server is and how it is spoken to.
#[derive(Clone)]
pub(crate) struct Server {
    /// Each host of the URL, in its order.
    hosts: Vec<HostPlace>,
    isolation: Isolation,
    tls: Option<Arc<rustls::ClientConfig>>,
    /// Hosts and database, without user and password.
    name: String,
    /// Called before each round trip of a batch.
    pause: Option<Pause>,
    /// Its sessions are sessions; looked at once.
    keeps_sessions: Arc<OnceLock<()>>,
    /// What was answered over these hosts, and which of them may go on with it.
    lineage: Arc<Lineage>,
    /// It is only looked at: also where it takes no writes, and whatever it has lost.
    is_for_looking: bool,
}

/// One host of a URL.
#[derive(Clone)]
pub(super) struct HostPlace {
    /// `host:port`.
    pub(super) name: String,
    /// How it is connected to, and no other.
    pub(super) config: Config,
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
        let hosts = hosts(&config);
        Ok(Server {
            hosts,
            isolation,
            tls,
            name,
            pause: None,
            keeps_sessions: Arc::default(),
            lineage: Arc::default(),
            is_for_looking: false,
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

    /// The same, for a store: what it is answered is remembered from now on.
    pub(crate) fn remembering(self, clock: Clock) -> Server {
        Server {
            lineage: Arc::new(Lineage::remembering(clock)),
            ..self
        }
    }

    /// The same, whether it takes writes or not: for looking at it. Of several hosts that which takes writes is
    /// looked at, as long as one does.
    pub(crate) fn for_looking(&self) -> Server {
        let mut server = self.for_mending();
        for host in &mut server.hosts {
            host.config
                .target_session_attrs(TargetSessionAttrs::Any)
                .application_name("tollgate doctor");
        }
        server
    }

    /// The same, whatever it has lost: for the operator who decides about that.
    pub(crate) fn for_mending(&self) -> Server {
        Server {
            is_for_looking: true,
            ..self.clone()
        }
    }

    /// Whether it is used without being judged.
    pub(super) fn is_for_looking(&self) -> bool {
        self.is_for_looking
    }

    /// What was answered over its hosts.
    pub(crate) fn lineage(&self) -> &Arc<Lineage> {
        &self.lineage
    }

    /// Whether it is known that a session keeps its connection to the server.
    pub(super) fn keeps_sessions(&self) -> &OnceLock<()> {
        &self.keeps_sessions
    }

    /// Its hosts, in the order of the URL.
    pub(super) fn hosts(&self) -> &[HostPlace] {
        &self.hosts
    }

    /// The names of its hosts, in the order of the URL.
    pub(crate) fn host_names(&self) -> Vec<String> {
        self.hosts.iter().map(|host| host.name.clone()).collect()
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

/// How long a host may take until somebody is let in. The connection's own limit is for reaching it and ends
/// there: one that says nothing then would be waited for for ever.
pub(super) fn open_limit(config: &Config) -> Duration {
    *config.get_connect_timeout().unwrap_or(&CONNECT_LIMIT) + LOGIN_LIMIT
}

/// Each host of a URL with what the URL says of all.
fn hosts(config: &Config) -> Vec<HostPlace> {
    let (ports, addresses) = (config.get_ports(), config.get_hostaddrs());
    let one = |(place, host): (usize, &Host)| {
        let port = ports.get(place).or(ports.first()).copied().unwrap_or(5432);
        let mut one = shared(config);
        one.port(port);
        let name = match host {
            Host::Tcp(host) => {
                one.host(host);
                format!("{host}:{port}")
            }
            Host::Unix(path) => {
                one.host_path(path);
                format!("{}:{port}", path.display())
            }
        };
        if let Some(address) = addresses.get(place) {
            one.hostaddr(*address);
        }
        HostPlace { name, config: one }
    };
    config.get_hosts().iter().enumerate().map(one).collect()
}

/// All that a URL says besides its hosts; a driver's configuration gives none of them back.
fn shared(config: &Config) -> Config {
    let mut shared = Config::new();
    if let Some(user) = config.get_user() {
        shared.user(user);
    }
    if let Some(password) = config.get_password() {
        shared.password(password);
    }
    if let Some(database) = config.get_dbname() {
        shared.dbname(database);
    }
    if let Some(options) = config.get_options() {
        shared.options(options);
    }
    if let Some(name) = config.get_application_name() {
        shared.application_name(name);
    }
    if let Some(limit) = config.get_connect_timeout() {
        shared.connect_timeout(*limit);
    }
    if let Some(limit) = config.get_tcp_user_timeout() {
        shared.tcp_user_timeout(*limit);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        shared.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        shared.keepalives_retries(retries);
    }
    shared
        .ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    shared
}

/// `postgres://host:port,host:port/database`.
fn name(config: &Config) -> String {
    let hosts: Vec<String> = hosts(config).into_iter().map(|host| host.name).collect();
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

    /// Whatever a later driver takes from a URL is found here: each host is as if the URL named no other.
    #[test]
    fn each_host_has_what_the_url_says_of_all() {
        let url = |hosts: &str| {
            format!(
                "postgres://shop:s3cret@{hosts}/orders?connect_timeout=2&sslmode=disable&keepalives=0\
                 &keepalives_interval=3&keepalives_retries=4&options=-c%20x.y%3D1&channel_binding=disable"
            )
        };
        let server = |hosts: &str| {
            let server = Server::new(&url(hosts), Isolation::ReadCommitted, None);
            server.expect("it is a URL")
        };
        let both = server("db1:5433,db2:5434");
        assert_eq!(both.host_names(), ["db1:5433", "db2:5434"]);
        for (host, alone) in both.hosts().iter().zip(["db1:5433", "db2:5434"]) {
            let mut expected: Config = url(alone).parse().expect("it is a URL");
            expected
                .target_session_attrs(TargetSessionAttrs::ReadWrite)
                .tcp_user_timeout(SENT_LIMIT)
                .application_name("tollgate");
            assert_eq!(host.config, expected);
        }
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
