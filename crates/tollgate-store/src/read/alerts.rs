//! Alerts, and what they are made of: figures of a shop and of the server that are read in every round.

use std::path::Path;

use tollgate_core::alert::{Alert, AlertRule};
use tollgate_core::effect::EffectState;
use tollgate_core::id::{ErrorId, ShopId, first_id};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use super::standing::OPEN_COUNTED_MAX;
use crate::Store;
use crate::db::{Db, Error, Sql, id_bytes, on_postgres, two};
use crate::error::{ReadError, SubmitError};
use crate::gate::table_write::TableWrite;
use crate::tables::alerts::{self, ClaimRound};

/// Alerts of one shop that are read.
const ALERTS_MAX: i64 = 1_000;

/// Rows of errors that are added up at the most, and kinds of them that are told.
const ERROR_ROWS_MAX: i64 = 20_000;
const ERROR_KINDS_MAX: i64 = 1_000;

/// Events among which one of a source is looked for.
const EVENTS_MAX: i64 = 5_000;

/// What effects of a shop wait for or have come to; each counted up to [`OPEN_COUNTED_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EffectsWatched {
    /// Since when the effect is due that is due for the longest.
    pub due_since: Option<Timestamp>,
    /// Effects that were given up since the time that was asked for.
    pub dead_lately: u64,
    /// When the first of all that are given up was.
    pub dead_since: Option<Timestamp>,
    /// When the first of those was whose end nobody knows.
    pub unknown_since: Option<Timestamp>,
    /// Receipts that wait for an operator, as for a font.
    pub receipts_waiting: u64,
    /// Targets that have failed and keep something waiting: their pause is not over, or something for them is due.
    pub targets_left_alone: u64,
}

/// How many errors there were of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorsOf {
    /// What it is called.
    pub code: String,
    /// The source it is about; empty where there is none.
    pub source: String,
    /// The HTTP status; 0 where there is none.
    pub status: u16,
    /// How many.
    pub count: u64,
}

/// How far a calendar is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarTaken {
    /// Its name.
    pub calendar: String,
    /// Places of its slots in the time that was asked for.
    pub capacity: i64,
    /// Of them those that are held or sold.
    pub taken: i64,
}

/// What a server says of its standbys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standbys {
    /// Commits are to wait for one (`synchronous_standby_names`).
    pub is_synchronous: bool,
    /// How many follow it now.
    pub following: u64,
}

impl Store {
    /// A shop's alerts: those that are open, and those that ended lately, newest first.
    pub async fn alerts(&self, shop: ShopId) -> Result<Vec<Alert>, ReadError> {
        self.read(move |db| list(db, shop)).await
    }

    /// Claims the round in which is looked for what is no single instance's, until a time; `false` where another
    /// instance has it. `shop` is main.
    pub async fn claim_alert_round(
        &self,
        shop: ShopId,
        holder: &str,
        until: Timestamp,
    ) -> Result<bool, SubmitError> {
        let claim = ClaimRound {
            shop,
            holder: holder.to_owned(),
            until,
            now: self.now(),
        };
        self.write_recorded(TableWrite::ClaimAlertRound(claim), None)
            .await
    }

    /// Forgets a shop's alerts that ended before a time.
    pub async fn forget_alerts(&self, shop: ShopId, before: Timestamp) -> Result<(), SubmitError> {
        self.write_beside(TableWrite::ForgetAlerts { shop, before })
            .await
    }

    /// What a shop's effects wait for or have come to; `lately` is since then, and `no_font` what the reason of a
    /// receipt begins with that waits for one.
    pub async fn effects_watched(
        &self,
        shop: ShopId,
        lately: Timestamp,
        no_font: &'static str,
    ) -> Result<EffectsWatched, ReadError> {
        let times = (self.now(), lately);
        self.read(move |db| db.at_once(|db| effects_watched(db, shop, times, no_font)))
            .await
    }

    /// How many errors a shop (or none, [`NO_SHOP`](crate::NO_SHOP)) had since a time, by code, source and status.
    pub async fn errors_since(
        &self,
        shop: ShopId,
        since: Timestamp,
    ) -> Result<Vec<ErrorsOf>, ReadError> {
        self.read(move |db| errors_since(db, shop, since)).await
    }

    /// How many events of a source came within a time, at the least: only the newest of all sources' are looked at.
    /// `None` where none of its own was among them, and older ones were left out.
    pub async fn source_spoke(
        &self,
        shop: ShopId,
        source: &str,
        (from, below): (Timestamp, Timestamp),
    ) -> Result<Option<u64>, ReadError> {
        let source = source.to_owned();
        let bounds = [from, below].map(|at| id_bytes(first_id(at)));
        self.read(move |db| {
            let of_all = db.one(
                SPOKE,
                &[&shop.0, &bounds[0], &bounds[1], &EVENTS_MAX, &source],
                |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
            )?;
            let (its, all) = of_all.unwrap_or((0, 0));
            let is_known = 0 < its || all < EVENTS_MAX;
            Ok(is_known.then(|| u64::try_from(its).unwrap_or(0)))
        })
        .await
    }

    /// How far a shop's calendars are taken between two times.
    pub async fn calendars_taken(
        &self,
        shop: ShopId,
        (from, below): (Timestamp, Timestamp),
    ) -> Result<Vec<CalendarTaken>, ReadError> {
        self.read(move |db| {
            let (from, below) = (from.as_millis(), below.as_millis());
            db.all(TAKEN, &[&shop.0, &from, &below], |row| {
                Ok(CalendarTaken {
                    calendar: row.get(0)?,
                    capacity: row.get(1)?,
                    taken: row.get(2)?,
                })
            })
        })
        .await
    }

    /// What the server says of its standbys; a file has none.
    pub async fn standbys(&self) -> Result<Option<Standbys>, ReadError> {
        self.read(|db| match db {
            Db::Sqlite(_) => Ok(None),
            Db::Postgres(_) => db.one(STANDBYS, &[], |row| {
                Ok(Standbys {
                    is_synchronous: !row.text(0)?.is_empty(),
                    following: u64::try_from(row.get::<i64>(1)?).unwrap_or(0),
                })
            }),
        })
        .await
    }
}

/// Bytes that are free on the disk of a path, and all there are; `None` where it cannot be asked.
pub fn disk_room(path: &Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    Some((bytes(disk.f_bavail), bytes(disk.f_blocks)))
}

/// `alerts.list`: a shop's few, by the beginning of the primary key.
const LIST: &str = "\
    select rule, subject, since, last_seen_at, ended_at, count, times, what, remedy
      from alerts
     where shop_id = ?1
     order by since desc, key
     limit ?2";

/// A rule that only a later version has is left to that.
fn list(db: &Db, shop: ShopId) -> Result<Vec<Alert>, Error> {
    let found = db.all(LIST, &[&shop.0, &ALERTS_MAX], |row| {
        match AlertRule::of(row.text(0)?) {
            Some(rule) => alerts::read(row, rule).map(Some),
            None => Ok(None),
        }
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// `effects.due_since`: along `effects_due`. `effects.lost_since`, `effects.dead_lately`: along `effects_lost`, one
/// state each, so that a crowd of one hides neither the other nor what was lost after it. `receipts.waiting`: a stretch
/// of `effects_due`: what has failed for want of a font says so. `targets.left_alone`: by primary key; only what has
/// failed has a row. A pause stays set until an attempt succeeds, and none is made where nothing is left to send: so
/// what was paused once counts while the pause lasts, and beyond it only while something waits (by `effects_due`).
const DUE_SINCE: &str = "\
    select min(due_at)
      from (select due_at
              from effects
             where shop_id = ?1 and due_at is not null
             order by target, due_at
             limit ?2) as counted
     where due_at <= ?3";
const LOST_SINCE: Sql = two(
    // Written as the index is, and named: without figures about its rows SQLite would rather walk all of a shop's.
    "select settled_at
      from effects indexed by effects_lost
     where shop_id = ?1 and state in ('dead', 'unknown') and state = ?2 and settled_at is not null
     order by settled_at
     limit 1",
    "select settled_at
      from effects
     where shop_id = ?1 and state in ('dead', 'unknown') and state = ?2 and settled_at is not null
     order by settled_at
     limit 1",
);
const DEAD_LATELY: Sql = two(
    "select count(*)
      from (select state
              from effects indexed by effects_lost
             where shop_id = ?1 and state in ('dead', 'unknown') and state = 'dead' and ?3 <= settled_at
             limit ?2) as counted",
    "select count(*)
      from (select state
              from effects
             where shop_id = ?1 and state in ('dead', 'unknown') and state = 'dead' and ?3 <= settled_at
             limit ?2) as counted",
);
const RECEIPTS_WAITING: &str = "\
    select count(*)
      from (select reason
              from effects
             where shop_id = ?1 and target = 'receipt' and due_at is not null
             order by due_at
             limit ?2) as counted
     where reason like ?3";
const LEFT_ALONE: &str = "\
    select count(*)
      from targets
     where shop_id = ?1 and open_until is not null
       and (?2 < open_until
            or exists (select 1
                         from effects
                        where effects.shop_id = ?1 and effects.target = targets.target
                          and effects.due_at is not null))";

fn effects_watched(
    db: &Db,
    shop: ShopId,
    (now, lately): (Timestamp, Timestamp),
    no_font: &str,
) -> Result<EffectsWatched, Error> {
    let count = |number: Option<i64>| number.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let most = &OPEN_COUNTED_MAX;
    let due = db.one(DUE_SINCE, &[&shop.0, most, &now.as_millis()], |row| {
        row.get::<Option<i64>>(0)
    })?;
    let lost_since = |state: EffectState| {
        db.one(LOST_SINCE, &[&shop.0, &state.word()], |row| {
            row.get(0).map(Timestamp::from_millis)
        })
    };
    let dead_lately = db.one(DEAD_LATELY, &[&shop.0, most, &lately.as_millis()], |row| {
        row.get(0)
    })?;
    let waits = format!("{no_font}%");
    let waiting = db.one(RECEIPTS_WAITING, &[&shop.0, most, &waits], |row| row.get(0))?;
    let left_alone = db.one(LEFT_ALONE, &[&shop.0, &now.as_millis()], |row| row.get(0))?;
    Ok(EffectsWatched {
        due_since: due.flatten().map(Timestamp::from_millis),
        dead_lately: count(dead_lately),
        dead_since: lost_since(EffectState::Dead)?,
        unknown_since: lost_since(EffectState::Unknown)?,
        receipts_waiting: count(waiting),
        targets_left_alone: count(left_alone),
    })
}

/// `errors.since`: a stretch of the primary key, the newest first.
const ERRORS_SINCE: &str = "\
    select code, coalesce(source, ''), status, cast(sum(count) as bigint)
      from (select code, source, status, count
              from errors
             where shop_id = ?1 and ?2 <= id
             order by id desc
             limit ?3) as counted
     group by code, coalesce(source, ''), status
     limit ?4";

fn errors_since(db: &Db, shop: ShopId, since: Timestamp) -> Result<Vec<ErrorsOf>, Error> {
    let from = ErrorId::from_u128(first_id(since));
    let from = id_bytes(from.as_u128());
    let limits = (&ERROR_ROWS_MAX, &ERROR_KINDS_MAX);
    db.all(ERRORS_SINCE, &[&shop.0, &from, limits.0, limits.1], |row| {
        Ok(ErrorsOf {
            code: row.get(0)?,
            source: row.get(1)?,
            status: u16::try_from(row.get::<i64>(2)?).unwrap_or(0),
            count: u64::try_from(row.get::<i64>(3)?).unwrap_or(0),
        })
    })
}

/// `events.spoke`: a stretch of `events_id` (on a server the primary key), the newest first.
const SPOKE: &str = "\
    select cast(coalesce(sum(case when source = ?5 then 1 else 0 end), 0) as bigint), count(*)
      from (select source
              from events
             where shop_id = ?1 and ?2 <= id and id < ?3
             order by id desc
             limit ?4) as counted";

/// `slots.taken`: each calendar's stretch of the primary key.
const TAKEN: &str = "\
    select slots.calendar, cast(sum(slots.capacity) as bigint),
           cast(sum(slots.held + slots.sold) as bigint)
      from calendars
      join slots
        on slots.shop_id = calendars.shop_id and slots.calendar = calendars.name
     where calendars.shop_id = ?1 and ?2 <= slots.starts_at and slots.starts_at < ?3
     group by slots.calendar
     order by slots.calendar";

/// `alerts.standbys`: one row; who may not see how standbys fare sees that there are some.
const STANDBYS: Sql = on_postgres(
    "select coalesce(current_setting('synchronous_standby_names', true), ''),
            (select count(*) from pg_stat_replication)",
);
