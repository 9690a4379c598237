//! Processes that have this database: each says every few seconds that it is there, and how it stands.

use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};

use crate::db::{Db, Error, Row, id_at, id_bytes};

/// One that was not heard for so long is forgotten.
const KEPT: Span = Span::hours(24);

/// An instance, as it last said itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRow {
    /// Under which shop it stands: main.
    pub shop: ShopId,
    /// Drawn when the process began.
    pub id: u128,
    /// What its machine is called, and where it listens.
    pub name: String,
    /// What it does besides deciding.
    pub role: String,
    /// The version of the program.
    pub version: String,
    /// Since when it runs.
    pub started_at: Timestamp,
    /// When it said so last.
    pub seen_at: Timestamp,
    /// Why it takes no requests; `None` while it does.
    pub not_ready: Option<String>,
}

/// `instances.note`: by primary key.
const NOTE: &str = "\
    insert into instances (shop_id, id, name, role, version, started_at, seen_at, not_ready)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        on conflict (shop_id, id) do update
       set seen_at = excluded.seen_at, not_ready = excluded.not_ready";

/// `instances.forget`: by the beginning of the primary key, a handful.
const FORGET: &str = "delete from instances where shop_id = ?1 and seen_at < ?2";

/// `instances.end`: by primary key.
const END: &str = "delete from instances where shop_id = ?1 and id = ?2";

/// `instances.list`: by the beginning of the primary key. The columns are those of [`read`].
pub(crate) const LIST: &str = "\
    select shop_id, id, name, role, version, started_at, seen_at, not_ready
      from instances
     where shop_id = ?1
     order by id
     limit 1000";

/// Reads an instance.
pub(crate) fn read(row: &Row<'_>) -> Result<InstanceRow, Error> {
    Ok(InstanceRow {
        shop: ShopId(row.get(0)?),
        id: id_at(row, 1)?,
        name: row.get(2)?,
        role: row.get(3)?,
        version: row.get(4)?,
        started_at: Timestamp::from_millis(row.get(5)?),
        seen_at: Timestamp::from_millis(row.get(6)?),
        not_ready: row.get(7)?,
    })
}

/// Notes how one stands, and forgets those that were not heard for long.
pub(crate) fn note(db: &Db, row: &InstanceRow) -> Result<usize, Error> {
    let before = row.seen_at.plus(Span::millis(-KEPT.as_millis()));
    db.run(FORGET, &[&row.shop.0, &before.as_millis()])?;
    db.run(
        NOTE,
        &[
            &row.shop.0,
            &id_bytes(row.id),
            &row.name,
            &row.role,
            &row.version,
            &row.started_at.as_millis(),
            &row.seen_at.as_millis(),
            &row.not_ready,
        ],
    )
}

/// One has ended.
pub(crate) fn end(db: &Db, shop: ShopId, id: u128) -> Result<usize, Error> {
    db.run(END, &[&shop.0, &id_bytes(id)])
}
