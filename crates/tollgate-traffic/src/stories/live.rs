//! Story 7: a listener hears of every order that was paid, once (E6).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::promise::{Promise, Story, millis};
use super::world::{StoryError, World};
use tollgate_outbound::remote::{Message, Messages, Server, reason};

/// Messages that were committed before have arrived by then.
const PATIENCE: Duration = Duration::from_secs(20);

/// A listener while the other stories are played.
pub(super) struct Listener {
    heard: Arc<Mutex<Heard>>,
    listening: JoinHandle<()>,
}

/// What was heard.
#[derive(Debug, Clone, Default)]
struct Heard {
    /// How often each order was said to be paid.
    paid: BTreeMap<String, usize>,
    /// The positions of all messages, as they came.
    positions: Vec<i64>,
    /// Why listening has ended.
    ended: Option<String>,
}

impl Listener {
    /// Begins to listen; ends with the server.
    pub(super) async fn open(address: SocketAddr, key: &str) -> Result<Listener, String> {
        let because = |why: String| format!("listen to the live stream: {why}");
        let server = Server::new(&format!("http://{address}"), key.to_owned())
            .and_then(|server| server.streaming(PATIENCE))
            .map_err(because)?;
        let response = server
            .open("/v1/stream?topics=orders", HeaderMap::new())
            .await
            .map_err(|error| because(reason(&error)))?;
        if !response.status().is_success() {
            return Err(because(response.status().to_string()));
        }
        let heard = Arc::new(Mutex::new(Heard::default()));
        let messages = Messages::of(response);
        let listening = tokio::spawn(listen(messages, Arc::clone(&heard)));
        Ok(Listener { heard, listening })
    }

    fn heard(&self) -> Heard {
        let heard = self.heard.lock();
        heard.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Reads messages until the stream ends.
async fn listen(mut messages: Messages, heard: Arc<Mutex<Heard>>) {
    let lock = || heard.lock().unwrap_or_else(PoisonError::into_inner);
    let ended = loop {
        match messages.next().await {
            Ok(Some(message)) => note(&message, &mut lock()),
            Ok(None) => break "the server ended it".to_owned(),
            Err(why) => break why,
        }
    };
    lock().ended = Some(ended);
}

/// Notes one message. A beat has a position and says nothing.
fn note(message: &Message, heard: &mut Heard) {
    let (Some(position), false) = (message.id, message.data.is_empty()) else {
        return;
    };
    heard.positions.push(position);
    if message.event == "order.paid" {
        let body: Value = serde_json::from_str(&message.data).unwrap_or_default();
        let id = body["data"]["id"].as_str().unwrap_or_default();
        *heard.paid.entry(id.to_owned()).or_default() += 1;
    }
}

/// Compares what was heard with what is there.
pub(super) async fn story_of(world: &World, listener: &Listener) -> Result<Story, StoryError> {
    let begun = Instant::now();
    let mut paid: Vec<String> = Vec::new();
    for order in world.client.list("/v1/orders").await? {
        if order["captured_amount"].as_i64().unwrap_or(0) > 0 {
            paid.extend(order["id"].as_str().map(str::to_owned));
        }
    }
    while listener.heard().paid.len() < paid.len() && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let heard = listener.heard();
    Ok(Story {
        title: "7. A listener hears of each payment once",
        sent: format!(
            "nothing: a reader of GET /v1/stream?topics=orders has heard {} messages",
            heard.positions.len()
        ),
        promises: check(&paid, &heard),
        figures: vec![("heard up to the end after", millis(begun.elapsed()))],
    })
}

fn check(paid: &[String], heard: &Heard) -> Vec<Promise> {
    let once = paid.iter().filter(|id| heard.paid.get(*id) == Some(&1));
    let strangers = heard.paid.keys().filter(|id| !paid.contains(*id)).count();
    let rising = heard.positions.windows(2).filter(|two| two[0] < two[1]);
    let pairs = heard.positions.len().saturating_sub(1);
    vec![
        Promise::all(
            "every paid order is heard of once",
            once.count(),
            paid.len(),
        ),
        Promise::equal("orders heard of that were not paid", strangers as i64, 0),
        Promise::all("positions only rise", rising.count(), pairs),
        Promise::equal(
            "times the stream was cut",
            i64::from(heard.ended.is_some()),
            0,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::doctor::broken_by;
    use super::*;

    fn message(position: i64, event: &str, data: &str) -> Message {
        Message {
            id: Some(position),
            event: event.to_owned(),
            data: data.to_owned(),
        }
    }

    fn good() -> (Vec<String>, Heard) {
        let mut heard = Heard::default();
        for (position, id) in [(3, "ord_1"), (7, "ord_2")] {
            let data = serde_json::json!({ "data": { "id": id } });
            note(
                &message(position, "order.paid", &data.to_string()),
                &mut heard,
            );
        }
        note(&message(9, "order.created", "{}"), &mut heard);
        note(&message(12, "", ""), &mut heard);
        (vec!["ord_1".to_owned(), "ord_2".to_owned()], heard)
    }

    fn broken(change: impl FnOnce(&mut (Vec<String>, Heard))) -> Vec<usize> {
        broken_by(good(), change, |(paid, heard)| check(paid, heard))
    }

    #[test]
    fn what_is_right_holds() {
        assert_eq!(broken(|_| ()), [] as [usize; 0]);
        assert_eq!(good().1.positions, [3, 7, 9]);
    }

    #[test]
    fn each_promise_is_seen_to_break() {
        assert_eq!(broken(|f| f.0.push("ord_3".to_owned())), [0]);
        assert_eq!(broken(|f| f.1.paid.extend([("ord_1".to_owned(), 2)])), [0]);
        assert_eq!(broken(|f| f.1.paid.extend([("ord_9".to_owned(), 1)])), [1]);
        assert_eq!(broken(|f| f.1.positions.push(9)), [2]);
        assert_eq!(broken(|f| f.1.ended = Some(String::new())), [3]);
    }
}
