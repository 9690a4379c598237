//! Stories of money that was only set aside when its order ended: it is let go once, and whatever the
//! provider says of it meanwhile is heard (docs/money.md).

use tollgate_core::capacity::{Late, Unit};
use tollgate_core::command::{Action, CreateOrder, OrderRef, Settlement};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::{AnswerContent, AskReason, EffectContent, EffectState};
use tollgate_core::event::{Fact, Strength};
use tollgate_core::id::RootId;
use tollgate_core::payment::PaymentStatus;
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use crate::store::Store;
use crate::words::*;
use crate::worker::*;

/// An order of 100 that is to be paid as `A-1`.
fn shop() -> (Store, RootId) {
    let mut store = Store::new();
    store.stock("shirt", 1);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    (store, id)
}

fn cancel(store: &mut Store, id: RootId) {
    store.act(Action::CancelOrder(OrderRef::Code("A".to_owned())));
    store.later(Span::minutes(3));
    store.due(id);
    assert_eq!(store.status(id), "Cancelled released");
}

/// An order that was cancelled while its money is set aside, and the key of what lets it go.
fn cancelled() -> (Store, RootId, String) {
    let (mut store, id) = shop();
    store.hear("k1", "A-1", "authorized 100");
    cancel(&mut store, id);
    let key = the_void(&store);
    (store, id, key)
}

fn the_void(store: &Store) -> String {
    let voids = store.effects("void:");
    assert_eq!(voids.len(), 1, "{voids:?}");
    voids.into_iter().next().unwrap_or_default()
}

fn payment_status(store: &Store, id: RootId) -> PaymentStatus {
    store.root(id).payments[0].projection().status
}

fn effect_state(store: &Store, key: &str) -> EffectState {
    store.rows.claimed[&effect_id(key)].state
}

/// How often the order has an entry.
fn count(store: &Store, kind: &str) -> usize {
    let entries = store.entries.iter();
    entries.filter(|entry| entry.kind.word() == kind).count()
}

/// The provider was asked, and says so.
fn says(words: &str) -> Settlement {
    answered(AnswerContent::Facts {
        method: None,
        unreadable: false,
        names: vec!["A-1".to_owned()],
        facts: vec![Fact {
            strength: Strength::Asked,
            ..fact(words, idr)
        }],
        provider_payment_id: None,
    })
}

#[test]
fn what_is_set_aside_for_a_cancelled_order_is_let_go() {
    let (mut store, id, key) = cancelled();
    let payment = store.root(id).payments[0].id;
    assert_eq!(key, format!("void:{payment}:tx"));
    let wanted = EffectContent::Void {
        payment,
        source: "bank".to_owned(),
        object: "tx".to_owned(),
    };
    assert_eq!(*content_of(&store, &key), wanted);
    assert_eq!(wanted.target(), "void:bank");
    assert_eq!(due_of(&store, &key), store.now);
    assert!(store.attention(id).is_empty(), "no one need look");
    assert_eq!(count(&store, "payment.void_requested"), 1);

    does(&mut store, &key, Settlement::Voided);
    assert_eq!(payment_status(&store, id), PaymentStatus::Cancelled);
    assert_eq!(effect_state(&store, &key), EffectState::Done);
    assert!(store.attention(id).is_empty());
    assert_eq!(count(&store, "payment.cancelled"), 1);
    // The provider reports it too, under any name, late and twice.
    for (key, words) in [
        ("k2", "cancel 100"),
        ("k3", "cancel 100"),
        ("k4", "voided"),
        ("k5", "authorized 100"),
        ("k6", "expire"),
    ] {
        store.hear(key, "A-1", words);
    }
    assert_eq!(count(&store, "payment.cancelled"), 1, "that is known");
    assert_eq!(store.effects("void:").len(), 1);
    assert!(store.effects("ask:").len() <= 1, "only as it closed");
    assert!(store.attention(id).is_empty());
}

#[test]
fn what_is_set_aside_for_an_order_that_has_ended_already_is_let_go() {
    let (mut store, id) = shop();
    store.later(Span::minutes(16));
    store.due(id);
    store.later(Span::minutes(3));
    store.due(id);
    assert_eq!(store.status(id), "Expired expired");
    assert!(store.effects("void:").is_empty());
    store.hear("k1", "A-1", "authorized 100");
    let key = the_void(&store);
    // Sent twice it is one.
    store.hear("k1", "A-1", "authorized 100");
    store.hear("k2", "A-1", "authorized 100");
    assert_eq!(the_void(&store), key);
    assert_eq!(count(&store, "payment.void_requested"), 1);
    does(&mut store, &key, Settlement::Voided);
    assert_eq!(payment_status(&store, id), PaymentStatus::Cancelled);
    // The customer tries another card: that is another authorisation.
    store.hear("k3", "A-1", "b:authorized 100");
    let voids = store.effects("void:");
    assert_eq!(voids.len(), 2, "{voids:?}");
    does(&mut store, &voids[0], Settlement::Voided);
    assert!(store.attention(id).is_empty());
}

/// One that is reported by our reference first and by the provider's own id later is one authorisation.
#[test]
fn an_authorisation_that_gets_its_name_later_is_let_go_once() {
    let (mut store, id) = shop();
    cancel(&mut store, id);
    store.hear("k1", "A-1", "A-1:authorized 100");
    let key = the_void(&store);
    store.hear("k2", "A-1", "t9:authorized 100");
    assert_eq!(the_void(&store), key);
    does(&mut store, &key, Settlement::Voided);
    assert_eq!(payment_status(&store, id), PaymentStatus::Cancelled);
    assert!(store.attention(id).is_empty());
}

#[test]
fn a_shop_that_decides_about_money_by_itself_is_alarmed() {
    let (mut store, id) = shop();
    store.rules.auto_refund = false;
    store.hear("k1", "A-1", "authorized 100");
    cancel(&mut store, id);
    assert!(store.effects("void:").is_empty());
    assert_eq!(store.attention(id), ["authorization_open"]);
    // It has let it go at the provider: no one need look any more.
    store.hear("k2", "A-1", "voided");
    assert!(store.attention(id).is_empty());
    assert_eq!(count(&store, "attention.ended"), 1);
}

#[test]
fn money_that_is_taken_before_it_could_be_let_go_is_there() {
    // Heard of before a worker has begun.
    let (mut store, id, key) = cancelled();
    store.hear("k2", "A-1", "paid 100");
    assert_eq!(store.attention(id), ["paid_unfulfillable"]);
    assert!(!takes_up(&mut store, &key), "there is nothing to let go");
    assert_eq!(effect_state(&store, &key), EffectState::Done);
    assert_eq!(store.attention(id), ["paid_unfulfillable"]);
    assert_eq!(store.root(id).ledger().all.captured, 100);

    // Heard of while the provider is called, which says so when it is asked.
    let (mut store, id, key) = cancelled();
    assert!(takes_up(&mut store, &key));
    store.hear("k2", "A-1", "paid 100");
    ends(&mut store, &key, says("paid 100"));
    assert_eq!(store.root(id).ledger().all.captured, 100);
    assert_eq!(store.attention(id), ["paid_unfulfillable"]);

    // Heard of by the answer alone.
    let (mut store, id, key) = cancelled();
    does(&mut store, &key, says("paid 100"));
    assert_eq!(effect_state(&store, &key), EffectState::Done);
    assert_eq!(store.root(id).ledger().all.captured, 100);
    assert_eq!(store.attention(id), ["paid_unfulfillable"]);
    assert_eq!(store.effects("receipt:sale:").len(), 1);

    // Heard of when it was let go: what was taken wins, and goes by the shop's policy.
    let (mut store, id, key) = cancelled();
    does(&mut store, &key, Settlement::Voided);
    store.hear("k2", "A-1", "paid 100");
    assert_eq!(store.root(id).ledger().all.captured, 100);
    assert_eq!(store.attention(id), ["paid_unfulfillable"]);
}

#[test]
fn money_that_is_not_let_go_is_shown() {
    let (mut store, id, key) = cancelled();
    does(&mut store, &key, refused());
    assert_eq!(effect_state(&store, &key), EffectState::Dead);
    assert_eq!(store.attention(id), ["authorization_open"]);
    assert_eq!(payment_status(&store, id), PaymentStatus::Authorized);
    // A person has it tried again, and it works.
    let effect = effect_id(&key);
    store.act(Action::RetryEffect(effect));
    does(&mut store, &key, Settlement::Voided);
    assert!(store.attention(id).is_empty());
    assert_eq!(count(&store, "attention.ended"), 1);
    let again = store.act(Action::RetryEffect(effect));
    let done = Outcome::Refused(Refusal::EffectState(EffectState::Done));
    assert_eq!(again, done);

    // One that was let go at the provider meanwhile is not tried.
    let (mut store, id, key) = cancelled();
    does(&mut store, &key, refused());
    store.hear("k2", "A-1", "voided");
    assert!(store.attention(id).is_empty());
    store.act(Action::RetryEffect(effect_id(&key)));
    assert_eq!(effect_state(&store, &key), EffectState::Done);
}

#[test]
fn an_unknown_void_is_asked_about() {
    let (mut store, id, key) = cancelled();
    let before = store.effects("ask:").len();
    assert!(takes_up(&mut store, &key));
    assert_eq!(effect_state(&store, &key), EffectState::Started);
    // The question of its closing is answered before that.
    store.answer("A-1", 1, None, None, Some("authorized 100"));
    ends(&mut store, &key, lost());
    assert_eq!(effect_state(&store, &key), EffectState::Unknown);
    assert_eq!(payment_status(&store, id), PaymentStatus::Authorized);
    assert_eq!(store.attention(id), ["authorization_open"]);
    let asks = store.effects("ask:");
    assert_eq!(asks.len(), before + 1, "{asks:?}");
    let EffectContent::Ask { why, n, .. } = content_of(&store, &asks[before]).clone() else {
        panic!("{asks:?}");
    };
    assert_eq!((why, n), (AskReason::Void, 2));
    let version = Some(store.root(id).version);
    store.answer("A-1", n, None, version, Some("cancel"));
    assert_eq!(payment_status(&store, id), PaymentStatus::Cancelled);
    assert!(store.attention(id).is_empty());

    // Still set aside, the alarm stays, and a person may resolve it.
    for (is_done, status, open) in [
        (true, PaymentStatus::Cancelled, vec![]),
        (false, PaymentStatus::Authorized, vec!["authorization_open"]),
    ] {
        let (mut store, id, key) = cancelled();
        does(&mut store, &key, lost());
        store.answer("A-1", 1, None, None, Some("authorized 100"));
        assert_eq!(store.attention(id), ["authorization_open"]);
        store.act(Action::CloseEffect {
            effect: effect_id(&key),
            done: is_done,
            reason: "looked".to_owned(),
        });
        assert_eq!(payment_status(&store, id), status);
        assert_eq!(store.attention(id), open);
    }
}

/// An answer that leaves the money where it is does not end in silence.
#[test]
fn an_answer_that_leaves_money_set_aside_is_shown() {
    for content in [
        says("b:fail"),
        says("authorized 100"),
        // It is asked by a question of its own before it lowers anything.
        says("cancel"),
        answered(AnswerContent::Weak),
    ] {
        let (mut store, id, key) = cancelled();
        does(&mut store, &key, content);
        assert_eq!(store.attention(id), ["authorization_open"]);
    }
}

/// What was taken in part has let go of the rest. What is set aside beside money that was taken is not
/// called off, because its provider would give back that as well.
#[test]
fn nothing_is_called_off_that_was_taken_in_part() {
    let (mut store, id) = shop();
    store.hear("k1", "A-1", "authorized 100");
    store.hear("k2", "A-1", "paid 60");
    cancel(&mut store, id);
    assert!(store.effects("void:").is_empty());
    assert_eq!(store.attention(id), ["partially_paid_expired"]);

    store.hear("k3", "A-1", "b:authorized 40");
    assert!(store.effects("void:").is_empty());
    let open = ["partially_paid_expired", "authorization_open"];
    assert_eq!(store.attention(id), open);

    let (mut store, id, key) = cancelled();
    store.hear("k2", "A-1", "b:paid 40");
    assert!(!takes_up(&mut store, &key));
    assert_eq!(effect_state(&store, &key), EffectState::Done);
    let open = ["partially_paid_expired", "authorization_open"];
    assert_eq!(store.attention(id), open);
}

/// Money that comes too late for its order's slot ends the order, which another payment has money set
/// aside for.
#[test]
fn what_is_set_aside_is_let_go_when_late_money_ends_its_order() {
    let mut store = Store::new();
    store.stock("shirt", 1);
    store.put_calendar(calendar("cal", Unit::Orders, 1, Late::Same), slots(1, 8, 4));
    let id = store.order(CreateOrder {
        slot: earliest("cal"),
        ..with_payment(order("A", &[line("shirt", 1, 100)]), "A-1")
    });
    store.register("A", "A-2");
    store.hear("k1", "A-2", "b:authorized 100");
    store.later(Span::hours(8 * 24));
    store.hear("k2", "A-1", "paid 100");
    assert_eq!(store.status(id), "Expired expired");
    assert_eq!(store.attention(id), ["paid_unfulfillable"]);
    let second = store.root(id).payments[1].id;
    assert_eq!(the_void(&store), format!("void:{second}:b"));
}
