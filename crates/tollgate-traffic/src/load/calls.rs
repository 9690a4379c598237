//! One HTTP/2 connection that carries a call of gRPC at a time.
//!
//! As little as a server of ours needs to be spoken to, so that the load costs about what it costs over HTTP/1.1: the
//! headers of a request are encoded when it is written, those of an answer are not looked into. An answer is good if
//! it has a message; a refusal has none.

use std::time::Duration;

use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_proto::Words;
use tollgate_proto::v1::{Order, OrderStatus};

use super::connection::{Answer, ExchangeError, Target};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The kinds of frames (RFC 9113, 6) that are told apart.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// Before each frame: the length of what is in it, its kind, its flags, its stream.
const HEAD_BYTES: usize = 9;
/// No frame is longer unless that was agreed.
const FRAME_BYTES_MAX: usize = 16 << 10;
/// Before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;
/// The streams of one connection; then comes another one.
const STREAM_MAX: u32 = (1 << 31) - 1;

/// What an order that was made counts as, so that answers are counted as those of REST are.
const MADE: u16 = 201;
/// What a call without a message counts as.
const REFUSED: u16 = 400;

/// A connection of calls.
pub(crate) struct Calls {
    stream: TcpStream,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    /// The text that an answer is counted by.
    word: Vec<u8>,
    next: u32,
    open: bool,
}

impl Calls {
    /// Connects to a server on this machine.
    pub(crate) async fn open(target: Target) -> std::io::Result<Calls> {
        let stream = TcpStream::connect(target.address()).await?;
        stream.set_nodelay(true)?;
        let mut outgoing = PREFACE.to_vec();
        // Headers of answers need no table, since nobody reads them.
        let no_table = [0, 1, 0, 0, 0, 0];
        frame(&mut outgoing, SETTINGS, 0, 0, &no_table);
        Ok(Calls {
            stream,
            incoming: Vec::with_capacity(4096),
            outgoing,
            word: Vec::new(),
            next: 1,
            open: true,
        })
    }

    /// The server takes another call on this connection.
    pub(crate) fn is_open(&self) -> bool {
        self.open && self.next < STREAM_MAX
    }

    /// Makes a call that [`write_call`] has written, within a time. After an error the connection is of no use.
    pub(crate) async fn exchange_within(
        &mut self,
        request: &[u8],
        limit: Duration,
    ) -> Result<Answer<'_>, ExchangeError> {
        let passed = match tokio::time::timeout(limit, self.pass(request)).await {
            Ok(passed) => passed,
            Err(_) => Err(ExchangeError::TimedOut(limit)),
        };
        match passed {
            Ok(status) => Ok(Answer {
                status,
                body: &self.word,
            }),
            Err(error) => {
                self.open = false;
                Err(error)
            }
        }
    }

    async fn pass(&mut self, request: &[u8]) -> Result<u16, ExchangeError> {
        let id = self.next;
        self.next += 2;
        let (headers, message) = split(request);
        frame(&mut self.outgoing, HEADERS, END_HEADERS, id, headers);
        frame(&mut self.outgoing, DATA, END_STREAM, id, message);
        self.flush().await?;
        let mut message = Vec::new();
        loop {
            if self.take(id, &mut message)? {
                break;
            }
            // What a frame asks for goes out before the next one is waited for.
            self.flush().await?;
            if self.stream.read_buf(&mut self.incoming).await? == 0 {
                return Err(ExchangeError::Closed);
            }
        }
        self.word.clear();
        if message.is_empty() {
            return Ok(REFUSED);
        }
        let order = message
            .get(PREFIX_BYTES..)
            .and_then(|bytes| Order::decode(bytes).ok());
        let order = order.ok_or(ExchangeError::Surplus)?;
        let status = OrderStatus::word(order.status).unwrap_or_default();
        self.word
            .extend_from_slice(format!("\"status\":\"{status}\"").as_bytes());
        Ok(MADE)
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        if !self.outgoing.is_empty() {
            self.stream.write_all(&self.outgoing).await?;
            self.outgoing.clear();
        }
        Ok(())
    }

    /// Takes the frames that have come whole; `true` once the stream has ended.
    fn take(&mut self, id: u32, message: &mut Vec<u8>) -> Result<bool, ExchangeError> {
        let mut from = 0;
        let mut ended = false;
        while let Some(head) = self.incoming.get(from..from + HEAD_BYTES) {
            let length =
                usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let (kind, flags) = (head[3], head[4]);
            let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
            if FRAME_BYTES_MAX < length {
                return Err(ExchangeError::Surplus);
            }
            let start = from + HEAD_BYTES;
            let Some(payload) = self.incoming.get(start..start + length) else {
                break;
            };
            match kind {
                DATA if stream == id => {
                    message.extend_from_slice(payload);
                    // The connection's window stays as wide as it was; that of the stream goes with it.
                    if !payload.is_empty() {
                        let more = u32::try_from(length).unwrap_or_default().to_be_bytes();
                        frame(&mut self.outgoing, WINDOW_UPDATE, 0, 0, &more);
                    }
                    ended |= flags & END_STREAM != 0;
                }
                HEADERS if stream == id => ended |= flags & END_STREAM != 0,
                RST_STREAM if stream == id => return Err(ExchangeError::Closed),
                SETTINGS if flags & ACK == 0 => frame(&mut self.outgoing, SETTINGS, ACK, 0, &[]),
                PING if flags & ACK == 0 => {
                    let payload = payload.to_vec();
                    frame(&mut self.outgoing, PING, ACK, 0, &payload);
                }
                GOAWAY => self.open = false,
                _ => {}
            }
            from = start + length;
        }
        self.incoming.drain(..from);
        Ok(ended)
    }
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len())
        .unwrap_or(u32::MAX)
        .to_be_bytes();
    out.extend_from_slice(&length[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// The two parts of a call that was written.
fn split(request: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = request.split_at(4);
    let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]);
    rest.split_at(length as usize)
}

/// Writes a call: the length of its headers as they are encoded, these, and the message.
pub(crate) fn write_call<'a>(
    out: &mut Vec<u8>,
    path: &str,
    host: &str,
    metadata: impl IntoIterator<Item = (&'a str, &'a str)>,
    message: &impl Message,
) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    // From the static table (RFC 7541, Appendix A): POST, http, and the names of the path and the authority.
    out.extend_from_slice(&[0x83, 0x86, 0x04]);
    text(out, path);
    out.push(0x01);
    text(out, host);
    let fixed = [("te", "trailers"), ("content-type", "application/grpc")];
    for (name, value) in fixed.into_iter().chain(metadata) {
        // Not indexed, with a new name.
        out.push(0x00);
        text(out, name);
        text(out, value);
    }
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    out.push(0);
    let length = u32::try_from(message.encoded_len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    message.encode(out).expect("a vector has room");
}

/// A text without Huffman's code: its length, in seven bits and more where they are not enough, and itself.
fn text(out: &mut Vec<u8>, text: &str) {
    const MOST: usize = 127;
    match text.len() {
        short if short < MOST => out.push(short as u8),
        long => {
            out.push(MOST as u8);
            let mut rest = long - MOST;
            while 128 <= rest {
                out.push((rest % 128) as u8 | 128);
                rest /= 128;
            }
            out.push(rest as u8);
        }
    }
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_its_length_before_it() {
        for (length, expected) in [
            (0, &[0][..]),
            (126, &[126]),
            (127, &[127, 0]),
            (128, &[127, 1]),
            (254, &[127, 127]),
            (255, &[127, 128, 1]),
            (1337 + 127, &[127, 185, 10]),
        ] {
            let mut out = Vec::new();
            text(&mut out, &"x".repeat(length));
            assert_eq!(
                out.strip_suffix("x".repeat(length).as_bytes()),
                Some(expected),
                "{length}"
            );
        }
    }

    #[test]
    fn a_call_comes_apart_as_it_was_written() {
        let mut out = Vec::new();
        let order = Order {
            code: "A".to_owned(),
            ..Order::default()
        };
        write_call(
            &mut out,
            "/s/m",
            "h",
            [("authorization", "Bearer k")],
            &order,
        );
        let (headers, message) = split(&out);
        assert_eq!(
            headers,
            b"\x83\x86\x04\x04/s/m\x01\x01h\x00\x02te\x08trailers\
              \x00\x0ccontent-type\x10application/grpc\x00\x0dauthorization\x08Bearer k"
        );
        assert_eq!(message[..5], [0, 0, 0, 0, 3]);
        assert_eq!(Order::decode(&message[5..]).expect("it is one"), order);
    }
}
