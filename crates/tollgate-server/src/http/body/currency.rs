//! Currencies as requests name them.

use tollgate_core::money::Currency;

/// An active currency of ISO 4217. Metals, units of account, and the codes for tests and for no
/// currency are none, nor is what was withdrawn. Funds (CLF, UYI ...) are active and have amounts.
pub(crate) fn known_currency(code: &str) -> Option<Currency> {
    use iso_currency::Flag;
    let upper = code.to_ascii_uppercase();
    let listed = iso_currency::Currency::from_code(&upper)?;
    let is_active = listed.flags().iter().all(|flag| match flag {
        Flag::Fund => true,
        Flag::Special => false,
        // The list takes VES for withdrawn; ISO 4217 has it beside VED.
        Flag::Superseded(_) => upper == "VES",
    });
    if is_active {
        Currency::new(&upper)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_active_currencies_are_known() {
        for code in ["IDR", "eur", "JPY", "KWD", "VES", "CLF"] {
            assert!(known_currency(code).is_some(), "{code}");
        }
        for code in [
            "XXX", "XTS", "XAU", "XDR", "HRK", "SLL", "ZWL", "AAA", "EURO",
        ] {
            assert!(known_currency(code).is_none(), "{code}");
        }
    }
}
