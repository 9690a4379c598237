//! The configuration as it may be shown: every secret is a mask.

use toml::{Table, Value};

use super::shops::to_json;
use super::typed::Typed;

impl Typed<'_> {
    /// The merged table with every secret masked.
    pub(super) fn masked(&self) -> Table {
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
