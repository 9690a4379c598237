//! The live stream of a running server, over a connection that is made again: nothing is left out, and nothing comes
//! twice.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderName;
use serde_json::Value;

use super::listing::plain;
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

/// The topics that there are.
pub(super) const TOPICS: [&str; 5] = ["orders", "payments", "events", "effects", "alerts"];

/// Listens to a server.
pub(super) struct Live {
    server: Server,
    topics: Vec<String>,
    /// The position behind which it goes on; absent: from now on.
    last_id: Option<i64>,
    /// What was said last of a connection that is not there.
    said: Option<String>,
    /// Who is told that there is none, and why.
    tell: Box<dyn FnMut(&str)>,
}

/// Why it ends.
#[derive(Debug)]
pub(super) enum End {
    /// Its output is closed.
    Unread,
    /// Going on would not help.
    Refused(String),
}

/// Why a connection ended.
enum Broken {
    /// It may be made again.
    Again(String),
    For(End),
}

impl Live {
    /// Of these topics, or of all if none is named, behind this position or from now on.
    pub(super) fn of(
        server: Server,
        topics: Vec<String>,
        after: Option<i64>,
    ) -> Result<Live, String> {
        let server = server.streaming(SILENCE_MAX)?;
        let url = server.url().to_owned();
        Ok(Live {
            server,
            topics,
            last_id: after,
            said: None,
            tell: Box::new(move |why| {
                anstream::eprintln!("listening to {url}: {why}; connecting again");
            }),
        })
    }

    /// The same, saying elsewhere why there is no connection.
    pub(super) fn telling(self, tell: impl FnMut(&str) + 'static) -> Live {
        Live {
            tell: Box::new(tell),
            ..self
        }
    }

    /// Hands on message after message until one is not taken; a beat of the server has a position and no data. A
    /// message that was not taken comes again.
    pub(super) async fn follow(
        &mut self,
        mut take: impl AsyncFnMut(&Message) -> Result<(), End>,
    ) -> End {
        let mut wait = AGAIN_AFTER;
        loop {
            let mut was_heard = false;
            match self.listen(&mut was_heard, &mut take).await {
                Broken::For(end) => return end,
                Broken::Again(why) => {
                    if was_heard {
                        (wait, self.said) = (AGAIN_AFTER, None);
                    }
                    self.say(why);
                }
            }
            tokio::time::sleep(wait).await;
            wait = AGAIN_AFTER_MAX.min(wait * 2);
        }
    }

    /// Says why there is no connection, once as long as that stays so.
    fn say(&mut self, why: String) {
        if self.said.as_ref() != Some(&why) {
            (self.tell)(&why);
            self.said = Some(why);
        }
    }

    /// Listens until the connection ends.
    async fn listen(
        &mut self,
        was_heard: &mut bool,
        take: &mut impl AsyncFnMut(&Message) -> Result<(), End>,
    ) -> Broken {
        match self.connect().await {
            Err(broken) => broken,
            Ok(messages) => {
                *was_heard = true;
                match self.read(messages, take).await {
                    Err(broken) => broken,
                    Ok(()) => Broken::Again("the stream has ended".to_owned()),
                }
            }
        }
    }

    /// Asks for the stream.
    async fn connect(&self) -> Result<Messages, Broken> {
        let topics = match self.topics.as_slice() {
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

    /// Reads messages up to the end of the stream, and hands them on.
    async fn read(
        &mut self,
        mut messages: Messages,
        take: &mut impl AsyncFnMut(&Message) -> Result<(), End>,
    ) -> Result<(), Broken> {
        while let Some(message) = messages.next().await.map_err(Broken::Again)? {
            take(&message).await.map_err(Broken::For)?;
            self.last_id = message.id.or(self.last_id);
        }
        Ok(())
    }
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
