//! The decisions. Read this first: what each command needs, and what it comes to.

use crate::command::{Command, Rules};
use crate::decision::Verdict;
use crate::snapshot::{Key, Snapshot};
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// The rows a command is about. The store loads each with its closure (snapshot.rs, `Key`).
pub fn needs(now: Timestamp, command: &Command) -> BTreeSet<Key> {
    let _ = (now, command);
    BTreeSet::new()
}

/// Decides about one command over what is known.
pub fn decide(now: Timestamp, rules: &Rules, command: &Command, known: &Snapshot) -> Verdict {
    let _ = (now, rules, command, known);
    Verdict::Miss(BTreeSet::new())
}
