//! The live stream of a running server, over a connection that is made again when it breaks.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderName;
use serde_json::Value;
use tollgate_outbound::remote::{
    Message, Messages, Server, is_of_tollgate, is_stream, reason, refusal, stranger,
};

/// The server says something every 15 s; one that is silent for longer is gone.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// How long to wait before connecting again: at first, and at most.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(10);

/// Which position a listener goes on behind.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Who listens. A connection that breaks is made again, and goes on behind the last message that was heard: none
/// is left out and none is heard twice.
pub(super) struct Stream {
    server: Server,
    /// The query that names the topics, or nothing.
    topics: String,
    last_id: Option<i64>,
    messages: Option<Messages>,
    /// How long it waits before it connects again.
    wait: Duration,
    /// Why there is no connection, as it was told last.
    told: Option<String>,
    /// Who is told.
    tell: Box<dyn FnMut(&str) + Send + Sync>,
}

/// What is heard.
pub(super) enum Heard {
    /// It listens: what happens from now on is heard.
    Connected,
    /// A message, or a beat without data.
    Message(Message),
}

/// Why a connection was not made.
enum Broken {
    /// It may be made again.
    Again(String),
    /// Connecting again would not help.
    Refused(String),
}

impl Stream {
    /// A listener to these topics, to all if there are none; behind a position, or from now on.
    pub(super) fn new(
        server: Server,
        topics: &[impl AsRef<str>],
        after: Option<i64>,
    ) -> Result<Stream, String> {
        let names: Vec<&str> = topics.iter().map(AsRef::as_ref).collect();
        let url = server.url().to_owned();
        Ok(Stream {
            server: server.streaming(SILENCE_MAX)?,
            topics: match names.as_slice() {
                [] => String::new(),
                names => format!("?topics={}", names.join(",")),
            },
            last_id: after,
            messages: None,
            wait: AGAIN_AFTER,
            told: None,
            tell: Box::new(move |why| {
                anstream::eprintln!("listening to {url}: {why}; connecting again");
            }),
        })
    }

    /// The same, telling somebody else why there is no connection.
    pub(super) fn telling(self, tell: impl FnMut(&str) + Send + Sync + 'static) -> Stream {
        Stream {
            tell: Box::new(tell),
            ..self
        }
    }

    /// What is heard next; an error is one that connecting again would not mend.
    pub(super) async fn next(&mut self) -> Result<Heard, String> {
        loop {
            let why = match &mut self.messages {
                None => match self.connect().await {
                    Ok(messages) => {
                        self.messages = Some(messages);
                        return Ok(Heard::Connected);
                    }
                    Err(Broken::Refused(why)) => {
                        return Err(format!("listen to {}: {why}", self.server.url()));
                    }
                    Err(Broken::Again(why)) => why,
                },
                Some(messages) => match messages.next().await {
                    Ok(Some(message)) => {
                        (self.wait, self.told) = (AGAIN_AFTER, None);
                        self.last_id = message.id.or(self.last_id);
                        return Ok(Heard::Message(message));
                    }
                    Ok(None) => "the stream has ended".to_owned(),
                    Err(why) => why,
                },
            };
            self.messages = None;
            // As long as it stays the same it is told once.
            if self.told.as_ref() != Some(&why) {
                (self.tell)(&why);
                self.told = Some(why);
            }
            tokio::time::sleep(self.wait).await;
            self.wait = AGAIN_AFTER_MAX.min(self.wait * 2);
        }
    }

    /// Asks for the stream.
    async fn connect(&self) -> Result<Messages, Broken> {
        let after = self.last_id.map(|id| (LAST_EVENT_ID, id.into()));
        let path = format!("/v1/stream{}", self.topics);
        let opened = self.server.open(&path, after.into_iter().collect()).await;
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
            return Err(Broken::Refused(stranger(&response)));
        }
        let body = response.bytes().await.unwrap_or_default();
        let document: Value = serde_json::from_slice(&body).unwrap_or_default();
        let why = match document["code"].is_string() {
            true => format!("{} {}", status.as_u16(), refusal(&document, &Value::Null)),
            false => format!("{} without a word of Tollgate's", status.as_u16()),
        };
        match passes {
            true => Err(Broken::Again(why)),
            false => Err(Broken::Refused(why)),
        }
    }
}
