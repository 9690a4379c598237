//! C1: any permutation, with repetitions, of the same events comes to the same end, also when the
//! order or its payment is made somewhere between them.

use proptest::prelude::*;
use tollgate_core::effect::ReceiptKind;
use tollgate_core::event::Event;
use tollgate_core::time::Span;

use crate::store::Store;
use crate::words::*;

const EVENTS: &[&str] = &[
    "pending",
    "authorized 100",
    "paid 100",
    "settled 100",
    "expire",
    "deny",
    "refund r1 30",
    "refund r2 70",
    "refund r2 70",
    "total 30",
    "dispute",
];

/// How the order stands when the events come.
#[derive(Debug, Clone, Copy)]
enum Scene {
    /// It waits for its payment.
    Waits,
    /// It has expired and can be held again.
    Expired,
    /// It has expired and there is nothing left.
    SoldOut,
}

/// What must not depend on the order of events.
#[derive(Debug, PartialEq)]
struct End {
    status: String,
    payments: Vec<(String, i64, i64)>,
    receipts: i64,
    refunds: i64,
    reserved: i64,
    counts: String,
    attention: Vec<&'static str>,
}

/// Plays the events in this order; the payment is registered before the one at `register_at`.
fn play(scene: Scene, events: &[(usize, bool)], register_at: usize) -> End {
    let mut store = Store::new();
    store.stock("shirt", 1);
    let id = store.order(order("A", &[line("shirt", 1, 100)]));
    match scene {
        Scene::Waits => {}
        Scene::Expired | Scene::SoldOut => {
            store.later(Span::minutes(20));
            store.due(id);
            assert_eq!(store.status(id), "Expired expired");
        }
    }
    if matches!(scene, Scene::SoldOut) {
        store.stock("shirt", 0);
    }
    for (place, (which, new_key)) in events.iter().enumerate() {
        if place == register_at {
            store.register("A", "A-1");
        }
        let key = if *new_key {
            format!("k{place}")
        } else {
            format!("e{which}")
        };
        let event = Event {
            key,
            ..event("", &["A-1"], EVENTS[*which])
        };
        store.take(event, NEVER);
        store.check_capacity();
    }
    if events.len() <= register_at {
        store.register("A", "A-1");
    }
    let root = store.root(id);
    let mut attention = store.attention(id);
    // Money that is set aside for an order that has ended is shown when it is heard of.
    attention.retain(|code| *code != "authorization_open");
    attention.sort_unstable();
    let sum = |kind: ReceiptKind| {
        root.receipts
            .iter()
            .filter(|receipt| receipt.kind == kind)
            .filter_map(|receipt| receipt.money)
            .fold(0, |sum, money| sum + money.minor)
    };
    End {
        status: store.status(id),
        payments: root
            .payments
            .iter()
            .map(|payment| payment.projection())
            .map(|is| {
                (
                    format!("{:?}", is.status),
                    is.captured_minor,
                    is.refunded_minor,
                )
            })
            .collect(),
        receipts: sum(ReceiptKind::Sale) - sum(ReceiptKind::Refund) - sum(ReceiptKind::Reversal),
        refunds: sum(ReceiptKind::Refund),
        // What we order back depends on what we know when we order it, where others give back too.
        reserved: match root.ledger().all {
            all if 0 < all.refunded || 0 < all.charged_back => 0,
            all => all.reserved,
        },
        counts: store.counts("shirt"),
        attention,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_order_of_events_comes_to_the_same_end(
        scene in prop::sample::select(vec![Scene::Waits, Scene::Expired, Scene::SoldOut]),
        chosen in prop::sample::subsequence((0..EVENTS.len()).collect::<Vec<_>>(), 1..EVENTS.len()),
        again in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..5),
        order in any::<prop::sample::Index>(),
        shuffle in prop::collection::vec(any::<u32>(), 20),
    ) {
        let orderly: Vec<(usize, bool)> = chosen.iter().map(|which| (*which, false)).collect();
        let mut shuffled = orderly.clone();
        shuffled.extend(again.iter().map(|(which, new_key)| (*which.get(&chosen), *new_key)));
        let mut keyed: Vec<_> = shuffled.into_iter().zip(shuffle).collect();
        keyed.sort_by_key(|(_, key)| *key);
        let shuffled: Vec<_> = keyed.into_iter().map(|(event, _)| event).collect();
        let register_at = order.index(shuffled.len() + 1);
        prop_assert_eq!(play(scene, &orderly, 0), play(scene, &shuffled, register_at));
    }
}
