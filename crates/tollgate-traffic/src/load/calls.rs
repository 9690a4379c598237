//! One HTTP/2 connection that carries many calls of gRPC at a time, as clients of gRPC do: what is asked at once goes out
//! in one write, and one read takes all answers that have come.
//!
//! As little as a server needs to be spoken to, so that the load costs about what it costs over HTTP/1.1: the headers of
//! an answer are not looked into. An answer is good if it has a message; a refusal has none.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_proto::Words;
use tollgate_proto::v1::OrderStatus;

use super::connection::{Answer, ExchangeError, Target};
use super::fields::{Fields, Kept};

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
const PADDED: u8 = 8;
const ACK: u8 = 1;

/// What is set (RFC 9113, 6.5.2).
const HEADER_TABLE_SIZE: u16 = 1;
const ENABLE_PUSH: u16 = 2;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// Before each frame: the length of what is in it, its kind, its flags, its stream.
const HEAD_BYTES: usize = 9;
/// No frame is longer unless that was agreed.
const FRAME_BYTES_MAX: usize = 16 << 10;
/// Before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;
/// The streams of one connection; then comes another one.
const STREAM_MAX: u32 = (1 << 31) - 1;

/// What a side may send of one stream and of a connection before it is told that there is room for more.
const WINDOW: u32 = 65_535;
/// What we take: an answer whole, and of all answers together so much that the server is seldom told of room.
const ANSWER_BYTES_MAX: usize = 1 << 20;
const TAKEN_MAX: u32 = 4 << 20;

/// What an order that was made counts as, so that answers are counted as those of REST are.
const MADE: u16 = 201;
/// What a call without a message counts as.
const REFUSED: u16 = 400;

/// A connection of calls.
pub(crate) struct Calls {
    stream: TcpStream,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    /// How much of `outgoing` is written.
    written: usize,
    fields: Fields,
    next: u32,
    open: bool,
    /// The server has said how it wants to be spoken to.
    is_agreed: bool,
    /// How many calls it takes at a time.
    most: usize,
    /// What it takes of all calls before it says that there is room again, and of one.
    window: i64,
    window_of_call: i64,
    /// The calls under way, in the order in which they were begun.
    under_way: VecDeque<Call>,
    /// What of messages finds no room in the windows yet.
    unsent: VecDeque<Unsent>,
    /// What has come since the server was told of room.
    taken: u32,
    word: Word,
}

/// A call that waits for its answer.
struct Call {
    id: u32,
    /// What its latency counts from, and when it went out.
    begun: Instant,
    sent: Instant,
    message: Vec<u8>,
}

/// The rest of a message.
struct Unsent {
    id: u32,
    rest: Vec<u8>,
    window: i64,
}

/// The text that the latest answer is counted by.
#[derive(Default)]
struct Word {
    status: Option<i32>,
    text: Vec<u8>,
}

/// What of an order answers are counted by; the rest of its message is passed over.
#[derive(Clone, PartialEq, Message)]
struct Standing {
    #[prost(int32, tag = "3")]
    status: i32,
}

impl Calls {
    /// Connects to a server on this machine that takes so many calls at a time on one connection, and waits for it to
    /// say so.
    pub(crate) async fn open(
        target: Target,
        calls: usize,
        limit: Duration,
    ) -> Result<Calls, ExchangeError> {
        let stream = TcpStream::connect(target.address()).await?;
        stream.set_nodelay(true)?;
        let mut outgoing = PREFACE.to_vec();
        let mut wanted = Vec::new();
        for (name, value) in [
            (ENABLE_PUSH, 0),
            (INITIAL_WINDOW_SIZE, ANSWER_BYTES_MAX as u32),
        ] {
            wanted.extend_from_slice(&name.to_be_bytes());
            wanted.extend_from_slice(&value.to_be_bytes());
        }
        frame(&mut outgoing, SETTINGS, 0, 0, &wanted);
        more_room(&mut outgoing, TAKEN_MAX - WINDOW);
        let mut opened = Calls {
            stream,
            incoming: Vec::with_capacity(FRAME_BYTES_MAX),
            outgoing,
            written: 0,
            fields: Fields::default(),
            next: 1,
            open: true,
            is_agreed: false,
            most: usize::MAX,
            window: i64::from(WINDOW),
            window_of_call: i64::from(WINDOW),
            under_way: VecDeque::new(),
            unsent: VecDeque::new(),
            taken: 0,
            word: Word::default(),
        };
        let agreeing = async {
            while !opened.is_agreed {
                opened.listen(&mut |_, _| ()).await?;
            }
            Ok::<(), ExchangeError>(())
        };
        match tokio::time::timeout(limit, agreeing).await {
            Ok(agreed) => agreed?,
            Err(_) => return Err(ExchangeError::TimedOut(limit)),
        }
        match calls <= opened.most {
            true => Ok(opened),
            false => Err(ExchangeError::TooFewStreams(opened.most)),
        }
    }

    /// The server takes another call on this connection.
    pub(crate) fn is_open(&self) -> bool {
        self.open && self.next < STREAM_MAX
    }

    /// How many calls are under way.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Begins a call that [`write_call`] has written; it goes out with the next [`Calls::exchange`]. Its latency counts
    /// from `begun`.
    pub(crate) fn begin(&mut self, request: &[u8], begun: Instant) {
        let id = self.next;
        self.next += 2;
        let (fields, message) = split(request);
        let start = self.outgoing.len();
        frame(&mut self.outgoing, HEADERS, END_HEADERS, id, &[]);
        self.fields.begin(&mut self.outgoing);
        for (name, value, kept) in listed(fields) {
            self.fields.write(&mut self.outgoing, name, value, kept);
        }
        // Ours are a few hundred bytes: they never need a second frame.
        let length = self.outgoing.len() - start - HEAD_BYTES;
        self.outgoing[start..start + 3].copy_from_slice(&length_bytes(length));
        let most = self.window.min(self.window_of_call);
        if i64::try_from(message.len()).is_ok_and(|bytes| bytes <= most)
            && message.len() <= FRAME_BYTES_MAX
            && self.unsent.is_empty()
        {
            self.window -= message.len() as i64;
            frame(&mut self.outgoing, DATA, END_STREAM, id, message);
        } else {
            self.unsent.push_back(Unsent {
                id,
                rest: message.to_vec(),
                window: self.window_of_call,
            });
            self.send_unsent();
        }
        self.under_way.push_back(Call {
            id,
            begun,
            sent: Instant::now(),
            message: Vec::new(),
        });
    }

    /// Sends what waits, and takes what comes next. `each` is handed every call that has ended by it, with the moment
    /// its latency counts from. It may be given up at any point and asked again. After an error the connection is of no
    /// use any more; what became of its calls [`Calls::give_up`] says.
    pub(crate) async fn exchange(
        &mut self,
        limit: Duration,
        each: &mut impl FnMut(Instant, Result<Answer<'_>, ExchangeError>),
    ) -> Result<(), ExchangeError> {
        let until = self.under_way.front().map(|call| call.sent + limit);
        let listening = self.listen(each);
        let heard = match until {
            None => listening.await,
            Some(until) => match tokio::time::timeout_at(until.into(), listening).await {
                Ok(heard) => heard,
                Err(_) => Err(ExchangeError::TimedOut(limit)),
            },
        };
        self.open &= heard.is_ok();
        heard
    }

    /// The moments from which the latencies of those calls count that will not be answered.
    pub(crate) fn give_up(&mut self) -> impl Iterator<Item = Instant> {
        self.unsent.clear();
        self.under_way.drain(..).map(|call| call.begun)
    }

    async fn listen(
        &mut self,
        each: &mut impl FnMut(Instant, Result<Answer<'_>, ExchangeError>),
    ) -> Result<(), ExchangeError> {
        while self.written < self.outgoing.len() {
            let written = self.stream.write(&self.outgoing[self.written..]).await?;
            if written == 0 {
                return Err(ExchangeError::Closed);
            }
            self.written += written;
        }
        self.outgoing.clear();
        self.written = 0;
        if self.stream.read_buf(&mut self.incoming).await? == 0 {
            return Err(ExchangeError::Closed);
        }
        let incoming = std::mem::take(&mut self.incoming);
        let taken = self.take(&incoming, each);
        self.incoming = incoming;
        self.incoming.drain(..taken?);
        Ok(())
    }

    /// Takes the frames that have come whole; how many bytes they are.
    fn take(
        &mut self,
        incoming: &[u8],
        each: &mut impl FnMut(Instant, Result<Answer<'_>, ExchangeError>),
    ) -> Result<usize, ExchangeError> {
        let mut from = 0;
        while let Some(head) = incoming.get(from..from + HEAD_BYTES) {
            let length =
                usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let (kind, flags) = (head[3], head[4]);
            let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
            if FRAME_BYTES_MAX < length {
                return Err(ExchangeError::Surplus);
            }
            let start = from + HEAD_BYTES;
            let Some(payload) = incoming.get(start..start + length) else {
                break;
            };
            self.take_frame(kind, flags, stream, payload, each)?;
            from = start + length;
        }
        Ok(from)
    }

    fn take_frame(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
        each: &mut impl FnMut(Instant, Result<Answer<'_>, ExchangeError>),
    ) -> Result<(), ExchangeError> {
        match kind {
            DATA => {
                // What was sent counts, whoever it was for.
                self.taken += payload.len() as u32;
                if TAKEN_MAX / 2 <= self.taken {
                    more_room(&mut self.outgoing, std::mem::take(&mut self.taken));
                }
                let data = unpadded(flags, payload)?;
                if let Some(place) = self.place(stream) {
                    let message = &mut self.under_way[place].message;
                    if ANSWER_BYTES_MAX < message.len() + data.len() {
                        return Err(ExchangeError::Surplus);
                    }
                    message.extend_from_slice(data);
                    if flags & END_STREAM != 0 {
                        self.end(place, each);
                    }
                }
            }
            HEADERS if flags & END_STREAM != 0 => {
                if let Some(place) = self.place(stream) {
                    self.end(place, each);
                }
            }
            RST_STREAM => {
                if let Some(place) = self.place(stream) {
                    self.break_off(place, each);
                }
            }
            SETTINGS if flags & ACK == 0 => {
                for setting in payload.chunks_exact(6) {
                    let name = u16::from_be_bytes([setting[0], setting[1]]);
                    let value = four_bytes(&setting[2..])?;
                    self.set(name, value);
                }
                frame(&mut self.outgoing, SETTINGS, ACK, 0, &[]);
                self.is_agreed = true;
                self.send_unsent();
            }
            PING if flags & ACK == 0 => frame(&mut self.outgoing, PING, ACK, 0, payload),
            GOAWAY => {
                self.open = false;
                // Those behind the last one that it has looked at are not answered any more.
                let last = four_bytes(payload)? & STREAM_MAX;
                while self.under_way.back().is_some_and(|call| last < call.id) {
                    self.break_off(self.under_way.len() - 1, each);
                }
            }
            WINDOW_UPDATE => {
                let more = i64::from(four_bytes(payload)? & STREAM_MAX);
                let unsent = self.unsent.iter_mut().find(|unsent| unsent.id == stream);
                match (stream, unsent) {
                    (0, _) => self.window += more,
                    (_, Some(unsent)) => unsent.window += more,
                    (_, None) => {}
                }
                self.send_unsent();
            }
            _ => {}
        }
        Ok(())
    }

    fn set(&mut self, name: u16, value: u32) {
        match name {
            HEADER_TABLE_SIZE => self.fields.limit(value as usize),
            MAX_CONCURRENT_STREAMS => self.most = value as usize,
            INITIAL_WINDOW_SIZE => {
                // It holds for those that are under way, too (RFC 9113, 6.9.2).
                let wider = i64::from(value) - self.window_of_call;
                self.window_of_call += wider;
                for unsent in &mut self.unsent {
                    unsent.window += wider;
                }
            }
            _ => {}
        }
    }

    /// Sends of what waits for room as much as there is room for.
    fn send_unsent(&mut self) {
        for unsent in &mut self.unsent {
            loop {
                let most = self.window.min(unsent.window).max(0) as usize;
                let piece = unsent.rest.len().min(most).min(FRAME_BYTES_MAX);
                if piece == 0 {
                    break;
                }
                self.window -= piece as i64;
                unsent.window -= piece as i64;
                let rest = unsent.rest.split_off(piece);
                let flags = if rest.is_empty() { END_STREAM } else { 0 };
                frame(&mut self.outgoing, DATA, flags, unsent.id, &unsent.rest);
                unsent.rest = rest;
            }
        }
        self.unsent.retain(|unsent| !unsent.rest.is_empty());
    }

    /// Where a stream stands among those under way; most answers come in the order of the calls.
    fn place(&self, stream: u32) -> Option<usize> {
        self.under_way.iter().position(|call| call.id == stream)
    }

    /// A call was answered.
    fn end(
        &mut self,
        place: usize,
        each: &mut impl FnMut(Instant, Result<Answer<'_>, ExchangeError>),
    ) {
        let Some(call) = self.forget(place) else {
            return;
        };
        if call.message.is_empty() {
            let refused = Answer {
                status: REFUSED,
                body: &[],
            };
            return each(call.begun, Ok(refused));
        }
        match standing(&call.message) {
            Some(standing) => {
                let body = self.word.of(standing.status);
                each(call.begun, Ok(Answer { status: MADE, body }));
            }
            None => each(call.begun, Err(ExchangeError::Surplus)),
        }
    }

    /// A call is not answered any more.
    fn break_off(
        &mut self,
        place: usize,
        each: &mut impl FnMut(Instant, Result<Answer<'_>, ExchangeError>),
    ) {
        if let Some(call) = self.forget(place) {
            each(call.begun, Err(ExchangeError::Closed));
        }
    }

    fn forget(&mut self, place: usize) -> Option<Call> {
        let call = self.under_way.remove(place)?;
        self.unsent.retain(|unsent| unsent.id != call.id);
        Some(call)
    }
}

impl Word {
    /// The text by which orders of this status are counted, as it stands in their documents.
    fn of(&mut self, status: i32) -> &[u8] {
        if self.status != Some(status) {
            let word = OrderStatus::word(status).unwrap_or_default();
            self.text = format!("\"status\":\"{word}\"").into_bytes();
            self.status = Some(status);
        }
        &self.text
    }
}

/// The one message of an answer; nothing if it is none, or not alone.
fn standing(message: &[u8]) -> Option<Standing> {
    let (prefix, message) = message.split_at_checked(PREFIX_BYTES)?;
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]);
    let is_whole = prefix[0] == 0 && usize::try_from(length) == Ok(message.len());
    is_whole.then(|| Standing::decode(message).ok()).flatten()
}

/// What of a frame with padding is data.
fn unpadded(flags: u8, payload: &[u8]) -> Result<&[u8], ExchangeError> {
    if flags & PADDED == 0 {
        return Ok(payload);
    }
    let (padding, rest) = payload.split_first().ok_or(ExchangeError::Surplus)?;
    let length = rest.len().checked_sub(usize::from(*padding));
    length
        .map(|length| &rest[..length])
        .ok_or(ExchangeError::Surplus)
}

fn four_bytes(bytes: &[u8]) -> Result<u32, ExchangeError> {
    match bytes {
        [a, b, c, d, ..] => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => Err(ExchangeError::Surplus),
    }
}

fn length_bytes(length: usize) -> [u8; 3] {
    let [_, high, middle, low] = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    [high, middle, low]
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.extend_from_slice(&length_bytes(payload.len()));
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// There is so much more room on the connection.
fn more_room(out: &mut Vec<u8>, bytes: u32) {
    frame(out, WINDOW_UPDATE, 0, 0, &bytes.to_be_bytes());
}

/// The two parts of a call that was written.
fn split(request: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = request.split_at(4);
    let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]);
    rest.split_at(length as usize)
}

/// The fields of a call that was written.
fn listed(mut fields: &[u8]) -> impl Iterator<Item = (&[u8], &[u8], Kept)> {
    std::iter::from_fn(move || {
        let (head, rest) = fields.split_at_checked(5)?;
        let name = usize::from(u16::from_be_bytes([head[1], head[2]]));
        let value = usize::from(u16::from_be_bytes([head[3], head[4]]));
        let kept = match head[0] {
            0 => Kept::Own,
            _ => Kept::Same,
        };
        let (name, rest) = rest.split_at(name);
        let (value, rest) = rest.split_at(value);
        fields = rest;
        Some((name, value, kept))
    })
}

/// Writes a call: the length of its fields, these, and the message. The fields are encoded when it is sent, since how
/// they are depends on the calls before it. `own` are those that no other call has with the same value.
pub(crate) fn write_call(
    out: &mut Vec<u8>,
    path: &str,
    host: &str,
    same: &[(&str, &str)],
    own: &[(&str, &str)],
    message: &impl Message,
) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    let fixed = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", host),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ];
    let same = fixed.iter().chain(same).map(|field| (field, 1));
    for ((name, value), kept) in same.chain(own.iter().map(|field| (field, 0))) {
        out.push(kept);
        for text in [name, value] {
            let length = u16::try_from(text.len()).expect("a header of ours is short");
            out.extend_from_slice(&length.to_be_bytes());
        }
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(value.as_bytes());
    }
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    out.push(0);
    let length = u32::try_from(message.encoded_len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    message.encode(out).expect("a vector has room");
}

#[cfg(test)]
mod tests;
