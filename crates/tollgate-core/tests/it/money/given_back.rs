//! What goes back: once, of what is free, and what it leaves.

use tollgate_core::command::{Action, RefundPayment};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::id::RootId;
use tollgate_core::payment::RefundProgress;
use tollgate_core::word::Word;

use crate::store::Store;
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

/// One answer names a capture and what went back of it: it came first, whole, and then went.
#[test]
fn what_comes_with_its_refund_has_paid_first() {
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

        A-1 x:paid 100; A-1 refund r1 100; A-1 x:reversed; A-1 y:paid 110
        -> PartiallyRefunded consumed | 110 100 0 0 | 210 100 100 | - | duplicate_payment, payment_reversed
        ",
    );
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
    send(&mut store, "k1", "A-1 paid 100");
    staff_refund_all(&mut store, id);
    send(&mut store, "k2", "A-1 lost d1 40");
    assert_eq!(store.root(id).ledger().all.free(), 0);
}

fn staff_refund_all(store: &mut Store, id: RootId) {
    let payment = payment(store, id, "A-1");
    let free = store.root(id).ledger().of_payment(payment).free();
    let outcome = staff_refund(store, payment, free);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
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

        A-1 paid 100; receipts; A-1 refund r1 100; receipts; A-1 b:paid 40; receipts
        -> PartiallyRefunded consumed | 140 100 0 0 | 140 100 0 | - | duplicate_payment

        A-1 paid 100; receipts; A-1 refund r1 100; A-1 b:paid 40; A-1 c:paid 60; receipts
        -> Paid consumed | 200 100 0 0 | 200 100 0 | - | duplicate_payment

        A-1 paid 100; A-1 refund r1 60; A-1 refund r2 40; A-1 refund-reversed r1 60; receipts
        -> PartiallyRefunded consumed | 100 40 0 0 | 100 40 0 | - | -

        A-1 paid 100; A-1 lost d1; receipts
        -> Paid consumed | 100 0 100 0 | 100 0 100 | - | chargeback

        A-1 paid 100; A-1 dispute d1; receipts
        -> Paid consumed | 100 0 100 0 | 100 0 0 | - | chargeback
        ",
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
    send(&mut store, "k0", "B-1 paid 40");
    let outcome = back(&mut store, payment, 1, &[("shirt", 1)], false);
    assert_eq!(outcome, too_many("shirt", 0));
    let outcome = back(&mut store, payment, 1, &[], true);
    assert_eq!(outcome, Outcome::Refused(Refusal::SlotNotSold));
    send(&mut store, "k1", "B-1 b:paid 60");
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

/// A sku that is stocked no more has no shelf to come back to: nothing says that it has.
#[test]
fn what_is_stocked_no_more_does_not_come_back() {
    let (mut store, id) = shop();
    store.stock("hat", 1);
    let wanted = order("B", &[line("shirt", 1, 50), line("hat", 1, 50)]);
    let other = store.order(with_payment(wanted, "B-1"));
    send(&mut store, "k1", "B-1 paid 100");
    assert_eq!(store.status(other), "Paid consumed");
    let gone = store.act(Action::RemoveStock("hat".to_owned()));
    assert!(!matches!(gone, Outcome::Refused(_)), "{gone:?}");
    let payment = store.root(other).payments[0].id;
    let outcome = store.act(Action::RefundPayment(RefundPayment {
        payment,
        minor: 100,
        reason: "returned".to_owned(),
        restock: vec![("hat".to_owned(), 1), ("shirt".to_owned(), 1)],
        release_slot: false,
        recorded: false,
    }));
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
    let restocked = &store.root(other).refunds[0].restocked;
    assert_eq!(restocked, &[("shirt".to_owned(), 1)]);
    let returned = store.entries.iter();
    let returned = returned.filter(|entry| entry.kind.word() == "stock.returned");
    assert_eq!(returned.count(), 1);
    // One shirt is held for the first order.
    assert_eq!(store.counts("shirt"), "2/1", "{id:?}");
}
