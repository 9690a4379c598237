//! `tollgate move`: everything of one database into another one.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tollgate_store::{Level, MoveStep, MovedTables, Place, Report, Store};

use super::{configuration, failed, misconfigured, print};
use tollgate_server::Clock;
use tollgate_server::config::Config;

/// Move everything from one database to another, from SQLite to PostgreSQL or back.
///
/// Every row goes with its id; keys, endpoints, receipts and answers to idempotency keys stay what they are. Every server
/// must be stopped meanwhile. The source is only read. The target has to be empty, and nothing opens it before all is
/// there: rows are counted in both, and every invariant is asked of both. What was ended in the middle is gone on with
/// by the same command.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// The database that is: sqlite:FILE or postgres://…, or where that stands, as env:NAME or file:PATH; that of [store]
    /// url, if absent.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// The database to be, in the same form.
    #[arg(long, value_name = "URL")]
    to: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, file: Option<&Path>) -> ExitCode {
    let from = match &args.from {
        None => match configuration(file) {
            Ok(config) => config.place,
            Err(exit) => return exit,
        },
        Some(url) => match Config::load_at(file, url) {
            Ok(config) => config.place,
            Err(error) => return misconfigured(&error),
        },
    };
    // The keys of the configuration open what the source has sealed, and seal it for the target.
    let (to, keys) = match Config::load_at(file, &args.to) {
        Ok(config) => (config.place, config.secret_keys),
        Err(error) => return misconfigured(&error),
    };
    let now = Clock::default().now();
    let mut shown = Shown::new();
    let (verified_from, verified_to) = (from.clone(), to.clone());
    let mut verify = move || compare(&verified_from, &verified_to, now);
    let mut step = |done| shown.step(done);
    let moved = Store::move_all(&from, &to, &keys, now, &mut step, &mut verify);
    shown.bar.finish_and_clear();
    match moved {
        Ok(moved) => say(&moved, &to, args.json),
        Err(error) => failed(&error.to_string()),
    }
}

/// Asks every invariant of both: the target breaks none that the source does not, and its ledgers come to the same.
fn compare(from: &Place, to: &Place, now: tollgate_core::time::Timestamp) -> Result<(), String> {
    let verify = |place| Store::verify_at(place, now).map_err(|error| error.to_string());
    let (before, after) = (verify(from)?, verify(to)?);
    let broken = |report: &Report| -> Vec<(&'static str, usize, u64)> {
        let checks = report.checks.iter();
        checks
            .filter(|check| check.level == Level::Fail)
            .map(|check| (check.name, check.seen.len(), check.more))
            .collect()
    };
    let (known, found) = (broken(&before), broken(&after));
    if let Some((name, _, _)) = found.iter().find(|check| !known.contains(check)) {
        let seen = after.check(name).and_then(|check| check.seen.first());
        return Err(format!(
            "{name} fails in the target as it does not in the source: {}",
            seen.map_or("", |seen| seen.as_str())
        ));
    }
    match before.totals == after.totals {
        true => Ok(()),
        false => Err("the ledgers come to something else".to_owned()),
    }
}

fn say(moved: &MovedTables, to: &Place, json: bool) -> ExitCode {
    if json {
        let tables = moved.tables.iter();
        let tables = tables.map(|(table, rows)| ((*table).to_owned(), (*rows).into()));
        let document = json!({
            "tables": tables.collect::<serde_json::Map<String, serde_json::Value>>(),
            "resumed": moved.resumed,
        });
        return print(&format!("{document}\n"));
    }
    let rows: u64 = moved.tables.iter().map(|(_, rows)| rows).sum();
    anstream::eprintln!(
        "moved {rows} rows of {} tables; both databases have the same, and every invariant was asked of both",
        moved.tables.len()
    );
    let url = match to {
        Place::Server(_) => "postgres://…",
        Place::File(_) | Place::Memory => "sqlite:…",
    };
    anstream::eprintln!(
        "next: write the target into [store] url ({url}), then `tollgate doctor` and `tollgate serve`
      start nothing on the source any more: it would know nothing of what follows"
    );
    ExitCode::SUCCESS
}

/// What is done, on a terminal.
struct Shown {
    bar: ProgressBar,
}

impl Shown {
    fn new() -> Shown {
        Shown {
            bar: Shown::spinner("counting rows"),
        }
    }

    fn spinner(message: &'static str) -> ProgressBar {
        let spinner = ProgressBar::new_spinner().with_message(message);
        spinner.enable_steady_tick(Duration::from_millis(200));
        spinner
    }

    fn step(&mut self, step: MoveStep) {
        match step {
            MoveStep::Counted { rows, done } => {
                self.bar.finish_and_clear();
                let style =
                    ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {eta} left: {msg}")
                        .expect("the template is ours");
                self.bar = ProgressBar::new(rows).with_style(style).with_position(done);
            }
            MoveStep::Moved { table, rows } => {
                self.bar.set_message(table);
                self.bar.inc(rows);
            }
            MoveStep::Checking => {
                self.bar.finish_and_clear();
                self.bar = Shown::spinner("comparing both databases");
            }
        }
    }
}
