//! What an operator typed about a source, read into checked values.

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::provider::{Field, Kind};

/// A source that cannot start: which key, what was found, what is wanted.
///
/// The program puts `sources.NAME.` before the key. A secret is never in `found`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: found {found}, wanted {wanted}")]
pub struct ConfigError {
    /// The key, with its path inside the source (`credentials[0].password`).
    pub key: String,
    /// What stands there.
    pub found: String,
    /// What would be right.
    pub wanted: String,
}

/// The settings of one source, or of one table in them.
pub(crate) struct Settings<'a> {
    map: &'a Map<String, Value>,
    prefix: String,
}

impl<'a> Settings<'a> {
    pub(crate) fn new(map: &'a Map<String, Value>) -> Settings<'a> {
        Settings {
            map,
            prefix: String::new(),
        }
    }

    /// Refuses keys that no field names, and fields that have to be there and are not.
    pub(crate) fn check_keys(&self, known: &[&[Field]]) -> Result<(), ConfigError> {
        let names = || known.iter().flat_map(|fields| fields.iter());
        for key in self.map.keys() {
            if names().any(|field| field.name == key) {
                continue;
            }
            let wanted = match nearest(key, names().map(|field| field.name)) {
                Some(name) => format!("a known key; did you mean `{name}`?"),
                None => {
                    let all: Vec<&str> = names().map(|field| field.name).collect();
                    format!("one of {}", all.join(", "))
                }
            };
            return Err(self.error(key, "an unknown key", wanted));
        }
        for field in names() {
            if field.required && !self.map.contains_key(field.name) {
                return Err(self.absent(field.name, field.doc));
            }
            if let (Kind::Tables(inner), Some(_)) = (&field.kind, self.map.get(field.name)) {
                for table in self.tables(field.name)? {
                    table.check_keys(&[inner])?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn error(
        &self,
        key: &str,
        found: impl Into<String>,
        wanted: impl Into<String>,
    ) -> ConfigError {
        let key = format!("{}{key}", self.prefix);
        ConfigError {
            key,
            found: found.into(),
            wanted: wanted.into(),
        }
    }

    pub(crate) fn absent(&self, key: &str, wanted: impl Into<String>) -> ConfigError {
        self.error(key, "nothing", wanted)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(other) => Err(self.error(key, shape(other), "a text")),
        }
    }

    /// A text that is hashed or compared as it is: with white space around it nothing would ever match.
    pub(crate) fn bare_text(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        match self.text(key)? {
            Some(text) if !is_bare(text) => {
                let wanted = "the text alone, without white space around it";
                Err(self.error(key, format!("{text:?}"), wanted))
            }
            found => Ok(found),
        }
    }

    pub(crate) fn integer(&self, key: &str) -> Result<Option<i64>, ConfigError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.error(key, shape(value), "a whole number")),
            },
        }
    }

    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.error(key, shape(other), "true or false")),
        }
    }

    /// One of a few words; each stands for its value.
    pub(crate) fn choice<T: Copy>(
        &self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        match choices.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let words: Vec<String> = choices
                    .iter()
                    .map(|(word, _)| format!("\"{word}\""))
                    .collect();
                Err(self.error(key, format!("{text:?}"), words.join(" or ")))
            }
        }
    }

    /// Texts and whole numbers, as texts. A single one may stand without the brackets.
    pub(crate) fn list(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let Some(value) = self.map.get(key) else {
            return Ok(Vec::new());
        };
        let values = match value {
            Value::Array(values) => values.as_slice(),
            other => std::slice::from_ref(other),
        };
        values
            .iter()
            .map(|value| match value {
                Value::String(text) if !text.is_empty() => Ok(text.clone()),
                Value::Number(number) if number.is_i64() || number.is_u64() => {
                    Ok(number.to_string())
                }
                other => Err(self.error(key, shape(other), "a list of texts")),
            })
            .collect()
    }

    pub(crate) fn text_map(&self, key: &str) -> Result<Vec<(&'a str, &'a str)>, ConfigError> {
        let Some(value) = self.map.get(key) else {
            return Ok(Vec::new());
        };
        let Value::Object(map) = value else {
            return Err(self.error(key, shape(value), "a table of texts"));
        };
        map.iter()
            .map(|(name, value)| match value {
                Value::String(text) => Ok((name.as_str(), text.as_str())),
                other => Err(self.error(&format!("{key}.{name}"), shape(other), "a text")),
            })
            .collect()
    }

    pub(crate) fn integer_map(&self, key: &str) -> Result<Vec<(&'a str, i64)>, ConfigError> {
        let Some(value) = self.map.get(key) else {
            return Ok(Vec::new());
        };
        let Value::Object(map) = value else {
            return Err(self.error(key, shape(value), "a table of whole numbers"));
        };
        map.iter()
            .map(|(name, value)| match value.as_i64() {
                Some(number) => Ok((name.as_str(), number)),
                None => Err(self.error(&format!("{key}.{name}"), shape(value), "a whole number")),
            })
            .collect()
    }

    pub(crate) fn secret(&self, key: &str) -> Result<Option<SecretString>, ConfigError> {
        self.map
            .get(key)
            .map(|value| self.one_secret(key, value))
            .transpose()
    }

    /// At least one secret.
    pub(crate) fn secrets(&self, key: &str) -> Result<Vec<SecretString>, ConfigError> {
        let values = match self.map.get(key) {
            None => &[],
            Some(Value::Array(values)) => values.as_slice(),
            Some(other) => std::slice::from_ref(other),
        };
        if values.is_empty() {
            return Err(self.absent(key, "at least one secret"));
        }
        values
            .iter()
            .enumerate()
            .map(|(index, value)| self.one_secret(&format!("{key}[{index}]"), value))
            .collect()
    }

    /// A table of at least one secret.
    pub(crate) fn secret_map(
        &self,
        key: &str,
    ) -> Result<Vec<(&'a str, SecretString)>, ConfigError> {
        match self.map.get(key) {
            Some(Value::Object(map)) if !map.is_empty() => map
                .iter()
                .map(|(name, value)| {
                    Ok((
                        name.as_str(),
                        self.one_secret(&format!("{key}.{name}"), value)?,
                    ))
                })
                .collect(),
            None | Some(Value::Object(_)) => {
                Err(self.absent(key, "a table with at least one secret"))
            }
            Some(other) => Err(self.error(key, shape(other), "a table of secrets")),
        }
    }

    pub(crate) fn tables(&self, key: &str) -> Result<Vec<Settings<'a>>, ConfigError> {
        let Some(value) = self.map.get(key) else {
            return Ok(Vec::new());
        };
        let Value::Array(values) = value else {
            return Err(self.error(key, shape(value), "a list of tables"));
        };
        values
            .iter()
            .enumerate()
            .map(|(index, value)| match value {
                Value::Object(map) => Ok(Settings {
                    map,
                    prefix: format!("{}{key}[{index}].", self.prefix),
                }),
                other => Err(self.error(&format!("{key}[{index}]"), shape(other), "a table")),
            })
            .collect()
    }

    /// Real money; so it is unless the operator says otherwise.
    pub(crate) fn live(&self) -> Result<bool, ConfigError> {
        Ok(self.flag("live")?.unwrap_or(true))
    }

    /// Where the provider is asked, without a slash at the end.
    pub(crate) fn api_url(&self) -> Result<Option<String>, ConfigError> {
        self.url("api_url")
    }

    pub(crate) fn url(&self, key: &str) -> Result<Option<String>, ConfigError> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let good = rest.is_some_and(|rest| {
            !rest.is_empty()
                && !rest.starts_with('/')
                && rest.bytes().all(|byte| byte.is_ascii_graphic())
                && !rest.contains(['?', '#', '@'])
        });
        if !good {
            let wanted = "an http or https URL without user, query and fragment";
            // A user in a URL comes with a password.
            let found = match text.contains('@') {
                true => "a URL with an @".to_owned(),
                false => format!("{text:?}"),
            };
            return Err(self.error(key, found, wanted));
        }
        Ok(Some(text.trim_end_matches('/').to_owned()))
    }

    fn one_secret(&self, key: &str, value: &Value) -> Result<SecretString, ConfigError> {
        match value {
            Value::String(text) if text.is_empty() => {
                Err(self.error(key, "an empty secret", "a secret"))
            }
            Value::String(text) if is_bare(text) => Ok(SecretString::from(text.as_str())),
            Value::String(_) => {
                let found = "a secret with white space around it or a line break in it";
                Err(self.error(key, found, "the secret alone"))
            }
            other => Err(self.error(key, shape(other), "a secret")),
        }
    }
}

/// Nothing stands around it that is not seen, and nothing in it that a header or a hash of one line has.
fn is_bare(text: &str) -> bool {
    let unseen = |letter: char| letter.is_whitespace() || is_mark(letter);
    !text.starts_with(unseen) && !text.ends_with(unseen) && !text.contains(char::is_control)
}

/// What editors put before a text or between letters and nobody sees: the byte order mark and its kin.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}

/// A secret without what stands around it in files and variables: white space, line ends, a byte order mark.
pub fn bare_secret(text: &str) -> &str {
    text.trim_matches(|letter: char| letter.is_whitespace() || is_mark(letter))
}

/// The known name nearest to what was typed, if it is near enough to be meant.
pub fn nearest<'n>(typed: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    known
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .map(|(_, name)| name)
}

/// What a value is, without showing it: it may be a secret at the wrong place.
fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "an empty text",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
