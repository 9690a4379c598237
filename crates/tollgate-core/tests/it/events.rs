//! Events that come early, twice, unconfirmed or again (scenarios A and D), and answers.

use tollgate_core::command::{Action, CreateOrder, OrderRef};
use tollgate_core::decision::{Existing, Outcome, Refusal};
use tollgate_core::effect::{AnswerContent, AskReason, EffectContent};
use tollgate_core::event::Event;
use tollgate_core::id::RootId;
use tollgate_core::money::Money;
use tollgate_core::order::Root;
use tollgate_core::snapshot::Reason;
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use crate::store::Store;
use crate::words::*;

fn shop() -> Store {
    let mut store = Store::new();
    store.stock("shirt", 3);
    store
}

fn one_shirt(code: &str) -> CreateOrder {
    order(code, &[line("shirt", 1, 100)])
}

fn order_with(store: &mut Store, reference: &str) -> RootId {
    store.order(with_payment(one_shirt("A"), reference))
}

/// An event whose source cuts the order's code out of the reference.
fn coded(key: &str, reference: &str, code: &str, words: &str) -> Event {
    Event {
        code: Some(code.to_owned()),
        ..event(key, &[reference], words)
    }
}

#[test]
fn an_event_before_its_payment_is_applied_in_the_commit_that_makes_it() {
    // A1: at once, after minutes, and long after it was given up.
    for wait in [0, 10, 25 * 60] {
        let mut store = shop();
        let (early, outcome) = store.take(event("k1", &["A-1", "tx-9"], "paid 100"), NEVER);
        assert_eq!(outcome, EventOutcome::Parked);
        store.later(Span::minutes(wait));
        store.act(Action::ParkedDue(early));
        let id = order_with(&mut store, "A-1");
        assert_eq!(store.status(id), "Paid consumed", "after {wait} min");
        assert_eq!(store.event_state(early), EventState::Applied);
        // Its other name was learnt with it.
        assert_eq!(
            store.hear("k2", "tx-9", "refund r1 100"),
            EventOutcome::Applied
        );
        assert_eq!(store.status(id), "Refunded consumed");
    }
}

#[test]
fn a_name_learnt_while_draining_drains_what_waits_there() {
    let mut store = shop();
    let (refund, _) = store.take(event("k1", &["tx-9"], "refund r1 100"), NEVER);
    let (paid, _) = store.take(event("k2", &["A-1", "tx-9"], "paid 100"), NEVER);
    let id = order_with(&mut store, "A-1");
    assert_eq!(store.status(id), "Refunded consumed");
    assert_eq!(store.event_state(refund), EventState::Applied);
    assert_eq!(store.event_state(paid), EventState::Applied);
}

#[test]
fn a_name_learnt_by_an_event_drains_what_waits_there() {
    let mut store = shop();
    let id = order_with(&mut store, "A-1");
    let (refund, _) = store.take(event("k1", &["tx-9"], "refund r1 100"), NEVER);
    store.take(event("k2", &["A-1", "tx-9"], "paid 100"), NEVER);
    assert_eq!(store.event_state(refund), EventState::Applied);
    assert_eq!(store.status(id), "Refunded consumed");
}

#[test]
fn an_order_has_no_more_payments_than_it_may_have() {
    let mut store = shop();
    store.rules.payments_max = 2;
    let id = order_with(&mut store, "A-1");
    store.register("A", "A-2");
    let third = store.try_register(Some(OrderRef::Code("A".to_owned())), "A-3");
    assert_eq!(third, Outcome::Refused(Refusal::TooManyPayments));
    let (_, outcome) = store.take(coded("k1", "A-3", "A", "paid 100"), NEVER);
    assert_eq!(outcome, EventOutcome::Attention);
    assert_eq!(store.root(id).payments.len(), 2);
}

#[test]
fn two_names_that_lead_to_two_payments_move_nothing() {
    let mut store = shop();
    let id = order_with(&mut store, "A-1");
    store.register("A", "A-2");
    let other = store.order(with_payment(one_shirt("B"), "B-1"));
    let (_, outcome) = store.take(event("k1", &["A-1", "B-1"], "paid 100"), NEVER);
    assert_eq!(outcome, EventOutcome::Attention);
    assert_eq!(store.attention(id), ["reference_conflict"]);
    assert_eq!(store.attention(other), ["reference_conflict"]);
    store.hear("k2", "A-1", "paid 40");
    store.take(event("k3", &["A-1", "A-2"], "paid 100"), NEVER);
    assert_eq!(store.status(id), "PartiallyPaid active");
    assert_eq!(store.attention(id).len(), 2);
}

#[test]
fn a_manual_check_and_a_webhook_are_one_change() {
    // A11: whichever comes first, one change and one set of effects.
    for webhook_first in [true, false] {
        let mut store = shop();
        let id = order_with(&mut store, "A-1");
        let payment = store.root(id).payments[0].id;
        store.act(Action::CheckPayment(payment));
        assert_eq!(store.fresh_effects, ["ask:bank:A-1:1"]);
        let version = Some(store.root(id).version);
        if webhook_first {
            store.hear("k1", "A-1", "paid 100");
        }
        store.answer("A-1", 1, None, version, Some("paid 100"));
        if !webhook_first {
            assert_eq!(store.hear("k1", "A-1", "paid 100"), EventOutcome::Stale);
        }
        assert_eq!(store.status(id), "Paid consumed");
        assert_eq!(store.effects("receipt:").len(), 1);
        assert_eq!(store.effects("ask:").len(), 1);
        let paid = store
            .entries
            .iter()
            .filter(|entry| entry.kind.word() == "order.paid");
        assert_eq!(paid.count(), 1);
    }
}

#[test]
fn an_order_is_found_by_its_code_alone_whichever_comes_first() {
    // A12
    for webhook_first in [true, false] {
        let mut store = shop();
        let early = coded("k1", "A-1737558000", "A", "paid 100");
        if webhook_first {
            assert_eq!(store.take(early.clone(), NEVER).1, EventOutcome::Parked);
        }
        let id = store.order(one_shirt("A"));
        if !webhook_first {
            assert_eq!(store.take(early, NEVER).1, EventOutcome::Applied);
        }
        assert_eq!(store.status(id), "Paid consumed");
        let payments = &store.root(id).payments;
        assert_eq!(payments.len(), 1);
        assert_eq!(payments[0].reference, "A-1737558000");
        assert_eq!(payments[0].due.minor, 100);
        let cut = store
            .entries
            .iter()
            .filter(|entry| entry.kind.word() == "payment.code_cut");
        assert_eq!(cut.count(), 1);
        // Registered afterwards, the reference is taken.
        let again = store.try_register(Some(OrderRef::Code("A".to_owned())), "A-1737558000");
        assert!(matches!(again, Outcome::Refused(Refusal::AlreadyExists(_))));
    }
}

#[test]
fn an_order_refused_although_it_is_paid_says_so_and_gives_the_money_back() {
    // A14, by the code and by the reference.
    for by_code in [true, false] {
        let mut store = shop();
        store.stock("shirt", 0);
        let early = match by_code {
            true => coded("k1", "A-1", "A", "paid 100"),
            false => event("k1", &["A-1"], "paid 100"),
        };
        let early_again = early.clone();
        let (early, _) = store.take(early, NEVER);
        store.take(coded("k2", "A-2", "A", "pending"), NEVER);
        store.take(
            Event {
                key: "k3".to_owned(),
                ..early_again
            },
            NEVER,
        );
        let wanted = if by_code {
            one_shirt("A")
        } else {
            with_payment(one_shirt("A"), "A-1")
        };
        let skus = vec![("shirt".to_owned(), 0, 1)];
        assert_eq!(
            store.refusal(wanted.clone()),
            Refusal::OutOfStock {
                skus: skus.clone(),
                payment_waiting: true
            }
        );
        assert_eq!(store.event_state(early), EventState::Attention);
        let roots: Vec<Root> = store.rows.roots.values().cloned().collect();
        let [alone] = roots.as_slice() else {
            panic!("its payment stands alone: {roots:?}");
        };
        assert_eq!(alone.order, None);
        assert_eq!(store.attention(alone.id), ["paid_unfulfillable"]);
        assert_eq!(
            (alone.ledger().all.captured, alone.ledger().all.reserved),
            (100, 100)
        );
        assert_eq!(
            store.effects("refund:"),
            [format!("refund:{}", alone.refunds[0].id)]
        );
        // Asked again, nothing waits any more, and nothing is given back twice.
        let again = match by_code {
            true => Refusal::OutOfStock {
                skus,
                payment_waiting: false,
            },
            false => Refusal::AlreadyExists(Existing::Payment(alone.payments[0].id)),
        };
        assert_eq!(store.refusal(wanted), again);
        assert_eq!(store.changed, 0);
    }
}

#[test]
fn money_that_could_not_pay_is_not_given_back_for_a_refused_order() {
    let mut store = shop();
    store.stock("shirt", 0);
    let mut test_mode = event("k1", &["A-1"], "paid 100");
    test_mode.facts[0].foreign_mode = true;
    store.take(test_mode, NEVER);
    store.hear("k2", "A-1", "pending");
    let mut other_currency = event("k3", &["A-1"], "paid 100");
    other_currency.facts[0].money = Some(Money {
        minor: 100,
        currency: currency("USD"),
    });
    store.take(other_currency, NEVER);
    let refusal = store.refusal(with_payment(one_shirt("A"), "A-1"));
    assert!(matches!(
        refusal,
        Refusal::OutOfStock {
            payment_waiting: false,
            ..
        }
    ));
    assert_eq!(store.changed, 0);
}

#[test]
fn seen_but_not_applied_is_no_duplicate() {
    // D12: parked is settled, its redelivery is a duplicate and it is applied all the same.
    let mut store = shop();
    store.hear("k1", "A-1", "paid 100");
    assert_eq!(store.hear("k1", "A-1", "paid 100"), EventOutcome::Duplicate);
    let id = order_with(&mut store, "A-1");
    assert_eq!(store.status(id), "Paid consumed");
    // Unconfirmed is not: its redelivery is answered with the first id and asks again.
    let (first, _) = store.take(event("k2", &["A-1"], "b:paid 1"), BEFORE);
    let (again, outcome) = store.take(event("k2", &["A-1"], "b:paid 1"), BEFORE);
    assert_eq!((again, outcome), (first, EventOutcome::Queued));
}

#[test]
fn a_replay_of_an_applied_event_repeats_no_effect() {
    // D13
    let mut store = shop();
    let id = order_with(&mut store, "A-1");
    let (paid, _) = store.take(event("k1", &["A-1"], "paid 100"), AFTER);
    assert_eq!(store.fresh_effects.len(), 2);
    let before = store.root(id).clone();
    let entries = store.entries.len();
    let outcome = store.act(Action::ReplayEvent(paid));
    assert_eq!(store.entries.len(), entries);
    assert!(matches!(
        outcome,
        Outcome::Event {
            state: EventState::Applied,
            ..
        }
    ));
    assert_eq!(store.fresh_effects, [""; 0]);
    assert_eq!(store.changed, 0);
    assert_eq!(*store.root(id), before);
}

#[test]
fn events_without_a_key_are_never_duplicates() {
    // D2
    let mut store = shop();
    let (first, _) = store.take(event("", &["X"], "paid 1"), NEVER);
    let (second, outcome) = store.take(event("", &["X"], "paid 1"), NEVER);
    assert_ne!(first, second);
    assert_eq!(outcome, EventOutcome::Parked);
    assert!(store.rows.event_keys.is_empty());
}

#[test]
fn what_concerns_no_payment_is_stored() {
    let mut store = shop();
    assert_eq!(
        store.take(event("k1", &["A-1"], ""), NEVER).1,
        EventOutcome::Stored
    );
    assert_eq!(
        store.take(event("k2", &[], ""), BEFORE).1,
        EventOutcome::Stored
    );
    assert_eq!(
        store.take(event("k3", &[], "paid 1"), NEVER).1,
        EventOutcome::Attention
    );
    assert!(store.rows.names.is_empty());
}

#[test]
fn no_more_than_the_limit_waits_under_one_name() {
    let mut store = shop();
    store.rules.parked_max = 2;
    store.hear("k1", "A-1", "pending");
    store.hear("k2", "A-1", "paid 40");
    assert_eq!(
        store.take(event("k3", &["A-1", "tx"], "paid 100"), NEVER).1,
        EventOutcome::Attention
    );
    assert_eq!(store.rows.names.len(), 1);
}

#[test]
fn a_parked_event_is_asked_about_then_given_up_and_still_finds_its_payment() {
    let mut store = shop();
    let (early, _) = store.take(event("k1", &["A-1"], "paid 100"), NEVER);
    store.act(Action::ParkedDue(early));
    assert_eq!(store.changed, 0);
    store.later(Span::minutes(15));
    store.act(Action::ParkedDue(early));
    assert_eq!(store.fresh_effects, ["ask:bank:A-1:1"]);
    // The answer makes it better vouched for; it waits on.
    store.answer("A-1", 1, Some(early), None, Some("paid 100"));
    assert_eq!(store.event_state(early), EventState::Parked);
    assert_eq!(store.rows.events[&early].event.facts.len(), 2);
    store.act(Action::ParkedDue(early));
    assert_eq!(store.changed, 0);
    store.later(Span::hours(24));
    store.act(Action::ParkedDue(early));
    assert_eq!(store.event_state(early), EventState::Orphan);
    assert_eq!(
        store.entries.last().map(|entry| entry.kind.word()),
        Some("event.orphaned")
    );
    store.act(Action::ReplayEvent(early));
    assert_eq!(store.event_state(early), EventState::Orphan);
    let id = order_with(&mut store, "A-1");
    assert_eq!(store.status(id), "Paid consumed");
}

#[test]
fn an_event_that_must_be_confirmed_moves_with_the_answer() {
    let mut store = shop();
    let id = order_with(&mut store, "A-1");
    let (queued, _) = store.take(event("k1", &["A-1"], "paid 1"), BEFORE);
    let (joined, _) = store.take(event("k2", &["A-1"], "paid 2"), BEFORE);
    assert_eq!(store.effects("ask:").len(), 1);
    let EffectContent::Ask { version, why, .. } =
        store.rows.effects["ask:bank:A-1:1"].content.clone()
    else {
        panic!("a question");
    };
    assert_eq!(
        (version, why),
        (store.root(id).version, AskReason::ConfirmBefore)
    );
    store.answer("A-1", 1, Some(queued), Some(version), Some("paid 100"));
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.event_state(queued), EventState::Applied);
    assert_eq!(store.event_state(joined), EventState::Stale);
    assert!(
        store.rows.names[&("bank".into(), "A-1".into())]
            .parked
            .is_empty()
    );
    assert_eq!(store.hear("k1", "A-1", "paid 1"), EventOutcome::Duplicate);
    // What the provider has confirmed is not asked about again when it is decided again.
    let asked = store.effects("ask:");
    store.act(Action::ReplayEvent(queued));
    assert_eq!(store.event_state(queued), EventState::Applied);
    assert_eq!(store.effects("ask:"), asked);
}

#[test]
fn one_answer_settles_all_who_wait_for_it_also_after_the_payment_has_come() {
    let mut store = shop();
    let (first, _) = store.take(event("k1", &["A-1"], "paid 1"), BEFORE);
    let (second, _) = store.take(event("k2", &["A-1"], "paid 1"), BEFORE);
    let id = order_with(&mut store, "A-1");
    assert_eq!(store.status(id), "AwaitingPayment active");
    store.answer("A-1", 1, Some(first), None, Some("paid 100"));
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.event_state(first), EventState::Applied);
    assert_eq!(store.event_state(second), EventState::Stale);
}

#[test]
fn an_answer_before_its_payment_is_kept_until_that_comes() {
    let mut store = shop();
    let (early, _) = store.take(event("k1", &["A-1"], "paid 1"), BEFORE);
    assert_eq!(store.event_state(early), EventState::Queued);
    store.answer("A-1", 1, Some(early), None, Some("paid 100"));
    assert_eq!(store.event_state(early), EventState::Parked);
    let id = order_with(&mut store, "A-1");
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.event_state(early), EventState::Applied);
}

#[test]
fn asked_too_early_the_second_callback_asks_again() {
    // A13: the same bytes come while the provider is being asked.
    let mut store = shop();
    let id = order_with(&mut store, "A-1");
    let (first, _) = store.take(event("k1", &["A-1"], "paid 100"), BEFORE);
    store.start_question("A-1");
    store.take(event("k1", &["A-1"], "paid 100"), BEFORE);
    assert_eq!(store.effects("ask:").len(), 1);
    store.answer(
        "A-1",
        1,
        Some(first),
        Some(store.root(id).version),
        Some("fail"),
    );
    assert_eq!(store.fresh_effects, ["ask:bank:A-1:2"]);
    assert_eq!(store.status(id), "AwaitingPayment active");
    store.answer(
        "A-1",
        2,
        Some(first),
        Some(store.root(id).version),
        Some("b:paid 100"),
    );
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.fresh_effects.len(), 1);
}

/// `first, version still the same | the answer -> status of the payment, asked again`
#[test]
fn only_an_answer_to_the_version_that_was_asked_about_lowers() {
    for (first, unchanged, answer, expected, asked_again) in [
        ("paid 100", true, "deny", "Failed", false),
        ("paid 100", false, "deny", "Paid", true),
        ("paid 100", true, "pending", "Paid", false),
        ("paid 100", true, "b:deny", "Paid", false),
        ("authorized 100", true, "cancel", "Cancelled", false),
        ("authorized 100", false, "cancel", "Authorized", true),
        ("pending", true, "expire", "Expired", false),
        ("pending", false, "expire", "Expired", false),
        ("fail", false, "paid 100", "Paid", false),
    ] {
        let mut store = shop();
        let id = order_with(&mut store, "A-1");
        store.hear("k1", "A-1", first);
        let payment = store.root(id).payments[0].id;
        store.act(Action::CheckPayment(payment));
        let version = store.root(id).version - i64::from(!unchanged);
        store.answer("A-1", 1, None, Some(version), Some(answer));
        let status = store.root(id).payments[0].projection().status;
        assert_eq!(format!("{status:?}"), expected, "{first}, {answer}");
        assert_eq!(
            !store.effects("ask:bank:A-1:2").is_empty(),
            asked_again,
            "{first}, {answer}"
        );
        store.check_capacity();
    }
}

#[test]
fn a_reversal_keeps_the_order_and_is_shown() {
    let mut store = shop();
    let id = order_with(&mut store, "A-1");
    store.hear("k1", "A-1", "settled 100");
    store.hear("k2", "A-1", "deny");
    assert_eq!(store.effects("ask:").len(), 1);
    store.answer("A-1", 1, None, Some(store.root(id).version), Some("deny"));
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.attention(id), ["payment_reversed"]);
    assert_eq!(store.effects("receipt:reversal:").len(), 1);
    assert_eq!(store.root(id).ledger().all.captured, 0);
}

#[test]
fn a_confirmation_behind_never_unpays() {
    for (answer, attention) in [
        ("paid 100", &[][..]),
        ("settled 100", &[]),
        ("pending", &[]),
        ("paid 90", &["unconfirmed"]),
        ("deny", &["unconfirmed"]),
        ("reversed", &["unconfirmed"]),
    ] {
        let mut store = shop();
        let id = order_with(&mut store, "A-1");
        let (paid, outcome) = store.take(event("k1", &["A-1"], "paid 100"), AFTER);
        assert_eq!(outcome, EventOutcome::Applied);
        assert_eq!(store.effects("ask:"), ["ask:bank:A-1:1"]);
        store.answer(
            "A-1",
            1,
            Some(paid),
            Some(store.root(id).version),
            Some(answer),
        );
        assert_eq!(store.status(id), "Paid consumed", "{answer}");
        assert_eq!(store.root(id).ledger().all.captured, 100, "{answer}");
        assert_eq!(store.attention(id), attention, "{answer}");
        assert_eq!(store.effects("ask:").len(), 1);
    }
}

#[test]
fn an_answer_about_something_else_is_shown_to_a_person() {
    let mut store = shop();
    let id = order_with(&mut store, "A-1");
    let (queued, _) = store.take(event("k1", &["A-1"], "paid 100"), BEFORE);
    let reason = "another terminal".to_owned();
    store.answer_with(
        "A-1",
        1,
        Some(queued),
        None,
        AnswerContent::Mismatch { reason },
    );
    assert_eq!(store.event_state(queued), EventState::Attention);
    // Anybody can send such a report; it casts no doubt on the order.
    assert_eq!(store.attention(id), [""; 0]);
    assert_eq!(store.status(id), "AwaitingPayment active");
    // What we asked about by ourselves does.
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    let reason = "another terminal".to_owned();
    store.answer_with("A-1", 2, None, None, AnswerContent::Mismatch { reason });
    assert_eq!(store.attention(id), ["unconfirmed"]);
}

#[test]
fn keys_whose_parts_run_together_are_two() {
    // D3: reference `a:b` with object `c`, and reference `a` with object `b:c`.
    let mut store = shop();
    store.stock("shirt", 0);
    for (reference, object) in [("a:b", "c"), ("a", "b:c"), ("a%3Ab", "c")] {
        let mut early = event(reference, &[reference], "paid 100");
        early.facts[0].object = object.to_owned();
        store.take(early, NEVER);
        store.refusal(with_payment(one_shirt("A"), reference));
    }
    assert_eq!(store.effects("refund:").len(), 3);
}

#[test]
fn a_sweep_over_a_bound_name_finds_nothing() {
    let mut store = shop();
    store.hear("k1", "A-1", "paid 100");
    order_with(&mut store, "A-1");
    let drain = Action::DrainName {
        source: "bank".to_owned(),
        name: "A-1".to_owned(),
    };
    store.act(drain);
    assert_eq!(store.changed, 0);
}

/// What a person was shown is not settled by being decided about again.
#[test]
fn a_replay_of_what_was_shown_leaves_it_shown() {
    let mut store = shop();
    let id = order_with(&mut store, "A-1");
    let (too_much, outcome) = store.take(event("k1", &["A-1"], "paid 130"), NEVER);
    assert_eq!(outcome, EventOutcome::Attention);
    store.act(Action::ReplayEvent(too_much));
    assert_eq!(store.event_state(too_much), EventState::Attention);
    assert_eq!(
        store.rows.events[&too_much].reason.map(Reason::word),
        Some("see_order")
    );
    assert_eq!(store.attention(id), ["overpaid"]);
}
