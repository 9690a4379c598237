//! `tollgate export`: tables for an accountant, over the API of a running server.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;

use super::calling::save;
use super::client::{ServerArgs, server};
use super::failed;
use tollgate_outbound::remote::Server;

/// Write orders, payments, refunds or receipts as a table in CSV.
///
/// The file appears when all of it has come: a connection that breaks leaves no part of it behind.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// What of.
    what: What,
    /// From this day of the shop on, as 2026-01-01, or this time, as 2026-01-01T00:00:00Z.
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Before this day, or this time.
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// The file; without it, or as `-`, stdout.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// By when they were made.
    Orders,
    /// By when they were registered.
    Payments,
    /// By when they were ordered, or reported by the provider.
    Refunds,
    /// By when they were issued.
    Receipts,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            What::Orders => "orders",
            What::Payments => "payments",
            What::Refunds => "refunds",
            What::Receipts => "receipts",
        }
    }
}

/// A server that says nothing for so long is gone.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// How often it is said how far it is.
const SAID_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let server = match server(&args.server, file) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    let server = match server.streaming(SILENCE_MAX) {
        Ok(server) => server,
        Err(why) => return failed(&why),
    };
    match write(&server, &args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => failed(&why),
    }
}

async fn write(server: &Server, args: &Args) -> Result<(), String> {
    let path = path_of(args);
    let mut progress = Progress::new(args.what);
    let named = args.output.as_deref();
    let Some(output) = named.filter(|output| *output != Path::new("-")) else {
        let mut out = std::io::stdout();
        let mut take = |part: &[u8]| {
            progress.count(part.len());
            out.write_all(part)
        };
        server.download(&path, "text/csv", &mut take).await?;
        return Ok(());
    };
    let mut seen = |bytes| progress.count(bytes);
    save(server, &path, "text/csv", output, &mut seen).await?;
    progress.end(output);
    Ok(())
}

/// The request for a table.
fn path_of(args: &Args) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("from", &args.from), ("to", &args.to)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    let path = format!("/v1/exports/{}.csv", args.what.word());
    match query.is_empty() {
        true => path,
        false => format!("{path}?{query}"),
    }
}

/// How far it is, for a person who waits.
struct Progress {
    what: What,
    is_shown: bool,
    bytes: u64,
    said: std::time::Instant,
}

impl Progress {
    fn new(what: What) -> Progress {
        Progress {
            what,
            is_shown: std::io::stderr().is_terminal() && !std::io::stdout().is_terminal(),
            bytes: 0,
            said: std::time::Instant::now(),
        }
    }

    fn count(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        if self.is_shown && SAID_EVERY <= self.said.elapsed() {
            self.said = std::time::Instant::now();
            anstream::eprint!("\r{}: {} kB", self.what.word(), self.bytes / 1000);
        }
    }

    fn end(&self, output: &Path) {
        let clear = if self.is_shown { "\r" } else { "" };
        let (what, bytes) = (self.what.word(), self.bytes);
        anstream::eprintln!("{clear}{what}: {bytes} bytes in {}", output.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn what_is_typed_is_what_is_asked_for() {
        for (line, path) in [
            (&["", "orders"][..], "/v1/exports/orders.csv"),
            (
                &[
                    "",
                    "refunds",
                    "--from",
                    "2026-01-01T00:00:00+07:00",
                    "--to",
                    "2026-02-01",
                ],
                "/v1/exports/refunds.csv?from=2026-01-01T00%3A00%3A00%2B07%3A00&to=2026-02-01",
            ),
        ] {
            let line = Line::try_parse_from(line).expect("it is a line");
            assert_eq!(path_of(&line.args), path);
        }
        assert!(Line::try_parse_from(["", "stock"]).is_err());
    }
}
