//! `tollgate tail`: the live stream of a running server, a line for each message.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderName;
use serde_json::Value;

use super::client::{ServerArgs, server_of};
use super::listing::plain;
use super::{configuration, failed};
use tollgate_outbound::remote::{
    Messages, Server, is_of_tollgate, is_stream, reason, refusal, stranger,
};

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
    server: ServerArgs,
    /// Each message as it came, as JSON.
    #[arg(long)]
    json: bool,
}

/// The server says something every 15 s; one that is silent for longer is gone.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// How long to wait before connecting again: at first, and at most.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(10);

/// Which position a listener goes on behind.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let server = match (&args.server.url, &args.server.key) {
        (Some(url), Some(key)) => {
            let root_certificate = args.server.trust.root_certificate.as_deref();
            Server::trusting(url, key.clone(), root_certificate)
        }
        _ => match configuration(file) {
            Ok(config) => server_of(&args.server, &config),
            Err(exit) => return exit,
        },
    };
    let server = match server.and_then(|server| server.streaming(SILENCE_MAX)) {
        Ok(server) => server,
        Err(why) => return failed(&why),
    };
    let mut tail = Tail {
        last_id: args.after,
        args,
        server,
    };
    match tail.follow().await {
        End::Unread => ExitCode::SUCCESS,
        End::Refused(why) => failed(&why),
    }
}

struct Tail {
    args: Args,
    server: Server,
    last_id: Option<i64>,
}

/// Why it ends.
enum End {
    /// Its output is closed.
    Unread,
    /// Connecting again would not help.
    Refused(String),
}

/// Why a connection ended.
enum Broken {
    /// It may be made again.
    Again(String),
    For(End),
}

impl Tail {
    /// Listens, again and again.
    async fn follow(&mut self) -> End {
        let mut wait = AGAIN_AFTER;
        loop {
            let mut was_heard = false;
            match self.listen(&mut was_heard).await {
                Broken::For(end) => return end,
                Broken::Again(why) => {
                    if was_heard {
                        wait = AGAIN_AFTER;
                    }
                    anstream::eprintln!(
                        "listening to {}: {why}; connecting again",
                        self.server.url()
                    );
                }
            }
            tokio::time::sleep(wait).await;
            wait = AGAIN_AFTER_MAX.min(wait * 2);
        }
    }

    /// Listens until the connection ends.
    async fn listen(&mut self, was_heard: &mut bool) -> Broken {
        match self.connect().await {
            Err(broken) => broken,
            Ok(messages) => {
                *was_heard = true;
                match self.read(messages).await {
                    Err(broken) => broken,
                    Ok(()) => Broken::Again("the stream has ended".to_owned()),
                }
            }
        }
    }

    /// Asks for the stream.
    async fn connect(&self) -> Result<Messages, Broken> {
        let topics = match self.args.topic.as_slice() {
            [] => String::new(),
            topics => format!("?topics={}", topics.join(",")),
        };
        let after = self.last_id.map(|id| (LAST_EVENT_ID, id.into()));
        let opened = self
            .server
            .open(&format!("/v1/stream{topics}"), after.into_iter().collect())
            .await;
        let response = opened.map_err(|error| Broken::Again(reason(&error)))?;
        let status = response.status();
        if status == StatusCode::OK && is_stream(&response) {
            return Ok(Messages::of(response));
        }
        // What a proxy says while the server restarts or too much comes passes; what is no Tollgate at all
        // stays so.
        let passes = matches!(status.as_u16(), 408 | 429 | 500..=599);
        let is_refusal = !status.is_success() && is_of_tollgate(&response);
        if !is_refusal && !passes {
            let (url, why) = (self.server.url(), stranger(&response));
            return Err(Broken::For(End::Refused(format!("listen to {url}: {why}"))));
        }
        let body = response.bytes().await.unwrap_or_default();
        let document: Value = serde_json::from_slice(&body).unwrap_or_default();
        let why = match document["code"].is_string() {
            true => format!("{} {}", status.as_u16(), refusal(&document, &Value::Null)),
            false => format!("{} without a word of Tollgate's", status.as_u16()),
        };
        if passes {
            return Err(Broken::Again(why));
        }
        let url = self.server.url();
        Err(Broken::For(End::Refused(format!("listen to {url}: {why}"))))
    }

    /// Reads messages up to the end of the stream, and shows them.
    async fn read(&mut self, mut messages: Messages) -> Result<(), Broken> {
        while let Some(message) = messages.next().await.map_err(Broken::Again)? {
            if !message.data.is_empty() {
                self.show(&message.data)?;
            }
            self.last_id = message.id.or(self.last_id);
        }
        Ok(())
    }

    fn show(&self, data: &str) -> Result<(), Broken> {
        let text = match self.args.json {
            true => data.to_owned(),
            false => in_words(&serde_json::from_str(data).unwrap_or_default()),
        };
        let mut out = anstream::stdout().lock();
        match writeln!(out, "{text}").and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                Err(Broken::For(End::Unread))
            }
            Err(error) => Err(Broken::For(End::Refused(format!(
                "write to stdout: {error}"
            )))),
        }
    }
}

/// A message in a line: when, where in the feed, what, and what it is about.
fn in_words(message: &Value) -> String {
    let text = |name: &str| message[name].as_str().unwrap_or_default();
    let position = &message["position"];
    let mut line = format!("{} {position} {}", text("timestamp"), text("type"));
    let data = &message["data"];
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
