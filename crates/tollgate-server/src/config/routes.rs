//! Routes: which events go on to a handler of the merchant's.

use std::time::Duration;

use axum::http::Uri;
use axum::http::uri::Authority;
use toml::{Table, Value};

use super::error::ConfigError;
use super::masked::masked_url;
use super::shops::{ConfiguredSource, check_name};
use super::typed::{Typed, shape, typed_port};
use super::work::Worker;

/// Routes of one shop.
const ROUTES_MAX: usize = 256;

/// Events of a source that go on to a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its name; one shop has it once.
    pub name: String,
    /// Whose events.
    pub source: String,
    /// Which of them.
    pub types: Vec<TypePattern>,
    /// The handler.
    pub url: String,
    /// A JSON pointer into the event's body: events with one value there go one after the other.
    pub order_by: Option<String>,
    /// What becomes of the others of its value when one has failed for the last time.
    pub on_dead: OnDead,
    /// For the whole call, if another than for calls at large.
    pub timeout: Option<Duration>,
}

/// Which types of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypePattern {
    /// This one.
    Exactly(String),
    /// Those that begin so; all, if it is empty.
    Beginning(String),
}

/// What becomes of events behind one that has failed for the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDead {
    /// They wait for a person.
    Stop,
    /// They go on without it.
    Skip,
}

impl Route {
    /// The value in an event's body whose order is kept; `None`: it has none there, or none is kept.
    pub fn order_of(&self, body: &[u8]) -> Option<String> {
        value_at(body, self.order_by.as_deref()?)
    }

    /// Whether an event of its source with this type goes this way.
    pub fn takes(&self, event_type: &str) -> bool {
        self.types.iter().any(|pattern| match pattern {
            TypePattern::Exactly(known) => known == event_type,
            TypePattern::Beginning(start) => event_type.starts_with(start.as_str()),
        })
    }
}

impl TypePattern {
    /// Reads a type; `*` may stand at its end or alone.
    fn parse(text: &str) -> Option<TypePattern> {
        let (start, is_open) = match text.strip_suffix('*') {
            Some(start) => (start, true),
            None => (text, false),
        };
        if start.contains('*') || text.is_empty() {
            return None;
        }
        let start = start.to_owned();
        Some(match is_open {
            true => TypePattern::Beginning(start),
            false => TypePattern::Exactly(start),
        })
    }
}

impl Typed<'_> {
    /// The routes of a shop with these sources.
    pub(super) fn routes(
        &self,
        sources: &[ConfiguredSource],
        worker: &Worker,
    ) -> Result<Vec<Route>, ConfigError> {
        let rows = self.rows("routes", &route_defaults())?;
        if ROUTES_MAX < rows.len() {
            let found = format!("{} routes", rows.len());
            return Err(self.wrong("routes", found, format!("at most {ROUTES_MAX}")));
        }
        let mut routes: Vec<Route> = Vec::new();
        for row in &rows {
            let route = row.route(sources, worker)?;
            if let Some(at) = routes.iter().position(|other| other.name == route.name) {
                let found = format!(
                    "{:?}, which {}routes[{at}] has too",
                    route.name, self.prefix
                );
                let wanted = "another name = \"…\"; without one it is the source's";
                return Err(row.wrong("name", found, wanted));
            }
            routes.push(route);
        }
        Ok(routes)
    }

    fn route(&self, sources: &[ConfiguredSource], worker: &Worker) -> Result<Route, ConfigError> {
        let source = self.text("source")?;
        let names = || sources.iter().map(|known| known.source.name());
        if !names().any(|name| name == source) {
            let names: Vec<String> = names().map(|name| format!("{name:?}")).collect();
            let wanted = match names.is_empty() {
                true => "a source of this shop, which has none".to_owned(),
                false => format!("a source of this shop: {}", names.join(", ")),
            };
            return Err(self.wrong("source", format!("{source:?}"), wanted));
        }
        let name = match self.text("name")? {
            "" => source,
            name => {
                check_name(&format!("{}name", self.prefix), name)?;
                name
            }
        };
        let timeout = match self.integer("timeout_ms", 0, 600_000)? {
            0 => None,
            _ => {
                let millis = self.integer("timeout_ms", 100, 600_000)?;
                self.check_within_lease("timeout_ms", millis, worker)?;
                Some(Duration::from_millis(millis as u64))
            }
        };
        Ok(Route {
            name: name.to_owned(),
            source: source.to_owned(),
            types: self.types()?,
            url: self.target()?,
            order_by: self.pointer()?,
            on_dead: self.choice("on_dead", &[("stop", OnDead::Stop), ("skip", OnDead::Skip)])?,
            timeout,
        })
    }

    fn types(&self) -> Result<Vec<TypePattern>, ConfigError> {
        let wanted = "a list of types, where * may stand at the end, as [\"SALES_*\"]";
        let list = self.list("types", wanted)?;
        if list.is_empty() {
            return Err(self.wrong("types", "an empty list", wanted));
        }
        let read = |value: &Value| {
            let Value::String(text) = value else {
                return Err(self.wrong("types", format!("{} in the list", shape(value)), wanted));
            };
            TypePattern::parse(text).ok_or_else(|| self.wrong("types", format!("{text:?}"), wanted))
        };
        list.iter().map(read).collect()
    }

    fn target(&self) -> Result<String, ConfigError> {
        let text = self.text("url")?;
        if !is_target(text) {
            // The user or password in it may be a secret.
            let found = format!("{:?}", masked_url(text));
            let wanted = "an http or https URL without user and fragment";
            return Err(self.wrong("url", found, wanted));
        }
        Ok(text.to_owned())
    }

    fn pointer(&self) -> Result<Option<String>, ConfigError> {
        let text = self.text("order_by")?;
        if text.is_empty() {
            return Ok(None);
        }
        let mut after_tilde = text.split('~').skip(1);
        if !text.starts_with('/') || !after_tilde.all(|rest| rest.starts_with(['0', '1'])) {
            let wanted = "a JSON pointer (RFC 6901) as \"/data/id\"";
            return Err(self.wrong("order_by", format!("{text:?}"), wanted));
        }
        Ok(Some(text.to_owned()))
    }
}

/// An http or https URL without a user; a fragment would be cut off in silence.
fn is_target(text: &str) -> bool {
    let Ok(url) = text.parse::<Uri>() else {
        return false;
    };
    let is_plain = |place: &Authority| {
        let has_host = !place.host().is_empty() && !place.as_str().contains('@');
        has_host && typed_port(place).is_some()
    };
    matches!(url.scheme_str(), Some("http" | "https"))
        && url.authority().is_some_and(is_plain)
        && !text.contains('#')
}

/// Every key of a route.
fn route_defaults() -> Table {
    let mut keys = Table::new();
    for key in ["name", "source", "url", "order_by"] {
        keys.insert(key.to_owned(), "".into());
    }
    keys.insert("types".to_owned(), vec![Value::from("*")].into());
    keys.insert("on_dead".to_owned(), "stop".into());
    keys.insert("timeout_ms".to_owned(), 0.into());
    keys
}

/// The text or number at a JSON pointer; `None` where there is none, or something with members.
fn value_at(body: &[u8], pointer: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    match document.pointer(pointer)? {
        serde_json::Value::String(text) => Some(text.clone()),
        value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => {
            Some(value.to_string())
        }
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OnDead, Route, TypePattern, is_target};

    #[test]
    fn a_route_takes_the_types_that_it_names() {
        // patterns          type              taken
        let table = "
           *                 -                 yes
           *                 anything          yes
           SALES_*           SALES_INVOICE     yes
           SALES_*           SALES_            yes
           SALES_*           SALES             no
           SALES_*           sales_invoice     no
           paid              paid              yes
           paid              paid.later        no
           paid,refund*      refunded          yes
           paid,refund*      chargeback        no
        ";
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let [patterns, kind, taken] = row.split_whitespace().collect::<Vec<_>>()[..] else {
                panic!("{row} has three columns");
            };
            let read = |text| TypePattern::parse(text).expect("it is a pattern");
            let route = Route {
                name: "books".to_owned(),
                source: "books".to_owned(),
                types: patterns.split(',').map(read).collect(),
                url: "http://localhost/".to_owned(),
                order_by: None,
                on_dead: OnDead::Stop,
                timeout: None,
            };
            let kind = if kind == "-" { "" } else { kind };
            assert_eq!(route.takes(kind), taken == "yes", "{row}");
        }
        for text in ["", "**", "*A", "A*B"] {
            assert_eq!(TypePattern::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_target_is_a_url_of_the_web_without_a_user() {
        for text in [
            "http://127.0.0.1:9000/handle",
            "https://shop.example",
            "https://shop.example/a?b=c",
            "http://[::1]:80/",
        ] {
            assert!(is_target(text), "{text}");
        }
        for text in [
            "",
            "/handle",
            "shop.example/handle",
            "ftp://shop.example",
            "http://",
            "http://:80/",
            "http://me@shop.example/",
            "http://me:secret@shop.example/",
            "http://shop.example:0/",
            "http://shop.example:70000/",
            "http://shop.example/a#b",
            "http://shop.example/a b",
        ] {
            assert!(!is_target(text), "{text:?}");
        }
    }
}
