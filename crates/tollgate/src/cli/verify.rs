//! `tollgate verify`: every invariant, asked of the live data.

use std::path::Path;
use std::process::ExitCode;

use tollgate_store::Store;

use super::{configuration, not_checked, print_report};
use crate::clock::Clock;

/// Ask every invariant of the live data and show the rows that break it.
///
/// The database is only read, also beside a running server, and no read is long.
#[derive(Debug, clap::Args)]
#[command(after_help = super::CHECK_EXIT_CODES)]
pub(super) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match Store::verify_at(&config.place, Clock::default().now()) {
        Ok(report) => print_report(&report, args.json),
        Err(error) => not_checked(&error.to_string()),
    }
}
