//! Stories of names: a provider numbers its payments, a shop its references, and one name may be both.
//! Money goes to the payment that is meant, or is shown; never to its namesake (docs/money.md, L9).

use tollgate_core::decision::Refusal;
use tollgate_core::effect::AnswerContent;
use tollgate_core::event::{Event, Policy};
use tollgate_core::id::RootId;
use tollgate_core::snapshot::{EventOutcome, EventState};

use crate::store::Store;
use crate::stories::*;
use crate::words::*;
use crate::worker::*;

/// A source that is asked by its own ids: they lead like references.
const PAGES: Policy = Policy {
    asks_by_own_id: true,
    ..NEVER
};

const WAITS: &str = "AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | -";
const PAID: &str = "Paid consumed | 100 0 0 0 | 100 0 0 | - | -";

/// An event that bears the provider's own id, one of these names.
fn with_id(key: &str, names: &[&str], own_id: &str, words: &str) -> Event {
    Event {
        provider_payment_id: Some(own_id.to_owned()),
        ..event(key, names, words)
    }
}

/// A provider numbers its payments, and a shop its references: one number may be both.
#[test]
fn a_providers_id_that_reads_like_a_reference_of_another_payment_moves_nothing_there() {
    let untouched = "AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | reference_conflict";
    let paid = "Paid consumed | 100 0 0 0 | 100 0 0 | - | -";
    for own_payment_first in [true, false] {
        let (mut store, id) = shop();
        let mut other = None;
        let wanted = || with_payment(order("B", &[line("shirt", 1, 100)]), "B-1");
        if own_payment_first {
            other = Some(store.order(wanted()));
        }
        let said = with_id("k1", &["B-1", "A-1"], "A-1", "paid 100");
        let (event, _) = store.take(said, NEVER);
        if !own_payment_first {
            assert_eq!(store.event_state(event), EventState::Parked);
        }
        assert_eq!(books(&store, id), untouched);
        let other = other.unwrap_or_else(|| store.order(wanted()));
        assert_eq!(books(&store, other), paid, "{own_payment_first}");
        assert_eq!(store.event_state(event), EventState::Applied);
        // Shown once; what comes under the reference itself is this payment's own.
        resolve(&mut store, "A", "reference_conflict");
        store.take(with_id("k2", &["B-1", "A-1"], "A-1", "settled 100"), NEVER);
        store.take(with_id("k3", &["A-1", "7"], "7", "y:paid 100"), NEVER);
        assert_eq!(books(&store, id), paid);
        assert_eq!(books(&store, other), paid);
    }
}

/// Both names of a payment read like names of others. What was asked about it is answered about it all the same, and its
/// order is completed.
#[test]
fn an_answer_whose_names_all_lead_elsewhere_is_about_what_was_asked() {
    let (mut store, _) = shop();
    store.stock("shirt", 9);
    store.order(with_payment(order("B", &[line("shirt", 1, 100)]), "B-1"));
    store.take(with_id("k2", &["B-1", "C-1"], "C-1", "paid 100"), NEVER);
    let said = Event {
        code: Some("C".to_owned()),
        ..with_id("k3", &["C-1", "A-1"], "A-1", "paid 100")
    };
    store.take(said, AFTER);
    let id = store.order(order("C", &[line("shirt", 1, 100)]));
    assert_eq!(books(&store, id), PAID);
    issue_all(&mut store);
    assert_eq!(store.status(id), "Paid consumed");
    let content = AnswerContent::Facts {
        method: None,
        names: vec!["C-1".to_owned(), "A-1".to_owned()],
        facts: vec![fact("paid 100", idr)],
        provider_payment_id: Some("A-1".to_owned()),
        unreadable: false,
    };
    does(&mut store, "ask:bank:C-1:1", answered(content));
    assert_eq!(store.status(id), "Completed consumed");
}

/// The event comes first, then the payment whose reference reads like its id, then its own.
#[test]
fn a_reference_that_reads_like_an_id_takes_no_waiting_money() {
    let mut store = Store::new();
    store.stock("shirt", 2);
    let said = with_id("k1", &["B-1", "A-1"], "A-1", "paid 100");
    let (event, _) = store.take(said, NEVER);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    assert_eq!(store.status(id), "AwaitingPayment active");
    assert_eq!(store.event_state(event), EventState::Parked);
    let other = store.order(with_payment(order("B", &[line("shirt", 1, 100)]), "B-1"));
    assert_eq!(store.status(other), "Paid consumed");
    assert_eq!(store.status(id), "AwaitingPayment active");
}

/// What is registered by the provider's own id is found by it.
#[test]
fn a_payment_registered_by_the_providers_id_is_found_by_it() {
    for (said, policy) in [
        (with_id("k1", &["A-1"], "A-1", "paid 100"), NEVER),
        (with_id("k1", &["A-1", "ORDER-7"], "A-1", "paid 100"), NEVER),
        (with_id("k1", &["ORDER-7", "A-1"], "A-1", "paid 100"), PAGES),
    ] {
        let (mut store, id) = shop();
        store.take(said, policy);
        assert_eq!(store.status(id), "Paid consumed");
        assert_eq!(store.attention(id), [""; 0]);
        // From then on it is known under this id.
        store.take(
            with_id("k2", &["ORDER-8", "A-1"], "A-1", "refund r1 100"),
            NEVER,
        );
        assert_eq!(store.status(id), "Refunded consumed");
    }
}

/// An order is refused, and what waits under its reference is another payment's money: it waits on. What
/// is meant for the order goes back.
#[test]
fn a_refused_order_gives_no_namesakes_money_back() {
    // How the waiting money is named -> is it the refused order's.
    for (said, policy, is_its_own) in [
        (
            with_id("k1", &["B-1", "A-1"], "A-1", "paid 100"),
            NEVER,
            false,
        ),
        (
            with_id("k1", &["A-1", "B-1"], "B-1", "paid 100"),
            NEVER,
            true,
        ),
        (with_id("k1", &["A-1"], "A-1", "paid 100"), NEVER, true),
        (
            with_id("k1", &["B-1", "A-1"], "A-1", "paid 100"),
            PAGES,
            true,
        ),
        (event("k1", &["B-1", "A-1"], "paid 100"), NEVER, true),
    ] {
        let mut store = Store::new();
        store.stock("shirt", 0);
        let (waiting, _) = store.take(said.clone(), policy);
        let wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
        let skus = vec![("shirt".to_owned(), 0, 1)];
        let payment_waiting = is_its_own;
        let refusal = Refusal::OutOfStock {
            skus,
            payment_waiting,
        };
        assert_eq!(store.refusal(wanted), refusal, "{said:?}");
        assert_eq!(store.effects("refund:").len(), usize::from(is_its_own));
        if !is_its_own {
            assert_eq!(store.event_state(waiting), EventState::Parked);
            store.stock("shirt", 1);
            let id = store.order(with_payment(order("B", &[line("shirt", 1, 100)]), "B-1"));
            assert_eq!(books(&store, id), PAID);
        }
    }
}

/// A reference of one source reads like an id of another source: they have nothing to do with each other.
#[test]
fn names_of_two_sources_are_no_namesakes() {
    let mut store = Store::new();
    store.stock("shirt", 0);
    let said = Event {
        code: Some("A".to_owned()),
        ..with_id("k1", &["W-1", "A-1"], "A-1", "paid 100")
    };
    store.take_from("wallet", said, NEVER);
    let refused = store.refusal(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    let is_waiting = matches!(
        refused,
        Refusal::OutOfStock {
            payment_waiting: true,
            ..
        }
    );
    assert!(is_waiting, "{refused:?}");
    assert_eq!(store.effects("refund:").len(), 1);
}

/// Once the names of a payment are known, they lead to it, whatever they read like.
#[test]
fn a_name_that_was_learnt_leads_to_its_payment() {
    // What is reported first, and then: both are about order A.
    for (first, then) in [
        // The reference is reported as an id, after the payment was known under another name.
        (
            with_id("k1", &["A-1", "F"], "F", "paid 60"),
            with_id("k2", &["F", "A-1"], "A-1", "y:paid 40"),
        ),
        // Registered by its first id, it is tried again under a second one.
        (
            with_id("k1", &["A-1"], "A-1", "paid 60"),
            with_id("k2", &["A-1", "78"], "78", "y:paid 40"),
        ),
        // A further name, and then a second try with an id of its own.
        (
            event("k1", &["A-1", "F"], "paid 60"),
            with_id("k2", &["F", "78"], "78", "y:paid 40"),
        ),
    ] {
        let (mut store, id) = shop();
        store.take(first, NEVER);
        let (_, outcome) = store.take(then.clone(), NEVER);
        assert_eq!(outcome, EventOutcome::Applied, "{then:?}");
        assert_eq!(books(&store, id), PAID, "{then:?}");
        assert_eq!(store.root(id).payments.len(), 1);
    }
}

/// Order X is paid, and the provider calls that payment by a number that reads like order B's reference.
fn paid_under_the_name(name: &str) -> (Store, RootId) {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let id = store.order(with_payment(order("X", &[line("shirt", 1, 100)]), "X-1"));
    store.take(with_id("k1", &["X-1", name], name, "paid 100"), NEVER);
    assert_eq!(books(&store, id), PAID);
    (store, id)
}

/// Its code leads to the order, its reference reads like another payment's id: it is a payment of the order
/// under this reference, and what comes under it again is the same payment.
#[test]
fn a_payment_that_is_cut_out_of_its_code_is_one_under_a_name_that_is_taken() {
    for order_first in [true, false] {
        let (mut store, other) = paid_under_the_name("B-1");
        let coded = |key: &str, own_id: &str, words: &str| Event {
            code: Some("B".to_owned()),
            ..with_id(key, &["B-1", own_id], own_id, words)
        };
        let wanted = order("B", &[line("shirt", 1, 100)]);
        let mut id = None;
        if order_first {
            id = Some(store.order(wanted.clone()));
        }
        let (first, _) = store.take(coded("k2", "77", "s:paid 40"), NEVER);
        let (second, _) = store.take(coded("k3", "78", "t:paid 60"), NEVER);
        let id = id.unwrap_or_else(|| store.order(wanted));
        assert_eq!(books(&store, id), PAID, "{order_first}");
        let [payment] = store.root(id).payments.as_slice() else {
            panic!("{order_first}: {:?}", store.root(id).payments);
        };
        assert_eq!(
            (payment.reference.as_str(), payment.due.minor),
            ("B-1", 100)
        );
        assert_eq!(payment.provider_payment_id.as_deref(), Some("77"));
        for event in [first, second] {
            assert_eq!(store.event_state(event), EventState::Applied);
        }
        // By either id it is found again, and the other order's payment is still found by its own.
        store.take(with_id("k4", &["B-1", "78"], "78", "refund r1 60"), NEVER);
        store.hear("k5", "77", "refund r2 40");
        store.take(
            with_id("k6", &["X-1", "B-1"], "B-1", "refund r3 100"),
            NEVER,
        );
        let all_back = "Refunded consumed | 100 100 0 0 | 100 100 0 | - | -";
        assert_eq!(
            (books(&store, id), books(&store, other)),
            (all_back.into(), all_back.into())
        );
    }
}

/// Two sources of one shop call payments of one order by the same name: they are two payments.
#[test]
fn one_name_at_two_sources_is_two_payments() {
    let (mut store, other) = paid_under_the_name("B-1");
    let id = store.order(order("B", &[line("shirt", 1, 100)]));
    let coded = |own_id: &str, words: &str| Event {
        code: Some("B".to_owned()),
        ..with_id(own_id, &["B-1", own_id], own_id, words)
    };
    store.take_from("wallet", coded("9", "w:paid 40"), NEVER);
    store.take(coded("77", "s:paid 30"), NEVER);
    store.take(coded("78", "t:paid 30"), NEVER);
    let payments = store.root(id).payments.iter();
    let payments: Vec<_> = payments
        .map(|known| {
            (
                known.source.as_str(),
                known.reference.as_str(),
                known.due.minor,
            )
        })
        .collect();
    assert_eq!(payments, [("wallet", "B-1", 100), ("bank", "B-1", 60)]);
    assert_eq!(books(&store, id), PAID);
    assert_eq!(books(&store, other), PAID);
}

/// A reference that reads like the id of a payment of another one leads nowhere, until its own payment is
/// there; then it leads to that.
#[test]
fn a_reference_that_reads_like_an_id_moves_nothing_there() {
    let (mut store, other) = paid_under_the_name("B-1");
    let said = with_id("k2", &["B-1", "77"], "77", "s:paid 100");
    let (waiting, outcome) = store.take(said, NEVER);
    assert_eq!(outcome, EventOutcome::Parked);
    assert_eq!(books(&store, other), PAID);
    // Its order comes, and with it something that names its code.
    let id = store.order(order("B", &[line("shirt", 1, 100)]));
    assert_eq!(books(&store, id), WAITS);
    let coded = Event {
        code: Some("B".to_owned()),
        ..with_id("k3", &["B-1", "77"], "77", "s:pending")
    };
    store.take(coded, NEVER);
    assert_eq!(books(&store, id), PAID);
    assert_eq!(store.event_state(waiting), EventState::Applied);
    assert_eq!(books(&store, other), PAID);
}

/// Each payment whose reference is borne by another one's money is shown; an id that is only mentioned, and
/// under which nothing is reported, shows nothing.
#[test]
fn each_namesake_is_shown() {
    let (mut store, id) = shop();
    store.register("A", "A-2");
    store.order(with_payment(order("B", &[line("shirt", 1, 100)]), "B-1"));
    store.take(with_id("k0", &["B-1"], "A-1", "pending"), NEVER);
    assert_eq!(store.attention(id), [""; 0]);
    store.take(with_id("k1", &["B-1", "A-1"], "A-1", "s:paid 50"), NEVER);
    store.take(with_id("k2", &["B-1", "A-2"], "A-2", "t:paid 50"), NEVER);
    let both = [payment(&store, id, "A-1"), payment(&store, id, "A-2")];
    assert_eq!(named(&store, id), both.map(Some));
    assert_eq!(store.status(id), "AwaitingPayment active");
}
