//! Money of an order that was refused.

use tollgate_core::command::{Action, RawEvent, TakeEvent};
use tollgate_core::decision::Refusal;
use tollgate_core::event::{Event, RefundState};
use tollgate_core::id::EventId;
use tollgate_core::snapshot::EventState;
use tollgate_core::word::Word;

use crate::stories::*;
use crate::words::*;
use crate::worker::*;

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
                only_if_known: false,
                raw: RawEvent::default(),
            }));
        }
        store.refusal(order("B", &[line("shirt", 1, 100)]));
        let shown = store
            .entries
            .iter()
            .filter(|entry| entry.kind.word() == "event.attention");
        let (ordered, shown) = (store.effects("refund:").len(), shown.count());
        assert_eq!((ordered, shown), if one_delivery { (1, 1) } else { (2, 0) });
    }
}
