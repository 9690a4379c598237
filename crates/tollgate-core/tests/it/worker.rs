//! A worker for stories: it claims an effect, begins it and says what became of it.

use tollgate_core::command::{Action, Health, RefundChecked, SettleEffect, Settlement};
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{
    AnswerContent, EffectContent, EffectState, IssuedReceipt, Lease, StoredEffect,
};
use tollgate_core::event::RefundState;
use tollgate_core::id::EffectId;
use tollgate_core::time::Timestamp;

use crate::store::Store;

const LEASE: Lease = Lease(11);

/// The id that the store of these tests gives to a key.
pub(crate) fn effect_id(key: &str) -> EffectId {
    let hash = key.bytes().fold(0x6c62_272e_07bb_0142_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    EffectId::from_u128(hash)
}

/// Claims what was decided under this key and begins it. Returns whether there is anything to be done.
pub(crate) fn takes_up(store: &mut Store, key: &str) -> bool {
    let decided = store.rows.effects.get(key).cloned();
    let decided = decided.unwrap_or_else(|| panic!("{key} was not decided"));
    let effect = effect_id(key);
    let known = store.rows.claimed.entry(effect).or_insert(StoredEffect {
        key: key.to_owned(),
        root: decided.root,
        content: decided.content,
        state: EffectState::Pending,
        lease: None,
        tries: 0,
        due_at: Some(decided.due_at),
        keeps_waiting: decided.order_key.is_some(),
        order_key: decided.order_key,
        reason: None,
        attempts: Vec::new(),
        settled_at: None,
    });
    assert_eq!(known.state, EffectState::Pending, "{key} can be claimed");
    known.state = EffectState::Leased;
    known.lease = Some(LEASE);
    known.tries += 1;
    let lease = LEASE;
    match store.act(Action::StartEffect { effect, lease }) {
        Outcome::Effect(..) => true,
        Outcome::Done => false,
        other => panic!("{key}: {other:?}"),
    }
}

/// Says how what was begun has ended.
pub(crate) fn ends(store: &mut Store, key: &str, settlement: Settlement) {
    let effect = effect_id(key);
    let target = store.rows.claimed[&effect].content.target();
    let outcome = store.act(Action::SettleEffect(Box::new(SettleEffect {
        effect,
        target,
        lease: LEASE,
        attempt: None,
        settlement,
        health: Health::Well,
        chance: 0,
    })));
    assert!(matches!(outcome, Outcome::Effect(..)), "{key}: {outcome:?}");
}

/// Begins and ends.
pub(crate) fn does(store: &mut Store, key: &str, settlement: Settlement) {
    assert!(takes_up(store, key), "{key} is still to be done");
    ends(store, key, settlement);
}

/// The provider has taken the refund and says how it stands.
pub(crate) fn taken_as(id: Option<&str>, state: RefundState) -> Settlement {
    Settlement::Refunded {
        provider_refund_id: id.map(str::to_owned),
        state,
    }
}

/// The provider was asked about a refund, and knows it.
pub(crate) fn looked_up(id: Option<&str>, state: RefundState) -> Settlement {
    Settlement::RefundChecked(RefundChecked::Known {
        provider_refund_id: id.map(str::to_owned),
        state,
    })
}

/// It is not known whether the call has arrived.
pub(crate) fn lost() -> Settlement {
    Settlement::Unknown {
        reason: "the answer was lost".to_owned(),
    }
}

/// It cannot be done.
pub(crate) fn refused() -> Settlement {
    Settlement::Dead {
        reason: "refused".to_owned(),
        skip: false,
    }
}

pub(crate) fn answered(content: AnswerContent) -> Settlement {
    Settlement::Answered(content)
}

/// When an effect that was decided is to be done.
pub(crate) fn due_of(store: &Store, key: &str) -> Timestamp {
    store.rows.effects[key].due_at
}

/// What was decided under a key.
pub(crate) fn content_of<'s>(store: &'s Store, key: &str) -> &'s EffectContent {
    &store.rows.effects[key].content
}

/// Issues every receipt that is still to be issued.
pub(crate) fn issue_all(store: &mut Store) {
    for key in store.effects("receipt:") {
        if store.rows.claimed.contains_key(&effect_id(&key)) {
            continue;
        }
        let at = store.now;
        let issued = IssuedReceipt {
            at,
            document: "{}".to_owned(),
            pdf: vec![1].into(),
            sha256: [1; 32],
            token: key.clone(),
        };
        does(store, &key, Settlement::Issued(issued));
    }
}
