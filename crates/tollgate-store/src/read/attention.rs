//! What a person must look at in a shop, found along indexes that have nothing else in them.

use std::collections::BTreeSet;

use tollgate_core::id::{RootId, ShopId};
use tollgate_core::order::Root;

use super::effects::{self, EffectLine};
use super::orders::root;
use crate::Store;
use crate::db::{Db, Error, Sql, id_at, two};
use crate::error::ReadError;

/// So many of a kind are read.
pub const ATTENTION_READ_MAX: u32 = 100;

/// A list of what waits for a person is found along the index up to this many; of more the list itself is walked.
const LISTED_MAX: u32 = 1_000;

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
     order by attention
     limit ?2",
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
    let mut roots = Vec::with_capacity(ids.len());
    for id in ids.into_iter().take(most) {
        roots.extend(root(db, shop, RootId::new(id))?);
    }
    Ok(NeedsPerson {
        roots,
        effects,
        is_cut,
    })
}

fn with_attention(db: &Db, shop: ShopId, limit: u32) -> Result<Vec<u128>, Error> {
    db.all(ATTENTION_OF, &[&shop.0, &limit], |row| id_at(row, 0))
}

/// The roots of all that waits for a person; `None` where there are too many to go by.
pub(super) fn roots_with_attention(db: &Db, shop: ShopId) -> Result<Option<BTreeSet<u128>>, Error> {
    let ids = with_attention(db, shop, LISTED_MAX + 1)?;
    let is_few = ids.len() <= LISTED_MAX as usize;
    Ok(is_few.then(|| ids.into_iter().collect()))
}
