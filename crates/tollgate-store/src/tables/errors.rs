//! What was refused and what has failed, counted by kind and time; and the same added up by hours.

use std::collections::BTreeMap;

use tollgate_core::closed_sets;
use tollgate_core::id::{ErrorId, KeyId, ShopId};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::db::{Db, Error, id_bytes};

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

/// `errors.insert`: by primary key; nothing where the row is there already.
const INSERT: &str = "\
    insert into errors (shop_id, id, at, last_at, count, level, code, cause, operation, source,
                        key_id, key_name, status, request_id, last_request_id, about, detail)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
        on conflict (shop_id, id) do nothing";

/// `errors.add`: by primary key.
const ADD: &str = "\
    update errors
       set count = count + ?3,
           last_at = case when last_at < ?4 then ?4 else last_at end,
           last_request_id = coalesce(?5, last_request_id)
     where shop_id = ?1 and id = ?2";

/// `error_hours.add`: by primary key.
const ADD_HOUR: &str = "\
    insert into error_hours (shop_id, hour, code, cause, operation, source, level, count)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        on conflict (shop_id, hour, code, cause, operation, source) do update
       set count = error_hours.count + excluded.count, level = excluded.level";

/// `error_hours.forget`: the beginning of the primary key.
const FORGET_HOURS: &str = "delete from error_hours where shop_id = ?1 and hour < ?2";

/// `errors_kept.add`, `errors_kept.get`: by primary key.
const ADD_KEPT: &str = "\
    insert into errors_kept (shop_id, kept) values (?1, ?2)
        on conflict (shop_id) do update set kept = errors_kept.kept + excluded.kept";
const KEPT: &str = "select kept from errors_kept where shop_id = ?1";

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
    /// Adds them. Each table is written in the order of its keys: two instances that write what is no shop's, which
    /// has no head to be locked, do not wait for each other in a circle.
    pub(crate) fn run(&self, db: &Db) -> Result<usize, Error> {
        let KeepErrors {
            shop,
            rows,
            rows_max,
            now,
        } = self;
        let mut rows: Vec<&ErrorRow> = rows.iter().collect();
        rows.sort_by_key(|row| row.id);
        let mut made = 0;
        for row in &rows {
            made += insert_or_add(db, row)?;
        }
        let mut hours: BTreeMap<HourOf<'_>, (ErrorLevel, u64)> = BTreeMap::new();
        for row in &rows {
            let source = row.source.as_deref().unwrap_or_default();
            let of = (
                hour_of(row.at),
                &*row.code,
                &*row.cause,
                &*row.operation,
                source,
            );
            hours.entry(of).or_insert((row.level, 0)).1 += row.count;
        }
        for ((hour, code, cause, operation, source), (level, count)) in hours {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            let values: &[&dyn crate::db::Bind] = &[
                &shop.0,
                &hour,
                &code,
                &cause,
                &operation,
                &source,
                &level.word(),
                &count,
            ];
            db.run(ADD_HOUR, values)?;
        }
        let before = now.plus(Span::millis(-HOURS_KEPT.as_millis()));
        db.run(FORGET_HOURS, &[&shop.0, &before.as_millis()])?;
        trim(db, *shop, made, *rows_max)?;
        Ok(rows.len())
    }
}

/// The beginning of an hour, in milliseconds.
fn hour_of(at: Timestamp) -> i64 {
    const HOUR_MS: i64 = 3_600_000;
    at.as_millis().div_euclid(HOUR_MS) * HOUR_MS
}

/// How many rows were made: one, or none where it was added to one.
fn insert_or_add(db: &Db, row: &ErrorRow) -> Result<usize, Error> {
    let id = id_bytes(row.id.as_u128());
    let count = i64::try_from(row.count).unwrap_or(i64::MAX);
    let values: &[&dyn crate::db::Bind] = &[
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
    let made = db.run(INSERT, values)?;
    if made == 0 {
        let last_at = row.last_at.as_millis();
        db.run(
            ADD,
            &[&row.shop.0, &id, &count, &last_at, &row.last_request_id],
        )?;
    }
    Ok(made)
}

/// Notes how many rows were made, and takes the oldest of those that are too many.
fn trim(db: &Db, shop: ShopId, made: usize, rows_max: u64) -> Result<(), Error> {
    let made = made as i64;
    if made != 0 {
        db.run(ADD_KEPT, &[&shop.0, &made])?;
    }
    let kept = db.one(KEPT, &[&shop.0], |row| row.get::<i64>(0))?;
    let most = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let excess = kept.unwrap_or(0).saturating_sub(most).min(TRIMMED_MAX);
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
