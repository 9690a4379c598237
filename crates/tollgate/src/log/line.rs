//! One event as a line: when, how important, where from, what, and its fields.

use std::fmt;

use serde_json::Value;
use tollgate_server::masking::{masked, masked_field};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// The name of the field that says what has happened.
const MESSAGE: &str = "message";

/// What events of libraries that use the other interface for logs are marked with; their place is a field.
const OTHER_TARGET: &str = "log.target";
const OTHER: &str = "log.";

/// An event, masked.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) at: jiff::Timestamp,
    pub(super) level: Level,
    pub(super) target: String,
    pub(super) message: String,
    pub(super) fields: Vec<(&'static str, Said)>,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// A text.
    Text(String),
    /// Something as it shows itself.
    Shown(String),
    /// A number, or whether something is so.
    Plain(Value),
}

impl Line {
    /// What is personal is masked, unless it is for those who look closely.
    pub(super) fn of(event: &Event<'_>, at: jiff::Timestamp) -> Line {
        let metadata = event.metadata();
        let mut line = Line {
            at,
            level: *metadata.level(),
            target: metadata.target().to_owned(),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut line);
        if line.level <= Level::INFO {
            line.mask();
        }
        line
    }

    pub(super) fn mask(&mut self) {
        self.message = masked(&self.message).into_owned();
        for (name, said) in &mut self.fields {
            match said {
                Said::Text(text) | Said::Shown(text) => {
                    *text = masked_field(name, text).into_owned()
                }
                Said::Plain(_) => {}
            }
        }
    }

    /// The text of a field.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let (_, said) = self.fields.iter().find(|(known, _)| *known == name)?;
        match said {
            Said::Text(text) | Said::Shown(text) => Some(text),
            Said::Plain(_) => None,
        }
    }

    fn note(&mut self, field: &Field, said: Said) {
        match (field.name(), said) {
            (MESSAGE, Said::Text(text) | Said::Shown(text)) => self.message = text,
            (OTHER_TARGET, Said::Text(text)) => self.target = text,
            (name, _) if name.starts_with(OTHER) => {}
            (name, said) => self.fields.push((name, said)),
        }
    }
}

impl Said {
    /// As it stands in a line, without quotes.
    pub(super) fn words(&self) -> String {
        match self {
            Said::Text(text) | Said::Shown(text) => text.clone(),
            Said::Plain(value) => value.to_string(),
        }
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.note(field, Said::Plain(value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.note(field, Said::Plain(value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.note(field, Said::Plain(value.into()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.note(field, Said::Plain(value.into()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, Said::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.note(field, Said::Shown(format!("{value:?}")));
    }
}
