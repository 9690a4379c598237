//! The shops and where their webhooks come from.

use std::collections::BTreeMap;
use std::sync::Arc;

use tollgate_providers::Source;
use toml::Value;

use super::MAIN_SHOP;
use super::error::ConfigError;
use super::layers::unknown_key;
use super::typed::{Typed, shape};

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

impl Typed<'_> {
    pub(super) fn shops(&self) -> Result<Vec<Shop>, ConfigError> {
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

pub(super) fn check_paths(shops: &[Shop]) -> Result<(), ConfigError> {
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
