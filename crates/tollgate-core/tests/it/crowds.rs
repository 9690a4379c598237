//! One order of which its provider, or a stranger, speaks for ever: what that may cost and leave behind.

use tollgate_core::command::{Action, RawEvent, TakeEvent};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::event::Policy;
use tollgate_core::id::{EventId, RootId};
use tollgate_core::snapshot::{EventOutcome, EventState, Reason};
use tollgate_core::word::Word;

use crate::store::Store;
use crate::words::*;

fn shop() -> (Store, RootId) {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    (store, id)
}

/// Hears of one more capture of a payment, which is an object of its own.
fn one_more(store: &mut Store, number: usize, policy: Policy) -> (EventId, EventOutcome) {
    let mut said = event(&format!("k{number}"), &["A-1"], "paid 1");
    said.facts[0].object = format!("c{number}");
    store.take(said, policy)
}

/// Beyond the bound only the event is written: its root, which holds all facts, is not weighed and stays as it was.
#[test]
fn facts_beyond_what_is_kept_change_only_their_own_rows() {
    let (mut store, id) = shop();
    store.rules.facts_max = 3;
    for number in 0..4 {
        one_more(&mut store, number, NEVER);
    }
    assert!(store.attention(id).contains(&"too_many_facts"));
    let before = store.rows.roots[&id].clone();
    for number in 4..10 {
        let (event, outcome) = one_more(&mut store, number, NEVER);
        assert_eq!(outcome, EventOutcome::Attention);
        let stored = &store.rows.events[&event];
        assert_eq!(stored.reason, Some(Reason::TooManyFacts));
        assert_eq!(stored.root, Some(id));
        // The event and its key.
        assert_eq!(store.changed, 2);
    }
    assert_eq!(store.rows.roots[&id], before);
    // Its provider is asked behind it as ever.
    let (_, outcome) = one_more(&mut store, 10, AFTER);
    assert_eq!(outcome, EventOutcome::Attention);
    assert_eq!(store.fresh_effects.len(), 1, "{:?}", store.fresh_effects);
}

/// What an order lists of its story is read and written with every decision about it. With five it is long, and says so.
#[test]
fn a_long_story_says_so_once_and_leaves_out_what_changes_nothing() {
    let (mut store, id) = shop();
    store.rules.story_max = 5;
    store.hear("k1", "A-1", "paid 100");
    for (length, told) in [
        (4, vec!["event.stale"]),
        (5, vec!["events.left_out"]),
        (6, vec![]),
    ] {
        let root = store.rows.roots.get_mut(&id).expect("it is there");
        root.timeline = (1..=length).collect();
        let before = store.entries.len();
        let key = format!("again-{length}");
        assert_eq!(store.hear(&key, "A-1", "paid 100"), EventOutcome::Stale);
        let new = store.entries[before..].iter();
        let new: Vec<&str> = new.map(|entry| entry.kind.word()).collect();
        assert_eq!(new, told, "of {length} decisions");
        assert_eq!(store.changed, 2, "the event and its key");
    }
    let before = store.entries.len();
    store.hear("k2", "A-1", "refund r1 40");
    assert!(before < store.entries.len(), "what changes it is told");
}

/// What changes an order may be what makes its story long: it is told, and that is said beside it.
#[test]
fn a_story_that_a_refund_makes_long_tells_of_both() {
    let (mut store, id) = shop();
    store.rules.story_max = 5;
    store.hear("k1", "A-1", "paid 100");
    let root = store.rows.roots.get_mut(&id).expect("it is there");
    root.timeline = (1..=5).collect();
    let before = store.entries.len();
    store.hear("k2", "A-1", "refund r1 40");
    let new = store.entries[before..].iter();
    let new: Vec<&str> = new.map(|entry| entry.kind.word()).collect();
    assert!(new.contains(&"payment.refunded"), "{new:?}");
    assert_eq!(new.last(), Some(&"events.left_out"));
    let moved = store.entries.iter().flat_map(|entry| &entry.moved);
    assert_eq!(moved.map(|moved| moved.went_minor).sum::<i64>(), 40);
}

/// Takes a report that proves nothing where strangers have sent as much as is kept.
fn report(store: &mut Store, key: &str, name: &str) -> Outcome {
    let fresh = store.fresh();
    store.act(Action::TakeEvent(TakeEvent {
        id: EventId::on(fresh, 1),
        source: "bank".to_owned(),
        event: event(key, &[name], "paid 100"),
        policy: BEFORE,
        received_at: store.now,
        forwards: Vec::new(),
        only_if_known: true,
        raw: RawEvent::default(),
    }))
}

#[test]
fn of_too_many_reports_only_those_of_known_payments_are_taken() {
    let (mut store, _) = shop();
    store.rules.parked_max = 2;
    let nothing = store.rows.clone();
    let refused = Outcome::Refused(Refusal::NotFound);
    assert_eq!(report(&mut store, "k1", "made-up"), refused);
    assert!(store.rows == nothing, "nothing of it is kept");
    for key in ["k1", "k2"] {
        let Outcome::Event { outcome, state, .. } = report(&mut store, key, "A-1") else {
            panic!("it names a payment");
        };
        assert_eq!(outcome, EventOutcome::Queued);
        assert_eq!(state, EventState::Queued);
    }
    assert_eq!(report(&mut store, "k3", "A-1"), refused, "enough wait");
    // A second delivery is known as one.
    let Outcome::Event { .. } = report(&mut store, "k1", "A-1") else {
        panic!("it was taken");
    };
}
