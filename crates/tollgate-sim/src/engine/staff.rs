//! What staff does with the engine.

use tollgate_core::command::{Action, AttentionOf, OrderRef, RefundPayment};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::{EffectContent, EffectState};
use tollgate_core::id::{EffectId, PaymentId};
use tollgate_core::order::AttentionCode;
use tollgate_core::word::Word as _;

use crate::provider::House;

use super::Engine;

/// What staff wants given back, and taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackWish {
    /// How much.
    pub minor: i64,
    /// Units by sku that come back.
    pub restock: Vec<(String, i64)>,
    /// The slot comes back.
    pub release_slot: bool,
    /// It was handed over in cash.
    pub recorded: bool,
}

/// What became of that wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It is ordered, or noted, under this key.
    Under(String),
    /// More goods than may come back.
    TooManyGoods,
    /// No slot that may come back.
    NoSlot,
    /// Something else is in its way.
    Otherwise,
}

impl Engine {
    /// Cancels an order.
    pub fn cancel(&mut self, code: &str) -> bool {
        let outcome = self.act(Action::CancelOrder(OrderRef::Code(code.to_owned())));
        matches!(outcome, Outcome::Root(_))
    }

    /// Records cash.
    pub fn capture_by_hand(&mut self, payment: u128, minor: i64) -> bool {
        let fresh = self.fresh();
        let outcome = self.act(Action::CapturePayment {
            payment: PaymentId::from_u128(payment),
            minor,
            note: "cash".to_owned(),
            fresh,
        });
        matches!(outcome, Outcome::Payment(..))
    }

    /// Wants money given back, and goods and slot taken back with it.
    pub fn refund(&mut self, payment: u128, wish: &BackWish) -> Given {
        let outcome = self.act(Action::RefundPayment(RefundPayment {
            payment: PaymentId::from_u128(payment),
            minor: wish.minor,
            reason: "returned".to_owned(),
            restock: wish.restock.clone(),
            release_slot: wish.release_slot,
            recorded: wish.recorded,
        }));
        match outcome {
            Outcome::Refund(id, _) => Given::Under(id.to_string()),
            Outcome::Refused(Refusal::RestockExceedsSold { .. }) => Given::TooManyGoods,
            Outcome::Refused(Refusal::SlotNotSold) => Given::NoSlot,
            _ => Given::Otherwise,
        }
    }

    /// Wants a payment's receipts to say what its ledger says.
    pub fn correct_receipts(&mut self, payment: u128) {
        self.act(Action::CorrectReceipts(PaymentId::from_u128(payment)));
    }

    /// Draws whatever waits under a name.
    pub fn drain(&mut self, house: House, name: &str) {
        self.act(Action::DrainName {
            source: house.name().to_owned(),
            name: name.to_owned(),
        });
    }

    /// Wants a provider asked now.
    pub fn check(&mut self, payment: u128) {
        self.act(Action::CheckPayment(PaymentId::from_u128(payment)));
    }

    /// Has looked at something on an order.
    pub fn resolve(&mut self, code: &str, alarm: &str) {
        self.look_at(AttentionOf::Order(OrderRef::Code(code.to_owned())), alarm);
    }

    /// Has looked at something on a payment, be it of an order or alone.
    pub fn resolve_payment(&mut self, payment: u128, alarm: &str) {
        self.look_at(AttentionOf::Payment(PaymentId::from_u128(payment)), alarm);
    }

    fn look_at(&mut self, of: AttentionOf, alarm: &str) {
        let found = AttentionCode::ALL
            .iter()
            .find(|known| known.word() == alarm);
        if let Some(alarm) = found {
            self.act(Action::ResolveAttention {
                of,
                code: *alarm,
                note: "seen".to_owned(),
            });
        }
    }

    /// Effects that are dead or unknown.
    pub fn stuck(&self) -> Vec<(EffectId, bool)> {
        let all = self
            .known
            .effects
            .filter(|effect| matches!(effect.state, EffectState::Dead | EffectState::Unknown));
        let state = |id: EffectId| self.effect(id).map(|effect| effect.state);
        all.map(|(_, id)| (*id, state(*id) == Some(EffectState::Unknown)))
            .collect()
    }

    /// Tries an effect again.
    pub fn retry(&mut self, id: EffectId) -> bool {
        let outcome = self.act(Action::RetryEffect(id));
        matches!(outcome, Outcome::Effect(..))
    }

    /// Says what became of an unknown effect.
    pub fn close(&mut self, id: EffectId, done: bool) {
        self.act(Action::CloseEffect {
            effect: id,
            done,
            reason: "looked".to_owned(),
        });
    }

    /// The refund key that an effect carries.
    pub fn refund_key(&self, id: EffectId) -> Option<String> {
        match &self.effect(id)?.content {
            EffectContent::Refund { refund, .. } => Some(refund.to_string()),
            EffectContent::RefundRequest { .. } => Some(id.to_string()),
            EffectContent::Receipt { .. }
            | EffectContent::Mail { .. }
            | EffectContent::AlertMail(_)
            | EffectContent::Notify { .. }
            | EffectContent::Forward { .. }
            | EffectContent::RefundCheck { .. }
            | EffectContent::Void { .. }
            | EffectContent::Ask { .. } => None,
        }
    }

    /// The effect is a question.
    pub fn is_question(&self, id: EffectId) -> bool {
        let content = self.effect(id).map(|effect| &effect.content);
        matches!(content, Some(EffectContent::Ask { .. }))
    }

    /// The effect's key, for people.
    pub fn key_of(&self, id: EffectId) -> String {
        self.effect(id)
            .map(|effect| effect.key.clone())
            .unwrap_or_default()
    }

    /// Decides about a stored event again.
    pub fn replay(&mut self, place: usize) {
        if let Some(id) = self.events.get(place) {
            self.act(Action::ReplayEvent(*id));
        }
    }

    /// How many events are stored.
    pub fn events_len(&self) -> usize {
        self.events.len()
    }
}
