//! Retention: what is taken of the data when its time is over.
//!
//! On SQLite a few rows at a time, as writes among everything else: their due times are found by their
//! keys, and the pages they leave are used again. On PostgreSQL whole months and days are detached by
//! maintenance (`partitions.rs`); only refused deliveries, which are few, are deleted there too.
//!
//! What waits for somebody is never taken: an event that is parked, queued or dead, and its key.

use std::sync::Arc;
use std::time::Instant;

use tollgate_core::id::{ShopId, first_id};
use tollgate_core::time::{Span, Timestamp};

use crate::db::{Db, Error, Row, id_at, id_bytes};
use crate::gate::queue::{Job, Work};
use crate::gate::rejected::RejectedGate;
use crate::gate::submission::Class;
use crate::gate::table_write::TableWrite;
use crate::options::Limits;
use crate::tables::audit::{self, FAILED_BEYOND, OLDEST_FAILED, OLDEST_RECORD};
use crate::tables::errors::{self, NO_SHOP};
use crate::tables::horizon::{self, What};
use crate::tables::shops;

/// Rows with bodies that are deleted in one batch.
const ROWS_MAX: i64 = 200;

/// Keys that are looked through at a time.
const KEYS_MAX: i64 = 2_000;

/// How often all keys are looked through, and the pause between two pages that had nothing old.
const KEYS_EVERY: Span = Span::hours(24);
const KEYS_PAUSE: Span = Span::millis(50);

/// Looks at this time at the latest.
const LOOK_EVERY: Span = Span::hours(24);

/// How often tries to sign in that have failed are counted, where there are any.
const FAILED_EVERY: Span = Span::minutes(1);

/// Something that is taken, of one shop.
#[derive(Debug, Clone)]
pub(crate) enum Forget {
    /// Refused deliveries with ids below this, so many of the oldest.
    Rejected(ShopId, u128),
    /// Kept errors with ids below this, so many of the oldest.
    Errors(ShopId, u128),
    /// Events that came before this and wait for nothing, so many of the oldest.
    Events(ShopId, Timestamp, Timestamp),
    /// Records of who changed what that were made before this, so many of the oldest.
    Audit(ShopId, Timestamp),
    /// Of those, tries to sign in that have failed: made before this, or older than so many.
    FailedSignIns(ShopId, Timestamp, u32),
    /// Keys of such events, of a stretch of keys.
    Keys {
        /// Whose.
        shop: ShopId,
        /// After this key.
        after: [u8; 16],
        /// Up to and including this one.
        to: [u8; 16],
        /// Of events that came before this.
        before: Timestamp,
        /// The time now.
        now: Timestamp,
    },
}

/// `deliveries.oldest`, `errors.oldest`, `events.oldest`: the first entries of `deliveries_id`, of a primary key and of
/// `events_id`.
const OLDEST_DELIVERY: &str = "select id from deliveries where shop_id = ?1 order by id limit 1";
const OLDEST_ERROR: &str = "select id from errors where shop_id = ?1 order by id limit 1";
const OLDEST_EVENT: &str = "\
    select id
      from events
     where shop_id = ?1 and state not in ('parked', 'queued', 'dead')
     order by id
     limit 1";

/// `deliveries.forget`: by `deliveries_id`.
const FORGET_DELIVERIES: &str = "\
    delete from deliveries
     where shop_id = ?1
       and id in (select id from deliveries
                   where shop_id = ?1 and id < ?2 order by id limit ?3)";

/// `events.forget`: by `events_id`.
const FORGET_EVENTS: &str = "\
    delete from events
     where shop_id = ?1
       and id in (select id from events
                   where shop_id = ?1 and id < ?2
                     and state not in ('parked', 'queued', 'dead')
                   order by id limit ?3)";

/// `event_keys.page`: walks the primary key.
const KEYS: &str = "\
    select hash, event
      from event_keys
     where shop_id = ?1 and ?2 < hash
     order by hash
     limit ?3";

/// `event_keys.forget`: a stretch of the primary key.
const FORGET_KEYS: &str = "\
    delete from event_keys
     where shop_id = ?1 and ?2 < hash and hash <= ?3 and event < ?4
       and not exists (select 1 from events
                        where events.shop_id = event_keys.shop_id and events.id = event_keys.event
                          and events.state in ('parked', 'queued', 'dead'))";

impl Forget {
    /// Whose rows they are.
    pub(crate) fn shop(&self) -> ShopId {
        match self {
            Forget::Rejected(shop, _)
            | Forget::Errors(shop, _)
            | Forget::Events(shop, ..)
            | Forget::Audit(shop, _)
            | Forget::FailedSignIns(shop, ..)
            | Forget::Keys { shop, .. } => *shop,
        }
    }

    /// Takes it, inside the batch's transaction; how many rows.
    pub(crate) fn run(&self, db: &Db) -> Result<usize, Error> {
        match self {
            Forget::Rejected(shop, below) => forget_rejected(db, *shop, *below),
            Forget::Errors(shop, below) => errors::forget(db, *shop, *below, ROWS_MAX),
            Forget::Events(shop, before, now) => {
                horizon::note(db, *shop, What::Events, *before, 0, *now)?;
                let below = id_bytes(first_id(*before));
                db.run(FORGET_EVENTS, &[&shop.0, &below, &ROWS_MAX])
            }
            Forget::Audit(shop, before) => audit::forget(db, *shop, *before, ROWS_MAX),
            Forget::FailedSignIns(shop, before, kept) => {
                audit::forget_failed(db, *shop, (*before, *kept), ROWS_MAX)
            }
            Forget::Keys {
                shop,
                after,
                to,
                before,
                now,
            } => {
                horizon::note(db, *shop, What::Keys, *before, 0, *now)?;
                let below = id_bytes(first_id(*before));
                db.run(FORGET_KEYS, &[&shop.0, after, to, &below])
            }
        }
    }
}

fn forget_rejected(db: &Db, shop: ShopId, below: u128) -> Result<usize, Error> {
    db.run(FORGET_DELIVERIES, &[&shop.0, &id_bytes(below), &ROWS_MAX])
}

/// Deletes refused deliveries whose time is over, on PostgreSQL, and counts again what is kept.
pub(crate) fn retire_rejected(
    db: &Db,
    now: Timestamp,
    limits: &Limits,
    rejected: &RejectedGate,
) -> Result<(), Error> {
    if limits.rejected_ms == 0 {
        return Ok(());
    }
    let below = first_id(now.plus(Span::millis(-limits.rejected_ms)));
    for shop in shops::all(db)? {
        while forget_rejected(db, shop, below)? == ROWS_MAX as usize {}
    }
    rejected.recount(db)
}

/// Deletes kept errors whose time is over, on PostgreSQL.
pub(crate) fn retire_errors(db: &Db, now: Timestamp, limits: &Limits) -> Result<(), Error> {
    if limits.errors_ms == 0 {
        return Ok(());
    }
    let below = first_id(now.plus(Span::millis(-limits.errors_ms)));
    let shops = shops::all(db)?;
    for shop in shops.into_iter().chain([NO_SHOP]) {
        // Nothing is begun where nothing has to go.
        let due = oldest(db, OLDEST_ERROR, shop, limits.errors_ms)?;
        if due.is_none_or(|due| now < due) {
            continue;
        }
        while forget_errors(db, shop, below)? == ROWS_MAX as usize {}
    }
    Ok(())
}

/// The rows and how many there are, in one transaction.
fn forget_errors(db: &Db, shop: ShopId, below: u128) -> Result<usize, Error> {
    db.begin(&[], false)?;
    let gone = errors::forget(db, shop, below, ROWS_MAX);
    match gone {
        Ok(_) => db.commit()?,
        Err(_) => db.rollback()?,
    }
    gone
}

/// Deletes records of who changed what whose time is over, on PostgreSQL.
pub(crate) fn retire_audit(db: &Db, now: Timestamp, limits: &Limits) -> Result<(), Error> {
    if limits.audit_ms == 0 {
        return Ok(());
    }
    let before = now.plus(Span::millis(-limits.audit_ms));
    for shop in shops::all(db)? {
        while audit::forget(db, shop, before, ROWS_MAX)? == ROWS_MAX as usize {}
    }
    Ok(())
}

/// Deletes tries to sign in that have failed, beyond their time and number, on PostgreSQL.
pub(crate) fn retire_failed_sign_ins(
    db: &Db,
    now: Timestamp,
    limits: &Limits,
) -> Result<(), Error> {
    let kept = (
        now.plus(Span::millis(-limits.failed_sign_ins_ms)),
        limits.failed_sign_ins_max,
    );
    for shop in shops::all(db)? {
        while audit::forget_failed(db, shop, kept, ROWS_MAX)? != 0 {}
    }
    Ok(())
}

/// Knows on SQLite what is to be taken next.
pub(crate) struct Retiring {
    rejected: Arc<RejectedGate>,
    /// Refused deliveries were deleted since they were counted.
    rejected_gone: bool,
    /// When keys are looked through again, and after which the next page begins.
    keys_at: Timestamp,
    keys_after: (ShopId, [u8; 16]),
}

impl Retiring {
    pub(crate) fn new(rejected: Arc<RejectedGate>) -> Retiring {
        Retiring {
            rejected,
            rejected_gone: false,
            keys_at: Timestamp::from_millis(0),
            keys_after: (ShopId(0), [0; 16]),
        }
    }

    /// Adds what is to be taken in this batch; when to look again.
    pub(crate) fn look(
        &mut self,
        db: &Db,
        now: Timestamp,
        limits: &Limits,
        jobs: &mut Vec<Job>,
    ) -> Result<Timestamp, Error> {
        let shops = shops::all(db)?;
        let mut next = now.plus(LOOK_EVERY);
        let mut rejected_due = false;
        for shop in shops.iter().copied() {
            let before = now.plus(Span::millis(-limits.rejected_ms));
            match oldest(db, OLDEST_DELIVERY, shop, limits.rejected_ms)? {
                Some(due) if due <= now => {
                    rejected_due = true;
                    next = now;
                    jobs.push(job(Forget::Rejected(shop, first_id(before))));
                }
                Some(due) => next = next.min(due),
                None => {}
            }
            let before = now.plus(Span::millis(-limits.events_ms));
            match oldest(db, OLDEST_EVENT, shop, limits.events_ms)? {
                Some(due) if due <= now => {
                    next = now;
                    jobs.push(job(Forget::Events(shop, before, now)));
                }
                Some(due) => next = next.min(due),
                None => {}
            }
        }
        for shop in shops.iter().copied().chain([NO_SHOP]) {
            let before = now.plus(Span::millis(-limits.errors_ms));
            match oldest(db, OLDEST_ERROR, shop, limits.errors_ms)? {
                Some(due) if due <= now => {
                    next = now;
                    jobs.push(job(Forget::Errors(shop, first_id(before))));
                }
                Some(due) => next = next.min(due),
                None => {}
            }
        }
        for shop in shops.iter().copied().filter(|_| limits.audit_ms != 0) {
            let oldest = db.one(OLDEST_RECORD, &[&shop.0], |row| row.get(0))?;
            let due = oldest.map(|at| {
                let kept = Span::millis(limits.audit_ms + 1);
                Timestamp::from_millis(at).plus(kept)
            });
            match due {
                Some(due) if due <= now => {
                    next = now;
                    let before = now.plus(Span::millis(-limits.audit_ms));
                    jobs.push(job(Forget::Audit(shop, before)));
                }
                Some(due) => next = next.min(due),
                None => {}
            }
        }
        for shop in shops.iter().copied() {
            if let Some(due) = failed_due(db, shop, now, limits)? {
                let before = now.plus(Span::millis(-limits.failed_sign_ins_ms));
                if due <= now {
                    let kept = limits.failed_sign_ins_max;
                    jobs.push(job(Forget::FailedSignIns(shop, before, kept)));
                }
                next = next.min(due.max(now));
            }
        }
        if !rejected_due && std::mem::take(&mut self.rejected_gone) {
            self.rejected.recount(db)?;
        }
        self.rejected_gone |= rejected_due;
        if 0 < limits.keys_ms {
            // Further ahead than it is ever put, the clock was ahead then.
            if self.keys_at <= now || now.plus(KEYS_EVERY) < self.keys_at {
                self.look_at_keys(db, &shops, now, limits.keys_ms, jobs)?;
            }
            next = next.min(self.keys_at);
        }
        Ok(next)
    }

    /// Looks at the next page of keys.
    fn look_at_keys(
        &mut self,
        db: &Db,
        shops: &[ShopId],
        now: Timestamp,
        kept_ms: i64,
        jobs: &mut Vec<Job>,
    ) -> Result<(), Error> {
        let before = now.plus(Span::millis(-kept_ms));
        let below = id_bytes(first_id(before));
        let (shop, after) = self.keys_after;
        let read = |row: &Row<'_>| Ok((row.get::<[u8; 16]>(0)?, row.get::<[u8; 16]>(1)?));
        let page = db.all(KEYS, &[&shop.0, &after, &KEYS_MAX], read)?;
        let is_old = page.iter().any(|(_, event)| *event < below);
        if let Some((to, _)) = page.last().filter(|_| is_old) {
            jobs.push(job(Forget::Keys {
                shop,
                after,
                to: *to,
                before,
                now,
            }));
        }
        let pause = if is_old { now } else { now.plus(KEYS_PAUSE) };
        let next_shop = shops.iter().copied().find(|next| shop < *next);
        (self.keys_after, self.keys_at) = match (page.last(), next_shop) {
            (Some((last, _)), _) if page.len() as i64 == KEYS_MAX => ((shop, *last), pause),
            (_, Some(next)) => ((next, [0; 16]), now),
            (_, None) => ((ShopId(0), [0; 16]), now.plus(KEYS_EVERY)),
        };
        Ok(())
    }
}

/// When tries to sign in that have failed are to be taken, or counted again; `None` where there are none.
fn failed_due(
    db: &Db,
    shop: ShopId,
    now: Timestamp,
    limits: &Limits,
) -> Result<Option<Timestamp>, Error> {
    let Some(oldest) = db.one(OLDEST_FAILED, &[&shop.0], |row| row.get(0))? else {
        return Ok(None);
    };
    let kept = &limits.failed_sign_ins_max;
    let beyond = db.one(FAILED_BEYOND, &[&shop.0, kept], |row| row.get::<i64>(0))?;
    if beyond.is_some() {
        return Ok(Some(now));
    }
    let due = Timestamp::from_millis(oldest).plus(Span::millis(limits.failed_sign_ins_ms + 1));
    Ok(Some(due.min(now.plus(FAILED_EVERY))))
}

/// When the oldest row of its kind is to be taken; `None` where there is none, or never.
fn oldest(
    db: &Db,
    sql: &'static str,
    shop: ShopId,
    kept_ms: i64,
) -> Result<Option<Timestamp>, Error> {
    if kept_ms == 0 {
        return Ok(None);
    }
    let id = db.one(sql, &[&shop.0], |row| id_at(row, 0))?;
    // Rows below the first id of a millisecond are taken: that of the next one is the first that has it.
    let made_at = id.map(|id| Timestamp::from_millis((id >> 80) as i64));
    Ok(made_at.map(|at| at.plus(Span::millis(kept_ms + 1))))
}

fn job(forget: Forget) -> Job {
    Job {
        work: Work::TableWrite(TableWrite::Forget(forget)),
        class: Class::Expiry,
        bytes: 0,
        reply_to: None,
        since: Instant::now(),
    }
}
