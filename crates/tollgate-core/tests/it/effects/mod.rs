//! Effects: begun, settled and tried again under a claim, and what follows from how they end (scenarios
//! A5, A13, B5, C1, C4, C6).

mod claims;
mod questions;
mod receipts;
mod refunds;
mod notices;
mod told;

use tollgate_core::command::{
    Action, Forward, Health, RawEvent, SettleEffect, Settlement, TakeEvent,
};
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{AnswerContent, EffectState, IssuedReceipt, Lease, StoredEffect};
use tollgate_core::event::{Event, Fact, Policy, Strength};
use tollgate_core::id::{EffectId, EventId, PaymentId, RootId};
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::store::Store;
use crate::words::*;

const LEASE: Lease = Lease(7);

/// The id that the store of these tests gives to a key.
fn id_of(key: &str) -> EffectId {
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    EffectId::from_u128(hash)
}

impl Store {
    /// What a worker's claim leaves of an effect.
    fn claim(&mut self, key: &str) -> EffectId {
        let decided = self.rows.effects.get(key).cloned();
        let decided = decided.unwrap_or_else(|| panic!("{key} was not decided"));
        let id = id_of(key);
        let until = self.now.plus(Span::seconds(60));
        let effect = self.rows.claimed.entry(id).or_insert(StoredEffect {
            key: key.to_owned(),
            root: decided.root,
            content: decided.content,
            state: EffectState::Pending,
            lease: None,
            tries: 0,
            due_at: Some(decided.due_at),
            keeps_waiting: decided.order_key.is_some(),
            order_key: decided.order_key,
            reason: None,
            attempts: Vec::new(),
            settled_at: None,
        });
        assert_eq!(effect.state, EffectState::Pending, "{key} can be claimed");
        effect.state = EffectState::Leased;
        effect.lease = Some(LEASE);
        effect.due_at = Some(until);
        effect.tries += 1;
        id
    }

    /// Claims and begins.
    fn begin(&mut self, key: &str) -> EffectId {
        let effect = self.claim(key);
        let lease = LEASE;
        let begun = self.act(Action::StartEffect { effect, lease });
        assert!(matches!(begun, Outcome::Effect(..)), "{begun:?}");
        effect
    }

    fn settle_with(&mut self, key: &str, settlement: Settlement, health: Health) -> Outcome {
        let effect = id_of(key);
        let target = self.rows.claimed[&effect].content.target();
        self.act(Action::SettleEffect(Box::new(SettleEffect {
            effect,
            target,
            lease: LEASE,
            attempt: None,
            settlement,
            health,
            chance: 0,
        })))
    }

    fn settle(&mut self, key: &str, settlement: Settlement) {
        let outcome = self.settle_with(key, settlement, Health::Well);
        assert!(matches!(outcome, Outcome::Effect(..)), "{outcome:?}");
    }

    /// Asks and is answered: facts in words, or nothing decisive.
    fn ask(&mut self, key: &str, words: Option<&str>) {
        self.begin(key);
        self.settle(key, Settlement::Answered(said(words)));
    }

    fn issue(&mut self, key: &str) {
        self.claim(key);
        self.settle(key, Settlement::Issued(issued(self.now, 1)));
    }

    fn effect(&self, key: &str) -> &StoredEffect {
        &self.rows.claimed[&id_of(key)]
    }

    /// When an effect was decided to be done.
    fn due_at(&self, key: &str) -> Timestamp {
        self.rows.effects[key].due_at
    }

    fn count(&self, kind: &str) -> usize {
        self.entries
            .iter()
            .filter(|entry| entry.kind.word() == kind)
            .count()
    }

    fn hand_on(
        &mut self,
        event: Event,
        policy: Policy,
        routes: &[&str],
    ) -> (EventId, EventOutcome) {
        let id = EventId::on(self.fresh(), 1);
        let forwards = routes.iter().map(|route| Forward {
            route: (*route).to_owned(),
            order_by: Some("doc-1".to_owned()),
        });
        let taken = TakeEvent {
            id,
            source: "bank".to_owned(),
            event,
            policy,
            received_at: self.now,
            forwards: forwards.collect(),
            only_if_known: false,
            raw: RawEvent::default(),
        };
        match self.act(Action::TakeEvent(taken)) {
            Outcome::Event { id, outcome, .. } => (id, outcome),
            other => panic!("{other:?}"),
        }
    }
}

fn said(words: Option<&str>) -> AnswerContent {
    match words {
        None => AnswerContent::Weak,
        Some(words) => AnswerContent::Facts {
            method: None,
            unreadable: false,
            names: Vec::new(),
            facts: vec![Fact {
                strength: Strength::Asked,
                ..fact(words, idr)
            }],
            provider_payment_id: None,
        },
    }
}

fn issued(at: Timestamp, byte: u8) -> IssuedReceipt {
    IssuedReceipt {
        at,
        document: "{}".to_owned(),
        pdf: vec![byte].into(),
        sha256: [byte; 32],
        token: format!("token-{byte}"),
    }
}

fn dead() -> Settlement {
    Settlement::Dead {
        reason: "refused".to_owned(),
        skip: false,
    }
}

/// An order of 100 that waits for payment `A-1`.
fn waiting() -> (Store, RootId) {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    (store, id)
}

/// The same, paid.
fn paid() -> (Store, RootId, PaymentId) {
    let (mut store, id) = waiting();
    store.hear("k1", "A-1", "paid 100");
    let payment = store.root(id).payments[0].id;
    (store, id, payment)
}
