//! What rows hold: one file per table with its statements, its keys, what it leads to, how its rows are
//! read and written, and the document in them.
//!
//! The tables whose rows a decision may need are registered below, each once; `load.rs`, `lookup.rs`,
//! `registration.rs` and `write.rs` are what they have in common.

pub(crate) mod load;
pub(crate) mod lookup;
mod registration;
pub(crate) mod write;

pub(crate) mod idempotency;
pub(crate) mod event_keys;
pub(crate) mod names;
pub(crate) mod codes;
pub(crate) mod roots;
pub(crate) mod events;
pub(crate) mod stock;
pub(crate) mod calendars;
pub(crate) mod slots;
pub(crate) mod effects;
pub(crate) mod targets;
pub(crate) mod alerts;

pub(crate) mod receipts;
pub(crate) mod endpoints;
pub(crate) mod timeline;
pub(crate) mod shop_heads;
pub(crate) mod gate_lanes;
pub(crate) mod deliveries;
pub(crate) mod keys;
pub(crate) mod users;
pub(crate) mod sessions;
pub(crate) mod sign_ins;
pub(crate) mod audit;
pub(crate) mod stream_tickets;
pub(crate) mod shops;
pub(crate) mod horizon;
pub(crate) mod errors;
pub(crate) mod shop_figures;
pub(crate) mod endpoint_figures;
pub(crate) mod instances;
pub(crate) mod search_terms;

pub(crate) mod document;
pub(crate) mod fact;
pub(crate) mod method;
pub(crate) mod origin;
pub(crate) mod key_hash;
pub(crate) mod sealed;
pub(crate) mod kept_secrets;
pub(crate) mod namesake;
pub(crate) mod parked;
mod pruned;

use tollgate_core::snapshot::Key;

use registration::snapshot_tables;
use slots::Which;

// A table's module, and the keys of core's snapshot that it answers: a key that none answers does not
// compile. They are looked up and written in this order.
snapshot_tables! {
    idempotency {}
    event_keys { Key::EventKey(shop, source, key) => (shop, source, key) }
    names { Key::Name(shop, source, name) => (shop, source, name) }
    codes { Key::Code(shop, code) => (shop, code) }
    roots { Key::Root(shop, id) => (shop, id) }
    events { Key::Event(shop, id) => (shop, id) }
    stock { Key::Stock(shop, sku) => (shop, sku) }
    calendars {}
    slots {
        Key::Slots(shop, calendar, from, page) => Which::WithRoom(shop, calendar, from, page),
        Key::AllSlots(shop, calendar, from) => Which::From(shop, calendar, from),
        Key::SlotAt(shop, calendar, start) => Which::At(shop, calendar, start),
        Key::Slot(shop, id) => Which::Id(shop, id)
    }
    effects { Key::Effect(shop, id) => (shop, id) }
    targets { Key::Breaker(shop, target) => (shop, target) }
    alerts { Key::Alert(shop, key) => (shop, key) }
}
