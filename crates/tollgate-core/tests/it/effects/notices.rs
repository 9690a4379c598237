//! What is handed on, and to whom no more.

use tollgate_core::command::{Action, Health, Settlement};
use tollgate_core::effect::EffectContent;
use tollgate_core::id::{EndpointId, RootId};
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::Span;

use crate::store::{SHOP, START, Store};
use crate::words::*;

use super::{dead, waiting};

#[test]
fn what_is_proven_is_handed_on_at_once() {
    let (mut store, _) = waiting();
    let (document, outcome) = store.hand_on(event("k1", &[], ""), NEVER, &["documents"]);
    assert_eq!(outcome, EventOutcome::Queued);
    let key = format!("forward:documents:{document}");
    assert_eq!(store.effects("forward:"), std::slice::from_ref(&key));
    let order_key = store.rows.effects[&key].order_key.clone();
    assert_eq!(order_key.as_deref(), Some("documents:doc-1"));
    let (_, outcome) = store.hand_on(event("k2", &["A-1"], "paid 100"), NEVER, &["documents"]);
    assert_eq!(outcome, EventOutcome::Applied, "that says more");
    let (early, outcome) = store.hand_on(event("k3", &["B-1"], "paid 100"), NEVER, &["documents"]);
    assert_eq!(outcome, EventOutcome::Parked);
    assert_eq!(store.effects("forward:").len(), 3);
    // Decided about again, it is not handed on again.
    store.act(Action::ReplayEvent(early));
    store.act(Action::ReplayEvent(document));
    assert_eq!(store.fresh_effects, [""; 0]);
}

#[test]
fn what_proves_nothing_is_handed_on_when_it_is_confirmed() {
    for is_known in [true, false] {
        let (mut store, _) = waiting();
        let name = if is_known { "A-1" } else { "B-1" };
        let callback = event("k1", &[name], "paid 100");
        store.hand_on(callback, BEFORE, &["documents", "books"]);
        assert_eq!(store.effects("forward:"), [""; 0]);
        store.ask(&format!("ask:bank:{name}:1"), None);
        assert_eq!(store.effects("forward:"), [""; 0], "nothing decisive");
        store.later(Span::minutes(1));
        store.ask(&format!("ask:bank:{name}:2"), Some("paid 100"));
        assert_eq!(store.effects("forward:").len(), 2);
    }
}

/// A store with a notice to an endpoint, as the Gate makes one.
pub(super) fn noticing() -> (Store, EndpointId) {
    let mut store = Store::new();
    let endpoint = EndpointId::from_u128(99 << 16);
    let content = EffectContent::Notify {
        endpoint,
        position: 1,
        kind: "order.paid".to_owned(),
    };
    let notice = tollgate_core::effect::Effect {
        shop: SHOP,
        key: NOTICE.to_owned(),
        dated_by: RootId::new(1 << 16),
        root: None,
        content,
        due_at: START,
        order_key: None,
    };
    store.rows.effects.insert(NOTICE.to_owned(), notice);
    (store, endpoint)
}

pub(super) const NOTICE: &str = "notify:99:1";

pub(super) fn again() -> Settlement {
    Settlement::Retry {
        at: START,
        reason: "it answered 503".to_owned(),
    }
}

#[test]
fn an_endpoint_that_is_gone_is_disabled() {
    let (mut store, endpoint) = noticing();
    store.rules.breaker_failures = 1;
    store.claim(NOTICE);
    store.settle_with(NOTICE, again(), Health::Failing);
    let target = store.effect(NOTICE).content.target();
    assert_ne!(store.rows.breakers[&target].open_until, None);
    store.claim(NOTICE);
    store.settle_with(NOTICE, dead(), Health::Gone);
    assert!(store.rows.disabled.contains(&endpoint));
    assert_eq!(store.count("endpoint.disabled"), 1);
    // What is pending for it need not wait for its breaker to be given up.
    assert_eq!(store.rows.breakers[&target].open_until, None);
}

#[test]
fn an_endpoint_that_fails_for_long_is_disabled() {
    let (mut store, endpoint) = noticing();
    let fail = |store: &mut Store| {
        store.claim(NOTICE);
        store.settle_with(NOTICE, again(), Health::Failing);
    };
    let patience = store.rules.disable_after.expect("it is not for ever");
    fail(&mut store);
    store.later(patience);
    store.claim(NOTICE);
    store.settle_with(NOTICE, Settlement::Released, Health::Well);
    fail(&mut store);
    assert!(store.rows.disabled.is_empty(), "it was well in between");
    store.later(Span::millis(patience.as_millis() - 1));
    fail(&mut store);
    assert!(store.rows.disabled.is_empty());
    store.rules.disable_after = None;
    store.later(Span::millis(1));
    fail(&mut store);
    assert!(
        store.rows.disabled.is_empty(),
        "there is no end to patience"
    );
    store.rules.disable_after = Some(patience);
    fail(&mut store);
    assert!(store.rows.disabled.contains(&endpoint));
}

/// E3: the rest of a target that stays away grows although each probe ends before its lease does.
#[test]
fn a_probe_that_fails_leaves_its_target_alone_for_longer() {
    let (mut store, _) = noticing();
    store.rules.breaker_failures = 1;
    let mut rests = Vec::new();
    for _ in 0..4 {
        store.claim(NOTICE);
        let target = store.effect(NOTICE).content.target();
        if let Some(breaker) = store.rows.breakers.get_mut(&target) {
            *breaker = breaker.probed(store.now.plus(Span::seconds(60)));
        }
        store.later(Span::seconds(1));
        store.settle_with(NOTICE, again(), Health::Failing);
        let until = store.rows.breakers[&target].open_until.expect("it is open");
        rests.push((until.as_millis() - store.now.as_millis()) / 1000);
        store.now = until;
    }
    assert_eq!(rests, [30, 60, 120, 240]);
}
