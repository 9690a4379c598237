//! Money that comes late, and the ends of orders and payments.

use tollgate_core::command::{Action, AfterCancel, LatePayment, OrderRef, RegisterPayment};
use tollgate_core::decision::Outcome;
use tollgate_core::id::PaymentId;
use tollgate_core::payment::PaymentStatus;
use tollgate_core::time::Span;

use crate::store::Store;
use crate::stories::*;
use crate::words::*;

#[test]
fn late_money_is_dealt_with_by_the_shops_policy() {
    check_table(
        as_usual,
        "
        run out; A-1 paid 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        run out; sold elsewhere; A-1 paid 100
        -> Expired expired | 100 0 0 100 | 100 0 0 | A-1 100 | paid_unfulfillable

        run out; [A-1 paid 100, A-1 settled 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        run out; A-1 paid 60
        -> Expired expired | 60 0 0 0 | 60 0 0 | - | partially_paid_expired

        cancel; run out; A-1 paid 100
        -> Cancelled released | 100 0 0 0 | 100 0 0 | - | paid_unfulfillable
        ",
    );
    check_table(
        |store| store.rules.late_payment = LatePayment::Attention,
        "
        run out; A-1 paid 100
        -> Expired expired | 100 0 0 0 | 100 0 0 | - | paid_unfulfillable

        run out; sold elsewhere; A-1 paid 100; staff refunds A-1 100; the provider refunds
        -> Expired expired | 100 100 0 0 | 100 100 0 | A-1 100 | paid_unfulfillable
        ",
    );
    check_table(
        |store| store.rules.late_payment = LatePayment::Refund,
        "
        run out; A-2 paid 100 + refund r1 40; A-2 refund r2 60; register A-2
        -> Expired expired | 100 100 0 0 | 100 100 0 | - | *

        run out; A-2 paid 100 + total 40; A-2 paid 100 + total 100; register A-2
        -> Expired expired | 100 100 0 0 | 100 100 0 | - | *

        run out; A-1 paid 100
        -> Expired expired | 100 0 0 100 | 100 0 0 | A-1 100 | paid_unfulfillable

        cancel; run out; A-1 paid 100
        -> Cancelled released | 100 0 0 0 | 100 0 0 | - | paid_unfulfillable

        A-1 paid 60; run out; register A-2; A-2 b:paid 40
        -> Expired expired | 100 0 0 100 | 100 0 0 | A-1 60, A-2 40
           | paid_unfulfillable, partially_paid_expired
        ",
    );
    check_table(
        |store| {
            store.rules.late_payment = LatePayment::Refund;
            store.rules.auto_refund = false;
        },
        "
        run out; A-1 paid 100; staff may refund A-1 100
        -> Expired expired | 100 0 0 0 | 100 0 0 | - | paid_unfulfillable
        ",
    );
    check_table(
        |store| store.rules.auto_refund = false,
        "
        run out; A-1 paid 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        run out; sold elsewhere; A-1 paid 100
        -> Expired expired | 100 0 0 0 | 100 0 0 | - | paid_unfulfillable
        ",
    );
    check_table(
        after_cancel_rehold,
        "
        cancel; run out; A-1 paid 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        cancel; run out; sold elsewhere; A-1 paid 100
        -> Cancelled released | 100 0 0 100 | 100 0 0 | A-1 100 | paid_unfulfillable
        ",
    );
    // An order that was cancelled is looked at as one that has expired.
    check_table(
        |store| {
            store.rules.after_cancel = AfterCancel::Rehold;
            store.rules.late_payment = LatePayment::Refund;
        },
        "
        run out; A-1 paid 100
        -> Expired expired | 100 0 0 100 | 100 0 0 | A-1 100 | paid_unfulfillable
        ",
    );
}

/// What is more than is due is shown also where the order was sold late; what goes back is not too much.
#[test]
fn too_much_after_late_money_is_shown_unless_it_goes_back() {
    check_table(
        as_usual,
        "
        run out; A-1 paid 130
        -> Paid consumed | 130 0 0 0 | 130 0 0 | - | overpaid

        run out; A-1 paid 100; register A-2; A-2 owes 0; A-2 b:paid 30
        -> Paid consumed | 130 0 0 0 | 130 0 0 | - | duplicate_payment

        run out; A-1 paid 100; A-1 b:paid 100
        -> Paid consumed | 200 0 0 0 | 200 0 0 | - | duplicate_payment

        run out; A-1 paid 130; register A-2; A-2 b:paid 20
        -> Paid consumed | 150 0 0 0 | 150 0 0 | - | duplicate_payment, overpaid

        A-1 paid 60; run out; A-1 b:paid 60
        -> Paid consumed | 120 0 0 0 | 120 0 0 | - | overpaid, partially_paid_expired

        run out; sold elsewhere; A-1 paid 130
        -> Expired expired | 130 0 0 130 | 130 0 0 | A-1 130 | paid_unfulfillable

        run out; sold elsewhere; A-1 paid 100; A-1 b:paid 30
        -> Expired expired | 130 0 0 130 | 130 0 0 | A-1 100, A-1 30 | paid_unfulfillable

        run out; A-1 paid 100; staff refunds A-1 100; register A-2; A-2 owes 100; A-2 b:paid 100
        -> Paid consumed | 200 0 0 100 | 200 0 0 | A-1 100 | -

        run out; A-1 paid 100; staff refunds A-1 100; register A-2; A-2 b:paid 100; the provider refunds
        -> Paid consumed | 200 100 0 0 | 200 100 0 | A-1 100 | -

        run out; A-1 paid 100; staff refunds A-1 100; register A-2; A-2 b:paid 100; the bank refuses
        -> Paid consumed | 200 0 0 0 | 200 0 0 | A-1 100 | duplicate_payment

        run out; A-1 paid 100; staff refunds A-1 100; register A-2; A-2 b:paid 100; the call fails
        -> Paid consumed | 200 0 0 0 | 200 0 0 | A-1 100 | duplicate_payment

        run out; A-1 paid 100; staff refunds A-1 30; register A-2; A-2 owes 30; A-2 b:paid 40
        -> Paid consumed | 140 0 0 30 | 140 0 0 | A-1 30 | overpaid

        run out; A-1 paid 130; seen overpaid; staff refunds A-1 100; register A-2; A-2 owes 70;
        A-2 b:paid 80
        -> Paid consumed | 210 0 0 100 | 210 0 0 | A-1 100 | overpaid
        ",
    );
    check_table(
        after_cancel_rehold,
        "
        A-1 paid 50; cancel; staff refunds A-1 50; register A-2; A-2 b:paid 100
        -> Paid consumed | 150 0 0 50 | 150 0 0 | A-1 50 | partially_paid_expired

        A-1 paid 50; cancel; staff refunds A-1 50; register A-2; A-2 b:paid 100; the bank refuses
        -> Paid consumed | 150 0 0 0 | 150 0 0 | A-1 50 | duplicate_payment, partially_paid_expired
        ",
    );
    check_table(
        |store| store.rules.late_payment = LatePayment::Attention,
        "
        run out; A-1 paid 130
        -> Expired expired | 130 0 0 0 | 130 0 0 | - | overpaid, paid_unfulfillable

        run out; A-1 paid 130; staff refunds A-1 130; A-1 b:paid 100
        -> Expired expired | 230 0 0 130 | 230 0 0 | A-1 130 | overpaid, paid_unfulfillable
        ",
    );
}

/// Money of an order that has ended is named when it comes and when it stays after all, and not again.
#[test]
fn money_of_an_ended_order_is_named_when_there_is_more_of_it() {
    check_table(
        as_usual,
        "
        A-1 paid 50; run out; seen partially_paid_expired; A-1 pending; A-1 settled 50
        -> Expired expired | 50 0 0 0 | 50 0 0 | - | -

        A-1 paid 50; run out; seen partially_paid_expired; A-1 b:paid 10
        -> Expired expired | 60 0 0 0 | 60 0 0 | - | partially_paid_expired

        A-1 paid 50; run out; seen partially_paid_expired; staff refunds A-1 50; A-1 settled 50
        -> Expired expired | 50 0 0 50 | 50 0 0 | A-1 50 | -

        A-1 paid 50; run out; seen partially_paid_expired; staff refunds A-1 50; the call fails
        -> Expired expired | 50 0 0 0 | 50 0 0 | A-1 50 | partially_paid_expired

        A-1 paid 50; run out; seen partially_paid_expired; A-1 refund r1 80; A-1 b:paid 10
        -> Expired expired | 60 80 0 0 | 60 80 0 | - | over_refunded

        run out; sold elsewhere; A-1 paid 100; seen paid_unfulfillable; the call fails
        -> Expired expired | 100 0 0 0 | 100 0 0 | A-1 100 | paid_unfulfillable

        run out; sold elsewhere; A-1 paid 100; seen paid_unfulfillable; the bank refuses
        -> Expired expired | 100 0 0 0 | 100 0 0 | A-1 100 | paid_unfulfillable
        ",
    );
    check_table(
        |store| store.rules.late_payment = LatePayment::Attention,
        "
        run out; A-1 paid 100; staff refunds A-1 60; A-1 lost d1 30; the call fails
        -> Expired expired | 100 0 30 0 | 100 0 30 | A-1 60 | chargeback, paid_unfulfillable
        ",
    );
    // It is named with the payment whose money it is.
    let (mut store, id) = shop();
    store.register("A", "A-2");
    run_out(&mut store, id);
    store.stock("shirt", 0);
    send(&mut store, "k1", "A-2 b:paid 100");
    resolve(&mut store, "A", "paid_unfulfillable");
    step(&mut store, id, "k2", "the call fails");
    assert_eq!(named(&store, id), [Some(payment(&store, id, "A-2"))]);
    let (mut store, id) = shop();
    store.register("A", "A-2");
    send(&mut store, "k1", "A-1 paid 30");
    run_out(&mut store, id);
    for (key, words, expected) in [
        ("k2", "A-2 b:paid 20", "A-2"),
        ("k3", "A-1 c:paid 20", "A-1"),
    ] {
        resolve(&mut store, "A", "partially_paid_expired");
        send(&mut store, key, words);
        let expected = payment(&store, id, expected);
        assert_eq!(named(&store, id), [Some(expected)], "{words}");
    }
}

/// What stays after all pays like what comes, also while the order closes; never a slot that has begun.
#[test]
fn money_that_stays_after_all_pays_what_is_still_held() {
    check_table(
        as_usual,
        "
        A-1 paid 50; staff refunds A-1 50; register A-2; A-2 b:paid 50; register A-3; cancel; the call fails
        -> Paid consumed | 100 0 0 0 | 100 0 0 | A-1 50 | -

        A-1 paid 50; staff refunds A-1 50; register A-2; A-2 b:paid 50; register A-3; cancel;
        the bank refuses
        -> Paid consumed | 100 0 0 0 | 100 0 0 | A-1 50 | -

        A-1 paid 50; staff refunds A-1 50; register A-2; A-2 b:paid 50; staff refunds A-2 30;
        the call fails
        -> PartiallyPaid active | 100 0 0 30 | 100 0 0 | A-1 50, A-2 30 | -
        ",
    );
    use tollgate_core::capacity::{Late, Unit};
    for end in ["the call fails", "the bank refuses"] {
        let mut store = Store::new();
        store.stock("shirt", 2);
        let kitchen = calendar("kitchen", Unit::Orders, 1, Late::Same);
        store.put_calendar(kitchen, slots(1, 0, 4));
        let mut wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
        wanted.slot = earliest("kitchen");
        let id = store.order(wanted);
        store.register("A", "A-2");
        for (place, words) in ["A-1 paid 50", "staff refunds A-1 50", "A-2 b:paid 50"]
            .into_iter()
            .enumerate()
        {
            step(&mut store, id, &format!("k{place}"), words);
        }
        // Its time is up, and it was not looked at yet.
        store.later(Span::minutes(55));
        step(&mut store, id, "k9", end);
        assert_eq!(
            books(&store, id),
            "Expired expired | 100 0 0 100 | 100 0 0 | A-1 50, A-1 50, A-2 50 | paid_unfulfillable",
            "{end}"
        );
        store.check_capacity();
    }
}

/// The merchant has cancelled, its slot begins while the provider is asked, and then it is paid: it ends as
/// cancelled, and a person decides about its money.
#[test]
fn an_order_that_was_cancelled_ends_as_cancelled() {
    use tollgate_core::capacity::{Late, Unit};
    let mut store = Store::new();
    store.stock("shirt", 2);
    let kitchen = calendar("kitchen", Unit::Orders, 1, Late::Next);
    store.put_calendar(kitchen, slots(1, 0, 9));
    let mut wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
    wanted.slot = earliest("kitchen");
    let id = store.order(wanted);
    store.later(Span::minutes(14));
    cancel(&mut store, "A");
    assert_eq!(store.status(id), "Closing active");
    store.later(Span::seconds(90));
    send(&mut store, "k1", "A-1 paid 100");
    assert_eq!(
        books(&store, id),
        "Cancelled expired | 100 0 0 0 | 100 0 0 | - | paid_unfulfillable"
    );
    store.check_capacity();
}

#[test]
fn an_authorisation_that_is_captured_in_part_leaves_time_for_the_rest() {
    let (mut store, id) = shop();
    send(&mut store, "k1", "A-1 authorized 100");
    // Long after the hold's own end.
    store.later(Span::hours(30));
    store.due(id);
    assert_eq!(store.status(id), "AwaitingPayment active");
    send(&mut store, "k2", "A-1 paid 60");
    assert_eq!(store.status(id), "PartiallyPaid active");
    store.later(Span::minutes(14));
    store.due(id);
    assert_eq!(store.status(id), "PartiallyPaid active");
    store.register("A", "A-2");
    send(&mut store, "k3", "A-2 b:paid 40");
    assert_eq!(
        books(&store, id),
        "Paid consumed | 100 0 0 0 | 100 0 0 | - | -"
    );

    // Let go instead, nothing keeps the order any longer than it was to be kept.
    let (mut store, id) = shop();
    send(&mut store, "k1", "A-1 authorized 100");
    store.later(Span::hours(30));
    send(&mut store, "k2", "A-1 voided");
    store.due(id);
    assert_eq!(store.status(id), "Expired expired");
}

#[test]
fn a_cancelled_orders_money_that_is_set_aside_is_shown() {
    let (mut store, id) = shop();
    store.rules.auto_refund = false;
    send(&mut store, "k1", "A-1 authorized 100");
    cancel(&mut store, "A");
    store.later(Span::minutes(3));
    store.due(id);
    assert_eq!(
        books(&store, id),
        "Cancelled released | 0 0 0 0 | 0 0 0 | - | authorization_open"
    );
    send(&mut store, "k2", "A-1 paid 100");
    assert_eq!(
        books(&store, id),
        "Cancelled released | 100 0 0 0 | 100 0 0 | - | paid_unfulfillable"
    );
}

/// An attempt to pay ends by the shop's word, and the provider is asked for its own.
#[test]
fn a_payment_ends_when_the_shop_says_so() {
    let register = |store: &mut Store, order: Option<&str>, reference: &str| {
        let fresh = store.fresh();
        let expires_at = Some(store.now.plus(Span::minutes(5)));
        let outcome = store.act(Action::RegisterPayment(RegisterPayment {
            fresh,
            order: order.map(|code| OrderRef::Code(code.to_owned())),
            source: "bank".to_owned(),
            reference: reference.to_owned(),
            minor: Some(100),
            currency: Some(currency("IDR")),
            expires_at,
            metadata: "{}".to_owned(),
        }));
        let Outcome::Payment(id, _) = outcome else {
            panic!("{outcome:?}");
        };
        id
    };
    let status = |store: &Store, id: PaymentId| {
        let known = store.root(id.root()).payment(id);
        known.expect("the payment").projection().status
    };
    let (mut store, id) = shop();
    let in_order = register(&mut store, Some("A"), "A-9");
    let alone = register(&mut store, None, "X-9");
    let set_aside = register(&mut store, None, "Y-9");
    send(&mut store, "k1", "Y-9 authorized 100");
    for root in [in_order.root(), alone.root(), set_aside.root()] {
        store.due(root);
    }
    assert_eq!(status(&store, in_order), PaymentStatus::Pending);
    store.later(Span::minutes(6));
    for root in [in_order.root(), alone.root(), set_aside.root()] {
        store.due(root);
    }
    assert_eq!(status(&store, in_order), PaymentStatus::Expired);
    assert_eq!(status(&store, alone), PaymentStatus::Expired);
    assert_eq!(status(&store, set_aside), PaymentStatus::Authorized);
    assert_eq!(store.effects("ask:"), ["ask:bank:A-9:1", "ask:bank:X-9:1"]);
    assert_eq!(store.status(id), "AwaitingPayment active");
    // The provider's word still counts.
    send(&mut store, "k2", "A-9 paid 100");
    assert_eq!(
        books(&store, id),
        "Paid consumed | 100 0 0 0 | 100 0 0 | - | -"
    );
    assert_eq!(status(&store, in_order), PaymentStatus::Paid);
    send(&mut store, "k3", "X-9 paid 100");
    assert_eq!(status(&store, alone), PaymentStatus::Paid);
    // Looked at again, nothing happens.
    store.due(alone.root());
    assert_eq!(store.changed, 0);
}

/// Cash lies in the till: no provider can be called for it.
#[test]
fn cash_is_not_given_back_by_itself() {
    let (mut store, id) = shop();
    let fresh = store.fresh();
    let outcome = store.act(Action::RegisterPayment(RegisterPayment {
        fresh,
        order: Some(OrderRef::Code("A".to_owned())),
        source: "manual".to_owned(),
        reference: "till".to_owned(),
        minor: Some(50),
        currency: None,
        expires_at: None,
        metadata: "{}".to_owned(),
    }));
    let Outcome::Payment(till, _) = outcome else {
        panic!("{outcome:?}");
    };
    let fresh = store.fresh();
    store.act(Action::CapturePayment {
        payment: till,
        minor: 50,
        note: "cash".to_owned(),
        fresh,
    });
    run_out(&mut store, id);
    store.stock("shirt", 0);
    send(&mut store, "k1", "A-1 paid 50");
    assert_eq!(
        books(&store, id),
        "Expired expired | 100 0 0 50 | 100 0 0 | A-1 50 | paid_unfulfillable, partially_paid_expired"
    );
    // Handed over by a person it is refunded, and no provider is called.
    let outcome = staff_refund(&mut store, till, 50);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
    assert_eq!(store.effects("refund:").len(), 1);
    assert_eq!(
        books(&store, id),
        "Expired expired | 100 50 0 50 | 100 50 0 | A-1 50, till 50
           | paid_unfulfillable, partially_paid_expired"
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    );
}
