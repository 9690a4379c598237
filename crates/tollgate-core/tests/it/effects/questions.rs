//! Questions to providers, and their answers.

use tollgate_core::command::{Action, Health, Settlement};
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{AskReason, EffectContent, EffectState};
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::Span;

use crate::store::{START, Store};
use crate::words::*;

use super::{LEASE, dead, id_of, paid, said, waiting};

pub(super) const ASK: &str = "ask:bank:A-1:1";

const ASK_2: &str = "ask:bank:A-1:2";

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
    // A new reason asks again, and what is decisive begins again.
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
