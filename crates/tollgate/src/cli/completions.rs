//! `tollgate completions`: what a shell needs to complete commands.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Arguments, print};

/// Print completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Which shell.
    shell: Shell,
}

pub(super) fn run(args: Args) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Arguments::command(),
        "tollgate",
        &mut script,
    );
    print(&String::from_utf8_lossy(&script))
}
