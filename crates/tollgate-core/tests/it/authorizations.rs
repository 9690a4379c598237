//! Stories of money that is set aside: it is shown when its order has ended, once, and only while it is
//! nothing but set aside (docs/money.md, L6).

use tollgate_core::capacity::{Late, Unit};
use tollgate_core::order::AttentionCode;
use tollgate_core::time::Span;

use crate::stories::*;
use crate::words::*;

#[test]
fn money_that_is_set_aside_when_its_order_ends_is_shown() {
    check_table(
        as_usual,
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
        as_usual,
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

        cancel; run out; A-1 y:paid 60; A-1 x:authorized 40
        -> Cancelled released | 60 0 0 0 | 60 0 0 | - | authorization_open, partially_paid_expired
        ",
    );
}

#[test]
fn what_the_provider_has_let_go_is_not_shown() {
    check_table(
        as_usual,
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
        -> Expired expired | 0 0 0 0 | 0 0 0 | - | authorization_open

        run out; A-1 authorized 100; seen authorization_open; A-1 voided
        -> Expired expired | 0 0 0 0 | 0 0 0 | - | -
        ",
    );
}

/// How often it was shown, seen or not.
fn shown(store: &crate::store::Store, id: tollgate_core::id::RootId) -> usize {
    let attention = store.root(id).attention.iter();
    attention
        .filter(|known| known.code == AttentionCode::AuthorizationOpen)
        .count()
}

/// The same news again is no news; another authorisation is.
#[test]
fn the_same_authorisation_is_shown_once() {
    let (mut store, id) = shop();
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
    store.register("A", "A-2");
    tell(&mut store, "k1", "A-1 authorized 100");
    tell(&mut store, "k2", "A-2 b:authorized 100");
    cancel(&mut store, "A");
    run_out(&mut store, id);
    assert_eq!(shown(&store, id), 2);
}

/// An order ends because its money came too late; what another payment of it has set aside is shown as well.
#[test]
fn money_set_aside_beside_money_that_came_too_late_is_shown() {
    let mut store = crate::store::Store::new();
    store.stock("shirt", 2);
    store.put_calendar(
        calendar("kitchen", Unit::Orders, 1, Late::Same),
        slots(1, 0, 4),
    );
    let mut wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
    wanted.slot = earliest("kitchen");
    let id = store.order(wanted);
    tell(&mut store, "k1", "A-1 authorized 100");
    store.register("A", "A-2");
    // The authorisation has kept the order, its slot has begun long ago, and nobody has looked yet.
    store.later(Span::hours(8 * 24));
    tell(&mut store, "k2", "A-2 b:paid 100");
    assert_eq!(
        books(&store, id),
        "Expired expired | 100 0 0 100 | 100 0 0 | A-2 100 | authorization_open, paid_unfulfillable"
    );
}
