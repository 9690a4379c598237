//! What an observer of the program's is shown of each decision that is committed: a log can be made of it.
//!
//! It is shown on the writer's thread, before whoever waits is answered; so it must not wait for anything. One that
//! panics takes nothing with it: what it was shown is committed, and is answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tollgate_core::command::Action;
use tollgate_core::decision::{Entry, Outcome};
use tollgate_core::id::{EventId, ShopId};
use tollgate_core::snapshot::{EventOutcome, EventState, Known, Snapshot};
use tollgate_core::time::{Span, Timestamp};

use crate::figures::Counters;
use crate::gate::queue::{Job, Work};
use crate::gate::submission::{Reply, Submission};
use crate::gate::writer::Gate;
use crate::tables::key_hash::key_hash;
use crate::tables::origin::Origin;
use crate::tables::timeline::Actor;

/// Sees each decision that is committed, once.
pub type Observer = Arc<dyn Fn(&Observed<'_>) + Send + Sync>;

/// One decision, and what was known when its batch was committed.
#[derive(Clone, Copy)]
pub struct Observed<'a> {
    /// Whose.
    pub shop: ShopId,
    /// The shop's name.
    pub shop_name: &'a str,
    /// What was wanted.
    pub action: &'a Action,
    /// What was answered.
    pub outcome: &'a Outcome,
    /// What has happened.
    pub entries: &'a [Entry],
    /// The rows of its batch as they are now.
    pub known: &'a Snapshot,
    /// Who wanted it.
    pub by: Option<&'a Actor>,
    /// The request it goes back to.
    pub origin: Option<&'a Origin>,
    /// When it was decided.
    pub now: Timestamp,
    /// From its place in the queue to the end of its commit.
    pub took: Duration,
    /// It is an event whose key was settled by another delivery while this one was under way.
    pub came_at_once: bool,
}

impl Observed<'_> {
    /// The events that had waited for their payment and have moved something now, each with how long it was early.
    pub fn waited(&self) -> Vec<(EventId, Span)> {
        let own = if let Action::TakeEvent(taken) = self.action {
            Some(taken.id)
        } else {
            None
        };
        // What anything else moves has waited for something else: an answer, or a person.
        let brings_payments = matches!(
            self.action,
            Action::TakeEvent(_)
                | Action::CreateOrder(_)
                | Action::RegisterPayment(_)
                | Action::DrainName { .. }
        );
        let mut waited: Vec<(EventId, Span)> = Vec::new();
        for id in self.entries.iter().filter_map(|entry| entry.event) {
            let is_told = waited.iter().any(|(known, _)| *known == id);
            if !brings_payments || is_told || Some(id) == own {
                continue;
            }
            if let Known::Found(stored) = self.known.events.get(&(self.shop, id))
                && stored.state == EventState::Applied
            {
                waited.push((id, since(stored.received_at, self.now)));
            }
        }
        waited
    }
}

impl Gate {
    /// Counts and shows what a command has come to.
    pub(crate) fn observe(
        &self,
        job: &Job,
        reply: &Reply,
        entries: &[Entry],
        (now, known): (Timestamp, &Snapshot),
    ) {
        let (Work::Command(submission), Reply::Decided { outcome, .. }) = (&job.work, reply) else {
            return;
        };
        let shop = submission.command.shop;
        let observed = Observed {
            shop,
            shop_name: self.shop_names.get(&shop).map_or("", String::as_str),
            action: &submission.command.action,
            outcome,
            entries,
            known,
            by: submission.by.as_ref(),
            origin: submission.origin.as_deref(),
            now,
            took: job.since.elapsed(),
            came_at_once: self.came_at_once(submission, outcome),
        };
        if observed.came_at_once {
            Counters::add(&self.counters.events_at_once, 1);
        }
        let waited = observed.waited().len();
        if 0 < waited {
            Counters::add(&self.counters.events_waited, waited as u64);
        }
        if let Some(observer) = &self.options.observer
            && catch_unwind(AssertUnwindSafe(|| observer(&observed))).is_err()
        {
            let failed_before = self.counters.unobserved.fetch_add(1, Ordering::Relaxed);
            // A fault that meets every decision would fill the log; the figure counts them all.
            if failed_before == 0 {
                tracing::error!(
                    "the observer of decisions panicked; each was committed and answered"
                );
            }
        }
    }

    /// It is a duplicate, of a key that was not settled when it came and is now: two deliveries at once, of
    /// which the other one was first.
    fn came_at_once(&self, submission: &Submission, outcome: &Outcome) -> bool {
        let (
            Action::TakeEvent(take),
            Outcome::Event {
                outcome: EventOutcome::Duplicate,
                ..
            },
        ) = (&submission.command.action, outcome)
        else {
            return false;
        };
        let hash = key_hash(&take.source, &take.event.key);
        let epoch = self.source.epoch();
        self.dedupe
            .get(submission.command.shop, &hash, epoch)
            .is_some()
    }
}

/// From a time to now; none where a clock was set back meanwhile.
fn since(then: Timestamp, now: Timestamp) -> Span {
    Span::millis(now.as_millis().saturating_sub(then.as_millis()).max(0))
}
