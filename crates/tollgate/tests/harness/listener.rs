//! A listener of the live stream, over a connection of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::home::ADMIN_KEY;

/// Longer than a message may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A message of the stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// A listener. As a client of HTTP/1.0 it gets the body as it is, up to the end of the connection.
pub(crate) struct Listener {
    reader: BufReader<TcpStream>,
    /// The id it goes on from, as a browser keeps it.
    pub(crate) last_id: Option<i64>,
}

impl Listener {
    /// Connects, and has read the position it starts at.
    #[track_caller]
    pub(crate) fn open(address: SocketAddr, query: &str, after: Option<i64>) -> Listener {
        let (status, mut listener) = Listener::ask(address, ADMIN_KEY, query, after);
        assert_eq!(status, 200);
        if after.is_none() {
            listener.until_id();
        }
        listener
    }

    /// Asks for the stream; the status of the answer.
    #[track_caller]
    pub(crate) fn ask(
        address: SocketAddr,
        key: &str,
        query: &str,
        after: Option<i64>,
    ) -> (u16, Listener) {
        let mut stream = TcpStream::connect(address).expect("the server takes connections");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a time-out can be set");
        let after = after.map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        let request = format!(
            "GET /v1/stream{query} HTTP/1.0\r\nhost: shop\r\nauthorization: Bearer {key}\r\n{after}\r\n"
        );
        stream
            .write_all(request.as_bytes())
            .expect("the server reads");
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).expect("the server answers");
        let status = line.split(' ').nth(1).and_then(|text| text.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {line:?}"));
        while line.trim_end() != "" {
            line.clear();
            reader.read_line(&mut line).expect("the head has an end");
        }
        let last_id = None;
        (status, Listener { reader, last_id })
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line.trim_end_matches('\n').to_owned()),
            // Cut off with something unread.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("the stream is silent: {error}"),
        }
    }

    /// Reads up to the first id.
    #[track_caller]
    fn until_id(&mut self) {
        while self.last_id.is_none() {
            let line = self.line().expect("the stream goes on");
            self.keep_id(&line);
        }
    }

    fn keep_id(&mut self, line: &str) {
        if let Some(id) = line.strip_prefix("id: ") {
            self.last_id = Some(id.parse().expect("an id is a position"));
        }
    }

    /// The next message; `None` at the end of the stream.
    pub(crate) fn next(&mut self) -> Option<Message> {
        let (mut kind, mut data) = (String::new(), String::new());
        loop {
            let line = self.line()?;
            self.keep_id(&line);
            if let Some(text) = line.strip_prefix("event: ") {
                kind = text.to_owned();
            } else if let Some(text) = line.strip_prefix("data: ") {
                data = text.to_owned();
            } else if line.is_empty() && !data.is_empty() {
                return Some(Message {
                    id: self.last_id.expect("a message has an id"),
                    kind,
                    data: serde_json::from_str(&data).expect("a message is JSON"),
                });
            } else if line.is_empty() {
                kind.clear();
            }
        }
    }

    /// The next message of a stream that goes on.
    #[track_caller]
    pub(crate) fn hear(&mut self) -> Message {
        self.next().expect("the stream goes on")
    }

    /// The next message about what an order's customer does: not when it is complete, which is when
    /// workers have had time for it.
    #[track_caller]
    pub(crate) fn hear_of_order(&mut self) -> Message {
        loop {
            let message = self.hear();
            if ["order.created", "order.paid", "reset"].contains(&message.kind.as_str()) {
                return message;
            }
        }
    }

    /// Reads whatever comes up to the end of the stream.
    pub(crate) fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.reader.read_to_end(&mut rest);
        rest
    }
}
