//! The log: what the program says of itself, a line for each thing, to stderr.
//!
//! Everything that is logged becomes a [`Line`](line::Line), in which what is personal is masked, and a format makes
//! a text of it.

mod line;
mod unseen;
mod quoting;
mod pretty;
mod text;
mod json;
mod logfmt;

use std::io::{IsTerminal, Write};

use tollgate_server::config::{Log, LogFormat};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use line::Line;

pub(crate) use unseen::is_unseen;

/// Logs to stderr from now on.
pub(crate) fn start_log(log: &Log) {
    let default = LevelFilter::from_level(log.level);
    let levels = Targets::new()
        .with_default(default)
        .with_targets(log.targets.iter().cloned());
    let is_terminal = std::io::stderr().is_terminal();
    let lines = Lines {
        format: format_of(log.format, is_terminal),
        style: Style {
            coloured: is_terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()),
        },
        zone: jiff::tz::TimeZone::system(),
    };
    let started = tracing_subscriber::registry()
        .with(levels)
        .with(lines)
        .try_init();
    if let Err(error) = started {
        anstream::eprintln!("warning: a log was started before: {error}");
    }
}

/// The form that lines have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Pretty,
    Text,
    Json,
    Logfmt,
}

fn format_of(configured: LogFormat, is_terminal: bool) -> Format {
    match (configured, is_terminal) {
        (LogFormat::Pretty, _) | (LogFormat::Auto, true) => Format::Pretty,
        (LogFormat::Logfmt, _) | (LogFormat::Auto, false) => Format::Logfmt,
        (LogFormat::Text, _) => Format::Text,
        (LogFormat::Json, _) => Format::Json,
    }
}

/// How lines for people look.
#[derive(Debug, Clone, Copy)]
struct Style {
    coloured: bool,
}

/// Codes of terminals.
const DIM: &str = "2";
const RED: &str = "31";
const YELLOW: &str = "33";
const GREEN: &str = "32";
const BLUE: &str = "34";

impl Style {
    /// A text in a colour, where there are any.
    fn paint(self, code: &str, text: &str) -> String {
        match self.coloured {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// Writes each event as a line.
struct Lines {
    format: Format,
    style: Style,
    zone: jiff::tz::TimeZone,
}

impl Lines {
    fn write(&self, line: &Line) -> String {
        match self.format {
            Format::Pretty => pretty::write(line, self.style, &self.zone),
            Format::Text => text::write(line, self.style),
            Format::Json => json::write(line),
            Format::Logfmt => logfmt::write(line),
        }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = self.write(&Line::of(event, jiff::Timestamp::now()));
        text.push('\n');
        // Whoever closed our stderr wants no log.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests;
