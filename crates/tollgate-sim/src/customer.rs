//! The customers: how much they pay, by their mood.

use crate::provider::{ChargeState, Coin};

/// How a customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// What the order asks.
    Exact,
    /// Two fifths of it.
    Part,
    /// The other three fifths.
    OtherPart,
    /// What has not been paid yet.
    Rest,
    /// Ten more than it asks.
    Over,
    /// The right figure in another currency.
    Foreign,
    /// In the provider's test mode.
    Toy,
    /// Only sets the money aside.
    SetsAside,
    /// Tries, and is declined.
    Declined,
    /// Opens the checkout and goes away.
    Leaves,
}

/// All moods.
pub const MOODS: [Mood; 10] = [
    Mood::Exact,
    Mood::Part,
    Mood::Rest,
    Mood::Over,
    Mood::SetsAside,
    Mood::OtherPart,
    Mood::Declined,
    Mood::Foreign,
    Mood::Toy,
    Mood::Leaves,
];

impl Mood {
    /// The mood of a number.
    pub fn of(n: u8) -> Mood {
        MOODS[usize::from(n) % MOODS.len()]
    }

    /// How much is paid of an order that asks `due` and has `paid` by the books.
    pub fn minor(self, due: i64, paid: i64) -> i64 {
        match self {
            Mood::Part => due * 2 / 5,
            Mood::OtherPart => due - due * 2 / 5,
            Mood::Rest => due - paid,
            Mood::Over => due + 10,
            Mood::Exact
            | Mood::Foreign
            | Mood::Toy
            | Mood::SetsAside
            | Mood::Declined
            | Mood::Leaves => due,
        }
    }

    /// In which money.
    pub fn coin(self) -> Coin {
        match self {
            Mood::Foreign => Coin::Foreign,
            Mood::Toy => Coin::Toy,
            Mood::Exact
            | Mood::Part
            | Mood::OtherPart
            | Mood::Rest
            | Mood::Over
            | Mood::SetsAside
            | Mood::Declined
            | Mood::Leaves => Coin::Own,
        }
    }

    /// Where the charge comes to stand.
    pub fn ends_as(self) -> ChargeState {
        match self {
            Mood::SetsAside => ChargeState::Authorized,
            Mood::Declined => ChargeState::Failed,
            Mood::Leaves => ChargeState::Pending,
            Mood::Exact
            | Mood::Part
            | Mood::OtherPart
            | Mood::Rest
            | Mood::Over
            | Mood::Foreign
            | Mood::Toy => ChargeState::Captured,
        }
    }
}
