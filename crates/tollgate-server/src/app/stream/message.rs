//! Messages: what they are about, and their bytes, which a door writes.

use bytes::Bytes;
use tollgate_core::time::Timestamp;
use tollgate_core::timeline::{EntryKind, Topic};
use tollgate_core::word::Word;
use tollgate_store::FeedEntry;

/// Some of the topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TopicSet(u8);

impl TopicSet {
    /// All of them.
    pub(crate) const ALL: TopicSet = TopicSet(u8::MAX);

    /// Not one that anybody names: alerts of the server, which only its operator is sent under alerts.
    const OF_SERVER: u8 = 1 << 7;

    /// What a listener is sent that wants these: its operator's alerts of the server, too.
    pub(super) fn for_listener(self, is_operator: bool) -> TopicSet {
        let wants_alerts = self.meets(TopicSet::of([Topic::Alerts]));
        match is_operator && wants_alerts {
            true => TopicSet(self.0 | TopicSet::OF_SERVER),
            false => TopicSet(self.0 & !TopicSet::OF_SERVER),
        }
    }

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

    /// A bit for each.
    pub(super) fn bits(self) -> i64 {
        i64::from(self.0)
    }

    /// Those of the bits.
    pub(super) fn of_bits(bits: i64) -> TopicSet {
        TopicSet(bits.to_le_bytes()[0])
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn meets(self, other: TopicSet) -> bool {
        self.0 & other.0 != 0
    }
}

/// How a door writes what its listeners are sent.
#[derive(Debug)]
pub(crate) struct StreamFormat {
    /// Distinguishes it from the formats of other doors.
    pub(crate) name: &'static str,
    /// An entry of the feed.
    pub(crate) entry: fn(&FeedEntry) -> Bytes,
    /// That the connection lives, and the position that was reached.
    pub(crate) heartbeat: fn(i64) -> Bytes,
    /// That what came before this position is not to be had any more.
    pub(crate) reset: fn(i64, Timestamp) -> Bytes,
}

/// A message about one entry of the feed. Its bytes are written once for all listeners.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) position: i64,
    pub(super) topics: TopicSet,
    pub(super) bytes: Bytes,
}

impl Message {
    /// `None`: the entry is under no topic.
    pub(super) fn of(line: &FeedEntry, format: &StreamFormat) -> Option<Message> {
        let topics = EntryKind::of(&line.entry.kind).map_or(&[][..], EntryKind::topics);
        let topics = match line.entry.detail["of"] == "server" {
            true => TopicSet(TopicSet::OF_SERVER),
            false => TopicSet::of(topics.iter().copied()),
        };
        if topics.is_empty() {
            return None;
        }
        Some(Message {
            position: line.entry.position,
            topics,
            bytes: (format.entry)(line),
        })
    }
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
}
