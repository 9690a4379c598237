//! The layers: the compiled-in defaults, the file, the environment, one over the other.

use tollgate_providers::{Kind, nearest};
use toml::{Table, Value};

use super::error::ConfigError;
use super::typed::shape;
use super::{DEFAULTS, Environment};

/// What the variables of the environment begin with that set a key.
pub(super) const ENVIRONMENT_PREFIX: &str = "TOLLGATE__";

/// A list that an operator adds to with `[[routes]]`. It is none of the defaults: who copies their text into a
/// file of their own could not add to a list that stands there already.
const ROUTES: &str = "routes";

/// The tables whose members are named by the operator.
const NAMED_TABLES: [&str; 2] = ["sources", "shops"];

/// The defaults with the file's text over them and the environment over that.
pub(super) fn merge(text: &str, environment: &Environment) -> Result<Table, ConfigError> {
    let mut defaults = parse(DEFAULTS)?;
    defaults.insert(ROUTES.to_owned(), Value::Array(Vec::new()));
    let mut merged = defaults.clone();
    let file = parse(text)?;
    check_known("", &file, &defaults)?;
    overlay(&mut merged, file);
    overlay_environment(&mut merged, &defaults, environment)?;
    Ok(merged)
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
pub(super) fn check_known(prefix: &str, typed: &Table, known: &Table) -> Result<(), ConfigError> {
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

pub(super) fn unknown_key<'n>(
    key: String,
    name: &str,
    known: impl Iterator<Item = &'n str>,
) -> ConfigError {
    let wanted = match nearest(name, known) {
        Some(near) => format!("a known key; did you mean {near}?"),
        None => "a known key (tollgate config default lists them)".to_owned(),
    };
    ConfigError::key(key, "an unknown key", wanted)
}

pub(super) fn overlay(under: &mut Table, over: Table) {
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
        Value::Array(members) => {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            Some(Value::Array(
                parts.map(|part| part_like(members, part)).collect(),
            ))
        }
        _ => Some(Value::String(text.to_owned())),
    };
    read.ok_or_else(|| ConfigError::key(variable, format!("{text:?}"), shape(example)))
}

/// A member of a list that stands in a variable with commas between.
fn part_like(members: &[Value], part: &str) -> Value {
    match (members.first(), part.parse()) {
        (Some(Value::Integer(_)), Ok(number)) => Value::Integer(number),
        _ => Value::String(part.to_owned()),
    }
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
