//! `tollgate healthcheck`: does the server of this configuration take requests; for images and timers.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::client::{TrustArgs, configured_url, reachable};
use super::{configuration, failed};

/// Ask the server of this configuration whether it takes requests (GET /readyz); it needs no key and no other
/// program.
///
/// It is asked where it listens, on this machine; over https by the name of server.public_url.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// How long the answer may take, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    timeout_ms: u64,
    #[command(flatten)]
    trust: TrustArgs,
}

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let url = configured_url(&config);
    let at = reachable(config.server.listen);
    let timeout = Duration::from_millis(args.timeout_ms);
    let trusted = args.trust.root_certificate.as_deref();
    match tollgate_outbound::remote::readiness(&url, at, timeout, trusted).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => failed(&why),
    }
}
