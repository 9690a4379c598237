//! Stories of money that is set aside where people decide about money: it is shown when its order has ended,
//! once, and only while it is nothing but set aside (docs/money.md, L6). Where we decide it is let go:
//! `voids.rs`.

use tollgate_core::capacity::{Late, Unit};
use tollgate_core::id::RootId;
use tollgate_core::order::AttentionCode;
use tollgate_core::time::Span;

use crate::store::{START, Store};
use crate::stories::*;
use crate::words::*;

#[test]
fn money_that_is_set_aside_when_its_order_ends_is_shown() {
    check_table(
        by_people,
        "
        A-1 authorized 100; cancel; run out
        -> Cancelled released | 0 0 0 0 | 0 0 0 | - | authorization_open

        cancel; run out; A-1 authorized 100
        -> Cancelled released | 0 0 0 0 | 0 0 0 | - | authorization_open

        run out; A-1 authorized 100
        -> Expired expired | 0 0 0 0 | 0 0 0 | - | authorization_open

        A-1 authorized 100; after 169 hours; after 1 hours
        -> Expired expired | 0 0 0 0 | 0 0 0 | - | authorization_open, unconfirmed

        run out; A-2 authorized 100; register A-2
        -> Expired expired | 0 0 0 0 | 0 0 0 | - | authorization_open
        ",
    );
}

/// A part was captured and the rest is still set aside, or all of it, or the part went back.
#[test]
fn what_was_captured_is_no_longer_set_aside() {
    check_table(
        by_people,
        "
        [A-1 x:authorized 100, A-1 y:paid 60]; after 169 hours; after 1 hours
        -> Expired expired | 60 0 0 0 | 60 0 0 | - | authorization_open, partially_paid_expired, unconfirmed

        [A-1 x:authorized 40, A-1 y:paid 60, A-1 refund r1 60]; cancel
        -> Cancelled released | 60 60 0 0 | 60 60 0 | - | authorization_open

        A-1 authorized 100; A-1 paid 60; after 1 hours; after 1 hours
        -> Expired expired | 60 0 0 0 | 60 0 0 | - | partially_paid_expired

        A-1 authorized 100; A-1 paid 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        cancel; run out; A-1 paid 100; A-1 authorized 100
        -> Cancelled released | 100 0 0 0 | 100 0 0 | - | paid_unfulfillable

        run out; A-1 paid 100; A-1 authorized 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        run out; A-1 authorized 100; seen authorization_open; A-1 paid 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        cancel; run out; A-1 y:paid 100; A-1 x:authorized 40
        -> Cancelled released | 100 0 0 0 | 100 0 0 | - | authorization_open, paid_unfulfillable

        cancel; run out; A-1 y:paid 60; A-1 x:authorized 40
        -> Cancelled released | 60 0 0 0 | 60 0 0 | - | authorization_open, partially_paid_expired
        ",
    );
}

#[test]
fn what_the_provider_has_let_go_is_not_shown() {
    check_table(
        by_people,
        "
        A-1 authorized 100; cancel; A-1 voided
        -> Cancelled released | 0 0 0 0 | 0 0 0 | - | -

        A-1 authorized 100; A-1 voided; cancel; run out
        -> Cancelled released | 0 0 0 0 | 0 0 0 | - | -

        run out; A-1 voided; A-1 authorized 100
        -> Expired expired | 0 0 0 0 | 0 0 0 | - | -

        run out; A-1 fail; A-1 cancel; A-1 review
        -> Expired expired | 0 0 0 0 | 0 0 0 | - | -

        run out; A-1 authorized 100; A-1 voided
        -> Expired expired | 0 0 0 0 | 0 0 0 | - | -

        run out; A-1 authorized 100; seen authorization_open; A-1 voided
        -> Expired expired | 0 0 0 0 | 0 0 0 | - | -
        ",
    );
}

/// How often it was shown, seen or not.
fn shown(store: &Store, id: RootId) -> usize {
    let attention = store.root(id).attention.iter();
    attention
        .filter(|known| known.code == AttentionCode::AuthorizationOpen)
        .count()
}

/// The same report again changes nothing; another authorisation is.
#[test]
fn the_same_authorisation_is_shown_once() {
    let (mut store, id) = shop();
    by_people(&mut store);
    run_out(&mut store, id);
    for (place, (words, expected)) in [
        ("A-1 x:authorized 100", 1),
        ("A-1 x:authorized 100", 1),
        ("A-1 x:authorized 90", 1),
        ("seen authorization_open", 1),
        ("A-1 x:authorized 100", 1),
        ("asked A-1 x:authorized 100", 1),
        ("A-1 y:authorized 100", 2),
        ("A-1 y:voided", 2),
        ("seen authorization_open", 2),
        ("A-1 x:voided", 2),
        ("A-1 z:authorized 100", 3),
    ]
    .into_iter()
    .enumerate()
    {
        step(&mut store, id, &format!("k{place}"), words);
        assert_eq!(shown(&store, id), expected, "{place}: {words}");
    }
}

/// Two payments of an order that ends are two things to let go.
#[test]
fn each_payment_that_is_set_aside_is_shown() {
    let (mut store, id) = shop();
    by_people(&mut store);
    store.register("A", "A-2");
    send(&mut store, "k1", "A-1 authorized 100");
    send(&mut store, "k2", "A-2 b:authorized 100");
    cancel(&mut store, "A");
    run_out(&mut store, id);
    assert_eq!(shown(&store, id), 2);
}

/// An order ends because its money came too late; what another payment of it has set aside is shown as well.
#[test]
fn money_set_aside_beside_money_that_came_too_late_is_shown() {
    let mut store = Store::new();
    by_people(&mut store);
    store.stock("shirt", 2);
    store.put_calendar(
        calendar("kitchen", Unit::Orders, 1, Late::Same),
        slots(1, 0, 4),
    );
    let mut wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
    wanted.slot = earliest("kitchen");
    let id = store.order(wanted);
    send(&mut store, "k1", "A-1 authorized 100");
    store.register("A", "A-2");
    // The authorisation has kept the order, its slot has begun long ago, and it was not looked at yet.
    store.later(Span::hours(8 * 24));
    send(&mut store, "k2", "A-2 b:paid 100");
    assert_eq!(
        books(&store, id),
        "Expired expired | 100 0 0 0 | 100 0 0 | - | authorization_open, paid_unfulfillable"
    );
}

/// When the order's hold runs out, in minutes from its beginning.
fn held_until(store: &Store, id: RootId) -> i64 {
    let hold = store.root(id).hold().expect("a hold");
    (hold.expires_at.as_millis() - START.as_millis()) / 60_000
}

const WEEK: i64 = 7 * 24 * 60;

/// An authorisation keeps its order for a week, and never shorter than without it. What is let go keeps it no
/// longer than it was to be kept; what is captured in part leaves a hold's time for the rest.
#[test]
fn an_authorisation_keeps_its_order_as_long_as_it_is_to_be_kept() {
    // The order's own hold; what is reported, each two minutes after the other; how long it is held then.
    for (own, reports, minutes) in [
        (15, vec!["A-1 authorized 100"], 2 + WEEK),
        (15, vec!["A-1 authorized 100", "A-1 voided"], 15),
        (3, vec!["A-1 authorized 100", "A-1 voided"], 4),
        (15, vec!["A-1 authorized 100", "A-1 paid 60"], 4 + 15),
        (20_000, vec!["A-1 authorized 100"], 20_000),
        (20_000, vec!["A-1 authorized 100", "A-1 voided"], 20_000),
        (
            15,
            vec!["A-1 authorized 100", "A-2 b:authorized 100", "A-1 voided"],
            4 + WEEK,
        ),
        (
            15,
            vec![
                "A-1 authorized 100",
                "A-2 b:authorized 100",
                "A-1 voided",
                "A-2 b:voided",
            ],
            15,
        ),
    ] {
        let mut store = Store::new();
        store.stock("shirt", 2);
        let mut wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
        wanted.hold = Span::minutes(own);
        let id = store.order(wanted);
        store.register("A", "A-2");
        for words in &reports {
            store.later(Span::minutes(2));
            send(&mut store, words, words);
        }
        assert_eq!(held_until(&store, id), minutes, "{own} {reports:?}");
    }
}

/// The order's time is up and the provider is asked: its money is set aside just then, so it goes on
/// waiting. One that the merchant has cancelled does not.
#[test]
fn an_authorisation_reopens_what_closes_by_itself() {
    for (before, by_merchant, expected) in [
        (None, false, "AwaitingPayment active"),
        (Some("A-2 b:paid 40"), false, "PartiallyPaid active"),
        (None, true, "Closing active"),
    ] {
        let (mut store, id) = shop();
        store.register("A", "A-2");
        if let Some(words) = before {
            send(&mut store, "k1", words);
        }
        if by_merchant {
            cancel(&mut store, "A");
        } else {
            store.later(Span::minutes(16));
            store.due(id);
        }
        assert_eq!(store.status(id), "Closing active");
        send(&mut store, "k2", "A-1 authorized 100");
        assert_eq!(store.status(id), expected, "{before:?}");
    }
}
