//! `tollgate tail`: the live stream of a running server, a line for each message.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::call::{Server, refusal};
use super::{configuration, failed};

/// Show what happens, as it happens.
///
/// A connection that breaks is made again, and goes on behind the last message that was shown: none is
/// left out and none is shown twice. It ends with Ctrl-C, or when nobody reads its output any more.
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
    /// The running server; without it the configured one.
    #[arg(long)]
    url: Option<String>,
    /// A key to it with the scope read; without it the configuration's bootstrap key.
    #[arg(long, env = "TOLLGATE_API_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Each message as it came, as JSON.
    #[arg(long)]
    json: bool,
}

/// The server says something every 15 s; whoever is silent for longer is gone.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// How long to wait before connecting again: at first, and at most.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(10);

/// The longest line that is read.
const LINE_BYTES_MAX: usize = 64 << 20;

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let mut server = Server {
        url: args.url.clone().unwrap_or_default(),
        key: args.key.clone().unwrap_or_default(),
    };
    if args.url.is_none() || args.key.is_none() {
        let config = match configuration(file) {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        if args.url.is_none() {
            server.url = format!("http://{}", config.server.listen);
        }
        if args.key.is_none() {
            let Some(key) = &config.bootstrap_key else {
                return failed("name a key with --key, or configure api.bootstrap_key");
            };
            server.key = key.expose_secret().to_owned();
        }
    }
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
    /// Nobody reads its output any more.
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

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Broken {
        Broken::Again(error.to_string())
    }
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
                        self.server.url
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
            Ok(reader) => {
                *was_heard = true;
                match self.read(reader).await {
                    Err(broken) => broken,
                    Ok(()) => Broken::Again("the stream has ended".to_owned()),
                }
            }
        }
    }

    /// Asks for the stream. With HTTP/1.0 its bytes come as they are.
    async fn connect(&self) -> Result<BufReader<TcpStream>, Broken> {
        let refused = |why: String| Broken::For(End::Refused(why));
        let (host, address) = self.server.place().map_err(refused)?;
        let mut stream = TcpStream::connect(&address).await?;
        let topics = match self.args.topic.as_slice() {
            [] => String::new(),
            topics => format!("?topics={}", topics.join(",")),
        };
        let after = self
            .last_id
            .map_or_else(String::new, |id| format!("last-event-id: {id}\r\n"));
        let request = format!(
            "GET /v1/stream{topics} HTTP/1.0\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
             accept: text/event-stream\r\n{after}\r\n",
            self.server.key
        );
        stream.write_all(request.as_bytes()).await?;
        let mut reader = BufReader::new(stream);
        let head = line(&mut reader).await?;
        let head = head.ok_or_else(|| Broken::Again("the server has not answered".to_owned()))?;
        let status: Option<u16> = head.split(' ').nth(1).and_then(|text| text.parse().ok());
        while let Some(header) = line(&mut reader).await? {
            if header.is_empty() {
                break;
            }
        }
        match status {
            Some(200) => Ok(reader),
            Some(status) => {
                let body = line(&mut reader).await?.unwrap_or_default();
                let document: Value = serde_json::from_str(&body).unwrap_or_default();
                let why = format!("{status} {}", refusal(&document, &Value::Null));
                match status {
                    408 | 429 | 500..=599 => Err(Broken::Again(why)),
                    _ => {
                        let url = &self.server.url;
                        Err(refused(format!("listen to {url}: {why}")))
                    }
                }
            }
            None => Err(refused(format!(
                "listen to {}: the answer is not HTTP",
                self.server.url
            ))),
        }
    }

    /// Reads messages up to the end of the stream, and shows them.
    async fn read(&mut self, mut reader: BufReader<TcpStream>) -> Result<(), Broken> {
        let mut id = self.last_id;
        let mut data = String::new();
        while let Some(line) = line(&mut reader).await? {
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.parse().ok().or(id);
            } else if let Some(text) = line.strip_prefix("data: ") {
                data = text.to_owned();
            } else if line.is_empty() {
                if !data.is_empty() {
                    self.show(&data)?;
                    data.clear();
                }
                // Only now: a message of which half has come, comes again.
                self.last_id = id;
            }
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

/// The next line without its end; `None` at the end of the stream.
async fn line(reader: &mut BufReader<TcpStream>) -> Result<Option<String>, Broken> {
    let mut bytes = Vec::new();
    let reading = async {
        loop {
            let part = reader.fill_buf().await?;
            if part.is_empty() {
                return Ok(false);
            }
            let end = part.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(part.len(), |end| end + 1);
            bytes.extend_from_slice(&part[..taken]);
            reader.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
            if LINE_BYTES_MAX < bytes.len() {
                let long = "a line is longer than a message can be";
                return Err(std::io::Error::other(long));
            }
        }
    };
    let is_whole = match tokio::time::timeout(SILENCE_MAX, reading).await {
        Ok(read) => read?,
        Err(_) => return Err(Broken::Again("the server is silent".to_owned())),
    };
    if !is_whole && bytes.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
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
            Value::String(value) => line.push_str(&format!(" {value}")),
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
