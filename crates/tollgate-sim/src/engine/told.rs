//! What decisions tell: how much of it is counted, and what is left out of a story that is long.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::command::{Command, Rules};
use tollgate_core::decision::{Decision, Entry, MoneyMoved};
use tollgate_core::id::RootId;
use tollgate_core::snapshot::Known;
use tollgate_core::word::Word as _;

use crate::law::{Breach, Law};

use super::{Engine, SHOP, decide_over};

/// What those who add up have counted of a shop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// How often a thing has happened, by the word on the wire.
    pub counted: BTreeMap<String, i64>,
    /// Money that came.
    pub came: i64,
    /// Money that went back.
    pub went: i64,
}

impl Figures {
    /// How often it has happened.
    pub fn count(&self, word: &str) -> i64 {
        self.counted.get(word).copied().unwrap_or(0)
    }
}

/// What was told so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    figures: Figures,
    /// The last place in the shop's feed.
    position: i64,
}

/// What only tells what became of an event: its own row says it too (docs/states.md).
const OF_AN_EVENT: [&str; 4] = [
    "event.stale",
    "event.queued",
    "event.attention",
    "event.forwarding",
];

/// Says that from here on something is left out.
const LEFT_OUT: &str = "events.left_out";

impl Engine {
    /// What is counted of all that was decided. `None`: a backend counts it, and is asked at the end.
    pub fn figures(&self) -> Option<&Figures> {
        self.backend.is_none().then_some(&self.told.figures)
    }

    /// What was counted by the end of the story.
    pub fn figures_at_rest(&self) -> Figures {
        match &self.backend {
            Some(backend) => backend.figures(),
            None => self.told.figures.clone(),
        }
    }

    /// Notes what a decision tells, and looks whether it is what it must tell.
    pub(super) fn listen(&mut self, command: &Command, decision: &Decision) {
        for entry in &decision.entries {
            if entry.is_counted {
                let word = entry.kind.word().to_owned();
                *self.told.figures.counted.entry(word).or_default() += 1;
            }
            for moved in &entry.moved {
                self.told.figures.came += moved.came_minor;
                self.told.figures.went += moved.went_minor;
            }
        }
        if self.rules.story_max < Rules::default().story_max {
            self.is_cut_short_only(command, decision);
        }
    }

    /// T2: a story that is long leaves out what changes nothing and nothing else, and says so.
    fn is_cut_short_only(&mut self, command: &Command, decision: &Decision) {
        let most = self.rules.story_max;
        let rules = Rules {
            story_max: usize::MAX,
            ..self.rules.clone()
        };
        let whole = decide_over(self.time(), &rules, command, &mut self.known);
        let moved = |of: &Decision| -> Vec<MoneyMoved> {
            let entries = of.entries.iter();
            entries.flat_map(|entry| entry.moved.clone()).collect()
        };
        let is_same = whole.outcome == decision.outcome
            && whole.changes == decision.changes
            && whole.effects == decision.effects
            && moved(&whole) == moved(decision);
        if !is_same {
            self.saw("a short story decides otherwise", format!("{command:?}"));
        }
        let moves_money = whole.entries.iter().any(|entry| !entry.moved.is_empty());
        let mut told = decision.entries.iter().filter(|entry| !says_so(entry));
        let mut next = told.next();
        let mut left_out = Vec::new();
        for entry in &whole.entries {
            if next.is_some_and(|next| is_it(next, entry)) {
                next = told.next();
            } else {
                left_out.push(entry);
            }
        }
        if let Some(entry) = next {
            self.saw("a story tells what did not happen", format!("{entry:?}"));
        }
        for entry in &left_out {
            let is_long = entry.root.is_some_and(|root| most <= self.length(root));
            if !is_of_an_event(entry) || moves_money || !is_long {
                self.saw("a story leaves out what moves something", shown(entry));
            }
        }
        let roots: BTreeSet<RootId> = whole.entries.iter().filter_map(|e| e.root).collect();
        for root in roots {
            let length = self.length(root);
            let about = || decision.entries.iter().filter(|e| e.root == Some(root));
            let said = about().filter(|entry| says_so(entry)).count();
            if said != usize::from(length == most) {
                let text = format!("{root:?}, with {length} decisions, says so {said} times");
                self.saw("a story does not say once that it is cut short", text);
            }
            let is_needless = about().next().is_some() && about().all(is_of_an_event);
            if most < length && is_needless && !moves_money {
                let text = format!("{root:?} lists {length} decisions");
                self.saw("a story grows without an end", text);
            }
        }
    }

    fn saw(&mut self, kind: &'static str, text: String) {
        let law = Law::T2;
        self.seen.push(Breach { law, kind, text });
    }

    /// How many decisions a root lists.
    fn length(&self, root: RootId) -> usize {
        match self.known.roots.get(&(SHOP, root)) {
            Known::Found(root) => root.timeline.len(),
            Known::Absent | Known::NotLoaded => 0,
        }
    }

    /// Each root lists the decision that has told of it, as the store does while it writes.
    pub(super) fn list(&mut self, entries: &[Entry]) {
        self.told.position += entries.len() as i64;
        let position = self.told.position;
        let roots: BTreeSet<RootId> = entries.iter().filter_map(|entry| entry.root).collect();
        for root in roots {
            let list = |root: &mut tollgate_core::order::Root| root.timeline.push(position);
            self.known.roots.amend(&(SHOP, root), list);
        }
    }
}

fn says_so(entry: &Entry) -> bool {
    entry.kind.word() == LEFT_OUT
}

/// It tells what became of an event that has a row of its own, and nothing else.
fn is_of_an_event(entry: &Entry) -> bool {
    entry.event.is_some() && OF_AN_EVENT.contains(&entry.kind.word())
}

/// The same entry, whichever of its decision notes the money.
fn is_it(one: &Entry, other: &Entry) -> bool {
    let what = |entry: &Entry| (entry.kind, entry.root, entry.event, entry.is_counted);
    what(one) == what(other) && one.detail == other.detail
}

fn shown(entry: &Entry) -> String {
    format!("{} {:?}", entry.kind.word(), entry.detail)
}
