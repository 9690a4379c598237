//! The shops and where their webhooks come from.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tollgate_core::command::ReceiptMail;
use tollgate_providers::Source;
use toml::{Table, Value};

use super::MAIN_SHOP;
use super::error::ConfigError;
use super::layers::{check_known, overlay, unknown_key};
use super::receipts::Receipts;
use super::routes::Route;
use super::typed::{Typed, shape};
use super::work::Worker;
use tollgate_outbound::mail::MailSettings;
use tollgate_receipt::Locale;

/// One shop.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Its name.
    pub name: String,
    /// The time zone of its calendars that name none.
    pub timezone: String,
    /// The language of customers who have none.
    pub locale: Locale,
    /// What its receipts say, and where copies go.
    pub receipts: Receipts,
    /// How its mails are sent; `None`: no mail is decided.
    pub mail: Option<MailSettings>,
    /// How it sends the receipt of an order that is paid.
    pub receipt_mail: ReceiptMail,
    /// Where its webhooks come from.
    pub sources: Vec<ConfiguredSource>,
    /// Which events go on to a handler.
    pub routes: Vec<Route>,
}

/// A source and the further paths it is called at.
#[derive(Debug, Clone)]
pub struct ConfiguredSource {
    /// The checked source.
    pub source: Arc<Source>,
    /// Every path it is called at, the regular one first.
    pub paths: Vec<String>,
    /// The SHA-256 of each of its secrets, by which two sources are found that share one.
    pub(super) secrets: Vec<[u8; 32]>,
}

impl Typed<'_> {
    pub(super) fn shops(&self, worker: &Worker) -> Result<Vec<Shop>, ConfigError> {
        let sources = self.sources(MAIN_SHOP, "sources", self.merged.get("sources"))?;
        let routes = self.routes(&sources, worker)?;
        let mut shops = vec![self.shop(MAIN_SHOP, sources, routes)?];
        let further = self.merged.get("shops").and_then(Value::as_table);
        for (name, value) in further.into_iter().flatten() {
            let prefix = format!("shops.{name}");
            let Value::Table(own) = value else {
                return Err(ConfigError::key(prefix, shape(value), "a table"));
            };
            if name == MAIN_SHOP {
                let wanted = "the keys of shop main at the top level";
                return Err(ConfigError::key(prefix, "a shop named main", wanted));
            }
            check_name(&prefix, name)?;
            let typed = self.over(
                Cow::Owned(self.with_own(&prefix, own)?),
                format!("{prefix}."),
            );
            let sources = self.sources(name, &format!("{prefix}.sources"), own.get("sources"))?;
            let routes = match own.contains_key("routes") {
                true => typed.routes(&sources, worker)?,
                false => among(&shops[0].routes, &sources),
            };
            shops.push(typed.shop(name, sources, routes)?);
        }
        Ok(shops)
    }

    /// What a shop has, its own over that of the top level. It may have only keys that are read here.
    fn with_own(&self, prefix: &str, own: &Table) -> Result<Table, ConfigError> {
        const INHERITED: [&str; 5] = ["timezone", "locale", "receipts", "mail", "routes"];
        let known = || INHERITED.into_iter().chain(["sources"]);
        if let Some(key) = own.keys().find(|key| !known().any(|known| known == *key)) {
            return Err(unknown_key(format!("{prefix}.{key}"), key, known()));
        }
        let mut merged = Table::new();
        for key in INHERITED {
            let mut value = self.value(key).clone();
            match (&mut value, own.get(key)) {
                (Value::Table(section), Some(Value::Table(own))) => {
                    check_known(&format!("{prefix}.{key}."), own, section)?;
                    part_from_main(section, own);
                    overlay(section, own.clone());
                }
                (Value::Table(_), Some(other)) => {
                    let key = format!("{prefix}.{key}");
                    return Err(ConfigError::key(key, shape(other), "a table"));
                }
                (value, Some(own)) => *value = own.clone(),
                (_, None) => {}
            }
            merged.insert(key.to_owned(), value);
        }
        Ok(merged)
    }

    /// What every shop has, of these layers.
    fn shop(
        &self,
        name: &str,
        sources: Vec<ConfiguredSource>,
        routes: Vec<Route>,
    ) -> Result<Shop, ConfigError> {
        let timezone = self.text("timezone")?;
        check_timezone(&format!("{}timezone", self.prefix), timezone)?;
        Ok(Shop {
            name: name.to_owned(),
            timezone: timezone.to_owned(),
            locale: self.locale()?,
            receipts: self.receipts(name)?,
            mail: self.mail()?,
            receipt_mail: self.receipt_mail()?,
            sources,
            routes,
        })
    }

    fn locale(&self) -> Result<Locale, ConfigError> {
        let tag = self.text("locale")?;
        Locale::of_tag(tag).ok_or_else(|| {
            let known = Locale::ALL.map(Locale::as_str).join(", ");
            self.wrong(
                "locale",
                format!("{tag:?}"),
                format!("one of {known}, with or without a country"),
            )
        })
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
        let mut secrets = Vec::new();
        if let Some(provider) = tollgate_providers::provider(&named) {
            tollgate_providers::visit_secrets(provider, &mut settings, &mut |key, secret| {
                *secret = self.secret(&format!("{prefix}.{key}"), secret)?;
                secrets.push(Sha256::digest(secret.as_bytes()).into());
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
            let bare = |path: &String| path.strip_suffix('/').unwrap_or(path).to_owned();
            for (at, path) in source.paths().iter().enumerate() {
                if source.paths()[..at]
                    .iter()
                    .any(|known| bare(known) == bare(path))
                {
                    let found = format!("{path:?} twice");
                    let key = format!("{prefix}.paths");
                    return Err(ConfigError::key(key, found, "every path once"));
                }
                if ours(path) && bare(path) != paths[0] {
                    let found = format!("{path:?}, which is ours");
                    let wanted = "a path that is neither /, nor below /v1 or /webhooks, nor one \
                                  that Tollgate answers itself, such as a page of its dashboard";
                    return Err(ConfigError::key(format!("{prefix}.paths"), found, wanted));
                }
                if !paths.contains(&bare(path)) {
                    paths.push(path.clone());
                }
            }
        }
        Ok(ConfiguredSource {
            source: Arc::new(source),
            paths,
            secrets,
        })
    }
}

/// Takes from what a shop inherits what would be wrong beside its own: another's address, tax number, logo,
/// colour and last word beside its name, a password that would be sent to another server.
fn part_from_main(inherited: &mut Table, own: &Table) {
    if own.contains_key("seller")
        && let Some(Value::Table(seller)) = inherited.get_mut("seller")
    {
        for (_, text) in seller.iter_mut() {
            *text = "".into();
        }
        for key in ["logo", "colour", "footer"] {
            inherited.insert(key.to_owned(), "".into());
        }
    }
    if own.contains_key("url") && inherited.contains_key("password") {
        inherited.insert("password".to_owned(), "".into());
    }
}

/// Those routes whose source is among these.
fn among(routes: &[Route], sources: &[ConfiguredSource]) -> Vec<Route> {
    let is_here = |route: &&Route| {
        sources
            .iter()
            .any(|known| known.source.name() == route.source)
    };
    routes.iter().filter(is_here).cloned().collect()
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
    // A slash at the end makes no other path of it, and the dashboard's pages have none.
    let bare = path.strip_suffix('/').unwrap_or(path);
    EXACT.contains(&path)
        || BELOW.iter().any(|prefix| path.starts_with(prefix))
        || tollgate_dashboard::has(bare)
}

pub(super) fn check_paths(shops: &[Shop]) -> Result<(), ConfigError> {
    let mut taken: BTreeMap<&str, String> = BTreeMap::new();
    for shop in shops {
        for configured in &shop.sources {
            let name = format!("source {} of shop {}", configured.source.name(), shop.name);
            for path in &configured.paths {
                // A slash at the end makes no other path of it.
                let bare = path.strip_suffix('/').unwrap_or(path);
                if let Some(other) = taken.insert(bare, name.clone()) {
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
pub(super) fn check_name(key: &str, name: &str) -> Result<(), ConfigError> {
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

pub(super) fn to_json(value: &Value) -> serde_json::Value {
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
