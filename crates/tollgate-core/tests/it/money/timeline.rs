//! What the timeline says of money.

use tollgate_core::decision::Outcome;
use tollgate_core::id::RootId;
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use crate::store::Store;
use crate::stories::*;

/// The entries of an order, without its receipts.
pub(super) fn entries_of(store: &Store, id: RootId) -> Vec<&'static str> {
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

/// Each change of money has one entry, and what changes nothing is not.
#[test]
fn the_timeline_has_what_has_changed() {
    let (mut store, id) = shop();
    let mut so_far = Vec::new();
    for (place, (words, new)) in [
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
        so_far.extend(new);
        assert_eq!(entries_of(&store, id), so_far, "{place}: {words}");
    }
    // What comes back is no refund.
    let (mut store, id) = shop();
    for (key, words) in [
        ("k1", "A-1 paid 100"),
        ("k2", "A-1 refund r1 40"),
        ("k3", "A-1 refund-reversed r1 40"),
    ] {
        send(&mut store, key, words);
    }
    let new = [
        "payment.paid",
        "order.paid",
        "payment.refunded",
        "order.refunded",
    ];
    assert_eq!(entries_of(&store, id), new);
    // How much is not known, and an order ends once.
    let (mut store, id) = shop();
    send(&mut store, "k1", "A-1 paid");
    assert_eq!(entries_of(&store, id), ["payment.paid"]);
    let (mut store, id) = shop();
    run_out(&mut store, id);
    store.stock("shirt", 0);
    send(&mut store, "k1", "A-1 paid 100");
    send(&mut store, "k2", "A-1 b:paid 30");
    let ends = store
        .entries
        .iter()
        .filter(|entry| entry.kind.word() == "order.expired");
    assert_eq!(ends.count(), 1);
    // In one breath.
    let (mut store, id) = shop();
    send(&mut store, "k1", "A-1 paid 100 + refund r1 40");
    let new = ["payment.paid", "order.paid", "order.refunded"];
    assert_eq!(entries_of(&store, id), new);
}

/// Whoever adds up what has moved comes to what the payments have, also where a provider takes back what it has said,
/// of which the timeline has no entry of its own.
#[test]
fn what_has_moved_adds_up_to_what_is_there() {
    let (mut store, id) = shop();
    let mut fell = 0;
    for (place, words) in [
        "A-1 paid 100",
        "A-1 refund r1 40",
        "A-1 refund-reversed r1 40",
        "A-1 refund r2 10",
        "A-1 reversed",
        "A-1 b:paid 100",
        "A-1 b:paid 70 + c:paid 20 + refund r3 5",
    ]
    .into_iter()
    .enumerate()
    {
        store.later(Span::minutes(1));
        send(&mut store, &format!("k{place}"), words);
        let moved = store.entries.iter().flat_map(|entry| &entry.moved);
        let (came, went) = moved.fold((0, 0), |(came, went), moved| {
            fell += i64::from(moved.came_minor < 0 || moved.went_minor < 0);
            (came + moved.came_minor, went + moved.went_minor)
        });
        let is = store.root(id).payments[0].projection();
        assert_eq!(
            (came, went),
            (is.captured_minor, is.refunded_minor),
            "{words}"
        );
    }
    assert!(0 < fell, "something was taken back");
}

/// For a payment of 100 there come 134, 4 of them a fee, and 131 are paid out: too much and two amounts, which a person
/// is shown. Asked, its provider says 131: of the 134 that were told to have come 3 have not, and nothing else is new.
#[test]
fn an_answer_that_takes_back_what_is_shown_already_is_told_and_counted() {
    let mut store = Store::new();
    let Outcome::Payment(id, _) = store.try_register(None, "X-1") else {
        panic!("registered");
    };
    send(&mut store, "k1", "X-1 paid 134 fee 4");
    send(&mut store, "k2", "X-1 settled 131");
    let shown = store.attention(id.root());
    let before = store.entries.len();
    store.answer("X-1", 1, None, None, Some("settled 131"));
    assert_eq!(store.attention(id.root()), shown);
    let new = &store.entries[before..];
    let kinds: Vec<&str> = new.iter().map(|entry| entry.kind.word()).collect();
    assert_eq!(kinds, ["event.applied"]);
    let came = new.iter().flat_map(|entry| &entry.moved);
    assert_eq!(came.map(|moved| moved.came_minor).sum::<i64>(), -3);
    let projection = store.root(id.root()).payments[0].projection();
    assert_eq!(projection.captured_minor, 131);
}
