//! Where rows are not what they must be.

use std::collections::BTreeSet;

use tollgate_core::id::{EffectId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::snapshot::{Key, Known, Snapshot, StoredEvent, Table};
use tollgate_core::time::Timestamp;

use super::rows::calendar_key;

/// Where what was read is not what was expected, of the rows that pass.
pub(super) fn differences(
    expected: &Snapshot,
    read: &Snapshot,
    passes: impl Fn(&Key) -> bool,
) -> Vec<String> {
    let mut all = Differences {
        passes: &passes,
        lines: Vec::new(),
    };
    let named = |(shop, source, name): &(ShopId, String, String)| {
        Key::Name(*shop, source.clone(), name.clone())
    };
    let keyed = |(shop, source, key): &(ShopId, String, String)| {
        Key::EventKey(*shop, source.clone(), key.clone())
    };
    let (e, r) = (expected, read);
    all.compare(&e.event_keys, &r.event_keys, keyed, Clone::clone);
    all.compare(&e.events, &r.events, |at| Key::Event(at.0, at.1), event);
    all.compare(&e.names, &r.names, named, Clone::clone);
    let code = |at: &(ShopId, String)| Key::Code(at.0, at.1.clone());
    all.compare(&e.codes, &r.codes, code, Clone::clone);
    all.compare(&e.roots, &r.roots, |at| Key::Root(at.0, at.1), root);
    let sku = |at: &(ShopId, String)| Key::Stock(at.0, at.1.clone());
    all.compare(&e.stock, &r.stock, sku, Clone::clone);
    let calendar = |_: &(ShopId, String)| calendar_key();
    all.compare(&e.calendars, &r.calendars, calendar, Clone::clone);
    let slot = |at: &(ShopId, String, Timestamp)| Key::SlotAt(at.0, at.1.clone(), at.2);
    all.compare(&e.slots, &r.slots, slot, Clone::clone);
    let effect = |at: &(ShopId, EffectId)| Key::Effect(at.0, at.1);
    all.compare(&e.effects, &r.effects, effect, Clone::clone);
    all.lines
}

/// Bytes of a message are not read back with it.
pub(super) fn event(event: &StoredEvent) -> StoredEvent {
    StoredEvent {
        raw: None,
        ..event.clone()
    }
}

/// The store itself numbers receipts and notes where in the feed a root's story stands.
pub(super) fn root(root: &Root) -> Root {
    let mut root = root.clone();
    root.timeline.clear();
    for receipt in &mut root.receipts {
        receipt.number = None;
    }
    root
}

/// Differences as they are found.
struct Differences<'a> {
    passes: &'a dyn Fn(&Key) -> bool,
    lines: Vec<String>,
}

impl Differences<'_> {
    /// Compares two tables, without what cannot be the same.
    fn compare<K: Ord, V: PartialEq + std::fmt::Debug>(
        &mut self,
        expected: &Table<K, V>,
        read: &Table<K, V>,
        key_of: impl Fn(&K) -> Key,
        plain: impl Fn(&V) -> V,
    ) {
        let keys = expected.filter(|_| true).chain(read.filter(|_| true));
        let keys: BTreeSet<&K> = keys.collect();
        let value = |table: &Table<K, V>, at: &K| match table.get(at) {
            Known::Found(value) => Some(plain(value)),
            Known::Absent | Known::NotLoaded => None,
        };
        for at in keys {
            let key = key_of(at);
            if !(self.passes)(&key) {
                continue;
            }
            let (expected, read) = (value(expected, at), value(read, at));
            if expected != read {
                self.lines
                    .push(format!("{key:?}: {}", difference(&expected, &read)));
            }
        }
    }
}

/// The first place where two values differ, in a line.
pub(super) fn difference<V: std::fmt::Debug>(expected: &V, read: &V) -> String {
    let (expected, read) = (format!("{expected:?}"), format!("{read:?}"));
    let same = expected
        .bytes()
        .zip(read.bytes())
        .take_while(|(one, other)| one == other);
    let mut from = same.count().saturating_sub(40);
    while !(expected.is_char_boundary(from) && read.is_char_boundary(from)) {
        from -= 1;
    }
    let cut = |text: &str| text[from..].chars().take(160).collect::<String>();
    format!("expected ..{} and read ..{}", cut(&expected), cut(&read))
}
