//! A server that looks at nothing: it answers every request alike, at the least cost there is. What a flood of requests
//! to it takes from a server beside it is the price of making and carrying the flood.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::BenchError;
use crate::load::connection::Target;

/// What it answers.
const ANSWER: &[u8] =
    b"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: 28\r\n\r\n\
    {\"code\":\"signature_invalid\"}";

/// Headers of a request at the most.
const HEADERS_MAX: usize = 32;

/// Listens until the process ends.
pub(super) fn open() -> Result<Target, BenchError> {
    let because =
        |error: &dyn std::fmt::Display| BenchError(format!("listen for a flood: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| because(&error))?;
    let listener = runtime
        .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .map_err(|error| because(&error))?;
    let address = listener.local_addr().map_err(|error| because(&error))?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
            }
        });
    });
    Target::new(address).map_err(|error| because(&error))
}

/// Answers one request after the other until the other side has gone.
async fn answer(mut stream: TcpStream) {
    // Nagle's algorithm would hold answers back; without it they only go out one by one.
    let _ = stream.set_nodelay(true);
    let mut bytes = Vec::with_capacity(4096);
    while stream.read_buf(&mut bytes).await.is_ok_and(|read| 0 < read) {
        while let Some(request) = request_bytes(&bytes) {
            bytes.drain(..request);
            if stream.write_all(ANSWER).await.is_err() {
                return;
            }
        }
    }
}

/// How long the request at the beginning is; nothing while it is not all there.
fn request_bytes(bytes: &[u8]) -> Option<usize> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(head)) = request.parse(bytes) else {
        return None;
    };
    let mut lengths = request.headers.iter();
    let length = lengths.find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    let whole = head + length.unwrap_or(0);
    (whole <= bytes.len()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::connection::Connection;

    #[test]
    fn a_request_is_over_where_its_body_is() {
        let request = b"POST / HTTP/1.1\r\nhost: h\r\nContent-Length: 3\r\n\r\nabc";
        for cut in 0..request.len() {
            assert_eq!(request_bytes(&request[..cut]), None, "{cut}");
        }
        let length = request.len();
        assert_eq!(request_bytes(request), Some(length));
        assert_eq!(request_bytes(&request.repeat(2)), Some(length));
        assert_eq!(request_bytes(b"GET / HTTP/1.1\r\n\r\n"), Some(18));
    }

    #[test]
    fn every_request_is_answered_as_a_forged_one_is() {
        let target = open().expect("it listens");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut connection = Connection::open(target).await.expect("it is there");
            for body in ["", "abc"] {
                let length = body.len();
                let request = format!("POST / HTTP/1.1\r\ncontent-length: {length}\r\n\r\n{body}");
                let answer = connection.exchange(request.as_bytes()).await;
                let answer = answer.expect("it answers");
                assert_eq!(answer.status, 401);
                assert_eq!(answer.body, b"{\"code\":\"signature_invalid\"}");
            }
        });
    }
}
