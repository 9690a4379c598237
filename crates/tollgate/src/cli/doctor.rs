//! `tollgate doctor`: is everything well around the data.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tollgate_store::{Examination, Store};

use super::{configuration, print_report};
use tollgate_server::Clock;
use tollgate_server::{
    certificate_check, configuration_check, letters_check, open_files_check, telemetry_check,
};

/// Look at everything around the data: database, schema, months, disk, clock, configuration.
///
/// Each check shows what it has seen, and the command or SQL that mends it. Nothing is changed, also beside
/// a running server. docs/operating.md explains the checks.
#[derive(Debug, clap::Args)]
#[command(after_help = super::CHECK_EXIT_CODES)]
pub(super) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let clock = Clock::default();
    let mut examination = Examination::new(Arc::new(move || clock.now()));
    examination.secret_keys = config.secret_keys.clone();
    let mut report = Store::doctor_at(&config.place, &examination);
    report.checks.push(configuration_check(&config));
    report.checks.extend(certificate_check(&config));
    report.checks.push(open_files_check(&config));
    report.checks.extend(telemetry_check(&config).await);
    // Of a database that cannot be read the report says so already.
    let letters = Store::recent_letters_at(&config.place).unwrap_or_default();
    report.checks.push(letters_check(&config, &letters));
    print_report(&report, args.json)
}
