//! What was refused and what has failed, counted by kind and time; and the same added up by hours.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use tollgate_core::closed_sets;
use tollgate_core::id::{ErrorId, KeyId, ShopId};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::db::{Bind, Db, Error, LookupBatch, Sql, WriteBatch, id_bytes, two};

/// Stands for the shop of what is no shop's: no configured shop has this number.
pub const NO_SHOP: ShopId = ShopId(0);

/// Days of which statistics can be asked.
pub const ERROR_DAYS_MAX: i64 = 90;

/// Hours are kept for so long: a day more than is asked for.
const HOURS_KEPT: Span = Span::hours(24 * (ERROR_DAYS_MAX + 1));

/// Rows that one write takes away at the most because there are too many.
const TRIMMED_MAX: i64 = 1_000;

closed_sets! {
    /// How bad it is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum ErrorLevel {
        /// Somebody was refused, or something is tried again.
        Warn = "warn",
        /// Something of ours, or of those we call, has failed.
        Error = "error",
    }
}

/// How often something of a kind was refused or has failed within a row's time, and what the first one was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorRow {
    /// Whose; [`NO_SHOP`] where it is nobody's.
    pub shop: ShopId,
    /// Made of when the row's time begins and of its kind: a second row of both adds to the first.
    pub id: ErrorId,
    /// How bad it is.
    pub level: ErrorLevel,
    /// What it is called.
    pub code: String,
    /// A word that tells apart what has one code; may be empty.
    pub cause: String,
    /// What was wanted.
    pub operation: String,
    /// The source it is about.
    pub source: Option<String>,
    /// The key with which it was asked for.
    pub key: Option<KeyId>,
    /// What the key is called.
    pub key_name: Option<String>,
    /// The HTTP status; 0 where there is none.
    pub status: u16,
    /// How many.
    pub count: u64,
    /// When the first was.
    pub at: Timestamp,
    /// When the last was.
    pub last_at: Timestamp,
    /// The first one's request.
    pub request_id: Option<String>,
    /// The last one's request.
    pub last_request_id: Option<String>,
    /// The id of the delivery or effect that the first was about.
    pub about: Option<String>,
    /// What was wrong with the first.
    pub detail: String,
}

/// `errors.add`: by primary key.
const ADD: &str = "\
    insert into errors (shop_id, id, at, last_at, count, level, code, cause, operation, source,
                        key_id, key_name, status, request_id, last_request_id, about, detail)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
        on conflict (shop_id, id) do update
       set count = errors.count + excluded.count,
           last_at = case when errors.last_at < excluded.last_at then excluded.last_at
                          else errors.last_at end,
           last_request_id = coalesce(excluded.last_request_id, errors.last_request_id)";

/// `errors.there`: by primary key.
const ROW_THERE: &str = "select 1 from errors where shop_id = ?1 and id = ?2";

/// `error_hours.add`: by primary key. The worst level stays.
const ADD_HOUR: &str = "\
    insert into error_hours (shop_id, hour, code, cause, operation, source, level, count)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        on conflict (shop_id, hour, code, cause, operation, source) do update
       set count = error_hours.count + excluded.count,
           level = case when error_hours.level = 'error' then 'error' else excluded.level end";

/// `error_hours.begun`: the beginning of the primary key.
const BEGUN: &str = "select 1 from error_hours where shop_id = ?1 and hour = ?2 limit 1";

/// `error_hours.forget`: the beginning of the primary key.
const FORGET_HOURS: &str = "delete from error_hours where shop_id = ?1 and hour < ?2";

/// `errors_kept.add`, `errors_kept.get`: by primary key. On a server it is locked: what is no shop's has no head, and
/// an instance that writes it looks at what another has left.
const ADD_KEPT: &str = "\
    insert into errors_kept (shop_id, kept) values (?1, ?2)
        on conflict (shop_id) do update set kept = errors_kept.kept + excluded.kept";
const KEPT: Sql = two(
    "select kept from errors_kept where shop_id = ?1",
    "select kept from errors_kept where shop_id = ?1 for no key update",
);

/// `errors.trim`, `errors.forget`: the oldest, by primary key.
const TRIM: &str = "\
    delete from errors
     where shop_id = ?1
       and id in (select id from errors where shop_id = ?1 order by id limit ?2)";
const FORGET: &str = "\
    delete from errors
     where shop_id = ?1
       and id in (select id from errors where shop_id = ?1 and id < ?2 order by id limit ?3)";

/// A row of `error_hours`, but for its shop: the hour, code, cause, operation and source.
type HourOf<'r> = (i64, &'r str, &'r str, &'r str, &'r str);

/// Rows of one shop that are kept, and how many of it may be.
#[derive(Debug, Clone)]
pub(crate) struct KeepErrors {
    /// Whose rows they are.
    pub(crate) shop: ShopId,
    /// The rows.
    pub(crate) rows: Vec<ErrorRow>,
    /// How many the shop may have; beyond them the oldest go.
    pub(crate) rows_max: u64,
    /// The time now.
    pub(crate) now: Timestamp,
}

impl KeepErrors {
    /// Adds them, in as many round trips for many as for one. Each table is written in the order of its keys: two
    /// instances that write what is no shop's, which has no head to be locked, do not wait for each other in a circle.
    pub(crate) fn run(&self, db: &Db) -> Result<usize, Error> {
        let rows = self.rows_by_id();
        let shop = &self.shop.0;
        let hour = hour_of(self.now);
        let mut lookups = LookupBatch::default();
        let kept = lookups.ask(KEPT, vec![vec![shop.value()]]);
        let begun = lookups.ask(BEGUN, vec![vec![shop.value(), hour.value()]]);
        let ids: Vec<[u8; 16]> = rows.keys().map(|id| id_bytes(id.as_u128())).collect();
        let keys = ids.iter().map(|id| vec![shop.value(), id.value()]);
        let there = lookups.ask(ROW_THERE, keys.collect());
        let found = db.look_up(lookups)?;
        let kept = found.firsts(kept, |row| row.get::<i64>(0))?;
        let is_begun = found.firsts(begun, |_| Ok(()))?.contains(&Some(()));
        let there = found.firsts(there, |_| Ok(()))?;
        let made = there.iter().filter(|there| there.is_none()).count() as i64;
        let mut writes = db.write_batch();
        for row in rows.values() {
            add(&mut writes, row)?;
        }
        self.add_hours(&mut writes)?;
        if !is_begun {
            // Once an hour is enough for what goes by hours.
            let before = self.now.plus(Span::millis(-HOURS_KEPT.as_millis()));
            writes.put(FORGET_HOURS, &[shop, &before.as_millis()])?;
        }
        if made != 0 {
            writes.put(ADD_KEPT, &[shop, &made])?;
        }
        writes.finish()?;
        let kept = kept.into_iter().flatten().next().unwrap_or(0) + made;
        trim(db, self.shop, kept, self.rows_max)?;
        Ok(self.rows.len())
    }

    /// Each row once, in the order of their ids.
    fn rows_by_id(&self) -> BTreeMap<ErrorId, ErrorRow> {
        let mut rows: BTreeMap<ErrorId, ErrorRow> = BTreeMap::new();
        for row in &self.rows {
            match rows.entry(row.id) {
                Entry::Vacant(entry) => {
                    entry.insert(row.clone());
                }
                Entry::Occupied(mut entry) => {
                    let known = entry.get_mut();
                    known.count = known.count.saturating_add(row.count);
                    known.last_at = known.last_at.max(row.last_at);
                    if row.last_request_id.is_some() {
                        known.last_request_id.clone_from(&row.last_request_id);
                    }
                }
            }
        }
        rows
    }

    fn add_hours(&self, writes: &mut WriteBatch<'_>) -> Result<(), Error> {
        let mut hours: BTreeMap<HourOf<'_>, (ErrorLevel, u64)> = BTreeMap::new();
        for row in &self.rows {
            let source = row.source.as_deref().unwrap_or_default();
            let hour = hour_of(row.at);
            let of = (hour, &*row.code, &*row.cause, &*row.operation, source);
            let (level, count) = hours.entry(of).or_insert((row.level, 0));
            *level = row.level.max(*level);
            *count = count.saturating_add(row.count);
        }
        for ((hour, code, cause, operation, source), (level, count)) in hours {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            writes.put(
                ADD_HOUR,
                &[
                    &self.shop.0,
                    &hour,
                    &code,
                    &cause,
                    &operation,
                    &source,
                    &level.word(),
                    &count,
                ],
            )?;
        }
        Ok(())
    }
}

/// The beginning of an hour, in milliseconds.
fn hour_of(at: Timestamp) -> i64 {
    const HOUR_MS: i64 = 3_600_000;
    at.as_millis().div_euclid(HOUR_MS) * HOUR_MS
}

fn add(writes: &mut WriteBatch<'_>, row: &ErrorRow) -> Result<(), Error> {
    let id = id_bytes(row.id.as_u128());
    let count = i64::try_from(row.count).unwrap_or(i64::MAX);
    let values: &[&dyn Bind] = &[
        &row.shop.0,
        &id,
        &row.at.as_millis(),
        &row.last_at.as_millis(),
        &count,
        &row.level.word(),
        &row.code,
        &row.cause,
        &row.operation,
        &row.source,
        &row.key.map(|key| id_bytes(key.as_u128())),
        &row.key_name,
        &row.status,
        &row.request_id,
        &row.last_request_id,
        &row.about,
        &row.detail,
    ];
    writes.put(ADD, values)
}

/// Takes the oldest of the rows that are too many.
fn trim(db: &Db, shop: ShopId, kept: i64, rows_max: u64) -> Result<(), Error> {
    let most = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let excess = kept.saturating_sub(most).min(TRIMMED_MAX);
    if 0 < excess {
        let gone = db.run(TRIM, &[&shop.0, &excess])? as i64;
        db.run(ADD_KEPT, &[&shop.0, &-gone])?;
    }
    Ok(())
}

/// Takes so many of the oldest rows with ids below this; how many there were.
pub(crate) fn forget(db: &Db, shop: ShopId, below: u128, most: i64) -> Result<usize, Error> {
    let gone = db.run(FORGET, &[&shop.0, &id_bytes(below), &most])?;
    if 0 < gone {
        db.run(ADD_KEPT, &[&shop.0, &-(gone as i64)])?;
    }
    Ok(gone)
}
