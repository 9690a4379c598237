//! The configuration: what was typed in, and what is checked.
//!
//! Three layers: the compiled-in defaults, which name every key; the file; the environment. What is
//! wrong ends the start with one line that names the key, what was found and what is wanted.

mod admission;
mod alerts;
mod check;
mod error;
mod exposed;
mod layers;
mod log;
mod mail;
mod masked;
mod receipts;
mod reload;
mod routes;
mod shops;
mod telemetry;
mod tls;
mod typed;
mod work;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use tollgate_core::command::Rules;
use tollgate_store::{Limits, Place, SecretKeys};
use toml::Table;

pub use admission::{Admission, Pace, Unproved};
pub use alerts::Alerts;
pub use error::ConfigError;
pub use log::{Log, LogFormat};
pub use receipts::{FontChoice, FontPlace, MissingGlyphs, Receipts};
pub use reload::Reloaded;
pub use routes::{OnDead, Route, TypePattern};
pub use shops::{ConfiguredSource, Shop};
pub use telemetry::Telemetry;
pub use tls::Tls;
pub use work::{Asking, Outgoing, Sessions, Stream, Worker};

use crate::paper::public_url_warning;
use layers::ENVIRONMENT_PREFIX;
use typed::Typed;

/// Every key with its default, its bounds and what it is for.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// The file that is read where none is named.
const USUAL_FILE: &str = "tollgate.toml";

/// The shop that everything belongs to that is not said to belong to another.
pub const MAIN_SHOP: &str = "main";

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// How requests are taken.
    pub server: Server,
    /// Where the data is.
    pub place: Place,
    /// The keys that secrets in the database are sealed under.
    pub secret_keys: SecretKeys,
    /// How much is taken at one time.
    pub admission: Admission,
    /// A new database is made although others' files lie there; said on the command line alone.
    pub create: bool,
    /// The bounds of queue, batch, log and retention.
    pub limits: Limits,
    /// The times decisions depend on.
    pub rules: Rules,
    /// A first key with the scope `admin`.
    pub bootstrap_key: Option<SecretString>,
    /// How users sign in.
    pub sessions: Sessions,
    /// How targets are called.
    pub outgoing: Outgoing,
    /// How effects are claimed and done.
    pub worker: Worker,
    /// How providers are asked.
    pub asking: Asking,
    /// How the feed is read.
    pub stream: Stream,
    /// When an operator is told of what.
    pub alerts: Alerts,
    /// What is logged, and how.
    pub log: Log,
    /// How traces are exported.
    pub telemetry: Telemetry,
    /// The shops; `main` is the first.
    pub shops: Vec<Shop>,
    /// That its file has secrets in it and can be read by everybody.
    readable_by_all: Option<String>,
    /// As it was merged, secrets masked.
    shown: Table,
}

/// How requests are taken.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where webhooks and the API are taken.
    pub listen: SocketAddr,
    /// Where `/metrics` is answered without a key.
    pub admin_listen: Option<SocketAddr>,
    /// Where gRPC is taken.
    pub grpc_listen: Option<SocketAddr>,
    /// What connections to both are encrypted with; `None`: they are not.
    pub tls: Option<Tls>,
    /// How the outside reaches `listen`.
    pub public_url: Option<String>,
    /// Whose `Forwarded` and `X-Forwarded-For` count.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest body.
    pub body_bytes_max: usize,
    /// The most bytes of all bodies that are in memory.
    pub bodies_bytes_max: usize,
    /// The most events in one delivery.
    pub delivery_items_max: usize,
    /// The most connections at one time.
    pub connections_max: usize,
    /// For the headers of a request.
    pub header_timeout: Duration,
    /// For the body of a request.
    pub body_timeout: Duration,
    /// For the answer to a provider.
    pub webhook_timeout: Duration,
    /// For the answer to a call of the API.
    pub request_timeout: Duration,
    /// How long what comes is taken after the order to stop, while the server says that it is not ready.
    pub drain: Duration,
    /// For what still runs after that.
    pub shutdown_timeout: Duration,
}

/// The variables of the environment.
pub type Environment = BTreeMap<String, String>;

impl Config {
    /// Checks a text as if it were the file; secrets may still come from the environment, values
    /// do not.
    pub fn from_toml_str(text: &str) -> Result<Config, ConfigError> {
        Config::from_toml_in(text, Path::new(""))
    }

    /// Checks a text as if it were a file in this folder, and there were no other values.
    pub fn from_toml_in(text: &str, folder: &Path) -> Result<Config, ConfigError> {
        let mut environment: Environment = std::env::vars().collect();
        environment.retain(|name, _| !name.starts_with(ENVIRONMENT_PREFIX));
        Config::from_layers(text, folder, &environment)
    }

    /// Reads the file, if one is named or `tollgate.toml` is there, and the environment.
    pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        Config::load_in(file, std::env::vars().collect())
    }

    /// The configuration with a database that is named by a URL of its own, in the place of `[store] url`: that, or where
    /// it stands, as `env:NAME` or `file:PATH`.
    pub fn load_at(file: Option<&Path>, url: &str) -> Result<Config, ConfigError> {
        let mut environment: Environment = std::env::vars().collect();
        let url = match url.strip_prefix("env:") {
            Some(name) => environment.get(name).cloned().ok_or_else(|| {
                let found = format!("the variable {name}, which is not set");
                ConfigError::key("store.url", found, "a variable that holds the URL")
            })?,
            None => match url.strip_prefix("file:") {
                Some(path) => std::fs::read_to_string(path).map_err(|error| {
                    let found = format!("{path}: {error}");
                    ConfigError::key("store.url", found, "a file that can be read")
                })?,
                None => url.to_owned(),
            },
        };
        let key = format!("{ENVIRONMENT_PREFIX}STORE__URL");
        environment.insert(key, url.trim().to_owned());
        Config::load_in(file, environment)
    }

    fn load_in(file: Option<&Path>, environment: Environment) -> Result<Config, ConfigError> {
        let usual = PathBuf::from(USUAL_FILE);
        let file = match file {
            Some(file) => Some(file.to_owned()),
            None => usual.exists().then_some(usual),
        };
        let Some(path) = file else {
            return Config::from_layers("", Path::new(""), &environment);
        };
        let text = std::fs::read_to_string(&path).map_err(|error| ConfigError::File {
            path: path.display().to_string(),
            message: error.to_string(),
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut config = Config::from_layers(&text, folder, &environment)?;
        config.readable_by_all = exposed::readable_by_all(&path, &text);
        Ok(config)
    }

    /// Whether anything is configured: a file that is named or lies here, or a variable that sets a key.
    pub fn is_given(file: Option<&Path>) -> bool {
        file.is_some()
            || Path::new(USUAL_FILE).exists()
            || std::env::vars_os()
                .any(|(name, _)| name.to_string_lossy().starts_with(ENVIRONMENT_PREFIX))
    }

    /// Takes requests at another address than the one that is configured.
    pub fn listen_at(&mut self, address: SocketAddr) -> Result<(), ConfigError> {
        self.server.listen = address;
        check::check_listeners(&self.server)
    }

    /// Checks the defaults with `text` over them and the environment over that. `folder` is where
    /// the text's file lies: what `file:` names is looked for from there.
    pub fn from_layers(
        text: &str,
        folder: &Path,
        environment: &Environment,
    ) -> Result<Config, ConfigError> {
        Typed {
            merged: Cow::Owned(layers::merge(text, environment)?),
            prefix: String::new(),
            folder,
            environment,
        }
        .check()
    }

    /// The merged configuration as TOML, secrets masked.
    pub fn show(&self) -> String {
        toml::to_string(&self.shown).expect("a table read from TOML can be written as TOML")
    }

    /// What is as good as it need be while money is play money: sources whose providers are not asked, papers
    /// that nobody can check.
    pub fn trials(&self) -> Vec<String> {
        let mut trials = Vec::new();
        for shop in &self.shops {
            for configured in &shop.sources {
                let source = &configured.source;
                if source.is_unasked_trial() {
                    trials.push(format!(
                        "source {} of shop {}: in test mode (live = false), and {} is not asked",
                        source.name(),
                        shop.name,
                        source.provider().title
                    ));
                }
            }
        }
        if !self.takes_real_money() {
            trials.extend(public_url_warning(self));
        }
        trials
    }

    /// What an operator should know before trusting this configuration.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for shop in &self.shops {
            for configured in &shop.sources {
                let name = configured.source.name();
                for warning in configured.source.warnings() {
                    warnings.push(format!("source {name} of shop {}: {warning}", shop.name));
                }
            }
        }
        for (place, shop) in self.shops.iter().enumerate() {
            let alike = |other: &&Shop| {
                let (one, two) = (&shop.receipts, &other.receipts);
                one.seller == two.seller && one.number == two.number
            };
            if let Some(other) = self.shops[..place].iter().find(alike) {
                warnings.push(format!(
                    "shops {} and {} are of one seller and number their receipts alike: put {{shop}} into \
                     receipts.number",
                    other.name, shop.name
                ));
            }
        }
        if self.takes_real_money() {
            warnings.extend(public_url_warning(self));
        }
        warnings.extend(self.laid_open());
        warnings
    }

    fn takes_real_money(&self) -> bool {
        let sources = self.shops.iter().flat_map(|shop| &shop.sources);
        sources
            .into_iter()
            .any(|configured| configured.source.live())
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.level)
    }
}

#[cfg(test)]
mod tests;
