//! Taking months from a server, beside the instances that work with it.
//!
//! A month's tables are dropped, or detached, in one transaction that has the heads of all shops: so
//! nothing is decided meanwhile, and what was found free is still free. That takes a lock which readers
//! meet too; it is waited only so short a time that it is not noticed, and tried again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tollgate_core::id::{RootId, ShopId, decode};
use tollgate_core::time::Timestamp;

use super::{PrunedMonth, Pruning, Shops, Stop, guards, look, shops};
use crate::db::{Db, Error, Failure, Sql, maybe_id_at, meaning, on_postgres};
use crate::schema::month::Month;
use crate::schema::partitions::{self, Within};
use crate::tables::{audit, horizon};

/// The tables that have a partition for every month and are taken with it.
const TABLES: [&str; 4] = ["roots", "effects", "timeline", "events"];

/// How often a lock is tried for that somebody has, and the pause in between.
const TRIES_MAX: u32 = 60;
const PAUSE: Duration = Duration::from_millis(250);

/// Lines of the feed that are read at a time.
const LINES_MAX: i64 = 1_000;

/// Why months were not taken.
pub(super) enum Broken {
    /// The database failed.
    Failed(Error),
    /// Somebody had the tables of this month all the time.
    HeldUp(Month),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Broken {
        Broken::Failed(error)
    }
}

/// `prune.heads`: a handful.
const HEADS: Sql = on_postgres("select shop_id, position from shop_heads order by shop_id");

/// Takes every month before one in which nothing is open.
pub(super) fn take(
    db: &Db,
    before: Month,
    now: Timestamp,
    keep_detached: bool,
    step: &mut dyn FnMut(u64),
) -> Result<Pruning, Broken> {
    let shops = shops(db)?;
    let mut since: BTreeMap<ShopId, i64> = db
        .all(HEADS, &[], |row| Ok((ShopId(row.get(0)?), row.get(1)?)))?
        .into_iter()
        .collect();
    let mut pruning = look::look(db, before, now)?;
    let mut changed = BTreeSet::new();
    for month in pruning.months.iter_mut().filter(|month| month.is_free()) {
        let mut taking = Taking {
            db,
            now,
            keep_detached,
            shops: &shops,
            since: &mut since,
            changed: &mut changed,
        };
        if taking.month(month)? {
            month.is_taken = true;
            step(month.rows());
        }
    }
    // Those whose tables went before too, where an earlier run was ended then.
    let taken: BTreeSet<Month> = pruning
        .months
        .iter()
        .filter(|month| month.is_taken)
        .map(|month| month.month)
        .collect();
    for shop in shops.into_keys() {
        guards::forget(db, shop, &taken, &mut |delete| alone(db, shop, delete))?;
    }
    Ok(pruning)
}

/// Deletes as the only writer of a shop, in a commit of its own.
fn alone(db: &Db, shop: ShopId, delete: guards::Deletion<'_>) -> Result<usize, Error> {
    for tries in 1.. {
        let deleted = (|| {
            db.begin(&[shop], true)?;
            let rows = delete(db)?;
            db.commit()?;
            Ok(rows)
        })();
        match deleted {
            Err(error) if tries < TRIES_MAX && is_met(&error) => {
                db.rollback()?;
                std::thread::sleep(PAUSE);
            }
            ended => return ended,
        }
    }
    unreachable!("it ends with the last try")
}

/// Somebody else has what is needed, or was faster.
fn is_met(error: &Error) -> bool {
    matches!(meaning(error), Failure::Blocked | Failure::Retry)
}

/// Months being taken.
struct Taking<'a> {
    db: &'a Db,
    now: Timestamp,
    keep_detached: bool,
    shops: &'a Shops,
    /// Up to which position of its feed a shop was looked at.
    since: &'a mut BTreeMap<ShopId, i64>,
    /// Months of which something was decided after they were looked at.
    changed: &'a mut BTreeSet<Month>,
}

impl Taking<'_> {
    /// Takes a month in which nothing was open; whether nothing is.
    fn month(&mut self, month: &mut PrunedMonth) -> Result<bool, Broken> {
        let mut leaving = Vec::new();
        for table in TABLES {
            let Within { names, beyond } =
                partitions::within(self.db, table, month.month.first(), month.month.below())?;
            if let Some(beyond) = beyond {
                let why = "it has other bounds than a month".to_owned();
                month.stop(stop("", "partition", beyond, why));
            }
            leaving.extend(names.into_iter().map(|name| (table, name)));
        }
        if !month.is_free() {
            return Ok(false);
        }
        for _ in 0..TRIES_MAX {
            // Most of the feed is read before the locks are taken.
            for shop in self.shops.keys() {
                while self.catch_up(*shop)? {}
            }
            match self.try_month(month, &leaving) {
                Ok(Some(is_taken)) => return Ok(is_taken),
                Ok(None) => {}
                Err(error) if is_met(&error) => {}
                Err(error) => {
                    // The failure itself is what counts.
                    let _ = self.db.rollback();
                    return Err(error.into());
                }
            }
            self.db.rollback()?;
            std::thread::sleep(PAUSE);
        }
        Err(Broken::HeldUp(month.month))
    }

    /// One try, all of it in one transaction: whether the month was taken. `None`: somebody has a shop.
    fn try_month(
        &mut self,
        month: &mut PrunedMonth,
        leaving: &[(&'static str, String)],
    ) -> Result<Option<bool>, Error> {
        let all: Vec<ShopId> = self.shops.keys().copied().collect();
        let heads = self.db.begin(&all, true)?;
        if heads.len() < all.len() {
            return Ok(None);
        }
        for (shop, name) in self.shops {
            while self.catch_up(*shop)? {}
            if self.changed.contains(&month.month) {
                let why = "something of it was decided meanwhile; run it again".to_owned();
                month.stop(stop(name, "month", month.month.to_string(), why));
            }
        }
        if !month.is_free() {
            self.db.rollback()?;
            return Ok(Some(false));
        }
        for (shop, head) in heads {
            let (below, place) = (month.month.below(), (shop, head.position));
            horizon::note_month(self.db, shop, below, head.position, self.now)?;
            let name = month.month.to_string();
            audit::insert_prune(self.db, place, (&name, below), self.now)?;
        }
        for (table, name) in leaving {
            self.db.script(&match self.keep_detached {
                true => format!("alter table {table} detach partition {name}"),
                false => format!("drop table {name}"),
            })?;
        }
        self.db.commit()?;
        tracing::info!(month = %month.month, "it is taken");
        Ok(Some(true))
    }

    /// Reads the next lines of a shop's feed, and notes the months they are about; whether there are
    /// more.
    fn catch_up(&mut self, shop: ShopId) -> Result<bool, Error> {
        let since = self.since.entry(shop).or_insert(0);
        let rows = self.db.all(LINES, &[&shop.0, &*since, &LINES_MAX], |row| {
            Ok((
                row.get::<i64>(0)?,
                maybe_id_at(row, 1)?,
                row.get::<String>(2)?,
            ))
        })?;
        for (position, root, entries) in &rows {
            *since = *position;
            let about = root.iter().copied().chain(named(entries));
            let months = about.map(|id| Month::of(RootId::new(id).made_at()));
            self.changed.extend(months);
        }
        Ok(rows.len() == LINES_MAX as usize)
    }
}

/// `prune.feed`: walks the primary key.
const LINES: &str = "\
    select position, root, entries
      from timeline
     where shop_id = ?1 and ?2 < position
     order by position
     limit ?3";

/// The roots and events that the entries of a line name besides the line's own root.
fn named(entries: &str) -> Vec<u128> {
    #[derive(serde::Deserialize)]
    struct Entry {
        root: Option<String>,
        event: Option<String>,
    }
    let entries: Vec<Entry> = serde_json::from_str(entries).unwrap_or_default();
    let texts = entries
        .into_iter()
        .flat_map(|entry| [entry.root, entry.event]);
    let ids = texts.flatten().filter_map(|text| {
        let (_, id) = text.split_once('_')?;
        decode(id)
    });
    ids.collect()
}

fn stop(shop: &str, what: &'static str, id: String, why: String) -> Stop {
    Stop {
        shop: shop.to_owned(),
        what,
        id,
        why,
    }
}
