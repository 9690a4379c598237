//! `tollgate config`: checks and shows the configuration.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::{configuration, misconfigured, print};
use tollgate_server::check_fonts;
use tollgate_server::config::DEFAULTS;

/// Check or show the configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say what is wrong with it, in one line, as the start would.
    #[command(after_help = super::EXIT_CODES)]
    Check,
    /// Print every key with its default, its bounds and what it is for.
    #[command(after_help = super::EXIT_CODES)]
    Default,
    /// Print it as it is merged of defaults, file and environment, secrets masked.
    #[command(after_help = super::EXIT_CODES)]
    Show,
}

pub(super) fn run(args: Args, file: Option<&Path>) -> ExitCode {
    if let What::Default = args.what {
        return print(DEFAULTS);
    }
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match args.what {
        What::Show => print(&config.show()),
        What::Check | What::Default => {
            if let Err(error) = check_fonts(&config) {
                return misconfigured(&error);
            }
            for warning in config.warnings() {
                anstream::eprintln!("warning: {warning}");
            }
            anstream::eprintln!("the configuration is good");
            ExitCode::SUCCESS
        }
    }
}
