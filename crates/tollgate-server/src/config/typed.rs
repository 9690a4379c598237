//! What was typed, read key by key: a text, a number within its bounds, a word of several, a secret.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::uri::Authority;
use ipnet::{IpNet, Ipv4Net};
use toml::{Table, Value};

use super::Environment;
use super::error::ConfigError;
use super::layers::{check_known, overlay};

/// The merged layers, being checked, or a part of them.
pub(super) struct Typed<'a> {
    pub(super) merged: Cow<'a, Table>,
    /// Where the table stands: what the keys of messages begin with.
    pub(super) prefix: String,
    /// Where the file lies; empty for the working folder.
    pub(super) folder: &'a Path,
    pub(super) environment: &'a Environment,
}

impl Typed<'_> {
    /// The same folder and environment over another table.
    pub(super) fn over<'t>(&'t self, merged: Cow<'t, Table>, prefix: String) -> Typed<'t> {
        Typed {
            merged,
            prefix,
            folder: self.folder,
            environment: self.environment,
        }
    }

    /// What is wrong with a key.
    pub(super) fn wrong(
        &self,
        key: &str,
        found: impl Into<String>,
        wanted: impl Into<String>,
    ) -> ConfigError {
        ConfigError::key(format!("{}{key}", self.prefix), found, wanted)
    }

    pub(super) fn value(&self, key: &str) -> &Value {
        let mut table = self.merged.as_ref();
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

    pub(super) fn text(&self, key: &str) -> Result<&str, ConfigError> {
        match self.value(key) {
            Value::String(text) => Ok(text),
            other => Err(self.wrong(key, shape(other), "a text")),
        }
    }

    /// A file, looked for from the folder of the configuration's; its reader reports what is wrong with it.
    pub(super) fn file_of(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        Ok(match self.text(key)? {
            "" => None,
            path => Some(self.folder.join(path)),
        })
    }

    /// A text without line ends and other control characters.
    pub(super) fn line(&self, key: &str) -> Result<&str, ConfigError> {
        let text = self.text(key)?;
        match text.chars().any(char::is_control) {
            true => Err(self.wrong(key, format!("{text:?}"), "a text of one line")),
            false => Ok(text),
        }
    }

    pub(super) fn integer(&self, key: &str, least: i64, most: i64) -> Result<i64, ConfigError> {
        let wanted = || format!("a whole number from {least} to {most}");
        match self.value(key) {
            Value::Integer(found) if (least..=most).contains(found) => Ok(*found),
            Value::Integer(found) => Err(self.wrong(key, found.to_string(), wanted())),
            other => Err(self.wrong(key, shape(other), wanted())),
        }
    }

    pub(super) fn size(&self, key: &str, least: i64, most: i64) -> Result<usize, ConfigError> {
        Ok(self.integer(key, least, most)? as usize)
    }

    pub(super) fn span(&self, key: &str, least: i64, most: i64) -> Result<Duration, ConfigError> {
        Ok(Duration::from_millis(self.integer(key, least, most)? as u64))
    }

    pub(super) fn choice<T: Copy>(
        &self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<T, ConfigError> {
        let found = self.text(key)?;
        match choices.iter().find(|(word, _)| *word == found) {
            Some((_, value)) => Ok(*value),
            None => {
                let words: Vec<String> = choices
                    .iter()
                    .map(|(word, _)| format!("{word:?}"))
                    .collect();
                Err(self.wrong(key, format!("{found:?}"), words.join(" or ")))
            }
        }
    }

    pub(super) fn address(&self, key: &str) -> Result<Option<SocketAddr>, ConfigError> {
        match self.text(key)? {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| self.wrong(key, format!("{text:?}"), "an address as 127.0.0.1:8080")),
        }
    }

    pub(super) fn networks(&self, key: &str) -> Result<Vec<IpNet>, ConfigError> {
        let wanted = "a list of addresses or networks as \"192.0.2.0/24\"";
        self.list(key, wanted)?
            .iter()
            .map(|value| {
                let text = value
                    .as_str()
                    .ok_or_else(|| self.wrong(key, shape(value), wanted))?;
                text.parse::<IpNet>()
                    .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
                    .map(as_ipv4)
                    .map_err(|_| self.wrong(key, format!("{text:?}"), wanted))
            })
            .collect()
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        match self.value(key) {
            Value::Boolean(flag) => Ok(*flag),
            other => Err(self.wrong(key, shape(other), "true or false")),
        }
    }

    pub(super) fn list(&self, key: &str, wanted: &str) -> Result<&[Value], ConfigError> {
        match self.value(key) {
            Value::Array(list) => Ok(list),
            other => Err(self.wrong(key, shape(other), wanted)),
        }
    }

    /// The tables of a list, each over `defaults`, which names every key that one may have.
    pub(super) fn rows(&self, key: &str, defaults: &Table) -> Result<Vec<Typed<'_>>, ConfigError> {
        let rows = self.list(key, "a list of tables")?.iter().enumerate();
        rows.map(|(at, value)| {
            let place = format!("{}{key}[{at}]", self.prefix);
            let Value::Table(row) = value else {
                return Err(ConfigError::key(place, shape(value), "a table"));
            };
            let prefix = format!("{place}.");
            check_known(&prefix, row, defaults)?;
            let mut merged = defaults.clone();
            overlay(&mut merged, row.clone());
            Ok(self.over(Cow::Owned(merged), prefix))
        })
        .collect()
    }

    /// Puts a secret in the place of what stands for it.
    pub(super) fn secret(&self, key: &str, typed: &str) -> Result<String, ConfigError> {
        let secret = if let Some(name) = typed.strip_prefix("env:") {
            self.environment.get(name).cloned().ok_or_else(|| {
                let found = format!("the variable {name}, which is not set");
                ConfigError::key(key, found, "a variable that holds the secret")
            })?
        } else if let Some(path) = typed.strip_prefix("file:") {
            let path = self.folder.join(path);
            std::fs::read_to_string(&path).map_err(|error| {
                let found = format!("{}: {error}", path.display());
                ConfigError::key(key, found, "a file that can be read")
            })?
        } else if let Some(secret) = typed.strip_prefix("literal:") {
            secret.to_owned()
        } else {
            let wanted = "env:NAME, file:PATH or literal:…";
            return Err(ConfigError::key(key, "a secret as it is", wanted));
        };
        // Editors, shells and consoles leave line ends, blanks and marks around what was meant.
        let secret = tollgate_providers::bare_secret(&secret);
        if secret.is_empty() {
            return Err(ConfigError::key(key, "an empty secret", "a secret"));
        }
        if secret.contains(char::is_control) {
            let found = "a secret with a line break or another control character in it";
            return Err(ConfigError::key(
                key,
                found,
                "the secret alone, in one line",
            ));
        }
        Ok(secret.to_owned())
    }
}

/// The port that stands behind a host, if one does; the outer `None` where it is no port.
pub(super) fn typed_port(place: &Authority) -> Option<Option<u16>> {
    // The colons within the brackets of an IPv6 address are no port's.
    let behind_brackets = place.as_str().rsplit(']').next()?;
    match behind_brackets.contains(':') {
        true => place.port_u16().filter(|port| 0 < *port).map(Some),
        false => Some(None),
    }
}

/// What stands there, for a message; never the value itself.
pub(super) fn shape(value: &Value) -> &'static str {
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

/// A network of IPv4 addresses that is written as one of IPv6 (`::ffff:192.0.2.0/120`). Peers are known by their IPv4
/// addresses.
fn as_ipv4(network: IpNet) -> IpNet {
    const MAPPED_BITS: u8 = 96;
    let IpNet::V6(mapped) = network else {
        return network;
    };
    let bits = mapped.prefix_len().checked_sub(MAPPED_BITS);
    match (mapped.addr().to_ipv4_mapped(), bits) {
        (Some(address), Some(bits)) => match Ipv4Net::new(address, bits) {
            Ok(network) => IpNet::V4(network),
            Err(_) => IpNet::V6(mapped),
        },
        (Some(_), None) | (None, _) => network,
    }
}
