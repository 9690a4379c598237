//! A merchant's endpoint that takes everything and remembers it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

/// What was told: the bodies by their `webhook-id`, each as often as it came.
type Told = BTreeMap<String, Vec<Value>>;

/// An endpoint on loopback; it listens as long as the process lives.
pub(crate) struct Sink {
    address: SocketAddr,
    told: Arc<Mutex<Told>>,
}

impl Sink {
    pub(crate) fn open() -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let told = Arc::new(Mutex::new(Told::new()));
        let theirs = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let told = Arc::clone(&theirs);
                std::thread::spawn(move || while take(&stream, &told).is_some() {});
            }
        });
        Sink { address, told }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn told(&self) -> Told {
        let told = self.told.lock();
        told.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes one request; `None` at the end of the connection.
fn take(stream: &TcpStream, told: &Mutex<Told>) -> Option<()> {
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
    let body = serde_json::from_slice(&body).ok()?;
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    told.entry(id).or_default().push(body);
    drop(told);
    let mut stream = stream;
    let answer = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(answer).ok()
}
