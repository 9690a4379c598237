//! Calls to the outside, to servers that answer by a script.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tollgate_outbound::calls::{
    Answer, Call, Client, Lookup, NotSent, Outcome, OutgoingSettings, Refusal, Trust,
};

mod answers;
mod failures;
mod guard;

/// What a server does once it has read a request.
#[derive(Clone)]
enum Script {
    /// Says this and waits for the next request.
    Says(Vec<u8>),
    /// Says this and closes.
    SaysAndCloses(Vec<u8>),
    /// Says this and then nothing more.
    SaysAndWaits(Vec<u8>),
    /// Sends this again and again, until the connection ends.
    NeverEnds(Vec<u8>, Vec<u8>),
}

/// A server on a port of its own.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(script: Script) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let server = Server {
            address,
            connections: connections.clone(),
            requests: requests.clone(),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, script.clone(), requests.clone()));
            }
        });
        server
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The same place under a name.
    fn named_url(&self, name: &str) -> String {
        format!("http://{name}:{}/hook", self.address.port())
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panicked").clone()
    }
}

async fn serve(mut stream: TcpStream, script: Script, requests: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read_request(&mut stream).await {
        requests.lock().expect("no test panicked").push(request);
        match &script {
            Script::Says(answer) => {
                let _ = stream.write_all(answer).await;
            }
            Script::SaysAndCloses(answer) => {
                let _ = stream.write_all(answer).await;
                return;
            }
            Script::SaysAndWaits(answer) => {
                let _ = stream.write_all(answer).await;
                std::future::pending::<()>().await;
            }
            Script::NeverEnds(head, piece) => {
                let _ = stream.write_all(head).await;
                while stream.write_all(piece).await.is_ok() {}
                return;
            }
        }
    }
}

/// Head and body of one request; `None` at the end of the connection.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .next();
            if length.unwrap_or(0) <= body.len() {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

fn settings(allowed: &[&str]) -> OutgoingSettings {
    let allowed = allowed
        .iter()
        .map(|network| network.parse().expect("it is one"));
    OutgoingSettings::new(
        allowed.collect(),
        Duration::from_secs(10),
        Duration::from_secs(20),
        64 << 10,
        None,
    )
    .expect("they are possible")
}

fn client(settings: &OutgoingSettings) -> Client {
    Client::new(settings).expect("it can be made")
}

fn client_by(settings: &OutgoingSettings, lookup: Lookup) -> Client {
    Client::with_lookup(settings, lookup).expect("it can be made")
}

fn call(trust: Trust, url: &str) -> Call<'_> {
    Call {
        trust,
        method: Method::POST,
        url,
        headers: HeaderMap::new(),
        body: b"{\"a\":1}"[..].into(),
        keep: 1024,
        alone: false,
    }
}

/// Looks every name up as these addresses, one list after the other; the last one stays.
fn lookup(lists: &[&[&str]]) -> Lookup {
    let lists: Vec<Vec<IpAddr>> = lists
        .iter()
        .map(|list| {
            list.iter()
                .map(|address| address.parse().expect("it is one"))
                .collect()
        })
        .collect();
    let asked = AtomicUsize::new(0);
    Arc::new(move |_| {
        let at = asked.fetch_add(1, Ordering::SeqCst).min(lists.len() - 1);
        let found = lists[at]
            .iter()
            .map(|address| SocketAddr::new(*address, 0))
            .collect();
        Box::pin(std::future::ready(Ok(found)))
    })
}

fn answered(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Answered(answer) => answer,
        Outcome::NotSent(_) | Outcome::Unclear(_) => panic!("no answer: {outcome:?}"),
    }
}

fn not_sent(outcome: Outcome) -> NotSent {
    match outcome {
        Outcome::NotSent(reason) => reason,
        Outcome::Answered(_) | Outcome::Unclear(_) => panic!("it was sent: {outcome:?}"),
    }
}

fn unclear(outcome: Outcome) -> String {
    match outcome {
        Outcome::Unclear(reason) => reason,
        Outcome::Answered(_) | Outcome::NotSent(_) => panic!("it is clear: {outcome:?}"),
    }
}

fn refused(outcome: Outcome) -> Refusal {
    match not_sent(outcome) {
        NotSent::Refused(refusal) => refusal,
        other => panic!("it was not refused: {other}"),
    }
}
