//! The log: what the program says of itself, a line for each thing, to stderr.
//!
//! Everything that is logged becomes a [`Line`](line::Line), in which what is personal is masked, and a format makes
//! a text of it. One thread writes these texts, and nobody waits for it: a reader that stands still holds up nothing
//! but the log.

mod line;
mod unseen;
mod quoting;
mod pretty;
mod text;
mod json;
mod logfmt;
mod queue;

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;
use std::panic::Location;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tollgate_server::config::{Log, LogFormat};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use line::{Line, Said};
use queue::Queue;

pub(crate) use unseen::is_unseen;

/// How long the end of the program waits for the last lines.
const END_MAX: Duration = Duration::from_secs(1);

/// What the log says of itself stands under this.
const TARGET: &str = "tollgate::log";

/// What a panic says stands under this.
const TARGET_OF_PANICS: &str = "tollgate::panic";

/// The queue of this process.
static QUEUE: OnceLock<Arc<Queue>> = OnceLock::new();

/// What is logged by this process.
static LEVELS: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// A log that was started. Its end waits until what was said is written, or a second has passed.
#[must_use = "the end of the log is the end of this"]
pub(crate) struct Started;

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(queue) = QUEUE.get() {
            queue.finish(END_MAX);
        }
    }
}

/// Logs to stderr from now on.
pub(crate) fn start_log(log: &Log) -> Started {
    let (levels, handle) = reload::Layer::new(levels_of(log));
    let is_terminal = std::io::stderr().is_terminal();
    let lines = Arc::new(Lines {
        format: format_of(log.format, is_terminal),
        style: Style {
            coloured: is_terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()),
        },
        zone: jiff::tz::TimeZone::system(),
    });
    let noting = Arc::clone(&lines);
    let queue = Queue::start(std::io::stderr(), move |left_out| {
        noting.text(&about_left_out(left_out, jiff::Timestamp::now()))
    });
    let queue = match queue {
        Ok(queue) => queue,
        Err(error) => {
            anstream::eprintln!("warning: no thread can be started, so nothing is logged: {error}");
            return Started;
        }
    };
    log_panics(Arc::clone(&lines), Arc::clone(&queue));
    let queued = Queued {
        lines,
        queue: Arc::clone(&queue),
    };
    let started = tracing_subscriber::registry()
        .with(levels)
        .with(queued)
        .try_init();
    if started.is_err() || QUEUE.set(queue).is_err() || LEVELS.set(handle).is_err() {
        anstream::eprintln!("warning: a log was started before");
    }
    Started
}

/// What a panic says is a line among the others from now on, masked as they are.
fn log_panics(lines: Arc<Lines>, queue: Arc<Queue>) {
    std::panic::set_hook(Box::new(move |panic| {
        let backtrace = Backtrace::capture();
        let line = about_panic(
            (panic.payload(), panic.location()),
            std::thread::current().name(),
            (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string()),
            jiff::Timestamp::now(),
        );
        queue.push(lines.text(&line));
    }));
}

/// The line about a panic.
fn about_panic(
    (payload, place): (&(dyn Any + Send), Option<&Location<'_>>),
    thread: Option<&str>,
    backtrace: Option<String>,
    at: jiff::Timestamp,
) -> Line {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let said = text.or(payload.downcast_ref::<&str>().copied());
    let mut fields = vec![
        ("panic", Said::Text(said.unwrap_or("no text").to_owned())),
        ("thread", Said::Text(thread.unwrap_or("unnamed").to_owned())),
    ];
    fields.extend(place.map(|place| ("place", Said::Text(place.to_string()))));
    fields.extend(backtrace.map(|backtrace| ("backtrace", Said::Text(backtrace))));
    let mut line = Line {
        at,
        level: Level::ERROR,
        target: TARGET_OF_PANICS.to_owned(),
        message: "a thread has panicked: this is a fault of the program".to_owned(),
        fields,
    };
    line.mask();
    line
}

fn levels_of(log: &Log) -> Targets {
    Targets::new()
        .with_default(LevelFilter::from_level(log.level))
        .with_targets(log.targets.iter().cloned())
}

/// Logs by other levels from now on.
pub(crate) fn set_levels(log: &Log) {
    if let Some(levels) = LEVELS.get()
        && let Err(error) = levels.reload(levels_of(log))
    {
        tracing::error!(%error, "the log keeps its level");
    }
}

/// Says something to people as it stands, in its place among the lines of the log.
pub(crate) fn say(text: &str) {
    match QUEUE.get() {
        Some(queue) => queue.push(format!("{text}\n")),
        None => anstream::eprintln!("{text}"),
    }
}

/// Whether whoever configures this form collects lines for machines, among which nothing else may stand.
pub(crate) fn is_for_machines(format: LogFormat) -> bool {
    match format {
        LogFormat::Json | LogFormat::Logfmt => true,
        LogFormat::Auto | LogFormat::Pretty | LogFormat::Text => false,
    }
}

/// The line that stands where others were left out.
fn about_left_out(left_out: u64, at: jiff::Timestamp) -> Line {
    Line {
        at,
        level: Level::WARN,
        target: TARGET.to_owned(),
        message: "lines of the log were left out here: nobody read as fast as they came".to_owned(),
        fields: vec![("left_out", Said::Plain(Value::from(left_out)))],
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

/// Makes lines of events.
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

    /// With its end.
    fn text(&self, line: &Line) -> String {
        self.write(line) + "\n"
    }
}

/// Hands each event to the thread that writes, as a line.
struct Queued {
    lines: Arc<Lines>,
    queue: Arc<Queue>,
}

impl<S: Subscriber> Layer<S> for Queued {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = Line::of(event, jiff::Timestamp::now());
        self.queue.push(self.lines.text(&line));
    }
}

#[cfg(test)]
mod tests;
