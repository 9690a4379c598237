//! `tollgate openapi`: the description of the API, for those who make clients of it.

use std::process::ExitCode;

use super::print;

/// Print the description of the API (OpenAPI 3.1), as a running server has it at /openapi.json.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> ExitCode {
    print(tollgate_server::openapi())
}
