//! Payments without an order, and an order without a payment.

use tollgate_core::command::{Action, AttentionOf};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::order::AttentionCode;

use crate::store::Store;
use crate::stories::*;
use crate::words::*;
use crate::worker::*;

/// What a payment without an order keeps beyond what it is for; what goes back is no surplus.
#[test]
fn a_payment_without_an_order_is_overpaid_by_what_stays() {
    let mut store = Store::new();
    let Outcome::Payment(id, _) = store.try_register(None, "X-1") else {
        panic!("registered");
    };
    send(&mut store, "k1", "X-1 paid 100");
    let outcome = staff_refund(&mut store, id, 50);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
    send(&mut store, "k2", "X-1 b:paid 50");
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
    send(&mut store, "k3", "X-1 pending");
    send(&mut store, "k4", "X-1 c:fail");
    assert_eq!(store.attention(id.root()), [""; 0]);
    // A refund that a person has ordered and that fails is in no one's way.
    let mut store = Store::new();
    let Outcome::Payment(id, _) = store.try_register(None, "X-1") else {
        panic!("registered");
    };
    send(&mut store, "k1", "X-1 paid 100");
    staff_refund(&mut store, id, 40);
    let call = store.effects("refund:").remove(0);
    does(&mut store, &call, refused());
    assert_eq!(store.attention(id.root()), [""; 0]);
}

#[test]
fn attention_on_a_payment_without_an_order_is_resolved() {
    let mut store = Store::new();
    let Outcome::Payment(id, _) = store.try_register(None, "X-1") else {
        panic!("registered");
    };
    send(&mut store, "k1", "X-1 paid 130");
    send(&mut store, "k2", "X-1 dispute d1 10");
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
    send(&mut store, "k1", "A-1 paid 100");
    send(&mut store, "k2", "A-2 b:paid 100");
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
    send(&mut store, "k1", "G-1 paid 5");
    assert_eq!(store.attention(id).len(), 1);
    let payment = payment(&store, id, "G-1");
    let outcome = staff_refund(&mut store, payment, 5);
    assert!(matches!(outcome, Outcome::Refund(..)), "{outcome:?}");
}
