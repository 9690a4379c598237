//! Money goes back once, and every refund ends: L1 and L8.

use crate::engine::{OrderView, OrderedBack, Progress};
use crate::law::Law;
use crate::provider::{BackState, House};

use super::books::{ordered_back, reported, theirs, weight};
use super::{Laws, Scene};

impl Laws {
    /// L1, and that no key is done twice (L8).
    pub(super) fn given_back_once(&mut self, scene: Scene, orders: &[OrderView]) {
        let all = ordered_back(scene.engine, orders);
        let new: Vec<&OrderedBack> = all
            .iter()
            .filter(|back| !self.ordered.contains(&back.key))
            .collect();
        for back in &new {
            let (house, reference) = (back.house, back.reference.as_str());
            let under_it = all
                .iter()
                .filter(|other| other.house == house && other.reference == reference);
            let ours: i64 = under_it.map(|other| weight(scene.books, other)).sum();
            let sum = reported(scene.books, house, reference);
            let theirs = theirs(scene.books, house, reference);
            if sum.captured < ours + theirs + sum.charged_back {
                let text = format!(
                    "{reference}: {} were ordered back, so that {ours} are ordered in all beside \
                     {theirs} given back at the provider and {} disputed, of {} that came",
                    back.minor, sum.charged_back, sum.captured
                );
                self.broken(Law::L1, "more ordered back than is free", text);
            }
        }
        let keys: Vec<String> = new.iter().map(|back| back.key.clone()).collect();
        self.ordered.extend(keys);
        for handed in &scene.books.handed {
            let mut backs = scene
                .books
                .of(handed.house, &handed.reference)
                .flat_map(|charge| &charge.backs);
            if backs.any(|back| back.key.as_ref() == Some(&handed.key)) {
                let text = format!(
                    "{}: {} were handed over in cash, and ordered back at the {:?} as well",
                    handed.reference, handed.minor, handed.house
                );
                self.broken(Law::L8, "what was handed over is ordered back", text);
            }
        }
        // The till may take one refund out of several payments in cash.
        let asked = |charge: &&crate::provider::Charge| charge.house != House::Till;
        for charge in scene.books.charges.iter().filter(asked) {
            for back in &charge.backs {
                let Some(key) = &back.key else { continue };
                let same = scene
                    .books
                    .of(charge.house, &charge.reference)
                    .flat_map(|charge| &charge.backs)
                    .filter(|other| {
                        other.key.as_ref() == Some(key) && other.state != BackState::Failed
                    });
                let times = same.count();
                if 1 < times {
                    let text = format!(
                        "{}: the refund {key} of {} was done {times} times",
                        charge.reference, back.minor
                    );
                    self.broken(Law::L8, "one refund done twice", text);
                }
            }
        }
    }

    /// What the shop has had let go it had let go once, and only where it may by itself.
    pub(super) fn let_go_once(&mut self, scene: Scene) {
        let reference = |at: usize| scene.books.charges[at].reference.clone();
        if let Some(at) = scene.books.let_go_again {
            let text = format!("{}: it was asked twice to let it go", reference(at));
            self.broken(Law::L8, "money is let go twice", text);
        }
        if let Some(at) = scene.books.let_go.first()
            && self.manner.refunds_by_hand
        {
            let text = format!("{}: no person had said so", reference(*at));
            self.broken(Law::L6, "money is let go that a person decides about", text);
        }
    }

    /// L8 at rest.
    pub(super) fn refunds_end(&mut self, scene: Scene, all: &[OrderedBack]) {
        for back in all {
            let key = &back.key;
            let known = scene
                .books
                .of(back.house, &back.reference)
                .flat_map(|charge| &charge.backs)
                .filter(|known| known.key.as_ref() == Some(key))
                .last();
            let mut handed = scene.books.handed.iter();
            if handed.any(|handed| handed.key == *key) && back.progress == Progress::Done {
                continue;
            }
            let truth = known.map(|known| known.state);
            let text = format!(
                "{}: {} ordered back as {key}: the provider has it as {truth:?}, the engine as {:?}",
                back.reference, back.minor, back.progress
            );
            match (truth, back.progress) {
                (_, Progress::Open) => self.broken(Law::L8, "a refund stays open", text),
                (_, Progress::Unknown) => self.broken(Law::L8, "a refund stays unknown", text),
                (Some(BackState::Done), Progress::Failed) => {
                    self.broken(Law::L8, "a refund that was done is called failed", text);
                }
                // It was not reported to have come back.
                (Some(BackState::Bounced), Progress::Done)
                    if known.is_some_and(|known| known.reported != Some(BackState::Bounced)) => {}
                (Some(BackState::Failed | BackState::Bounced) | None, Progress::Done)
                    if back.house == House::Bank =>
                {
                    self.broken(Law::L8, "a refund that failed is called done", text);
                }
                (_, Progress::Done | Progress::Failed) => {}
            }
        }
    }

    /// L7 and L8: nothing is left dead or unknown that a person need not look at.
    pub(super) fn nothing_is_left(&mut self, scene: Scene, all: &[OrderedBack]) {
        for (id, is_unknown) in scene.engine.stuck() {
            let Some(key) = scene.engine.refund_key(id) else {
                if scene.engine.is_question(id) {
                    let text = scene.engine.key_of(id);
                    self.broken(Law::L7, "a question is left dead", text);
                }
                continue;
            };
            let mut backs = scene.books.charges.iter().flat_map(|charge| &charge.backs);
            let is_done =
                backs.any(|back| back.key.as_ref() == Some(&key) && back.state == BackState::Done);
            // Tried again it ends without a call, once the refund itself has ended.
            let has_ended = all
                .iter()
                .any(|back| back.key == key && back.progress == Progress::Done);
            if is_unknown && is_done && !has_ended {
                let text = format!("{key} was done, and its effect is still to be tried again");
                self.broken(Law::L8, "a refund that was done is offered again", text);
            }
        }
    }
}
