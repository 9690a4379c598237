//! Refunds as effects.

use tollgate_core::command::{Action, RefundPayment, Settlement};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::event::RefundState;
use tollgate_core::payment::RefundProgress;

use super::{dead, id_of, paid};

/// C6, and the same the other way round.
#[test]
fn our_own_refund_and_its_webhook_are_one() {
    for webhook_first in [true, false] {
        let (mut store, id, payment) = paid();
        store.act(Action::RefundPayment(RefundPayment {
            payment,
            minor: 40,
            reason: "returned".to_owned(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        }));
        let key = store.effects("refund:").remove(0);
        store.begin(&key);
        if webhook_first {
            store.hear("k2", "A-1", "refund back-1 40");
        }
        store.settle(
            &key,
            Settlement::Refunded {
                provider_refund_id: Some("back-1".to_owned()),
                state: RefundState::Succeeded,
            },
        );
        if !webhook_first {
            store.hear("k2", "A-1", "refund back-1 40");
        }
        let root = store.root(id);
        assert_eq!(root.ledger().all.refunded, 40);
        assert_eq!(root.refunds[0].state, RefundProgress::Succeeded);
        assert_eq!(store.effects("receipt:refund:").len(), 1);
        assert_eq!(store.attention(id), [""; 0]);
        let rest = store.act(Action::RefundPayment(RefundPayment {
            payment,
            minor: 60,
            reason: "all of it".to_owned(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        }));
        assert!(matches!(rest, Outcome::Refund(..)), "{rest:?}");
    }
}

#[test]
fn a_refund_that_is_tried_again_sets_its_amount_aside_again() {
    let (mut store, id, payment) = paid();
    let ask = |minor| {
        Action::RefundPayment(RefundPayment {
            payment,
            minor,
            reason: "returned".to_owned(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        })
    };
    store.act(ask(60));
    let key = store.effects("refund:").remove(0);
    store.begin(&key);
    store.settle(&key, dead());
    assert_eq!(store.root(id).refunds[0].state, RefundProgress::Failed);
    // Meanwhile some of it goes another way.
    store.act(ask(50));
    let retried = store.act(Action::RetryEffect(id_of(&key)));
    let refundable_minor = 50;
    assert_eq!(
        retried,
        Outcome::Refused(Refusal::RefundExceedsCaptured { refundable_minor })
    );
    let other = store.effects("refund:").remove(1);
    store.begin(&other);
    store.settle(&other, dead());
    let retried = store.act(Action::RetryEffect(id_of(&key)));
    assert!(matches!(retried, Outcome::Effect(..)), "{retried:?}");
    assert_eq!(store.root(id).refunds[0].state, RefundProgress::Requested);
    let refundable_minor = 40;
    assert_eq!(
        store.act(ask(41)),
        Outcome::Refused(Refusal::RefundExceedsCaptured { refundable_minor })
    );
}

#[test]
fn a_refund_is_unknown_until_a_person_decides() {
    for is_done in [true, false] {
        let (mut store, id, payment) = paid();
        store.act(Action::RefundPayment(RefundPayment {
            payment,
            minor: 40,
            reason: "returned".to_owned(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        }));
        let key = store.effects("refund:").remove(0);
        store.begin(&key);
        store.settle(
            &key,
            Settlement::Unknown {
                reason: "its worker was lost".to_owned(),
            },
        );
        assert_eq!(store.count("effect.unknown"), 1);
        assert_eq!(store.root(id).refunds[0].state, RefundProgress::Unknown);
        let close = Action::CloseEffect {
            effect: id_of(&key),
            done: is_done,
            reason: "looked it up".to_owned(),
        };
        store.act(close.clone());
        let (refunded, state) = match is_done {
            true => (40, RefundProgress::Succeeded),
            false => (0, RefundProgress::Failed),
        };
        assert_eq!(store.root(id).ledger().all.refunded, refunded);
        assert_eq!(store.root(id).refunds[0].state, state);
        let again = store.act(close);
        let settled = store.effect(&key).state;
        assert_eq!(again, Outcome::Refused(Refusal::EffectState(settled)));
    }
}
