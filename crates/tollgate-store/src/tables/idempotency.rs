//! Answers kept under idempotency keys. No command names one: they are looked up with its keys.

use std::collections::BTreeMap;

use tollgate_core::id::ShopId;
use tollgate_core::idempotency::{Idempotency, Record};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, Row, Sql, Value, WriteBatch, on_sqlite};
use crate::tables;
use crate::tables::key_hash::key_hash;
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::write::Changes;

/// Answers under idempotency keys, by shop and hash; `None` where there is none.
pub(crate) type Records = BTreeMap<(ShopId, [u8; 16]), Option<Record>>;

/// `idempotency.get`: by `idempotency_hash`.
const GET: &str = "\
    select fingerprint, status, at, body
      from idempotency
     where shop_id = ?1 and hash = ?2";

pub(crate) struct ByHash;

pub(crate) type Wanted = Keys<ByHash>;

impl Lookup for ByHash {
    type Key = (ShopId, [u8; 16]);
    type Row = Record;
    type Found = Option<Record>;
    const SQL: &'static str = GET;

    fn values((shop, hash): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), Value::Id(*hash)]
    }

    fn read(row: &Row<'_>) -> Result<Record, Error> {
        read(row)
    }

    fn note(at: Self::Key, found: Option<Record>, loading: &mut Loading<'_>) {
        loading.records.insert(at, found);
    }
}

pub(crate) fn want(wanted: &mut tables::Wanted, at: (ShopId, [u8; 16]), loading: &mut Loading<'_>) {
    if !loading.records.contains_key(&at) {
        wanted.idempotency.insert(at);
    }
}

fn read(row: &Row<'_>) -> Result<Record, Error> {
    Ok(Record {
        fingerprint: row.get(0)?,
        status: row.get(1)?,
        at: Timestamp::from_millis(row.get(2)?),
        body: row.get(3)?,
    })
}

/// Writes the answers that the batch has given.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    for (idempotency, record) in &batch.additions.records {
        insert(writes, idempotency, record)?;
    }
    Ok(())
}

/// `idempotency.insert`: the key was found absent by this batch, so a conflict is our mistake.
const INSERT: &str = "\
    insert into idempotency (shop_id, hash, operation, key, fingerprint, status, at, body)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

fn insert(
    writes: &mut WriteBatch<'_>,
    idempotency: &Idempotency,
    record: &Record,
) -> Result<(), Error> {
    let hash = key_hash(idempotency.operation, &idempotency.key);
    writes.put(
        INSERT,
        &[
            &idempotency.shop.0,
            &hash,
            &idempotency.operation,
            &idempotency.key,
            &record.fingerprint,
            &record.status,
            &record.at.as_millis(),
            &record.body,
        ],
    )?;
    Ok(())
}

/// `idempotency.forget`: rows are in the order of time, so the oldest are the first. Only in a file.
const FORGET: Sql = on_sqlite(
    "delete from idempotency
     where rowid in (select rowid from idempotency order by rowid limit 1000) and at < ?1",
);

/// Forgets those made before this, a thousand at the most; how many there were.
pub(crate) fn forget(db: &Db, before: Timestamp) -> Result<usize, Error> {
    db.run(FORGET, &[&before.as_millis()])
}
