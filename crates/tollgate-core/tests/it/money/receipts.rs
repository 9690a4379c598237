//! Receipts over what has changed (L3).

use tollgate_core::command::Action;
use tollgate_core::effect::ReceiptKind;
use tollgate_core::id::RootId;
use tollgate_core::payment::PaymentStatus;

use crate::store::Store;
use crate::stories::*;
use crate::words::*;

/// However many facts say it, each object has one receipt.
#[test]
fn what_comes_with_its_refund_has_two_receipts() {
    for words in ["A-1 paid 100 + refund r1 40", "A-1 refund r1 40 + paid 100"] {
        let (mut store, id) = shop();
        send(&mut store, "k1", words);
        send(&mut store, "k2", words);
        let receipts = store.root(id).receipts.iter();
        let receipts: Vec<_> = receipts
            .map(|receipt| (receipt.kind, receipt.object.as_str(), receipt.money))
            .collect();
        let sale = (ReceiptKind::Sale, "tx", Some(idr(100)));
        let refund = (ReceiptKind::Refund, "r1", Some(idr(40)));
        assert_eq!(receipts, [sale, refund], "{words}");
    }
}

/// The shop has its receipts corrected: where they say what the ledger says, nothing happens.
#[test]
fn receipts_are_corrected_by_what_they_lack_or_have_too_much() {
    let receipts = |store: &Store, id: RootId| -> Vec<(ReceiptKind, i64, Option<ReceiptKind>)> {
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
        send(&mut store, key, words);
    }
    let right = receipts(&store, id);
    let (first, second) = (payment(&store, id, "A-1"), payment(&store, id, "A-2"));
    for payment in [first, second] {
        store.act(Action::CorrectReceipts(payment));
        assert_eq!(receipts(&store, id), right);
    }
    // One is lost of each kind, and one is there twice: (which, what makes up for it).
    for (which, kind, minor) in [(0, sale, 60), (3, refund, 20), (5, reversal, 10)] {
        assert_eq!((right[which].0, right[which].1), (kind, minor));
        let mut lacks = store.clone();
        let known = lacks.rows.roots.get_mut(&id).expect("its root");
        let lost = known.receipts.remove(which);
        lacks.act(Action::CorrectReceipts(lost.payment));
        assert_eq!(receipts(&lacks, id).last(), Some(&(kind, minor, None)));
        assert_eq!(receipts(&lacks, id).len(), right.len());
        let mut twice = store.clone();
        let known = twice.rows.roots.get_mut(&id).expect("its root");
        known.receipts.push(lost.clone());
        twice.act(Action::CorrectReceipts(lost.payment));
        let back = if kind == sale { reversal } else { sale };
        assert_eq!(
            receipts(&twice, id).last(),
            Some(&(back, minor, Some(kind)))
        );
        assert_eq!(receipts(&twice, id).len(), right.len() + 2);
    }
}

/// Several objects change at once: each receipt is over what its own has grown by, and together they are what
/// all have grown by.
#[test]
fn receipts_of_several_changes_are_over_what_all_have_grown_by() {
    let added = |store: &Store, id: RootId, from: usize| -> Vec<(ReceiptKind, String, i64)> {
        let new = store.root(id).receipts[from..].iter();
        let minor = |money: Option<tollgate_core::money::Money>| money.map_or(0, |m| m.minor);
        new.map(|known| (known.kind, known.object.clone(), minor(known.money)))
            .collect()
    };
    // What is known, what comes at once, and its receipts.
    for (known, words, receipts) in [
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
            send(&mut store, &format!("k{place}"), words);
        }
        let from = store.root(id).receipts.len();
        send(&mut store, "k", words);
        let expected: Vec<_> = receipts
            .into_iter()
            .map(|(kind, object, minor)| (kind, object.to_owned(), minor))
            .collect();
        assert_eq!(added(&store, id, from), expected, "{words}");
        books(&store, id);
    }
}

/// The provider's own answer outweighs what it sent: what it lowers gets a correcting receipt, and nothing that
/// was sold is sold on less.
#[test]
fn a_better_proof_lowers_an_amount_and_its_receipt() {
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
    send(&mut store, "k1", "A-1 paid 100");
    send(&mut store, "k2", "asked A-1 settled 97");
    let receipts = store.root(id).receipts.iter();
    let receipts: Vec<_> = receipts
        .map(|receipt| (receipt.kind, receipt.money, receipt.corrects))
        .collect();
    let (sale, reversal) = (ReceiptKind::Sale, ReceiptKind::Reversal);
    assert_eq!(
        receipts,
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
fn refunds_have_receipts_over_what_they_come_to() {
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
fn a_figure_that_says_nothing_new_has_no_receipt() {
    let (mut store, id) = shop();
    send(&mut store, "k1", "A-1 paid 100");
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
        let receipts = store.root(id).receipts.len();
        send(&mut store, &format!("r{place}"), &format!("A-1 {words}"));
        let new = &store.root(id).receipts[receipts..];
        let amounts: Vec<i64> = new
            .iter()
            .filter_map(|receipt| receipt.money)
            .map(|m| m.minor)
            .collect();
        assert_eq!(amounts, Vec::from_iter(minor), "{words}");
    }
    assert_eq!(store.root(id).ledger().all.refunded, 60);
}

/// Each receipt is for the object whose money it is, not for the first one.
#[test]
fn receipts_of_part_payments_name_their_own_objects() {
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
        send(&mut store, key, words);
    }
    let root = store.root(id);
    let receipts: Vec<String> = root
        .receipts
        .iter()
        .map(|receipt| {
            let of = root
                .payment(receipt.payment)
                .map(|known| known.reference.as_str());
            let minor = receipt.money.map_or(0, |money| money.minor);
            format!(
                "{:?} {} {} {minor}",
                receipt.kind,
                of.unwrap_or("?"),
                receipt.object
            )
        })
        .collect();
    assert_eq!(
        receipts,
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
fn a_dispute_keeps_money_away_and_has_a_receipt_when_it_is_lost() {
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
