//! Story 7: whoever listens hears of every order that was paid, once (E6).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::promise::{Promise, Story, millis};
use super::world::{StoryError, World};

/// What was told before this is heard by then.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who listens while the other stories are played.
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
        let because = |error: std::io::Error| format!("listen to the live stream: {error}");
        let mut stream = TcpStream::connect(address).await.map_err(because)?;
        // With HTTP/1.0 the stream's bytes come as they are.
        let request = format!(
            "GET /v1/stream?topics=orders HTTP/1.0\r\nhost: demo\r\nauthorization: Bearer {key}\r\n\r\n"
        );
        stream
            .write_all(request.as_bytes())
            .await
            .map_err(because)?;
        let mut lines = BufReader::new(stream).lines();
        let status = lines.next_line().await.map_err(because)?;
        let status = status.unwrap_or_default();
        if status.split(' ').nth(1) != Some("200") {
            return Err(format!("listen to the live stream: {status}"));
        }
        let heard = Arc::new(Mutex::new(Heard::default()));
        let listening = tokio::spawn(listen(lines, Arc::clone(&heard)));
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

/// Reads messages until the stream ends. An empty line ends each, and the answer's head before them.
async fn listen(mut lines: Lines<BufReader<TcpStream>>, heard: Arc<Mutex<Heard>>) {
    let mut message = String::new();
    let ended = loop {
        match lines.next_line().await {
            Ok(Some(line)) if line.trim().is_empty() => {
                note(
                    &message,
                    &mut heard.lock().unwrap_or_else(PoisonError::into_inner),
                );
                message.clear();
            }
            Ok(Some(line)) => {
                message.push_str(&line);
                message.push('\n');
            }
            Ok(None) => break "the server ended it".to_owned(),
            Err(error) => break error.to_string(),
        }
    };
    heard.lock().unwrap_or_else(PoisonError::into_inner).ended = Some(ended);
}

/// Notes one message.
fn note(message: &str, heard: &mut Heard) {
    let field = |name: &str| {
        let line = message.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim)
    };
    let Some(position) = field("id:").and_then(|id| id.parse().ok()) else {
        return;
    };
    heard.positions.push(position);
    if field("event:") == Some("order.paid") {
        let body: Value = field("data:")
            .and_then(|data| serde_json::from_str(data).ok())
            .unwrap_or_default();
        let id = body["data"]["id"].as_str().unwrap_or_default();
        *heard.paid.entry(id.to_owned()).or_default() += 1;
    }
}

/// Compares what was heard with what is there.
pub(super) async fn tell(world: &World, listener: &Listener) -> Result<Story, StoryError> {
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
        title: "7. Whoever listens hears of it, once",
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
        Promise::equal("orders heard of that nobody has paid", strangers as i64, 0),
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

    fn good() -> (Vec<String>, Heard) {
        let mut heard = Heard::default();
        for (position, id) in [(3, "ord_1"), (7, "ord_2")] {
            let message = format!(
                "id: {position}\nevent: order.paid\ndata: {{\"data\":{{\"id\":\"{id}\"}}}}\n\n"
            );
            note(&message, &mut heard);
        }
        note("id: 9\nevent: order.created\ndata: {}\n\n", &mut heard);
        note(": still here\n\n", &mut heard);
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
