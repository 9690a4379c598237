//! Every kind of entry in words, and who is named.

use serde_json::json;
use tollgate_core::id::KeyId;
use tollgate_core::time::Timestamp;

use super::*;

fn entry(kind: &str, event: bool, by: Option<&str>) -> TimelineEntry {
    TimelineEntry {
        position: 1,
        root: None,
        at: Timestamp::from_millis(0),
        kind: kind.to_owned(),
        event: event.then(|| EventId::from_u128(7 << 20)),
        by: by.map(|name| Actor {
            key: Some(KeyId::from_u128(9 << 20)),
            user: None,
            name: name.into(),
            request: None,
        }),
        command: None,
        detail: Value::Null,
    }
}

/// A fresh story of an order in IDR, with one source.
fn story() -> Story {
    Story {
        currency: Currency::new("IDR"),
        only_source: Some("midtrans".to_owned()),
        ..Story::default()
    }
}

/// An entry of each kind as decisions write them, with what it is told as. `E`: by an event; `K`: by key
/// till-1; `-`: by neither.
#[test]
fn every_kind_is_told_in_words() {
    let paid = json!({ "payment": "pay_1", "source": "midtrans", "reference": "C-1",
                       "captured": 15_000_000, "currency": "IDR" });
    let refunded = json!({ "payment": "pay_1", "source": "midtrans", "reference": "C-1",
                           "captured": 15_000_000, "currency": "IDR", "refunded": 500_000 });
    let payment = json!({ "payment": "pay_1", "source": "midtrans", "reference": "C-1" });
    let cart = json!({ "hold": "hold_1", "expires_at": "2026-01-22T10:00:00Z" });
    let slot = json!({ "calendar": "grill", "starts_at": "2026-01-22T10:00:00Z", "capacity": 4 });
    let refund = json!({ "amount": 500_000, "currency": "IDR", "source": "midtrans",
                         "reference": "C-1", "reason": "came back" });
    let mut by_rule = refund.clone();
    by_rule["ordered_by"] = "tollgate".into();
    by_rule["reason"] = "no room".into();
    let mut recorded = refund.clone();
    recorded["recorded"] = "yes".into();
    let mut cash = recorded.clone();
    cash["source"] = "manual".into();
    let failed = |key: &str| json!({ "key": key, "reason": "550 no such user" });
    let answered = |answer: &str, reason: Option<&str>| {
        let mut said = json!({ "source": "midtrans", "reference": "C-1", "times": 3,
                               "answer": answer });
        if let Some(reason) = reason {
            said["reason"] = reason.into();
        }
        said
    };
    let table = [
        (
            "order.created",
            'K',
            json!({ "code": "C", "total": 15_000_000, "currency": "IDR",
                                       "expires_at": "2026-01-22T10:00:00Z" }),
            "Order C over IDR 150,000 created by key till-1; its goods are held until 2026-01-22T10:00:00Z",
        ),
        (
            "order.created",
            '-',
            json!({ "code": "C", "total": 100, "currency": "EUR" }),
            "Order C over €1.00 created",
        ),
        (
            "order.paid",
            'E',
            json!({ "captured": 15_000_000, "total": 15_000_000, "late": "held again" }),
            "Order paid: IDR 150,000 of IDR 150,000 have come, late; its goods were held again",
        ),
        (
            "order.partially_paid",
            'E',
            json!({ "captured": 5_000_000, "total": 15_000_000 }),
            "Order paid in part: IDR 50,000 of IDR 150,000 have come",
        ),
        (
            "order.completed",
            '-',
            json!({}),
            "Order completed: paid, confirmed and its receipts issued",
        ),
        (
            "order.closing",
            'K',
            json!({ "why": "cancelled by the merchant", "open_payments": 1,
                                       "until": "2026-01-22T10:00:00Z" }),
            "Order closing by key till-1 (cancelled by the merchant): an open payment has the last word \
          until 2026-01-22T10:00:00Z",
        ),
        (
            "order.closing",
            '-',
            json!({ "why": "time is up", "until": "2026-01-22T10:00:00Z" }),
            "Order closing by Tollgate (time is up): an open payment has the last word until \
          2026-01-22T10:00:00Z",
        ),
        (
            "order.expired",
            '-',
            json!({ "captured": 0 }),
            "Order expired: time ran out",
        ),
        (
            "order.cancelled",
            'K',
            json!({ "captured": 5_000_000 }),
            "Order cancelled by key till-1; IDR 50,000 had come",
        ),
        (
            "order.cancelled",
            'E',
            json!({ "captured": 5_000_000 }),
            "Order cancelled; IDR 50,000 had come",
        ),
        (
            "order.changed",
            'K',
            json!({ "changed": "customer.email, note" }),
            "customer.email, note of the order changed by key till-1",
        ),
        (
            "payment.changed",
            'K',
            json!({ "changed": "metadata" }),
            "metadata of the payment changed by key till-1",
        ),
        (
            "stock.removed",
            'K',
            json!({ "sku": "BATIK-M", "delta": -3, "on_hand": 0 }),
            "BATIK-M is stocked no more by key till-1",
        ),
        (
            "calendar.removed",
            'K',
            json!({ "calendar": "grill" }),
            "Calendar grill given up by key till-1",
        ),
        (
            "order.refunded",
            'E',
            json!({ "captured": 15_000_000, "refunded": 500_000 }),
            "IDR 5,000 of the IDR 150,000 that had come have gone back",
        ),
        (
            "order.attention",
            'E',
            json!({ "code": "duplicate_payment", "payment": "pay_1",
                                         "captured": 200, "refunded": 0, "due": 100 }),
            "A person must look at it: duplicate payment (IDR 2 of IDR 1 have come, IDR 0 gone back)",
        ),
        (
            "order.attention",
            '-',
            json!({ "code": "unconfirmed" }),
            "A person must look at it: unconfirmed",
        ),
        (
            "attention.resolved",
            'K',
            json!({ "code": "unconfirmed", "note": "called them" }),
            "Looked at by key till-1: unconfirmed: called them",
        ),
        (
            "attention.ended",
            '-',
            json!({ "code": "authorization_open", "note": "let go" }),
            "Needs nobody any more: authorization open: let go",
        ),
        (
            "payment.registered",
            'K',
            refund.clone(),
            "Payment C-1 over IDR 5,000 expected from midtrans, registered by key till-1",
        ),
        (
            "payment.code_cut",
            'E',
            json!({ "reference": "C-1", "code": "C" }),
            "Payment C-1 of midtrans found by the order's code C",
        ),
        (
            "payment.authorized",
            'E',
            payment.clone(),
            "Money set aside at midtrans for payment C-1",
        ),
        (
            "payment.void_requested",
            '-',
            payment.clone(),
            "Money set aside at midtrans for payment C-1 is to be let go",
        ),
        (
            "payment.paid",
            'E',
            paid.clone(),
            "IDR 150,000 captured by midtrans for payment C-1",
        ),
        (
            "payment.paid",
            'K',
            json!({ "payment": "pay_2", "source": "manual", "reference": "cash",
                                      "captured": 100 }),
            "IDR 1 recorded by key till-1 for payment cash",
        ),
        (
            "payment.failed",
            'E',
            payment.clone(),
            "Payment C-1 at midtrans failed",
        ),
        (
            "payment.expired",
            '-',
            payment.clone(),
            "Payment C-1 at midtrans ran out of time",
        ),
        (
            "payment.cancelled",
            'E',
            payment.clone(),
            "Payment C-1 at midtrans called off",
        ),
        (
            "payment.refunded",
            'E',
            refunded,
            "IDR 5,000 gone back through midtrans for payment C-1",
        ),
        (
            "payment.refunded",
            'K',
            json!({ "payment": "pay_3", "source": "midtrans", "reference": "C-2", "captured": 100,
                    "refunded": 100 }),
            "IDR 1 gone back for payment C-2, recorded by key till-1",
        ),
        (
            "payment.charged_back",
            'E',
            payment,
            "The customer's bank disputes payment C-1 at midtrans",
        ),
        (
            "refund.requested",
            'K',
            refund.clone(),
            "IDR 5,000 of payment C-1 ordered back from midtrans by key till-1: came back",
        ),
        (
            "refund.requested",
            'K',
            recorded,
            "IDR 5,000 of payment C-1 recorded by key till-1 as given back by another way: came back",
        ),
        (
            "refund.requested",
            'K',
            cash,
            "IDR 5,000 of payment C-1 recorded by key till-1 as given back: came back",
        ),
        (
            "refund.requested",
            '-',
            refund.clone(),
            "IDR 5,000 of payment C-1 ordered back from midtrans: came back",
        ),
        (
            "refund.requested",
            'K',
            by_rule.clone(),
            "IDR 5,000 of payment C-1 ordered back from midtrans by Tollgate: no room",
        ),
        (
            "refund.requested",
            'E',
            by_rule,
            "IDR 5,000 of payment C-1 ordered back from midtrans by Tollgate: no room",
        ),
        (
            "refund.failed",
            '-',
            refund,
            "A refund of IDR 5,000 has failed; the money is still here",
        ),
        (
            "hold.taken",
            'K',
            cart.clone(),
            "Goods set aside for a cart by key till-1 until 2026-01-22T10:00:00Z",
        ),
        (
            "hold.released",
            'K',
            cart.clone(),
            "The goods of a cart given back by key till-1",
        ),
        (
            "hold.expired",
            '-',
            cart,
            "The goods of a cart given back: time ran out",
        ),
        (
            "stock.put",
            'K',
            json!({ "sku": "A", "on_hand": 3 }),
            "Stock of A set to 3 by key till-1",
        ),
        (
            "stock.adjusted",
            'K',
            json!({ "sku": "A", "delta": -1, "on_hand": 2, "reason": "broken" }),
            "Stock of A changed by -1 to 2 by key till-1: broken",
        ),
        (
            "stock.returned",
            'K',
            json!({ "sku": "A", "units": 1 }),
            "1 of A back in stock",
        ),
        (
            "stock.low",
            'E',
            json!({ "sku": "A", "available": 2, "low_at": 2 }),
            "A runs low: 2 left",
        ),
        (
            "calendar.put",
            'K',
            slot.clone(),
            "Calendar grill set by key till-1",
        ),
        (
            "slots.put",
            'K',
            json!({ "calendar": "grill", "slots": 8 }),
            "8 slots of calendar grill set by key till-1",
        ),
        (
            "slot.returned",
            'K',
            slot.clone(),
            "The slot at 2026-01-22T10:00:00Z of calendar grill given back",
        ),
        (
            "slot.full",
            'K',
            slot,
            "The slot at 2026-01-22T10:00:00Z of calendar grill is full",
        ),
        (
            "receipt.issued",
            '-',
            json!({ "number": "2026-000012", "amount": 15_000_000, "currency": "IDR" }),
            "Receipt 2026-000012 over IDR 150,000 issued",
        ),
        (
            "receipt.corrected",
            'K',
            json!({ "amount": 100, "currency": "IDR" }),
            "A receipt over IDR 1 makes the receipts add up by key till-1",
        ),
        (
            "event.applied",
            'E',
            json!({ "type": "settlement" }),
            "midtrans reported settlement",
        ),
        (
            "event.applied",
            'E',
            json!({ "confirmed": "asked the provider" }),
            "midtrans was asked and has confirmed it",
        ),
        (
            "event.stale",
            'E',
            json!({ "type": "settlement", "reason": "known_fact" }),
            "midtrans reported settlement, which changed nothing (known fact)",
        ),
        (
            "event.queued",
            'E',
            json!({ "type": "settlement" }),
            "midtrans is said to have reported settlement; it is asked whether that is so",
        ),
        (
            "events.left_out",
            '-',
            json!({}),
            "From here on reports that change nothing are not told any more; each still stands among the events",
        ),
        (
            "event.forwarding",
            'E',
            json!({ "source": "midtrans", "type": "settlement", "route": "books" }),
            "The report settlement is handed on by route books",
        ),
        (
            "event.attention",
            'E',
            json!({ "source": "midtrans", "reason": "no_name" }),
            "A person must look at a report of midtrans: no name",
        ),
        (
            "event.orphaned",
            'E',
            json!({ "source": "midtrans", "type": "settlement", "reference": "C-9" }),
            "midtrans reported settlement of a payment C-9 that was never registered",
        ),
        (
            "question.asked",
            'K',
            json!({ "reference": "C-1" }),
            "midtrans is asked how payment C-1 stands: wanted by key till-1",
        ),
        (
            "question.asked",
            '-',
            json!({ "reference": "C-1" }),
            "midtrans is asked how payment C-1 stands",
        ),
        (
            "question.answered",
            '-',
            answered("no_answer:503", Some("HTTP status 503")),
            "midtrans asked 3 times about payment C-1: no answer that counts, status 503: HTTP status 503",
        ),
        (
            "question.answered",
            '-',
            answered("captured", None),
            "midtrans asked 3 times about payment C-1: the money is captured",
        ),
        (
            "question.answered",
            '-',
            answered("undecided", None),
            "midtrans asked 3 times about payment C-1: it says nothing decisive",
        ),
        (
            "mail.sent",
            '-',
            json!({ "mail": "receipt" }),
            "The mail with the receipt was sent",
        ),
        (
            "mail.delayed",
            '-',
            json!({ "mail": "paid", "reason": "450 busy" }),
            "The mail that the order is paid could not be sent yet; it is tried again: 450 busy",
        ),
        (
            "effect.dead",
            '-',
            failed("mail:refunded:rcp_1"),
            "The mail about the refund given up: 550 no such user",
        ),
        (
            "effect.unknown",
            '-',
            failed("refund:ref_1"),
            "A refund: it is not known whether it happened; a person decides: 550 no such user",
        ),
        (
            "effect.retried",
            'K',
            json!({ "key": "ask:midtrans:C-1:1" }),
            "The question to midtrans to be tried again by key till-1",
        ),
        (
            "effect.settled",
            'K',
            json!({ "key": "void:pay_1:x", "as": "done", "note": "they said so" }),
            "Letting money go said to be done by key till-1: they said so",
        ),
        (
            "endpoint.disabled",
            '-',
            json!({ "endpoint": "end_1", "reason": "it answered 410 Gone" }),
            "An endpoint is notified no more: it answered 410 Gone",
        ),
        (
            "alert.opened",
            '-',
            json!({ "rule": "source_silent", "subject": "bank", "what": "Source bank says nothing" }),
            "Source bank says nothing",
        ),
        (
            "alert.ended",
            '-',
            json!({ "rule": "source_silent", "subject": "bank", "what": "Source bank says nothing" }),
            "It is so no more: Source bank says nothing",
        ),
        (
            "pigeon.sent",
            '-',
            json!({ "to": "Bali", "grams": 3 }),
            "pigeon sent: grams 3, to Bali",
        ),
    ];
    let mut told: std::collections::BTreeSet<&str> =
        EntryKind::ALL.iter().map(|k| k.word()).collect();
    for (kind, by, detail, expected) in table {
        let entry = entry(kind, by == 'E', (by == 'K').then_some("till-1"));
        // What went back is told after what came.
        let mut story = story();
        story.moved.insert(
            "pay_1".to_owned(),
            match kind {
                "payment.refunded" => (15_000_000, 0),
                _ => (0, 0),
            },
        );
        let (_, summary) = story.tell(&entry, &detail);
        assert_eq!(summary, expected, "{kind}");
        told.remove(kind);
    }
    assert!(told.is_empty(), "not in the table: {told:?}");
}

#[test]
fn an_entry_is_told_by_its_event_its_key_or_its_kind() {
    let provider = |source: Option<&str>| Who::Provider(source.map(str::to_owned));
    let till = |entry: &TimelineEntry| Who::Key(entry.by.clone().expect("it has one"));
    let none = json!({});
    let mut story = Story::default();
    // Nobody has named the source yet; an entry of the same event does.
    let paid = entry("order.paid", true, Some("till-1"));
    assert_eq!(story.tell(&paid, &none).0, provider(None));
    let named = entry("payment.paid", true, None);
    let detail = json!({ "source": "bank" });
    assert_eq!(story.tell(&named, &detail).0, provider(Some("bank")));
    assert_eq!(story.tell(&paid, &none).0, provider(Some("bank")));
    for kind in [
        "order.created",
        "order.cancelled",
        "effect.retried",
        "question.asked",
    ] {
        let entry = entry(kind, false, Some("till-1"));
        assert_eq!(story.tell(&entry, &none).0, till(&entry), "{kind}");
    }
    for (kind, who) in [
        // Of before: a key did it, and which is not known.
        ("order.created", Who::Unsaid),
        ("order.cancelled", Who::Unsaid),
        ("refund.requested", Who::Unsaid),
        ("question.asked", Who::Unsaid),
        ("order.expired", Who::Tollgate),
        ("receipt.issued", Who::Tollgate),
        ("payment.paid", provider(None)),
    ] {
        assert_eq!(
            story.tell(&entry(kind, false, None), &none).0,
            who,
            "{kind}"
        );
    }
    // What a key's command brings about by a rule is not the key holder's doing.
    for (kind, detail) in [
        ("order.attention", json!({ "code": "duplicate_payment" })),
        ("refund.requested", json!({ "ordered_by": "tollgate" })),
        ("order.closing", json!({ "why": "time is up" })),
    ] {
        let entry = entry(kind, false, Some("till-1"));
        assert_eq!(story.tell(&entry, &detail).0, Who::Tollgate, "{kind}");
    }
    // Cash is nobody's report.
    let cash = json!({ "source": "manual" });
    let paid = entry("payment.paid", false, None);
    assert_eq!(story.tell(&paid, &cash).0, Who::Unsaid);
}
