//! The configuration as it may be shown: every secret is a mask.

use toml::{Table, Value};

use super::shops::to_json;
use super::typed::Typed;

impl Typed<'_> {
    /// The merged table with every secret masked.
    pub(super) fn masked(&self) -> Table {
        const MASK: &str = "***";
        let mut shown = self.merged.as_ref().clone();
        let hide = |table: &mut Table, section: &str, key: &str| {
            if let Some(secret) = text_in(table, section, key).filter(|text| !text.is_empty()) {
                *secret = MASK.to_owned();
            }
        };
        hide(&mut shown, "api", "bootstrap_key");
        hide(&mut shown, "mail", "password");
        hide(&mut shown, "store", "secrets_key");
        if let Some(Value::Array(keys)) = in_section(&mut shown, "store", "secrets_keys_also") {
            keys.fill(Value::String(MASK.to_owned()));
        }
        if let Some(Value::Array(headers)) = in_section(&mut shown, "telemetry", "headers") {
            for header in headers {
                let name = header.as_str().and_then(|text| text.split_once('='));
                let name = name.map_or("", |(name, _)| name);
                *header = Value::String(format!("{name}={MASK}"));
            }
        }
        if let Some(url) = text_in(&mut shown, "store", "url") {
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
                if let Value::Table(shop) = shop {
                    hide(shop, "mail", "password");
                }
            }
        }
        shown
    }
}

/// A text of a section, if it is there.
fn text_in<'t>(table: &'t mut Table, section: &str, key: &str) -> Option<&'t mut String> {
    match in_section(table, section, key)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// A value of a section, if it is there.
fn in_section<'t>(table: &'t mut Table, section: &str, key: &str) -> Option<&'t mut Value> {
    table.get_mut(section)?.get_mut(key)
}

/// A URL without its password, wherever that stands in it.
pub(super) fn masked_url(url: &str) -> String {
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
