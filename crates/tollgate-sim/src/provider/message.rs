//! What a provider sends.

use super::House;
use super::charge::{BackState, ChargeState, Coin, Ruling};

/// What one message claims of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The provider's name of the object.
    pub object: String,
    /// What is said.
    pub says: Says,
    /// How much; `None`: it cannot be read.
    pub minor: Option<i64>,
    /// How much of it is a fee on top of what was asked.
    pub fee: i64,
    /// In which money.
    pub coin: Coin,
}

/// What is said of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// A charge stands so.
    Charge(ChargeState),
    /// The refund with this place in the charge's book stands so.
    Back(usize, BackState),
    /// So much has gone back in all.
    BackInAll,
    /// The dispute with this place in the charge's book stands so.
    Dispute(usize, Ruling),
}

/// Something a provider, or somebody who plays it, sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// To which source.
    pub house: House,
    /// Identity among the source's messages.
    pub key: String,
    /// Names it mentions, ours first.
    pub names: Vec<String>,
    /// The order's code where it is cut from the reference.
    pub code: Option<String>,
    /// The provider's id of the payment.
    pub provider_id: Option<String>,
    /// What it claims.
    pub claims: Vec<Claim>,
    /// Its amount cannot be read.
    pub unreadable: bool,
    /// By the provider's clock, in milliseconds.
    pub at: i64,
    /// Of which charge it speaks; `None`: a stranger made it up.
    pub charge: Option<usize>,
}
