//! `tollgate tail`: the live stream of a running server, a line for each message.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use super::client::{ServerArgs, server};
use super::failed;
use super::listing::plain;
use super::stream::{Heard, Stream};

/// Show what happens, as it happens.
///
/// A connection that breaks is made again, and goes on behind the last message that was shown: none is left
/// out and none is shown twice. It ends with Ctrl-C, or when its output is closed.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Only these: orders, payments, events, effects, alerts.
    #[arg(long, value_delimiter = ',',
          value_parser = ["orders", "payments", "events", "effects", "alerts"])]
    topic: Vec<String>,
    /// Go on behind this position instead of from now on; 0 is the beginning.
    #[arg(long, value_name = "POSITION")]
    after: Option<i64>,
    #[command(flatten)]
    pub(super) server: ServerArgs,
    /// Each message as it came, as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let server = match server(&args.server, file) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    let mut stream = match Stream::new(server, &args.topic, args.after) {
        Ok(stream) => stream,
        Err(why) => return failed(&why),
    };
    loop {
        match stream.next().await {
            Ok(Heard::Connected) => {}
            Ok(Heard::Message(message)) if message.data.is_empty() => {}
            Ok(Heard::Message(message)) => match show(&message.data, args.json) {
                Ok(()) => {}
                // Its output is closed.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    return ExitCode::SUCCESS;
                }
                Err(error) => return failed(&format!("write to stdout: {error}")),
            },
            Err(why) => return failed(&why),
        }
    }
}

fn show(data: &str, json: bool) -> std::io::Result<()> {
    let text = match json {
        true => data.to_owned(),
        false => in_words(&serde_json::from_str(data).unwrap_or_default()),
    };
    let mut out = anstream::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush())
}

/// A message in a line: when, where in the feed, what, and what it is about.
pub(super) fn in_words(message: &Value) -> String {
    let text = |name: &str| message[name].as_str().unwrap_or_default();
    let position = &message["position"];
    let mut line = format!("{} {position} {}", text("timestamp"), text("type"));
    line.push_str(&about(&message["data"]));
    line
}

/// What a message is about, each word behind a space.
pub(super) fn about(data: &Value) -> String {
    let mut line = String::new();
    for name in [
        "id",
        "code",
        "reference",
        "status",
        "number",
        "sku",
        "calendar",
        "first_position",
    ] {
        match &data[name] {
            Value::String(value) => line.push_str(&format!(" {}", plain(value))),
            Value::Number(value) => line.push_str(&format!(" {name} {value}")),
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_is_one_line_with_what_it_is_about() {
        let message = json!({
            "type": "order.paid", "timestamp": "2026-01-22T10:00:00Z", "position": 7,
            "data": { "id": "ord_1", "code": "Z-1", "status": "paid", "lines": [] },
        });
        assert_eq!(
            in_words(&message),
            "2026-01-22T10:00:00Z 7 order.paid ord_1 Z-1 paid"
        );
        let message = json!({
            "type": "reset", "timestamp": "2026-01-22T10:00:00Z", "position": 7,
            "data": { "first_position": 8 },
        });
        assert_eq!(
            in_words(&message),
            "2026-01-22T10:00:00Z 7 reset first_position 8"
        );
    }
}
