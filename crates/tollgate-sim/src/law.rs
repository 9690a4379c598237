//! The laws by name, and what breaks one.

use std::fmt;

/// A law of the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Never more ordered back than is free.
    L1,
    /// Paid when what is kept covers what is due.
    L2,
    /// Receipts add up.
    L3,
    /// Same facts, same end.
    L4,
    /// Shelves and slots.
    L5,
    /// Money is never stranded.
    L6,
    /// A question answers for itself.
    L7,
    /// A refund has an end.
    L8,
    /// What was given back or belongs to somebody else never pays.
    L9,
    /// Time follows the clock.
    L10,
    /// What cannot be read proves nothing.
    L11,
    /// What is decided is kept.
    S1,
    /// A process may die.
    S2,
    /// A sound store is found sound.
    S3,
    /// Figures add up.
    T1,
    /// A long story is cut short and no more.
    T2,
}

/// All laws with what each says in short.
pub const LAWS: [(Law, &str); 16] = [
    (Law::L1, "never more is ordered back than is free"),
    (
        Law::L2,
        "an order is paid when what is kept covers what is due",
    ),
    (Law::L3, "receipts add up to what was kept"),
    (Law::L4, "the same facts come to the same end in any order"),
    (Law::L5, "shelves and slots sell what there is, once"),
    (Law::L6, "money is never stranded"),
    (
        Law::L7,
        "a question answers for itself, and strangers disturb no one",
    ),
    (Law::L8, "every ordered refund comes to its one end"),
    (Law::L9, "what was given back or is another's never pays"),
    (Law::L10, "nothing fires early"),
    (Law::L11, "what cannot be read proves nothing"),
    (
        Law::S1,
        "the store keeps what was decided, and nothing else",
    ),
    (
        Law::S2,
        "a process that dies loses nothing it has answered, and nothing happens twice",
    ),
    (Law::S3, "verify finds nothing, and no belt is needed"),
    (Law::T1, "what is counted is what happened, once"),
    (
        Law::T2,
        "a long story leaves out what changes nothing, says so, and changes nothing by it",
    ),
];

impl Law {
    /// The law of a word like `L3`.
    pub fn of(word: &str) -> Option<Law> {
        let word = word.to_ascii_uppercase();
        LAWS.iter()
            .map(|(law, _)| *law)
            .find(|law| law.to_string() == word)
    }

    /// What it says.
    pub fn says(self) -> &'static str {
        let found = LAWS.iter().find(|(law, _)| *law == self);
        found.map_or("", |(_, says)| says)
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A law was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Which.
    pub law: Law,
    /// How, in a few words that do not depend on figures: what the shrinker keeps.
    pub kind: &'static str,
    /// With names and figures.
    pub text: String,
}
