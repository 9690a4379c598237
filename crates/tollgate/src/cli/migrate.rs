//! `tollgate migrate`: brings the schema up to date.

use std::path::Path;
use std::process::ExitCode;

use tollgate_store::{Place, Store};

use super::{configuration, failed, print};
use tollgate_server::App;

/// Bring the database's schema up to date, as `serve` does at its start.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Make a new database where the log or the key of one lies that is missing.
    #[arg(long)]
    create: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let mut config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    config.create = args.create;
    let steps = if args.dry_run {
        match &config.place {
            Place::File(path) => {
                if !path.exists() {
                    anstream::eprintln!("the database is not there yet; it would be made");
                }
                Store::pending_migrations(path)
            }
            Place::Memory => Ok(Store::all_migrations()),
            Place::Server(server) => Store::pending_migrations_on(server),
        }
        .map_err(|error| error.to_string())
    } else {
        App::open(config)
            .map(|app| app.migrated().to_vec())
            .map_err(|error| error.to_string())
    };
    match steps {
        Err(why) => failed(&why),
        Ok(steps) if args.json => {
            let list: Vec<_> = steps
                .iter()
                .map(|step| serde_json::json!({ "version": step.version, "name": step.name }))
                .collect();
            print(&format!("{}\n", serde_json::Value::from(list)))
        }
        Ok(steps) if steps.is_empty() => {
            anstream::eprintln!("the schema is up to date");
            ExitCode::SUCCESS
        }
        Ok(steps) => {
            let lines: Vec<String> = steps
                .iter()
                .map(|step| format!("{:04} {}\n", step.version, step.name))
                .collect();
            print(&lines.concat())
        }
    }
}
