//! Stories of money: what is paid, kept, given back and papered, in every order of arrival
//! (docs/money.md).

use proptest::prelude::*;
use tollgate_core::command::{
    Action, AfterCancel, AttentionOf, LatePayment, OrderRef, RawEvent, RefundPayment,
    RegisterPayment, TakeEvent,
};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::ReceiptKind;
use tollgate_core::event::{
    CaptureState, DisputeState, Event, Fact, FactKind, RefundState, Strength,
};
use tollgate_core::id::{EventId, PaymentId, RootId};
use tollgate_core::order::{AttentionCode, OrderStatus};
use tollgate_core::payment::{Payment, PaymentStatus, RefundProgress};
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use crate::store::{START, Store};
use crate::stories::*;
use crate::words::*;
use crate::worker::*;

#[test]
fn what_was_given_back_pays_nothing_and_is_given_back_once() {
    check_table(
        as_usual,
        "
        A-1 paid 50; cancel; staff refunds A-1 50; the provider refunds; sold elsewhere;
        register A-2; A-2 b:paid 50
        -> Cancelled released | 100 50 0 0 | 100 50 0 | A-1 50 | partially_paid_expired

        A-1 paid 40; staff refunds A-1 40; the provider refunds; register A-2; A-2 owes 100;
        A-2 b:paid 60
        -> PartiallyPaid active | 100 40 0 0 | 100 40 0 | A-1 40 | -

        A-1 paid 40; staff refunds A-1 40; the provider refunds; register A-2; A-2 b:paid 100
        -> Paid consumed | 140 40 0 0 | 140 40 0 | A-1 40 | -

        A-1 paid 40; A-1 refund r1 40; register A-2; A-2 owes 100; A-2 b:paid 60;
        register A-3; A-3 owes 40; A-3 c:paid 40
        -> Paid consumed | 140 40 0 0 | 140 40 0 | - | -

        register A-2 60; [A-1 paid 40, A-2 b:paid 60]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        register A-2; register A-3; [A-1 paid 40, A-2 b:paid 30, A-3 c:paid 30, A-3 c:settled 30]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        register A-2; [A-1 paid 100, A-2 b:paid 100]
        -> Paid consumed | 200 0 0 0 | 200 0 0 | - | duplicate_payment

        [A-1 paid 100, A-1 b:paid 30]
        -> Paid consumed | 130 0 0 0 | 130 0 0 | - | duplicate_payment

        A-1 paid 50; A-1 reversed; register A-2; A-2 b:paid 50
        -> PartiallyPaid active | 50 0 0 0 | 100 0 50 | - | payment_reversed

        A-1 paid 50; staff refunds A-1 50; register A-2; A-2 owes 100; A-2 b:paid 50
        -> PartiallyPaid active | 100 0 0 50 | 100 0 0 | A-1 50 | -

        A-1 paid 50; staff refunds A-1 50; register A-2; A-2 b:paid 100
        -> Paid consumed | 150 0 0 50 | 150 0 0 | A-1 50 | -

        A-1 paid 50; staff refunds A-1 50; register A-2; A-2 b:paid 50; receipts; the bank refuses
        -> Completed consumed | 100 0 0 0 | 100 0 0 | A-1 50 | -

        A-1 paid 50; staff refunds A-1 50; register A-2; A-2 b:paid 50; receipts; the call fails
        -> Completed consumed | 100 0 0 0 | 100 0 0 | A-1 50 | -

        A-1 paid 50; cancel; run out; staff refunds A-1 50; the call fails
        -> Cancelled released | 50 0 0 0 | 50 0 0 | A-1 50 | partially_paid_expired

        A-1 paid 130; staff may refund A-1 130; staff refunds A-1 30; the provider refunds; receipts
        -> Completed consumed | 130 30 0 0 | 130 30 0 | A-1 30 | overpaid
        ",
    );
}

/// With its unit sold, the other half of the money comes when the first half is on its way back.
#[test]
fn only_what_is_free_is_given_back_by_itself() {
    check_table(
        after_cancel_rehold,
        "
        A-1 paid 50; cancel; staff refunds A-1 50; sold elsewhere; register A-2; A-2 b:paid 50
        -> Cancelled released | 100 0 0 100 | 100 0 0 | A-1 50, A-2 50
           | paid_unfulfillable, partially_paid_expired

        A-1 paid 50; cancel; staff refunds A-1 50; the provider refunds; sold elsewhere;
        register A-2; A-2 b:paid 100
        -> Cancelled released | 150 50 0 100 | 150 50 0 | A-1 50, A-2 100
           | paid_unfulfillable, partially_paid_expired

        A-1 paid 50; cancel; staff refunds A-1 20; sold elsewhere; register A-2; A-2 b:paid 100
        -> Cancelled released | 150 0 0 150 | 150 0 0 | A-1 20, A-1 30, A-2 100
           | paid_unfulfillable, partially_paid_expired

        cancel; run out; sold elsewhere; A-1 paid 100; A-1 b:paid 100
        -> Cancelled released | 200 0 0 200 | 200 0 0 | A-1 100, A-1 100 | paid_unfulfillable
        ",
    );
}

#[test]
fn an_automatic_refund_is_a_refund_like_any_other() {
    check_table(
        as_usual,
        "
        run out; sold elsewhere; A-1 paid 100; staff may refund A-1 0
        -> Expired expired | 100 0 0 100 | 100 0 0 | A-1 100 | paid_unfulfillable

        run out; sold elsewhere; [A-1 paid 100, A-1 settled 100, A-1 pending]
        -> Expired expired | 100 0 0 100 | 100 0 0 | A-1 100 | paid_unfulfillable

        run out; sold elsewhere; A-1 paid 100; the provider refunds; staff may refund A-1 0;
        A-1 total 100
        -> Expired expired | 100 100 0 0 | 100 100 0 | A-1 100 | paid_unfulfillable
        ",
    );
}

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

/// One answer tells a capture and what went back of it: it came first, whole, and then went.
#[test]
fn what_is_told_with_its_refund_has_paid_first() {
    check_table(
        as_usual,
        "
        A-1 paid 100 + refund r1 40
        -> PartiallyRefunded consumed | 100 40 0 0 | 100 40 0 | - | -

        asked A-1 refund r1 100 + paid 100
        -> Refunded consumed | 100 100 0 0 | 100 100 0 | - | -

        A-1 paid 100 + total 30 + total 50
        -> PartiallyRefunded consumed | 100 50 0 0 | 100 50 0 | - | -

        A-1 paid 100 + dispute d1 100
        -> Paid consumed | 100 0 100 0 | 100 0 0 | - | chargeback

        A-1 paid 100 + lost d1 40 + refund r1 60
        -> PartiallyRefunded consumed | 100 60 40 0 | 100 60 40 | - | chargeback

        A-1 paid 60 + refund r1 60
        -> AwaitingPayment active | 60 60 0 0 | 60 60 0 | - | -

        A-1 paid 130 + refund r1 30
        -> Paid consumed | 130 30 0 0 | 130 30 0 | - | overpaid

        run out; A-1 paid 100 + refund r1 100
        -> Refunded consumed | 100 100 0 0 | 100 100 0 | - | -

        run out; sold elsewhere; A-1 paid 100 + refund r1 60
        -> Expired expired | 100 60 0 40 | 100 60 0 | A-1 40 | paid_unfulfillable
        ",
    );
    // Of what went back, what had come before may have gone before.
    check_table(
        as_usual,
        "
        A-1 x:paid 60; A-1 y:paid 40 + refund r1 60
        -> PartiallyPaid active | 100 60 0 0 | 100 60 0 | - | -

        A-1 x:paid 60; A-1 y:paid 70 + refund r1 30
        -> Paid consumed | 130 30 0 0 | 130 30 0 | - | -

        A-1 x:paid 60; A-1 y:paid 69 + refund r1 30
        -> PartiallyPaid active | 129 30 0 0 | 129 30 0 | - | -

        A-1 x:paid 60; A-1 y:paid 100 + refund r1 100
        -> PartiallyRefunded consumed | 160 100 0 0 | 160 100 0 | - | -

        A-1 x:paid 60; A-1 y:paid 100 + dispute d1 20 + refund r1 40
        -> Paid consumed | 160 40 20 0 | 160 40 0 | - | chargeback

        A-1 x:paid 60; A-1 y:paid 99 + dispute d1 20 + refund r1 40
        -> PartiallyPaid active | 159 40 20 0 | 159 40 0 | - | chargeback

        register A-2; A-2 b:paid 40; A-1 paid 60 + refund r1 60
        -> PartiallyRefunded consumed | 100 60 0 0 | 100 60 0 | - | -

        register A-2; A-2 b:paid 40; A-2 refund r2 10; A-1 paid 60 + refund r1 60
        -> PartiallyPaid active | 100 70 0 0 | 100 70 0 | - | -

        register A-2; A-2 b:paid 40; staff refunds A-2 40; A-1 paid 60 + refund r1 60
        -> PartiallyPaid active | 100 60 0 40 | 100 60 0 | A-2 40 | -
        ",
    );
}

/// However many facts tell it, each object has one paper.
#[test]
fn what_is_told_with_its_refund_has_two_papers() {
    for words in ["A-1 paid 100 + refund r1 40", "A-1 refund r1 40 + paid 100"] {
        let (mut store, id) = shop();
        tell(&mut store, "k1", words);
        tell(&mut store, "k2", words);
        let papers = store.root(id).receipts.iter();
        let papers: Vec<_> = papers
            .map(|paper| (paper.kind, paper.object.as_str(), paper.money))
            .collect();
        let sale = (ReceiptKind::Sale, "tx", Some(idr(100)));
        let refund = (ReceiptKind::Refund, "r1", Some(idr(40)));
        assert_eq!(papers, [sale, refund], "{words}");
    }
}

/// What is to be paid, and the status that says so: of what is kept, and of what is on its way back.
#[test]
fn the_status_says_what_is_kept() {
    check_table(
        as_usual,
        "
        A-1 paid 40; staff refunds A-1 40; A-1 settled 40
        -> PartiallyPaid active | 40 0 0 40 | 40 0 0 | A-1 40 | -

        A-1 paid 40; staff refunds A-1 40; the provider refunds
        -> AwaitingPayment active | 40 40 0 0 | 40 40 0 | A-1 40 | -

        A-1 paid 40; A-1 reversed
        -> AwaitingPayment active | 0 0 0 0 | 40 0 40 | - | payment_reversed

        A-1 paid 40; A-1 refund r1 60; register A-2; A-2 owes 100
        -> AwaitingPayment active | 40 60 0 0 | 40 60 0 | - | over_refunded

        A-1 paid 40; A-1 refund r1 60; register A-2; A-2 b:paid 100; A-1 pending
        -> PartiallyPaid active | 140 60 0 0 | 140 60 0 | - | over_refunded

        A-1 paid 130; register A-2; A-2 owes 0
        -> Paid consumed | 130 0 0 0 | 130 0 0 | - | overpaid

        register A-2 60; A-2 owes 60; A-2 b:paid 60; register A-3; A-3 owes 40
        -> PartiallyPaid active | 60 0 0 0 | 60 0 0 | - | -

        A-1 paid 100; staff refunds A-1 40; receipts
        -> Completed consumed | 100 0 0 40 | 100 0 0 | A-1 40 | -

        A-1 paid 100; A-1 b:paid 100; receipts
        -> Completed consumed | 200 0 0 0 | 200 0 0 | - | duplicate_payment

        A-1 paid 130; seen overpaid; A-1 pending; A-1 b:fail; A-1 refund r1 10
        -> Paid consumed | 130 10 0 0 | 130 10 0 | - | -

        A-1 paid 130 + b:fail
        -> Paid consumed | 130 0 0 0 | 130 0 0 | - | overpaid
        ",
    );
    let (mut store, id) = shop();
    tell(&mut store, "k1", "A-1 paid 100");
    staff_refund_all(&mut store, id);
    tell(&mut store, "k2", "A-1 lost d1 40");
    assert_eq!(store.root(id).ledger().all.free(), 0);
}

fn staff_refund_all(store: &mut Store, id: RootId) {
    let payment = payment(store, id, "A-1");
    let free = store.root(id).ledger().of_payment(payment).free();
    let outcome = staff_refund(store, payment, free);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
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
    tell(&mut store, "k1", "A-2 b:paid 100");
    resolve(&mut store, "A", "paid_unfulfillable");
    step(&mut store, id, "k2", "the call fails");
    assert_eq!(named(&store, id), [Some(payment(&store, id, "A-2"))]);
    let (mut store, id) = shop();
    store.register("A", "A-2");
    tell(&mut store, "k1", "A-1 paid 30");
    run_out(&mut store, id);
    for (key, words, expected) in [
        ("k2", "A-2 b:paid 20", "A-2"),
        ("k3", "A-1 c:paid 20", "A-1"),
    ] {
        resolve(&mut store, "A", "partially_paid_expired");
        tell(&mut store, key, words);
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
        // Its time is up, and nobody has looked yet.
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
    tell(&mut store, "k1", "A-1 paid 100");
    assert_eq!(
        books(&store, id),
        "Cancelled expired | 100 0 0 0 | 100 0 0 | - | paid_unfulfillable"
    );
    store.check_capacity();
}

/// What a payment without an order keeps beyond what it is for; what goes back is nobody's surplus.
#[test]
fn a_payment_without_an_order_is_overpaid_by_what_stays() {
    let mut store = Store::new();
    let Outcome::Payment(id, _) = store.try_register(None, "X-1") else {
        panic!("registered");
    };
    tell(&mut store, "k1", "X-1 paid 100");
    let outcome = staff_refund(&mut store, id, 50);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
    tell(&mut store, "k2", "X-1 b:paid 50");
    assert_eq!(
        books(&store, id.root()),
        "Paid | 150 0 0 50 | 150 0 0 | X-1 50 | -"
    );
    let call = store.effects("refund:").remove(0);
    does(&mut store, &call, refused());
    let overpaid = "Paid | 150 0 0 0 | 150 0 0 | X-1 50 | overpaid";
    assert_eq!(books(&store, id.root()), overpaid);
    store.act(Action::ResolveAttention {
        of: AttentionOf::Payment(id),
        code: AttentionCode::Overpaid,
        note: "a tip".to_owned(),
    });
    // What says nothing of more money says nothing of too much.
    tell(&mut store, "k3", "X-1 pending");
    tell(&mut store, "k4", "X-1 c:fail");
    assert_eq!(store.attention(id.root()), [""; 0]);
    // A refund that a person has ordered and that fails is in nobody's way.
    let mut store = Store::new();
    let Outcome::Payment(id, _) = store.try_register(None, "X-1") else {
        panic!("registered");
    };
    tell(&mut store, "k1", "X-1 paid 100");
    staff_refund(&mut store, id, 40);
    let call = store.effects("refund:").remove(0);
    does(&mut store, &call, refused());
    assert_eq!(store.attention(id.root()), [""; 0]);
}

/// What the timeline tells of an order, without its receipts.
fn told(store: &Store, id: RootId) -> Vec<&'static str> {
    let entries = store.entries.iter().filter(|entry| entry.root == Some(id));
    let kinds = entries.map(|entry| entry.kind.word());
    kinds
        .filter(|kind| {
            [
                "order.partially_paid",
                "order.paid",
                "order.refunded",
                "refund.failed",
            ]
            .contains(kind)
                || kind.starts_with("payment.")
        })
        .collect()
}

/// Each change of money is told once, and what changes nothing is not.
#[test]
fn the_timeline_tells_what_has_changed() {
    let (mut store, id) = shop();
    let mut so_far = Vec::new();
    for (place, (words, news)) in [
        ("A-1 authorized 100", vec!["payment.authorized"]),
        ("A-1 paid 40", vec!["payment.paid", "order.partially_paid"]),
        ("A-1 pending", vec![]),
        ("A-1 settled 40", vec![]),
        ("A-1 b:paid 60", vec!["payment.paid", "order.paid"]),
        (
            "A-1 refund r1 30",
            vec!["payment.refunded", "order.refunded"],
        ),
        (
            "A-1 refund r2 10",
            vec!["payment.refunded", "order.refunded"],
        ),
        ("A-1 total 40", vec![]),
        ("A-1 settled 40", vec![]),
        (
            "A-1 refund r3 60",
            vec!["payment.refunded", "order.refunded"],
        ),
        // What is paid once more changes the order's status.
        ("A-1 c:paid 20", vec!["payment.paid", "order.refunded"]),
        ("A-1 dispute d1 10", vec!["payment.charged_back"]),
    ]
    .into_iter()
    .enumerate()
    {
        step(&mut store, id, &format!("k{place}"), words);
        so_far.extend(news);
        assert_eq!(told(&store, id), so_far, "{place}: {words}");
    }
    // What comes back is no refund.
    let (mut store, id) = shop();
    for (key, words) in [
        ("k1", "A-1 paid 100"),
        ("k2", "A-1 refund r1 40"),
        ("k3", "A-1 refund-reversed r1 40"),
    ] {
        tell(&mut store, key, words);
    }
    let news = [
        "payment.paid",
        "order.paid",
        "payment.refunded",
        "order.refunded",
    ];
    assert_eq!(told(&store, id), news);
    // Nobody says how much, and an order ends once.
    let (mut store, id) = shop();
    tell(&mut store, "k1", "A-1 paid");
    assert_eq!(told(&store, id), ["payment.paid"]);
    let (mut store, id) = shop();
    run_out(&mut store, id);
    store.stock("shirt", 0);
    tell(&mut store, "k1", "A-1 paid 100");
    tell(&mut store, "k2", "A-1 b:paid 30");
    let ends = store
        .entries
        .iter()
        .filter(|entry| entry.kind.word() == "order.expired");
    assert_eq!(ends.count(), 1);
    // In one breath.
    let (mut store, id) = shop();
    tell(&mut store, "k1", "A-1 paid 100 + refund r1 40");
    let news = ["payment.paid", "order.paid", "order.refunded"];
    assert_eq!(told(&store, id), news);
}

/// The shop has its receipts corrected: where they say what the ledger says, nothing happens.
#[test]
fn receipts_are_corrected_by_what_they_lack_or_have_too_much() {
    let papers = |store: &Store, id: RootId| -> Vec<(ReceiptKind, i64, Option<ReceiptKind>)> {
        let receipts = store.root(id).receipts.iter();
        receipts
            .map(|known| {
                (
                    known.kind,
                    known.money.map_or(0, |money| money.minor),
                    known.corrects,
                )
            })
            .collect()
    };
    let (sale, refund, reversal) = (
        ReceiptKind::Sale,
        ReceiptKind::Refund,
        ReceiptKind::Reversal,
    );
    let (mut store, id) = shop();
    store.register("A", "A-2");
    for (key, words) in [
        ("k1", "A-1 paid 60"),
        ("k2", "A-2 b:paid 40"),
        ("k3", "asked A-1 settled 57"),
        ("k4", "A-1 refund r1 20"),
        ("k5", "A-1 refund-reversed r1 20"),
        ("k6", "A-2 lost d1 10"),
    ] {
        tell(&mut store, key, words);
    }
    let right = papers(&store, id);
    let (first, second) = (payment(&store, id, "A-1"), payment(&store, id, "A-2"));
    for payment in [first, second] {
        store.act(Action::CorrectPapers(payment));
        assert_eq!(papers(&store, id), right);
    }
    // One is lost of each kind, and one is there twice: (which, what makes up for it).
    for (which, kind, minor) in [(0, sale, 60), (3, refund, 20), (5, reversal, 10)] {
        assert_eq!((right[which].0, right[which].1), (kind, minor));
        let mut lacks = store.clone();
        let known = lacks.rows.roots.get_mut(&id).expect("its root");
        let lost = known.receipts.remove(which);
        lacks.act(Action::CorrectPapers(lost.payment));
        assert_eq!(papers(&lacks, id).last(), Some(&(kind, minor, None)));
        assert_eq!(papers(&lacks, id).len(), right.len());
        let mut twice = store.clone();
        let known = twice.rows.roots.get_mut(&id).expect("its root");
        known.receipts.push(lost.clone());
        twice.act(Action::CorrectPapers(lost.payment));
        let back = if kind == sale { reversal } else { sale };
        assert_eq!(papers(&twice, id).last(), Some(&(back, minor, Some(kind))));
        assert_eq!(papers(&twice, id).len(), right.len() + 2);
    }
}

/// Several objects change at once: each paper is over what its own has grown by, and together they are what
/// all have grown by.
#[test]
fn papers_of_several_changes_are_over_what_all_have_grown_by() {
    let told = |store: &Store, id: RootId, from: usize| -> Vec<(ReceiptKind, String, i64)> {
        let new = store.root(id).receipts[from..].iter();
        let minor = |money: Option<tollgate_core::money::Money>| money.map_or(0, |m| m.minor);
        new.map(|known| (known.kind, known.object.clone(), minor(known.money)))
            .collect()
    };
    // What is known, what is told at once, and its papers.
    for (known, words, papers) in [
        (
            vec!["A-1 paid 100", "A-1 total 50"],
            "A-1 refund r1 30 + refund r2 30",
            vec![(ReceiptKind::Refund, "r1", 10)],
        ),
        (
            vec!["A-1 x:paid 60"],
            "asked A-1 x:paid 57 + y:paid 10",
            vec![(ReceiptKind::Sale, "y", 7)],
        ),
        (
            vec!["A-1 x:paid 60", "A-1 y:paid 10"],
            "asked A-1 x:paid 50 + y:paid 13",
            vec![(ReceiptKind::Reversal, "x", 7)],
        ),
        (
            vec!["A-1 paid 100", "A-1 total 50"],
            "A-1 refund r1 30 + refund r2 20",
            vec![],
        ),
    ] {
        let (mut store, id) = shop();
        for (place, words) in known.iter().enumerate() {
            tell(&mut store, &format!("k{place}"), words);
        }
        let from = store.root(id).receipts.len();
        tell(&mut store, "k", words);
        let expected: Vec<_> = papers
            .into_iter()
            .map(|(kind, object, minor)| (kind, object.to_owned(), minor))
            .collect();
        assert_eq!(told(&store, id, from), expected, "{words}");
        books(&store, id);
    }
}

/// A captured that is taken back before its receipt, and what is paid again after all went back.
#[test]
fn what_has_nothing_left_is_not_complete() {
    check_table(
        as_usual,
        "
        A-1 paid 100; A-1 reversed 100; receipts
        -> Paid consumed | 0 0 0 0 | 100 0 100 | - | payment_reversed

        A-1 paid 100; receipts; A-1 reversed; receipts
        -> Completed consumed | 0 0 0 0 | 100 0 100 | - | payment_reversed

        [A-1 paid 100, A-1 refund r1 100]; receipts
        -> Refunded consumed | 100 100 0 0 | 100 100 0 | - | -

        A-1 paid 100; A-1 refund r1 100; A-1 b:paid 100; receipts
        -> Paid consumed | 200 100 0 0 | 200 100 0 | - | duplicate_payment

        A-1 paid 100; receipts; A-1 refund r1 100; receipts; A-1 b:paid 100; receipts
        -> Paid consumed | 200 100 0 0 | 200 100 0 | - | duplicate_payment

        A-1 paid 100; A-1 lost d1; receipts
        -> Paid consumed | 100 0 100 0 | 100 0 100 | - | chargeback

        A-1 paid 100; A-1 dispute d1; receipts
        -> Paid consumed | 100 0 100 0 | 100 0 0 | - | chargeback
        ",
    );
}

#[test]
fn an_amount_that_changes_is_the_greatest_that_is_proved_best() {
    check_table(
        as_usual,
        "
        [A-1 paid 60, A-1 paid 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | amount_changed

        [A-1 paid 100, A-1 settled 97]; receipts
        -> Completed consumed | 100 0 0 0 | 100 0 0 | - | amount_changed

        [A-1 paid 100, A-1 settled 40]; receipts
        -> Completed consumed | 100 0 0 0 | 100 0 0 | - | amount_changed

        A-1 paid 100; A-1 settled
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        A-1 settled; A-1 paid 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | amount_unreadable

        [A-1 authorized 100, A-1 paid 60]
        -> PartiallyPaid active | 60 0 0 0 | 60 0 0 | - | -

        [A-1 authorized 120, A-1 paid 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        [A-1 paid 60, A-1 paid 100, A-1 settled 97, A-1 refund r1 30]
        -> * | 100 30 0 0 | 100 30 0 | - | amount_changed

        [A-1 paid 60, asked A-1 paid 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | amount_changed

        [A-1 paid 100, A-1 reversed 60]
        -> * | 0 0 0 0 | 100 0 100 | - | payment_reversed
        ",
    );
}

/// The provider's own answer outweighs what it sent: what it lowers is papered back, and nothing that
/// was sold is sold on less.
#[test]
fn a_better_proof_lowers_an_amount_and_its_paper() {
    check_table(
        as_usual,
        "
        [A-1 paid 100, asked A-1 settled 97]; receipts
        -> * | 97 0 0 0 | 97 0 0 | - | amount_changed

        A-1 paid 100; asked A-1 settled 97; receipts
        -> Paid consumed | 97 0 0 0 | 97 0 0 | - | amount_changed

        A-1 paid 100; asked A-1 settled 97; receipts; A-1 b:paid 3; receipts
        -> Completed consumed | 100 0 0 0 | 100 0 0 | - | amount_changed
        ",
    );
    let (mut store, id) = shop();
    tell(&mut store, "k1", "A-1 paid 100");
    tell(&mut store, "k2", "asked A-1 settled 97");
    let papers = store.root(id).receipts.iter();
    let papers: Vec<_> = papers
        .map(|paper| (paper.kind, paper.money, paper.corrects))
        .collect();
    let (sale, reversal) = (ReceiptKind::Sale, ReceiptKind::Reversal);
    assert_eq!(
        papers,
        [
            (sale, Some(idr(100)), None),
            (reversal, Some(idr(3)), Some(sale))
        ]
    );
    assert_eq!(
        store.root(id).payments[0].projection().status,
        PaymentStatus::Pending
    );
}

/// Figures for all refunds together, single refunds, and both of the same money.
#[test]
fn refunds_are_papered_by_what_they_come_to() {
    check_table(
        as_usual,
        "
        A-1 paid 100; [A-1 total 10, A-1 total 30, A-1 total 50]
        -> PartiallyRefunded consumed | 100 50 0 0 | 100 50 0 | - | -

        [A-1 paid 100, A-1 total 10, A-1 total 30]
        -> PartiallyRefunded consumed | 100 30 0 0 | 100 30 0 | - | -

        A-1 paid 100; [A-1 refund r1 20, A-1 refund r2 30, A-1 total 50]
        -> PartiallyRefunded consumed | 100 50 0 0 | 100 50 0 | - | -

        A-1 paid 100; [A-1 refund r1 20, A-1 total 20, A-1 total 50]
        -> PartiallyRefunded consumed | 100 50 0 0 | 100 50 0 | - | -

        A-1 paid 100; [A-1 refund-pending r1 40, A-1 refund r1 30, A-1 refund r1 40]
        -> PartiallyRefunded consumed | 100 40 0 0 | 100 40 0 | - | -

        A-1 paid 100; [A-1 refund r1 40, A-1 refund-reversed r1 40]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        A-1 paid 100; [A-1 refund r1 70, A-1 total 100, A-1 refund r2 30]
        -> Refunded consumed | 100 100 0 0 | 100 100 0 | - | -

        A-1 paid 100; [A-1 refund r1 70, A-1 refund r2 70]
        -> Refunded consumed | 100 140 0 0 | 100 140 0 | - | over_refunded

        A-1 paid 100; [A-1 refund r1 40, asked A-1 refund r1 30]
        -> PartiallyRefunded consumed | 100 30 0 0 | 100 30 0 | - | -

        A-1 paid 100; [A-1 refund-pending r1 40, A-1 refund r1 30]
        -> PartiallyRefunded consumed | 100 30 0 0 | 100 30 0 | - | -

        A-1 paid 100; [A-1 b:total 50, A-1 total 30]
        -> PartiallyRefunded consumed | 100 50 0 0 | 100 50 0 | - | -

        A-1 paid 100; [A-1 refund-pending r1, A-1 refund-failed r2]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -
        ",
    );
}

#[test]
fn a_figure_that_says_nothing_new_papers_nothing() {
    let (mut store, id) = shop();
    tell(&mut store, "k1", "A-1 paid 100");
    for (place, (words, minor)) in [
        ("total 10", Some(10)),
        ("total 30", Some(20)),
        ("total 50", Some(20)),
        ("total 10", None),
        ("refund r1 30", None),
        ("total 50", None),
        ("refund r2 30", Some(10)),
        ("refund r1 30", None),
        ("total 60", None),
    ]
    .into_iter()
    .enumerate()
    {
        let papers = store.root(id).receipts.len();
        tell(&mut store, &format!("r{place}"), &format!("A-1 {words}"));
        let new = &store.root(id).receipts[papers..];
        let amounts: Vec<i64> = new
            .iter()
            .filter_map(|paper| paper.money)
            .map(|m| m.minor)
            .collect();
        assert_eq!(amounts, Vec::from_iter(minor), "{words}");
    }
    assert_eq!(store.root(id).ledger().all.refunded, 60);
}

/// Each paper is for the object whose money it is, not for the first one.
#[test]
fn papers_of_part_payments_name_their_own_objects() {
    let (mut store, id) = shop();
    store.register("A", "A-2");
    for (key, words) in [
        ("k1", "A-1 x:paid 30"),
        ("k2", "A-1 y:paid 30"),
        ("k3", "A-2 z:paid 40"),
        ("k4", "A-2 refund r7 40"),
        ("k5", "A-1 pending"),
        ("k6", "A-1 y:reversed"),
        ("k7", "A-1 dispute d1 20"),
        ("k8", "A-1 lost d2 30"),
    ] {
        tell(&mut store, key, words);
    }
    let root = store.root(id);
    let papers: Vec<String> = root
        .receipts
        .iter()
        .map(|paper| {
            let of = root
                .payment(paper.payment)
                .map(|known| known.reference.as_str());
            let minor = paper.money.map_or(0, |money| money.minor);
            format!(
                "{:?} {} {} {minor}",
                paper.kind,
                of.unwrap_or("?"),
                paper.object
            )
        })
        .collect();
    assert_eq!(
        papers,
        [
            "Sale A-1 x 30",
            "Sale A-1 y 30",
            "Sale A-2 z 40",
            "Refund A-2 r7 40",
            "Reversal A-1 y 30",
            "Reversal A-1 d2 30"
        ]
    );
}

#[test]
fn a_dispute_keeps_money_away_and_is_papered_when_it_is_lost() {
    check_table(
        as_usual,
        "
        A-1 paid 100; A-1 dispute d1 40; staff may refund A-1 60
        -> Paid consumed | 100 0 40 0 | 100 0 0 | - | chargeback

        A-1 paid 100; [A-1 dispute d1 40, A-1 lost d1 40]; staff may refund A-1 60
        -> Paid consumed | 100 0 40 0 | 100 0 40 | - | chargeback

        A-1 paid 100; A-1 dispute d1 40; A-1 won d1 40; staff may refund A-1 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | chargeback

        A-1 paid 100; A-1 lost d1; staff may refund A-1 0
        -> Paid consumed | 100 0 100 0 | 100 0 100 | - | chargeback

        A-1 paid 100; A-1 dispute d1; staff may refund A-1 0; A-1 won d1; staff may refund A-1 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | chargeback

        A-1 paid 100; [A-1 refund r1 30, A-1 lost d1]
        -> PartiallyRefunded consumed | 100 30 70 0 | 100 30 70 | - | chargeback

        A-1 paid 100; [A-1 dispute d1 40, A-1 dispute d1 60, A-1 lost d1 60]
        -> Paid consumed | 100 0 60 0 | 100 0 60 | - | chargeback

        A-1 paid 100; [A-1 lost d1 40, asked A-1 won d1 40]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | *

        A-1 paid 100; [A-1 lost d1 30, A-1 lost d2 50]; staff may refund A-1 20
        -> Paid consumed | 100 0 80 0 | 100 0 80 | - | chargeback

        [A-1 paid 100, A-1 lost d1 40]
        -> Paid consumed | 100 0 40 0 | 100 0 40 | - | chargeback

        A-1 paid 100; [A-1 lost d1, A-1 lost d2 50]
        -> Paid consumed | 100 0 100 0 | 100 0 100 | - | chargeback

        A-1 paid 100; A-1 refund r1 80; [A-1 dispute d1 40, A-1 dispute d2]
        -> PartiallyRefunded consumed | 100 80 40 0 | 100 80 0 | - | chargeback

        [A-1 paid 100, A-1 dispute d1 40, A-1 refund r1 100]
        -> Refunded consumed | 100 100 40 0 | 100 100 0 | - | chargeback

        register A-2 60; A-1 paid 40; A-1 dispute d1 40; A-2 b:paid 60
        -> PartiallyPaid active | 100 0 40 0 | 100 0 0 | - | chargeback

        register A-2 60; A-1 paid 40; A-1 dispute d1 40; A-2 b:paid 60; receipts; A-1 won d1 40
        -> Completed consumed | 100 0 0 0 | 100 0 0 | - | chargeback
        ",
    );
}

/// A capture that is told under our reference at first, and under the provider's own id later.
#[test]
fn a_capture_told_without_its_id_is_one_of_those_told_with_it() {
    check_table(
        as_usual,
        "
        [A-1 A-1:paid 100, A-1 tx:paid 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        [A-1 A-1:paid 100, A-1 tx:paid 100, A-1 tx:settled 100, A-1 A-1:pending]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        [A-1 A-1:paid 100, A-1 x:paid 60, A-1 y:paid 40]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | *

        [A-1 A-1:paid 100, A-1 x:fail, A-1 y:paid 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        [A-1 A-1:paid 100, A-1 tx:reversed]
        -> * | 0 0 0 0 | 100 0 100 | - | *

        [A-1 A-1:paid 60, A-1 tx:paid 60]; A-1 y:paid 40
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -
        ",
    );
}

#[test]
fn what_cannot_be_read_pays_nothing() {
    check_table(
        as_usual,
        "
        [A-1 paid, A-1 settled]
        -> AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | amount_unreadable

        A-1 paid -100
        -> AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | amount_unreadable

        A-1 paid 0
        -> AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | -

        A-1 paid 100; A-1 refund r1; staff may refund A-1 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | amount_unreadable

        A-1 paid 100; A-1 reversed; A-1 paid 100
        -> Paid consumed | 0 0 0 0 | 100 0 100 | - | payment_reversed
        ",
    );
    let mut store = shop().0;
    let id = *store.rows.roots.keys().next().expect("an order");
    let unreadable = Event {
        amount_unreadable: true,
        ..event("k1", &["A-1"], "paid 100")
    };
    store.take(unreadable, NEVER);
    assert_eq!(
        books(&store, id),
        "AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | amount_unreadable"
    );
}

#[test]
fn a_charged_back_payment_is_not_refunded_in_full_again() {
    check_table(
        as_usual,
        "
        A-1 paid 100; staff refunds A-1 30; A-1 lost d1 50; staff may refund A-1 20
        -> Paid consumed | 100 0 50 30 | 100 0 50 | A-1 30 | chargeback

        A-1 paid 100; A-1 reversed; staff may refund A-1 0
        -> Paid consumed | 0 0 0 0 | 100 0 100 | - | payment_reversed

        A-1 paid 100; A-1 refund r1 60; staff may refund A-1 40; A-1 total 80; staff may refund A-1 20
        -> PartiallyRefunded consumed | 100 80 0 0 | 100 80 0 | - | -

        register A-2; A-1 paid 40; A-2 b:paid 60; staff may refund A-1 40; staff may refund A-2 60
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -
        ",
    );
}

#[test]
fn an_authorisation_that_is_captured_in_part_leaves_time_for_the_rest() {
    let (mut store, id) = shop();
    tell(&mut store, "k1", "A-1 authorized 100");
    // Long after the hold's own end.
    store.later(Span::hours(30));
    store.due(id);
    assert_eq!(store.status(id), "AwaitingPayment active");
    tell(&mut store, "k2", "A-1 paid 60");
    assert_eq!(store.status(id), "PartiallyPaid active");
    store.later(Span::minutes(14));
    store.due(id);
    assert_eq!(store.status(id), "PartiallyPaid active");
    store.register("A", "A-2");
    tell(&mut store, "k3", "A-2 b:paid 40");
    assert_eq!(
        books(&store, id),
        "Paid consumed | 100 0 0 0 | 100 0 0 | - | -"
    );

    // Let go instead, nothing keeps the order any longer than it was to be kept.
    let (mut store, id) = shop();
    tell(&mut store, "k1", "A-1 authorized 100");
    store.later(Span::hours(30));
    tell(&mut store, "k2", "A-1 voided");
    store.due(id);
    assert_eq!(store.status(id), "Expired expired");
}

#[test]
fn a_cancelled_orders_money_that_is_set_aside_is_shown() {
    let (mut store, id) = shop();
    store.rules.auto_refund = false;
    tell(&mut store, "k1", "A-1 authorized 100");
    cancel(&mut store, "A");
    store.later(Span::minutes(3));
    store.due(id);
    assert_eq!(
        books(&store, id),
        "Cancelled released | 0 0 0 0 | 0 0 0 | - | authorization_open"
    );
    tell(&mut store, "k2", "A-1 paid 100");
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
    tell(&mut store, "k1", "Y-9 authorized 100");
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
    tell(&mut store, "k2", "A-9 paid 100");
    assert_eq!(
        books(&store, id),
        "Paid consumed | 100 0 0 0 | 100 0 0 | - | -"
    );
    assert_eq!(status(&store, in_order), PaymentStatus::Paid);
    tell(&mut store, "k3", "X-9 paid 100");
    assert_eq!(status(&store, alone), PaymentStatus::Paid);
    // Looked at again, nothing happens.
    store.due(alone.root());
    assert_eq!(store.changed, 0);
}

#[test]
fn attention_on_a_payment_without_an_order_is_resolved() {
    let mut store = Store::new();
    let Outcome::Payment(id, _) = store.try_register(None, "X-1") else {
        panic!("registered");
    };
    tell(&mut store, "k1", "X-1 paid 130");
    tell(&mut store, "k2", "X-1 dispute d1 10");
    assert_eq!(
        books(&store, id.root()),
        "ChargedBack | 130 0 10 0 | 130 0 0 | - | chargeback, overpaid"
    );
    let resolve = |store: &mut Store, code| {
        store.act(Action::ResolveAttention {
            of: AttentionOf::Payment(id),
            code,
            note: "seen".to_owned(),
        })
    };
    for code in [AttentionCode::Overpaid, AttentionCode::Chargeback] {
        let outcome = resolve(&mut store, code);
        assert!(matches!(outcome, Outcome::Payment(..)), "{outcome:?}");
    }
    assert_eq!(store.attention(id.root()), [""; 0]);
    assert_eq!(
        resolve(&mut store, AttentionCode::OverRefunded),
        Outcome::Refused(Refusal::NotFound)
    );
    // Of an order's payment, only what is about that payment.
    let (mut store, id) = shop();
    store.register("A", "A-2");
    tell(&mut store, "k1", "A-1 paid 100");
    tell(&mut store, "k2", "A-2 b:paid 100");
    let other = payment(&store, id, "A-1");
    let of_other = Action::ResolveAttention {
        of: AttentionOf::Payment(other),
        code: AttentionCode::DuplicatePayment,
        note: "seen".to_owned(),
    };
    assert_eq!(store.act(of_other), Outcome::Refused(Refusal::NotFound));
    assert_eq!(store.attention(id), ["duplicate_payment"]);
}

#[test]
fn an_order_over_nothing_is_complete_at_once() {
    let mut store = Store::new();
    store.stock("shirt", 2);
    let mut gift = with_payment(order("G", &[line("shirt", 1, 100)]), "G-1");
    gift.discount_minor = 100;
    let id = store.order(gift);
    assert_eq!(
        books(&store, id),
        "Completed consumed | 0 0 0 0 | 0 0 0 | - | -"
    );
    assert_eq!(store.counts("shirt"), "1/0");
    // Whatever is paid for it all the same is too much.
    tell(&mut store, "k1", "G-1 paid 5");
    assert_eq!(store.attention(id).len(), 1);
    let payment = payment(&store, id, "G-1");
    let outcome = staff_refund(&mut store, payment, 5);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
}

fn early(key: &str, words: &str, by_code: bool) -> Event {
    Event {
        code: by_code.then(|| "B".to_owned()),
        ..event(key, &["B-1"], words)
    }
}

/// Paid before its order came, refused for want of stock, given back; then the same code is ordered again.
#[test]
fn money_of_a_refused_order_never_pays_a_later_one_of_the_same_code() {
    for by_code in [true, false] {
        let (mut store, _) = shop();
        store.stock("shirt", 1);
        store.take(early("k1", "settled 100", by_code), NEVER);
        let wanted = order("B", &[line("shirt", 1, 100)]);
        let wanted = match by_code {
            true => wanted,
            false => with_payment(wanted, "B-1"),
        };
        let refused = store.refusal(wanted.clone());
        assert!(matches!(
            refused,
            Refusal::OutOfStock {
                payment_waiting: true,
                ..
            }
        ));
        let bound = store.rows.names[&("bank".to_owned(), "B-1".to_owned())].payment;
        let alone = bound.expect("a payment of its own").root();
        let on_its_way = "Paid | 100 0 0 100 | 100 0 0 | B-1 100 | paid_unfulfillable";
        assert_eq!(books(&store, alone), on_its_way);

        store.stock("shirt", 5);
        let again = match by_code {
            true => wanted,
            false => {
                // The reference is taken by the money that it brought.
                assert!(matches!(
                    store.refusal(wanted.clone()),
                    Refusal::AlreadyExists(_)
                ));
                with_payment(wanted, "B-2")
            }
        };
        let id = store.order(again);
        let waits = "AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | -";
        assert_eq!(books(&store, id), waits);
        // The same settlement in other bytes, and the refund's notice.
        store.take(early("k2", "settled 100", by_code), NEVER);
        assert_eq!(
            (books(&store, id), books(&store, alone)),
            (waits.into(), on_its_way.into())
        );
        store.take(early("k3", "total 100", by_code), NEVER);
        let refund = store.effects("refund:").remove(0);
        let taken = taken_as(Some("back-1"), RefundState::Succeeded);
        does(&mut store, &refund, taken);
        store.take(early("k4", "refund back-1 100", by_code), NEVER);
        assert_eq!(books(&store, id), waits);
        assert_eq!(
            books(&store, alone),
            "Refunded | 100 100 0 0 | 100 100 0 | B-1 100 | paid_unfulfillable"
        );
        // Its own money does.
        let own = Event {
            code: Some("B".to_owned()),
            ..event("k5", &["B-3"], "n:paid 100")
        };
        store.take(own, NEVER);
        assert_eq!(
            books(&store, id),
            "Paid consumed | 100 0 0 0 | 100 0 0 | - | -"
        );
    }
}

#[test]
fn a_refused_orders_money_waits_where_a_person_gives_back() {
    let (mut store, _) = shop();
    store.stock("shirt", 1);
    store.rules.auto_refund = false;
    let (waiting, _) = store.take(early("k1", "paid 100", true), NEVER);
    store.refusal(order("B", &[line("shirt", 1, 100)]));
    assert_eq!(store.event_state(waiting), EventState::Parked);
    assert!(store.effects("refund:").is_empty());
    let shown = |entry: &&tollgate_core::decision::Entry| entry.kind.word() == "event.attention";
    assert_eq!(store.entries.iter().filter(shown).count(), 1);
    // With stock, it pays the order it was paid for.
    store.stock("shirt", 5);
    let id = store.order(order("B", &[line("shirt", 1, 100)]));
    assert_eq!(
        books(&store, id),
        "Paid consumed | 100 0 0 0 | 100 0 0 | - | -"
    );
}

/// Two early payments of one refused order, in one delivery and in two.
#[test]
fn all_money_of_a_refused_order_goes_back_or_is_shown() {
    for one_delivery in [true, false] {
        let (mut store, _) = shop();
        store.stock("shirt", 1);
        let delivery = store.fresh();
        for (place, reference) in [(1, "B-1"), (2, "B-2")] {
            let root = if one_delivery {
                delivery
            } else {
                store.fresh()
            };
            let said = Event {
                code: Some("B".to_owned()),
                ..event(reference, &[reference], &format!("{reference}:paid 50"))
            };
            store.act(Action::TakeEvent(TakeEvent {
                id: EventId::on(root, place),
                source: "bank".to_owned(),
                event: said,
                policy: NEVER,
                received_at: store.now,
                forwards: Vec::new(),
                raw: RawEvent::default(),
            }));
        }
        store.refusal(order("B", &[line("shirt", 1, 100)]));
        let shown = store
            .entries
            .iter()
            .filter(|told| told.kind.word() == "event.attention");
        let (ordered, shown) = (store.effects("refund:").len(), shown.count());
        assert_eq!((ordered, shown), if one_delivery { (1, 1) } else { (2, 0) });
    }
}

/// A provider that tells another figure every second.
#[test]
fn figures_that_change_for_ever_are_few_facts() {
    let (mut store, id) = shop();
    tell(&mut store, "k", "A-1 paid 100");
    for n in 0..3_000 {
        let words = match n % 4 {
            0 => format!("A-1 total {}", n % 90),
            1 => format!("A-1 settled {}", 10 + n % 90),
            2 => format!("A-1 refund r{} {}", n % 5, n % 17),
            _ => "A-1 pending".to_owned(),
        };
        tell(&mut store, &format!("k{n}"), &words);
    }
    let known = &store.root(id).payments[0];
    assert!(known.facts.len() <= 64, "{}", known.facts.len());
    let all = store.root(id).ledger().all;
    assert_eq!((all.captured, all.refunded), (100, 88));
    assert_eq!(store.attention(id), ["amount_changed"]);
    // Every paper of these thousands says something new.
    let papers = &store.root(id).receipts;
    assert!(papers.len() < 200, "{}", papers.len());
    books(&store, id);
}

/// More objects than anybody can pay with: what does not fit is named, and what is known stays.
#[test]
fn more_facts_than_are_kept_are_shown() {
    let (mut store, id) = shop();
    store.rules.facts_max = 100;
    for n in 0..150 {
        tell(&mut store, &format!("k{n}"), &format!("A-1 o{n}:fail"));
    }
    assert_eq!(store.root(id).payments[0].facts.len(), 100);
    assert_eq!(store.attention(id), ["too_many_facts"]);
    let outcome = store.hear("k", "A-1", "paid 100");
    assert_eq!(outcome, EventOutcome::Attention);
    assert_eq!(store.status(id), "AwaitingPayment active");
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let capture = prop::sample::select(vec![
        CaptureState::Created,
        CaptureState::Pending,
        CaptureState::Failed,
        CaptureState::Expired,
        CaptureState::Authorized,
        CaptureState::Voided,
        CaptureState::Captured,
        CaptureState::Settled,
        CaptureState::Reversed,
    ])
    .prop_map(FactKind::Capture);
    let refund = prop::sample::select(vec![
        RefundState::Requested,
        RefundState::Pending,
        RefundState::Failed,
        RefundState::Succeeded,
        RefundState::Reversed,
    ])
    .prop_map(FactKind::Refund);
    let dispute = prop::sample::select(vec![
        DisputeState::Open,
        DisputeState::Won,
        DisputeState::Lost,
    ])
    .prop_map(FactKind::Dispute);
    let kind =
        prop_oneof![4 => capture, 2 => refund, 1 => dispute, 1 => Just(FactKind::RefundedTotal)];
    let strength = prop::sample::select(vec![
        Strength::Unsigned,
        Strength::PartlySigned,
        Strength::Signed,
        Strength::Asked,
    ]);
    let money = prop_oneof![
        6 => (-2i64..120).prop_map(|minor| Some(idr(minor))),
        1 => Just(None),
        1 => Just(Some(idr(i64::MAX))),
    ];
    let object = prop::sample::select(vec!["A-1", "x", "y", "z"]);
    let at = prop::option::of(0i64..5);
    (
        kind,
        strength,
        money,
        object,
        at,
        prop::bool::weighted(0.02),
    )
        .prop_map(|(kind, strength, money, object, at, foreign_mode)| Fact {
            object: object.to_owned(),
            kind,
            money,
            occurred_at: at.map(|minutes| START.plus(Span::minutes(minutes))),
            strength,
            foreign_mode,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// What is dropped of a large set says nothing that the rest does not say.
    #[test]
    fn few_facts_come_to_what_all_of_them_come_to(
        facts in prop::collection::vec(any_fact(), 0..400),
    ) {
        let mut few = Payment {
            id: PaymentId::on(RootId::new(1 << 16), 0),
            source: "bank".to_owned(),
            reference: "A-1".to_owned(),
            due: idr(100),
            expires_at: None,
            provider_payment_id: None,
            facts: Vec::new(),
            created_at: START,
            updated_at: START,
        };
        let mut all = few.clone();
        let mut foreign = 0;
        for (place, fact) in facts.into_iter().enumerate() {
            foreign += usize::from(fact.foreign_mode);
            few.add(fact.clone());
            let told = |known: &Fact| {
                known.foreign_mode && (known.kind, &known.object, known.money) == (fact.kind, &fact.object, fact.money)
            };
            // What nobody counts is shown, but once.
            if !fact.foreign_mode || !all.facts.iter().any(told) {
                all.facts.push(fact);
            }
            if place % 25 == 0 {
                prop_assert_eq!(few.fold(), all.fold());
            }
        }
        prop_assert_eq!(few.fold(), all.fold());
        prop_assert!(few.facts.len() <= 64 + foreign, "{}", few.facts.len());
    }
}

/// Goods and slot come back with a refund, once, and only what was sold.
#[test]
fn what_was_sold_comes_back_once() {
    use tollgate_core::capacity::{Late, Unit};
    let (mut store, id) = shop();
    store.put_calendar(
        calendar("kitchen", Unit::Orders, 1, Late::Same),
        slots(1, 0, 4),
    );
    let mut wanted = with_payment(order("B", &[line("shirt", 1, 100)]), "B-1");
    wanted.slot = earliest("kitchen");
    let other = store.order(wanted);
    let of = |store: &Store, id: RootId| store.root(id).payments[0].id;
    let back = |store: &mut Store, payment, minor, restock: &[(&str, i64)], release_slot| {
        store.act(Action::RefundPayment(RefundPayment {
            payment,
            minor,
            reason: "returned".to_owned(),
            restock: restock
                .iter()
                .map(|(sku, units)| ((*sku).to_owned(), *units))
                .collect(),
            release_slot,
            recorded: false,
        }))
    };
    let too_many = |sku: &str, left| {
        let sku = sku.to_owned();
        Outcome::Refused(Refusal::RestockExceedsSold { sku, left })
    };
    // Nothing is sold yet.
    let payment = of(&store, other);
    tell(&mut store, "k0", "B-1 paid 40");
    let outcome = back(&mut store, payment, 1, &[("shirt", 1)], false);
    assert_eq!(outcome, too_many("shirt", 0));
    let outcome = back(&mut store, payment, 1, &[], true);
    assert_eq!(outcome, Outcome::Refused(Refusal::SlotNotSold));
    tell(&mut store, "k1", "B-1 b:paid 60");
    assert_eq!(store.status(other), "Paid consumed");
    assert_eq!(store.counts("shirt"), "1/1");
    let sold = |store: &Store| -> i64 { store.rows.slots.values().map(|slot| slot.sold).sum() };
    assert_eq!(sold(&store), 1);

    let outcome = back(&mut store, payment, 10, &[("shirt", 2)], false);
    assert_eq!(outcome, too_many("shirt", 1));
    let outcome = back(&mut store, payment, 10, &[("hat", 1)], false);
    assert_eq!(outcome, too_many("hat", 0));
    // A refund that is refused gives nothing back.
    let outcome = back(&mut store, payment, 101, &[("shirt", 1)], true);
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    assert_eq!((store.counts("shirt").as_str(), sold(&store)), ("1/1", 1));

    let outcome = back(&mut store, payment, 10, &[("shirt", 1)], false);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
    assert_eq!((store.counts("shirt").as_str(), sold(&store)), ("2/1", 1));
    let outcome = back(&mut store, payment, 10, &[], true);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
    assert_eq!((store.counts("shirt").as_str(), sold(&store)), ("2/1", 0));
    for (restock, release_slot) in [(&[("shirt", 1)][..], false), (&[][..], true)] {
        let outcome = back(&mut store, payment, 10, restock, release_slot);
        assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    }
    // Also when the bank refuses the money: the goods are on the shelf.
    let key = store.effects("refund:").remove(0);
    does(&mut store, &key, refused());
    assert_eq!(store.root(other).refunds[0].state, RefundProgress::Failed);
    assert_eq!((store.counts("shirt").as_str(), sold(&store)), ("2/1", 0));
    assert_eq!(store.status(id), "AwaitingPayment active");
}

/// Cash lies in the till: nobody can be called for it.
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
    tell(&mut store, "k1", "A-1 paid 50");
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

/// The examples of docs/money.md.
#[test]
fn the_worked_examples_are_true() {
    check_table(
        after_cancel_rehold,
        "
        A-1 paid 40; staff refunds A-1 40; register A-2; A-2 owes 100; the provider refunds;
        A-2 b:paid 60; register A-3; A-3 owes 40; A-3 c:paid 40
        -> Paid consumed | 140 40 0 0 | 140 40 0 | A-1 40 | -

        A-1 paid 40; staff refunds A-1 40; the bank refuses; register A-2; A-2 owes 60; A-2 b:paid 60
        -> Paid consumed | 100 0 0 0 | 100 0 0 | A-1 40 | -

        A-1 paid 50; cancel; sold elsewhere; staff refunds A-1 50; the provider refunds;
        register A-2; A-2 b:paid 50; register A-3; A-3 c:paid 100
        -> Cancelled released | 200 50 0 150 | 200 50 0 | A-1 50, A-2 50, A-3 100 | *

        A-1 paid 100; asked A-1 settled 97; A-1 refund r1 40; A-1 refund-reversed r1 40
        -> Paid consumed | 97 0 0 0 | 97 0 0 | - | amount_changed

        run out; register A-2; [A-1 paid 60, A-2 b:paid 40]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | partially_paid_expired

        run out; sold elsewhere; register A-2; [A-1 paid 60, A-2 b:paid 40]
        -> Expired expired | 100 0 0 100 | 100 0 0 | A-1 60, A-2 40
           | paid_unfulfillable, partially_paid_expired
        ",
    );
}

/// What may happen to an order that is paid in two parts, in whatever sense or nonsense.
const ANYTHING: &[&str] = &[
    "A-1 paid 60",
    "A-1 paid 100",
    "A-1 settled 97",
    "asked A-1 settled 97",
    "A-1 y:paid 40",
    "A-1 A-1:paid 60",
    "A-2 b:paid 40",
    "A-2 b:settled 40",
    "A-1 authorized 100",
    "A-1 fail",
    "A-1 reversed",
    "A-2 b:reversed 40",
    "A-1 refund r1 30",
    "A-1 refund r1 20",
    "A-1 refund-pending r2 10",
    "A-1 refund r2 10",
    "A-1 refund-reversed r1 30",
    "A-1 total 30",
    "A-1 total 50",
    "A-2 total 40",
    "A-1 dispute d1 40",
    "A-1 dispute d2",
    "A-1 won d1 40",
    "A-1 lost d1 40",
    "A-1 lost d2",
    "try A-1 30",
    "try A-1 100",
    "try A-2 40",
    "the provider refunds",
    "the calls fail",
    "cancel",
    "run out",
    "sold elsewhere",
    "receipts",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// After every step: papers say what the ledger says, nothing is ordered back that is not free, an
    /// order is sold only while it is covered, and money of an ended order goes back or is shown.
    #[test]
    fn whatever_happens_the_books_add_up(
        steps in prop::collection::vec(prop::sample::select(ANYTHING.to_vec()), 1..25),
    ) {
        let (mut store, id) = shop();
        store.register("A", "A-2");
        for (place, words) in steps.iter().enumerate() {
            let before = (store.root(id).ledger(), store.root(id).refunds.len());
            let was_sold = store.root(id).is_fulfilled();
            let parts: Vec<&str> = words.split_whitespace().collect();
            match parts.as_slice() {
                ["try", reference, minor] => {
                    let payment = payment(&store, id, reference);
                    let free = before.0.of_payment(payment).free();
                    let minor = minor.parse().expect("an amount");
                    let outcome = staff_refund(&mut store, payment, minor);
                    let ordered = matches!(outcome, Outcome::Refund(..));
                    prop_assert_eq!(ordered, minor <= free, "{:?}: {:?}", steps, outcome);
                }
                ["the", "calls", "fail"] => {
                    for key in store.effects("refund:") {
                        if !store.rows.claimed.contains_key(&effect_id(&key))
                            && takes_up(&mut store, &key)
                        {
                            ends(&mut store, &key, refused());
                        }
                    }
                }
                ["the", "provider", "refunds"] => {
                    for key in store.effects("refund:") {
                        if !store.rows.claimed.contains_key(&effect_id(&key))
                            && takes_up(&mut store, &key)
                        {
                            ends(&mut store, &key, taken_as(None, RefundState::Succeeded));
                        }
                    }
                }
                ["sold", "elsewhere"] => drop(store.act(Action::PutStock {
                    sku: "shirt".to_owned(),
                    on_hand: 0,
                    if_version: None,
                    low_at: None,
                })),
                _ => step(&mut store, id, &format!("k{place}"), words),
            }
            papers(&store, id);
            store.check_capacity();
            let root = store.root(id);
            let ledger = root.ledger();
            for refund in &root.refunds[before.1..] {
                // What was ordered in this step was free in it.
                let account = ledger.of_payment(refund.payment);
                prop_assert!(account.reserved <= account.kept(), "{:?}: {:?}", steps, account);
            }
            let sold_now = root.is_fulfilled() && !was_sold;
            // What goes back may be told before what came: then it did come.
            let told_early = ledger.all.refunded + ledger.all.charged_back;
            prop_assert!(!sold_now || ledger.due <= ledger.all.kept() + told_early, "{:?}", steps);
            let order = root.order.as_ref().expect("an order");
            let is_completed = order.status == OrderStatus::Completed;
            let was_completed = is_completed && ledger == before.0;
            prop_assert!(
                !is_completed || was_completed || ledger.is_covered() || !store.attention(id).is_empty(),
                "{:?}", steps
            );
            let has_ended = matches!(order.status, OrderStatus::Expired | OrderStatus::Cancelled);
            if has_ended && 0 < ledger.at_rest() {
                prop_assert!(!store.attention(id).is_empty(), "{:?}: {:?}", steps, ledger);
            }
        }
    }
}
