//! Messages as Server-Sent Events: what they are about, and their bytes.

use bytes::Bytes;
use serde_json::json;
use tollgate_core::time::Timestamp;
use tollgate_core::timeline::{EntryKind, Topic};
use tollgate_core::word::Word;
use tollgate_store::FeedLine;

use crate::render;
use crate::time_text::rfc3339;

/// Some of the topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TopicSet(u8);

impl TopicSet {
    /// All of them.
    pub(crate) const ALL: TopicSet = TopicSet(u8::MAX);

    /// These.
    pub(crate) fn of(topics: impl IntoIterator<Item = Topic>) -> TopicSet {
        let bits = topics.into_iter().map(|topic| 1 << topic as u8);
        TopicSet(bits.fold(0, |all, bit: u8| all | bit))
    }

    /// Reads words with commas between them; none is all.
    pub(crate) fn read(words: &str) -> Option<TopicSet> {
        let known = |word: &str| Topic::of(word.trim());
        let topics: Option<Vec<Topic>> = words.split(',').map(known).collect();
        topics.map(TopicSet::of)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn meets(self, other: TopicSet) -> bool {
        self.0 & other.0 != 0
    }
}

/// What is told about one entry of the feed. Its bytes are written once for all who hear it.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) position: i64,
    pub(super) topics: TopicSet,
    pub(super) bytes: Bytes,
}

impl Message {
    /// `None`: the entry is under no topic.
    pub(super) fn of(told: &FeedLine) -> Option<Message> {
        let kind = &told.line.kind;
        let topics = EntryKind::of(kind).map_or(&[][..], EntryKind::topics);
        let topics = TopicSet::of(topics.iter().copied());
        if topics.is_empty() {
            return None;
        }
        let position = told.line.position;
        Some(Message {
            position,
            topics,
            bytes: event(position, kind, &render::notice(told)),
        })
    }
}

/// One event. JSON has no line breaks outside of its escapes, so it is one line of data.
fn event(position: i64, kind: &str, data: &[u8]) -> Bytes {
    let mut bytes = format!("id: {position}\nevent: {kind}\ndata: ").into_bytes();
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(b"\n\n");
    Bytes::from(bytes)
}

/// What came before this position is not to be had any more. Who goes on from its id misses nothing
/// from there on.
pub(super) fn reset(first: i64, now: Timestamp) -> Bytes {
    let position = first - 1;
    let body = json!({
        "type": "reset",
        "timestamp": rfc3339(now),
        "position": position,
        "data": { "first_position": first },
    });
    event(position, "reset", body.to_string().as_bytes())
}

/// A comment, so that whoever stands between sees the connection live, and the position that was
/// reached: an id without data is no message, but a browser keeps it, and goes on from there.
pub(super) fn beat(position: i64) -> Bytes {
    Bytes::from(format!(":\nid: {position}\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read_by_their_words() {
        let two = TopicSet::read("orders, alerts").expect("they are known");
        assert!(two.meets(TopicSet::of([Topic::Alerts])));
        assert!(!two.meets(TopicSet::of([Topic::Payments, Topic::Events])));
        for bad in ["", "orders,", "Orders", "order"] {
            assert_eq!(TopicSet::read(bad), None, "{bad:?}");
        }
        for topic in Topic::ALL {
            assert_eq!(TopicSet::read(topic.word()), Some(TopicSet::of([*topic])));
        }
    }

    #[test]
    fn events_are_written_as_the_standard_reads_them() {
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).expect("it is text");
        assert_eq!(
            text(event(7, "order.paid", br#"{"a":"b\nc"}"#)),
            "id: 7\nevent: order.paid\ndata: {\"a\":\"b\\nc\"}\n\n"
        );
        assert_eq!(text(beat(7)), ":\nid: 7\n\n");
        let now = Timestamp::from_millis(1_769_076_000_000);
        assert_eq!(
            text(reset(8, now)),
            "id: 7\nevent: reset\ndata: {\"data\":{\"first_position\":8},\"position\":7,\
             \"timestamp\":\"2026-01-22T10:00:00Z\",\"type\":\"reset\"}\n\n"
        );
    }
}
