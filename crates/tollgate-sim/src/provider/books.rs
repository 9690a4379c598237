//! The providers' books: what happens at them, and what they report of it.

use std::collections::BTreeMap;

use super::House;
use super::charge::{Back, BackState, Charge, ChargeState, Coin, Dispute, Reported, Ruling};
use super::manner::Manner;
use super::message::{Claim, Message, Says};

/// The books of all providers, and their post.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// All charges, oldest first.
    pub charges: Vec<Charge>,
    /// What was sent and has not arrived.
    pub post: Vec<Message>,
    /// What has arrived, in that order.
    pub arrived: Vec<Message>,
    /// Greatest sum reported to have gone back, by house and reference, and by which report.
    pub reported_in_all: BTreeMap<(House, String), (i64, u64)>,
    /// Money handed over in cash for charges of a house that cannot know it, by the till's book.
    pub handed: Vec<Handed>,
    /// When a house was last asked about a name.
    pub asked: BTreeMap<(House, String), i64>,
    /// How many reports were sent.
    pub reports: u64,
    /// What the shop has had let go: the charges, in the order in which they were.
    pub let_go: Vec<usize>,
    /// A charge that the shop has had let go, and wanted let go once more.
    pub let_go_again: Option<usize>,
    manner: Manner,
    serial: u32,
}

/// Money that the till handed over for a charge of another house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The key of the refund it was noted as.
    pub key: String,
    /// Whose charge.
    pub house: House,
    /// Under which reference.
    pub reference: String,
    /// How much.
    pub minor: i64,
}

/// What a provider answers when it is ordered to give money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackAnswer {
    /// It has taken the order.
    Taken {
        /// Its id of the refund, where it names it by its own id.
        id: Option<String>,
        /// How it stands.
        state: BackState,
    },
    /// It will not.
    Refused,
    /// It knows this key already.
    KnownKey,
}

/// What the bank adds to what the customer pays, where it does so.
const FEE: i64 = 4;

impl Books {
    /// Empty books of providers with these manners.
    pub fn new(manner: Manner) -> Books {
        Books {
            manner,
            ..Books::default()
        }
    }

    fn next(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }

    /// The charges made for a reference.
    pub fn of(&self, house: House, reference: &str) -> impl Iterator<Item = &Charge> {
        self.charges
            .iter()
            .filter(move |charge| charge.house == house && charge.reference == reference)
    }

    /// How well a house's own messages are vouched for in this story.
    pub fn strength(&self, house: House) -> u8 {
        match house == House::Bank && self.manner.asked_behind {
            true => 1,
            false => house.strength(),
        }
    }

    /// What was handed over in cash for charges of a reference.
    pub fn handed_for(&self, house: House, reference: &str) -> i64 {
        let of_it = |handed: &&Handed| handed.house == house && handed.reference == reference;
        let handed = self.handed.iter().filter(of_it);
        handed.map(|handed| handed.minor).sum()
    }

    /// A customer begins to pay. `None` where this provider takes one charge a reference.
    pub fn open(
        &mut self,
        house: House,
        (reference, code): (String, String),
        minor: i64,
        coin: Coin,
        other_reference: String,
    ) -> Option<usize> {
        let is_first = self.of(house, &reference).next().is_none();
        let one_charge = self.manner.late_ids || self.manner.colliding_ids;
        if one_charge && house == House::Bank && !is_first {
            return None;
        }
        let adds_fee = self.manner.fee_on_top && house == House::Bank && coin == Coin::Own;
        let fee = if adds_fee { FEE } else { 0 };
        let n = self.next();
        let is_free = self
            .charges
            .iter()
            .all(|charge| charge.id != other_reference);
        let has_ids = !self.manner.late_ids;
        let collides = self.manner.colliding_ids && has_ids && house == House::Bank && is_free;
        let id = match collides {
            true => other_reference,
            false => format!("T{n}"),
        };
        let page = match house {
            House::Page => format!("page-{n}"),
            House::Bank | House::Wire | House::Till => id.clone(),
        };
        self.charges.push(Charge {
            house,
            reference,
            code,
            id,
            page,
            coin,
            state: ChargeState::Pending,
            minor: minor + fee,
            fee,
            settled: None,
            backs: Vec::new(),
            disputes: Vec::new(),
            reported: Reported::default(),
            said_without_id: false,
        });
        Some(self.charges.len() - 1)
    }

    /// The charge's own claim about itself now.
    fn own_claim(&self, at: usize) -> Claim {
        let charge = &self.charges[at];
        let minor = match charge.state {
            ChargeState::Settled => charge.settled.unwrap_or(charge.minor),
            _ => charge.minor,
        };
        Claim {
            object: charge.id.clone(),
            says: Says::Charge(charge.state),
            minor: Some(minor),
            // What is paid out may be without it.
            fee: if minor == charge.minor { charge.fee } else { 0 },
            coin: charge.coin,
        }
    }

    /// The bank's claims about a refund: the refund itself, or the sum.
    fn back_claim(&self, at: usize, place: usize) -> Claim {
        let charge = &self.charges[at];
        let back = &charge.backs[place];
        if self.manner.cumulative && charge.house != House::Till {
            return self.sum_claim(at);
        }
        let by_key = self.manner.by_our_key || self.manner.two_names;
        let object = match &back.key {
            Some(key) if by_key => key.clone(),
            Some(_) | None => back.id.clone(),
        };
        Claim {
            object,
            says: Says::Back(place, back.state),
            minor: Some(back.minor),
            fee: 0,
            coin: charge.coin,
        }
    }

    /// The bank's claim about all that has gone back.
    fn sum_claim(&self, at: usize) -> Claim {
        let charge = &self.charges[at];
        Claim {
            object: charge.id.clone(),
            says: Says::BackInAll,
            minor: Some(self.gone_back(charge.house, &charge.reference, charge.coin)),
            fee: 0,
            coin: charge.coin,
        }
    }

    /// Reports a refund as the provider does.
    fn report_back(&mut self, at: usize, place: usize, now: i64) {
        let claim = self.back_claim(at, place);
        self.send(at, vec![claim], now);
        let is_done = self.charges[at].backs[place].state == BackState::Done;
        if self.manner.reported_both_ways && is_done {
            let claim = self.sum_claim(at);
            self.send(at, vec![claim], now);
        }
    }

    /// What has gone back under a reference in one kind of money, by the book.
    pub fn gone_back(&self, house: House, reference: &str, coin: Coin) -> i64 {
        self.of(house, reference)
            .filter(|charge| charge.coin == coin)
            .flat_map(|charge| &charge.backs)
            .filter(|back| back.state == BackState::Done)
            .map(|back| back.minor)
            .sum()
    }

    /// Sends a message about a charge.
    fn send(&mut self, at: usize, claims: Vec<Claim>, now: i64) {
        let n = self.next();
        let late_ids = self.manner.late_ids;
        let cuts = self.manner.code_pattern;
        let charge = &mut self.charges[at];
        let mut names = vec![charge.reference.clone()];
        let mut provider_id = Some(charge.page.clone());
        let mut claims = claims;
        if late_ids && charge.house == House::Bank && !charge.said_without_id {
            charge.said_without_id = true;
            provider_id = None;
            for claim in &mut claims {
                if claim.object == charge.id {
                    claim.object = charge.reference.clone();
                }
            }
        } else {
            names.push(charge.page.clone());
        }
        let message = Message {
            house: charge.house,
            key: format!("k{n}"),
            names,
            code: (cuts && charge.house == House::Bank).then(|| charge.code.clone()),
            provider_id,
            claims,
            unreadable: false,
            at: now,
            charge: Some(at),
        };
        self.post.push(message);
    }

    /// Moves a charge and reports it.
    pub fn move_charge(&mut self, at: usize, state: ChargeState, now: i64) {
        self.charges[at].state = state;
        let claim = self.own_claim(at);
        self.send(at, vec![claim], now);
    }

    /// Money goes back, made at the provider or ordered by the shop under a key.
    pub fn give_back(
        &mut self,
        at: usize,
        minor: i64,
        key: Option<String>,
        state: BackState,
        now: i64,
    ) -> usize {
        let n = self.next();
        let is_ours = key.is_some();
        self.charges[at].backs.push(Back {
            id: format!("R{n}"),
            key,
            minor,
            state,
            reported: None,
            reported_done: None,
        });
        let place = self.charges[at].backs.len() - 1;
        if state == BackState::Done && !(is_ours && self.manner.silent_refunds) {
            self.report_back(at, place, now);
        }
        place
    }

    /// A refund gets another state.
    pub fn move_back(&mut self, at: usize, place: usize, state: BackState, now: i64) {
        let is_ours = self.charges[at].backs[place].key.is_some();
        self.charges[at].backs[place].state = state;
        let in_sums = self.manner.cumulative;
        let is_reported =
            !(is_ours && self.manner.silent_refunds) && (!in_sums || state == BackState::Done);
        if is_reported {
            self.report_back(at, place, now);
        }
    }

    /// The customer's bank disputes a charge.
    pub fn dispute(&mut self, at: usize, now: i64) {
        let n = self.next();
        let minor = self.charges[at].left();
        self.charges[at].disputes.push(Dispute {
            id: format!("D{n}"),
            minor,
            ruling: Ruling::Open,
            reported: None,
            reported_first: None,
        });
        let place = self.charges[at].disputes.len() - 1;
        self.report_dispute(at, place, now);
    }

    /// A dispute ends.
    pub fn rule(&mut self, at: usize, place: usize, ruling: Ruling, now: i64) {
        self.charges[at].disputes[place].ruling = ruling;
        self.report_dispute(at, place, now);
    }

    fn report_dispute(&mut self, at: usize, place: usize, now: i64) {
        let charge = &self.charges[at];
        let dispute = &charge.disputes[place];
        let claim = Claim {
            object: dispute.id.clone(),
            says: Says::Dispute(place, dispute.ruling),
            minor: Some(dispute.minor),
            fee: 0,
            coin: charge.coin,
        };
        self.send(at, vec![claim], now);
    }

    /// The shop orders money back. It looks for a charge of that reference, the named one first, that
    /// still has so much.
    pub fn order_back(
        &mut self,
        house: House,
        reference: &str,
        objects: &[String],
        (key, minor): (&str, i64),
        now: i64,
    ) -> BackAnswer {
        let is_known = self
            .of(house, reference)
            .flat_map(|charge| &charge.backs)
            .any(|back| back.key.as_deref() == Some(key));
        if is_known && !self.manner.forgets_keys {
            return BackAnswer::KnownKey;
        }
        let fits = |charge: &Charge| {
            charge.house == house
                && charge.reference == reference
                && charge.state.counts()
                && charge.coin == Coin::Own
                && minor <= charge.left()
        };
        let named = |charge: &Charge| fits(charge) && objects.contains(&charge.id);
        let place = self
            .charges
            .iter()
            .position(named)
            .or_else(|| self.charges.iter().position(fits));
        let Some(at) = place else {
            return BackAnswer::Refused;
        };
        let state = match self.manner.refunds_later {
            true => BackState::Pending,
            false => BackState::Done,
        };
        let place = self.give_back(at, minor, Some(key.to_owned()), state, now);
        let names_it = self.names_refunds_itself();
        let id = names_it.then(|| self.charges[at].backs[place].id.clone());
        BackAnswer::Taken { id, state }
    }

    /// The shop wants a charge called off. What was only set aside is let go; what is taken and not paid
    /// out goes back, all of it. False: it is too late, or there is no such thing.
    pub fn call_off(&mut self, house: House, reference: &str, object: &str, now: i64) -> bool {
        let is_it = |charge: &Charge| {
            charge.house == house
                && charge.reference == reference
                && (charge.id == object || reference == object)
        };
        let Some(at) = self.charges.iter().rposition(is_it) else {
            return false;
        };
        if self.let_go.contains(&at) {
            self.let_go_again = Some(at);
        }
        let charge = &self.charges[at];
        let is_whole = charge.left() == charge.minor && charge.minor != 0;
        match charge.state {
            ChargeState::Authorized => {
                self.let_go.push(at);
                self.move_charge(at, ChargeState::Voided, now);
                true
            }
            ChargeState::Captured if is_whole => {
                self.let_go.push(at);
                let minor = charge.minor;
                self.give_back(at, minor, None, BackState::Done, now);
                true
            }
            _ => false,
        }
    }

    /// The bank's answers name refunds by ids of its own.
    pub fn names_refunds_itself(&self) -> bool {
        !self.manner.by_our_key || self.manner.two_names
    }

    /// The answer to a question: all that the charge's book says, with its names.
    pub fn statement(&self, at: usize) -> Vec<Claim> {
        let charge = &self.charges[at];
        let mut claims = vec![self.own_claim(at)];
        let has_gone = charge
            .backs
            .iter()
            .any(|back| back.state == BackState::Done);
        if self.manner.cumulative {
            if has_gone {
                let any = charge
                    .backs
                    .iter()
                    .position(|back| back.state == BackState::Done);
                claims.extend(any.map(|place| self.back_claim(at, place)));
            }
        } else {
            claims.extend((0..charge.backs.len()).map(|place| self.back_claim(at, place)));
        }
        claims
    }

    /// What of an answer counts that was only to confirm what the shop knows already. It takes no money
    /// away, and another amount is a matter for a person.
    pub fn confirmed(&mut self, at: usize, claims: &[Claim], is_latest: bool) -> Vec<Claim> {
        let charge = &mut self.charges[at];
        let is_paid =
            charge.reported.state.is_some_and(ChargeState::counts) && charge.coin == Coin::Own;
        let known = charge.best_reported();
        let agrees = |claim: &&Claim| match claim.says {
            // What cannot be read says nothing.
            Says::Charge(_) if claim.minor.is_none() => true,
            Says::Charge(state) if is_paid => state.counts() && claim.minor == Some(known),
            Says::Charge(_) | Says::Back(..) | Says::BackInAll | Says::Dispute(..) => true,
        };
        charge.reported.contradicted |= is_latest && !claims.iter().all(|claim| agrees(&claim));
        claims.iter().filter(agrees).cloned().collect()
    }

    /// Notes what the shop now knows of a charge.
    pub fn note_reported(&mut self, at: usize, claims: &[Claim], strength: u8, now: i64) {
        self.reports += 1;
        let report = self.reports;
        let key = {
            let charge = &self.charges[at];
            (charge.house, charge.reference.clone())
        };
        for claim in claims {
            let charge = &mut self.charges[at];
            match claim.says {
                Says::Charge(state) => {
                    let counts = state.counts();
                    match claim.minor {
                        Some(minor) if counts => {
                            charge.reported.amounts.push((strength, minor));
                            if 0 < claim.fee {
                                charge.reported.fees.push((strength, minor, claim.fee));
                            }
                        }
                        None => {
                            charge.reported.unreadable |= counts;
                            continue;
                        }
                        Some(_) => {}
                    }
                    if state == ChargeState::Authorized {
                        let known = charge.reported.authorized_at;
                        charge.reported.authorized_at = known.or(Some(now));
                    }
                    if counts {
                        charge.reported.taken_first = charge.reported.taken_first.or(Some(report));
                    }
                    charge.reported.state = charge.reported.state.max(Some(state));
                }
                // It cannot be read.
                Says::Back(..) | Says::Dispute(..) if claim.minor.is_none() => {}
                Says::Back(place, state) => {
                    charge.backs[place].hear(state, report);
                }
                Says::BackInAll if claim.coin != Coin::Own => {}
                Says::BackInAll => {
                    let known = self.reported_in_all.entry(key.clone()).or_default();
                    if known.0 < claim.minor.unwrap_or(0) {
                        *known = (claim.minor.unwrap_or(0), report);
                    }
                }
                Says::Dispute(place, ruling) => {
                    let dispute = &mut charge.disputes[place];
                    dispute.reported_first = dispute.reported_first.or(Some(report));
                    dispute.reported = dispute.reported.max(Some(ruling));
                }
            }
        }
    }
}
