//! What is done when somebody else has what a batch needs: a shop's head, or a row (docs/gate.md, One writer of a
//! shop).

use std::time::Duration;

use tollgate_core::snapshot::Snapshot;

use crate::db::{Error, blockers};
use crate::figures::Counters;
use crate::gate::commit::Broken;
use crate::gate::queue::Job;
use crate::gate::standing::Extent;
use crate::gate::submission::Class;
use crate::gate::writer::{Gate, unavailable};
use crate::seldom::Seldom;

/// How long a command waits for a shop that somebody else has; then it is refused.
const WAIT_MAX: Duration = Duration::from_secs(4);

/// A row that somebody else has.
pub(crate) struct RowLock {
    /// Of which table, if the server says it.
    table: Option<String>,
    /// Who has it.
    pub(crate) reason: String,
}

impl Gate {
    /// Somebody else has a row that one of these jobs changes. That one is found by halves, and refused
    /// alone; the others are committed. Rows are waited for only a moment meanwhile.
    pub(crate) fn go_without_locked(&mut self, jobs: Vec<Job>, lock: RowLock) {
        if !jobs.iter().all(Job::is_nobodys) {
            self.locked_rows.found();
        }
        if jobs.iter().any(|job| job.class == Class::Settles) {
            self.go_without_settles(jobs, &lock.reason);
        } else if 1 < jobs.len() {
            let mut first = jobs;
            let second = first.split_off(first.len() / 2);
            self.process(first);
            self.process(second);
        } else {
            self.refuse_locked(jobs, lock.reason);
        }
    }

    /// Somebody else has a row that these jobs need.
    pub(crate) fn refuse_locked(&mut self, jobs: Vec<Job>, reason: String) {
        static KIND: Seldom = Seldom::new();
        for _ in &jobs {
            Counters::add(&self.counters.rows_locked, 1);
            if let Some(commands) = KIND.count() {
                tracing::error!(reason, commands, "refused what needs a locked row");
            }
        }
        if jobs.iter().any(|job| job.reply_to.is_none()) {
            // A sweep's row is still due.
            self.sweeper.later(self.now());
        }
        self.refuse(jobs, &unavailable(reason), Extent::Some);
    }

    /// Somebody else has kept a shop locked for too long, or a row. What workers say and claim touches
    /// rows of effects at which a person may be, with a transaction open: that holds up workers, and no
    /// money or orders, which are tried without it (F14).
    pub(crate) fn go_without_settles(&mut self, jobs: Vec<Job>, reason: &str) {
        let (settles, others): (Vec<Job>, Vec<Job>) = jobs
            .into_iter()
            .partition(|job| job.class == Class::Settles);
        match settles.is_empty() {
            true => self.wait_or_refuse(others, |_| reason.to_owned()),
            false => {
                if !others.is_empty() {
                    self.process(others);
                }
                self.wait_or_refuse(settles, |_| reason.to_owned());
            }
        }
    }

    /// Somebody else has kept these jobs' shops for too long: those that have waited long enough are
    /// refused, the others wait on.
    pub(crate) fn wait_or_refuse(&mut self, jobs: Vec<Job>, why: impl Fn(&Gate) -> String) {
        let (refused, waiting): (Vec<Job>, Vec<Job>) = jobs
            .into_iter()
            .partition(|job| WAIT_MAX <= job.since.elapsed());
        if !refused.is_empty() {
            static KIND: Seldom = Seldom::new();
            let reason = why(self);
            if let Some(times) = KIND.count() {
                tracing::error!(reason, times, "refused what has waited too long for a lock");
            }
            self.refuse(refused, &unavailable(reason), Extent::Some);
        }
        self.put_back(waiting);
    }

    /// Who keeps shops locked, as it is now.
    pub(crate) fn who_keeps_shop(&self) -> String {
        format!("the shop is kept locked by {}", self.who_has("shop_heads"))
    }

    /// Whether it was a row of figures that was waited for in vain. Every order of a shop adds to the same one, and it
    /// is no reason to refuse any: for a while nothing is added.
    pub(crate) fn figures_are_kept(&mut self, error: &Error) -> bool {
        let is_figures = error.table_waited_for() == Some("shop_figures");
        if is_figures {
            let by = self.who_has("shop_figures");
            tracing::warn!(
                by,
                "somebody keeps a row of shop_figures; what happens meanwhile is not in them"
            );
            self.locked_rows.let_figures_rest();
        }
        is_figures
    }

    /// Which row it is that was waited for in vain, as far as the server says it.
    pub(crate) fn row_lock(&self, error: &Error) -> RowLock {
        let table = error.table_waited_for().map(str::to_owned);
        let named = table.as_deref().unwrap_or_default();
        let reason = match named {
            "" => format!("a row is kept locked by {}", self.who_has("")),
            named => format!("a row of {named} is kept locked by {}", self.who_has(named)),
        };
        RowLock { table, reason }
    }

    /// Who has rows of a table locked; of any, if it is empty.
    fn who_has(&self, table: &str) -> String {
        let found = self.db.as_ref().map(|db| blockers(db, table, 0));
        match found {
            Some(Ok(found)) if !found.is_empty() => found[0].to_string(),
            // It may have let go since, or be a transaction that was prepared.
            Some(Ok(_)) | None => "another session".to_owned(),
            Some(Err(error)) => format!("another session (failed to ask which: {error})"),
        }
    }

    /// A command that was alone has met a locked row: others that need it need not try.
    pub(crate) fn note_locked_row(&mut self, jobs: &[Job], broken: &Broken, known: &mut Snapshot) {
        if let ([job], Broken::RowLocked(lock)) = (jobs, broken)
            && let (Some(shop), Some(table)) = (job.shop(), &lock.table)
        {
            let named = (table.as_str(), lock.reason.as_str());
            let Some(db) = &self.db else { return };
            if let Err(error) = self.locked_rows.note(db, shop, named, known) {
                tracing::debug!(%error, "failed to find out which row is locked");
            }
        }
    }
}
