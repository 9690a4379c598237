//! `tollgate forward`: live events to a handler on this machine, each a signed webhook as endpoints get it, in order,
//! and none lost while one of the two is away.

mod state;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use jiff::Timestamp as Clock;
use secrecy::ExposeSecret;
use serde_json::Value;
use tollgate_core::time::Timestamp;
use tollgate_outbound::calls::sign;
use tollgate_outbound::remote::{Handler, Message};

use self::state::{Begun, State};
use super::client::{ServerArgs, server};
use super::failed;
use super::stream::{Heard, Stream};
use super::tail::about;

/// Hand what happens to a handler of yours, as it happens: each message a signed webhook.
///
/// Messages go out one after the other, each until the handler answers 2xx. Where it has got to is kept in a file, so
/// it goes on there, whoever was away or killed meanwhile: nothing is left out, and only the last message may
/// come twice, under the same webhook-id. It ends with Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// The handler, as http://localhost:3000/hooks.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Only these: orders, payments, events, effects, alerts.
    #[arg(long, value_delimiter = ',',
          value_parser = ["orders", "payments", "events", "effects", "alerts"])]
    topic: Vec<String>,
    /// Go on behind this position, whatever the file says; 0 is the beginning.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    /// Where the secret and the position are kept.
    #[arg(long, value_name = "FILE", default_value = "tollgate.forward.json")]
    state: PathBuf,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// How long to wait before a message is sent again: at first, and at most.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(10);

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let server = match server(&args.server, file) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    let root_certificate = args.server.trust.root_certificate.as_deref();
    let handler = match Handler::at(&args.to, root_certificate) {
        Ok(handler) => handler,
        Err(why) => return failed(&why),
    };
    let state = match State::open(&args.state, server.url()) {
        Ok(state) => state,
        Err(why) => return failed(&why),
    };
    let after = args.after.or(state.position());
    let whence = match (args.after, &state.begun) {
        (Some(position), _) => format!("behind position {position}"),
        (None, Begun::Before(position)) => format!("behind position {position}, where it was"),
        (None, Begun::Now) => "from now on".to_owned(),
    };
    let to = &args.to;
    anstream::eprintln!("forwarding {} to {to}, {whence}", server.url());
    anstream::eprintln!(
        "signed with {} (kept in {})",
        state.secret.text().expose_secret(),
        args.state.display()
    );
    let stream = match Stream::new(server, &args.topic, after) {
        Ok(stream) => stream,
        Err(why) => return failed(&why),
    };
    let forward = Forward { handler, state };
    match forward.follow(stream).await {
        End::Unread => ExitCode::SUCCESS,
        End::Refused(why) => failed(&why),
    }
}

/// Why it ends.
enum End {
    /// Its output is closed.
    Unread,
    /// Going on would not help.
    Refused(String),
}

struct Forward {
    handler: Handler,
    state: State,
}

impl Forward {
    /// Hands on message after message.
    async fn follow(mut self, mut stream: Stream) -> End {
        loop {
            let taken = match stream.next().await {
                Ok(Heard::Connected) => Ok(()),
                Ok(Heard::Message(message)) => self.take(&message).await,
                Err(why) => Err(End::Refused(why)),
            };
            if let Err(end) = taken {
                return end;
            }
        }
    }

    /// Hands a message on, and keeps that it was.
    async fn take(&mut self, message: &Message) -> Result<(), End> {
        if message.event == "reset" {
            let data: Value = serde_json::from_str(&message.data).unwrap_or_default();
            let first = &data["data"]["first_position"];
            anstream::eprintln!(
                "warning: reset: what happened before position {first} is kept no more, and was not forwarded; \
                 read the lists again where your handler depends on it"
            );
        } else if !message.data.is_empty() {
            self.hand_on(message).await?;
        }
        match message.id {
            Some(position) => self.state.keep(position).map_err(End::Refused),
            None => Ok(()),
        }
    }

    /// Sends a message until it is taken.
    async fn hand_on(&self, message: &Message) -> Result<(), End> {
        let document: Value = serde_json::from_str(&message.data).unwrap_or_default();
        let position = document["position"].as_i64().or(message.id).unwrap_or(0);
        let what = format!("{position} {}{}", message.event, about(&document["data"]));
        let mut wait = AGAIN_AFTER;
        loop {
            let begun = Instant::now();
            let came = self.send(position, &message.data).await;
            let lasted = begun.elapsed().as_millis();
            match came {
                Ok(status @ 200..=299) => return say(&format!("{what}: {status} in {lasted} ms")),
                Ok(status) => {
                    let again = again(wait);
                    say(&format!("{what}: {status} in {lasted} ms, {again}"))?;
                }
                Err(why) => say(&format!("{what}: {why} after {lasted} ms, {}", again(wait)))?,
            }
            tokio::time::sleep(wait).await;
            wait = AGAIN_AFTER_MAX.min(wait * 2);
        }
    }

    /// One try, signed at its own time; the id is the message's however often it is sent.
    async fn send(&self, position: i64, body: &str) -> Result<u16, String> {
        let now = Timestamp::from_millis(Clock::now().as_millisecond());
        let secrets = std::slice::from_ref(&self.state.secret);
        let headers = sign(
            secrets,
            &format!("forward:{position}"),
            now,
            body.as_bytes(),
        );
        self.handler.post(headers, body.to_owned()).await
    }
}

fn again(wait: Duration) -> String {
    format!("again in {} s", wait.as_secs_f32())
}

/// A line of data. Whoever has read enough ends it.
fn say(line: &str) -> Result<(), End> {
    let mut out = anstream::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(End::Unread),
        Err(error) => Err(End::Refused(format!("write to stdout: {error}"))),
    }
}
