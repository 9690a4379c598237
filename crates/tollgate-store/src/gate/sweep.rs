//! Sweeps: what has come due, found by its due time. Nothing polls: the writer sleeps until the
//! earliest of them.
//!
//! On PostgreSQL other instances may make something due and go away, so each looks every few seconds.
//! Anyone who finds something claims the shop's sweep for a moment, and the others pass it over. The claim
//! saves work and decides nothing: what two find at once the second finds done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core::capacity::Calendar;
use tollgate_core::command::{Action, Command};
use tollgate_core::id::{EventId, RootId, ShopId};
use tollgate_core::snapshot::{EventState, Rendezvous, Snapshot, StoredEvent};
use tollgate_core::time::{Span, Timestamp};

use crate::db::{Db, Error, Sql, id_at, id_bytes, on_postgres, on_sqlite, two};
use crate::figures::Counters;
use crate::gate::quarantine::AGAIN;
use crate::gate::queue::{Job, Work};
use crate::gate::rejected::RejectedGate;
use crate::gate::retention::Retiring;
use crate::gate::submission::{Class, Submission};
use crate::gate::table_write::TableWrite;
use crate::options::Options;
use crate::tables::namesake::is_namesake;
use crate::tables::{calendars, events, names, roots};

/// How often idempotency records are looked through for old ones.
const FORGET_EVERY: Span = Span::minutes(10);

/// How often parked events are looked through for a payment that is known.
const BELT_EVERY: Span = Span::seconds(5);

/// Parked events that one round of the belt looks at.
const BELT_PAGE: i64 = 200;

/// How often an instance looks for what others have made due.
const LOOK_EVERY: Span = Span::seconds(5);

/// How long a claim on a shop's sweep holds, unless it is renewed.
const CLAIM: Span = Span::seconds(3);

/// Further ahead than this no calendar is due: its slots are made each few hours.
const MAKE_AHEAD_MAX: Span = Span::hours(25);

/// Calendars of a shop that follow their rules in one batch: each may have many slots.
const MAKES_MAX: usize = 8;

/// After a failure the sweep waits this long.
const AFTER_FAILURE: Span = Span::seconds(1);

/// Knows when something is due next.
pub(crate) struct Sweeper {
    /// Which shops: those of this lane, of so many.
    lane: usize,
    lanes: usize,
    /// Others may make something due: the name under which its sweep is claimed.
    claims_as: Option<String>,
    /// The latest time at which it was asked.
    seen: Timestamp,
    /// The earliest due time there can be; unknown at the start.
    next: Timestamp,
    forget_at: Timestamp,
    /// What else is to be taken when its time is over.
    retiring: Retiring,
    /// When the belt is looked at next: at the start, and once more after events were parked or
    /// names bound.
    belt_at: Option<Timestamp>,
    /// Where the belt goes on: the shop, and the due time and row of the event after which.
    belt_from: (ShopId, i64, [u8; 16]),
    /// Something was parked or bound since the belt began its round.
    belt_again: bool,
}

impl Sweeper {
    pub(crate) fn new(
        lane: usize,
        lanes: usize,
        claims_as: Option<String>,
        rejected: Arc<RejectedGate>,
    ) -> Sweeper {
        let start = Timestamp::from_millis(0);
        Sweeper {
            lane,
            lanes,
            claims_as,
            seen: start,
            next: start,
            forget_at: start,
            retiring: Retiring::new(rejected),
            belt_at: Some(start),
            belt_from: (ShopId(0), 0, [0; 16]),
            belt_again: false,
        }
    }

    /// Notes the time. Has it gone back, what it sleeps until was meant for a time that is not: it looks
    /// now.
    pub(crate) fn set_time(&mut self, now: Timestamp) {
        if now < self.seen {
            self.next = self.next.min(now);
            self.forget_at = self.forget_at.min(now);
            self.belt_at = self.belt_at.map(|at| at.min(now));
        }
        self.seen = now;
    }

    /// How long until something is due.
    pub(crate) fn patience(&self, now: Timestamp) -> Duration {
        let next = self
            .next
            .min(match self.claims_as {
                None => self.forget_at,
                // There, days go with their partitions.
                Some(_) => self.next,
            })
            .min(self.belt_at.unwrap_or(self.next));
        let millis = next.as_millis().saturating_sub(now.as_millis());
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    /// Nothing is due.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        !self.patience(now).is_zero()
    }

    /// Looks again a little later, after the database has failed: what was found due is still due.
    pub(crate) fn later(&mut self, now: Timestamp) {
        let later = now.plus(AFTER_FAILURE);
        self.next = later;
        self.forget_at = self.forget_at.max(later);
        self.belt_at = self.belt_at.map(|at| at.max(later));
    }

    /// Looks at this time at the latest.
    pub(crate) fn look_at(&mut self, time: Timestamp) {
        self.next = self.next.min(time);
    }

    /// Notes the due times a batch has written.
    pub(crate) fn expect(&mut self, known: &Snapshot, now: Timestamp) {
        let roots = known.roots.changed().filter_map(|root| root.due_at());
        let events = known.events.changed().filter_map(|event| event.due_at);
        let calendars = known
            .calendars
            .changed()
            .filter_map(|calendar| calendar.make_at);
        if let Some(earliest) = roots.chain(events).chain(calendars).min() {
            self.next = self.next.min(earliest);
        }
        let parked = |event: &StoredEvent| event.state == EventState::Parked;
        let bound = |rendezvous: &Rendezvous| rendezvous.payment.is_some();
        if known.events.changed().any(parked) || known.names.changed().any(bound) {
            self.belt_again = true;
            self.belt_at = self.belt_at.or(Some(now.plus(BELT_EVERY)));
        }
    }

    /// What is due now, at most `room` of it, and never twice at a time: it is decided in the batch
    /// it is put into.
    pub(crate) fn due(
        &mut self,
        db: &Db,
        now: Timestamp,
        room: usize,
        options: &Options,
        counters: &Counters,
    ) -> Result<Vec<Job>, Error> {
        let mut jobs = Vec::new();
        if self.forget_at <= now && self.claims_as.is_none() {
            self.forget(db, now, options, &mut jobs)?;
        }
        if self.belt_at.is_some_and(|at| at <= now) {
            let before = jobs.len();
            self.belt(db, now, &mut jobs)?;
            Counters::add(&counters.belt_found, (jobs.len() - before) as u64);
        }
        if now < self.next {
            return Ok(jobs);
        }
        let mut full = false;
        let mut passed_over = false;
        let shops = self.shops(db)?;
        for shop in shops.iter().copied() {
            let due = due_actions(db, shop, now, room, options)?;
            if !due.is_empty() && !self.claim(db, shop, now)? {
                passed_over = true;
                continue;
            }
            let is_make = |action: &&Action| matches!(action, Action::MakeSlots { .. });
            full |= due.iter().filter(is_make).count() == MAKES_MAX;
            for action in due {
                match room <= jobs.len() {
                    true => full = true,
                    false => jobs.push(command(shop, action)),
                }
            }
        }
        // What did not fit comes with the next batch; else sleep until the next due time.
        self.next = if full {
            now
        } else {
            next_due(db, &shops, now)?
        };
        if self.claims_as.is_some() {
            self.next = self.next.min(now.plus(LOOK_EVERY));
        }
        if passed_over {
            self.next = self.next.min(now.plus(AFTER_FAILURE));
        }
        Ok(jobs)
    }

    /// The shops of this lane: all there ever were, for one that the configuration no longer names
    /// still has its holds.
    fn shops(&self, db: &Db) -> Result<Vec<ShopId>, Error> {
        let mut shops = db.all(SHOPS, &[], |row| row.get(0).map(ShopId))?;
        shops.retain(|shop| shop.0 as usize % self.lanes == self.lane);
        Ok(shops)
    }

    /// Claims what is due in a shop; `false` if somebody else has claimed it.
    fn claim(&self, db: &Db, shop: ShopId, now: Timestamp) -> Result<bool, Error> {
        let Some(name) = &self.claims_as else {
            return Ok(true);
        };
        let until = now.plus(CLAIM).as_millis();
        let claimed = db.run(CLAIM_SWEEP, &[&shop.0, name, &until, &now.as_millis()])?;
        Ok(claimed == 1)
    }

    /// Forgets old idempotency records, a thousand a batch, until the oldest is young enough, and what
    /// else retention no longer keeps.
    fn forget(
        &mut self,
        db: &Db,
        now: Timestamp,
        options: &Options,
        jobs: &mut Vec<Job>,
    ) -> Result<(), Error> {
        let kept = Span::millis(options.limits.idempotency_ms);
        let oldest = db.one(OLDEST_RECORD, &[], |row| {
            row.get(0).map(Timestamp::from_millis)
        })?;
        let soon = now.plus(FORGET_EVERY);
        let records_at = match oldest {
            Some(oldest) if oldest.plus(kept) < now => {
                let before = now.plus(Span::millis(-kept.as_millis()));
                jobs.push(job(Work::TableWrite(TableWrite::ForgetRecords { before })));
                now
            }
            Some(oldest) => oldest.plus(kept).max(soon),
            None => soon,
        };
        let rest_at = self.retiring.look(db, now, &options.limits, jobs)?;
        self.forget_at = records_at.min(rest_at);
        Ok(())
    }

    /// Looks at the next page of parked events for one whose name leads to a payment. A
    /// rendezvous leaves none behind, so one that is found here is a bug of ours.
    fn belt(&mut self, db: &Db, now: Timestamp, jobs: &mut Vec<Job>) -> Result<(), Error> {
        let (shop, due_at, id) = self.belt_from;
        let rows = db.all(BELT, &[&shop.0, &due_at, &id, &BELT_PAGE], |row| {
            Ok((
                (row.get::<i64>(0)?, row.get::<[u8; 16]>(1)?),
                row.get::<Option<String>>(2)?,
                row.get::<Option<String>>(3)?,
            ))
        })?;
        let last = rows.last().map(|(at, _, _)| *at);
        let page_full = rows.len() as i64 == BELT_PAGE;
        for ((_, id), source, name) in rows {
            if let (Some(source), Some(name)) = (source, name)
                && !waits_rightly(db, shop, &id, (&source, &name))?
            {
                jobs.push(command(shop, Action::DrainName { source, name }));
            }
        }
        let next_shop = self.shops(db)?.into_iter().find(|next| shop < *next);
        let (from, again) = match (last, next_shop) {
            (Some((due_at, id)), _) if page_full => ((shop, due_at, id), true),
            (_, Some(next)) => ((next, 0, [0; 16]), true),
            (_, None) => (
                (ShopId(0), 0, [0; 16]),
                std::mem::take(&mut self.belt_again),
            ),
        };
        self.belt_from = from;
        self.belt_at = again.then(|| now.plus(BELT_EVERY));
        Ok(())
    }
}

/// `sweep.shops`: a handful.
const SHOPS: &str = "select shop_id from shops order by shop_id";

/// `sweep.claim`: by primary key; only on PostgreSQL, one statement and a transaction of its own.
const CLAIM_SWEEP: Sql = on_postgres(
    "update sweeps
        set holder = ?2, until = ?3
      where shop_id = ?1 and (holder = ?2 or until < ?4)",
);

/// `idempotency.oldest`: rows are in the order of time. Only in a file: on a server they go with the
/// partition of their day.
const OLDEST_RECORD: Sql = on_sqlite("select at from idempotency order by rowid limit 1");

/// `sweep.belt`: parked events along `events_due`, each with a name of its own that leads to a
/// payment. Not by id: that would walk over all events that are settled.
const BELT: Sql = two(
    "select e.due_at, e.id, n.source, n.name
       from events e
       left join names n
         on n.shop_id = e.shop_id and n.source = e.source
        and n.name in (select value from json_each(e.said, '$.names'))
        and n.payment is not null
      where e.shop_id = ?1 and e.due_at is not null and e.state = 'parked'
        and ?2 <= e.due_at and (?2 < e.due_at or ?3 < e.id)
      order by e.due_at, e.id
      limit ?4",
    "select e.due_at, e.id, n.source, n.name
       from events e
       left join names n
         on n.shop_id = e.shop_id and n.source = e.source
        and n.name in (select json_array_elements_text(cast(e.said as json) -> 'names'))
        and n.payment is not null
      where e.shop_id = ?1 and e.due_at is not null and e.state = 'parked'
        and ?2 <= e.due_at and (?2 < e.due_at or ?3 < e.id)
      order by e.due_at, e.id
      limit ?4",
);

/// An event that the belt has found waits for another payment than the one that its name leads to. Drained,
/// it would wait again, and be found again each time.
fn waits_rightly(
    db: &Db,
    shop: ShopId,
    event: &[u8; 16],
    (source, name): (&str, &str),
) -> Result<bool, Error> {
    let event = db.one(events::GET, &[&shop.0, event], events::read)?;
    let rendezvous = db.one(names::GET, &[&shop.0, &source, &name], names::read)?;
    let payment = rendezvous.and_then(|rendezvous| rendezvous.payment);
    let (Some((_, stored)), Some(payment)) = (event, payment) else {
        return Ok(false);
    };
    let root = id_bytes(payment.root().as_u128());
    let root = db.one(roots::GET, &[&shop.0, &root], roots::read)?;
    let payment = root.as_ref().and_then(|root| root.payment(payment));
    Ok(payment.is_some_and(|payment| is_namesake(&stored, name, payment)))
}

/// `sweep.roots`, `sweep.events`, `sweep.calendars`: by their due indexes.
const DUE_ROOTS: &str = "\
    select id from roots where shop_id = ?1 and due_at <= ?2 order by due_at limit ?3";
const DUE_EVENTS: &str = "\
    select id from events where shop_id = ?1 and due_at <= ?2 order by due_at limit ?3";
/// A calendar is also due whose time is further ahead than any is set: the clock was ahead then.
const DUE_CALENDARS: &str = "\
    select name, make_at, version, doc
      from calendars
     where shop_id = ?1 and (make_at <= ?2 or ?3 < make_at)
     order by make_at";

fn due_actions(
    db: &Db,
    shop: ShopId,
    now: Timestamp,
    room: usize,
    options: &Options,
) -> Result<Vec<Action>, Error> {
    let limit = room as i64 + 1;
    let roots = db.all(DUE_ROOTS, &[&shop.0, &now.as_millis(), &limit], |row| {
        Ok(Action::RootDue(RootId::new(id_at(row, 0)?)))
    })?;
    let events = db.all(DUE_EVENTS, &[&shop.0, &now.as_millis(), &limit], |row| {
        Ok(Action::ParkedDue(EventId::from_u128(id_at(row, 0)?)))
    })?;
    let ahead = now.plus(MAKE_AHEAD_MAX).as_millis();
    let calendars = db.all(DUE_CALENDARS, &[&shop.0, &now.as_millis(), &ahead], |row| {
        // One that cannot be read must not hide the rest (F9).
        Ok(calendars::read(row)
            .inspect_err(|error| tracing::error!(%error, "a due calendar cannot be read")))
    })?;
    let slots = calendars
        .into_iter()
        .flatten()
        .take(MAKES_MAX)
        .map(|calendar| make_slots(calendar, now, options));
    Ok(roots.into_iter().chain(events).chain(slots).collect())
}

/// Rules that cannot be read make nothing and close nothing: they are followed until now.
fn make_slots(calendar: Calendar, now: Timestamp, options: &Options) -> Action {
    let (slots, made_until, make_at) =
        (options.make_slots)(&calendar, now).unwrap_or_else(|| (Vec::new(), now, now.plus(AGAIN)));
    Action::MakeSlots {
        calendar: calendar.name,
        version: calendar.version,
        slots,
        made_until,
        make_at,
    }
}

/// `sweep.next`: the first entry of each due index.
const NEXT_DUE: &str = "\
    select min(due_at) from (
        select min(due_at) as due_at from roots where shop_id = ?1 and ?2 < due_at
        union all
        select min(due_at) from events where shop_id = ?1 and ?2 < due_at
        union all
        select min(make_at) from calendars where shop_id = ?1 and ?2 < make_at
    ) as due";

/// The earliest due time after now.
fn next_due(db: &Db, shops: &[ShopId], now: Timestamp) -> Result<Timestamp, Error> {
    let mut next = now.plus(Span::hours(24));
    for shop in shops {
        let due: Option<i64> = db
            .one(NEXT_DUE, &[&shop.0, &now.as_millis()], |row| row.get(0))?
            .flatten();
        if let Some(due) = due {
            next = next.min(Timestamp::from_millis(due));
        }
    }
    Ok(next)
}

/// A job of a sweep whose row is still due, so that the next look finds it again.
pub(crate) fn is_found_again(job: &Job) -> bool {
    job.reply_to.is_none()
        && match &job.work {
            Work::Command(submission) => matches!(
                submission.command.action,
                Action::RootDue(_) | Action::ParkedDue(_) | Action::MakeSlots { .. }
            ),
            Work::TableWrite(write) => {
                matches!(
                    write,
                    TableWrite::ForgetRecords { .. } | TableWrite::Forget(_)
                )
            }
        }
}

fn command(shop: ShopId, action: Action) -> Job {
    job(Work::Command(Box::new(Submission {
        command: Command { shop, action },
        by: None,
        origin: None,
        class: Class::Expiry,
        bytes: 0,
        idempotency: None,
        render: None,
    })))
}

fn job(work: Work) -> Job {
    Job {
        work,
        class: Class::Expiry,
        bytes: 0,
        reply_to: None,
        since: Instant::now(),
    }
}
