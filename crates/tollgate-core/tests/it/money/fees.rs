//! A fee for the way of paying that the customer pays on top: the order is paid by the rest (docs/money.md).

use tollgate_core::payment::PaymentStatus;

use crate::stories::*;

#[test]
fn what_comes_with_its_fee_pays_the_order_and_is_not_too_much() {
    check_table(
        as_usual,
        "
        [A-1 paid 105 fee 5]
        -> Paid consumed | 105 0 0 0 | 105 0 0 | - | -

        [A-1 paid 105 fee 5, asked A-1 settled 105]
        -> Paid consumed | 105 0 0 0 | 105 0 0 | - | -

        [A-1 paid 105 fee 5, asked A-1 settled 105 fee 5]
        -> Paid consumed | 105 0 0 0 | 105 0 0 | - | -

        [A-1 paid 105 fee 5, asked A-1 settled 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | amount_changed

        [A-1 paid 110 fee 10, A-1 paid 105 fee 5, asked A-1 settled 105]
        -> Paid consumed | 105 0 0 0 | 105 0 0 | - | *

        [A-1 paid 100 fee 5]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        [A-1 paid 103 fee 5]
        -> Paid consumed | 103 0 0 0 | 103 0 0 | - | -

        [A-1 paid 130 fee 5]
        -> Paid consumed | 130 0 0 0 | 130 0 0 | - | overpaid

        [A-1 paid 60 fee 5]
        -> PartiallyPaid active | 60 0 0 0 | 60 0 0 | - | -

        register A-2; [A-1 paid 105 fee 5, A-2 b:paid 104 fee 4]
        -> Paid consumed | 209 0 0 0 | 209 0 0 | - | duplicate_payment

        register A-1a 40; register A-2 60; [A-1a paid 42 fee 2, A-2 b:paid 63 fee 3]
        -> Paid consumed | 105 0 0 0 | 105 0 0 | - | -

        run out; A-1 paid 105 fee 5
        -> Paid consumed | 105 0 0 0 | 105 0 0 | - | -

        run out; sold elsewhere; A-1 paid 105 fee 5
        -> Expired expired | 105 0 0 105 | 105 0 0 | A-1 105 | paid_unfulfillable

        run out; sold elsewhere; A-1 settled 102; the provider refunds; A-1 paid 105 fee 5
        -> Expired expired | 105 102 0 3 | 105 102 0 | A-1 102, A-1 3 | amount_changed, paid_unfulfillable

        run out; sold elsewhere; A-1 settled 100; the provider refunds; A-1 paid 130
        -> Expired expired | 130 100 0 30 | 130 100 0 | A-1 100, A-1 30 | amount_changed, paid_unfulfillable

        run out; sold elsewhere; A-1 settled 102; A-1 paid 105 fee 5
        -> Expired expired | 105 0 0 105 | 105 0 0 | A-1 102, A-1 3 | amount_changed, paid_unfulfillable
        ",
    );
}

#[test]
fn the_fee_goes_back_first_and_alone_pays_nothing() {
    check_table(
        as_usual,
        "
        [A-1 paid 105 fee 5, A-1 refund r1 40]
        -> PartiallyRefunded consumed | 105 40 0 0 | 105 40 0 | - | -

        A-1 paid 105 fee 5; [A-1 refund r1 40, A-1 refund r2 60]
        -> Refunded consumed | 105 100 0 0 | 105 100 0 | - | -

        A-1 paid 105 fee 5; [A-1 refund r1 5]
        -> Paid consumed | 105 5 0 0 | 105 5 0 | - | -

        A-1 paid 105 fee 5; staff may refund A-1 105; staff refunds A-1 105; the provider refunds
        -> Refunded consumed | 105 105 0 0 | 105 105 0 | A-1 105 | -

        A-1 paid 105 fee 5; A-1 refund r1 40; register A-2; A-2 owes 35; A-2 b:paid 37 fee 2
        -> Paid consumed | 142 40 0 0 | 142 40 0 | - | -

        A-1 paid 105 fee 5; [A-1 refund r1 5, A-1 refund r2 40]; register A-2; A-2 owes 40
        -> PartiallyRefunded consumed | 105 45 0 0 | 105 45 0 | - | -

        A-1 paid 130 fee 5; [A-1 refund r1 25, A-1 refund r2 40]; register A-2; A-2 owes 35
        -> PartiallyRefunded consumed | 130 65 0 0 | 130 65 0 | - | overpaid

        A-1 paid 105 fee 5; A-1 refund r1 100; register A-2; A-2 owes 100
        -> Refunded consumed | 105 100 0 0 | 105 100 0 | - | -

        A-1 paid 105 fee 5; A-1 refund r1 105; register A-2; A-2 owes 100; A-2 b:paid 103 fee 3
        -> Paid consumed | 208 105 0 0 | 208 105 0 | - | duplicate_payment

        A-1 paid 105 fee 5; [A-1 reversed]
        -> Paid consumed | 0 0 0 0 | 105 0 105 | - | payment_reversed

        A-1 paid 105 fee 5; [A-1 dispute d1 105, A-1 lost d1 105]
        -> Paid consumed | 105 0 105 0 | 105 0 105 | - | chargeback
        ",
    );
}

/// The word for a fee stands in what few signatures cover: it explains that more came than was due, and never
/// takes from what has paid.
#[test]
fn a_fee_never_unpays() {
    let (mut store, id) = shop();
    send(&mut store, "k1", "A-1 paid 100 fee 100");
    assert_eq!(store.status(id), "Paid consumed");
    send(&mut store, "k2", "A-1 settled 100 fee 99");
    assert_eq!(store.status(id), "Paid consumed");
    let root = store.root(id);
    assert_eq!(root.ledger().all.fee, 0);
    assert_eq!(root.payments[0].projection().status, PaymentStatus::Paid);
}

/// A payment's status counts what was bought, and its figures what came.
#[test]
fn a_payment_with_a_fee_is_refunded_when_what_was_bought_is() {
    let status = |words: &[&str]| {
        let (mut store, id) = shop();
        for (place, words) in words.iter().enumerate() {
            send(&mut store, &format!("k{place}"), words);
        }
        let money = store.root(id).payments[0].projection();
        (
            money.status,
            money.captured_minor,
            money.refunded_minor,
            money.fee_minor,
        )
    };
    let paid = "A-1 paid 105 fee 5";
    assert_eq!(status(&[paid]), (PaymentStatus::Paid, 105, 0, 5));
    assert_eq!(
        status(&[paid, "A-1 refund r1 5"]),
        (PaymentStatus::Paid, 105, 5, 5)
    );
    let part = (PaymentStatus::PartiallyRefunded, 105, 40, 5);
    assert_eq!(status(&[paid, "A-1 refund r1 40"]), part);
    assert_eq!(
        status(&[paid, "A-1 total 100"]),
        (PaymentStatus::Refunded, 105, 100, 5)
    );
    // Told once more without the fee it is the same money with the same fee, in either order.
    let both = (PaymentStatus::Paid, 105, 0, 5);
    assert_eq!(status(&[paid, "asked A-1 paid 105"]), both);
    assert_eq!(status(&["asked A-1 paid 105", paid]), both);
}

/// Of many facts those that still matter are kept, the fee among them.
#[test]
fn a_fee_is_still_known_when_facts_are_dropped() {
    let (mut store, id) = shop();
    send(&mut store, "fee", "A-1 paid 105 fee 5");
    send(&mut store, "more", "A-1 paid 110 fee 10");
    for n in 0..80 {
        send(
            &mut store,
            &format!("k{n}"),
            &format!("A-1 settled {}", 20 + n),
        );
    }
    send(&mut store, "asked", "asked A-1 settled 105");
    let money = store.root(id).payments[0].projection();
    assert!(store.root(id).payments[0].facts.len() < 70);
    assert_eq!((money.captured_minor, money.fee_minor), (105, 5));
}

/// Of each receipt what was bought before it and with it, and what of it is a fee.
fn shares(words: &[&str]) -> Vec<(i64, i64, i64)> {
    let (mut store, id) = shop();
    for (place, words) in words.iter().enumerate() {
        send(&mut store, &format!("k{place}"), words);
    }
    let root = store.root(id);
    let share = |receipt| {
        let share = root.receipt_share(receipt);
        (share.bought_before, share.bought_after, share.fee)
    };
    let shares: Vec<_> = root.receipts.iter().map(share).collect();
    let on_paper = shares.last().map_or(0, |(_, after, _)| *after);
    assert_eq!(on_paper, root.ledger().pays(), "L3: {words:?}");
    shares
}

#[test]
fn each_receipt_says_what_of_it_is_a_fee() {
    let paid = "A-1 paid 105 fee 5";
    assert_eq!(shares(&[paid]), [(0, 100, 5)]);
    // Of 105 that come as 60 and 45 the fee is in what goes beyond 100.
    assert_eq!(shares(&["A-1 paid 60", paid]), [(0, 60, 0), (60, 100, 5)]);
    // It goes back first, in however many steps.
    let (r40, r5) = ("A-1 refund r1 40", "A-1 refund r2 5");
    assert_eq!(
        shares(&[paid, r40, "A-1 refund r2 65"]),
        [(0, 100, 5), (100, 65, 5), (65, 0, 0)]
    );
    assert_eq!(
        shares(&[paid, r5, r40]),
        [(0, 100, 5), (100, 100, 5), (100, 60, 0)]
    );
    assert_eq!(
        shares(&[paid, r40, r5]),
        [(0, 100, 5), (100, 65, 5), (65, 60, 0)]
    );
    // What was too much goes before it.
    assert_eq!(
        shares(&["A-1 paid 130 fee 5", "A-1 refund r2 25", r40]),
        [(0, 125, 5), (125, 100, 0), (100, 65, 5)]
    );
    // All that was bought goes back: the fee that is left pays nothing, in one step as in two.
    assert_eq!(
        shares(&[paid, "A-1 refund r1 100", r5]),
        [(0, 100, 5), (100, 0, 0), (0, 0, 5)]
    );
    assert_eq!(
        shares(&[paid, r40, "A-1 refund r2 60"]),
        [(0, 100, 5), (100, 65, 5), (65, 0, -5)]
    );
    assert_eq!(shares(&[paid, "A-1 reversed"]), [(0, 100, 5), (100, 0, 5)]);
    // Without a fee everything is for what was bought, also what is too much.
    assert_eq!(
        shares(&["A-1 paid 130", "A-1 refund r1 30"]),
        [(0, 130, 0), (130, 100, 0)]
    );
    // Two payments stand one behind the other.
    let (mut store, id) = shop();
    for (place, words) in [
        "register A-1a 40",
        "register A-2 60",
        "A-1a paid 42 fee 2",
        "A-2 b:paid 63 fee 3",
    ]
    .iter()
    .enumerate()
    {
        step(&mut store, id, &format!("k{place}"), words);
    }
    let root = store.root(id);
    let second = root.receipt_share(&root.receipts[1]);
    assert_eq!(
        (second.bought_before, second.bought_after, second.fee),
        (40, 100, 3)
    );
}

/// What was printed stays true when a fee is heard of afterwards, and the next receipt goes on from there.
#[test]
fn a_fee_that_is_heard_of_late_changes_no_receipt_of_before() {
    let before = ["A-1 paid 130", "A-1 refund r1 10"];
    assert_eq!(shares(&before), [(0, 130, 0), (130, 120, 0)]);
    let heard = "A-1 settled 130 fee 5";
    // 110 are left, 5 of them the fee.
    assert_eq!(
        shares(&[before[0], before[1], heard, "A-1 refund r2 10"]),
        [(0, 130, 0), (130, 120, 0), (120, 105, -5)]
    );
    // 20 are left: the fee has gone before the goods.
    assert_eq!(
        shares(&[before[0], before[1], heard, "A-1 refund r2 100"]),
        [(0, 130, 0), (130, 120, 0), (120, 20, 0)]
    );
}

/// The fee of a capture that was reversed is no fee of the next one.
#[test]
fn the_fee_of_a_reversed_capture_is_on_no_other_receipt() {
    assert_eq!(
        shares(&["A-1 b:paid 105 fee 5", "A-1 b:reversed", "A-1 c:paid 105"]),
        [(0, 100, 5), (100, 0, 5), (0, 105, 0)]
    );
    // Both count until the first is reversed.
    assert_eq!(
        shares(&["A-1 b:paid 105 fee 5", "A-1 c:paid 105", "A-1 b:reversed"]),
        [(0, 100, 5), (100, 205, 0), (205, 105, 5)]
    );
}

/// Receipts that an earlier version has decided are told apart by what is known now.
#[test]
fn a_receipt_of_an_earlier_version_is_told_apart_all_the_same() {
    let (mut store, id) = shop();
    send(&mut store, "k1", "A-1 paid 105 fee 5");
    send(&mut store, "k2", "A-1 refund r1 40");
    let mut root = store.root(id).clone();
    assert_eq!(root.receipts[1].bought, Some(65));
    for receipt in &mut root.receipts {
        receipt.bought = None;
    }
    let share = root.receipt_share(&root.receipts[1]);
    assert_eq!((share.bought_before, share.bought_after), (100, 65));
}
