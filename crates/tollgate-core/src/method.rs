//! How money came, in words that people know: what a provider says of a capture, or a merchant of cash.

use crate::word::{Word, closed_sets};

closed_sets! {
    /// A way to pay.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum MethodKind {
        /// A credit or debit card.
        Card = "card",
        /// A transfer to a number that a bank keeps for this one payment.
        VirtualAccount = "virtual_account",
        /// A transfer from a bank account.
        BankTransfer = "bank_transfer",
        /// A code that is scanned.
        Qr = "qr",
        /// India's instant transfers.
        Upi = "upi",
        /// A purse in an app.
        Wallet = "wallet",
        /// Cash at the counter of a chain of shops.
        Counter = "counter",
        /// Paid in instalments, or later, to somebody who pays the merchant now.
        PayLater = "pay_later",
        /// Cash, handed over.
        Cash = "cash",
    }
}

/// How a payment was paid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaymentMethod {
    /// The way.
    pub kind: MethodKind,
    /// Whose it is, or its last digits: `BCA`, `Visa 1111`.
    pub detail: Option<String>,
}

/// The most letters of a detail: it stands on paper beside what it belongs to.
const DETAIL_LETTERS_MAX: usize = 40;

impl PaymentMethod {
    /// A way to pay, with what is said of it in one short line; what says nothing is left out.
    pub fn new(kind: MethodKind, detail: &str) -> PaymentMethod {
        let breaks = |letter: char| letter.is_control() || letter.is_whitespace();
        let words: Vec<&str> = detail
            .split(breaks)
            .filter(|word| !word.is_empty())
            .collect();
        let detail: String = words.join(" ").chars().take(DETAIL_LETTERS_MAX).collect();
        PaymentMethod {
            kind,
            detail: (!detail.is_empty()).then_some(detail),
        }
    }

    /// The method that a merchant's note about money taken by hand names: the word of one, as `cash` or
    /// `bank transfer`, with or without more behind a colon (`bank transfer: BCA`). Any other note is the
    /// merchant's own affair.
    pub fn of_note(note: &str) -> Option<PaymentMethod> {
        let (word, detail) = note.split_once(':').unwrap_or((note, ""));
        let word = word.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        MethodKind::of(&word).map(|kind| PaymentMethod::new(kind, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_is_a_method_is_one_and_any_other_is_none() {
        for (note, kind, detail) in [
            ("cash", MethodKind::Cash, None),
            ("Bank transfer", MethodKind::BankTransfer, None),
            ("bank-transfer: BCA ", MethodKind::BankTransfer, Some("BCA")),
            ("card:\n Visa\t1111", MethodKind::Card, Some("Visa 1111")),
        ] {
            let method = PaymentMethod::of_note(note).expect("it is one");
            assert_eq!(
                (method.kind, method.detail.as_deref()),
                (kind, detail),
                "{note}"
            );
        }
        for note in ["", "cash from Budi", "at the counter", "transfer"] {
            assert_eq!(PaymentMethod::of_note(note), None, "{note}");
        }
    }

    #[test]
    fn a_detail_is_one_short_line() {
        let long = PaymentMethod::new(MethodKind::Wallet, &"पे ".repeat(100));
        assert_eq!(long.detail.map(|detail| detail.chars().count()), Some(40));
        assert_eq!(PaymentMethod::new(MethodKind::Qr, " \u{7} ").detail, None);
    }
}
