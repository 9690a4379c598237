//! Amounts as people read them.

use tollgate_core::money::Currency;
use tollgate_receipt::{Locale, amount_text};

/// An amount of minor units in the form of its currency, for English readers: `IDR 150,000`, `$1,500.00`.
pub fn amount_in_words(minor: i64, currency: &str) -> String {
    match Currency::new(currency) {
        Some(currency) => amount_text(Locale::En, minor, currency).replace('\u{a0}', " "),
        None => format!("{minor} {currency}"),
    }
}

/// Minor units as a decimal number with the places of their currency.
pub(crate) fn decimal(minor: i64, currency: &str) -> String {
    let listed = iso_currency::Currency::from_code(currency);
    let places = listed
        .and_then(iso_currency::Currency::exponent)
        .unwrap_or(0);
    let places = usize::from(places);
    let sign = if minor < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    match places {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_places_of_its_currency() {
        for (minor, currency, text) in [
            (15_000_000, "IDR", "150000.00"),
            (-5, "USD", "-0.05"),
            (5, "JPY", "5"),
            (-12_345, "KWD", "-12.345"),
            (0, "INR", "0.00"),
        ] {
            assert_eq!(decimal(minor, currency), text);
        }
    }
}
