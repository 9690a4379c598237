//! Effects: begun, settled and tried again under a claim, and what follows from how they end (scenarios
//! A5, A13, B5, C1, C4, C6).

use tollgate_core::breaker::Admission;
use tollgate_core::command::{
    Action, AttentionOf, Forward, Health, OrderRef, RawEvent, RefundPayment, SettleEffect,
    Settlement, TakeEvent,
};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::{
    ATTEMPTS_KEPT, AnswerContent, AskReason, Attempt, EffectContent, EffectState, IssuedReceipt,
    Lease, StoredEffect,
};
use tollgate_core::event::{Event, Fact, Policy, RefundState, Strength};
use tollgate_core::id::{EffectId, EndpointId, EventId, PaymentId, RootId};
use tollgate_core::order::{AttentionCode, Customer};
use tollgate_core::payment::RefundProgress;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::store::{SHOP, START, Store};
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

    fn told(&self, kind: &str) -> usize {
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

const ASK: &str = "ask:bank:A-1:1";
const ASK_2: &str = "ask:bank:A-1:2";

#[test]
fn a_claim_that_was_lost_changes_nothing() {
    let settlements = [
        Settlement::Done,
        Settlement::Issued(issued(START, 9)),
        Settlement::Answered(said(Some("deny"))),
        Settlement::Released,
        Settlement::Retry {
            at: START,
            reason: "late".to_owned(),
        },
        dead(),
        Settlement::Unknown {
            reason: "late".to_owned(),
        },
    ];
    let (mut store, _, payment) = paid();
    store.act(Action::CheckPayment(payment));
    let receipt = format!("receipt:sale:{payment}:tx");
    for key in [ASK, receipt.as_str()] {
        let effect = store.claim(key);
        // Another worker has it by now.
        let other = Lease(8);
        store.rows.claimed.get_mut(&effect).expect("claimed").lease = Some(other);
        let before = store.rows.clone();
        let begun = store.act(Action::StartEffect {
            effect,
            lease: LEASE,
        });
        assert_eq!(begun, Outcome::Refused(Refusal::LeaseLost));
        for settlement in &settlements {
            let outcome = store.settle_with(key, settlement.clone(), Health::Failing);
            assert_eq!(
                outcome,
                Outcome::Refused(Refusal::LeaseLost),
                "{settlement:?}"
            );
            assert_eq!(store.rows, before, "{settlement:?}");
        }
        // The other one settles; the first comes back once more (F10).
        store.rows.claimed.get_mut(&effect).expect("claimed").lease = Some(LEASE);
        store.settle(key, Settlement::Done);
        let outcome = store.settle_with(key, dead(), Health::Failing);
        assert_eq!(outcome, Outcome::Refused(Refusal::LeaseLost));
        assert_eq!(store.effect(key).state, EffectState::Done);
    }
    assert!(store.rows.breakers.is_empty());
}

#[test]
fn only_what_must_not_be_repeated_is_marked_as_begun() {
    let (mut store, _, payment) = paid();
    store.act(Action::RefundPayment(RefundPayment {
        payment,
        minor: 40,
        reason: "returned".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: false,
    }));
    let refund = store.effects("refund:").remove(0);
    let receipt = format!("receipt:sale:{payment}:tx");
    store.begin(&refund);
    assert_eq!(store.effect(&refund).state, EffectState::Started);
    assert_eq!(
        store.root(payment.root()).refunds[0].state,
        RefundProgress::Sent
    );
    store.begin(&receipt);
    assert_eq!(store.effect(&receipt).state, EffectState::Leased);
    assert_eq!(store.changed, 0);
}

#[test]
fn a_question_knows_the_version_it_began_with() {
    for (moves_before, moves_after, status) in [
        // What has moved before it began is known to the provider as well.
        (true, false, "Failed"),
        (false, true, "Paid"),
    ] {
        let (mut store, id, payment) = paid();
        store.act(Action::CheckPayment(payment));
        if moves_before {
            store.hear("k2", "A-1", "settled 100");
        }
        store.begin(ASK);
        if moves_after {
            store.hear("k2", "A-1", "settled 100");
        }
        store.settle(ASK, Settlement::Answered(said(Some("deny"))));
        let is = store.root(id).payments[0].projection().status;
        assert_eq!(format!("{is:?}"), status);
        assert_eq!(store.effects(ASK_2).len(), usize::from(moves_after));
    }
}

#[test]
fn a_reason_joins_a_question_that_waits_and_repeats_one_that_has_begun() {
    let (mut store, id) = waiting();
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    store.act(Action::CheckPayment(payment));
    assert_eq!(store.effects("ask:"), [ASK]);
    store.begin(ASK);
    store.later(Span::seconds(1));
    store.act(Action::CheckPayment(payment));
    store.act(Action::CheckPayment(payment));
    assert_eq!(store.effects("ask:"), [ASK]);
    store.settle(ASK, Settlement::Answered(said(Some("pending"))));
    assert_eq!(store.effects("ask:"), [ASK, ASK_2]);
    // Two questions keep their distance, counted from when the first one was asked.
    assert_eq!(store.due_at(ASK_2), START.plus(Span::seconds(5)));
    store.later(Span::seconds(4));
    store.ask(ASK_2, Some("pending"));
    assert_eq!(store.effects("ask:").len(), 2);
    store.later(Span::seconds(7));
    store.act(Action::CheckPayment(payment));
    assert_eq!(store.due_at("ask:bank:A-1:3"), store.now);
}

/// A13: the answer was read before the customer's second card.
#[test]
fn the_second_callback_with_the_same_bytes_is_asked_about_again() {
    let (mut store, id) = waiting();
    let callback = || event("k1", &["A-1"], "paid 100");
    let (first, _) = store.take(callback(), BEFORE);
    store.ask(ASK, Some("deny"));
    assert_eq!(store.status(id), "AwaitingPayment active");
    store.later(Span::minutes(1));
    assert_eq!(
        store.take(callback(), BEFORE),
        (first, EventOutcome::Duplicate)
    );
    assert_eq!(store.fresh_effects, [ASK_2]);
    // A5: five at once are one question.
    for _ in 0..5 {
        store.take(callback(), BEFORE);
    }
    store.ask(ASK_2, Some("b:paid 100"));
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.effects("receipt:").len(), 1);
    // It has brought its money, and is asked about no more.
    store.later(Span::minutes(1));
    store.take(callback(), BEFORE);
    assert_eq!(store.changed, 0);
    assert_eq!(store.effects("ask:").len(), 2);
}

#[test]
fn the_second_callback_is_asked_about_also_before_its_payment_is_known() {
    let mut store = Store::new();
    let callback = || event("k1", &["A-1"], "paid 100");
    store.take(callback(), BEFORE);
    store.ask(ASK, Some("deny"));
    store.take(callback(), BEFORE);
    assert_eq!(store.effects("ask:").len(), 2);
    store.ask(ASK_2, Some("b:paid 100"));
    store.take(callback(), BEFORE);
    assert_eq!(store.effects("ask:").len(), 2, "it has brought its money");
    store.stock("shirt", 3);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    assert_eq!(store.status(id), "Paid consumed");
}

#[test]
fn a_stale_pending_never_unpays() {
    for policy in [NEVER, AFTER] {
        let (mut store, id) = waiting();
        let payment = store.root(id).payments[0].id;
        store.act(Action::CheckPayment(payment));
        store.begin(ASK);
        store.take(event("k1", &["A-1"], "paid 100"), policy);
        store.settle(ASK, Settlement::Answered(said(Some("pending"))));
        assert_eq!(store.status(id), "Paid consumed");
        assert_eq!(store.root(id).ledger().all.captured, 100);
        assert_eq!(store.attention(id), [""; 0]);
    }
}

#[test]
fn a_provider_that_says_nothing_decisive_is_asked_four_times_more() {
    let (mut store, id) = waiting();
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    for (n, wait) in (1..).zip([5, 30, 120, 900]) {
        store.later(Span::seconds(1));
        store.ask(&format!("ask:bank:A-1:{n}"), None);
        let next = format!("ask:bank:A-1:{}", n + 1);
        assert_eq!(store.fresh_effects, std::slice::from_ref(&next));
        assert_eq!(store.due_at(&next), store.now.plus(Span::seconds(wait)));
        store.later(Span::seconds(wait));
    }
    store.ask("ask:bank:A-1:5", None);
    assert_eq!(store.effects("ask:").len(), 5);
    // A new reason asks again, and what is decisive begins anew.
    store.later(Span::minutes(1));
    store.act(Action::CheckPayment(payment));
    store.ask("ask:bank:A-1:6", Some("pending"));
    store.act(Action::CheckPayment(payment));
    store.later(Span::minutes(1));
    store.ask("ask:bank:A-1:7", None);
    assert_eq!(
        store.due_at("ask:bank:A-1:8"),
        store.now.plus(Span::seconds(5))
    );
}

#[test]
fn a_new_reason_does_not_wait_for_a_question_that_is_put_off() {
    let (mut store, id) = waiting();
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    for n in 1..=4 {
        store.later(Span::minutes(15));
        store.ask(&format!("ask:bank:A-1:{n}"), None);
    }
    let planned = "ask:bank:A-1:5";
    assert_eq!(store.due_at(planned), store.now.plus(Span::minutes(15)));
    store.later(Span::seconds(20));
    for _ in 0..3 {
        store.act(Action::CheckPayment(payment));
    }
    let instead = "ask:bank:A-1:6";
    assert_eq!(store.effects("ask:").len(), 6, "one instead of it");
    assert_eq!(store.due_at(instead), store.now);
    store.ask(instead, None);
    // As many tries as before are left.
    let last = "ask:bank:A-1:7";
    assert_eq!(store.due_at(last), store.now.plus(Span::minutes(15)));
    // The one that was overtaken is asked no more, and the last one is not disturbed by it.
    store.later(Span::minutes(16));
    let effect = store.claim(planned);
    let begun = store.act(Action::StartEffect {
        effect,
        lease: LEASE,
    });
    assert_eq!(begun, Outcome::Done);
    assert_eq!(store.effect(planned).state, EffectState::Done);
    store.ask(last, Some("paid 100"));
    assert_eq!(store.status(id), "Paid consumed");
}

#[test]
fn a_reason_does_not_wait_for_a_worker_that_gave_up() {
    let (mut store, id) = waiting();
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    store.begin(ASK);
    let outcome = store.settle_with(ASK, dead(), Health::Failing);
    assert!(matches!(outcome, Outcome::Effect(..)));
    store.later(Span::seconds(10));
    store.act(Action::CheckPayment(payment));
    assert_eq!(store.fresh_effects, [ASK_2]);
    // The dead one may be tried by hand until another one is asked.
    store.act(Action::RetryEffect(id_of(ASK)));
    let effect = store.claim(ASK);
    let begun = store.act(Action::StartEffect {
        effect,
        lease: LEASE,
    });
    assert_eq!(begun, Outcome::Done);
}

/// `what happens, in this order -> completed`
#[test]
fn an_order_is_complete_when_its_receipts_are_issued_and_nothing_is_open() {
    for (steps, completed) in [
        ("issue", false),
        ("answer", false),
        ("issue answer", true),
        ("answer issue", true),
        ("issue dead", false),
        ("issue other", false),
        ("other issue", false),
        ("issue other resolve", true),
        ("other resolve issue", true),
        ("issue weak", false),
        ("issue weak resolve", true),
    ] {
        let (mut store, id) = waiting();
        store.take(event("k1", &["A-1"], "paid 100"), AFTER);
        let payment = store.root(id).payments[0].id;
        for step in steps.split(' ') {
            store.later(Span::minutes(20));
            match step {
                "issue" => store.issue(&format!("receipt:sale:{payment}:tx")),
                "answer" => store.ask(ASK, Some("paid 100")),
                "other" => store.ask(ASK, Some("paid 90")),
                "weak" => {
                    for n in 1..=5 {
                        store.ask(&format!("ask:bank:A-1:{n}"), None);
                        store.later(Span::minutes(20));
                    }
                }
                "dead" => {
                    store.begin(ASK);
                    store.settle(ASK, dead());
                }
                _ => {
                    let resolved = store.act(Action::ResolveAttention {
                        of: AttentionOf::Order(OrderRef::Code("A".to_owned())),
                        code: AttentionCode::Unconfirmed,
                        note: "they say it is fine".to_owned(),
                    });
                    assert!(
                        matches!(resolved, Outcome::Root(_)),
                        "{steps}: {resolved:?}"
                    );
                }
            }
        }
        let expected = if completed { "Completed" } else { "Paid" };
        assert_eq!(store.status(id), format!("{expected} consumed"), "{steps}");
        assert_eq!(
            store.told("order.completed"),
            usize::from(completed),
            "{steps}"
        );
    }
}

#[test]
fn what_nobody_doubts_is_complete_although_the_provider_says_nothing() {
    let (mut store, id, payment) = paid();
    store.act(Action::CheckPayment(payment));
    store.issue(&format!("receipt:sale:{payment}:tx"));
    assert_eq!(store.status(id), "Paid consumed", "it is being asked");
    for n in 1..=5 {
        store.ask(&format!("ask:bank:A-1:{n}"), None);
        store.later(Span::minutes(20));
    }
    assert_eq!(store.status(id), "Completed consumed");
    assert_eq!(store.attention(id), [""; 0]);
}

#[test]
fn every_capture_and_refund_has_one_receipt_and_it_is_issued_once() {
    let (mut store, id, payment) = paid();
    store.hear("k2", "A-1", "settled 100");
    store.hear("k3", "A-1", "b:paid 100");
    store.hear("k4", "A-1", "refund r1 30");
    store.hear("k5", "A-1", "refund r1 30");
    let receipts = store.root(id).receipts.clone();
    let told: Vec<String> = receipts
        .iter()
        .map(|receipt| format!("{:?} {}", receipt.kind, receipt.object))
        .collect();
    assert_eq!(told, ["Sale tx", "Sale b", "Refund r1"]);
    let sale = format!("receipt:sale:{payment}:tx");
    store.issue(&sale);
    assert_eq!(store.told("receipt.issued"), 1);
    assert_eq!(store.root(id).receipts[0].issued_at, Some(store.now));
    // The model store refuses a second file of one receipt; nobody can ask for one either.
    let again = store.act(Action::RetryEffect(id_of(&sale)));
    assert_eq!(
        again,
        Outcome::Refused(Refusal::EffectState(EffectState::Done))
    );
    assert_eq!(store.rows.receipts[&receipts[0].id].pdf[..], [1]);
}

/// C4.
#[test]
fn a_refund_before_its_capture_is_kept_and_asked_about() {
    let (mut store, id) = waiting();
    assert_eq!(
        store.hear("k1", "A-1", "refund r1 40"),
        EventOutcome::Applied
    );
    assert_eq!(store.effects("ask:"), [ASK]);
    assert_eq!(store.status(id), "AwaitingPayment active");
    store.hear("k2", "A-1", "paid 100");
    assert_eq!(store.status(id), "PartiallyRefunded consumed");
    store.ask(ASK, Some("paid 100"));
    assert_eq!(store.root(id).ledger().all.refunded, 40);
    assert_eq!(store.effects("receipt:").len(), 2);
    assert_eq!(store.attention(id), [""; 0]);
}

/// C6, and the same the other way round.
#[test]
fn our_own_refund_and_its_webhook_are_one() {
    for webhook_first in [true, false] {
        let (mut store, id, payment) = paid();
        store.act(Action::RefundPayment(RefundPayment {
            payment,
            minor: 40,
            reason: "returned".to_owned(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        }));
        let key = store.effects("refund:").remove(0);
        store.begin(&key);
        if webhook_first {
            store.hear("k2", "A-1", "refund back-1 40");
        }
        store.settle(
            &key,
            Settlement::Refunded {
                provider_refund_id: Some("back-1".to_owned()),
                state: RefundState::Succeeded,
            },
        );
        if !webhook_first {
            store.hear("k2", "A-1", "refund back-1 40");
        }
        let root = store.root(id);
        assert_eq!(root.ledger().all.refunded, 40);
        assert_eq!(root.refunds[0].state, RefundProgress::Succeeded);
        assert_eq!(store.effects("receipt:refund:").len(), 1);
        assert_eq!(store.attention(id), [""; 0]);
        let rest = store.act(Action::RefundPayment(RefundPayment {
            payment,
            minor: 60,
            reason: "all of it".to_owned(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        }));
        assert!(matches!(rest, Outcome::Refund(..)), "{rest:?}");
    }
}

#[test]
fn a_refund_that_is_tried_again_sets_its_amount_aside_again() {
    let (mut store, id, payment) = paid();
    let ask = |minor| {
        Action::RefundPayment(RefundPayment {
            payment,
            minor,
            reason: "returned".to_owned(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        })
    };
    store.act(ask(60));
    let key = store.effects("refund:").remove(0);
    store.begin(&key);
    store.settle(&key, dead());
    assert_eq!(store.root(id).refunds[0].state, RefundProgress::Failed);
    // Meanwhile some of it goes another way.
    store.act(ask(50));
    let retried = store.act(Action::RetryEffect(id_of(&key)));
    let refundable_minor = 50;
    assert_eq!(
        retried,
        Outcome::Refused(Refusal::RefundExceedsCaptured { refundable_minor })
    );
    let other = store.effects("refund:").remove(1);
    store.begin(&other);
    store.settle(&other, dead());
    let retried = store.act(Action::RetryEffect(id_of(&key)));
    assert!(matches!(retried, Outcome::Effect(..)), "{retried:?}");
    assert_eq!(store.root(id).refunds[0].state, RefundProgress::Requested);
    let refundable_minor = 40;
    assert_eq!(
        store.act(ask(41)),
        Outcome::Refused(Refusal::RefundExceedsCaptured { refundable_minor })
    );
}

#[test]
fn nobody_knows_of_a_refund_until_a_person_does() {
    for is_done in [true, false] {
        let (mut store, id, payment) = paid();
        store.act(Action::RefundPayment(RefundPayment {
            payment,
            minor: 40,
            reason: "returned".to_owned(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        }));
        let key = store.effects("refund:").remove(0);
        store.begin(&key);
        store.settle(
            &key,
            Settlement::Unknown {
                reason: "its worker was lost".to_owned(),
            },
        );
        assert_eq!(store.told("effect.unknown"), 1);
        assert_eq!(store.root(id).refunds[0].state, RefundProgress::Unknown);
        let close = Action::CloseEffect {
            effect: id_of(&key),
            done: is_done,
            reason: "looked it up".to_owned(),
        };
        store.act(close.clone());
        let (refunded, state) = match is_done {
            true => (40, RefundProgress::Succeeded),
            false => (0, RefundProgress::Failed),
        };
        assert_eq!(store.root(id).ledger().all.refunded, refunded);
        assert_eq!(store.root(id).refunds[0].state, state);
        let again = store.act(close);
        let settled = store.effect(&key).state;
        assert_eq!(again, Outcome::Refused(Refusal::EffectState(settled)));
    }
}

#[test]
fn mails_are_written_by_shops_that_do_to_customers_with_an_address() {
    for (mailing, address, mails) in [
        (true, Some("her@example.test"), 2),
        (true, None, 0),
        (false, Some("her@example.test"), 0),
    ] {
        let mut store = Store::new();
        store.stock("shirt", 3);
        if mailing {
            store.rules.mailing.insert(SHOP);
        }
        let mut wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
        wanted.customer = Customer {
            email: address.map(str::to_owned),
            ..Customer::default()
        };
        let id = store.order(wanted);
        store.hear("k1", "A-1", "paid 100");
        let payment = store.root(id).payments[0].id;
        store.issue(&format!("receipt:sale:{payment}:tx"));
        assert_eq!(store.effects("mail:").len(), mails);
        assert_eq!(store.effects("mail:paid:").len(), mails / 2);
    }
}

#[test]
fn what_is_proven_is_handed_on_at_once() {
    let (mut store, _) = waiting();
    let (document, outcome) = store.hand_on(event("k1", &[], ""), NEVER, &["documents"]);
    assert_eq!(outcome, EventOutcome::Queued);
    let key = format!("forward:documents:{document}");
    assert_eq!(store.effects("forward:"), std::slice::from_ref(&key));
    let order_key = store.rows.effects[&key].order_key.clone();
    assert_eq!(order_key.as_deref(), Some("documents:doc-1"));
    let (_, outcome) = store.hand_on(event("k2", &["A-1"], "paid 100"), NEVER, &["documents"]);
    assert_eq!(outcome, EventOutcome::Applied, "that says more");
    let (early, outcome) = store.hand_on(event("k3", &["B-1"], "paid 100"), NEVER, &["documents"]);
    assert_eq!(outcome, EventOutcome::Parked);
    assert_eq!(store.effects("forward:").len(), 3);
    // Decided about again, it is not handed on again.
    store.act(Action::ReplayEvent(early));
    store.act(Action::ReplayEvent(document));
    assert_eq!(store.fresh_effects, [""; 0]);
}

#[test]
fn what_proves_nothing_is_handed_on_when_it_is_confirmed() {
    for is_known in [true, false] {
        let (mut store, _) = waiting();
        let name = if is_known { "A-1" } else { "B-1" };
        let callback = event("k1", &[name], "paid 100");
        store.hand_on(callback, BEFORE, &["documents", "books"]);
        assert_eq!(store.effects("forward:"), [""; 0]);
        store.ask(&format!("ask:bank:{name}:1"), None);
        assert_eq!(store.effects("forward:"), [""; 0], "nothing decisive");
        store.later(Span::minutes(1));
        store.ask(&format!("ask:bank:{name}:2"), Some("paid 100"));
        assert_eq!(store.effects("forward:").len(), 2);
    }
}

/// A store with a notice to an endpoint, as the Gate makes one.
fn noticing() -> (Store, EndpointId) {
    let mut store = Store::new();
    let endpoint = EndpointId::from_u128(99 << 16);
    let content = EffectContent::Notify {
        endpoint,
        position: 1,
        kind: "order.paid".to_owned(),
    };
    let notice = tollgate_core::effect::Effect {
        shop: SHOP,
        key: NOTICE.to_owned(),
        dated_by: RootId::new(1 << 16),
        root: None,
        content,
        due_at: START,
        order_key: None,
    };
    store.rows.effects.insert(NOTICE.to_owned(), notice);
    (store, endpoint)
}

const NOTICE: &str = "notify:99:1";

fn again() -> Settlement {
    Settlement::Retry {
        at: START,
        reason: "it answered 503".to_owned(),
    }
}

#[test]
fn an_endpoint_that_is_gone_is_disabled() {
    let (mut store, endpoint) = noticing();
    store.rules.breaker_failures = 1;
    store.claim(NOTICE);
    store.settle_with(NOTICE, again(), Health::Failing);
    let target = store.effect(NOTICE).content.target();
    assert_ne!(store.rows.breakers[&target].open_until, None);
    store.claim(NOTICE);
    store.settle_with(NOTICE, dead(), Health::Gone);
    assert!(store.rows.disabled.contains(&endpoint));
    assert_eq!(store.told("endpoint.disabled"), 1);
    // What is pending for it need not wait for its breaker to be given up.
    assert_eq!(store.rows.breakers[&target].open_until, None);
}

#[test]
fn an_endpoint_that_fails_for_long_is_disabled() {
    let (mut store, endpoint) = noticing();
    let fail = |store: &mut Store| {
        store.claim(NOTICE);
        store.settle_with(NOTICE, again(), Health::Failing);
    };
    let patience = store.rules.disable_after.expect("it is not for ever");
    fail(&mut store);
    store.later(patience);
    store.claim(NOTICE);
    store.settle_with(NOTICE, Settlement::Released, Health::Well);
    fail(&mut store);
    assert!(store.rows.disabled.is_empty(), "it was well in between");
    store.later(Span::millis(patience.as_millis() - 1));
    fail(&mut store);
    assert!(store.rows.disabled.is_empty());
    store.rules.disable_after = None;
    store.later(Span::millis(1));
    fail(&mut store);
    assert!(
        store.rows.disabled.is_empty(),
        "there is no end to patience"
    );
    store.rules.disable_after = Some(patience);
    fail(&mut store);
    assert!(store.rows.disabled.contains(&endpoint));
}

/// E3: the rest of a target that stays away grows although each probe ends before its lease does.
#[test]
fn a_probe_that_fails_leaves_its_target_alone_for_longer() {
    let (mut store, _) = noticing();
    store.rules.breaker_failures = 1;
    let mut rests = Vec::new();
    for _ in 0..4 {
        store.claim(NOTICE);
        let target = store.effect(NOTICE).content.target();
        if let Some(breaker) = store.rows.breakers.get_mut(&target) {
            *breaker = breaker.probed(store.now.plus(Span::seconds(60)));
        }
        store.later(Span::seconds(1));
        store.settle_with(NOTICE, again(), Health::Failing);
        let until = store.rows.breakers[&target].open_until.expect("it is open");
        rests.push((until.as_millis() - store.now.as_millis()) / 1000);
        store.now = until;
    }
    assert_eq!(rests, [30, 60, 120, 240]);
}

/// Whoever asks has perhaps mended it. A probe that is under way is not doubled.
#[test]
fn what_is_tried_again_by_hand_does_not_wait_for_its_targets_pause() {
    let (mut store, _) = noticing();
    store.rules.breaker_failures = 1;
    let effect = store.claim(NOTICE);
    store.settle_with(NOTICE, again(), Health::Failing);
    let target = store.effect(NOTICE).content.target();
    let opened = store.rows.breakers[&target];
    assert!(matches!(opened.admits(store.now), Admission::Nothing(_)));
    store.act(Action::RetryEffect(effect));
    let looked_at = store.rows.breakers[&target];
    assert_eq!(looked_at.admits(store.now), Admission::Probe);
    assert_eq!(looked_at.opened, 1, "it is not well before it has answered");
    let over_by = store.now.plus(Span::seconds(60));
    let probed = looked_at.probed(over_by);
    store.rows.breakers.insert(target.clone(), probed);
    store.act(Action::RetryEffect(effect));
    assert_eq!(store.rows.breakers[&target], probed);
}

#[test]
fn the_last_attempts_are_kept() {
    let (mut store, _) = noticing();
    let tried = i64::try_from(ATTEMPTS_KEPT).expect("a few") + 3;
    for at in 0..tried {
        let effect = store.claim(NOTICE);
        let target = store.effect(NOTICE).content.target();
        store.act(Action::SettleEffect(Box::new(SettleEffect {
            effect,
            target,
            lease: LEASE,
            attempt: Some(Attempt {
                at: Timestamp::from_millis(at),
                took_ms: 1,
                status: Some(503),
                error: None,
                head: None,
            }),
            settlement: again(),
            health: Health::Unsaid,
            chance: 0,
        })));
    }
    let effect = store.effect(NOTICE);
    assert_eq!(effect.tries, u32::try_from(tried).expect("a few"));
    let kept: Vec<i64> = effect.attempts.iter().map(|a| a.at.as_millis()).collect();
    assert_eq!(kept, (3..tried).collect::<Vec<_>>());
}

#[test]
fn what_is_given_back_was_not_tried() {
    let (mut store, _) = noticing();
    store.claim(NOTICE);
    store.settle(NOTICE, Settlement::Released);
    let effect = store.effect(NOTICE);
    assert_eq!((effect.tries, effect.due_at), (0, Some(START)));
    assert_eq!((effect.state, effect.lease), (EffectState::Pending, None));
}

/// `state -> may be tried again`
#[test]
fn what_is_under_way_or_done_is_not_tried_again() {
    for (state, may) in [
        (EffectState::Pending, true),
        (EffectState::Leased, false),
        (EffectState::Started, false),
        (EffectState::Done, false),
        (EffectState::Unknown, true),
        (EffectState::Dead, true),
    ] {
        let (mut store, _) = noticing();
        let effect = store.claim(NOTICE);
        let row = store.rows.claimed.get_mut(&effect).expect("claimed");
        (row.state, row.due_at, row.tries) = (state, None, 5);
        let outcome = store.act(Action::RetryEffect(effect));
        assert_eq!(matches!(outcome, Outcome::Effect(..)), may, "{state:?}");
        if may {
            let row = store.effect(NOTICE);
            assert_eq!(
                (row.state, row.due_at, row.tries),
                (EffectState::Pending, Some(START), 0)
            );
        } else {
            assert_eq!(outcome, Outcome::Refused(Refusal::EffectState(state)));
        }
    }
}

#[test]
fn a_dead_effect_keeps_its_order_waiting_unless_it_is_skipped() {
    for (settlement, keeps_waiting) in [
        (Settlement::Done, false),
        (again(), true),
        (dead(), true),
        (
            Settlement::Dead {
                reason: "refused".to_owned(),
                skip: true,
            },
            false,
        ),
    ] {
        let mut store = Store::new();
        store.hand_on(event("k1", &[], ""), NEVER, &["documents"]);
        let key = store.effects("forward:").remove(0);
        store.claim(&key);
        store.settle(&key, settlement.clone());
        assert_eq!(
            store.effect(&key).keeps_waiting,
            keeps_waiting,
            "{settlement:?}"
        );
    }
}

/// B5: time is up while the customer pays.
#[test]
fn a_hold_that_runs_out_during_a_payment_asks_first_and_paid_wins() {
    for (answer, status) in [
        (Some("paid 100"), "Paid consumed"),
        (Some("deny"), "Expired expired"),
        (None, "Expired expired"),
    ] {
        let (mut store, id) = waiting();
        store.later(Span::minutes(15));
        store.due(id);
        assert_eq!(store.status(id), "Closing active");
        let EffectContent::Ask { why, .. } = &store.rows.effects[ASK].content else {
            panic!("a question");
        };
        assert_eq!(*why, AskReason::Closing);
        assert_eq!(store.due_at(ASK), store.now);
        store.later(Span::seconds(20));
        store.ask(ASK, answer);
        store.later(Span::seconds(120));
        store.due(id);
        assert_eq!(store.status(id), status);
        store.check_capacity();
    }
}

/// The provider had nothing to say before, and is not to be asked for a quarter of an hour.
#[test]
fn a_closing_order_asks_now_although_a_question_is_put_off() {
    let (mut store, id) = waiting();
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    for (n, wait) in [(1, 5), (2, 30), (3, 120)] {
        store.ask(&format!("ask:bank:A-1:{n}"), None);
        store.later(Span::seconds(wait));
    }
    store.later(Span::minutes(11));
    store.ask("ask:bank:A-1:4", None);
    store.later(Span::minutes(2));
    store.due(id);
    assert_eq!(store.status(id), "Closing active");
    assert_eq!(store.due_at("ask:bank:A-1:6"), store.now);
    store.ask("ask:bank:A-1:6", Some("paid 100"));
    assert_eq!(store.status(id), "Paid consumed");
}
