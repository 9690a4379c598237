//! Claims, attempts, and what is tried again.

use tollgate_core::breaker::Admission;
use tollgate_core::command::{Action, Health, RefundPayment, SettleEffect, Settlement};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::{ATTEMPTS_KEPT, Attempt, EffectState, Lease};
use tollgate_core::payment::RefundProgress;
use tollgate_core::time::{Span, Timestamp};

use crate::store::{START, Store};
use crate::words::*;

use super::notices::{NOTICE, again, noticing};
use super::questions::ASK;
use super::{LEASE, dead, issued, paid, said};

#[test]
fn a_claim_that_was_lost_changes_nothing() {
    let settlements = [
        Settlement::Done,
        Settlement::Issued(issued(START, 9)),
        Settlement::Answered(said(Some("deny"))),
        Settlement::Released,
        Settlement::Retry {
            at: START,
            reason: "late".to_owned(),
        },
        dead(),
        Settlement::Unknown {
            reason: "late".to_owned(),
        },
    ];
    let (mut store, _, payment) = paid();
    store.act(Action::CheckPayment(payment));
    let receipt = format!("receipt:sale:{payment}:tx");
    for key in [ASK, receipt.as_str()] {
        let effect = store.claim(key);
        // Another worker has it by now.
        let other = Lease(8);
        store.rows.claimed.get_mut(&effect).expect("claimed").lease = Some(other);
        let before = store.rows.clone();
        let begun = store.act(Action::StartEffect {
            effect,
            lease: LEASE,
        });
        assert_eq!(begun, Outcome::Refused(Refusal::LeaseLost));
        for settlement in &settlements {
            let outcome = store.settle_with(key, settlement.clone(), Health::Failing);
            assert_eq!(
                outcome,
                Outcome::Refused(Refusal::LeaseLost),
                "{settlement:?}"
            );
            assert_eq!(store.rows, before, "{settlement:?}");
        }
        // The other one settles; the first comes back once more (F10).
        store.rows.claimed.get_mut(&effect).expect("claimed").lease = Some(LEASE);
        store.settle(key, Settlement::Done);
        let outcome = store.settle_with(key, dead(), Health::Failing);
        assert_eq!(outcome, Outcome::Refused(Refusal::LeaseLost));
        assert_eq!(store.effect(key).state, EffectState::Done);
    }
    assert!(store.rows.breakers.is_empty());
}

#[test]
fn only_what_must_not_be_repeated_is_marked_as_begun() {
    let (mut store, _, payment) = paid();
    store.act(Action::RefundPayment(RefundPayment {
        payment,
        minor: 40,
        reason: "returned".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: false,
    }));
    let refund = store.effects("refund:").remove(0);
    let receipt = format!("receipt:sale:{payment}:tx");
    store.begin(&refund);
    assert_eq!(store.effect(&refund).state, EffectState::Started);
    assert_eq!(
        store.root(payment.root()).refunds[0].state,
        RefundProgress::Sent
    );
    store.begin(&receipt);
    assert_eq!(store.effect(&receipt).state, EffectState::Leased);
    assert_eq!(store.changed, 0);
}

/// The person who asks may have mended it. A probe that is under way is not doubled.
#[test]
fn what_is_tried_again_by_hand_does_not_wait_for_its_targets_pause() {
    let (mut store, _) = noticing();
    store.rules.breaker_failures = 1;
    let effect = store.claim(NOTICE);
    store.settle_with(NOTICE, again(), Health::Failing);
    let target = store.effect(NOTICE).content.target();
    let opened = store.rows.breakers[&target];
    assert!(matches!(opened.admits(store.now), Admission::Nothing(_)));
    store.act(Action::RetryEffect(effect));
    let looked_at = store.rows.breakers[&target];
    assert_eq!(looked_at.admits(store.now), Admission::Probe);
    assert_eq!(looked_at.opened, 1, "it is not well before it has answered");
    let over_by = store.now.plus(Span::seconds(60));
    let probed = looked_at.probed(over_by);
    store.rows.breakers.insert(target.clone(), probed);
    store.act(Action::RetryEffect(effect));
    assert_eq!(store.rows.breakers[&target], probed);
}

#[test]
fn the_last_attempts_are_kept() {
    let (mut store, _) = noticing();
    let tried = i64::try_from(ATTEMPTS_KEPT).expect("a few") + 3;
    for at in 0..tried {
        let effect = store.claim(NOTICE);
        let target = store.effect(NOTICE).content.target();
        store.act(Action::SettleEffect(Box::new(SettleEffect {
            effect,
            target,
            lease: LEASE,
            attempt: Some(Attempt {
                at: Timestamp::from_millis(at),
                took_ms: 1,
                status: Some(503),
                error: None,
                head: None,
            }),
            settlement: again(),
            health: Health::Unsaid,
            chance: 0,
        })));
    }
    let effect = store.effect(NOTICE);
    assert_eq!(effect.tries, u32::try_from(tried).expect("a few"));
    let kept: Vec<i64> = effect.attempts.iter().map(|a| a.at.as_millis()).collect();
    assert_eq!(kept, (3..tried).collect::<Vec<_>>());
}

#[test]
fn what_is_given_back_was_not_tried() {
    let (mut store, _) = noticing();
    store.claim(NOTICE);
    store.settle(NOTICE, Settlement::Released);
    let effect = store.effect(NOTICE);
    assert_eq!((effect.tries, effect.due_at), (0, Some(START)));
    assert_eq!((effect.state, effect.lease), (EffectState::Pending, None));
}

/// `state -> may be tried again`
#[test]
fn what_is_under_way_or_done_is_not_tried_again() {
    for (state, may) in [
        (EffectState::Pending, true),
        (EffectState::Leased, false),
        (EffectState::Started, false),
        (EffectState::Done, false),
        (EffectState::Unknown, true),
        (EffectState::Dead, true),
    ] {
        let (mut store, _) = noticing();
        let effect = store.claim(NOTICE);
        let row = store.rows.claimed.get_mut(&effect).expect("claimed");
        (row.state, row.due_at, row.tries) = (state, None, 5);
        let outcome = store.act(Action::RetryEffect(effect));
        assert_eq!(matches!(outcome, Outcome::Effect(..)), may, "{state:?}");
        if may {
            let row = store.effect(NOTICE);
            assert_eq!(
                (row.state, row.due_at, row.tries),
                (EffectState::Pending, Some(START), 0)
            );
        } else {
            assert_eq!(outcome, Outcome::Refused(Refusal::EffectState(state)));
        }
    }
}

#[test]
fn a_dead_effect_keeps_its_order_waiting_unless_it_is_skipped() {
    for (settlement, keeps_waiting) in [
        (Settlement::Done, false),
        (again(), true),
        (dead(), true),
        (
            Settlement::Dead {
                reason: "refused".to_owned(),
                skip: true,
            },
            false,
        ),
    ] {
        let mut store = Store::new();
        store.hand_on(event("k1", &[], ""), NEVER, &["documents"]);
        let key = store.effects("forward:").remove(0);
        store.claim(&key);
        store.settle(&key, settlement.clone());
        assert_eq!(
            store.effect(&key).keeps_waiting,
            keeps_waiting,
            "{settlement:?}"
        );
    }
}
