//! What passes between the story and the function by which the store decides.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::command::{Action, Command, Rules};
use tollgate_core::decide::decide;
use tollgate_core::decision::{Decision, Outcome, Verdict};
use tollgate_core::id::RootId;
use tollgate_core::snapshot::{Key, Snapshot};
use tollgate_core::time::Timestamp;

use super::life::Life;

/// Answers by the number of their request: for which outcome, and the bytes.
pub(super) type Rendered = BTreeMap<u64, (Outcome, Vec<u8>)>;

/// What passes between the story and the function by which the store decides.
#[derive(Default)]
pub(super) struct Hook {
    /// What was decided since it was looked at last.
    pub(super) decided: Vec<(Command, Decision)>,
    /// The next command is no command: these rows are read instead.
    pub(super) reads: Option<BTreeSet<Key>>,
    /// What was read.
    pub(super) read: Option<Snapshot>,
    /// Before the next decision is made the files are copied there.
    pub(super) copies_to: Option<Life>,
}

impl Hook {
    pub(super) fn decide(
        &mut self,
        life: &Life,
        now: Timestamp,
        rules: &Rules,
        command: &Command,
        known: &Snapshot,
    ) -> Verdict {
        if let Some(keys) = self.reads.take() {
            self.read = None;
            return Verdict::Miss(keys);
        }
        if matches!(command.action, Action::RootDue(id) if id == RootId::new(0)) {
            self.read = Some(known.clone());
            return Verdict::Decided(Box::new(Decision {
                outcome: Outcome::Done,
                changes: Vec::new(),
                effects: Vec::new(),
                entries: Vec::new(),
            }));
        }
        if let Some(to) = self.copies_to.take() {
            life.copy_to(&to);
        }
        let verdict = decide(now, rules, command, known);
        if let Verdict::Decided(decision) = &verdict {
            let decided = (command.clone(), decision.as_ref().clone());
            self.decided.push(decided);
        }
        verdict
    }
}
