//! Sweeps: what has come due, found by its due time. Nothing polls: the writer sleeps until the
//! earliest of them.

use std::time::Duration;

use tollgate_core::capacity::Calendar;
use tollgate_core::command::{Action, Command};
use tollgate_core::id::{EventId, RootId, ShopId};
use tollgate_core::snapshot::{EventState, Snapshot, StoredEvent};
use tollgate_core::time::{Span, Timestamp};

use crate::chore::Chore;
use crate::db::{Db, Error, id_at, id_bytes};
use crate::load::read_calendar;
use crate::options::Options;
use crate::quarantine::AGAIN;
use crate::queue::{Job, Work};
use crate::submission::{Class, Submission};

/// How often idempotency records are looked through for old ones.
const FORGET_EVERY: Span = Span::minutes(10);

/// How often parked events are looked through for a payment that is known.
const BELT_EVERY: Span = Span::seconds(5);

/// Parked events that one round of the belt looks at.
const BELT_PAGE: i64 = 200;

/// After a failure the sweep waits this long.
const AFTER_FAILURE: Span = Span::seconds(1);

/// Knows when something is due next.
pub(crate) struct Sweeper {
    shops: u32,
    /// The earliest due time there can be; unknown at the start.
    next: Timestamp,
    forget_at: Timestamp,
    /// When the belt is looked at next; only while events are being parked.
    belt_at: Option<Timestamp>,
    /// Where the belt goes on.
    belt_from: (u32, [u8; 16]),
}

impl Sweeper {
    pub(crate) fn new(shops: u32) -> Sweeper {
        let start = Timestamp::from_millis(0);
        Sweeper {
            shops,
            next: start,
            forget_at: start,
            belt_at: None,
            belt_from: (1, [0; 16]),
        }
    }

    /// How long until something is due.
    pub(crate) fn patience(&self, now: Timestamp) -> Duration {
        let next = self
            .next
            .min(self.forget_at)
            .min(self.belt_at.unwrap_or(self.next));
        let millis = next.as_millis().saturating_sub(now.as_millis());
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    /// Puts the next look off, after the database has failed.
    pub(crate) fn later(&mut self, now: Timestamp) {
        let later = now.plus(AFTER_FAILURE);
        self.next = self.next.max(later);
        self.forget_at = self.forget_at.max(later);
        self.belt_at = self.belt_at.map(|at| at.max(later));
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
        if self.belt_at.is_none() && known.events.changed().any(parked) {
            self.belt_at = Some(now.plus(BELT_EVERY));
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
    ) -> Result<Vec<Job>, Error> {
        let mut jobs = Vec::new();
        if self.forget_at <= now {
            let before = now.plus(Span::millis(-options.limits.idempotency_ms));
            jobs.push(job(Work::Chore(Chore::ForgetRecords { before })));
            self.forget_at = now.plus(FORGET_EVERY);
        }
        if self.belt_at.is_some_and(|at| at <= now) {
            self.belt(db, now, &mut jobs)?;
        }
        if now < self.next {
            return Ok(jobs);
        }
        let mut full = false;
        for shop in (1..=self.shops).map(ShopId) {
            for action in due_actions(db, shop, now, room, options)? {
                full |= room <= jobs.len();
                if !full {
                    jobs.push(command(shop, action));
                }
            }
        }
        // What did not fit comes with the next batch; else sleep until the next due time.
        self.next = if full {
            now
        } else {
            next_due(db, self.shops, now)?
        };
        Ok(jobs)
    }

    /// Looks at the next page of parked events for one whose name leads to a payment. The meeting
    /// points see to it that there is none; whoever finds one has found a mistake of ours.
    fn belt(&mut self, db: &Db, now: Timestamp, jobs: &mut Vec<Job>) -> Result<(), Error> {
        let (shop, after) = self.belt_from;
        let rows = db.all(BELT, &[&shop, &after, &BELT_PAGE], |row| {
            Ok((
                id_at(row, 0)?,
                row.get::<_, Option<String>>(1)?,
                row.get::<_, Option<String>>(2)?,
            ))
        })?;
        let last = rows.last().map(|(id, _, _)| id_bytes(*id));
        let page_full = rows.len() as i64 == BELT_PAGE;
        for (_, source, name) in rows {
            if let (Some(source), Some(name)) = (source, name) {
                jobs.push(command(ShopId(shop), Action::DrainName { source, name }));
            }
        }
        self.belt_from = match last {
            Some(last) if page_full => (shop, last),
            _ if shop < self.shops => (shop + 1, [0; 16]),
            _ => (1, [0; 16]),
        };
        let around = self.belt_from == (1, [0; 16]);
        self.belt_at = (!around).then(|| now.plus(BELT_EVERY));
        Ok(())
    }
}

/// `sweep.belt`: parked events by `events_due`, each with a name of its own that leads to a payment.
const BELT: &str = "\
    select e.id, n.source, n.name
      from events e
      left join names n
        on n.shop_id = e.shop_id and n.source = e.source
       and n.name in (select value from json_each(e.said, '$.names'))
       and n.payment is not null
     where e.shop_id = ?1 and e.due_at is not null and e.state = 'parked' and ?2 < e.id
     order by e.id
     limit ?3";

/// `sweep.roots`, `sweep.events`, `sweep.calendars`: by their due indexes.
const DUE_ROOTS: &str = "\
    select id from roots where shop_id = ?1 and due_at <= ?2 order by due_at limit ?3";
const DUE_EVENTS: &str = "\
    select id from events where shop_id = ?1 and due_at <= ?2 order by due_at limit ?3";
const DUE_CALENDARS: &str =
    "select name, make_at, version, doc from calendars where shop_id = ?1 and make_at <= ?2";

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
    let calendars = db.all(DUE_CALENDARS, &[&shop.0, &now.as_millis()], read_calendar)?;
    let slots = calendars
        .into_iter()
        .map(|calendar| make_slots(calendar, now, options));
    Ok(roots.into_iter().chain(events).chain(slots).collect())
}

fn make_slots(calendar: Calendar, now: Timestamp, options: &Options) -> Action {
    let (slots, made_until, make_at) = (options.make_slots)(&calendar, now)
        .unwrap_or_else(|| (Vec::new(), calendar.made_until, now.plus(AGAIN)));
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
    )";

/// The earliest due time after now.
fn next_due(db: &Db, shops: u32, now: Timestamp) -> Result<Timestamp, Error> {
    let mut next = now.plus(Span::hours(24));
    for shop in 1..=shops {
        let due: Option<i64> = db
            .one(NEXT_DUE, &[&shop, &now.as_millis()], |row| row.get(0))?
            .flatten();
        if let Some(due) = due {
            next = next.min(Timestamp::from_millis(due));
        }
    }
    Ok(next)
}

fn command(shop: ShopId, action: Action) -> Job {
    job(Work::Command(Box::new(Submission {
        command: Command { shop, action },
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
    }
}
