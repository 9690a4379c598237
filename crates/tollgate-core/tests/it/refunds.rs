//! Stories of refunds: each is asked about until it has ended, by its name and by the provider's, and no
//! money is ordered back a second time (docs/money.md).

use tollgate_core::command::{Action, OrderRef, RefundChecked, RefundPayment, Settlement};
use tollgate_core::decision::{Entry, Outcome, Refusal};
use tollgate_core::effect::{EffectContent, EffectState};
use tollgate_core::event::RefundState;
use tollgate_core::id::{PaymentId, RootId};
use tollgate_core::payment::RefundProgress;
use tollgate_core::snapshot::{EventState, StoredEvent};
use tollgate_core::time::Span;
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;

use crate::store::Store;
use crate::stories::run_out;
use crate::words::*;
use crate::worker::*;

/// An order of 100, paid as `A-1`.
fn paid() -> (Store, RootId, PaymentId) {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    store.hear("k1", "A-1", "paid 100");
    let payment = store.root(id).payments[0].id;
    (store, id, payment)
}

fn order_back(store: &mut Store, payment: PaymentId, minor: i64) -> Outcome {
    store.act(Action::RefundPayment(RefundPayment {
        payment,
        minor,
        reason: "returned".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: false,
    }))
}

fn hand_over(store: &mut Store, payment: PaymentId, minor: i64) -> Outcome {
    store.act(Action::RefundPayment(RefundPayment {
        payment,
        minor,
        reason: "at the counter".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: true,
    }))
}

/// A refund of 40, and the keys of its call and of its looks.
fn refund_of_forty() -> (Store, RootId, PaymentId, Keys) {
    let (mut store, id, payment) = paid();
    let outcome = order_back(&mut store, payment, 40);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
    let keys = Keys(store.root(id).refunds[0].id.to_string());
    (store, id, payment, keys)
}

/// Three refunds that come to all of it, then one more than came: each is told, and the order is given back all of
/// its money once.
#[test]
fn steps_of_giving_back_are_told_and_the_last_is_counted() {
    let (mut store, id, _) = paid();
    for (key, said) in [
        ("k2", "refund r1 40"),
        ("k3", "refund r2 30"),
        ("k4", "refund r3 30"),
        ("k5", "refund r4 10"),
    ] {
        store.hear(key, "A-1", said);
    }
    let steps: Vec<bool> = store
        .entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::OrderRefunded && entry.root == Some(id))
        .map(|entry| entry.is_counted)
        .collect();
    assert_eq!(steps, [false, false, true, false]);
    let mut others = store.entries.iter();
    assert!(others.all(|entry| entry.is_counted || entry.kind == EntryKind::OrderRefunded));
}

/// 30, 20 more and 50 more: paid in part twice on the way, which is one order that was paid in part and then paid.
#[test]
fn parts_of_a_payment_are_told_and_the_first_is_counted() {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    for (key, said) in [
        ("k1", "b:paid 30"),
        ("k2", "c:paid 20"),
        ("k3", "d:paid 50"),
    ] {
        store.hear(key, "A-1", said);
    }
    let counted = |kind: EntryKind| -> Vec<bool> {
        let of_kind = |entry: &&Entry| entry.kind == kind && entry.root == Some(id);
        let steps = store.entries.iter().filter(of_kind);
        steps.map(|entry| entry.is_counted).collect()
    };
    assert_eq!(counted(EntryKind::OrderPartiallyPaid), [true, false]);
    assert_eq!(counted(EntryKind::OrderPaid), [true]);
}

struct Keys(String);

impl Keys {
    fn call(&self) -> String {
        format!("refund:{}", self.0)
    }

    fn call_again(&self, n: u32) -> String {
        format!("refund:{}:{n}", self.0)
    }

    /// The key of the latest look that was decided as the `n`th of its row.
    fn look(&self, store: &Store, n: u32) -> String {
        let looks = store.effects(&format!("refund_check:{}:{n}:", self.0));
        looks.last().cloned().unwrap_or_default()
    }

    fn is_looked_at(&self, store: &Store, n: u32) -> bool {
        !self.look(store, n).is_empty()
    }
}

fn state(store: &Store, id: RootId) -> RefundProgress {
    store.root(id).refunds[0].state
}

/// `refunded, reserved, refund receipts` of the root.
fn given_back(store: &Store, id: RootId) -> (i64, i64, usize) {
    let all = store.root(id).ledger().all;
    (
        all.refunded,
        all.reserved,
        store.effects("receipt:refund:").len(),
    )
}

fn undecided() -> Settlement {
    Settlement::RefundChecked(RefundChecked::Undecided)
}

fn not_there() -> Settlement {
    Settlement::RefundChecked(RefundChecked::NotThere)
}

#[test]
fn a_refund_that_is_on_its_way_is_asked_about_until_it_has_ended() {
    let (mut store, id, _, keys) = refund_of_forty();
    does(
        &mut store,
        &keys.call(),
        taken_as(Some("back-1"), RefundState::Pending),
    );
    assert_eq!(state(&store, id), RefundProgress::Sent);
    // In 2 minutes, 10 minutes, an hour, six hours, then once a day, without an end.
    for (n, minutes) in [
        (0, 2),
        (1, 10),
        (2, 60),
        (3, 360),
        (4, 1440),
        (5, 1440),
        (6, 1440),
    ] {
        let key = keys.look(&store, n);
        assert_eq!(
            due_of(&store, &key),
            store.now.plus(Span::minutes(minutes)),
            "{n}"
        );
        store.now = due_of(&store, &key);
        let answer = match n % 3 {
            0 => undecided(),
            1 => looked_up(Some("back-1"), RefundState::Pending),
            _ => not_there(),
        };
        does(&mut store, &key, answer);
        assert_eq!(given_back(&store, id), (0, 40, 0));
    }
    // Sent and known there: not there is no reason to order it again.
    assert_eq!(store.effects("refund:"), [keys.call()]);
    let last = keys.look(&store, 7);
    does(
        &mut store,
        &last,
        looked_up(Some("back-1"), RefundState::Succeeded),
    );
    assert_eq!(state(&store, id), RefundProgress::Succeeded);
    assert_eq!(given_back(&store, id), (40, 0, 1));
    assert_eq!(store.effects("refund_check:").len(), 8);
    // Its webhook comes after all, under the provider's name.
    store.hear("k2", "A-1", "refund back-1 40");
    assert_eq!(given_back(&store, id), (40, 0, 1));
}

#[test]
fn a_webhook_that_was_missed_is_made_up_for_by_a_look() {
    // The look says -> how the refund ends, and what is free again.
    for (word, expected, free) in [
        (RefundState::Succeeded, RefundProgress::Succeeded, 60),
        (RefundState::Failed, RefundProgress::Failed, 100),
        (RefundState::Reversed, RefundProgress::Failed, 100),
    ] {
        let (mut store, id, payment, keys) = refund_of_forty();
        does(
            &mut store,
            &keys.call(),
            taken_as(None, RefundState::Pending),
        );
        let look = keys.look(&store, 0);
        does(&mut store, &look, looked_up(None, word));
        assert_eq!(state(&store, id), expected, "{word:?}");
        assert_eq!(store.root(id).ledger().of_payment(payment).free(), free);
        assert!(!keys.is_looked_at(&store, 1));
    }
}

/// The answer to our call is lost; by whichever way we hear of it then, one refund has gone out.
#[test]
fn a_call_whose_answer_was_lost_is_one_refund() {
    // By our name, by the provider's name that a look finds before or after, by a person.
    for way in 0..5 {
        let (mut store, id, payment, keys) = refund_of_forty();
        does(&mut store, &keys.call(), lost());
        assert_eq!(state(&store, id), RefundProgress::Unknown);
        assert_eq!(given_back(&store, id), (0, 40, 0));
        match way {
            0 => drop(store.hear("k2", "A-1", &format!("refund {} 40", keys.0))),
            1 => {
                store.hear("k2", "A-1", "refund back-1 40");
                let look = keys.look(&store, 0);
                does(
                    &mut store,
                    &look,
                    looked_up(Some("back-1"), RefundState::Succeeded),
                );
            }
            2 => {
                let look = keys.look(&store, 0);
                does(
                    &mut store,
                    &look,
                    looked_up(Some("back-1"), RefundState::Pending),
                );
                store.hear("k2", "A-1", "refund back-1 40");
            }
            3 => {
                let look = keys.look(&store, 0);
                does(&mut store, &look, looked_up(None, RefundState::Succeeded));
            }
            _ => {
                let close = Action::CloseEffect {
                    effect: effect_id(&keys.call()),
                    done: true,
                    reason: "seen in the provider's books".to_owned(),
                };
                store.act(close);
            }
        }
        assert_eq!(state(&store, id), RefundProgress::Succeeded, "way {way}");
        assert_eq!(given_back(&store, id), (40, 0, 1), "way {way}");
        assert_eq!(store.root(id).ledger().of_payment(payment).free(), 60);
        // A person presses retry: there is nothing left to be done.
        let retried = store.act(Action::RetryEffect(effect_id(&keys.call())));
        if way < 4 {
            assert!(matches!(retried, Outcome::Effect(..)), "{retried:?}");
        }
        let known = &store.rows.claimed[&effect_id(&keys.call())];
        assert_eq!(known.state, EffectState::Done, "way {way}");
        assert_eq!(store.effects("refund:"), [keys.call()]);
    }
}

#[test]
fn a_refund_that_ended_while_its_call_waited_is_not_sent() {
    let (mut store, id, _, keys) = refund_of_forty();
    store.hear("k2", "A-1", &format!("refund {} 40", keys.0));
    assert_eq!(state(&store, id), RefundProgress::Succeeded);
    assert!(!takes_up(&mut store, &keys.call()));
    assert_eq!(given_back(&store, id), (40, 0, 1));

    // Nor is it asked about.
    let (mut store, _, _, keys) = refund_of_forty();
    does(
        &mut store,
        &keys.call(),
        taken_as(None, RefundState::Pending),
    );
    store.hear("k2", "A-1", &format!("refund {} 40", keys.0));
    let look = keys.look(&store, 0);
    assert!(!takes_up(&mut store, &look));
    assert!(!keys.is_looked_at(&store, 1));
}

/// "No such refund", twice and from one who knows: our call has never arrived, and goes out again under
/// its own name.
#[test]
fn a_call_that_never_arrived_goes_out_again_under_its_name() {
    let (mut store, id, _, keys) = refund_of_forty();
    does(&mut store, &keys.call(), lost());
    let look = keys.look(&store, 0);
    does(&mut store, &look, not_there());
    assert_eq!(store.effects("refund:"), [keys.call()]);
    let look = keys.look(&store, 1);
    does(&mut store, &look, not_there());
    assert_eq!(store.effects("refund:").len(), 2);
    let again = keys.call_again(1);
    let EffectContent::Refund { refund, money, .. } = content_of(&store, &again).clone() else {
        panic!("a refund");
    };
    assert_eq!((refund.to_string(), money), (keys.0.clone(), idr(40)));
    assert_eq!(given_back(&store, id), (0, 40, 0));
    // Somebody looks at it already.
    store.later(Span::minutes(1));
    let looks = store.effects("refund_check:");
    does(&mut store, &again, taken_as(None, RefundState::Succeeded));
    assert_eq!(store.effects("refund_check:"), looks);
    assert_eq!(state(&store, id), RefundProgress::Succeeded);
    assert_eq!(given_back(&store, id), (40, 0, 1));
    let look = keys.look(&store, 2);
    assert!(!takes_up(&mut store, &look));
}

#[test]
fn a_refund_that_failed_frees_its_amount_for_another() {
    let (mut store, id, payment, keys) = refund_of_forty();
    let refundable_minor = 60;
    assert_eq!(
        order_back(&mut store, payment, 61),
        Outcome::Refused(Refusal::RefundExceedsCaptured { refundable_minor })
    );
    does(&mut store, &keys.call(), refused());
    assert_eq!(state(&store, id), RefundProgress::Failed);
    assert_eq!(given_back(&store, id), (0, 0, 0));
    let outcome = order_back(&mut store, payment, 100);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
    // The first, tried again, finds nothing free.
    let retried = store.act(Action::RetryEffect(effect_id(&keys.call())));
    let refundable_minor = 0;
    assert_eq!(
        retried,
        Outcome::Refused(Refusal::RefundExceedsCaptured { refundable_minor })
    );
}

/// The provider takes its word back: what was done is undone.
#[test]
fn a_refund_that_comes_back_is_no_refund() {
    let (mut store, id, payment, keys) = refund_of_forty();
    does(
        &mut store,
        &keys.call(),
        taken_as(Some("back-1"), RefundState::Succeeded),
    );
    assert_eq!(store.status(id), "PartiallyRefunded consumed");
    store.hear("k2", "A-1", "refund-reversed back-1 40");
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(state(&store, id), RefundProgress::Failed);
    let account = store.root(id).ledger().of_payment(payment);
    assert_eq!((account.refunded, account.free()), (0, 100));
}

#[test]
fn a_provider_that_cannot_be_asked_is_asked_once() {
    let (mut store, id, _, keys) = refund_of_forty();
    does(
        &mut store,
        &keys.call(),
        taken_as(None, RefundState::Pending),
    );
    let look = keys.look(&store, 0);
    does(
        &mut store,
        &look,
        Settlement::RefundChecked(RefundChecked::Impossible),
    );
    assert_eq!(state(&store, id), RefundProgress::Sent);
    assert!(!keys.is_looked_at(&store, 1));
    // A look that could not be made is made again later.
    let (mut store, _, _, keys) = refund_of_forty();
    does(
        &mut store,
        &keys.call(),
        taken_as(None, RefundState::Pending),
    );
    let look = keys.look(&store, 0);
    does(&mut store, &look, refused());
    assert!(keys.is_looked_at(&store, 1));
}

/// Money that could buy nothing is ordered back, and the bank refuses.
#[test]
fn an_automatic_refund_that_fails_is_shown_to_a_person() {
    for by_look in [true, false] {
        let mut store = Store::new();
        store.stock("shirt", 1);
        let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
        store.act(Action::CancelOrder(OrderRef::Code("A".to_owned())));
        store.later(Span::minutes(3));
        store.due(id);
        store.rules.after_cancel = tollgate_core::command::AfterCancel::Rehold;
        store.stock("shirt", 0);
        store.hear("k1", "A-1", "paid 100");
        assert_eq!(store.attention(id), ["paid_unfulfillable"]);
        let resolve = Action::ResolveAttention {
            of: tollgate_core::command::AttentionOf::Order(OrderRef::Code("A".to_owned())),
            code: tollgate_core::order::AttentionCode::PaidUnfulfillable,
            note: "it goes back".to_owned(),
        };
        store.act(resolve);
        assert_eq!(store.attention(id), [""; 0]);
        let keys = Keys(store.root(id).refunds[0].id.to_string());
        if by_look {
            does(
                &mut store,
                &keys.call(),
                taken_as(None, RefundState::Pending),
            );
            let look = keys.look(&store, 0);
            does(&mut store, &look, looked_up(None, RefundState::Failed));
        } else {
            does(&mut store, &keys.call(), refused());
        }
        assert_eq!(state(&store, id), RefundProgress::Failed);
        assert_eq!(store.attention(id), ["paid_unfulfillable"], "{by_look}");
        // Nothing goes back a second time by itself.
        assert_eq!(store.effects("refund:"), [keys.call()]);
    }
}

/// A refund that names no amount is over what was ordered; one of another name is another one.
#[test]
fn a_word_about_another_refund_is_not_about_ours() {
    let (mut store, id, _, keys) = refund_of_forty();
    does(
        &mut store,
        &keys.call(),
        taken_as(Some("back-1"), RefundState::Pending),
    );
    store.hear("k2", "A-1", "refund other-9 25");
    assert_eq!(state(&store, id), RefundProgress::Sent);
    assert_eq!(given_back(&store, id), (25, 40, 1));
    store.hear("k3", "A-1", "refund back-1");
    assert_eq!(state(&store, id), RefundProgress::Succeeded);
    assert_eq!(given_back(&store, id), (65, 0, 2));
}

/// Ours is reported by its name and in the sum of all: one refund.
#[test]
fn ours_in_a_sum_counts_once() {
    let (mut store, id, _, keys) = refund_of_forty();
    does(
        &mut store,
        &keys.call(),
        taken_as(Some("back-1"), RefundState::Succeeded),
    );
    store.hear("k2", "A-1", "total 40");
    assert_eq!(given_back(&store, id), (40, 0, 1));
    store.hear("k3", "A-1", "total 50");
    assert_eq!(given_back(&store, id), (50, 0, 2));
}

/// It failed once, and a person orders it again: what was said of the first try is not about the second.
#[test]
fn a_refund_that_is_ordered_again_is_not_ended_by_its_first_try() {
    // How the second try ends -> the state, and what is free then.
    for (word, expected, free) in [
        (RefundState::Failed, RefundProgress::Failed, 100),
        (RefundState::Succeeded, RefundProgress::Succeeded, 60),
    ] {
        for by_look in [true, false] {
            let (mut store, id, payment, keys) = refund_of_forty();
            let is_free = |store: &Store| store.root(id).ledger().of_payment(payment).free();
            does(&mut store, &keys.call(), lost());
            let look = keys.look(&store, 0);
            does(&mut store, &look, looked_up(None, RefundState::Failed));
            assert_eq!(
                (state(&store, id), is_free(&store)),
                (RefundProgress::Failed, 100)
            );
            store.later(Span::hours(1));
            let retried = store.act(Action::RetryEffect(effect_id(&keys.call())));
            assert!(matches!(retried, Outcome::Effect(..)), "{retried:?}");
            assert_eq!(is_free(&store), 60);
            store.hear("k2", "A-1", "settled 100");
            assert_eq!(state(&store, id), RefundProgress::Requested);
            assert!(takes_up(&mut store, &keys.call()), "it is sent again");
            store.hear("k3", "A-1", "b:fail");
            assert_eq!(
                (state(&store, id), is_free(&store)),
                (RefundProgress::Sent, 60)
            );
            let on_its_way = taken_as(Some("back-2"), RefundState::Pending);
            if by_look {
                ends(&mut store, &keys.call(), on_its_way);
                assert_eq!(
                    (state(&store, id), is_free(&store)),
                    (RefundProgress::Sent, 60)
                );
                let look = store.effects("refund_check:").pop().expect("a look");
                does(&mut store, &look, looked_up(None, word));
            } else {
                ends(&mut store, &keys.call(), taken_as(None, word));
            }
            assert_eq!(
                (state(&store, id), is_free(&store)),
                (expected, free),
                "{by_look}"
            );
        }
    }
}

/// Money of an order that was refused is given back from a payment of its own; that fails.
#[test]
fn an_automatic_refund_without_an_order_that_fails_is_shown_to_a_person() {
    let mut store = Store::new();
    store.stock("shirt", 0);
    let early = tollgate_core::event::Event {
        code: Some("A".to_owned()),
        ..event("k1", &["A-1"], "paid 100")
    };
    store.take(early, NEVER);
    store.refusal(order("A", &[line("shirt", 1, 100)]));
    let alone = *store
        .rows
        .roots
        .keys()
        .next()
        .expect("a payment of its own");
    let payment = store.root(alone).payments[0].id;
    store.act(Action::ResolveAttention {
        of: tollgate_core::command::AttentionOf::Payment(payment),
        code: tollgate_core::order::AttentionCode::PaidUnfulfillable,
        note: "it goes back".to_owned(),
    });
    assert_eq!(store.attention(alone), [""; 0]);
    let key = store.effects("refund:").remove(0);
    does(&mut store, &key, refused());
    assert_eq!(store.attention(alone), ["paid_unfulfillable"]);
}

/// Nothing and less than nothing cannot be given back.
#[test]
fn a_refund_is_over_something() {
    for minor in [0, -1, i64::MIN] {
        let (mut store, id, payment) = paid();
        let outcome = order_back(&mut store, payment, minor);
        assert_eq!(outcome, Outcome::Refused(Refusal::AmountOverflow));
        assert_eq!(store.root(id).refunds, []);
    }
}

/// How often the timeline says that a refund has failed.
fn failures(store: &Store) -> usize {
    let entries = store.entries.iter();
    entries
        .filter(|entry| entry.kind.word() == "refund.failed")
        .count()
}

/// Its end is recorded once, whichever side reports it; also where the bank takes back what it had done.
#[test]
fn a_refund_that_fails_is_recorded_once() {
    for way in 0..4 {
        let (mut store, id, _, keys) = refund_of_forty();
        let back = |store: &mut Store, key: &str| {
            store.hear(key, "A-1", &format!("refund-reversed {} 40", keys.0))
        };
        match way {
            0 => does(&mut store, &keys.call(), refused()),
            1 => does(
                &mut store,
                &keys.call(),
                taken_as(None, RefundState::Failed),
            ),
            2 => drop(back(&mut store, "k2")),
            _ => {
                does(
                    &mut store,
                    &keys.call(),
                    taken_as(None, RefundState::Succeeded),
                );
                assert_eq!(failures(&store), 0);
                back(&mut store, "k2");
            }
        }
        assert_eq!(
            (state(&store, id), failures(&store)),
            (RefundProgress::Failed, 1),
            "{way}"
        );
        store.hear("k3", "A-1", "pending");
        back(&mut store, "k4");
        assert_eq!(
            (state(&store, id), failures(&store)),
            (RefundProgress::Failed, 1),
            "{way}"
        );
    }
}

/// Its notice comes while we call, and the call ends otherwise: what has gone through has gone through.
#[test]
fn a_call_that_fails_undoes_no_refund_that_was_reported() {
    let (mut store, id, _, keys) = refund_of_forty();
    assert!(takes_up(&mut store, &keys.call()));
    store.hear("k2", "A-1", &format!("refund {}", keys.0));
    assert_eq!(given_back(&store, id), (40, 0, 1));
    ends(&mut store, &keys.call(), refused());
    assert_eq!(
        (state(&store, id), failures(&store)),
        (RefundProgress::Succeeded, 0)
    );
    assert_eq!(given_back(&store, id), (40, 0, 1));
}

/// Its end was reported under the provider's name before we knew that name: the answer that brings the name
/// may be older.
#[test]
fn an_end_that_was_reported_under_the_providers_name_is_ours() {
    for (reports, expected, books) in [
        (
            &["refund back-1 40"][..],
            RefundProgress::Succeeded,
            (40, 0, 1),
        ),
        (
            &["refund back-1 40", "refund-reversed back-1 40"],
            RefundProgress::Failed,
            (0, 0, 1),
        ),
        (
            &["refund-pending back-1 40"],
            RefundProgress::Sent,
            (0, 40, 0),
        ),
    ] {
        let (mut store, id, _, keys) = refund_of_forty();
        for words in reports {
            store.hear(words, "A-1", words);
        }
        let older = taken_as(Some("back-1"), RefundState::Pending);
        does(&mut store, &keys.call(), older);
        assert_eq!(state(&store, id), expected, "{reports:?}");
        assert_eq!(given_back(&store, id), books, "{reports:?}");
    }
}

/// The notice that it is on its way says that our call has arrived: it is not sent again.
#[test]
fn a_refund_that_is_said_to_be_on_its_way_was_sent() {
    let on_its_way = |store: &mut Store, keys: &Keys| {
        store.hear("k2", "A-1", &format!("refund-pending {} 40", keys.0));
    };
    let (mut store, id, _, keys) = refund_of_forty();
    on_its_way(&mut store, &keys);
    assert_eq!(state(&store, id), RefundProgress::Sent);

    let (mut store, id, _, keys) = refund_of_forty();
    does(&mut store, &keys.call(), lost());
    on_its_way(&mut store, &keys);
    assert_eq!(state(&store, id), RefundProgress::Sent);
    for n in 0..2 {
        let look = keys.look(&store, n);
        does(&mut store, &look, not_there());
    }
    assert_eq!(store.effects("refund:"), [keys.call()]);
    assert_eq!(given_back(&store, id), (0, 40, 0));
}

/// A refund has one name at the provider, the first that it gives; no name is none.
#[test]
fn a_refund_keeps_the_name_that_the_provider_gave_it() {
    let (mut store, id, _, keys) = refund_of_forty();
    let name = |store: &Store| store.root(id).refunds[0].provider_refund_id.clone();
    does(
        &mut store,
        &keys.call(),
        taken_as(Some(""), RefundState::Pending),
    );
    assert_eq!(name(&store), None);
    for (n, named) in [(0, "back-1"), (1, "back-9")] {
        let look = keys.look(&store, n);
        does(
            &mut store,
            &look,
            looked_up(Some(named), RefundState::Pending),
        );
        assert_eq!(name(&store).as_deref(), Some("back-1"), "{named}");
    }
    store.hear("k2", "A-1", "refund back-9 10");
    assert_eq!(
        (state(&store, id), given_back(&store, id)),
        (RefundProgress::Sent, (10, 40, 1))
    );
    store.hear("k3", "A-1", "refund back-1 40");
    assert_eq!(
        (state(&store, id), given_back(&store, id)),
        (RefundProgress::Succeeded, (50, 0, 2))
    );
}

/// What the provider has answered is proved better than what it sends, and what is said of one payment is
/// not about another.
#[test]
fn what_is_said_elsewhere_or_less_well_proved_moves_no_refund() {
    let (mut store, id, _, keys) = refund_of_forty();
    does(
        &mut store,
        &keys.call(),
        taken_as(None, RefundState::Succeeded),
    );
    store.hear("k2", "A-1", &format!("refund {} 30", keys.0));
    store.hear("k3", "A-1", &format!("refund {} 50", keys.0));
    assert_eq!(given_back(&store, id), (40, 0, 1));

    let (mut store, id, payment, keys) = refund_of_forty();
    let other = store.register("A", "A-2");
    store.hear("k2", "A-2", "b:paid 100");
    store.hear("k3", "A-2", &format!("refund {} 30", keys.0));
    assert_eq!(state(&store, id), RefundProgress::Requested);
    let ledger = store.root(id).ledger();
    let figures = |payment| {
        let account = ledger.of_payment(payment);
        (account.refunded, account.reserved)
    };
    assert_eq!((figures(payment), figures(other)), ((0, 40), (30, 0)));
    // Nor by the provider's name, and its amount is not taken for theirs.
    does(
        &mut store,
        &keys.call(),
        taken_as(Some("back-1"), RefundState::Pending),
    );
    store.hear("k4", "A-2", "refund back-1");
    assert_eq!(store.root(id).ledger().of_payment(other).refunded, 30);
    assert_eq!(state(&store, id), RefundProgress::Sent);
}

/// The bank's refusal arrives while we call; that the call was taken is older.
#[test]
fn an_older_answer_does_not_revive_a_refund_that_failed() {
    let (mut store, id, payment, keys) = refund_of_forty();
    assert!(takes_up(&mut store, &keys.call()));
    store.hear("k2", "A-1", &format!("refund-failed {} 40", keys.0));
    ends(
        &mut store,
        &keys.call(),
        taken_as(None, RefundState::Pending),
    );
    assert_eq!(state(&store, id), RefundProgress::Failed);
    assert_eq!(store.root(id).ledger().of_payment(payment).free(), 100);
}

/// What has gone back already is recorded: no one is called, and its receipt is decided at once.
#[test]
fn a_refund_that_is_recorded_calls_no_one() {
    let (mut store, id, payment) = paid();
    let outcome = store.act(Action::RefundPayment(RefundPayment {
        payment,
        minor: 40,
        reason: "at the counter".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: true,
    }));
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
    assert_eq!(store.effects("refund:"), [""; 0]);
    assert_eq!(state(&store, id), RefundProgress::Succeeded);
    assert_eq!(given_back(&store, id), (40, 0, 1));
    assert_eq!(store.status(id), "PartiallyRefunded consumed");
}

/// Of 100 that are due 60 come, are handed back over the counter, and once more by the bank, which knows nothing of
/// that. Another 100 leave 40 with the shop: nothing is sold for them. Of an order that is paid in full, handed back
/// and taken back by the bank 110 leave 10, and that is not too much.
#[test]
fn what_was_handed_over_before_a_capture_pays_nothing() {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    store.hear("k1", "A-1", "x:paid 60");
    let payment = store.root(id).payments[0].id;
    let outcome = hand_over(&mut store, payment, 60);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
    store.hear("k2", "A-1", "refund r1 60");
    store.hear("k3", "A-1", "y:paid 100");
    assert_eq!(store.root(id).ledger().pays(), 40, "160 - 60 - 60");
    assert_eq!(store.status(id), "PartiallyPaid active");

    let (mut store, id, payment) = paid();
    hand_over(&mut store, payment, 100);
    store.hear("k2", "A-1", "reversed");
    store.hear("k3", "A-1", "y:paid 110");
    assert_eq!(store.root(id).ledger().pays(), 10, "110 - 100");
    assert!(
        !store.attention(id).contains(&"overpaid"),
        "{:?}",
        store.attention(id)
    );
}

/// The bank has taken 100. 40 are handed over at the counter, and the bank, which knows nothing of them,
/// gives back 60 by itself: nothing of the 100 is left, whichever is reported first.
#[test]
fn what_is_handed_over_comes_on_top_of_what_the_provider_says_of_all_refunds() {
    for over_the_counter_first in [true, false] {
        let (mut store, id, payment) = paid();
        if !over_the_counter_first {
            store.hear("k2", "A-1", "total 60");
        }
        let outcome = hand_over(&mut store, payment, 40);
        assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
        assert_eq!(state(&store, id), RefundProgress::Succeeded);
        assert_eq!(store.effects("refund:").len(), 0, "no one is called");
        if over_the_counter_first {
            assert_eq!(given_back(&store, id), (40, 0, 1));
            store.hear("k2", "A-1", "total 60");
        }
        assert_eq!(given_back(&store, id), (100, 0, 2));
        assert_eq!(store.root(id).receipts_total(payment), 0, "100 - 40 - 60");
        let refundable_minor = 0;
        assert_eq!(
            order_back(&mut store, payment, 1),
            Outcome::Refused(Refusal::RefundExceedsCaptured { refundable_minor })
        );
    }
}

/// 20 one by one and 30 in all are 30 of the bank's; with the 40 of the counter 70 have gone back.
#[test]
fn single_refunds_and_their_sum_are_the_providers_and_the_counters_come_on_top() {
    let (mut store, id, payment) = paid();
    store.hear("k2", "A-1", "refund r1 20");
    hand_over(&mut store, payment, 40);
    store.hear("k3", "A-1", "total 30");
    assert_eq!(given_back(&store, id), (70, 0, 3));
    assert_eq!(store.root(id).ledger().all.free(), 30);
    store.hear("k4", "A-1", "total 25");
    assert_eq!(given_back(&store, id), (70, 0, 3));
}

/// What went waits under the provider's own name alone, which the capture teaches: it is decided about first, and is not
/// ordered back once more.
#[test]
fn what_has_gone_under_another_name_is_not_ordered_back() {
    for is_known in [true, false] {
        for (gone, ordered) in [("refund r1 100", 0), ("refund r1 60", 40)] {
            let mut store = Store::new();
            store.stock("shirt", 1);
            let id = store.order(order("A", &[line("shirt", 1, 100)]));
            run_out(&mut store, id);
            store.order(order("B", &[line("shirt", 1, 100)]));
            if is_known {
                store.register("A", "A-1");
            }
            store.take(event("k1", &["tx"], gone), NEVER);
            store.take(event("k2", &["A-1", "tx"], "paid 100"), NEVER);
            if !is_known {
                store.register("A", "A-1");
            }
            let root = store.root(id);
            let back = root.refunds.iter().map(|refund| refund.money.minor);
            assert_eq!(back.sum::<i64>(), ordered, "{gone}, {is_known}");
            let all = root.ledger().all;
            assert_eq!(all.refunded, 100 - ordered, "{gone}, {is_known}");
            assert_eq!(store.attention(id), ["paid_unfulfillable"], "{gone}");
            let events = &store.rows.events;
            let waits = |stored: &&StoredEvent| stored.state == EventState::Parked;
            assert_eq!(events.values().filter(waits).count(), 0, "{gone}");
        }
    }
}
