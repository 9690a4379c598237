//! `tollgate prune`: takes whole months of orders and payments.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tollgate_store::{Month, Place, PruneError, PrunedMonth, Pruning, Store};

use super::typing::agreed_to;
use super::{configuration, failed, print};
use tollgate_server::Clock;

/// Take whole months of orders, payments and holds, with all that is of those months, for ever.
///
/// A month stays as a whole as long as anything in it is open: an order or payment, a hold, a booked slot
/// that is still to come, a refund, an attention, an effect that is not done, an event that waits. With a
/// month go its names and codes, effects, events, and its lines of the timeline; keys of events stay as
/// long as [retention] says.
///
/// On SQLite the server must be stopped meanwhile; on PostgreSQL it may run. What was ended in the middle
/// is finished by running it again.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// The first month that stays, in UTC.
    #[arg(long, value_name = "YYYY-MM")]
    before: Month,
    /// Only say what would be taken, and what stops it.
    #[arg(long)]
    dry_run: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if config.place == Place::Memory {
        return failed("prune a database in memory: it has nothing that stays");
    }
    let now = Clock::default().now();
    let looking = ProgressBar::new_spinner().with_message("looking at the months");
    looking.enable_steady_tick(Duration::from_millis(200));
    let looked = Store::look_at_prune(&config.place, args.before, now);
    looking.finish_and_clear();
    let found = match looked {
        Ok(found) => found,
        Err(error) => return refused(&error),
    };
    let free: Vec<&PrunedMonth> = found
        .months
        .iter()
        .filter(|month| month.is_free())
        .collect();
    let rows: u64 = free.iter().map(|month| month.rows()).sum();
    if args.dry_run || free.is_empty() {
        let shown = show(&args, &found);
        let is_done = args.dry_run || found.months.is_empty();
        return match (shown == ExitCode::SUCCESS, is_done) {
            (false, _) | (true, true) => shown,
            (true, false) => failed("prune: every month has something that is open"),
        };
    }
    if !args.json {
        let shown = show(&args, &found);
        if shown != ExitCode::SUCCESS {
            return shown;
        }
    }
    if !args.yes {
        let keep_detached = config.limits.keep_detached;
        let question = question(free.len(), rows, keep_detached, &config.place);
        match agreed_to("prune", &question) {
            Ok(true) => {}
            Ok(false) => return failed("prune: nothing was taken"),
            Err(exit) => return exit,
        }
    }
    let bar = ProgressBar::new(rows).with_style(style());
    let mut step = |rows| bar.inc(rows);
    let keep = config.limits.keep_detached;
    let pruned = Store::prune(&config.place, args.before, now, keep, &mut step);
    bar.finish_and_clear();
    match pruned {
        Err(error) => refused(&error),
        Ok(pruned) if args.json => show(&args, &pruned),
        Ok(pruned) => {
            let taken = pruned.months.iter().filter(|month| month.is_taken).count();
            let stays = pruned.months.len() - taken;
            anstream::eprintln!("took {taken} months; {stays} stay");
            ExitCode::SUCCESS
        }
    }
}

fn refused(error: &PruneError) -> ExitCode {
    match error {
        PruneError::NotOver { .. } => {
            anstream::eprintln!("error: {error}");
            ExitCode::from(2)
        }
        PruneError::Open(_) | PruneError::HeldUp { .. } => failed(&error.to_string()),
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {eta} left")
        .expect("the template is ours")
}

/// What is asked before it is done.
fn question(months: usize, rows: u64, keep_detached: bool, place: &Place) -> String {
    let how = match (place, keep_detached) {
        (Place::Server(_), true) => "Detach, and leave as tables of their own,",
        (Place::Server(_) | Place::File(_) | Place::Memory, _) => "Take, for ever,",
    };
    format!("{how} {months} months with {rows} rows?")
}

/// Shows what there is, and what stops it.
fn show(args: &Args, pruning: &Pruning) -> ExitCode {
    if args.json {
        let months: Vec<Value> = pruning.months.iter().map(document).collect();
        let document = json!({
            "before": args.before.to_string(),
            "dry_run": args.dry_run,
            "months": months,
        });
        return print(&format!("{document}\n"));
    }
    if pruning.months.is_empty() {
        anstream::eprintln!("there is nothing before {}", args.before);
        return ExitCode::SUCCESS;
    }
    print(&summary(pruning))
}

fn document(month: &PrunedMonth) -> Value {
    let shares = month.tables.iter().map(|share| {
        let counts = json!({ "rows": share.rows, "bytes": share.bytes });
        (share.table.to_owned(), counts)
    });
    let stops: Vec<Value> = month
        .stops
        .iter()
        .map(|stop| json!({ "shop": stop.shop, "what": stop.what, "id": stop.id, "why": stop.why }))
        .collect();
    json!({
        "month": month.month.to_string(),
        "tables": shares.collect::<serde_json::Map<_, _>>(),
        "free": month.is_free(),
        "stops": stops,
        "stops_count": month.stops_count,
        "taken": month.is_taken,
    })
}

fn summary(pruning: &Pruning) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    let names = pruning.months[0].tables.map(|share| share.table);
    let header = ["month"].into_iter().chain(names).chain(["KiB", ""]);
    table.set_header(header);
    let mut stops = String::new();
    for month in &pruning.months {
        let bytes: u64 = month.tables.iter().map(|share| share.bytes).sum();
        let counts = month.tables.iter().map(|share| share.rows.to_string());
        let state = match month.stops_count {
            0 => "goes".to_owned(),
            open => format!("stays: {open} open"),
        };
        let row = std::iter::once(month.month.to_string())
            .chain(counts)
            .chain([(bytes >> 10).to_string(), state]);
        table.add_row(row);
        for stop in &month.stops {
            let shop = match stop.shop.as_str() {
                "" | "main" => String::new(),
                shop => format!(" of shop {shop}"),
            };
            stops.push_str(&format!(
                "{}: {} {}{shop}: {}\n",
                month.month, stop.what, stop.id, stop.why
            ));
        }
        let more = month.stops_count - month.stops.len() as u64;
        if 0 < more {
            stops.push_str(&format!("{}: and {more} more\n", month.month));
        }
    }
    for column in table.column_iter_mut().skip(1).take(names.len() + 1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n{stops}")
}
