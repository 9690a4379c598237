//! Money: an integer of minor units and a currency. No float comes near it.

use std::fmt;

/// Three capital letters of ISO 4217. Whether the standard knows them is asked at the edge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Takes three ASCII letters, of any case; anything else is `None`.
    pub fn new(code: &str) -> Option<Currency> {
        let letters: [u8; 3] = code.as_bytes().try_into().ok()?;
        letters
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Currency(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency is made of ASCII letters")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount of a currency in its ISO 4217 minor units (`1500` JPY is ¥1 500).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    /// Minor units; what a provider says is kept as it is, so it may be anything an `i64` holds.
    pub minor: i64,
    /// The currency the units are of.
    pub currency: Currency,
}

/// The largest amount and quantity the API takes: 2^53-1, which every JSON reader keeps exactly.
pub const API_INTEGER_MAX: i64 = (1 << 53) - 1;

/// Why a decimal text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// It is no decimal number.
    #[error("read the amount: it is not a decimal number")]
    Unreadable,
    /// It has digits below the smallest unit of the currency; nothing is rounded.
    #[error("read the amount: it has more decimals than its currency")]
    TooPrecise,
    /// It does not fit into 63 bits of minor units.
    #[error("read the amount: it is too large")]
    TooLarge,
}

/// Reads a decimal number as JSON writes it (`"150000.00"`, `10.5`, `1.05E1`) into minor units.
///
/// Exact arithmetic on the text. `exponent` is the number of decimals the currency has.
pub fn minor_from_decimal(text: &str, exponent: u8) -> Result<i64, DecimalError> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, power) = match text.find(['e', 'E']) {
        Some(at) => {
            let power = text[at + 1..]
                .parse::<i32>()
                .map_err(|_| DecimalError::Unreadable)?;
            (&text[..at], power)
        }
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_point = mantissa.contains('.');
    if whole.is_empty() || (has_point && fraction.is_empty()) {
        return Err(DecimalError::Unreadable);
    }
    if !whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit())
    {
        return Err(DecimalError::Unreadable);
    }
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    // The value is digits * 10^shift in minor units.
    let shift = i64::from(power) + i64::from(exponent) - fraction.len() as i64;
    let kept = if shift < 0 {
        let dropped = usize::try_from(-shift).unwrap_or(usize::MAX);
        if digits.len() <= dropped {
            return Err(DecimalError::TooPrecise);
        }
        let (kept, rest) = digits.split_at(digits.len() - dropped);
        if rest.bytes().any(|byte| byte != b'0') {
            return Err(DecimalError::TooPrecise);
        }
        kept.to_owned()
    } else {
        if 19 < digits.len() as i64 + shift {
            return Err(DecimalError::TooLarge);
        }
        format!("{digits}{}", "0".repeat(shift as usize))
    };
    let minor = kept.parse::<i64>().map_err(|_| DecimalError::TooLarge)?;
    Ok(if negative { -minor } else { minor })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, exponent: u8, expected: Result<i64, DecimalError>) {
        assert_eq!(
            minor_from_decimal(text, exponent),
            expected,
            "{text} with {exponent} decimals"
        );
    }

    #[test]
    fn decimals_are_read_exactly() {
        use DecimalError::*;
        check("10000.00", 2, Ok(1_000_000));
        check("10000", 2, Ok(1_000_000));
        check("10000.0", 2, Ok(1_000_000));
        check("9007199254740993.27", 2, Ok(900_719_925_474_099_327));
        check("1129.6", 2, Ok(112_960));
        check("1.05E1", 2, Ok(1050));
        check("105e-1", 2, Ok(1050));
        check("1500", 0, Ok(1500));
        check("1500.00", 0, Ok(1500));
        check("-3.5", 2, Ok(-350));
        check("0.00", 2, Ok(0));
        check("0.001", 2, Err(TooPrecise));
        check("1500.5", 0, Err(TooPrecise));
        check("1e400", 2, Err(TooLarge));
        check("1e-400", 2, Err(TooPrecise));
        check("99999999999999999999", 2, Err(TooLarge));
        for text in [
            "", ".", "1.", ".5", "1,5", "NaN", "+1", "1e", "1 ", "0x1", "--1", "1.-5",
        ] {
            check(text, 2, Err(Unreadable));
        }
    }
}
