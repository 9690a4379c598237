//! One charge: what is true of it, and what was reported of it.

use super::House;

/// In which money, and in which mode of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coin {
    /// The shop's.
    Own,
    /// Another currency.
    Foreign,
    /// The shop's, in the provider's test mode: no money at all.
    Toy,
}

/// Where a charge stands in the provider's book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChargeState {
    /// The customer has not finished.
    Pending,
    /// It came to nothing.
    Failed,
    /// The money is set aside.
    Authorized,
    /// What was set aside was let go.
    Voided,
    /// The money is taken.
    Captured,
    /// The money is paid out.
    Settled,
    /// The money was taken and has gone back.
    Reversed,
}

impl ChargeState {
    /// The money is with the shop.
    pub fn counts(self) -> bool {
        matches!(self, ChargeState::Captured | ChargeState::Settled)
    }
}

/// Where a refund stands in the provider's book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BackState {
    /// Not decided.
    Pending,
    /// Refused after all.
    Failed,
    /// The customer has the money.
    Done,
    /// It came back to the shop.
    Bounced,
}

/// Money that went back, in the provider's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back {
    /// The provider's id of it.
    pub id: String,
    /// The key by which the shop ordered it; `None`: made at the provider.
    pub key: Option<String>,
    /// How much.
    pub minor: i64,
    /// Where it stands.
    pub state: BackState,
    /// What was reported to the shop of it.
    pub reported: Option<BackState>,
    /// The first report that it is done.
    pub reported_done: Option<u64>,
}

impl Back {
    /// The shop hears how it stands.
    pub fn hear(&mut self, state: BackState, report: u64) {
        self.reported = self.reported.max(Some(state));
        if state == BackState::Done {
            self.reported_done = self.reported_done.or(Some(report));
        }
    }
}

/// A dispute's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ruling {
    /// Not yet.
    Open,
    /// For the shop.
    Won,
    /// For the customer.
    Lost,
}

/// A dispute in the provider's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The provider's id of it.
    pub id: String,
    /// How much is disputed.
    pub minor: i64,
    /// How it stands.
    pub ruling: Ruling,
    /// What was reported to the shop of it.
    pub reported: Option<Ruling>,
    /// The first report of it.
    pub reported_first: Option<u64>,
}

/// One charge in a provider's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Whose book.
    pub house: House,
    /// The shop's reference it was made for.
    pub reference: String,
    /// The order's code that the reference was made of.
    pub code: String,
    /// The provider's id of the charge.
    pub id: String,
    /// The provider's name of the page it was made on; of the charge where there are no pages.
    pub page: String,
    /// In which money.
    pub coin: Coin,
    /// Where it stands.
    pub state: ChargeState,
    /// What was set aside or taken.
    pub minor: i64,
    /// What of it is a fee on top of what was asked.
    pub fee: i64,
    /// What the provider says of a settlement; it may have kept fees.
    pub settled: Option<i64>,
    /// What went back.
    pub backs: Vec<Back>,
    /// What is disputed.
    pub disputes: Vec<Dispute>,
    /// What was reported to the shop.
    pub reported: Reported,
    /// The first message was sent without an id.
    pub said_without_id: bool,
}

/// What was reported to the shop of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reported {
    /// The furthest state.
    pub state: Option<ChargeState>,
    /// The first report that money was taken.
    pub taken_first: Option<u64>,
    /// When money set aside was first reported.
    pub authorized_at: Option<i64>,
    /// Amounts taken, as reported: strength and amount.
    pub amounts: Vec<(u8, i64)>,
    /// Fees, as reported: strength, the amount that they were part of, and how much.
    pub fees: Vec<(u8, i64, i64)>,
    /// An amount was reported that cannot be read.
    pub unreadable: bool,
    /// An answer that was only to confirm has said something else.
    pub contradicted: bool,
    /// When the first message that money was taken was delivered, whatever that proves.
    pub reported_at: Option<i64>,
}

impl Charge {
    /// What the shop has to believe was taken: the best proved, then the greatest. 0 where nothing
    /// that can be read was reported, or it has gone back.
    pub fn believed(&self) -> i64 {
        let has_money = self.reported.state.is_some_and(ChargeState::counts);
        match has_money && self.coin == Coin::Own {
            true => self.best_reported(),
            false => 0,
        }
    }

    /// What the shop has to believe is a fee: the best proved word for one about the amount that is believed.
    pub fn believed_fee(&self) -> i64 {
        let fees = self.reported.fees.iter();
        let of_it = fees.filter(|(_, minor, _)| *minor == self.believed());
        of_it.max().map_or(0, |(_, _, fee)| *fee)
    }

    /// The shop has heard that money came, be it still there or not.
    pub fn has_come(&self) -> bool {
        let came = match self.reported.state {
            Some(ChargeState::Reversed) => true,
            Some(state) => state.counts() && 0 < self.best_reported(),
            None => false,
        };
        came && self.coin == Coin::Own
    }

    /// The best proved amount reported, gone back or not.
    pub fn best_reported(&self) -> i64 {
        self.reported
            .amounts
            .iter()
            .max()
            .map_or(0, |(_, minor)| *minor)
    }

    /// The greatest amount reported, however it was proved.
    pub fn most_reported(&self) -> i64 {
        let minors = self.reported.amounts.iter().map(|(_, minor)| *minor);
        minors.max().unwrap_or(0)
    }

    /// What it still has of its money by its own book.
    pub fn left(&self) -> i64 {
        let backs = self
            .backs
            .iter()
            .filter(|back| matches!(back.state, BackState::Pending | BackState::Done));
        let disputed = self
            .disputes
            .iter()
            .filter(|dispute| dispute.ruling != Ruling::Won);
        self.minor
            - backs.map(|back| back.minor).sum::<i64>()
            - disputed.map(|dispute| dispute.minor).sum::<i64>()
    }
}
