//! What a browser asks for.

use serde_json::Value;
use tollgate_receipt::Locale;

/// How it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// For a page; changes nothing.
    Get,
    /// With a form that was filled in.
    Post,
}

/// What a browser asks for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// How.
    pub method: Method,
    /// The path, as it was sent: percent-encoded.
    pub path: &'a str,
    /// The query behind it, without the question mark.
    pub query: &'a str,
    /// The `Cookie` header.
    pub cookies: &'a str,
    /// The language that the browser prefers.
    pub locale: Locale,
    /// The form that was filled in, as `application/x-www-form-urlencoded`.
    pub form: &'a [u8],
    /// Where this server is, as the browser has it: `https://pay.example`.
    pub origin: &'a str,
    /// Letters that no other request has: forms of this page are told apart by them from all others.
    pub once: &'a str,
    /// Milliseconds since the Unix epoch, UTC.
    pub now: i64,
}

impl<'a> Asked<'a> {
    /// What tells the form that was sent apart from every other one, if it is one that does something.
    pub fn form_once(&self) -> Option<String> {
        match self.method {
            Method::Get => None,
            Method::Post => Fields::read(self.form).get("once").map(str::to_owned),
        }
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, wanted: &str) -> Option<&'a str> {
        let mut pairs = self.cookies.split(';');
        pairs.find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == wanted).then_some(value)
        })
    }
}

/// Names with their values: of a query, or of a form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) fn read(bytes: &[u8]) -> Fields {
        Fields(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The value of a name; what is empty was not filled in.
    pub(crate) fn get(&self, wanted: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        let found = fields.find(|(name, value)| name == wanted && !value.trim().is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// Every value of a name.
    pub(crate) fn all<'f>(&'f self, wanted: &'f str) -> impl Iterator<Item = &'f str> {
        let meant = self.0.iter().filter(move |(name, _)| name == wanted);
        meant.map(|(_, value)| value.as_str())
    }

    /// The whole number of a name, as a document has it. What is none goes on as it was typed: the API says what is
    /// wrong with it.
    pub(crate) fn whole(&self, wanted: &str) -> Option<Value> {
        let text = self.get(wanted)?.trim();
        let number = text.parse::<i64>().map(Value::from);
        Some(number.unwrap_or_else(|_| text.into()))
    }

    /// All names that were filled in, each with its value.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (&str, &str)> {
        let filled = self.0.iter().filter(|(_, value)| !value.trim().is_empty());
        filled.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// These names only, as a query: what a page hands on to the API.
    pub(crate) fn only(&self, names: &[&str]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.0 {
            if names.contains(&name.as_str()) && !value.trim().is_empty() {
                query.append_pair(name, value.trim());
            }
        }
        query.finish()
    }

    /// All of them as a query, one with another value or without any.
    pub(crate) fn with(&self, changed: &str, value: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.filled().filter(|(name, _)| *name != changed) {
            query.append_pair(name, value);
        }
        if let Some(value) = value {
            query.append_pair(changed, value);
        }
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_handed_on_and_changed() {
        let fields = Fields::read(b"status=paid&status=expired&search=&cursor=abc&x=1");
        assert_eq!(fields.get("search"), None);
        assert_eq!(
            fields.all("status").collect::<Vec<_>>(),
            ["paid", "expired"]
        );
        assert_eq!(
            fields.only(&["status", "search"]),
            "status=paid&status=expired"
        );
        assert_eq!(
            fields.with("cursor", Some("d e")),
            "status=paid&status=expired&x=1&cursor=d+e"
        );
        assert_eq!(fields.with("status", None), "cursor=abc&x=1");
        assert_eq!(fields.whole("x"), Some(1.into()));
        assert_eq!(fields.whole("cursor"), Some("abc".into()));
        assert_eq!(fields.whole("search"), None);
    }
}
