//! What a payment's facts come to, object by object: a function of the set, whatever their order.

use std::collections::BTreeMap;

use crate::effect::ReceiptKind;
use crate::event::{CaptureState, DisputeState, Fact, FactKind, RefundState, Strength};
use crate::fee;
use crate::id::RefundId;
use crate::time::Timestamp;

use super::{HANDED_OVER, Payment, PaymentStatus, Projection, handed_over};

/// A capture object: what its winning fact says of its state, and its best proved amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureObject {
    /// The state of the winner.
    pub state: CaptureState,
    /// What was taken, also if it has gone back since: the greatest amount that is proved best among
    /// what was reported of its capture and its settlement. 0 where nothing was taken, and where it is
    /// not known how much: no amount, no money.
    pub taken_minor: i64,
    /// The greatest amount that was reported of it, however well that was proved; at least what was taken.
    pub greatest_minor: i64,
    /// Its amount was reported in more than one way.
    pub amounts_differ: bool,
    /// Money was taken and it is not known how much.
    pub unpriced: bool,
    /// What of it is a fee on top of what is due, by the provider's word.
    pub fee_minor: i64,
}

impl CaptureObject {
    /// What it brings now.
    pub fn captured_minor(&self) -> i64 {
        if self.state.counts() {
            self.taken_minor
        } else {
            0
        }
    }

    /// What it brings now besides its fee.
    pub fn without_fee_minor(&self) -> i64 {
        self.captured_minor().saturating_sub(self.fee_minor).max(0)
    }

    /// What it brought and has lost again without a refund.
    pub fn reversed_minor(&self) -> i64 {
        if self.state == CaptureState::Reversed {
            self.taken_minor
        } else {
            0
        }
    }

    /// Money was taken, be it still here or not.
    fn was_taken(&self) -> bool {
        self.state.counts() || self.state == CaptureState::Reversed
    }
}

/// A refund object: what its winning fact says, and its best proved amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundObject {
    /// The state of the winner.
    pub state: RefundState,
    /// Its amount; 0 where it is not known.
    pub minor: i64,
}

/// A dispute: what its winning fact says, and its best proved amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisputeObject {
    /// The state of the winner.
    pub state: DisputeState,
    /// Its amount. `None`: it is not known how much of the payment is disputed.
    pub minor: Option<i64>,
}

/// What the facts of a payment come to, object by object. A function of the set of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The sums and the status.
    pub projection: Projection,
    /// Payments and charges, by the provider's id.
    pub captures: BTreeMap<String, CaptureObject>,
    /// Refunds, by our id where we ordered them, else by the provider's; those that were handed over
    /// outside of it by a name of their own.
    pub refunds: BTreeMap<String, RefundObject>,
    /// The greatest figure that was reported for all refunds together.
    pub refunded_total_minor: i64,
    /// Disputes, by the provider's id.
    pub disputes: BTreeMap<String, DisputeObject>,
    /// Facts in another currency: kept, never counted.
    pub foreign_currency: usize,
    /// Facts of another mode: kept, never counted.
    pub foreign_mode: usize,
    /// A capture without the provider's id: it is one of the others, and brings only what these
    /// do not explain.
    anonymous: Option<CaptureObject>,
    /// The payment's own reference, under which an anonymous capture is reported.
    reference: String,
}

impl Fold {
    pub(super) fn of(payment: &Payment) -> Fold {
        let mut captures: BTreeMap<&str, Best<'_>> = BTreeMap::new();
        let mut refunds: BTreeMap<&str, Best<'_>> = BTreeMap::new();
        let mut disputes: BTreeMap<&str, Best<'_>> = BTreeMap::new();
        let mut refunded_total_minor = 0;
        let mut foreign_currency = 0;
        let mut foreign_mode = 0;
        for fact in &payment.facts {
            if !payment.counts(fact) {
                let other = fact
                    .money
                    .is_some_and(|money| money.currency != payment.currency());
                foreign_currency += usize::from(other);
                foreign_mode += usize::from(fact.foreign_mode);
                continue;
            }
            match fact.kind {
                FactKind::Capture(_) => Best::take(&mut captures, &fact.object, fact),
                FactKind::Refund(_) => Best::take(&mut refunds, &fact.object, fact),
                FactKind::Dispute(_) => Best::take(&mut disputes, &fact.object, fact),
                FactKind::RefundedTotal => {
                    refunded_total_minor = amount_of(fact).max(refunded_total_minor);
                }
            }
        }
        let unnamed = one_of_the_named(&mut captures, &payment.reference);
        let capture = |best: Best<'_>| match best.winner.kind {
            FactKind::Capture(state) => Some(best.capture(state)),
            FactKind::Refund(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => None,
        };
        let captures = captures
            .into_iter()
            .filter_map(|(object, best)| Some((object.to_owned(), capture(best)?)))
            .collect();
        let refunds = refunds
            .into_iter()
            .filter_map(|(object, best)| match best.winner.kind {
                FactKind::Refund(state) => {
                    let proof = best.proof.unwrap_or(best.winner);
                    let minor = amount_of(proof);
                    Some((object.to_owned(), RefundObject { state, minor }))
                }
                FactKind::Capture(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => None,
            })
            .collect();
        let disputes = disputes
            .into_iter()
            .filter_map(|(object, best)| match best.winner.kind {
                FactKind::Dispute(state) => {
                    let minor = best.proof.map(amount_of);
                    Some((object.to_owned(), DisputeObject { state, minor }))
                }
                FactKind::Capture(_) | FactKind::RefundedTotal | FactKind::Refund(_) => None,
            })
            .collect();
        let mut fold = Fold {
            projection: Projection {
                status: PaymentStatus::Pending,
                captured_minor: 0,
                refunded_minor: 0,
                fee_minor: 0,
            },
            captures,
            refunds,
            refunded_total_minor,
            disputes,
            foreign_currency,
            foreign_mode,
            anonymous: unnamed.and_then(capture),
            reference: payment.reference.clone(),
        };
        fold.projection.captured_minor = fold.taken_minor().saturating_sub(fold.reversed_minor());
        // What the provider reports of all refunds together holds its own and no others.
        let handed_over = fold.handed_over_minor();
        let by_provider = fold.itemised_minor().saturating_sub(handed_over);
        fold.projection.refunded_minor = by_provider
            .max(refunded_total_minor)
            .saturating_add(handed_over);
        let due = payment.due.minor.max(0);
        fold.projection.fee_minor = fold.fee_beyond(due);
        fold.projection.status = fold.status(due);
        fold
    }

    /// All that was ever taken, be it still here or not.
    pub fn taken_minor(&self) -> i64 {
        let named = sum(self.captures.values().map(|object| object.taken_minor));
        named.saturating_add(self.unexplained_minor())
    }

    /// The most that was ever taken by what was reported: more than [`Fold::taken_minor`] where a smaller amount was
    /// proved better afterwards.
    pub fn greatest_minor(&self) -> i64 {
        let named = sum(self.captures.values().map(|object| object.greatest_minor));
        let unnamed = self.anonymous.map_or(0, |object| object.greatest_minor);
        named.max(unnamed).max(self.taken_minor())
    }

    /// What the captures had taken of which this earlier fold knows. Where one is told with a greater amount
    /// now, it was that amount then, too: no other money has come.
    pub(crate) fn taken_before(&self, earlier: &Fold) -> i64 {
        let taken = earlier
            .captures
            .iter()
            .filter(|(_, known)| known.was_taken());
        let as_told_now = taken.filter_map(|(name, _)| self.capture(name));
        sum(as_told_now.map(|object| object.taken_minor)).max(earlier.taken_minor())
    }

    /// What an anonymous capture brings beyond the named ones.
    fn unexplained_minor(&self) -> i64 {
        let Some(anonymous) = &self.anonymous else {
            return 0;
        };
        let named = sum(self.captures.values().map(|object| object.taken_minor));
        anonymous.captured_minor().saturating_sub(named).max(0)
    }

    /// What of the captured is a fee: what providers say, as far as it explains that more came than was due.
    /// So the word for a fee, which few signatures cover, never takes from what has paid.
    fn fee_beyond(&self, due: i64) -> i64 {
        let counting = self.objects().filter(|object| object.state.counts());
        let said = sum(counting.map(|object| object.fee_minor));
        let beyond = self.projection.captured_minor.saturating_sub(due);
        said.min(beyond).max(0)
    }

    /// What was taken and has gone back without a refund.
    pub fn reversed_minor(&self) -> i64 {
        sum(self.captures.values().map(CaptureObject::reversed_minor))
    }

    /// What refunds that were reported one by one come to.
    fn itemised_minor(&self) -> i64 {
        self.succeeded_minor(|_| true)
    }

    /// What of them was handed over outside of the provider.
    pub fn handed_over_minor(&self) -> i64 {
        self.succeeded_minor(|object| object.starts_with(HANDED_OVER))
    }

    fn succeeded_minor(&self, wanted: fn(&str) -> bool) -> i64 {
        let wanted = self.refunds.iter().filter(|(object, _)| wanted(object));
        sum(wanted
            .filter(|(_, object)| object.state == RefundState::Succeeded)
            .map(|(_, object)| object.minor))
    }

    /// What is known of a refund of ours, by whichever of its names.
    pub fn refund(&self, id: RefundId) -> Option<&RefundObject> {
        let by_provider = self.refunds.get(&id.to_string());
        by_provider.or_else(|| self.refunds.get(&handed_over(id)))
    }

    /// What disputes keep away: the open and the lost ones.
    pub fn charged_back_minor(&self) -> i64 {
        self.disputed_minor(|state| state != DisputeState::Won)
    }

    /// What the customer's bank has taken back for good.
    pub fn lost_minor(&self) -> i64 {
        self.disputed_minor(|state| state == DisputeState::Lost)
    }

    /// A dispute that names no amount is about whatever is left of the payment.
    fn disputed_minor(&self, wanted: fn(DisputeState) -> bool) -> i64 {
        let disputes = || self.disputes.values().filter(|object| wanted(object.state));
        let named = sum(disputes().filter_map(|object| object.minor));
        if disputes().all(|object| object.minor.is_some()) {
            return named;
        }
        let Projection {
            captured_minor,
            refunded_minor,
            ..
        } = self.projection;
        named.max(captured_minor.saturating_sub(refunded_minor))
    }

    /// The status the winners and amounts come to. Paid needs all that is due.
    fn status(&self, due: i64) -> PaymentStatus {
        let Projection {
            captured_minor,
            refunded_minor,
            fee_minor,
            ..
        } = self.projection;
        let left = captured_minor.saturating_sub(refunded_minor);
        if self.counts() && 0 < refunded_minor && fee::bought(left, due, fee_minor) <= 0 {
            return PaymentStatus::Refunded;
        }
        if self.was_captured() && 0 < self.disputed() {
            return PaymentStatus::ChargedBack;
        }
        // Of what came beyond the due, the fee may have gone back alone.
        let is_whole = due <= left;
        if self.counts() && 0 < refunded_minor && !(0 < fee_minor && is_whole) {
            return PaymentStatus::PartiallyRefunded;
        }
        if self.counts() && due <= captured_minor {
            return PaymentStatus::Paid;
        }
        let any = |wanted: fn(CaptureState) -> bool| self.states().any(wanted);
        if any(|state| state == CaptureState::Authorized) {
            return PaymentStatus::Authorized;
        }
        if any(|state| state == CaptureState::Review) {
            return PaymentStatus::Review;
        }
        if self.counts() || any(CaptureState::is_under_way) {
            return PaymentStatus::Pending;
        }
        match self.states().max_by_key(|state| (state.rank(), *state)) {
            None => PaymentStatus::Pending,
            Some(state) => match state {
                CaptureState::Created
                | CaptureState::Pending
                | CaptureState::RequiresAction
                | CaptureState::Processing => PaymentStatus::Pending,
                CaptureState::Review => PaymentStatus::Review,
                CaptureState::Failed | CaptureState::Denied | CaptureState::Reversed => {
                    PaymentStatus::Failed
                }
                CaptureState::Expired => PaymentStatus::Expired,
                CaptureState::Cancelled | CaptureState::Voided => PaymentStatus::Cancelled,
                CaptureState::Authorized => PaymentStatus::Authorized,
                CaptureState::Captured | CaptureState::Settled => PaymentStatus::Paid,
            },
        }
    }

    /// Every capture object, the anonymous one among them.
    fn objects(&self) -> impl Iterator<Item = &CaptureObject> {
        self.captures.values().chain(&self.anonymous)
    }

    fn states(&self) -> impl Iterator<Item = CaptureState> {
        self.objects().map(|object| object.state)
    }

    /// What is known of a capture object, also of the anonymous one.
    pub fn capture(&self, object: &str) -> Option<&CaptureObject> {
        let anonymous = self.anonymous.as_ref();
        let only = || {
            self.captures
                .values()
                .next()
                .filter(|_| self.captures.len() == 1)
        };
        let unnamed = || {
            (object == self.reference)
                .then(|| anonymous.or_else(only))
                .flatten()
        };
        self.captures.get(object).or_else(unnamed)
    }

    /// The capture that was reported without the provider's id.
    pub(crate) fn unnamed_capture(&self) -> Option<&CaptureObject> {
        let anonymous = self.anonymous.as_ref();
        anonymous.or_else(|| self.captures.get(&self.reference))
    }

    /// Some object's money is with the merchant.
    pub fn counts(&self) -> bool {
        self.states().any(CaptureState::counts)
    }

    /// Some object's money is set aside, whatever became of the others.
    pub fn is_set_aside(&self) -> bool {
        self.set_aside().next().is_some()
    }

    /// The objects whose money is set aside; one that was reported without the provider's id by the payment's
    /// reference.
    pub fn set_aside(&self) -> impl Iterator<Item = &str> {
        let named = self.captures.iter();
        let unnamed = self
            .anonymous
            .iter()
            .map(|object| (&self.reference, object));
        named
            .chain(unnamed)
            .filter(|(_, object)| object.state == CaptureState::Authorized)
            .map(|(name, _)| name.as_str())
    }

    /// The objects whose money is set aside now and was not before. One that was reported by the payment's
    /// reference before and by the provider's id now is no other.
    pub(crate) fn newly_set_aside(&self, before: &Fold) -> Vec<String> {
        let was = |name: &str| before.set_aside().any(|known| known == name);
        let mut new: Vec<String> = self
            .set_aside()
            .filter(|name| !was(name))
            .map(str::to_owned)
            .collect();
        let is_unnamed = self.anonymous.is_some() || self.captures.contains_key(&self.reference);
        if was(&self.reference) && !is_unnamed && !new.is_empty() {
            new.remove(0);
        }
        new
    }

    /// Some object's money was with the merchant, be it still or not.
    pub fn was_captured(&self) -> bool {
        self.objects().any(CaptureObject::was_taken)
    }

    /// Capture objects whose money has gone back without a refund.
    pub fn reversed(&self) -> usize {
        self.states()
            .filter(|state| *state == CaptureState::Reversed)
            .count()
    }

    /// Capture objects that were reported with more than one amount.
    pub fn amounts_changed(&self) -> usize {
        self.objects()
            .filter(|object| object.amounts_differ)
            .count()
    }

    /// Money that was taken, or given back, without anybody saying how much.
    pub fn unpriced(&self) -> usize {
        let captures = self.objects().filter(|object| object.unpriced).count();
        let given_back =
            |object: &&RefundObject| object.state == RefundState::Succeeded && object.minor == 0;
        captures.saturating_add(self.refunds.values().filter(given_back).count())
    }

    /// Disputes that are open or lost.
    pub fn disputed(&self) -> usize {
        self.disputes
            .values()
            .filter(|object| object.state != DisputeState::Won)
            .count()
    }

    /// It may still bring money: nothing was taken, and it has not ended.
    pub fn is_open(&self) -> bool {
        !self.counts()
            && matches!(
                self.projection.status,
                PaymentStatus::Pending | PaymentStatus::Authorized | PaymentStatus::Review
            )
    }

    /// What receipts are to say of each object: kind, object and amount. One figure for
    /// several at once is the object without a name (`""`).
    ///
    /// Of a payment that has brought nothing there is nothing to say: what went back of it is on paper once
    /// its money is, behind the sale.
    pub(crate) fn receipts_due(&self) -> BTreeMap<(ReceiptKind, &str), i64> {
        let mut amounts = BTreeMap::new();
        if self.taken_minor() == 0 {
            return amounts;
        }
        for (object, capture) in &self.captures {
            amounts.insert((ReceiptKind::Sale, object.as_str()), capture.taken_minor);
            amounts.insert(
                (ReceiptKind::Reversal, object.as_str()),
                capture.reversed_minor(),
            );
        }
        amounts.insert((ReceiptKind::Sale, ""), self.unexplained_minor());
        for (object, refund) in &self.refunds {
            let succeeded = refund.state == RefundState::Succeeded;
            let minor = if succeeded { refund.minor } else { 0 };
            amounts.insert((ReceiptKind::Refund, object.as_str()), minor);
        }
        let beyond = self
            .projection
            .refunded_minor
            .saturating_sub(self.itemised_minor());
        amounts.insert((ReceiptKind::Refund, ""), beyond);
        let mut lost = self.lost_minor();
        for (object, dispute) in &self.disputes {
            let is_lost = dispute.state == DisputeState::Lost;
            let minor = dispute.minor.unwrap_or(lost).min(lost).max(0);
            let minor = if is_lost { minor } else { 0 };
            lost = lost.saturating_sub(minor);
            let known = amounts
                .entry((ReceiptKind::Reversal, object.as_str()))
                .or_default();
            *known = known.saturating_add(minor);
        }
        amounts
    }
}

/// The best fact seen of an object, and what proves its amount.
struct Best<'f> {
    winner: &'f Fact,
    proof: Option<&'f Fact>,
    /// The proofs that name a fee.
    fees: Vec<&'f Fact>,
    least: i64,
    greatest: i64,
}

impl<'f> Best<'f> {
    fn take(best: &mut BTreeMap<&'f str, Best<'f>>, object: &'f str, fact: &'f Fact) {
        let one = Best {
            winner: fact,
            proof: proves_amount(fact).then_some(fact),
            fees: Vec::from_iter((proves_amount(fact) && 0 < fact.fee_minor).then_some(fact)),
            least: if proves_amount(fact) {
                amount_of(fact)
            } else {
                i64::MAX
            },
            greatest: if proves_amount(fact) {
                amount_of(fact)
            } else {
                i64::MIN
            },
        };
        match best.get_mut(object) {
            Some(known) => known.join(one),
            None => {
                best.insert(object, one);
            }
        }
    }

    fn join(&mut self, other: Best<'f>) {
        if weight(self.winner) < weight(other.winner) {
            self.winner = other.winner;
        }
        self.proof = match (self.proof, other.proof) {
            (Some(known), Some(new)) if proof(new) <= proof(known) => Some(known),
            (known, new) => new.or(known),
        };
        self.fees.extend(other.fees);
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }

    fn capture(&self, state: CaptureState) -> CaptureObject {
        let taken = state.counts() || state == CaptureState::Reversed;
        // Of a capture that was only ever reported as reversed, the reversal says how much it was.
        let proof = self.proof.or(self.winner.money.map(|_| self.winner));
        let taken_minor = proof.filter(|_| taken).map_or(0, amount_of);
        // A fee is part of the amount it was named with, and of no other.
        let of_it = self.fees.iter().copied();
        let of_it = of_it.filter(|fee| taken && amount_of(fee) == taken_minor);
        let fee = of_it.max_by_key(|fee| fee_proof(fee));
        CaptureObject {
            state,
            taken_minor,
            greatest_minor: self.greatest.max(taken_minor),
            amounts_differ: taken && self.least < self.greatest,
            unpriced: taken && proof.is_none(),
            fee_minor: fee.map_or(0, |fee| fee.fee_minor.min(taken_minor)),
        }
    }
}

/// Takes a capture that was reported under the payment's reference, without the provider's own id, off
/// the named ones. Where there is one named capture it is this one; where there is none it stands for
/// itself.
fn one_of_the_named<'f>(
    captures: &mut BTreeMap<&'f str, Best<'f>>,
    reference: &str,
) -> Option<Best<'f>> {
    if captures.len() < 2 {
        return None;
    }
    let unnamed = captures.remove(reference)?;
    if captures.len() == 1
        && let Some(named) = captures.values_mut().next()
    {
        named.join(unnamed);
        return None;
    }
    Some(unnamed)
}

/// By what one fact beats another about the same object: rank, strength, time, amount, identity.
type Weight = (u8, u8, Strength, Option<Timestamp>, Option<i64>, FactKind);

pub(super) fn weight(fact: &Fact) -> Weight {
    let (family, rank) = match fact.kind {
        FactKind::Capture(state) => (0, state.rank()),
        FactKind::Refund(state) => (1, state as u8),
        FactKind::RefundedTotal => (2, 0),
        FactKind::Dispute(state) => (3, u8::from(state != DisputeState::Open)),
    };
    let minor = fact.money.map(|money| money.minor);
    (
        family,
        rank,
        fact.strength,
        fact.occurred_at,
        minor,
        fact.kind,
    )
}

/// The fact says how much was taken or given back in the end: the proof of an object's amount.
pub(super) fn proves_amount(fact: &Fact) -> bool {
    fact.money.is_some()
        && match fact.kind {
            FactKind::Capture(state) => state.counts(),
            FactKind::Refund(state) => RefundState::Succeeded <= state,
            FactKind::Dispute(_) => true,
            FactKind::RefundedTotal => false,
        }
}

/// Which amount counts where an object was reported with two: the better vouched for, then the greater.
pub(super) fn proof(fact: &Fact) -> (Strength, i64) {
    (fact.strength, amount_of(fact))
}

/// Which of several words for the fee of one amount counts: the better vouched for, then the greater one.
pub(super) fn fee_proof(fact: &Fact) -> (Strength, i64) {
    (fact.strength, fact.fee_minor)
}

/// A fact's amount. A provider's negative amount is worth nothing, nor is one that it does not name.
pub(super) fn amount_of(fact: &Fact) -> i64 {
    fact.money.map_or(0, |money| money.minor.max(0))
}

fn sum(minors: impl Iterator<Item = i64>) -> i64 {
    minors.fold(0, i64::saturating_add)
}
