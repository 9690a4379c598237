//! What a person must look at in a shop, found along indexes that have nothing else in them.

use std::collections::BTreeSet;

use tollgate_core::id::ShopId;
use tollgate_core::order::Root;

use super::effects::{self, EffectLine};
use super::{Stretch, rows_of};
use crate::Store;
use crate::db::{Db, Error, Sql, id_at, id_bytes, two};
use crate::error::ReadError;
use crate::tables::roots;

/// So many of a kind are read.
pub const ATTENTION_READ_MAX: u32 = 100;

/// What waits for a person; of each kind up to [`ATTENTION_READ_MAX`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NeedsPerson {
    /// Orders, and payments without one, with an open code of attention.
    pub roots: Vec<Root>,
    /// Effects that are given up, or whose end is not known.
    pub effects: Vec<EffectLine>,
    /// There are more of a kind than were read.
    pub is_cut: bool,
}

/// `roots.attention_of`: along `roots_attention`.
const ATTENTION_OF: Sql = two(
    // Written as the index is, and named: without figures about its rows SQLite would rather walk all of a shop's.
    "select id
      from roots indexed by roots_attention
     where shop_id = ?1 and attention > 0
     limit ?2",
    "select id
      from roots
     where shop_id = ?1 and attention > 0
     order by id
     limit ?2",
);

/// `roots.nth_attention`: walks `roots_attention` upwards.
const NTH: Sql = two(
    "select id
      from roots indexed by roots_attention
     where shop_id = ?1 and ?2 <= id and id < ?3 and attention > 0
     order by id
     limit 1 offset ?4",
    "select id
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3 and attention > 0
     order by id
     limit 1 offset ?4",
);

/// `roots.attention_ids`: walks `roots_attention` downwards, a chunk of it.
const IDS: Sql = two(
    "select id
      from roots indexed by roots_attention
     where shop_id = ?1 and ?2 <= id and id < ?3 and attention > 0
     order by id desc
     limit ?4",
    "select id
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3 and attention > 0
     order by id desc
     limit ?4",
);

impl Store {
    /// What waits for a person in a shop.
    pub async fn needs_person(&self, shop: ShopId) -> Result<NeedsPerson, ReadError> {
        self.read(move |db| db.at_once(|db| needs_person(db, shop)))
            .await
    }
}

fn needs_person(db: &Db, shop: ShopId) -> Result<NeedsPerson, Error> {
    // One more than is read says that there are more.
    let limit = ATTENTION_READ_MAX + 1;
    let ids = with_attention(db, shop, limit)?;
    let mut effects = effects::lost(db, shop, limit)?;
    let most = ATTENTION_READ_MAX as usize;
    let is_cut = most < ids.len() || most < effects.len();
    effects.truncate(most);
    let ids = &ids[..most.min(ids.len())];
    Ok(NeedsPerson {
        roots: rows_of(db, roots::GET, shop, ids, roots::read)?,
        effects,
        is_cut,
    })
}

fn with_attention(db: &Db, shop: ShopId, limit: u32) -> Result<Vec<u128>, Error> {
    db.all(ATTENTION_OF, &[&shop.0, &limit], |row| id_at(row, 0))
}

/// The root with open attention that so many lower ones of a stretch precede.
pub(super) fn nth_with_attention(
    db: &Db,
    shop: ShopId,
    stretch: Stretch,
    count: usize,
) -> Result<Option<u128>, Error> {
    let (from, below) = (id_bytes(stretch.from), id_bytes(stretch.below));
    let values: &[&dyn crate::db::Bind] = &[&shop.0, &from, &below, &(count as i64)];
    db.one(NTH, values, |row| id_at(row, 0))
}

/// The highest roots of a stretch with open attention, at most so many.
pub(super) fn ids_with_attention(
    db: &Db,
    shop: ShopId,
    stretch: Stretch,
    chunk: usize,
) -> Result<BTreeSet<u128>, Error> {
    let (from, below) = (id_bytes(stretch.from), id_bytes(stretch.below));
    let values: &[&dyn crate::db::Bind] = &[&shop.0, &from, &below, &(chunk as i64)];
    let ids = db.all(IDS, values, |row| id_at(row, 0))?;
    Ok(ids.into_iter().collect())
}
