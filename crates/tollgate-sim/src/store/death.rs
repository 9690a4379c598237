//! The process dies before, while or after something is done, and another one opens its files.

use std::collections::BTreeSet;

use tollgate_core::command::Command;
use tollgate_core::decision::{Decision, Outcome};
use tollgate_core::id::EventId;
use tollgate_core::snapshot::{Key, Snapshot};
use tollgate_core::time::Timestamp;
use tollgate_store::Reply;

use crate::backend::Death;
use crate::law::Law;

use super::hook::Hook;
use super::life::Life;
use super::rows::{keys_of, lay_over};
use super::{StoreBackend, locked};

/// A command whose writes a dead process has left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Unanswered {
    pub(super) request: Option<u64>,
    pub(super) event: Option<EventId>,
}

impl StoreBackend {
    /// How the process dies now, if its time has come.
    fn death_now(&mut self) -> Option<Death> {
        match &mut self.death {
            Some((0, death)) => {
                let death = *death;
                self.death = None;
                Some(death)
            }
            Some((after, _)) => {
                *after -= 1;
                None
            }
            None => None,
        }
    }

    /// The process dies while nothing is under way.
    pub(super) fn die_idle(&mut self) {
        let next = self.life(self.deaths + 1);
        self.life(self.deaths).copy_to(&next);
        let at_once = self.start_again();
        let last = self.known.clone();
        self.is_found_again(last, &at_once, "a process died at rest and a row differs");
    }

    /// A process that was started again finds what must be there, and has done what was due.
    fn is_found_again(
        &mut self,
        mut expected: Snapshot,
        at_once: &[(Command, Decision)],
        kind: &'static str,
    ) {
        for (_, decision) in at_once {
            self.keys.extend(keys_of(decision));
            lay_over(&mut expected, decision);
        }
        self.known_is(&expected, Law::S2, kind);
    }

    /// Does something to the store, and the process may die before, while or after that. `None`: it has,
    /// and not answered. `expects` says of what was there before and what was done what must be there
    /// now, and which rows are touched beside those of what was decided.
    pub(super) fn work<T>(
        &mut self,
        now: Timestamp,
        kind: Kind,
        does: impl FnOnce(&mut StoreBackend) -> T,
        expects: impl FnOnce(&mut Snapshot, &T) -> Vec<Key>,
    ) -> Option<(T, Vec<(Command, Decision)>)> {
        self.move_clock(now);
        let mut death = self.death_now();
        if death == Some(Death::Idle) {
            self.die_idle();
            death = None;
        }
        let before = Life::of(self.folder.path().join(format!("before-{}", self.deaths)));
        match (death, kind) {
            (None, _) => {}
            (Some(_), Kind::One) => {
                locked(&self.hook).copies_to = Some(before.clone());
            }
            (Some(_), Kind::Several) => self.life(self.deaths).copy_to(&before),
        }
        let done = does(self);
        let decided = self.decided();
        let mut expected = self.known.clone();
        let mut touched = BTreeSet::new();
        for (_, decision) in &decided {
            touched.extend(keys_of(decision));
            lay_over(&mut expected, decision);
        }
        touched.extend(expects(&mut expected, &done));
        self.keys.extend(touched.iter().cloned());
        let Some(death) = death else {
            self.touched_is(touched, expected);
            return Some((done, decided));
        };
        // Under a key that was answered before nothing was decided, so nothing was copied.
        if locked(&self.hook).copies_to.take().is_some() {
            self.life(self.deaths).copy_to(&before);
        }
        let next = self.life(self.deaths + 1);
        self.life(self.deaths).copy_to(&next);
        let is_kept = match (death, kind) {
            (Death::AfterCommit | Death::Idle, _) => true,
            (Death::TornLog(part), Kind::One) => !next.tear_log(&before, part),
            (Death::BeforeCommit | Death::TornLog(_), _) => {
                next.replace_with(&before);
                false
            }
        };
        let at_once = self.start_again();
        self.unanswered = is_kept.then(Unanswered::default);
        let (expected, kind) = match is_kept {
            true => (
                expected,
                "the process died after a commit and a row differs",
            ),
            false => (
                self.known.clone(),
                "the process died before a commit and a row differs",
            ),
        };
        self.is_found_again(expected, &at_once, kind);
        None
    }

    /// The process is gone, and another one opens the files that it left; what it decides at once.
    fn start_again(&mut self) -> Vec<(Command, Decision)> {
        self.look_at_belt();
        let old = self.life(self.deaths);
        self.store = None;
        self.hands.clear();
        self.deaths += 1;
        // What was never answered is no part of the story.
        *locked(&self.hook) = Hook::default();
        old.end();
        self.open();
        // The first thing it does is to look for what has come due.
        self.sweep_all();
        self.decided()
    }
}

/// How much one piece of work is for the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One command, in one transaction.
    One,
    /// Whatever it takes.
    Several,
}

impl StoreBackend {
    /// What was kept before and is sent again is not done again.
    pub(super) fn is_once(
        &mut self,
        unanswered: Option<Unanswered>,
        request: Option<u64>,
        reply: &Reply,
    ) {
        let Some(before) = unanswered else {
            return;
        };
        let is_repeated = before.request.is_some() && before.request == request;
        let is_done_again = match reply {
            Reply::Decided {
                outcome: Outcome::Event { id, .. },
                ..
            } => before.event.is_some_and(|first| first != *id),
            Reply::Decided { .. } => is_repeated,
            _ => false,
        };
        if is_done_again {
            let text = format!("{before:?} was kept, and sent again it is {reply:?}");
            self.broken(Law::S2, "what was kept is done again", text);
        }
    }
}
