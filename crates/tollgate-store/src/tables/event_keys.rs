//! Keys of events: which event holds each.

use tollgate_core::id::{EventId, ShopId};
use tollgate_core::snapshot::Key;

use crate::db::{Error, Row, Value, WriteBatch, id_at, id_bytes};
use crate::tables;
use crate::tables::key_hash::key_hash;
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::write::Changes;

/// `event_keys.get`: by primary key.
pub(crate) const GET: &str = "select event from event_keys where shop_id = ?1 and hash = ?2";

pub(crate) struct ByKey;

pub(crate) type Wanted = Keys<ByKey>;

impl Lookup for ByKey {
    type Key = (ShopId, String, String);
    type Row = EventId;
    type Found = Option<EventId>;
    const SQL: &'static str = GET;

    fn values((shop, source, key): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), Value::Id(key_hash(source, key))]
    }

    fn read(row: &Row<'_>) -> Result<EventId, Error> {
        id_at(row, 0).map(EventId::from_u128)
    }

    fn note(at: Self::Key, found: Option<EventId>, loading: &mut Loading<'_>) {
        let shop = at.0;
        loading
            .next
            .extend(found.map(|event| Key::Event(shop, event)));
        loading.known.event_keys.load(at, found);
    }
}

pub(crate) fn want(
    wanted: &mut tables::Wanted,
    at: (ShopId, String, String),
    loading: &mut Loading<'_>,
) {
    if !loading.known.event_keys.knows(&at) {
        wanted.event_keys.insert(at);
    }
}

/// `event_keys.insert`: I2; the key was found absent by this batch.
const INSERT: &str = "insert into event_keys (shop_id, hash, event) values (?1, ?2, ?3)";

/// Writes the rows that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    for ((shop, source, key), row) in batch.known.event_keys.dirty() {
        if let Some(event) = row.value {
            let hash = key_hash(source, key);
            writes.put(INSERT, &[&shop.0, &hash, &id_bytes(event.as_u128())])?;
        }
    }
    Ok(())
}
