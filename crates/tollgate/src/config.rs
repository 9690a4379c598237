//! The configuration: what was typed in, and what is checked.
//!
//! Three layers: the compiled-in defaults, which name every key; the file; the environment. What is
//! wrong ends the start with one line that names the key, what was found and what is wanted.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use tollgate_core::command::Rules;
use tollgate_core::time::Span;
use tollgate_providers::{Kind, Source, nearest};
use tollgate_store::{Isolation, Limits, Place, ServerPlace};
use toml::{Table, Value};

/// Every key with its default, its bounds and what it is for.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// The shop that everything belongs to that is not said to belong to another.
pub const MAIN_SHOP: &str = "main";

/// What the variables of the environment begin with that set a key.
const ENVIRONMENT_PREFIX: &str = "TOLLGATE__";

/// The tables whose members are named by the operator.
const NAMED_TABLES: [&str; 2] = ["sources", "shops"];

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// How requests are taken.
    pub server: Server,
    /// Where the data is.
    pub place: Place,
    /// The bounds of queue, batch, log and retention.
    pub limits: Limits,
    /// The times decisions depend on.
    pub rules: Rules,
    /// A first key with the scope `admin`.
    pub bootstrap_key: Option<SecretString>,
    /// What is logged, and how.
    pub log: Log,
    /// The shops; `main` is the first.
    pub shops: Vec<Shop>,
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
    /// How the outside reaches `listen`.
    pub public_url: Option<String>,
    /// Whose `Forwarded` and `X-Forwarded-For` count.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest body.
    pub body_bytes_max: usize,
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
    /// For what still runs after the order to stop.
    pub shutdown_timeout: Duration,
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct Log {
    /// The least important level that is logged.
    pub level: tracing::Level,
    /// One JSON object a line.
    pub json: bool,
}

/// One shop.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Its name.
    pub name: String,
    /// The time zone of its calendars that name none.
    pub timezone: String,
    /// Where its webhooks come from.
    pub sources: Vec<ConfiguredSource>,
}

/// A source and the further paths it is called at.
#[derive(Debug, Clone)]
pub struct ConfiguredSource {
    /// The checked source.
    pub source: Arc<Source>,
    /// Every path it is called at, the regular one first.
    pub paths: Vec<String>,
}

/// What is wrong with a configuration, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not TOML.
    #[error("read the configuration: line {line}: {message}")]
    Syntax {
        /// Where.
        line: usize,
        /// What the reader says.
        message: String,
    },
    /// A key is wrong.
    #[error("{key}: found {found}, wanted {wanted}")]
    Key {
        /// Its path.
        key: String,
        /// What stands there; never a secret.
        found: String,
        /// What would be right.
        wanted: String,
    },
    /// The file cannot be read.
    #[error("read {path}: {message}")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        message: String,
    },
}

impl ConfigError {
    fn key(key: impl Into<String>, found: impl Into<String>, wanted: impl Into<String>) -> Self {
        ConfigError::Key {
            key: key.into(),
            found: found.into(),
            wanted: wanted.into(),
        }
    }
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
    pub(crate) fn from_toml_in(text: &str, folder: &Path) -> Result<Config, ConfigError> {
        let mut environment: Environment = std::env::vars().collect();
        environment.retain(|name, _| !name.starts_with(ENVIRONMENT_PREFIX));
        Config::from_layers(text, folder, &environment)
    }

    /// Reads the file, if one is named or `tollgate.toml` is there, and the environment.
    pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        let environment: Environment = std::env::vars().collect();
        let usual = PathBuf::from("tollgate.toml");
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
        Config::from_layers(&text, folder, &environment)
    }

    /// Checks the defaults with `text` over them and the environment over that. `folder` is where
    /// the text's file lies: what `file:` names is looked for from there.
    pub fn from_layers(
        text: &str,
        folder: &Path,
        environment: &Environment,
    ) -> Result<Config, ConfigError> {
        let defaults = parse(DEFAULTS)?;
        let mut merged = defaults.clone();
        let file = parse(text)?;
        check_known("", &file, &defaults)?;
        overlay(&mut merged, file);
        overlay_environment(&mut merged, &defaults, environment)?;
        Layers {
            merged: &merged,
            folder,
            environment,
        }
        .check()
    }

    /// The merged configuration as TOML, secrets masked.
    pub fn show(&self) -> String {
        toml::to_string(&self.shown).expect("a table read from TOML can be written as TOML")
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
        warnings
    }
}

fn parse(text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error: toml::de::Error| {
        let before = error.span().map_or(0, |span| span.start);
        ConfigError::Syntax {
            line: 1 + text[..before.min(text.len())].matches('\n').count(),
            message: error.message().replace('\n', ", "),
        }
    })
}

/// Refuses keys that the defaults do not have, and sections that are values or the other way round.
fn check_known(prefix: &str, typed: &Table, known: &Table) -> Result<(), ConfigError> {
    for (name, value) in typed {
        if prefix.is_empty() && NAMED_TABLES.contains(&name.as_str()) {
            if !value.is_table() {
                return Err(ConfigError::key(name, shape(value), "a table"));
            }
            continue;
        }
        let key = format!("{prefix}{name}");
        match (value, known.get(name)) {
            (Value::Table(typed), Some(Value::Table(known))) => {
                check_known(&format!("{key}."), typed, known)?;
            }
            (found, Some(Value::Table(_))) => {
                return Err(ConfigError::key(key, shape(found), "a table"));
            }
            (_, Some(_)) => {}
            (_, None) => {
                let section = NAMED_TABLES.iter().copied().filter(|_| prefix.is_empty());
                let names = known.keys().map(String::as_str).chain(section);
                return Err(unknown_key(key, name, names));
            }
        }
    }
    Ok(())
}

fn unknown_key<'n>(key: String, name: &str, known: impl Iterator<Item = &'n str>) -> ConfigError {
    let wanted = match nearest(name, known) {
        Some(near) => format!("a known key; did you mean {near}?"),
        None => "a known key (tollgate config default lists them)".to_owned(),
    };
    ConfigError::key(key, "an unknown key", wanted)
}

fn overlay(under: &mut Table, over: Table) {
    for (name, value) in over {
        match (under.get_mut(&name), value) {
            (Some(Value::Table(under)), Value::Table(over)) => overlay(under, over),
            (_, value) => {
                under.insert(name, value);
            }
        }
    }
}

/// Lays `TOLLGATE__SECTION__KEY` over the file. The default's type says how the text is read.
fn overlay_environment(
    merged: &mut Table,
    defaults: &Table,
    environment: &Environment,
) -> Result<(), ConfigError> {
    for (variable, text) in environment {
        let Some(rest) = variable.strip_prefix(ENVIRONMENT_PREFIX) else {
            continue;
        };
        let path: Vec<String> = rest.split("__").map(str::to_ascii_lowercase).collect();
        let named = NAMED_TABLES.contains(&path[0].as_str());
        let mut known = Some(defaults);
        let mut example = None;
        for part in &path {
            let value = known.and_then(|table| table.get(part));
            known = value.and_then(Value::as_table);
            example = value;
        }
        let value = match example {
            Some(Value::Table(_)) => {
                let wanted = "a key of this section after two more underscores";
                return Err(ConfigError::key(variable, "a section", wanted));
            }
            Some(example) => value_like(example, variable, text)?,
            None if named && 2 < path.len() => free_value(last_of(&path), text),
            None if named => {
                let wanted = format!("{ENVIRONMENT_PREFIX}{}__NAME__KEY", path[0].to_uppercase());
                return Err(ConfigError::key(variable, "no name and key", wanted));
            }
            None => return Err(unknown_variable(variable, &path, defaults)),
        };
        let (last, sections) = path.split_last().expect("a split has at least one part");
        let mut table = &mut *merged;
        for section in sections {
            let entry = table
                .entry(section.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = entry else {
                return Err(ConfigError::key(variable, shape(entry), "a table"));
            };
            table = inner;
        }
        table.insert(last.clone(), value);
    }
    Ok(())
}

/// Looks for the first part of the path that is not known, among the names that are where it stands.
fn unknown_variable(variable: &str, path: &[String], defaults: &Table) -> ConfigError {
    let mut known = defaults;
    for part in path {
        match known.get(part) {
            Some(Value::Table(inner)) => known = inner,
            Some(_) => break,
            None => {
                let section = NAMED_TABLES.iter().copied();
                let section = section.filter(|_| std::ptr::eq(known, defaults));
                let names = known.keys().map(String::as_str).chain(section);
                return unknown_key(variable.to_owned(), part, names);
            }
        }
    }
    let wanted = "a known key (tollgate config default lists them)";
    ConfigError::key(variable, "a part of a value", wanted)
}

fn value_like(example: &Value, variable: &str, text: &str) -> Result<Value, ConfigError> {
    let read = match example {
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        Value::Array(_) if text.trim_start().starts_with('[') => text.parse::<Value>().ok(),
        Value::Array(_) => {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            Some(Value::Array(
                parts.map(|part| Value::String(part.to_owned())).collect(),
            ))
        }
        _ => Some(Value::String(text.to_owned())),
    };
    read.ok_or_else(|| ConfigError::key(variable, format!("{text:?}"), shape(example)))
}

fn last_of(path: &[String]) -> &str {
    path.last().map_or("", String::as_str)
}

/// A value of a source's key: TOML if it looks like it, a number where the providers' tables know
/// the key as one, else a text.
fn free_value(key: &str, text: &str) -> Value {
    let mut fields = tollgate_providers::PROVIDERS
        .iter()
        .flat_map(|provider| provider.fields);
    let is_number = fields.any(|field| field.name == key && matches!(field.kind, Kind::Integer));
    let looks_like_toml = text.starts_with(['[', '{']) || matches!(text, "true" | "false");
    match text.trim().parse::<Value>() {
        Ok(value) if looks_like_toml || is_number => value,
        _ => Value::String(text.to_owned()),
    }
}

fn shape(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with decimals",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// The merged layers, being checked.
struct Layers<'a> {
    merged: &'a Table,
    /// Where the file lies; empty for the working folder.
    folder: &'a Path,
    environment: &'a Environment,
}

impl Layers<'_> {
    fn check(&self) -> Result<Config, ConfigError> {
        let server = Server {
            listen: self.address("server.listen")?.ok_or_else(|| {
                ConfigError::key(
                    "server.listen",
                    "an empty text",
                    "an address as 127.0.0.1:8080",
                )
            })?,
            admin_listen: self.address("server.admin_listen")?,
            public_url: self.public_url()?,
            trusted_proxies: self.networks("server.trusted_proxies")?,
            body_bytes_max: self.size("server.body_bytes_max", 1024, 64 << 20)?,
            delivery_items_max: self.size("server.delivery_items_max", 1, 10_000)?,
            connections_max: self.size("server.connections_max", 1, 1_000_000)?,
            header_timeout: self.span("server.header_timeout_ms", 100, 600_000)?,
            body_timeout: self.span("server.body_timeout_ms", 100, 600_000)?,
            webhook_timeout: self.span("server.webhook_timeout_ms", 100, 60_000)?,
            request_timeout: self.span("server.request_timeout_ms", 100, 60_000)?,
            shutdown_timeout: self.span("server.shutdown_timeout_ms", 0, 600_000)?,
        };
        let place = self.place()?;
        let config = Config {
            place,
            limits: self.limits()?,
            rules: self.rules()?,
            bootstrap_key: match self.text("api.bootstrap_key")? {
                "" => None,
                typed => Some(SecretString::from(self.secret("api.bootstrap_key", typed)?)),
            },
            log: Log {
                level: self.choice(
                    "log.level",
                    &[
                        ("error", tracing::Level::ERROR),
                        ("warn", tracing::Level::WARN),
                        ("info", tracing::Level::INFO),
                        ("debug", tracing::Level::DEBUG),
                        ("trace", tracing::Level::TRACE),
                    ],
                )?,
                json: self.choice("log.format", &[("text", false), ("json", true)])?,
            },
            shops: self.shops()?,
            shown: self.masked(),
            server,
        };
        if let Some(key) = &config.bootstrap_key {
            let length = key.expose_secret().len();
            if length < 16 {
                let found = format!("a secret of {length} characters");
                return Err(ConfigError::key(
                    "api.bootstrap_key",
                    found,
                    "at least 16 characters",
                ));
            }
        }
        check_listeners(&config.server)?;
        check_order(&config.limits, &config.rules)?;
        check_paths(&config.shops)?;
        Ok(config)
    }

    fn limits(&self) -> Result<Limits, ConfigError> {
        const LOG_MAX: i64 = 16 << 30;
        Ok(Limits {
            queue_commands_max: self.size("gate.queue_commands_max", 100, 1_000_000)?,
            queue_bytes_max: self.size("gate.queue_bytes_max", 1 << 20, 4 << 30)?,
            batch_commands_max: self.size("gate.batch_commands_max", 8, 10_000)?,
            batch_bytes_max: self.size("gate.batch_bytes_max", 64 << 10, 256 << 20)?,
            batch_ms_max: self.integer("gate.batch_ms_max", 1, 1000)? as u64,
            wal_bytes_restart: self.integer("gate.wal_bytes_restart", 1 << 20, LOG_MAX)? as u64,
            wal_bytes_alert: self.integer("gate.wal_bytes_alert", 1 << 20, LOG_MAX)? as u64,
            wal_bytes_max: self.integer("gate.wal_bytes_max", 1 << 20, LOG_MAX)? as u64,
            idempotency_ms: self.integer("retention.idempotency_hours", 24, 8760)? * 3_600_000,
            rejected_per_minute_max: self.integer(
                "retention.rejected_per_minute_max",
                0,
                100_000,
            )? as u32,
            rejected_per_source_max: self.integer(
                "retention.rejected_per_source_max",
                0,
                1_000_000,
            )? as u32,
            rejected_bytes_max: self.integer("retention.rejected_bytes_max", 0, LOG_MAX)? as u64,
            events_ms: self.days("retention.events_days")?,
            keys_ms: self.keys_kept()?,
            rejected_ms: self.days("retention.rejected_days")?,
            keep_detached: self.choice("retention.detached", &[("drop", false), ("keep", true)])?,
            readers: self.size("store.readers", 1, 64)?,
        })
    }

    /// Days in milliseconds; 0 is for ever.
    fn days(&self, key: &str) -> Result<i64, ConfigError> {
        Ok(self.integer(key, 0, 36_500)? * 86_400_000)
    }

    /// No provider repeats an event for longer than a month.
    fn keys_kept(&self) -> Result<i64, ConfigError> {
        let key = "retention.keys_days";
        match self.days(key)? {
            0 => Ok(0),
            _ => Ok(self.integer(key, 35, 36_500)? * 86_400_000),
        }
    }

    fn rules(&self) -> Result<Rules, ConfigError> {
        Ok(Rules {
            parked_ask: Span::minutes(self.integer("orders.parked_ask_minutes", 1, 1440)?),
            parked_orphan: Span::hours(self.integer("orders.parked_orphan_hours", 1, 720)?),
            closing_grace: Span::seconds(self.integer(
                "orders.closing_grace_seconds",
                0,
                86_400,
            )?),
            authorized_hold: Span::hours(self.integer("orders.authorized_hold_hours", 1, 8760)?),
            parked_max: self.size("orders.parked_max", 1, 1000)?,
            payments_max: self.size("orders.payments_max", 1, 10_000)?,
        })
    }

    fn value(&self, key: &str) -> &Value {
        let mut table = self.merged;
        let mut parts = key.split('.').peekable();
        while let Some(part) = parts.next() {
            let value = table
                .get(part)
                .expect("the defaults name every key that is read");
            match value {
                Value::Table(inner) if parts.peek().is_some() => table = inner,
                value => return value,
            }
        }
        unreachable!("a key has at least one part")
    }

    fn text(&self, key: &str) -> Result<&str, ConfigError> {
        match self.value(key) {
            Value::String(text) => Ok(text),
            other => Err(ConfigError::key(key, shape(other), "a text")),
        }
    }

    fn integer(&self, key: &str, least: i64, most: i64) -> Result<i64, ConfigError> {
        let wanted = || format!("a whole number from {least} to {most}");
        match self.value(key) {
            Value::Integer(found) if (least..=most).contains(found) => Ok(*found),
            Value::Integer(found) => Err(ConfigError::key(key, found.to_string(), wanted())),
            other => Err(ConfigError::key(key, shape(other), wanted())),
        }
    }

    fn size(&self, key: &str, least: i64, most: i64) -> Result<usize, ConfigError> {
        Ok(self.integer(key, least, most)? as usize)
    }

    fn span(&self, key: &str, least: i64, most: i64) -> Result<Duration, ConfigError> {
        Ok(Duration::from_millis(self.integer(key, least, most)? as u64))
    }

    fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<T, ConfigError> {
        let found = self.text(key)?;
        match choices.iter().find(|(word, _)| *word == found) {
            Some((_, value)) => Ok(*value),
            None => {
                let words: Vec<String> = choices
                    .iter()
                    .map(|(word, _)| format!("{word:?}"))
                    .collect();
                Err(ConfigError::key(
                    key,
                    format!("{found:?}"),
                    words.join(" or "),
                ))
            }
        }
    }

    fn address(&self, key: &str) -> Result<Option<SocketAddr>, ConfigError> {
        match self.text(key)? {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                ConfigError::key(key, format!("{text:?}"), "an address as 127.0.0.1:8080")
            }),
        }
    }

    fn networks(&self, key: &str) -> Result<Vec<IpNet>, ConfigError> {
        let wanted = "a list of addresses or networks as \"192.0.2.0/24\"";
        let Value::Array(list) = self.value(key) else {
            return Err(ConfigError::key(key, shape(self.value(key)), wanted));
        };
        list.iter()
            .map(|value| {
                let text = value
                    .as_str()
                    .ok_or_else(|| ConfigError::key(key, shape(value), wanted))?;
                text.parse::<IpNet>()
                    .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
                    .map_err(|_| ConfigError::key(key, format!("{text:?}"), wanted))
            })
            .collect()
    }

    fn public_url(&self) -> Result<Option<String>, ConfigError> {
        let key = "server.public_url";
        let text = self.text(key)?;
        if text.is_empty() {
            return Ok(None);
        }
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let good = rest.is_some_and(|rest| {
            !rest.is_empty()
                && rest.bytes().all(|byte| byte.is_ascii_graphic())
                && !rest.contains(['?', '#', '@'])
        });
        if !good {
            let wanted = "an http or https URL without user, query and fragment";
            return Err(ConfigError::key(key, format!("{text:?}"), wanted));
        }
        Ok(Some(text.trim_end_matches('/').to_owned()))
    }

    fn place(&self) -> Result<Place, ConfigError> {
        let key = "store.url";
        let text = self.text(key)?;
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return self.server_place(text).map(Place::Server);
        }
        match text.strip_prefix("sqlite:") {
            Some(":memory:") => Ok(Place::Memory),
            Some(file) if file.starts_with("//") || file.starts_with("file:") => {
                let wanted = "sqlite:FILE, as sqlite:/var/lib/tollgate/tollgate.db";
                Err(ConfigError::key(key, format!("{text:?}"), wanted))
            }
            Some(file) if file.contains('?') => {
                let wanted = "sqlite:FILE without ?, because there are no options";
                Err(ConfigError::key(key, format!("{text:?}"), wanted))
            }
            Some(file) if !file.is_empty() => Ok(Place::File(PathBuf::from(file))),
            Some(_) | None => {
                let wanted = "sqlite:FILE, sqlite::memory: or postgres://USER@HOST:PORT/DATABASE";
                Err(ConfigError::key(
                    key,
                    format!("{:?}", masked_url(text)),
                    wanted,
                ))
            }
        }
    }

    /// What the URL itself is worth the store says when it opens it.
    fn server_place(&self, url: &str) -> Result<ServerPlace, ConfigError> {
        let isolation = [
            ("read_committed", Isolation::ReadCommitted),
            ("serializable", Isolation::Serializable),
        ];
        Ok(ServerPlace {
            url: url.to_owned(),
            isolation: self.choice("store.isolation", &isolation)?,
            root_certificate: match self.text("store.root_certificate")? {
                "" => None,
                path => Some(PathBuf::from(path)),
            },
            lanes: self.size("store.lanes", 1, 64)?,
        })
    }

    fn shops(&self) -> Result<Vec<Shop>, ConfigError> {
        let timezone = self.text("timezone")?;
        check_timezone("timezone", timezone)?;
        let mut shops = vec![Shop {
            name: MAIN_SHOP.to_owned(),
            timezone: timezone.to_owned(),
            sources: self.sources(MAIN_SHOP, "sources", self.merged.get("sources"))?,
        }];
        let further = self.merged.get("shops").and_then(Value::as_table);
        for (name, value) in further.into_iter().flatten() {
            let prefix = format!("shops.{name}");
            let Value::Table(table) = value else {
                return Err(ConfigError::key(prefix, shape(value), "a table"));
            };
            if name == MAIN_SHOP {
                let wanted = "the keys of shop main at the top level";
                return Err(ConfigError::key(prefix, "a shop named main", wanted));
            }
            check_name(&prefix, name)?;
            let known = ["timezone", "sources"];
            if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
                return Err(unknown_key(
                    format!("{prefix}.{key}"),
                    key,
                    known.into_iter(),
                ));
            }
            let key = format!("{prefix}.timezone");
            let timezone = match table.get("timezone") {
                None => timezone,
                Some(Value::String(text)) => text,
                Some(other) => return Err(ConfigError::key(key, shape(other), "a text")),
            };
            check_timezone(&key, timezone)?;
            let sources = self.sources(name, &format!("{prefix}.sources"), table.get("sources"))?;
            shops.push(Shop {
                name: name.clone(),
                timezone: timezone.to_owned(),
                sources,
            });
        }
        Ok(shops)
    }

    fn sources(
        &self,
        shop: &str,
        prefix: &str,
        typed: Option<&Value>,
    ) -> Result<Vec<ConfiguredSource>, ConfigError> {
        let table = match typed {
            None => return Ok(Vec::new()),
            Some(Value::Table(table)) => table,
            Some(other) => return Err(ConfigError::key(prefix, shape(other), "a table")),
        };
        table
            .iter()
            .map(|(name, value)| {
                let prefix = format!("{prefix}.{name}");
                check_name(&prefix, name)?;
                self.source(shop, name, &prefix, value)
            })
            .collect()
    }

    fn source(
        &self,
        shop: &str,
        name: &str,
        prefix: &str,
        typed: &Value,
    ) -> Result<ConfiguredSource, ConfigError> {
        if name == tollgate_core::payment::MANUAL_SOURCE {
            let found = "a source named manual";
            return Err(ConfigError::key(
                prefix,
                found,
                "another name: manual is always there",
            ));
        }
        let mut settings = match to_json(typed) {
            serde_json::Value::Object(settings) => settings,
            _ => return Err(ConfigError::key(prefix, shape(typed), "a table")),
        };
        let named = match settings.get("provider") {
            Some(serde_json::Value::String(provider)) => provider.clone(),
            other => {
                let names: Vec<&str> = tollgate_providers::PROVIDERS
                    .iter()
                    .map(|provider| provider.name)
                    .collect();
                let wanted = format!("one of {}", names.join(", "));
                return Err(ConfigError::key(
                    format!("{prefix}.provider"),
                    other.map_or("nothing", json_shape),
                    wanted,
                ));
            }
        };
        if let Some(provider) = tollgate_providers::provider(&named) {
            tollgate_providers::visit_secrets(provider, &mut settings, &mut |key, secret| {
                *secret = self.secret(&format!("{prefix}.{key}"), secret)?;
                Ok::<(), ConfigError>(())
            })?;
        }
        let source = Source::configure(name, &named, &settings).map_err(|error| {
            ConfigError::key(format!("{prefix}.{}", error.key), error.found, error.wanted)
        })?;
        let mut paths = vec![match shop {
            MAIN_SHOP => format!("/webhooks/{name}"),
            shop => format!("/webhooks/{shop}/{name}"),
        }];
        if settings.contains_key("paths") {
            for (at, path) in source.paths().iter().enumerate() {
                if source.paths()[..at].contains(path) {
                    let found = format!("{path:?} twice");
                    let key = format!("{prefix}.paths");
                    return Err(ConfigError::key(key, found, "every path once"));
                }
                if ours(path) && path != &paths[0] {
                    let found = format!("{path:?}, which is ours");
                    let wanted = "a path that is neither /, nor below /v1 or /webhooks, nor one \
                                  that Tollgate answers itself";
                    return Err(ConfigError::key(format!("{prefix}.paths"), found, wanted));
                }
                if !paths.contains(path) {
                    paths.push(path.clone());
                }
            }
        }
        Ok(ConfiguredSource {
            source: Arc::new(source),
            paths,
        })
    }

    /// Puts a secret in the place of what stands for it.
    fn secret(&self, key: &str, typed: &str) -> Result<String, ConfigError> {
        let secret = if let Some(name) = typed.strip_prefix("env:") {
            self.environment.get(name).cloned().ok_or_else(|| {
                let found = format!("the variable {name}, which is not set");
                ConfigError::key(key, found, "a variable that holds the secret")
            })?
        } else if let Some(path) = typed.strip_prefix("file:") {
            let path = self.folder.join(path);
            let text = std::fs::read_to_string(&path).map_err(|error| {
                let found = format!("{}: {error}", path.display());
                ConfigError::key(key, found, "a file that can be read")
            })?;
            text.trim_end_matches(['\n', '\r']).to_owned()
        } else if let Some(secret) = typed.strip_prefix("literal:") {
            secret.to_owned()
        } else {
            let wanted = "env:NAME, file:PATH or literal:…";
            return Err(ConfigError::key(key, "a secret as it is", wanted));
        };
        if secret.is_empty() {
            return Err(ConfigError::key(key, "an empty secret", "a secret"));
        }
        Ok(secret)
    }

    /// The merged table with every secret masked.
    fn masked(&self) -> Table {
        const MASK: &str = "***";
        let mut shown = self.merged.clone();
        let api = shown.get_mut("api").and_then(Value::as_table_mut);
        if let Some(Value::String(key)) = api.and_then(|api| api.get_mut("bootstrap_key"))
            && !key.is_empty()
        {
            *key = MASK.to_owned();
        }
        let store = shown.get_mut("store").and_then(Value::as_table_mut);
        if let Some(Value::String(url)) = store.and_then(|store| store.get_mut("url")) {
            *url = masked_url(url);
        }
        let mask = |sources: &mut Table| {
            for (_, source) in sources.iter_mut() {
                let serde_json::Value::Object(mut settings) = to_json(source) else {
                    continue;
                };
                let named = settings.get("provider").and_then(serde_json::Value::as_str);
                let Some(provider) = named.and_then(tollgate_providers::provider) else {
                    continue;
                };
                let mut visit = |_: &str, secret: &mut String| {
                    *secret = MASK.to_owned();
                    Ok::<(), std::convert::Infallible>(())
                };
                let Ok(()) = tollgate_providers::visit_secrets(provider, &mut settings, &mut visit);
                if let Ok(masked) = Value::try_from(&settings) {
                    *source = masked;
                }
            }
        };
        if let Some(Value::Table(sources)) = shown.get_mut("sources") {
            mask(sources);
        }
        if let Some(Value::Table(shops)) = shown.get_mut("shops") {
            for (_, shop) in shops.iter_mut() {
                if let Some(Value::Table(sources)) = shop.get_mut("sources") {
                    mask(sources);
                }
            }
        }
        shown
    }
}

/// A URL without its password, wherever that stands in it.
fn masked_url(url: &str) -> String {
    const MASK: &str = "***";
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let before = match before.rsplit_once('@') {
        Some((login, host)) => match login.split_once(':') {
            Some((user, _)) => format!("{user}:{MASK}@{host}"),
            None => format!("{login}@{host}"),
        },
        None => before.to_owned(),
    };
    let query = query.map(|query| {
        let options = query.split('&').map(|option| match option.split_once('=') {
            Some(("password", _)) => format!("password={MASK}"),
            _ => option.to_owned(),
        });
        format!("?{}", options.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}{before}{}", query.unwrap_or_default())
}

/// Paths that a source may not have because we answer them, now or in a later version.
fn ours(path: &str) -> bool {
    const EXACT: [&str; 8] = [
        "/",
        "/v1",
        "/webhooks",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs",
    ];
    const BELOW: [&str; 5] = ["/v1/", "/webhooks/", "/docs/", "/assets/", "/dashboard"];
    EXACT.contains(&path) || BELOW.iter().any(|prefix| path.starts_with(prefix))
}

/// Two listeners at one place: the second could not be opened. Port 0 is any free one.
fn check_listeners(server: &Server) -> Result<(), ConfigError> {
    let Some(admin) = server.admin_listen else {
        return Ok(());
    };
    let listen = server.listen;
    let any = listen.ip().is_unspecified() || admin.ip().is_unspecified();
    let overlap = listen.ip() == admin.ip() || any && listen.is_ipv4() == admin.is_ipv4();
    if listen.port() != 0 && listen.port() == admin.port() && overlap {
        let found = format!("\"{admin}\", where server.listen = \"{listen}\" listens already");
        let wanted = "another port, or an empty text";
        return Err(ConfigError::key("server.admin_listen", found, wanted));
    }
    Ok(())
}

/// Values that are only right one after the other.
fn check_order(limits: &Limits, rules: &Rules) -> Result<(), ConfigError> {
    let (restart, alert) = (limits.wal_bytes_restart, limits.wal_bytes_alert);
    if alert < restart {
        let wanted = format!("at least gate.wal_bytes_restart, which is {restart}");
        let key = "gate.wal_bytes_alert";
        return Err(ConfigError::key(key, alert.to_string(), wanted));
    }
    if limits.wal_bytes_max < alert {
        let found = limits.wal_bytes_max.to_string();
        let wanted = format!("at least gate.wal_bytes_alert, which is {alert}");
        return Err(ConfigError::key("gate.wal_bytes_max", found, wanted));
    }
    if rules.parked_orphan <= rules.parked_ask {
        let minutes = |span: Span| span.as_millis() / 60_000;
        let found = minutes(rules.parked_ask).to_string();
        let wanted = format!(
            "less than the {} minutes of orders.parked_orphan_hours",
            minutes(rules.parked_orphan)
        );
        return Err(ConfigError::key("orders.parked_ask_minutes", found, wanted));
    }
    Ok(())
}

fn check_paths(shops: &[Shop]) -> Result<(), ConfigError> {
    let mut taken: BTreeMap<&str, String> = BTreeMap::new();
    for shop in shops {
        for configured in &shop.sources {
            let name = format!("source {} of shop {}", configured.source.name(), shop.name);
            for path in &configured.paths {
                if let Some(other) = taken.insert(path, name.clone()) {
                    let prefix = match shop.name.as_str() {
                        MAIN_SHOP => String::new(),
                        shop => format!("shops.{shop}."),
                    };
                    let key = format!("{prefix}sources.{}.paths", configured.source.name());
                    let found = format!("{path:?}, which {other} has too");
                    return Err(ConfigError::key(key, found, "a path of its own"));
                }
            }
        }
    }
    Ok(())
}

/// Names of shops and sources stand in paths and keys.
fn check_name(key: &str, name: &str) -> Result<(), ConfigError> {
    let good = (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:+-".contains(&byte));
    if good {
        return Ok(());
    }
    let wanted = "a name of 1 to 128 characters of A-Z a-z 0-9 . _ : + -";
    Err(ConfigError::key(key, format!("the name {name:?}"), wanted))
}

fn check_timezone(key: &str, name: &str) -> Result<(), ConfigError> {
    jiff::tz::TimeZone::get(name).map(drop).map_err(|_| {
        ConfigError::key(
            key,
            format!("{name:?}"),
            "a time zone as \"Europe/Moscow\" or \"UTC\"",
        )
    })
}

fn json_shape(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "nothing",
        serde_json::Value::Bool(_) => "true or false",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a text",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "a table",
    }
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(list) => list.iter().map(to_json).collect(),
        Value::Table(table) => table
            .iter()
            .map(|(name, value)| (name.clone(), to_json(value)))
            .collect(),
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Config::from_layers(text, Path::new(""), &environment)
    }

    fn refusal(text: &str) -> String {
        read(text, &[]).expect_err("it is refused").to_string()
    }

    #[test]
    fn the_defaults_are_a_configuration_and_name_the_stores_defaults() {
        let config = read("", &[]).expect("the defaults are right");
        assert_eq!(config.limits, Limits::default());
        assert_eq!(config.rules, Rules::default());
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.shops.len(), 1);
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let file = "[server]\nlisten = \"127.0.0.1:1\"\nbody_bytes_max = 2048";
        let environment = [
            ("TOLLGATE__SERVER__LISTEN", "127.0.0.1:2"),
            ("TOLLGATE__GATE__BATCH_MS_MAX", "7"),
            ("TOLLGATE__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
        ];
        let config = read(file, &environment).expect("it is right");
        assert_eq!(config.server.listen.port(), 2);
        assert_eq!(config.server.body_bytes_max, 2048);
        assert_eq!(config.limits.batch_ms_max, 7);
        assert_eq!(config.server.trusted_proxies.len(), 2);
    }

    #[test]
    fn a_source_may_come_from_the_environment() {
        let environment = [
            ("TOLLGATE__SOURCES__PAY__PROVIDER", "standard_webhooks"),
            ("TOLLGATE__SOURCES__PAY__SECRETS", r#"["env:PAY_SECRET"]"#),
            ("TOLLGATE__SOURCES__PAY__TOLERANCE_SECONDS", "60"),
            ("PAY_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ];
        let config = read("", &environment).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.shops[0].sources[0].source.name(), "pay");
    }

    #[test]
    fn what_is_wrong_is_one_line_with_key_found_and_wanted() {
        for (text, wanted) in [
            (
                "[server]\nlisen = \"x\"",
                "server.lisen: found an unknown key, wanted a known key; did you mean listen?",
            ),
            (
                "[mail]\nurl = \"x\"",
                "mail: found an unknown key, wanted a known key (tollgate config default lists them)",
            ),
            ("server = 3", "server: found a whole number, wanted a table"),
            (
                "[server]\nbody_bytes_max = 12",
                "server.body_bytes_max: found 12, wanted a whole number from 1024 to 67108864",
            ),
            (
                "[retention]\nkeys_days = 7",
                "retention.keys_days: found 7, wanted a whole number from 35 to 36500",
            ),
            (
                "[server]\nbody_bytes_max = \"12\"",
                "server.body_bytes_max: found a text, wanted a whole number from 1024 to 67108864",
            ),
            (
                "[store]\nurl = \"mysql://u:s3cret@h/d\"",
                "store.url: found \"mysql://u:***@h/d\", wanted sqlite:FILE, sqlite::memory: or postgres://USER@HOST:PORT/DATABASE",
            ),
            (
                "[store]\nurl = \"postgres://h/d\"\nisolation = \"snapshot\"",
                "store.isolation: found \"snapshot\", wanted \"read_committed\" or \"serializable\"",
            ),
            (
                "timezone = \"Mars/Base\"",
                "timezone: found \"Mars/Base\", wanted a time zone as \"Europe/Moscow\" or \"UTC\"",
            ),
            (
                "[api]\nbootstrap_key = \"env:NOBODY_SET_THIS\"",
                "api.bootstrap_key: found the variable NOBODY_SET_THIS, which is not set, wanted a variable that holds the secret",
            ),
            (
                "[api]\nbootstrap_key = \"verysecret\"",
                "api.bootstrap_key: found a secret as it is, wanted env:NAME, file:PATH or literal:…",
            ),
            (
                "[sources.x]\nprovider = \"midtrans\"\nsecret = [\"literal:k\"]",
                "sources.x.secret: found an unknown key",
            ),
            (
                "[sources.manual]\nprovider = \"midtrans\"",
                "sources.manual: found a source named manual, wanted another name: manual is always there",
            ),
            ("[server\nx", "read the configuration: line 1: "),
        ] {
            let refusal = refusal(text);
            assert!(refusal.starts_with(wanted), "{refusal:?} is not {wanted:?}");
            assert!(!refusal.contains('\n'), "{refusal}");
        }
    }

    #[test]
    fn what_cannot_be_together_is_refused() {
        for (text, wanted) in [
            (
                "[gate]\nwal_bytes_restart = 536870912",
                "gate.wal_bytes_alert: found 268435456, wanted at least gate.wal_bytes_restart, which is 536870912",
            ),
            (
                "[gate]\nwal_bytes_max = 134217728",
                "gate.wal_bytes_max: found 134217728, wanted at least gate.wal_bytes_alert, which is 268435456",
            ),
            (
                "[orders]\nparked_ask_minutes = 60\nparked_orphan_hours = 1",
                "orders.parked_ask_minutes: found 60, wanted less than the 60 minutes of orders.parked_orphan_hours",
            ),
            (
                "[server]\nadmin_listen = \"127.0.0.1:8080\"",
                "server.admin_listen: found \"127.0.0.1:8080\", where server.listen = ",
            ),
            (
                "[server]\nadmin_listen = \"0.0.0.0:8080\"",
                "server.admin_listen: found \"0.0.0.0:8080\", where server.listen = ",
            ),
            (
                "[store]\nurl = \"sqlite:///srv/t.db\"",
                "store.url: found \"sqlite:///srv/t.db\", wanted sqlite:FILE, as ",
            ),
            (
                "[store]\nurl = \"sqlite:file:t.db\"",
                "store.url: found \"sqlite:file:t.db\", wanted sqlite:FILE, as ",
            ),
            (
                "[store]\nurl = \"sqlite:t.db?mode=rwc\"",
                "store.url: found \"sqlite:t.db?mode=rwc\", wanted sqlite:FILE without ?",
            ),
            (
                "[sources.x]\nprovider = 3",
                "sources.x.provider: found a number, wanted one of ",
            ),
            (
                "[sources.x]\nsecrets = [\"literal:k\"]",
                "sources.x.provider: found nothing, wanted one of ",
            ),
        ] {
            let refusal = refusal(text);
            assert!(refusal.starts_with(wanted), "{refusal:?} is not {wanted:?}");
        }
        let text = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"";
        read(text, &[]).expect("two free ports are two");
    }

    #[test]
    fn an_unknown_variable_is_told_what_is_near_it() {
        for (variable, wanted) in [
            ("TOLLGATE__SERVER__LISEN", "did you mean listen?"),
            ("TOLLGATE__SEVER__LISTEN", "did you mean server?"),
            ("TOLLGATE__SOURCE__PAY__PROVIDER", "did you mean sources?"),
            (
                "TOLLGATE__SOURCES__PAY",
                "wanted TOLLGATE__SOURCES__NAME__KEY",
            ),
            ("TOLLGATE__SERVER__LISTEN__X", "found a part of a value"),
        ] {
            let refusal = read("", &[(variable, "x")]).expect_err("it is refused");
            let refusal = refusal.to_string();
            assert!(refusal.starts_with(variable), "{refusal}");
            assert!(refusal.contains(wanted), "{refusal:?} is not {wanted:?}");
        }
    }

    #[test]
    fn a_secrets_file_is_looked_for_beside_the_configuration() {
        let folder = tempfile::tempdir().expect("there is room");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("it can be written");
        };
        write("api.key", "0123456789abcdef\n");
        write("t.toml", "[api]\nbootstrap_key = \"file:api.key\"");
        let config = Config::load(Some(&folder.path().join("t.toml"))).expect("it is found");
        let key = config.bootstrap_key.expect("it has a key");
        assert_eq!(key.expose_secret(), "0123456789abcdef");
    }

    const MIDTRANS: &str = "provider = \"midtrans\"\nsecrets = [\"literal:server-key-1\"]\n";

    #[test]
    fn a_path_belongs_to_one_source_and_never_to_us() {
        let twice = format!(
            "[sources.a]\n{MIDTRANS}paths = [\"/hook\"]\n[sources.b]\n{MIDTRANS}paths = [\"/hook\"]"
        );
        assert!(refusal(&twice).starts_with("sources.b.paths: found \"/hook\", which source a"));
        let twice = format!("[sources.a]\n{MIDTRANS}paths = [\"/hook\", \"/hook\"]");
        assert!(refusal(&twice).starts_with("sources.a.paths: found \"/hook\" twice"));
        for path in ["/v1/orders", "/metrics", "/webhooks/b"] {
            let text = format!("[sources.a]\n{MIDTRANS}paths = [\"{path}\"]");
            assert!(refusal(&text).contains("which is ours"), "{path}");
        }
        let text = format!("[sources.a]\n{MIDTRANS}paths = [\"/webhooks/a\", \"/hook\"]");
        let config = read(&text, &[]).expect("its own path may be named");
        assert_eq!(config.shops[0].sources[0].paths, ["/webhooks/a", "/hook"]);
    }

    #[test]
    fn secrets_never_show() {
        let text = format!(
            "[api]\nbootstrap_key = \"literal:0123456789abcdef\"\n[sources.a]\n{MIDTRANS}\
             [shops.tea.sources.b]\n{MIDTRANS}\
             [store]\nurl = \"postgres://shop:hunter2@db/orders\""
        );
        let config = read(&text, &[]).expect("it is right");
        for shown in [config.show(), format!("{config:?}")] {
            for secret in ["0123456789abcdef", "server-key-1", "hunter2"] {
                assert!(!shown.contains(secret), "{secret}");
            }
        }
        assert_eq!(config.show().matches("***").count(), 4);
        assert_eq!(config.shops[1].sources[0].paths, ["/webhooks/tea/b"]);
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        let table = [
            ("sqlite:t.db", "sqlite:t.db"),
            ("postgres://db/x", "postgres://db/x"),
            ("postgres://u@db/x", "postgres://u@db/x"),
            ("postgres://u:p@ss@db,db2/x", "postgres://u:***@db,db2/x"),
            (
                "postgres://u:p@db/x?a=1&password=p",
                "postgres://u:***@db/x?a=1&password=***",
            ),
        ];
        for (url, shown) in table {
            assert_eq!(masked_url(url), shown);
        }
    }
}
