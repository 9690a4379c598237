//! The rows that a decision names, and what is known once it is kept.

use tollgate_core::decision::{Change, Decision};
use tollgate_core::effect::{Effect, EffectState, StoredEffect};
use tollgate_core::id::EffectId;
use tollgate_core::snapshot::{Key, Known, Snapshot, Table};
use tollgate_core::time::Timestamp;
use tollgate_store::effect_id;

use crate::engine::{CALENDAR, SHOP};

/// Every row that a decision names.
pub(super) fn keys_of(decision: &Decision) -> impl Iterator<Item = Key> + '_ {
    let changed = decision.changes.iter().filter_map(|change| match change {
        Change::Root(root) => Some(Key::Root(SHOP, root.id)),
        Change::Event(id, _) => Some(Key::Event(SHOP, *id)),
        Change::EventKey { source, key, .. } => {
            Some(Key::EventKey(SHOP, source.clone(), key.clone()))
        }
        Change::Name { source, name, .. } => Some(Key::Name(SHOP, source.clone(), name.clone())),
        Change::Code { code, .. } => Some(Key::Code(SHOP, code.clone())),
        Change::Stock(stock) => Some(Key::Stock(SHOP, stock.sku.clone())),
        Change::RemoveStock(sku) => Some(Key::Stock(SHOP, sku.clone())),
        Change::Calendar(_)
        | Change::RemoveCalendar(_)
        | Change::Slot(_)
        | Change::RemoveSlot(..) => Some(calendar_key()),
        Change::Effect(id, _) => Some(Key::Effect(SHOP, *id)),
        Change::Breaker { target, .. } => Some(Key::Breaker(SHOP, target.clone())),
        Change::Alert(alert) => Some(Key::Alert(SHOP, alert.key())),
        Change::Written(_) => None,
    });
    let effects = decision.effects.iter();
    let effects = effects.map(|effect| Key::Effect(SHOP, id_of(effect)));
    // The store notes in a root's story what its entries say of it, though nothing else of it may have changed.
    let named = decision.entries.iter().filter_map(|entry| entry.root);
    changed
        .chain(effects)
        .chain(named.map(|root| Key::Root(SHOP, root)))
}

fn id_of(effect: &Effect) -> EffectId {
    effect_id(effect.dated_by, &effect.key)
}

/// What is known once a decision is kept.
pub(super) fn lay_over(known: &mut Snapshot, decision: &Decision) {
    known.apply(SHOP, decision.changes.clone());
    for effect in &decision.effects {
        let at = (SHOP, id_of(effect));
        // I4: the same key is the same effect.
        if matches!(known.effects.get(&at), Known::Found(_)) {
            continue;
        }
        let stored = StoredEffect {
            key: effect.key.clone(),
            root: effect.root,
            content: effect.content.clone(),
            state: EffectState::Pending,
            lease: None,
            tries: 0,
            due_at: Some(effect.due_at),
            keeps_waiting: effect.order_key.is_some(),
            order_key: effect.order_key.clone(),
            reason: None,
            attempts: Vec::new(),
            settled_at: None,
        };
        known.effects.put(at, stored);
    }
}

/// The calendar with all its slots.
pub(super) fn calendar_key() -> Key {
    Key::AllSlots(SHOP, CALENDAR.to_owned(), Timestamp::from_millis(i64::MIN))
}

/// Somebody has looked for such a row.
pub(super) fn is_known(read: &Snapshot, key: &Key) -> bool {
    match key.clone() {
        Key::EventKey(shop, source, key) => read.event_keys.knows(&(shop, source, key)),
        Key::Event(shop, id) => read.events.knows(&(shop, id)),
        Key::Name(shop, source, name) => read.names.knows(&(shop, source, name)),
        Key::Code(shop, code) => read.codes.knows(&(shop, code)),
        Key::Root(shop, id) => read.roots.knows(&(shop, id)),
        Key::Stock(shop, sku) => read.stock.knows(&(shop, sku)),
        Key::Effect(shop, id) => read.effects.knows(&(shop, id)),
        Key::Breaker(shop, target) => read.breakers.knows(&(shop, target)),
        Key::Alert(shop, key) => read.alerts.knows(&(shop, key)),
        Key::Slots(shop, name, ..) | Key::AllSlots(shop, name, _) | Key::SlotAt(shop, name, _) => {
            // Some of its slots hang on roots; all were read where the whole calendar was asked for.
            let stretches = read.stretches.get(&(shop, name));
            stretches.is_some_and(|stretches| stretches.iter().any(|part| part.full_too))
        }
        Key::Slot(shop, id) => read.slot_ids.knows(&(shop, id)),
    }
}

/// Takes over what was read.
pub(super) fn lay_rows_over(known: &mut Snapshot, read: &Snapshot) {
    fn lay<K: Ord + Clone, V: Clone>(over: &mut Table<K, V>, read: &Table<K, V>) {
        for key in read.filter(|_| true) {
            if let Known::Found(value) = read.get(key) {
                over.put(key.clone(), value.clone());
            }
        }
    }
    lay(&mut known.event_keys, &read.event_keys);
    lay(&mut known.events, &read.events);
    lay(&mut known.names, &read.names);
    lay(&mut known.codes, &read.codes);
    lay(&mut known.roots, &read.roots);
    lay(&mut known.stock, &read.stock);
    lay(&mut known.calendars, &read.calendars);
    lay(&mut known.slots, &read.slots);
    lay(&mut known.effects, &read.effects);
    lay(&mut known.breakers, &read.breakers);
    for (calendar, stretches) in &read.stretches {
        if stretches.iter().any(|part| part.full_too) {
            known.stretches.insert(calendar.clone(), stretches.clone());
        }
    }
}
