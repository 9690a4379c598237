//! Receipts and mails, and the orders that they complete.

use tollgate_core::command::{Action, AttentionOf, OrderRef, ReceiptMail};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::{EffectContent, EffectState};
use tollgate_core::id::{ReceiptId, RootId};
use tollgate_core::method::{MethodKind, PaymentMethod};
use tollgate_core::order::{AttentionCode, Customer};
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::Span;
use tollgate_core::word::Word as _;

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
            store.rules.mailing.insert(SHOP, ReceiptMail::Own);
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

/// A shop that writes mails so, and an order of 100 with its payment.
fn mailing(how: ReceiptMail) -> (Store, RootId) {
    let mut store = Store::new();
    store.stock("shirt", 3);
    store.rules.mailing.insert(SHOP, how);
    let mut wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
    wanted.customer.email = Some("customer@example.test".to_owned());
    let id = store.order(wanted);
    (store, id)
}

/// The mails that were decided: what each is about, and the place of the receipt it carries.
fn mails(store: &Store, id: RootId) -> Vec<String> {
    let root = store.root(id);
    let place = |receipt: &Option<ReceiptId>| {
        let place = root
            .receipts
            .iter()
            .position(|known| Some(known.id) == *receipt);
        place.map_or("alone".to_owned(), |place| (place + 1).to_string())
    };
    let mails = store.rows.effects.values();
    let mails = mails.filter_map(|effect| match &effect.content {
        EffectContent::Mail { kind, receipt } => {
            Some(format!("{} {}", kind.word(), place(receipt)))
        }
        _ => None,
    });
    mails.collect()
}

/// `how; what happens -> mails`
#[test]
fn the_mail_that_an_order_is_paid_carries_its_last_receipt() {
    use ReceiptMail::{Own, WithPaid};
    for (how, steps, expected) in [
        (WithPaid, "paid 100", vec![]),
        (WithPaid, "paid 100;issue tx", vec!["paid 1"]),
        (Own, "paid 100", vec!["paid alone"]),
        (Own, "paid 100;issue tx", vec!["paid alone", "receipt 1"]),
        // A part has its own, and what completes the order comes with the mail about that.
        (
            WithPaid,
            "b:paid 40;issue b;c:paid 60;issue c",
            vec!["paid 2", "receipt 1"],
        ),
        (
            WithPaid,
            "b:paid 40;c:paid 60;issue b;issue c",
            vec!["paid 2", "receipt 1"],
        ),
        // Whatever comes afterwards has a mail of its own.
        (
            WithPaid,
            "paid 100;issue tx;b:paid 100;issue b",
            vec!["paid 1", "receipt 2"],
        ),
        // A file that cannot be made keeps nobody from knowing that it is paid.
        (WithPaid, "paid 100;dead tx", vec!["paid alone"]),
    ] {
        let (mut store, id) = mailing(how);
        for (n, step) in steps.split(';').enumerate() {
            let payment = store.root(id).payments[0].id;
            match step.split_once(' ') {
                Some(("issue", object)) => store.issue(&format!("receipt:sale:{payment}:{object}")),
                Some(("dead", object)) => {
                    let key = format!("receipt:sale:{payment}:{object}");
                    store.begin(&key);
                    store.settle(&key, dead());
                }
                _ => {
                    store.hear(&format!("k{n}"), "A-1", step);
                }
            }
        }
        assert_eq!(mails(&store, id), expected, "{how:?} {steps}");
    }
}

#[test]
fn the_mail_about_a_refund_carries_its_receipt_and_is_one() {
    let (mut store, id) = mailing(ReceiptMail::WithPaid);
    store.hear("k1", "A-1", "paid 100");
    store.hear("k2", "A-1", "refund r1 30");
    let payment = store.root(id).payments[0].id;
    store.issue(&format!("receipt:refund:{payment}:r1"));
    store.issue(&format!("receipt:sale:{payment}:tx"));
    assert_eq!(mails(&store, id), ["paid 1", "refunded 2"]);
}

fn kinds(store: &Store, id: RootId) -> Vec<String> {
    let root = store.root(id);
    let receipts = root.receipts.iter().map(|receipt| {
        let minor = receipt.money.map_or(0, |money| money.minor);
        format!("{} {minor}", receipt.kind.word())
    });
    receipts.collect()
}

/// Receipts are numbered in the order in which they are decided.
#[test]
fn the_receipt_of_a_sale_comes_before_its_refunds_in_whatever_order_they_are_reported() {
    for words in [
        ["paid 100", "refund r1 40"],
        ["refund r1 40", "paid 100"],
        ["total 40", "paid 100"],
    ] {
        // To an order that is there.
        let (mut store, id) = waiting();
        store.hear("k1", "A-1", words[0]);
        store.hear("k2", "A-1", words[1]);
        assert_eq!(kinds(&store, id), ["sale 100", "refund 40"], "{words:?}");
        // To one that comes later, and takes what has waited in one decision.
        let mut store = Store::new();
        store.stock("shirt", 3);
        store.hear("k1", "A-1", words[0]);
        store.hear("k2", "A-1", words[1]);
        let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
        assert_eq!(kinds(&store, id), ["sale 100", "refund 40"], "{words:?}");
    }
}

#[test]
fn a_refund_whose_sale_is_not_reported_has_its_receipt_behind_the_sales() {
    // The provider knows of nothing else: nothing came that could be on paper.
    let (mut store, id) = waiting();
    store.hear("k1", "A-1", "refund r1 40");
    assert_eq!(kinds(&store, id), [""; 0]);
    store.ask(ASK, Some("refund r1 40"));
    assert_eq!(kinds(&store, id), [""; 0]);
    assert_eq!(store.attention(id), ["orphan_refund"]);
    // It says nothing, however often it is asked.
    let (mut store, id) = waiting();
    store.hear("k1", "A-1", "refund r1 40");
    for n in 1..=5 {
        store.later(Span::minutes(20));
        store.ask(&format!("ask:bank:A-1:{n}"), None);
    }
    assert_eq!(kinds(&store, id), [""; 0]);
    // The sale comes after all, and more goes back: nothing has two receipts.
    store.hear("k2", "A-1", "paid 100");
    store.hear("k3", "A-1", "refund r2 10");
    assert_eq!(kinds(&store, id), ["sale 100", "refund 40", "refund 10"]);
}

#[test]
fn a_payment_keeps_how_its_captures_were_paid() {
    let card = PaymentMethod::new(MethodKind::Card, "Visa 1111");
    let purse = PaymentMethod::new(MethodKind::Wallet, "GoPay");
    let (mut store, id) = waiting();
    let say = |key: &str, words: &str, method: &PaymentMethod| {
        let mut event = event(key, &["A-1"], words);
        event.method = Some(method.clone());
        event
    };
    store.take(say("k1", "b:pending", &purse), NEVER);
    assert_eq!(store.root(id).payments[0].method(), None, "it has not paid");
    store.take(say("k2", "c:paid 40", &card), NEVER);
    store.hear("k3", "A-1", "c:settled 40");
    let root = store.root(id);
    let payment = &root.payments[0];
    assert_eq!(payment.method(), Some(&card));
    assert_eq!(payment.method_of("c"), Some(&card));
    assert_eq!(payment.method_of("b"), Some(&purse));
    store.take(say("k4", "d:paid 60", &purse), NEVER);
    let root = store.root(id);
    assert_eq!(root.payments[0].method(), None, "they differ");
    assert_eq!(root.payments[0].method_of("d"), Some(&purse));
}
