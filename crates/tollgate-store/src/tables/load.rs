//! Loading: the rows that keys name, each with its closure (docs/gate.md, Loading).
//!
//! Keys are looked up batch by batch: all that are asked for, then all that those have led to, until
//! nothing new is named. A lookup batch is one round trip to PostgreSQL, and a look-up by primary key for each of
//! its keys on SQLite. Reading needs no locks: anyone who decides is the only one that writes to the shop
//! (docs/adr/0007). A key that was loaded or made before is not looked up again, so what the batch has
//! changed is never read over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tollgate_core::id::{RootId, ShopId};
use tollgate_core::snapshot::{Key, Snapshot};

use crate::db::{Db, Error, Found, Head, LookupBatch};
use crate::tables::Wanted;
use crate::tables::idempotency::{self, Records};
use crate::tables::pruned;

/// Loads what the keys name and all that hangs on it, and the answers kept under `answers`.
pub(crate) fn load(
    db: &Db,
    known: &mut Snapshot,
    records: &mut Records,
    wants: Wants,
) -> Result<(), Error> {
    let mut loading = Loading::over(known, records);
    if !wants.keys.is_empty() || !wants.answers.is_empty() {
        loading.look_up_batch(wants, |lookups| db.look_up(lookups))?;
    }
    loading.finish(db)
}

/// Begins a transaction that may write to these shops ([`Db::begin`]) and loads into it. Their heads,
/// and how long it waited for them.
pub(crate) fn begin_and_load(
    db: &Db,
    known: &mut Snapshot,
    records: &mut Records,
    wants: Wants,
    (shops, all): (&[ShopId], bool),
) -> Result<(BTreeMap<ShopId, Head>, Duration), Error> {
    let mut begun_with = Default::default();
    let mut loading = Loading::over(known, records);
    loading.look_up_batch(wants, |lookups| {
        let begun = db.begin_and_look_up(shops, all, lookups)?;
        begun_with = (begun.heads, begun.waited);
        Ok(begun.found)
    })?;
    loading.finish(db)?;
    Ok(begun_with)
}

/// What is to be loaded.
#[derive(Default)]
pub(crate) struct Wants {
    /// Rows, with all that hangs on them.
    pub(crate) keys: BTreeSet<Key>,
    /// The answers kept under these hashes.
    pub(crate) answers: BTreeSet<(ShopId, [u8; 16])>,
}

/// Loading, from lookup batch to lookup batch.
pub(crate) struct Loading<'a> {
    pub(crate) known: &'a mut Snapshot,
    pub(crate) records: &'a mut Records,
    /// What has been led to, and is looked up next.
    pub(crate) next: BTreeSet<Key>,
    /// Roots that something leads to and that are not there.
    pub(crate) gone: BTreeSet<(ShopId, RootId)>,
}

impl<'a> Loading<'a> {
    fn over(known: &'a mut Snapshot, records: &'a mut Records) -> Loading<'a> {
        Loading {
            known,
            records,
            next: BTreeSet::new(),
            gone: BTreeSet::new(),
        }
    }

    /// Looks up what is wanted and not known yet.
    fn look_up_batch<'db>(
        &mut self,
        wants: Wants,
        look_up: impl for<'f> FnOnce(LookupBatch<'f>) -> Result<Found<'f, 'db>, Error>,
    ) -> Result<(), Error> {
        let mut wanted = Wanted::default();
        for at in wants.answers {
            idempotency::want(&mut wanted, at, self);
        }
        for key in wants.keys {
            wanted.want(key, self);
        }
        wanted.fetch(look_up, self)
    }

    /// Loads until nothing new is named.
    fn finish(mut self, db: &Db) -> Result<(), Error> {
        while !self.next.is_empty() {
            let wants = Wants {
                keys: std::mem::take(&mut self.next),
                ..Wants::default()
            };
            self.look_up_batch(wants, |lookups| db.look_up(lookups))?;
        }
        pruned::unbind(db, self.known, &self.gone)
    }
}
