//! Quarantine: what is kept of a command that could not be decided (docs/gate.md, Poison).

use tollgate_core::command::{Command, Waiting};
use tollgate_core::snapshot::{EventOutcome, EventState, StoredEvent};
use tollgate_core::time::{Span, Timestamp};

use crate::db::{Db, Error, id_bytes};
use crate::gate::queue::{Job, Work};
use crate::tables::events;

/// When a sweep looks at a row again that it could not deal with.
pub(crate) const AGAIN: Span = Span::hours(1);

/// `roots.put_off`, `events.put_off`, `calendars.put_off`: the sweep leaves the row alone until then.
const PUT_OFF_ROOT: &str = "update roots set due_at = ?3 where shop_id = ?1 and id = ?2";
const PUT_OFF_EVENT: &str = "update events set due_at = ?3 where shop_id = ?1 and id = ?2";
const PUT_OFF_CALENDAR: &str = "update calendars set make_at = ?3 where shop_id = ?1 and name = ?2";

/// `effects.leave_unknown`: only under its claim (I5).
const LEAVE_UNKNOWN: &str = "\
    update effects
       set state = 'unknown', lease = null, due_at = null, settled_at = ?4,
           reason = 'its settling could not be decided'
     where shop_id = ?1 and id = ?2 and lease = ?3";

/// Keeps it, in a transaction of its own: an event as `dead`, without taking its key, so that the
/// provider's next try is a first one; a sweep's row is put off; a caller's command leaves nothing.
pub(crate) fn keep(db: &Db, now: Timestamp, job: &Job) -> Result<(), Error> {
    let Work::Command(submission) = &job.work else {
        return Ok(());
    };
    db.begin(&[submission.command.shop], true)?;
    let kept = keep_command(db, now, &submission.command).and_then(|()| db.commit());
    if kept.is_err() {
        db.rollback()?;
    }
    kept
}

fn keep_command(db: &Db, now: Timestamp, command: &Command) -> Result<(), Error> {
    let shop = command.shop;
    let again = now.plus(AGAIN).as_millis();
    match command.action.waiting() {
        Waiting::Delivery(take) => {
            let stored = StoredEvent {
                source: take.source.clone(),
                event: take.event.clone(),
                policy: take.policy,
                received_at: take.received_at,
                outcome: EventOutcome::Attention,
                state: EventState::Dead,
                reason: None,
                root: None,
                due_at: None,
                forwards: take.forwards.clone(),
                raw: Some(take.raw.clone()),
            };
            let mut writes = db.write_batch();
            events::insert(&mut writes, shop, take.id, &stored)?;
            writes.finish()
        }
        Waiting::Root(root) => db
            .run(PUT_OFF_ROOT, &[&shop.0, &id_bytes(root.as_u128()), &again])
            .map(|_| ()),
        Waiting::Event(event) => db
            .run(
                PUT_OFF_EVENT,
                &[&shop.0, &id_bytes(event.as_u128()), &again],
            )
            .map(|_| ()),
        Waiting::Calendar(calendar) => db
            .run(PUT_OFF_CALENDAR, &[&shop.0, &calendar, &again])
            .map(|_| ()),
        // Its worker may have done it, and what came of it cannot be recorded.
        Waiting::Effect(settled) => db
            .run(
                LEAVE_UNKNOWN,
                &[
                    &shop.0,
                    &id_bytes(settled.effect.as_u128()),
                    &id_bytes(settled.lease.0),
                    &now.as_millis(),
                ],
            )
            .map(|_| ()),
        Waiting::Nothing => Ok(()),
    }
}
