//! What the engine wants done outside, and what came of it.

use tollgate_core::breaker::Admission;
use tollgate_core::command::{Action, Health, RefundChecked, SettleEffect, Settlement};
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{
    AnswerContent, EffectContent, EffectState, IssuedReceipt, Lease, StoredEffect,
};
use tollgate_core::event::Strength;
use tollgate_core::id::{EffectId, PaymentId};
use tollgate_core::retry::Schedule;
use tollgate_core::snapshot::Known;
use tollgate_core::time::Span;

use crate::provider::{BackState, Claim, House, is_page};

use super::post::{fact, refund_state};
use super::view::was_tried;
use super::{Engine, LEASE, SHOP};

/// The SHA-256 of no bytes, which receipts have here.
const OF_NOTHING: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// An effect that is claimed, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Issue a receipt.
    Receipt,
    /// Ask a provider.
    Ask {
        /// Whom.
        house: House,
        /// By these names, ours first.
        names: Vec<String>,
        /// About this page, where the house has pages and one is named.
        page: Option<String>,
        /// A report made us ask.
        by_report: bool,
    },
    /// Order money back.
    Back {
        /// Of whom.
        house: House,
        /// Under which reference.
        reference: String,
        /// The provider's ids of the money.
        objects: Vec<String>,
        /// The refund's key.
        key: String,
        /// How much; `None` where that is not known.
        minor: Option<i64>,
        /// A try before may have arrived.
        was_tried: bool,
    },
    /// Ask what became of a refund.
    Look {
        /// Whom.
        house: House,
        /// Under which reference.
        reference: String,
        /// The refund's key.
        key: String,
        /// The provider's id of it, where it is known.
        id: Option<String>,
    },
    /// Have money let go that is only set aside.
    Void {
        /// By whom.
        house: House,
        /// Under which reference.
        reference: String,
        /// The provider's id of it, or the reference.
        object: String,
        /// A try before may have arrived.
        was_tried: bool,
    },
    /// Whatever the world does not look at.
    Other,
}

/// What came of a claimed effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// The receipt is issued.
    Issued,
    /// Done.
    Done,
    /// The provider's answer.
    Said {
        /// Names it mentions.
        names: Vec<String>,
        /// What it claims.
        claims: Vec<Claim>,
        /// The provider's id of the payment.
        provider_id: Option<String>,
        /// By the provider's clock.
        at: i64,
        /// An amount in it cannot be read.
        unreadable: bool,
    },
    /// It knows nothing decisive.
    Nothing,
    /// It spoke of something else.
    Mismatch,
    /// There is no one to ask.
    CannotAsk,
    /// There is nothing to ask by.
    NothingToAskBy,
    /// No answer came, and nothing was done.
    TimedOut,
    /// The refund is taken.
    Taken {
        /// The provider's id of it.
        id: Option<String>,
        /// How it stands.
        state: BackState,
    },
    /// The refund is refused, or cannot be ordered from here.
    Refused,
    /// It knows the refund that it was asked about.
    Stands {
        /// The provider's id of it.
        id: Option<String>,
        /// How it stands.
        state: BackState,
    },
    /// It is sure that it has no such refund.
    NotThere,
    /// It does not say how the refund stands.
    Undecided,
    /// What was set aside is let go.
    LetGo,
    /// It may have been done; the line broke.
    HungUp,
}

impl Engine {
    /// Effects that a worker may take now.
    pub fn due(&self) -> Vec<EffectId> {
        let is_due = |id: &&EffectId| {
            self.effect(**id).is_some_and(|effect| {
                let has_come = effect.due_at.is_some_and(|at| at <= self.time());
                match effect.state {
                    EffectState::Pending => has_come && self.admits(&effect.content.target()),
                    // It waits for the worker who has it, or its worker was lost.
                    EffectState::Leased if self.lease_of(**id).is_some() => true,
                    _ => has_come && self.was_lost(**id, effect),
                }
            })
        };
        self.open_effects.iter().filter(is_due).copied().collect()
    }

    fn admits(&self, target: &str) -> bool {
        match self.known.breakers.get(&(SHOP, target.to_owned())) {
            Known::Found(breaker) => match breaker.admits(self.time()) {
                Admission::All | Admission::Probe => true,
                Admission::Nothing(_) => false,
            },
            Known::Absent | Known::NotLoaded => true,
        }
    }

    /// The claim under which the backend's worker has an effect.
    fn lease_of(&self, id: EffectId) -> Option<Lease> {
        self.backend.as_ref()?.lease_of(id)
    }

    /// A worker that has died with the backend had it.
    pub(super) fn was_lost(&self, id: EffectId, effect: &StoredEffect) -> bool {
        self.backend.is_some() && effect.state.is_claimed() && self.lease_of(id).is_none()
    }

    /// Claims and begins an effect. `None`: there is nothing to do.
    pub fn begin(&mut self, id: EffectId) -> Option<Job> {
        let lease = match self.backend {
            Some(_) => self.claim_there(id)?,
            None => self.claim_here(id)?,
        };
        match self.act(Action::StartEffect { effect: id, lease }) {
            Outcome::Effect(_, effect) => Some(self.job(id, &effect)),
            _ => None,
        }
    }

    /// The worker takes all that is due, unless it has this effect already.
    fn claim_there(&mut self, id: EffectId) -> Option<Lease> {
        if self.lease_of(id).is_none() {
            self.with_backend(|backend, now| backend.claim(now));
        }
        self.lease_of(id)
    }

    fn claim_here(&mut self, id: EffectId) -> Option<Lease> {
        let mut effect = self.effect(id)?.clone();
        effect.state = EffectState::Leased;
        effect.lease = Some(LEASE);
        effect.due_at = Some(self.time().plus(Span::seconds(60)));
        effect.tries += 1;
        self.known.effects.put((SHOP, id), effect);
        Some(LEASE)
    }

    fn job(&self, id: EffectId, effect: &StoredEffect) -> Job {
        let payment_of = |payment: PaymentId| self.root(payment.root())?.payment(payment);
        match &effect.content {
            EffectContent::Receipt { .. } => Job::Receipt,
            EffectContent::Mail { .. }
            | EffectContent::AlertMail(_)
            | EffectContent::Notify { .. }
            | EffectContent::Forward { .. } => Job::Other,
            EffectContent::Ask {
                source,
                object,
                names,
                event,
                ..
            } => {
                // As the program makes its question (effects/ask.rs).
                let mut all = names.clone();
                if all.is_empty() {
                    all.push(object.clone());
                }
                let report = event.and_then(|event| match self.known.events.get(&(SHOP, event)) {
                    Known::Found(stored) => Some(&stored.event),
                    Known::Absent | Known::NotLoaded => None,
                });
                let root = effect.root.and_then(|root| self.root(root));
                let known = root.and_then(|root| {
                    root.payments
                        .iter()
                        .find(|payment| payment.source == *source && payment.reference == *object)
                });
                let provider_id = known
                    .and_then(|payment| payment.provider_payment_id.clone())
                    .or(report.and_then(|report| report.provider_payment_id.clone()));
                // As the provider with pages finds the one that is meant (cardcom.rs).
                let page = std::iter::once(object)
                    .filter(|name| Some(*name) != all.first())
                    .chain(&provider_id)
                    .chain(all.iter().skip(1))
                    .find(|name| is_page(name));
                Job::Ask {
                    house: House::of(source).unwrap_or(House::Till),
                    page: page.cloned(),
                    by_report: report.is_some(),
                    names: all,
                }
            }
            EffectContent::RefundRequest {
                payment,
                source,
                reference,
                money,
            } => {
                let payment = payment.and_then(payment_of);
                Job::Back {
                    house: House::of(source).unwrap_or(House::Till),
                    reference: reference.clone(),
                    objects: payment.map(captured_objects).unwrap_or_default(),
                    key: id.to_string(),
                    minor: money.map(|money| money.minor),
                    was_tried: was_tried(effect),
                }
            }
            EffectContent::Refund {
                refund,
                payment,
                source,
                money,
            } => {
                let payment = payment_of(*payment);
                Job::Back {
                    house: House::of(source).unwrap_or(House::Till),
                    reference: payment
                        .map(|known| known.reference.clone())
                        .unwrap_or_default(),
                    objects: payment.map(captured_objects).unwrap_or_default(),
                    key: refund.to_string(),
                    minor: Some(money.minor),
                    was_tried: was_tried(effect),
                }
            }
            EffectContent::Void {
                payment,
                source,
                object,
            } => Job::Void {
                house: House::of(source).unwrap_or(House::Till),
                reference: payment_of(*payment)
                    .map(|known| known.reference.clone())
                    .unwrap_or_default(),
                object: object.clone(),
                was_tried: was_tried(effect),
            },
            EffectContent::RefundCheck {
                refund,
                payment,
                source,
                ..
            } => {
                let root = self.root(payment.root());
                let ours = root.and_then(|root| {
                    let mut refunds = root.refunds.iter();
                    refunds.find(|known| known.id == *refund)
                });
                Job::Look {
                    house: House::of(source).unwrap_or(House::Till),
                    reference: payment_of(*payment)
                        .map(|known| known.reference.clone())
                        .unwrap_or_default(),
                    key: refund.to_string(),
                    id: ours.and_then(|ours| ours.provider_refund_id.clone()),
                }
            }
        }
    }

    /// Settles a claimed effect, as the program does with such an answer. `false`: the process died
    /// before the answer was kept.
    pub fn finish(&mut self, id: EffectId, word: Word) -> bool {
        let Some(effect) = self.effect(id) else {
            return false;
        };
        let lease = match (&self.backend, self.lease_of(id)) {
            (None, _) => LEASE,
            (Some(_), Some(lease)) => lease,
            // Its worker has died.
            (Some(_), None) => return false,
        };
        let deaths = self.deaths();
        let (target, tries) = (effect.content.target(), effect.tries);
        let is_look = matches!(effect.content, EffectContent::RefundCheck { .. });
        let is_void = matches!(effect.content, EffectContent::Void { .. });
        let waits: &[i64] = match effect.content {
            EffectContent::Ask { .. } => &[1, 5, 30, 120, 600, 3600, 7200, 14400],
            _ => &[5, 30, 120, 600, 1800, 3600, 7200, 14400],
        };
        let again = |reason: &str| {
            let at = Schedule::of_seconds(waits).next(tries, self.time(), 999, None);
            let reason = reason.to_owned();
            match at {
                Some(at) => Settlement::Retry { at, reason },
                None => Settlement::Dead {
                    reason,
                    skip: false,
                },
            }
        };
        let dead = |reason: &str| Settlement::Dead {
            reason: reason.to_owned(),
            skip: false,
        };
        let (settlement, health) = match word {
            Word::Issued => {
                let issued = IssuedReceipt {
                    at: self.time(),
                    document: "{}".to_owned(),
                    pdf: Vec::new().into(),
                    sha256: OF_NOTHING,
                    token: id.to_string(),
                };
                (Settlement::Issued(issued), Health::Well)
            }
            Word::Done => (Settlement::Done, Health::Well),
            Word::Said {
                names,
                claims,
                provider_id,
                at,
                unreadable,
            } => {
                let facts = claims.iter().map(|claim| fact(claim, Strength::Asked, at));
                let content = AnswerContent::Facts {
                    method: None,
                    names,
                    facts: facts.collect(),
                    provider_payment_id: provider_id,
                    unreadable,
                };
                (Settlement::Answered(content), Health::Well)
            }
            Word::Nothing => (Settlement::Answered(AnswerContent::Weak), Health::Well),
            Word::Mismatch => {
                let reason = "it is about another reference".to_owned();
                let content = AnswerContent::Mismatch { reason };
                (Settlement::Answered(content), Health::Well)
            }
            Word::CannotAsk | Word::NothingToAskBy if is_look => (
                Settlement::RefundChecked(RefundChecked::Impossible),
                Health::Unsaid,
            ),
            Word::CannotAsk | Word::NothingToAskBy => {
                let reason = "it cannot be asked".to_owned();
                let content = AnswerContent::Impossible { reason };
                (Settlement::Answered(content), Health::Unsaid)
            }
            Word::Stands { id, state } if is_look => {
                let checked = RefundChecked::Known {
                    provider_refund_id: id,
                    state: refund_state(state),
                };
                (Settlement::RefundChecked(checked), Health::Unsaid)
            }
            Word::NotThere if is_look => (
                Settlement::RefundChecked(RefundChecked::NotThere),
                Health::Unsaid,
            ),
            Word::Undecided if is_look => (
                Settlement::RefundChecked(RefundChecked::Undecided),
                Health::Unsaid,
            ),
            Word::NotThere => (dead("the key is taken and nothing is there"), Health::Well),
            Word::Undecided => (again("it does not say how it stands"), Health::Unsaid),
            Word::TimedOut => (again("no answer"), Health::Failing),
            Word::Taken { id, state } | Word::Stands { id, state } => {
                let settlement = Settlement::Refunded {
                    provider_refund_id: id,
                    state: refund_state(state),
                };
                (settlement, Health::Well)
            }
            Word::Refused => (dead("refused"), Health::Well),
            Word::LetGo => (Settlement::Voided, Health::Well),
            // The provider is asked before it is sent once more (effects/void.rs).
            Word::HungUp if is_void => (again("the line broke"), Health::Failing),
            Word::HungUp => {
                let reason = "the line broke".to_owned();
                (Settlement::Unknown { reason }, Health::Failing)
            }
        };
        self.act(Action::SettleEffect(Box::new(SettleEffect {
            effect: id,
            target,
            lease,
            attempt: None,
            settlement,
            health,
            chance: 0,
        })));
        let has_it = |effect: &StoredEffect| effect.lease == Some(lease);
        deaths == self.deaths() || !self.effect(id).is_some_and(has_it)
    }
}

fn captured_objects(payment: &tollgate_core::payment::Payment) -> Vec<String> {
    let fold = payment.fold();
    let counting = fold
        .captures
        .iter()
        .filter(|(_, object)| object.state.counts());
    counting.map(|(object, _)| object.clone()).collect()
}
