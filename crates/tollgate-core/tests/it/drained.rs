//! Stories of what waited: events that came before their payment are added to it in one decision, in an order
//! that gives nothing back twice, and none of them is lost in silence (docs/money.md, L1, L4, L6).

use tollgate_core::command::Action;
use tollgate_core::event::{Event, Policy};
use tollgate_core::id::EventId;
use tollgate_core::snapshot::Reason;
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use crate::store::Store;
use crate::stories::*;
use crate::words::*;

/// Verified as it comes, from a provider that cannot be asked.
const CANNOT_ASK: Policy = Policy {
    can_ask: false,
    ..NEVER
};

#[test]
fn what_waited_comes_to_the_same_end_in_any_order() {
    check_table(
        as_usual,
        "
        [A-2 paid 100, A-2 refund r1 40]; register A-2
        -> PartiallyRefunded consumed | 100 40 0 0 | 100 40 0 | - | -

        [A-2 paid 100, A-2 refund r1 100, A-2 pending]; register A-2
        -> Refunded consumed | 100 100 0 0 | 100 100 0 | - | -

        [A-2 paid 100, A-2 total 30, A-2 total 50]; register A-2
        -> PartiallyRefunded consumed | 100 50 0 0 | 100 50 0 | - | -

        [A-2 paid 100, A-2 dispute d1 40]; register A-2
        -> Paid consumed | 100 0 40 0 | 100 0 0 | - | chargeback

        [A-2 paid 100, A-2 lost d1 40, A-2 refund r1 60]; register A-2
        -> PartiallyRefunded consumed | 100 60 40 0 | 100 60 40 | - | chargeback

        [A-2 paid 100, A-2 reversed 100]; register A-2
        -> AwaitingPayment active | 0 0 0 0 | 100 0 100 | - | payment_reversed

        [A-2 x:paid 60, A-2 y:paid 40, A-2 refund r1 60]; register A-2
        -> PartiallyPaid active | 100 60 0 0 | 100 60 0 | - | -

        [A-2 x:paid 60, A-2 y:paid 40, A-2 refund r1 110]; register A-2
        -> AwaitingPayment active | 100 110 0 0 | 100 110 0 | - | over_refunded

        [A-2 authorized 100, A-2 voided]; register A-2
        -> AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | -
        ",
    );
}

/// The order has ended and nothing is left to sell: what has gone back already is not ordered back.
#[test]
fn what_waited_and_has_gone_back_is_not_ordered_back() {
    check_table(
        as_usual,
        "
        run out; sold elsewhere; [A-2 paid 100, A-2 refund r1 100]; register A-2
        -> Expired expired | 100 100 0 0 | 100 100 0 | - | paid_unfulfillable

        run out; sold elsewhere; [A-2 paid 100, A-2 total 100]; register A-2
        -> Expired expired | 100 100 0 0 | 100 100 0 | - | paid_unfulfillable

        run out; sold elsewhere; [A-2 paid 100, A-2 refund r1 30, A-2 settled 100]; register A-2
        -> Expired expired | 100 30 0 70 | 100 30 0 | A-2 70 | paid_unfulfillable

        run out; sold elsewhere; [A-2 paid 100, A-2 dispute d1 100]; register A-2
        -> Expired expired | 100 0 100 0 | 100 0 0 | - | chargeback, paid_unfulfillable

        run out; sold elsewhere; [A-2 paid 100, A-2 lost d1]; register A-2
        -> Expired expired | 100 0 100 0 | 100 0 100 | - | chargeback, paid_unfulfillable

        run out; sold elsewhere; [A-2 paid 100, A-2 reversed 100]; register A-2
        -> Expired expired | 0 0 0 0 | 100 0 100 | - | payment_reversed

        run out; sold elsewhere; [A-2 paid 100, A-2 refund-pending r1 100]; register A-2
        -> Expired expired | 100 0 0 100 | 100 0 0 | A-2 100 | paid_unfulfillable
        ",
    );
}

fn coded(key: &str, reference: &str, words: &str) -> Event {
    Event {
        code: Some("B".to_owned()),
        ..event(key, &[reference], words)
    }
}

/// What speaks of money that is not known is asked about, unless its own payment's money comes next.
#[test]
fn a_refund_whose_capture_waits_beside_it_is_not_asked_about() {
    // What else waits for the order -> the question.
    let none: &[&str] = &[];
    for (beside, asked) in [
        (("B-1", "paid 100"), none),
        (("B-1", "settled 100"), none),
        (("B-1", "authorized 100"), &["ask:bank:B-1:1"]),
        (("B-2", "b:paid 100"), &["ask:bank:B-1:1"]),
        (("B-1", "refund r2 10"), &["ask:bank:B-1:1"]),
    ] {
        for refund_first in [true, false] {
            let mut store = Store::new();
            store.stock("shirt", 2);
            let mut waiting = [
                coded("k1", "B-1", "refund r1 40"),
                coded("k2", beside.0, beside.1),
            ];
            if !refund_first {
                waiting.reverse();
            }
            for said in waiting {
                assert_eq!(store.take(said, NEVER).1, EventOutcome::Parked);
            }
            store.order(order("B", &[line("shirt", 1, 100)]));
            assert_eq!(store.effects("ask:"), asked, "{beside:?} {refund_first}");
        }
    }
}

/// Where there is no one to ask an alarm is raised, but not while the money comes next.
#[test]
fn a_refund_whose_capture_waits_beside_it_is_no_orphan() {
    for refund_first in [true, false] {
        let mut store = Store::new();
        store.stock("shirt", 2);
        let mut waiting = [
            coded("k1", "B-1", "refund r1 40"),
            coded("k2", "B-1", "paid 100"),
        ];
        if !refund_first {
            waiting.reverse();
        }
        for said in waiting {
            store.take(said, CANNOT_ASK);
        }
        let id = store.order(order("B", &[line("shirt", 1, 100)]));
        assert_eq!(
            books(&store, id),
            "PartiallyRefunded consumed | 100 40 0 0 | 100 40 0 | - | -"
        );
        // Its money is on paper before what went back of it.
        let receipts = store.root(id).receipts.iter();
        let kinds: Vec<_> = receipts.map(|receipt| receipt.kind.word()).collect();
        assert_eq!(kinds, ["sale", "refund"], "{refund_first}");
    }
    // Nor is one of money that has come, whatever is said of it later.
    let (mut store, id) = shop();
    for (key, words) in [("k1", "paid 100"), ("k2", "refund r1 40"), ("k3", "fail")] {
        store.take(event(key, &["A-1"], words), CANNOT_ASK);
    }
    assert_eq!(store.attention(id), [""; 0]);
    // A dispute of money that never came is no refund of it; a refund is.
    for (words, attention) in [
        ("dispute", vec![]),
        ("refund-pending r1 40", vec![]),
        ("refund r1 40", vec!["orphan_refund"]),
        ("total 40", vec!["orphan_refund"]),
    ] {
        let (mut store, id) = shop();
        store.take(event("k1", &["A-1"], words), CANNOT_ASK);
        assert_eq!(store.attention(id), attention, "{words}");
        assert_eq!(store.effects("ask:"), [""; 0]);
    }
}

/// The entries about an event.
fn entries_about(store: &Store, event: EventId) -> Vec<&'static str> {
    let entries = store.entries.iter();
    let of_event = entries.filter(|entry| entry.event == Some(event));
    of_event.map(|entry| entry.kind.word()).collect()
}

/// More waits for a payment than is kept of one: each is added to it or shown, and none waits on.
#[test]
fn what_waited_beyond_what_is_kept_of_a_payment_is_shown() {
    let (mut store, id) = shop();
    store.rules.facts_max = 2;
    let events = ["x:fail", "y:fail", "paid 100", "z:paid 30"].map(|words| {
        store.later(Span::seconds(1));
        store.take(event(words, &["A-2"], words), NEVER).0
    });
    store.register("A", "A-2");
    assert_eq!(
        events.map(|event| store.event_state(event)),
        [
            EventState::Applied,
            EventState::Applied,
            EventState::Attention,
            EventState::Attention
        ]
    );
    for lost in &events[2..] {
        assert_eq!(
            store.rows.events[lost].reason.map(Reason::word),
            Some("too_many_facts")
        );
    }
    assert_eq!(entries_about(&store, events[2]), ["order.attention"]);
    assert_eq!(entries_about(&store, events[3]), ["event.attention"]);
    assert_eq!(
        books(&store, id),
        "AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | too_many_facts"
    );
    let name = &store.rows.names[&("bank".to_owned(), "A-2".to_owned())];
    assert_eq!(name.parked, []);
    // It stays until a person has seen it, and is opened again by more of it.
    resolve(&mut store, "A", "too_many_facts");
    assert_eq!(
        store.hear("k9", "A-2", "z:settled 30"),
        EventOutcome::Attention
    );
    assert_eq!(store.attention(id), ["too_many_facts"]);
}

/// The name under which something waits would have been learnt from what did not fit any more: it waits
/// on, and is shown when it is given up.
#[test]
fn what_waits_for_a_payment_that_learns_no_more_is_shown_in_the_end() {
    let (mut store, id) = shop();
    store.rules.facts_max = 1;
    store.hear("k1", "A-1", "pending");
    let (waiting, _) = store.take(event("k2", &["tx-9"], "paid 100"), NEVER);
    let (_, outcome) = store.take(event("k3", &["A-1", "tx-9"], "authorized 100"), NEVER);
    assert_eq!(outcome, EventOutcome::Attention);
    assert_eq!(store.attention(id), ["too_many_facts"]);
    assert_eq!(store.event_state(waiting), EventState::Parked);
    store.later(Span::hours(25));
    store.act(Action::ParkedDue(waiting));
    assert_eq!(store.event_state(waiting), EventState::Orphan);
    assert_eq!(entries_about(&store, waiting), ["event.orphaned"]);
}

/// What we did ourselves is known, however much was known before.
#[test]
fn our_own_refund_ends_although_no_more_is_kept_of_its_payment() {
    let (mut store, id) = shop();
    store.rules.facts_max = 1;
    for (place, words) in [
        "A-1 paid 100",
        "staff refunds A-1 40",
        "the provider refunds",
        "A-1 refund r1 60",
    ]
    .into_iter()
    .enumerate()
    {
        step(&mut store, id, &format!("k{place}"), words);
    }
    assert_eq!(
        books(&store, id),
        "PartiallyRefunded consumed | 100 40 0 0 | 100 40 0 | A-1 40 | too_many_facts"
    );
}

/// What proves nothing takes no place from what does, under a name as under a code.
#[test]
fn only_what_is_proven_fills_the_places_where_events_wait() {
    for by_code in [false, true] {
        let mut store = Store::new();
        store.stock("shirt", 2);
        store.rules.parked_max = 2;
        let said = |key: &str, words: &str| Event {
            code: by_code.then(|| "A".to_owned()),
            ..event(key, &["A-1"], words)
        };
        for n in 0..4 {
            let key = format!("forged-{n}");
            store.take(said(&key, "x:paid 1"), BEFORE);
        }
        let (first, outcome) = store.take(said("k1", "s:paid 60"), NEVER);
        assert_eq!(outcome, EventOutcome::Parked);
        let (second, outcome) = store.take(said("k2", "t:paid 40"), NEVER);
        assert_eq!(outcome, EventOutcome::Parked);
        let (third, outcome) = store.take(said("k3", "u:paid 5"), NEVER);
        assert_eq!(outcome, EventOutcome::Attention);
        assert_eq!(
            store.rows.events[&third].reason.map(Reason::word),
            Some("parked_full")
        );
        assert_eq!(entries_about(&store, third), ["event.attention"]);
        // Those that wait keep their places when they are looked at.
        store.later(Span::minutes(15));
        let planned = store.rows.events[&first].due_at.expect("a first look");
        assert!(planned <= store.now);
        store.act(Action::ParkedDue(first));
        assert_eq!(store.event_state(first), EventState::Parked);
        let given_up_at = store.rows.events[&first].received_at.plus(Span::hours(24));
        assert_eq!(store.rows.events[&first].due_at, Some(given_up_at));
        let wanted = order("A", &[line("shirt", 1, 100)]);
        let id = store.order(match by_code {
            true => wanted,
            false => with_payment(wanted, "A-1"),
        });
        assert_eq!(
            books(&store, id),
            "Paid consumed | 100 0 0 0 | 100 0 0 | - | -"
        );
        for event in [first, second] {
            assert_eq!(store.event_state(event), EventState::Applied);
        }
    }
}

/// Coded events of several references wait at the code, and there is no more room there.
#[test]
fn no_more_than_the_limit_waits_under_one_code() {
    let mut store = Store::new();
    store.rules.parked_max = 2;
    for (reference, expected) in [
        ("B-1", EventOutcome::Parked),
        ("B-2", EventOutcome::Parked),
        ("B-3", EventOutcome::Attention),
    ] {
        let (_, outcome) = store.take(coded(reference, reference, "paid 10"), NEVER);
        assert_eq!(outcome, expected, "{reference}");
    }
}
