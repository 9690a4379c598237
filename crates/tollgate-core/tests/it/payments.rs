//! Payments, refunds and money that does not fit (scenarios C).

use tollgate_core::command::{Action, AttentionOf, OrderRef, RefundPayment};
use tollgate_core::decision::{Existing, Outcome, Refusal};
use tollgate_core::effect::{AnswerContent, ReceiptKind};
use tollgate_core::event::{Event, Fact, Strength};
use tollgate_core::id::{PaymentId, RootId};
use tollgate_core::money::Money;
use tollgate_core::payment::{PaymentStatus, RefundProgress};
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::snapshot::Reason;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::store::Store;
use crate::stories::cancel;
use crate::words::*;

fn paid_order() -> (Store, RootId, PaymentId) {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    let payment = store.root(id).payments[0].id;
    (store, id, payment)
}

#[test]
fn a_late_failure_never_downgrades_a_paid_order() {
    // C2: stale, and the provider is asked once.
    let (mut store, id, _) = paid_order();
    store.hear("k1", "A-1", "paid 100");
    assert_eq!(store.hear("k2", "A-1", "fail"), EventOutcome::Stale);
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.effects("ask:"), ["ask:bank:A-1:1"]);
    assert_eq!(store.hear("k3", "A-1", "fail"), EventOutcome::Stale);
    assert_eq!(store.effects("ask:").len(), 1);
}

#[test]
fn a_late_capture_after_a_full_refund_changes_nothing() {
    // C3
    let (mut store, id, _) = paid_order();
    store.hear("k1", "A-1", "paid 100");
    store.hear("k2", "A-1", "refund r1 100");
    assert_eq!(store.status(id), "Refunded consumed");
    assert_eq!(store.hear("k3", "A-1", "paid 100"), EventOutcome::Stale);
    assert_eq!(store.hear("k4", "A-1", "settled 100"), EventOutcome::Stale);
    assert_eq!(store.status(id), "Refunded consumed");
    assert_eq!(store.effects("receipt:").len(), 2);
}

#[test]
fn a_refund_before_its_capture_is_kept_and_asked_about() {
    // C4
    let (mut store, id, _) = paid_order();
    assert_eq!(
        store.hear("k1", "A-1", "refund r1 100"),
        EventOutcome::Applied
    );
    assert_eq!(store.status(id), "AwaitingPayment active");
    assert_eq!(store.effects("ask:").len(), 1);
    assert_eq!(store.attention(id), [""; 0]);
    store.hear("k2", "A-1", "paid 100");
    assert_eq!(store.status(id), "Refunded consumed");
}

#[test]
fn an_orphan_refund_of_a_source_that_cannot_be_asked_is_shown() {
    let (mut store, id, _) = paid_order();
    let mute = tollgate_core::event::Policy {
        can_ask: false,
        ..NEVER
    };
    let (_, outcome) = store.take(event("k1", &["A-1"], "refund r1 100"), mute);
    assert_eq!(outcome, EventOutcome::Attention);
    assert_eq!(store.attention(id), ["orphan_refund"]);
    // There is no paper of money that never came.
    assert!(store.root(id).receipts.is_empty());
    // It did come: there is nothing left to look at, and the sale is numbered before its refund.
    store.take(event("k2", &["A-1"], "paid 100"), mute);
    assert_eq!(store.attention(id), [""; 0]);
    let kinds: Vec<_> = store
        .root(id)
        .receipts
        .iter()
        .map(|known| known.kind)
        .collect();
    assert_eq!(kinds, [ReceiptKind::Sale, ReceiptKind::Refund]);
    let ended = store
        .entries
        .iter()
        .filter(|entry| entry.kind.word() == "attention.ended");
    assert_eq!(ended.count(), 1);
}

/// More went back than had come, until the rest of it came.
#[test]
fn more_refunded_than_captured_is_shown_until_as_much_has_come() {
    let (mut store, id, _) = paid_order();
    store.hear("k1", "A-1", "paid 30");
    store.hear("k2", "A-1", "refund r1 80");
    assert_eq!(store.attention(id), ["over_refunded"]);
    store.hear("k3", "A-1", "b:paid 40");
    assert_eq!(store.attention(id), ["over_refunded"]);
    store.hear("k4", "A-1", "c:paid 10");
    assert_eq!(store.attention(id), [""; 0]);
}

/// Nobody can be asked whether cash has come, and the merchant has said that it has not.
#[test]
fn a_cancelled_order_waits_for_no_word_of_a_manual_payment() {
    let mut store = Store::new();
    store.stock("shirt", 2);
    let mut wanted = order("A", &[line("shirt", 1, 100)]);
    wanted.payment = Some(("manual".to_owned(), "till".to_owned()));
    let id = store.order(wanted);
    cancel(&mut store, "A");
    assert_eq!(store.status(id), "Cancelled released");
    assert_eq!(store.effects("ask:"), [""; 0]);
    assert_eq!(store.counts("shirt"), "2/0");
    // Beside one that can be asked it takes nothing from the other's last word.
    let mut wanted = order("B", &[line("shirt", 1, 100)]);
    wanted.payment = Some(("manual".to_owned(), "till-2".to_owned()));
    let id = store.order(wanted);
    store.register("B", "B-1");
    cancel(&mut store, "B");
    assert_eq!(store.status(id), "Closing active");
    store.hear("k1", "B-1", "fail");
    assert_eq!(store.status(id), "Cancelled released");
    // Time that runs out is no word of the merchant's: the cash may lie in the till.
    let mut wanted = order("C", &[line("shirt", 1, 100)]);
    wanted.payment = Some(("manual".to_owned(), "till-3".to_owned()));
    let id = store.order(wanted);
    store.later(Span::minutes(16));
    store.due(id);
    assert_eq!(store.status(id), "Closing active");
}

/// A source that cannot be asked may still report what the customer has begun.
#[test]
fn a_cancelled_order_waits_for_the_report_of_a_source_that_cannot_be_asked() {
    let (mut store, id, _) = paid_order();
    cancel(&mut store, "A");
    store.start_question("A-1");
    let reason = "no credentials".to_owned();
    store.answer_with("A-1", 1, None, None, AnswerContent::Impossible { reason });
    assert_eq!(store.status(id), "Closing active");
    store.hear("k1", "A-1", "paid 100");
    assert_eq!(store.status(id), "Paid consumed");
}

#[test]
fn two_refunds_of_sixty_on_a_hundred_are_not_both_accepted() {
    // C5
    let (mut store, id, payment) = paid_order();
    store.hear("k1", "A-1", "paid 100");
    let refund = |minor| {
        Action::RefundPayment(RefundPayment {
            payment,
            minor,
            reason: "torn".to_owned(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        })
    };
    assert!(matches!(store.act(refund(60)), Outcome::Refund(..)));
    assert_eq!(store.effects("refund:").len(), 1);
    let refused = Refusal::RefundExceedsCaptured {
        refundable_minor: 40,
    };
    assert_eq!(store.act(refund(60)), Outcome::Refused(refused));
    assert!(matches!(store.act(refund(40)), Outcome::Refund(..)));
    // What the provider says of ours, by our key, is the same refund.
    let own_key = store.root(id).refunds[0].id.to_string();
    store.hear("k2", "A-1", &format!("refund {own_key} 60"));
    assert_eq!(store.root(id).refunds[0].state, RefundProgress::Succeeded);
    assert_eq!(store.status(id), "PartiallyRefunded consumed");
    let refused = Refusal::RefundExceedsCaptured {
        refundable_minor: 0,
    };
    assert_eq!(store.act(refund(1)), Outcome::Refused(refused));
}

#[test]
fn money_of_another_currency_or_mode_never_pays_and_is_always_kept() {
    // C7
    let (mut store, id, payment) = paid_order();
    let usd = |minor| Money {
        minor,
        currency: currency("USD"),
    };
    let foreign = Event {
        facts: vec![fact("paid 100", usd)],
        ..event("k1", &["A-1"], "")
    };
    assert_eq!(store.take(foreign, NEVER).1, EventOutcome::Attention);
    let mut test_mode = event("k2", &["A-1"], "paid 100");
    test_mode.facts[0].foreign_mode = true;
    assert_eq!(store.take(test_mode, NEVER).1, EventOutcome::Attention);
    let unreadable = Event {
        amount_unreadable: true,
        ..event("k3", &["A-1"], "")
    };
    assert_eq!(store.take(unreadable, NEVER).1, EventOutcome::Attention);
    assert_eq!(
        store.hear("k4", "A-1", "paid -100"),
        EventOutcome::Attention
    );
    assert_eq!(store.status(id), "AwaitingPayment active");
    assert_eq!(
        store.attention(id),
        ["currency_mismatch", "mode_mismatch", "amount_unreadable"]
    );
    assert_eq!(store.effects("receipt:"), [""; 0]);
    let known = store.root(id).payment(payment).expect("the payment");
    assert_eq!(known.facts.len(), 2);
    assert_eq!(known.projection().status, PaymentStatus::Pending);
    // The right money still pays.
    assert_eq!(store.hear("k5", "A-1", "paid 100"), EventOutcome::Applied);
    assert_eq!(store.status(id), "Paid consumed");
}

#[test]
fn less_than_due_is_never_paid() {
    // C7
    let (mut store, id, _) = paid_order();
    store.hear("k1", "A-1", "paid 99");
    assert_eq!(store.status(id), "PartiallyPaid active");
    assert_eq!(
        store.root(id).payments[0].projection().status,
        PaymentStatus::Pending
    );
}

#[test]
fn what_only_claims_to_be_paid_moves_nothing() {
    // C9
    let (mut store, id, payment) = paid_order();
    let before = store.root(id).clone();
    let mut weak = event("k1", &["A-1"], "paid 100");
    weak.facts[0].strength = Strength::Unsigned;
    let (event, outcome) = store.take(weak, BEFORE);
    assert_eq!(outcome, EventOutcome::Queued);
    assert_eq!(store.effects(""), ["ask:bank:A-1:1"]);
    assert_eq!(*store.root(id), before);
    store.answer("A-1", 1, Some(event), None, None);
    assert_eq!(*store.root(id), before);
    assert_eq!(
        store.event_state(event),
        tollgate_core::snapshot::EventState::Queued
    );
    assert!(
        store
            .root(id)
            .payment(payment)
            .expect("the payment")
            .facts
            .is_empty()
    );
}

#[test]
fn the_same_state_again_is_a_success_that_changes_nothing() {
    // C10
    let (mut store, id, _) = paid_order();
    assert_eq!(store.hear("k1", "A-1", "paid 100"), EventOutcome::Applied);
    let before = store.root(id).clone();
    let (event, outcome) = store.take(event("k2", &["A-1"], "paid 100"), NEVER);
    assert_eq!(outcome, EventOutcome::Stale);
    assert_eq!(
        store.rows.events[&event].reason.map(Reason::word),
        Some("known_fact")
    );
    assert_eq!(*store.root(id), before);
    assert_eq!(store.fresh_effects, [""; 0]);
}

#[test]
fn an_event_says_why_it_is_stale() {
    // first, then -> the reason of the second
    for (first, then, reason) in [
        ("paid 100", "paid 100", "known_fact"),
        ("paid 100", "pending", "late"),
        ("authorized 100", "pending", "late"),
        ("paid 100", "expire", "late"),
        ("paid 100", "settled 100", "weaker"),
        ("refund r1 10", "refund-pending r1 10", "late"),
    ] {
        let (mut store, _, _) = paid_order();
        store.hear("k1", "A-1", first);
        let (id, outcome) = store.take(event("k2", &["A-1"], then), NEVER);
        assert_eq!(outcome, EventOutcome::Stale, "{first}, {then}");
        assert_eq!(
            store.rows.events[&id].reason,
            Reason::of(reason),
            "{first}, {then}"
        );
    }
}

#[test]
fn what_is_said_again_later_or_better_vouched_for_was_known() {
    let later: fn(&mut Fact) = |fact| fact.occurred_at = Some(Timestamp::from_millis(5));
    let stronger: fn(&mut Fact) = |fact| fact.strength = Strength::Asked;
    for words in ["pending", "authorized 100", "paid 100"] {
        for once_more in [later, stronger] {
            let (mut store, root, _) = paid_order();
            store.hear("k1", "A-1", words);
            let updated_at = store.root(root).payments[0].updated_at;
            store.later(Span::minutes(1));
            let mut again = event("k2", &["A-1"], words);
            again.facts.iter_mut().for_each(once_more);
            let (id, outcome) = store.take(again, NEVER);
            assert_eq!(outcome, EventOutcome::Stale, "{words}");
            let reason = store.rows.events[&id].reason;
            assert_eq!(reason, Some(Reason::KnownFact), "{words}");
            assert_eq!(
                store.root(root).payments[0].updated_at,
                updated_at,
                "{words}"
            );
        }
    }
}

#[test]
fn a_payment_may_stand_alone() {
    let mut store = Store::new();
    assert_eq!(store.hear("k1", "X-1", "paid 100"), EventOutcome::Parked);
    let Outcome::Payment(id, root) = store.try_register(None, "X-1") else {
        panic!("registered");
    };
    assert_eq!(root.payments[0].projection().status, PaymentStatus::Paid);
    assert_eq!(root.version, 1);
    assert_eq!(store.effects("receipt:sale:").len(), 1);
    let taken = Refusal::AlreadyExists(Existing::Payment(id));
    assert_eq!(store.try_register(None, "X-1"), Outcome::Refused(taken));
    assert_eq!(
        store.try_register(Some(OrderRef::Code("none".to_owned())), "X-2"),
        Outcome::Refused(Refusal::OrderUnknown)
    );
    store.hear("k2", "X-1", "b:paid 1");
    assert_eq!(store.attention(root.id), ["overpaid"]);
}

#[test]
fn cash_is_a_fact_like_any_other() {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let mut wanted = order("A", &[line("shirt", 1, 100)]);
    wanted.payment = Some(("manual".to_owned(), "till".to_owned()));
    let id = store.order(wanted);
    let payment = store.root(id).payments[0].id;
    let capture = |store: &mut Store, minor| {
        let fresh = store.fresh();
        let note = "cash".to_owned();
        store.act(Action::CapturePayment {
            payment,
            minor,
            note,
            fresh,
        })
    };
    capture(&mut store, 40);
    assert_eq!(store.status(id), "PartiallyPaid active");
    capture(&mut store, 60);
    assert_eq!(store.status(id), "Paid consumed");
    store.act(Action::RefundPayment(RefundPayment {
        payment,
        minor: 30,
        reason: "torn".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: false,
    }));
    assert_eq!(store.status(id), "PartiallyRefunded consumed");
    assert_eq!(store.effects("receipt:").len(), 3);
    assert_eq!(store.effects("refund:"), [""; 0]);
}

#[test]
fn only_cash_is_captured_by_hand() {
    let (mut store, _, payment) = paid_order();
    let fresh = store.fresh();
    let by_hand = Action::CapturePayment {
        payment,
        minor: 1,
        note: String::new(),
        fresh,
    };
    assert_eq!(store.act(by_hand), Outcome::Refused(Refusal::NotManual));
}

#[test]
fn a_cumulative_refund_has_a_receipt_only_where_no_refund_stands_beside_it() {
    let (mut store, _, payment) = paid_order();
    store.hear("k1", "A-1", "paid 100");
    let both = Event {
        facts: vec![fact("refund r1 30", idr), fact("total 30", idr)],
        ..event("k2", &["A-1"], "")
    };
    store.take(both, NEVER);
    assert_eq!(
        store.effects("receipt:refund:"),
        [format!("receipt:refund:{payment}:r1")]
    );
    store.hear("k3", "A-1", "total 50");
    assert_eq!(store.effects("receipt:refund:").len(), 2);
    assert_eq!(store.fresh_effects, [format!("receipt:refund:{payment}:")]);
}

#[test]
fn attention_is_resolved_by_a_person_and_opened_again_by_more_of_it() {
    let (mut store, id, _) = paid_order();
    store.hear("k1", "A-1", "paid 100");
    store.hear("k2", "A-1", "refund r1 120");
    assert_eq!(store.attention(id), ["over_refunded"]);
    let resolve = Action::ResolveAttention {
        of: AttentionOf::Order(OrderRef::Code("A".to_owned())),
        code: tollgate_core::order::AttentionCode::OverRefunded,
        note: "goodwill".to_owned(),
    };
    store.act(resolve.clone());
    assert_eq!(store.attention(id), [""; 0]);
    store.act(resolve);
    assert_eq!(store.changed, 0);
    store.hear("k3", "A-1", "settled 100");
    assert_eq!(store.attention(id), [""; 0]);
    store.hear("k4", "A-1", "refund r2 5");
    assert_eq!(store.attention(id), ["over_refunded"]);
}

#[test]
fn an_authorized_payment_keeps_the_hold_for_its_time_then_a_person_looks() {
    let (mut store, id, _) = paid_order();
    store.hear("k1", "A-1", "authorized 100");
    let kept = store.root(id).due_at().expect("a hold");
    assert_eq!(kept, store.now.plus(store.rules.authorized_hold));
    store.now = kept;
    store.due(id);
    assert_eq!(store.status(id), "Closing active");
    assert_eq!(store.attention(id), ["unconfirmed"]);
}

#[test]
fn the_stronger_of_equal_facts_stays() {
    let (mut store, id, _) = paid_order();
    store.hear("k1", "A-1", "paid 100");
    let asked = Fact {
        strength: Strength::Asked,
        ..fact("paid 100", idr)
    };
    store.take(
        Event {
            facts: vec![asked.clone()],
            ..event("k2", &["A-1"], "")
        },
        NEVER,
    );
    assert_eq!(store.root(id).payments[0].facts, [asked]);
}
