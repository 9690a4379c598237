//! What the timeline tells of questions and mails.

use tollgate_core::command::{Action, Health, ReceiptMail, SettleEffect, Settlement};
use tollgate_core::decision::Detail;
use tollgate_core::effect::{AnswerContent, Attempt};
use tollgate_core::order::Customer;
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use crate::store::{SHOP, Store};
use crate::words::*;

use super::{LEASE, id_of, waiting};

/// A worker has tried and failed; it is tried again in a minute.
fn try_in_vain(store: &mut Store, key: &str, status: Option<u16>, reason: &str) {
    store.begin(key);
    let effect = id_of(key);
    let attempt = Attempt {
        at: store.now,
        took_ms: 1,
        status,
        error: Some(reason.to_owned()),
        head: None,
    };
    store.act(Action::SettleEffect(Box::new(SettleEffect {
        effect,
        target: store.rows.claimed[&effect].content.target(),
        lease: LEASE,
        attempt: Some(attempt),
        settlement: Settlement::Retry {
            at: store.now.plus(Span::minutes(1)),
            reason: reason.to_owned(),
        },
        health: Health::Failing,
        chance: 0,
    })));
    store.later(Span::minutes(1));
}

/// The entries of a kind: the values of these members, in their order.
fn told(store: &Store, kind: &str, names: &[&str]) -> Vec<String> {
    let entries = store
        .entries
        .iter()
        .filter(|entry| entry.kind.word() == kind);
    let shown = |value: &Detail| match value {
        Detail::Text(text) => text.clone(),
        Detail::Integer(integer) => integer.to_string(),
    };
    entries
        .map(|entry| {
            let found = names.iter().filter_map(|name| {
                let member = entry.detail.iter().find(|(known, _)| known == name);
                member.map(|(_, value)| shown(value))
            });
            found.collect::<Vec<_>>().join(" ")
        })
        .collect()
}

const ANSWERED: &[&str] = &["source", "reference", "times", "answer", "reason"];

/// Three times no answer, then nothing decisive, then the money: an entry for each change, and how often it was
/// asked by then.
#[test]
fn an_entry_tells_when_a_provider_that_is_asked_says_something_else() {
    let (mut store, id) = waiting();
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    for _ in 0..3 {
        try_in_vain(&mut store, "ask:bank:A-1:1", Some(503), "HTTP status 503");
    }
    try_in_vain(
        &mut store,
        "ask:bank:A-1:1",
        None,
        "no answer within 5000 ms",
    );
    store.ask("ask:bank:A-1:1", None);
    store.later(Span::minutes(1));
    store.ask("ask:bank:A-1:2", None);
    store.later(Span::minutes(1));
    store.ask("ask:bank:A-1:3", Some("b:paid 100"));
    assert_eq!(
        told(&store, "question.answered", ANSWERED),
        [
            "bank A-1 1 no_answer:503 HTTP status 503",
            "bank A-1 4 no_answer no answer within 5000 ms",
            "bank A-1 5 undecided",
            "bank A-1 7 captured",
        ]
    );
    // It is told before what follows from it.
    let kinds: Vec<&str> = store
        .entries
        .iter()
        .map(|entry| entry.kind.word())
        .collect();
    let place = |kind: &str| kinds.iter().rposition(|known| *known == kind);
    assert!(
        place("question.answered") < place("order.paid"),
        "{kinds:?}"
    );
    assert!(
        store
            .entries
            .iter()
            .all(|entry| { entry.kind.word() != "question.answered" || entry.root == Some(id) })
    );
}

/// A provider that fails in turns, with 502 and with 503, is told of 16 times; what it says at last is told
/// too.
#[test]
fn a_provider_that_fails_in_turns_fills_no_timeline() {
    let (mut store, id) = waiting();
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    for turn in 0..40 {
        let status = 502 + turn % 2;
        try_in_vain(&mut store, "ask:bank:A-1:1", Some(status), "HTTP status");
    }
    assert_eq!(told(&store, "question.answered", ANSWERED).len(), 16);
    store.ask("ask:bank:A-1:1", Some("b:paid 100"));
    let all = told(&store, "question.answered", ANSWERED);
    assert_eq!(all.len(), 17);
    assert_eq!(all[16], "bank A-1 41 captured");
}

/// A question that no worker has put, because its target is left alone, was not asked.
#[test]
fn what_was_not_asked_is_not_counted() {
    let (mut store, id) = waiting();
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    store.begin("ask:bank:A-1:1");
    store.settle(
        "ask:bank:A-1:1",
        Settlement::Retry {
            at: store.now,
            reason: "the database is away".to_owned(),
        },
    );
    store.begin("ask:bank:A-1:1");
    store.settle("ask:bank:A-1:1", Settlement::Released);
    assert_eq!(told(&store, "question.answered", ANSWERED), [""; 0]);
    let reason = "no such order".to_owned();
    store.begin("ask:bank:A-1:1");
    let content = AnswerContent::Impossible { reason };
    store.settle("ask:bank:A-1:1", Settlement::Answered(content));
    assert_eq!(
        told(&store, "question.answered", ANSWERED),
        ["bank A-1 1 impossible no such order"]
    );
}

/// One that cannot be sent is told of once, however often it is tried.
#[test]
fn a_mail_is_told_of_when_it_has_to_wait_and_when_it_is_sent() {
    let mut store = Store::new();
    store.rules.mailing.insert(SHOP, ReceiptMail::Own);
    store.stock("shirt", 3);
    let mut wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
    wanted.customer = Customer {
        email: Some("ann@example.com".to_owned()),
        ..Customer::default()
    };
    let id = store.order(wanted);
    store.hear("k1", "A-1", "paid 100");
    let key = store.effects("mail:paid:")[0].clone();
    for reason in ["450 busy", "451 try in 287 s", "451 try in 112 s"] {
        try_in_vain(&mut store, &key, None, reason);
    }
    store.begin(&key);
    store.settle(&key, Settlement::Done);
    assert_eq!(
        told(&store, "mail.delayed", &["mail", "reason"]),
        ["paid 450 busy"]
    );
    assert_eq!(told(&store, "mail.sent", &["mail", "effect"]).len(), 1);
    let sent = store
        .entries
        .iter()
        .find(|entry| entry.kind.word() == "mail.sent");
    assert_eq!(sent.and_then(|entry| entry.root), Some(id));
}
