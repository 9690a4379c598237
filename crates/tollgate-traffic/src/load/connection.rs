//! One keep-alive HTTP/1.1 connection and the bytes that go over it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::response::{self, Head, Unreadable};

/// A server on this machine. Load goes nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target(SocketAddr);

/// The address is not on this machine.
#[derive(Debug, thiserror::Error)]
#[error("send load to {0}: only loopback addresses are taken, so that no one else is burdened")]
pub struct NotLoopback(SocketAddr);

impl Target {
    /// Takes a loopback address; any other is refused.
    pub fn new(address: SocketAddr) -> Result<Target, NotLoopback> {
        if address.ip().to_canonical().is_loopback() {
            Ok(Target(address))
        } else {
            Err(NotLoopback(address))
        }
    }

    /// The address.
    pub fn address(self) -> SocketAddr {
        self.0
    }
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    /// The connection broke, or never came about.
    #[error("exchange a request: {0}")]
    Io(#[from] std::io::Error),
    /// What came is no answer.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The server closed the connection instead of answering.
    #[error("exchange a request: the server closed the connection before its answer was complete")]
    Closed,
    /// More bytes came than the answer has.
    #[error("exchange a request: more came back than one answer")]
    Surplus,
    /// Fewer calls at a time than are wanted.
    #[error(
        "exchange a request: the server takes no more than {0} calls at a time on one connection"
    )]
    TooFewStreams(usize),
    /// No answer in time.
    #[error("exchange a request: no answer within {0:?}")]
    TimedOut(Duration),
}

/// One answer, read completely.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: &'a [u8],
}

/// A connection that carries one request at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    keep_alive: bool,
}

impl Connection {
    /// Connects to a server on this machine.
    pub(crate) async fn open(target: Target) -> std::io::Result<Connection> {
        Connection::over(TcpStream::connect(target.0).await?)
    }

    /// Takes a connection that is there.
    pub(crate) fn over(stream: TcpStream) -> std::io::Result<Connection> {
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            buffer: Vec::with_capacity(4096),
            keep_alive: true,
        })
    }

    /// The server takes another request on this connection.
    pub(crate) fn is_open(&self) -> bool {
        self.keep_alive
    }

    /// Sends a request and reads its answer. After an error the connection is of no use any more.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, ExchangeError> {
        let head = match self.pass(request).await {
            Ok(head) => head,
            Err(error) => {
                self.keep_alive = false;
                return Err(error);
            }
        };
        self.keep_alive = head.keep_alive;
        let body = &self.buffer[head.head_bytes..][..head.body_bytes];
        Ok(Answer {
            status: head.status,
            body,
        })
    }

    /// The same, within a time.
    pub(crate) async fn exchange_within(
        &mut self,
        request: &[u8],
        limit: Duration,
    ) -> Result<Answer<'_>, ExchangeError> {
        match tokio::time::timeout(limit, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(ExchangeError::TimedOut(limit)),
        }
    }

    async fn pass(&mut self, request: &[u8]) -> Result<Head, ExchangeError> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let mut head: Option<Head> = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ExchangeError::Closed);
            }
            if head.is_none() {
                head = response::read_head(&self.buffer)?;
            }
            if let Some(head) = head {
                let whole = head.head_bytes + head.body_bytes;
                if self.buffer.len() == whole {
                    return Ok(head);
                }
                if self.buffer.len() > whole {
                    return Err(ExchangeError::Surplus);
                }
            }
        }
    }
}

/// Writes a request. `headers` come after `host` and before `content-length`, as they are.
pub(crate) fn write_request<'a>(
    out: &mut Vec<u8>,
    method: &str,
    path: &str,
    host: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: &[u8],
) {
    for part in [method, " ", path, " HTTP/1.1\r\nhost: ", host, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    for (name, value) in headers {
        for part in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    if !(body.is_empty() && method == "GET") {
        out.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_a_target() {
        for (address, taken) in [
            ("127.0.0.1:80", true),
            ("127.8.0.1:80", true),
            ("[::1]:80", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("0.0.0.0:80", false),
            ("10.0.0.1:80", false),
            ("192.0.2.1:80", false),
            ("[2001:db8::1]:80", false),
        ] {
            let address = address.parse().expect("the table holds addresses");
            assert_eq!(Target::new(address).is_ok(), taken, "{address}");
        }
    }

    #[test]
    fn a_request_as_it_goes_out() {
        let mut out = Vec::new();
        write_request(&mut out, "POST", "/x", "h", [("a", "b")], b"{}");
        assert_eq!(
            out,
            b"POST /x HTTP/1.1\r\nhost: h\r\na: b\r\ncontent-length: 2\r\n\r\n{}"
        );
        out.clear();
        write_request(&mut out, "GET", "/x", "h", [], b"");
        assert_eq!(out, b"GET /x HTTP/1.1\r\nhost: h\r\n\r\n");
    }

    /// Answers every request with the next of `answers`, in pieces of `piece` bytes, then closes.
    async fn server(answers: Vec<&'static str>, piece: usize) -> Target {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("the test connects");
            for answer in answers {
                let mut seen = Vec::new();
                while !seen.ends_with(b"\r\n\r\n") {
                    if stream.read_buf(&mut seen).await.expect("the test writes") == 0 {
                        return;
                    }
                }
                for piece in answer.as_bytes().chunks(piece) {
                    stream.write_all(piece).await.expect("the test reads");
                    stream.flush().await.expect("the test reads");
                    tokio::task::yield_now().await;
                }
            }
        });
        Target::new(address).expect("it is loopback")
    }

    #[tokio::test]
    async fn answers_are_read_in_whatever_pieces_they_come() {
        let answers = vec![
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
            "HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ];
        for piece in [1, 7, 1000] {
            let target = server(answers.clone(), piece).await;
            let mut connection = Connection::open(target).await.expect("it listens");
            let answer = connection
                .exchange(b"GET / HTTP/1.1\r\n\r\n")
                .await
                .expect("it answers");
            assert_eq!((answer.status, answer.body), (200, &b"hello"[..]));
            let answer = connection
                .exchange(b"GET / HTTP/1.1\r\n\r\n")
                .await
                .expect("it answers");
            assert_eq!((answer.status, answer.body), (409, &b""[..]));
            assert!(!connection.is_open());
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_short_or_too_long_is_an_error() {
        let target = server(
            vec!["HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello"],
            1000,
        )
        .await;
        let mut connection = Connection::open(target).await.expect("it listens");
        let error = connection
            .exchange(b"GET / HTTP/1.1\r\n\r\n")
            .await
            .expect_err("it is cut");
        assert!(matches!(error, ExchangeError::Closed), "{error}");
        let target = server(
            vec!["HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nhello"],
            1000,
        )
        .await;
        let mut connection = Connection::open(target).await.expect("it listens");
        let error = connection
            .exchange(b"GET / HTTP/1.1\r\n\r\n")
            .await
            .expect_err("too long");
        assert!(matches!(error, ExchangeError::Surplus), "{error}");
        assert!(!connection.is_open());
    }
}
