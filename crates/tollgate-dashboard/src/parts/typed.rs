//! Amounts as people type them, in the currency's major units: `50000`, `50.000,00`, `1,50,000`.

use tollgate_core::money::{Currency, minor_from_decimal};
use tollgate_receipt::currency_decimals;

/// An amount as it stands in a field: a point, no groups, the decimals of its currency unless they are zeros.
pub(crate) fn typed(minor: i64, currency: &str) -> String {
    let decimals = decimals_of(currency);
    let digits = format!(
        "{:0>width$}",
        minor.unsigned_abs(),
        width = usize::from(decimals) + 1
    );
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
    let sign = if minor < 0 { "-" } else { "" };
    match fraction.bytes().all(|digit| digit == b'0') {
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{fraction}"),
    }
}

/// The minor units of what was typed; `None` where it is no amount, or could be two.
///
/// Groups may be separated by spaces, points, commas or apostrophes. One point or comma before three digits is a
/// group where the currency has fewer decimals; where it has three, a point is what [`typed`] has written, and of a
/// comma nobody knows, so nothing is guessed.
pub(crate) fn minor_of(text: &str, currency: &str) -> Option<i64> {
    let decimals = decimals_of(currency);
    let text: String = text
        .trim()
        .chars()
        .filter(|one| !one.is_whitespace() && !matches!(one, '\'' | '’'))
        .collect();
    let is_plain = |one: char| one.is_ascii_digit() || matches!(one, '.' | ',');
    if !text.chars().all(is_plain) {
        return None;
    }
    let last = text.rfind(['.', ',']);
    let (whole, fraction) = match last {
        None => (text.as_str(), ""),
        Some(at) => {
            let behind = &text[at + 1..];
            let separator = text.as_bytes()[at];
            let earlier = &text[..at];
            let is_alone = !earlier.contains(['.', ',']);
            let is_repeated = earlier.as_bytes().contains(&separator);
            match behind.len() == 3 {
                true if is_alone && decimals == 3 && separator == b',' => return None,
                true if is_alone && decimals == 3 => (earlier, behind),
                true if is_alone || is_repeated => (text.as_str(), ""),
                _ if is_repeated => return None,
                _ => (earlier, behind),
            }
        }
    };
    if usize::from(decimals) < fraction.len() {
        return None;
    }
    let whole = without_groups(whole)?;
    let plain = match fraction {
        "" => whole,
        fraction => format!("{whole}.{fraction}"),
    };
    minor_from_decimal(&plain, decimals).ok()
}

/// The digits of groups that are such: the last of three, those before of two or three, the first of up to three.
fn without_groups(text: &str) -> Option<String> {
    let separators = text.chars().filter(|one| matches!(one, '.' | ','));
    let mut separators = separators.collect::<Vec<_>>();
    separators.dedup();
    if 1 < separators.len() {
        return None;
    }
    let groups: Vec<&str> = text.split(['.', ',']).collect();
    let (last, before) = groups.split_last()?;
    let is_grouped = match before.split_first() {
        None => true,
        Some((first, between)) => {
            last.len() == 3
                && (1..=3).contains(&first.len())
                && between.iter().all(|group| (2..=3).contains(&group.len()))
        }
    };
    is_grouped.then(|| groups.concat())
}

fn decimals_of(currency: &str) -> u8 {
    let decimals = Currency::new(currency).map_or(0, currency_decimals);
    u8::try_from(decimals).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_it_is_typed() {
        for (text, currency, minor) in [
            ("50000", "IDR", Some(5_000_000)),
            ("50000.00", "IDR", Some(5_000_000)),
            (" 50 000,00 ", "IDR", Some(5_000_000)),
            ("50.000", "IDR", Some(5_000_000)),
            ("50,000", "IDR", Some(5_000_000)),
            ("50.000,00", "IDR", Some(5_000_000)),
            ("1,234,567.89", "USD", Some(123_456_789)),
            ("1.234.567", "USD", Some(123_456_700)),
            ("1,50,000.00", "INR", Some(15_000_000)),
            ("1'234.5", "CHF", Some(123_450)),
            ("0.5", "USD", Some(50)),
            ("1500", "JPY", Some(1_500)),
            ("1,500", "JPY", Some(1_500)),
            ("1500.0", "JPY", None),
            ("1.234", "KWD", Some(1_234)),
            ("1,234", "KWD", None),
            ("1.2", "KWD", Some(1_200)),
            ("1.234,500", "KWD", Some(1_234_500)),
            ("1.005", "USD", Some(100_500)),
            ("1.0051", "USD", None),
            ("1.2.3", "USD", None),
            ("1,2345.00", "USD", None),
            ("12,34", "USD", Some(1_234)),
            ("-5", "USD", None),
            ("", "USD", None),
            (".5", "USD", None),
            ("5.", "USD", Some(500)),
            ("1e3", "USD", None),
            ("five", "USD", None),
            ("1.234,567.00", "USD", None),
        ] {
            assert_eq!(minor_of(text, currency), minor, "{text} {currency}");
        }
    }

    #[test]
    fn what_stands_in_a_field_is_read_back() {
        for (minor, currency, text) in [
            (15_000_000, "IDR", "150000"),
            (1_050, "USD", "10.50"),
            (5, "USD", "0.05"),
            (1_500, "JPY", "1500"),
            (0, "IDR", "0"),
            (1_234, "KWD", "1.234"),
        ] {
            assert_eq!(typed(minor, currency), text);
            assert_eq!(minor_of(text, currency), Some(minor));
        }
    }
}
