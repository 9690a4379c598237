//! Receipts and mails, and the orders that they complete.

use tollgate_core::command::{Action, AttentionOf, OrderRef};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::EffectState;
use tollgate_core::order::{AttentionCode, Customer};
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::Span;

use crate::store::{SHOP, Store};
use crate::words::*;

use super::questions::ASK;
use super::{dead, id_of, paid, waiting};

/// `what happens, in this order -> completed`
#[test]
fn an_order_is_complete_when_its_receipts_are_issued_and_nothing_is_open() {
    for (steps, completed) in [
        ("issue", false),
        ("answer", false),
        ("issue answer", true),
        ("answer issue", true),
        ("issue dead", false),
        ("issue other", false),
        ("other issue", false),
        ("issue other resolve", true),
        ("other resolve issue", true),
        ("issue weak", false),
        ("issue weak resolve", true),
    ] {
        let (mut store, id) = waiting();
        store.take(event("k1", &["A-1"], "paid 100"), AFTER);
        let payment = store.root(id).payments[0].id;
        for step in steps.split(' ') {
            store.later(Span::minutes(20));
            match step {
                "issue" => store.issue(&format!("receipt:sale:{payment}:tx")),
                "answer" => store.ask(ASK, Some("paid 100")),
                "other" => store.ask(ASK, Some("paid 90")),
                "weak" => {
                    for n in 1..=5 {
                        store.ask(&format!("ask:bank:A-1:{n}"), None);
                        store.later(Span::minutes(20));
                    }
                }
                "dead" => {
                    store.begin(ASK);
                    store.settle(ASK, dead());
                }
                _ => {
                    let resolved = store.act(Action::ResolveAttention {
                        of: AttentionOf::Order(OrderRef::Code("A".to_owned())),
                        code: AttentionCode::Unconfirmed,
                        note: "they say it is fine".to_owned(),
                    });
                    assert!(
                        matches!(resolved, Outcome::Root(_)),
                        "{steps}: {resolved:?}"
                    );
                }
            }
        }
        let expected = if completed { "Completed" } else { "Paid" };
        assert_eq!(store.status(id), format!("{expected} consumed"), "{steps}");
        assert_eq!(
            store.count("order.completed"),
            usize::from(completed),
            "{steps}"
        );
    }
}

#[test]
fn what_is_not_doubted_is_complete_although_the_provider_says_nothing() {
    let (mut store, id, payment) = paid();
    store.act(Action::CheckPayment(payment));
    store.issue(&format!("receipt:sale:{payment}:tx"));
    assert_eq!(store.status(id), "Paid consumed", "it is being asked");
    for n in 1..=5 {
        store.ask(&format!("ask:bank:A-1:{n}"), None);
        store.later(Span::minutes(20));
    }
    assert_eq!(store.status(id), "Completed consumed");
    assert_eq!(store.attention(id), [""; 0]);
}

#[test]
fn every_capture_and_refund_has_one_receipt_and_it_is_issued_once() {
    let (mut store, id, payment) = paid();
    store.hear("k2", "A-1", "settled 100");
    store.hear("k3", "A-1", "b:paid 100");
    store.hear("k4", "A-1", "refund r1 30");
    store.hear("k5", "A-1", "refund r1 30");
    let receipts = store.root(id).receipts.clone();
    let names: Vec<String> = receipts
        .iter()
        .map(|receipt| format!("{:?} {}", receipt.kind, receipt.object))
        .collect();
    assert_eq!(names, ["Sale tx", "Sale b", "Refund r1"]);
    let sale = format!("receipt:sale:{payment}:tx");
    store.issue(&sale);
    assert_eq!(store.count("receipt.issued"), 1);
    assert_eq!(store.root(id).receipts[0].issued_at, Some(store.now));
    // The model store refuses a second file of one receipt; none can be asked for either.
    let again = store.act(Action::RetryEffect(id_of(&sale)));
    assert_eq!(
        again,
        Outcome::Refused(Refusal::EffectState(EffectState::Done))
    );
    assert_eq!(store.rows.receipts[&receipts[0].id].pdf[..], [1]);
}

/// C4.
#[test]
fn a_refund_before_its_capture_is_kept_and_asked_about() {
    let (mut store, id) = waiting();
    assert_eq!(
        store.hear("k1", "A-1", "refund r1 40"),
        EventOutcome::Applied
    );
    assert_eq!(store.effects("ask:"), [ASK]);
    assert_eq!(store.status(id), "AwaitingPayment active");
    store.hear("k2", "A-1", "paid 100");
    assert_eq!(store.status(id), "PartiallyRefunded consumed");
    store.ask(ASK, Some("paid 100"));
    assert_eq!(store.root(id).ledger().all.refunded, 40);
    assert_eq!(store.effects("receipt:").len(), 2);
    assert_eq!(store.attention(id), [""; 0]);
}

#[test]
fn mails_are_written_by_shops_that_do_to_customers_with_an_address() {
    for (mailing, address, mails) in [
        (true, Some("customer@example.test"), 2),
        (true, None, 0),
        (false, Some("customer@example.test"), 0),
    ] {
        let mut store = Store::new();
        store.stock("shirt", 3);
        if mailing {
            store.rules.mailing.insert(SHOP);
        }
        let mut wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
        wanted.customer = Customer {
            email: address.map(str::to_owned),
            ..Customer::default()
        };
        let id = store.order(wanted);
        store.hear("k1", "A-1", "paid 100");
        let payment = store.root(id).payments[0].id;
        store.issue(&format!("receipt:sale:{payment}:tx"));
        assert_eq!(store.effects("mail:").len(), mails);
        assert_eq!(store.effects("mail:paid:").len(), mails / 2);
    }
}
