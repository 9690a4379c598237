//! A merchant's endpoint that takes everything and remembers it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::process::pause;

/// The bodies by their `webhook-id`, each as often as it came.
type Bodies = BTreeMap<String, Vec<Value>>;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// Its `webhook-id`.
    pub(crate) id: String,
    /// Its bytes.
    pub(crate) body: Vec<u8>,
}

/// An endpoint on loopback; it listens as long as the process lives.
pub(crate) struct Sink {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Arrival>>>,
}

impl Sink {
    pub(crate) fn open() -> Sink {
        Sink::dawdling(Duration::ZERO)
    }

    /// One that takes so long to answer: its caller is in the middle of a call most of the time.
    pub(crate) fn dawdling(dawdles: Duration) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let came = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&came);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let came = Arc::clone(&theirs);
                std::thread::spawn(move || while take(&stream, &came, dawdles).is_some() {});
            }
        });
        Sink { address, came }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn bodies(&self) -> Bodies {
        let mut bodies = Bodies::new();
        for arrival in lock(&self.came).iter() {
            let body = serde_json::from_slice(&arrival.body).expect("it was read before");
            bodies.entry(arrival.id.clone()).or_default().push(body);
        }
        bodies
    }

    /// Everything in the order in which it came.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        lock(&self.came).clone()
    }

    /// How many requests came.
    pub(crate) fn count(&self) -> usize {
        lock(&self.came).len()
    }
}

fn lock(came: &Mutex<Vec<Arrival>>) -> MutexGuard<'_, Vec<Arrival>> {
    came.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes one request; `None` at the end of the connection.
fn take(stream: &TcpStream, came: &Mutex<Vec<Arrival>>, dawdles: Duration) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut id, mut length) = (String::new(), 0);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => id = value.trim().to_owned(),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice::<Value>(&body).ok()?;
    lock(came).push(Arrival { id, body });
    if !dawdles.is_zero() {
        pause(dawdles);
    }
    let mut stream = stream;
    let answer = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(answer).ok()
}
