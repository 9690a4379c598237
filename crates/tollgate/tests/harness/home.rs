//! A folder with a configuration and a database, and the webhooks its sources accept.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;
use tollgate_providers::{Sample, SampleStatus, Source, Webhook};

use super::database::Database;

/// The admin key of every home.
pub(crate) const ADMIN_KEY: &str = "tg_test_0123456789abcdef0123456789abcdef";

/// The secret of the source `standard`, as its sender prints it.
pub(crate) const STANDARD_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

/// A home: gone with its folder.
pub(crate) struct Home {
    folder: TempDir,
    database: Arc<Database>,
    /// What is written as the configuration file; secrets plain, `literal:` is put before them.
    pub(crate) config: Map<String, Value>,
}

/// What a webhook shall say.
#[derive(Debug, Clone)]
pub(crate) struct Said<'a> {
    pub(crate) source: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) amount_minor: i64,
    pub(crate) currency: &'a str,
    pub(crate) status: SampleStatus,
    pub(crate) at_ms: i64,
}

impl<'a> Said<'a> {
    /// Paid in full, now, in the source's usual currency.
    pub(crate) fn paid(source: &'a str, reference: &'a str, amount_minor: i64) -> Said<'a> {
        let currency = match source {
            "phonepe" => "INR",
            "cardcom" => "ILS",
            _ => "IDR",
        };
        Said {
            source,
            reference,
            amount_minor,
            currency,
            status: SampleStatus::Paid,
            at_ms: now_ms(),
        }
    }

    pub(crate) fn status(self, status: SampleStatus) -> Said<'a> {
        Said { status, ..self }
    }

    pub(crate) fn currency(self, currency: &'a str) -> Said<'a> {
        Said { currency, ..self }
    }

    pub(crate) fn at(self, at_ms: i64) -> Said<'a> {
        Said { at_ms, ..self }
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is after 1970");
    i64::try_from(since.as_millis()).expect("it is before the year 292 million")
}

impl Home {
    /// A home with a source of each kind.
    pub(crate) fn new() -> Home {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = Database::lasting(folder.path());
        Home::with(folder, Arc::new(database))
    }

    /// The same on a SQLite file, whatever the others have.
    pub(crate) fn on_file() -> Home {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = Database::file(folder.path());
        Home::with(folder, Arc::new(database))
    }

    /// The same on a database that others may have, too.
    pub(crate) fn on(database: &Arc<Database>) -> Home {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Home::with(folder, Arc::clone(database))
    }

    fn with(folder: TempDir, database: Arc<Database>) -> Home {
        let config = json!({
            "server": { "listen": "127.0.0.1:0" },
            "store": { "url": database.url() },
            "api": { "bootstrap_key": format!("literal:{ADMIN_KEY}") },
            "receipts": { "directory": folder.path().join("receipts") },
            "sources": {
                "midtrans": {
                    "provider": "midtrans",
                    "secrets": ["server-key-of-the-tests"],
                    "paths": ["/webhook/midtrans"],
                    "order_code_pattern": r"^(?<code>.+)-\d{10}$",
                    "api_url": "http://127.0.0.1:1",
                },
                "phonepe": {
                    "provider": "phonepe",
                    "version": "v1",
                    "merchant_id": "SHOPUAT",
                    "salts": { "1": "099eb0cd-02cf-4e2a-8aca-3e6c6aff0399" },
                    "api_url": "http://127.0.0.1:1",
                },
                "accurate": { "provider": "accurate", "addresses": ["127.0.0.1"] },
                "cardcom": {
                    "provider": "cardcom",
                    "terminal_number": 1000,
                    "api_name": "name-of-the-tests",
                    "addresses": ["127.0.0.1"],
                    "api_url": "http://127.0.0.1:1",
                },
                "standard": {
                    "provider": "standard_webhooks",
                    "secrets": [STANDARD_SECRET],
                    "refunded_amount": "/data/refunded",
                },
                "bank": {
                    "provider": "hmac",
                    "secrets": ["secret-of-the-bank"],
                    "header": "x-bank-signature",
                    "id": "/id",
                    "reference": "/order",
                    "payment_id": "/payment",
                    "amount": "/amount",
                    "currency": "/currency",
                    "status": "/status",
                    "mode": "/mode",
                    "amount_unit": "major",
                },
            },
        });
        let Value::Object(config) = config else {
            unreachable!("it is written above")
        };
        Home {
            folder,
            database,
            config,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// Where the database is, if it is a SQLite file.
    pub(crate) fn database_file(&self) -> PathBuf {
        self.path().join("tollgate.db")
    }

    /// What must happen outside, as it stands decided: key, kind and state of each.
    pub(crate) fn effects(&self) -> String {
        self.database
            .ask("select key, kind from effects order by key")
    }

    /// A number that the database is asked for.
    pub(crate) fn number(&self, statement: &str) -> i64 {
        self.database.number(statement)
    }

    /// Sets a key of a section.
    pub(crate) fn set(&mut self, section: &str, key: &str, value: impl Into<Value>) {
        let section = self.config.entry(section).or_insert_with(|| json!({}));
        section[key] = value.into();
    }

    /// Sets a key of a source.
    pub(crate) fn set_source(&mut self, name: &str, key: &str, value: impl Into<Value>) {
        self.config["sources"][name][key] = value.into();
    }

    /// Writes the configuration and says where.
    pub(crate) fn write_config(&self) -> PathBuf {
        let mut config = self.config.clone();
        if let Some(Value::Object(sources)) = config.get_mut("sources") {
            for settings in sources.values_mut() {
                hide_secrets(settings);
            }
        }
        let path = self.path().join("tollgate.toml");
        let text = toml::to_string(&config).expect("the configuration can be written as TOML");
        std::fs::write(&path, text).expect("the configuration can be written");
        // It has secrets.
        let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, own).expect("it is ours");
        path
    }

    /// A source as the server has it, to sign with.
    pub(crate) fn source(&self, name: &str) -> Source {
        let Value::Object(settings) = &self.config["sources"][name] else {
            panic!("there is no source {name}");
        };
        let provider = settings["provider"]
            .as_str()
            .expect("a source has a provider");
        Source::configure(name, provider, settings).expect("the source is right")
    }

    /// A signed webhook.
    pub(crate) fn webhook(&self, said: Said<'_>) -> Webhook {
        let sample = Sample {
            reference: said.reference.to_owned(),
            amount_minor: said.amount_minor,
            currency: Currency::new(said.currency).expect("it is a currency"),
            status: said.status,
            id: format!("tx-{}", said.reference),
            now: Timestamp::from_millis(said.at_ms),
        };
        self.source(said.source)
            .sample(&sample)
            .expect("the provider has such a webhook")
    }
}

/// Writes `literal:` before every secret of a source.
fn hide_secrets(settings: &mut Value) {
    let named = settings["provider"]
        .as_str()
        .and_then(tollgate_providers::provider);
    if let (Some(provider), Value::Object(settings)) = (named, settings) {
        let mut visit = |_: &str, secret: &mut String| {
            *secret = format!("literal:{secret}");
            Ok::<(), std::convert::Infallible>(())
        };
        let Ok(()) = tollgate_providers::visit_secrets(provider, settings, &mut visit);
    }
}
