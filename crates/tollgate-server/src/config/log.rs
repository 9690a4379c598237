//! `[log]`: what is logged, and in which form.

use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::error::ConfigError;
use super::typed::Typed;

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct Log {
    /// The least important level that is logged, of what `targets` does not name.
    pub level: Level,
    /// Levels of their own: of what begins with these names.
    pub targets: Vec<(String, LevelFilter)>,
    /// In which form.
    pub format: LogFormat,
    /// Lines a second of one kind of decision.
    pub decision_lines_per_second: u32,
}

/// In which form lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, logfmt elsewhere.
    Auto,
    /// For people who watch.
    Pretty,
    /// Time, level, place, message and fields.
    Text,
    /// One JSON object a line.
    Json,
    /// `name=value` pairs.
    Logfmt,
}

/// The driver of the database, which says more than may be logged: at each statement its values, and customers'
/// data and secrets are among them.
const DRIVER: &str = "tokio_postgres";

const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

impl Log {
    /// The log of a command that says what went wrong and nothing else.
    pub fn of_warnings() -> Log {
        Log {
            level: Level::WARN,
            targets: vec![driver()],
            format: LogFormat::Auto,
            decision_lines_per_second: 1,
        }
    }
}

/// The driver's own level.
fn driver() -> (String, LevelFilter) {
    (DRIVER.to_owned(), LevelFilter::WARN)
}

impl Typed<'_> {
    pub(super) fn log(&self) -> Result<Log, ConfigError> {
        let (level, targets) = self.levels()?;
        let format = self.choice(
            "log.format",
            &[
                ("auto", LogFormat::Auto),
                ("pretty", LogFormat::Pretty),
                ("text", LogFormat::Text),
                ("json", LogFormat::Json),
                ("logfmt", LogFormat::Logfmt),
            ],
        )?;
        Ok(Log {
            level,
            targets,
            format,
            decision_lines_per_second: self.integer("log.decision_lines_per_second", 1, 10_000)?
                as u32,
        })
    }

    /// `info`, or `info,tollgate::decisions=debug,hyper=off`.
    fn levels(&self) -> Result<(Level, Vec<(String, LevelFilter)>), ConfigError> {
        let key = "log.level";
        let typed = self.text(key)?;
        let mut level = None;
        let mut targets: Vec<(String, LevelFilter)> = Vec::new();
        for part in typed.split(',').map(str::trim) {
            let Some((target, word)) = part.split_once('=') else {
                let known = LEVELS.iter().find(|(word, _)| *word == part);
                let (Some((_, found)), None) = (known, level) else {
                    return Err(self.wrong(key, format!("{part:?}"), WANTED));
                };
                level = Some(*found);
                continue;
            };
            let (target, word) = (target.trim(), word.trim());
            let known = LEVELS.iter().find(|(known, _)| *known == word);
            let found = match known {
                Some((_, level)) => LevelFilter::from_level(*level),
                None if word == "off" => LevelFilter::OFF,
                None => return Err(self.wrong(key, format!("{part:?}"), WANTED)),
            };
            let is_new = targets.iter().all(|(known, _)| known != target);
            if !is_target(target) || !is_new {
                return Err(self.wrong(key, format!("{part:?}"), WANTED));
            }
            if target.starts_with(DRIVER) && LevelFilter::WARN < found {
                let wanted = "warn, error or off for tokio_postgres, which logs the values of every \
                              statement: customers' data and secrets are among them";
                return Err(self.wrong(key, format!("{part:?}"), wanted));
            }
            targets.push((target.to_owned(), found));
        }
        let level = level.unwrap_or(Level::INFO);
        if targets.iter().all(|(target, _)| target != DRIVER) {
            let (driver, least) = driver();
            targets.push((driver, least.min(LevelFilter::from_level(level))));
        }
        Ok((level, targets))
    }
}

/// What a part of the levels may be.
const WANTED: &str = "\"error\", \"warn\", \"info\", \"debug\" or \"trace\", once, and after a comma each \
                      TARGET=LEVEL (or off) of what has one of its own, as in \
                      \"info,tollgate::decisions=debug\"";

/// A path of modules, or the beginning of one.
fn is_target(text: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_:.-".contains(letter);
    !text.is_empty() && text.chars().all(is_part)
}
