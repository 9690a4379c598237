//! The providers: the true books each keeps, and how it speaks of them.
//!
//! A book knows what really happened. Beside it stands what the provider has *reported* to the shop so far,
//! because the engine cannot be blamed for what it never received. The laws compare the engine with both.

mod manner;
mod charge;
mod message;
mod books;

pub use books::{BackAnswer, Books, Handed};
pub use charge::{Back, BackState, Charge, ChargeState, Coin, Dispute, Reported, Ruling};
pub use manner::Manner;
pub use message::{Claim, Message, Says};

/// A payment source of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum House {
    /// Signs what it sends, can be asked by reference, gives money back by call.
    Bank,
    /// Reports without a signature; each report is confirmed by asking about its page.
    Page,
    /// Signs what it sends and cannot be asked for anything.
    Wire,
    /// The shop's own till: cash and transfers recorded by hand.
    Till,
}

impl House {
    /// Its name in the shop's configuration.
    pub fn name(self) -> &'static str {
        match self {
            House::Bank => "bank",
            House::Page => "page",
            House::Wire => "wire",
            House::Till => "manual",
        }
    }

    /// The house of a name.
    pub fn of(name: &str) -> Option<House> {
        let houses = [House::Bank, House::Page, House::Wire, House::Till];
        houses.into_iter().find(|house| house.name() == name)
    }

    /// What it sends proves nothing until it was asked.
    pub fn is_unsigned(self) -> bool {
        self == House::Page
    }

    /// It answers questions.
    pub fn can_be_asked(self) -> bool {
        matches!(self, House::Bank | House::Page)
    }

    /// How well its own messages are vouched for, as the design ranks it.
    pub fn strength(self) -> u8 {
        match self {
            House::Page => 0,
            House::Bank | House::Wire | House::Till => 2,
        }
    }
}

/// The name is one of a page, by its looks.
pub fn is_page(name: &str) -> bool {
    name.starts_with("page-")
}

/// The strength of an answer to our own question.
pub const ASKED: u8 = 3;
