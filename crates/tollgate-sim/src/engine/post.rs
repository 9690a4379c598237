//! What providers send to the engine, and how it is kept.

use tollgate_core::command::{Action, Command, RawEvent, TakeEvent};
use tollgate_core::decision::Outcome;
use tollgate_core::event::{
    CaptureState, Confirm, DisputeState, Event, Fact, FactKind, Policy, RefundState, Strength,
};
use tollgate_core::id::EventId;
use tollgate_core::money::Money;
use tollgate_core::snapshot::{EventState, Known};
use tollgate_core::time::Timestamp;

use crate::law::{Breach, Law};
use crate::provider::{BackState, ChargeState, Claim, Coin, House, Message, Ruling, Says};

use super::{Engine, SHOP, currency, decide_over};

/// An event as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It moved something, or was known.
    Heard,
    /// It waits for something.
    Waits,
    /// It raises an alarm.
    Named,
}

impl Engine {
    /// A message arrives; one that proves nothing may be kept only if its payment is known. `false`: it was refused.
    pub fn hear(&mut self, message: &Message, only_if_known: bool) -> bool {
        let id = EventId::on(self.fresh(), 1);
        let policy = match message.house {
            House::Page => Policy {
                confirm: Confirm::Before,
                can_ask: true,
                asks_by_own_id: true,
            },
            House::Bank if self.asked_behind => Policy {
                confirm: Confirm::After,
                can_ask: true,
                asks_by_own_id: false,
            },
            House::Bank | House::Wire | House::Till => Policy {
                confirm: Confirm::Never,
                can_ask: message.house.can_be_asked(),
                asks_by_own_id: false,
            },
        };
        let strength = match policy.confirm {
            Confirm::Before => Strength::Unsigned,
            Confirm::After => Strength::PartlySigned,
            Confirm::Never => Strength::Signed,
        };
        let facts = message
            .claims
            .iter()
            .map(|claim| fact(claim, strength, message.at));
        let event = Event {
            key: message.key.clone(),
            kind: "reported".to_owned(),
            names: message.names.clone(),
            code: message.code.clone(),
            provider_payment_id: message.provider_id.clone(),
            method: None,
            facts: facts.collect(),
            amount_unreadable: message.unreadable,
            occurred_at: Some(Timestamp::from_millis(message.at)),
        };
        let received_at = self.time();
        let taken = TakeEvent {
            id,
            source: message.house.name().to_owned(),
            event,
            policy,
            received_at,
            forwards: Vec::new(),
            only_if_known,
            raw: RawEvent::default(),
        };
        if only_if_known {
            self.is_taken_as_any(&taken);
        }
        match self.act(Action::TakeEvent(taken)) {
            Outcome::Event { id: taken, .. } => {
                // A message that was repeated is known by the id it was given first.
                if !self.events.contains(&taken) {
                    self.events.push(taken);
                }
                true
            }
            _ => false,
        }
    }

    /// An event that is kept only if its payment is known is decided as any, or leaves nothing.
    fn is_taken_as_any(&mut self, taken: &TakeEvent) {
        let mut decided = |only_if_known: bool| {
            let taken = TakeEvent {
                only_if_known,
                ..taken.clone()
            };
            let command = Command {
                shop: SHOP,
                action: Action::TakeEvent(taken),
            };
            let now = Timestamp::from_millis(self.now);
            decide_over(now, &self.rules, &command, &mut self.known)
        };
        let (kept, any) = (decided(true), decided(false));
        let name = taken.event.names.first().cloned().unwrap_or_default();
        let left = kept.changes.len() + kept.effects.len() + kept.entries.len();
        let (law, kind) = match kept.outcome {
            Outcome::Refused(_) if left == 0 => return,
            Outcome::Refused(_) => (Law::L7, "a report that was refused leaves something"),
            _ if kept == any => return,
            _ => (Law::L4, "a report is taken otherwise than any"),
        };
        let text = format!("{name}: {:?} with {left} rows", kept.outcome);
        self.seen.push(Breach { law, kind, text });
    }

    /// How an event of this key stands, if it was taken before.
    pub fn standing_of(&self, house: House, key: &str) -> Option<Standing> {
        let row = (SHOP, house.name().to_owned(), key.to_owned());
        let Known::Found(id) = self.known.event_keys.get(&row) else {
            return None;
        };
        match self.known.events.get(&(SHOP, *id)) {
            Known::Found(event) => Some(standing(event.state)),
            Known::Absent | Known::NotLoaded => None,
        }
    }

    /// How the events stand that mention a name.
    pub fn standing(&self, house: House, name: &str) -> Vec<Standing> {
        let of = |id: &EventId| match self.known.events.get(&(SHOP, *id)) {
            Known::Found(event) if event.source == house.name() => event
                .event
                .names
                .iter()
                .any(|known| known == name)
                .then_some(standing(event.state)),
            Known::Found(_) | Known::Absent | Known::NotLoaded => None,
        };
        self.events.iter().filter_map(of).collect()
    }
}

fn standing(state: EventState) -> Standing {
    match state {
        EventState::Applied | EventState::Stale | EventState::Stored => Standing::Heard,
        EventState::Parked | EventState::Queued => Standing::Waits,
        EventState::Attention | EventState::Orphan | EventState::Dead => Standing::Named,
    }
}

pub(super) fn refund_state(state: BackState) -> RefundState {
    match state {
        BackState::Pending => RefundState::Pending,
        BackState::Failed => RefundState::Failed,
        BackState::Done => RefundState::Succeeded,
        BackState::Bounced => RefundState::Reversed,
    }
}

pub(super) fn fact(claim: &Claim, strength: Strength, at: i64) -> Fact {
    let kind = match claim.says {
        Says::Charge(state) => FactKind::Capture(match state {
            ChargeState::Pending => CaptureState::Pending,
            ChargeState::Failed => CaptureState::Failed,
            ChargeState::Authorized => CaptureState::Authorized,
            ChargeState::Voided => CaptureState::Voided,
            ChargeState::Captured => CaptureState::Captured,
            ChargeState::Settled => CaptureState::Settled,
            ChargeState::Reversed => CaptureState::Reversed,
        }),
        Says::Back(_, state) => FactKind::Refund(refund_state(state)),
        Says::BackInAll => FactKind::RefundedTotal,
        Says::Dispute(_, ruling) => FactKind::Dispute(match ruling {
            Ruling::Open => DisputeState::Open,
            Ruling::Won => DisputeState::Won,
            Ruling::Lost => DisputeState::Lost,
        }),
    };
    Fact {
        object: claim.object.clone(),
        kind,
        money: claim.minor.map(|minor| Money {
            minor,
            currency: currency(claim.coin),
        }),
        occurred_at: Some(Timestamp::from_millis(at)),
        strength,
        foreign_mode: claim.coin == Coin::Toy,
        fee_minor: claim.fee,
    }
}
