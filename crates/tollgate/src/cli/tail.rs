//! `tollgate tail`: the live stream of a running server, a line for each message.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::client::{ServerArgs, named_server};
use super::failed;
use super::live::{End, Live, TOPICS, in_words};
use tollgate_outbound::remote::Message;

/// Show what happens, as it happens.
///
/// A connection that breaks is made again, and goes on behind the last message that was shown: none is left
/// out and none is shown twice. It ends with Ctrl-C, or when its output is closed.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Only these: orders, payments, events, effects, alerts.
    #[arg(long, value_delimiter = ',', value_parser = TOPICS)]
    topic: Vec<String>,
    /// Go on behind this position instead of from now on; 0 is the beginning.
    #[arg(long, value_name = "POSITION")]
    after: Option<i64>,
    #[command(flatten)]
    server: ServerArgs,
    /// Each message as it came, as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let server = match named_server(&args.server, file) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    let mut live = match Live::of(server, args.topic, args.after) {
        Ok(live) => live,
        Err(why) => return failed(&why),
    };
    let shown = live.follow(async |message: &Message| match message.data.is_empty() {
        true => Ok(()),
        false => show(&message.data, args.json),
    });
    match shown.await {
        End::Unread => ExitCode::SUCCESS,
        End::Refused(why) => failed(&why),
    }
}

fn show(data: &str, json: bool) -> Result<(), End> {
    let text = match json {
        true => data.to_owned(),
        false => in_words(&serde_json::from_str(data).unwrap_or_default()),
    };
    say(&text)
}

/// A line of data. Whoever has read enough ends it.
pub(super) fn say(line: &str) -> Result<(), End> {
    let mut out = anstream::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(End::Unread),
        Err(error) => Err(End::Refused(format!("write to stdout: {error}"))),
    }
}
