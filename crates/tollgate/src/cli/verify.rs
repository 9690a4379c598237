//! `tollgate verify`: every invariant, asked of the live data.

use std::path::Path;
use std::process::ExitCode;

use tollgate_store::{Report, Store};

use super::{configuration, not_checked, print, print_report};
use tollgate_server::Clock;

/// Ask every invariant of the live data and show the rows that break it.
///
/// The database is only read, also beside a running server, and no read is long.
#[derive(Debug, clap::Args)]
#[command(after_help = super::CHECK_EXIT_CODES)]
pub(super) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// Print what the books lack and the request that corrects each, and nothing else. Nothing is
    /// corrected by itself.
    #[arg(long, conflicts_with = "json")]
    repair_plan: bool,
}

pub(super) fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match Store::verify_at(&config.place, Clock::default().now()) {
        Ok(report) if args.repair_plan => print_plan(&report),
        Ok(report) => print_report(&report, args.json),
        Err(error) => not_checked(&error.to_string()),
    }
}

/// The checks whose findings end with the request that corrects them; then those of what is made of other rows, with
/// the statement that makes it again.
const REPAIRED: [&str; 6] = [
    "money.unrecorded",
    "money.papers",
    "search_words",
    "figures",
    "stock.sold",
    "errors",
];

/// Prints what the books lack, a line each: first what was given back without a refund, then the receipts,
/// because recording a refund issues one.
fn print_plan(report: &Report) -> ExitCode {
    let mut plan = String::new();
    let mut more = 0;
    for name in REPAIRED {
        let Some(check) = report.check(name) else {
            continue;
        };
        for seen in check.seen.iter().filter(|seen| seen.contains("; ")) {
            plan.push_str(seen);
            plan.push('\n');
        }
        more += check.more;
    }
    if 0 < more {
        plan.push_str(&format!("and {more} more: correct these, then ask again\n"));
    }
    let lacks_nothing = plan.is_empty();
    if lacks_nothing {
        plan.push_str("the books lack nothing\n");
    }
    let printed = print(&plan);
    match printed == ExitCode::SUCCESS && !lacks_nothing {
        true => ExitCode::from(1),
        false => printed,
    }
}
