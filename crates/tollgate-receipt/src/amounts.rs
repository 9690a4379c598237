//! Numbers and money in the form of a language.

use tollgate_core::money::Currency;

use super::document::{Locale, ReceiptDocument};
use super::taxes::Percent;

/// Keeps a sign and its number on one line.
const NO_BREAK_SPACE: char = '\u{a0}';

/// An invisible letter of a language from right to left: what follows is laid out that way.
const RIGHT_TO_LEFT_MARK: char = '\u{200f}';

/// An invisible letter of a language from left to right; keeps a minus before its number.
const LEFT_TO_RIGHT_MARK: char = '\u{200e}';

const MINUS: char = '\u{2212}';

/// Signs that mean one currency only wherever they are read; every other has its three letters.
const SIGNS: &[(&str, &str)] = &[
    ("EUR", "€"),
    ("GBP", "£"),
    ("ILS", "₪"),
    ("INR", "₹"),
    ("JPY", "¥"),
    ("KRW", "₩"),
    ("KZT", "₸"),
    ("NGN", "₦"),
    ("PHP", "₱"),
    ("RUB", "₽"),
    ("TRY", "₺"),
    ("UAH", "₴"),
    ("USD", "$"),
    ("VND", "₫"),
];

/// Currencies whose minor unit the standard has and nobody uses: prices are whole, and the decimals stand
/// there only where they say something (CLDR, `currencyData`: no digits, or none in cash).
const WITHOUT_CHANGE: &[&str] = &[
    "AFN", "ALL", "AMD", "COP", "HUF", "IDR", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK",
    "MNT", "PKR", "RSD", "SOS", "SYP", "TZS", "UZS", "YER",
];

/// An amount of minor units: `Rp 150.000`, `$1,500.00`, `1 500,00 ₽`, `₹1,50,000.00`.
///
/// The spaces within are no-break spaces. In Hebrew it carries the marks that keep it in order between
/// words of either direction.
pub fn money(locale: Locale, minor: i64, currency: Currency) -> String {
    let decimals = exponent(currency);
    let is_whole = 10u64
        .checked_pow(u32::try_from(decimals).unwrap_or(0))
        .is_some_and(|unit| minor.unsigned_abs().is_multiple_of(unit));
    match is_whole && WITHOUT_CHANGE.contains(&currency.as_str()) {
        true => written(locale, minor, currency, 0),
        false => written(locale, minor, currency, decimals),
    }
}

/// The same with all decimals, as receipts of the first version have it: `Rp 150.000,00`.
pub fn money_in_full(locale: Locale, minor: i64, currency: Currency) -> String {
    written(locale, minor, currency, exponent(currency))
}

/// An amount as a receipt has it.
pub(super) fn of(document: &ReceiptDocument, minor: i64) -> String {
    let write = match document.part {
        Some(_) => money,
        None => money_in_full,
    };
    write(document.locale, minor, document.currency)
}

/// Writes an amount with so many decimals; those that are left out are zeros.
fn written(locale: Locale, minor: i64, currency: Currency, decimals: usize) -> String {
    let left_out = exponent(currency).saturating_sub(decimals);
    let unit = 10u64.pow(u32::try_from(left_out).unwrap_or(0));
    let number = decimal(locale, minor.unsigned_abs() / unit, decimals);
    let sign = sign(locale, currency);
    let before = |number: &str| match sign.ends_with(char::is_alphabetic) {
        true => format!("{sign}{NO_BREAK_SPACE}{number}"),
        false => format!("{sign}{number}"),
    };
    let minus = if minor < 0 {
        MINUS.to_string()
    } else {
        String::new()
    };
    match locale {
        Locale::Id | Locale::En | Locale::Hi => format!("{minus}{}", before(&number)),
        Locale::Ru => format!("{minus}{number}{NO_BREAK_SPACE}{sign}"),
        Locale::He => {
            let minus = match minor < 0 {
                true => format!("{LEFT_TO_RIGHT_MARK}{MINUS}"),
                false => String::new(),
            };
            format!("{RIGHT_TO_LEFT_MARK}{minus}{number}{NO_BREAK_SPACE}{RIGHT_TO_LEFT_MARK}{sign}")
        }
    }
}

/// A whole number: `1.500`.
pub(super) fn number(locale: Locale, value: i64) -> String {
    let minus = if value < 0 {
        MINUS.to_string()
    } else {
        String::new()
    };
    format!("{minus}{}", decimal(locale, value.unsigned_abs(), 0))
}

/// A percentage: `5,5%`.
pub(super) fn percent(locale: Locale, percent: Percent) -> String {
    let (_, point) = separators(locale);
    let number = percent.to_string().replace('.', &point.to_string());
    match locale {
        Locale::Id | Locale::En | Locale::He | Locale::Hi => format!("{number}%"),
        Locale::Ru => format!("{number}{NO_BREAK_SPACE}%"),
    }
}

fn sign(locale: Locale, currency: Currency) -> String {
    let code = currency.as_str();
    match (locale, code) {
        // Only where it is at home: elsewhere it is also the rupee of others.
        (Locale::Id, "IDR") => "Rp".to_owned(),
        // On paper of Indonesia a bare dollar sign is rarely seen.
        (Locale::Id, "USD") => "US$".to_owned(),
        _ => SIGNS
            .iter()
            .find(|(known, _)| *known == code)
            .map_or(code, |(_, sign)| sign)
            .to_owned(),
    }
}

/// The decimals a currency has in ISO 4217; none if the standard does not know it.
pub fn exponent(currency: Currency) -> usize {
    iso_currency::Currency::from_code(currency.as_str())
        .and_then(|known| known.exponent())
        .map_or(0, usize::from)
}

/// What stands between groups of digits, and before the decimals.
fn separators(locale: Locale) -> (char, char) {
    match locale {
        Locale::Id => ('.', ','),
        Locale::En | Locale::He | Locale::Hi => (',', '.'),
        Locale::Ru => (NO_BREAK_SPACE, ','),
    }
}

/// Digits with the last `decimals` behind the point.
fn decimal(locale: Locale, value: u64, decimals: usize) -> String {
    let (group, point) = separators(locale);
    let digits = format!("{value:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if 0 < index && ends_group(locale, whole.len() - index) {
            text.push(group);
        }
        text.push(digit);
    }
    if 0 < decimals {
        text.push(point);
        text.push_str(fraction);
    }
    text
}

/// Whether a group begins where so many digits are left.
fn ends_group(locale: Locale, left: usize) -> bool {
    match locale {
        Locale::Id | Locale::En | Locale::He | Locale::Ru => left.is_multiple_of(3),
        // Thousands, then hundreds of what is before: lakhs and crores.
        Locale::Hi => left == 3 || (3 < left && (left - 3).is_multiple_of(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(locale: Locale, minor: i64, currency: &str, expected: &str) {
        let currency = Currency::new(currency).expect("it is one");
        assert_eq!(money(locale, minor, currency), expected);
    }

    #[test]
    fn money_has_the_form_of_its_language() {
        use Locale::*;
        check(Id, 15_000_000, "IDR", "Rp\u{a0}150.000");
        check(Id, 150_000, "USD", "US$1.500,00");
        check(Id, 150_000, "SGD", "SGD\u{a0}1.500,00");
        check(En, 15_000_000, "IDR", "IDR\u{a0}150,000");
        check(En, 150_000, "USD", "$1,500.00");
        check(En, 1_500, "JPY", "¥1,500");
        check(En, 1_500_125, "KWD", "KWD\u{a0}1,500.125");
        check(Ru, 150_000, "RUB", "1\u{a0}500,00\u{a0}₽");
        check(Ru, 150_000, "IDR", "1\u{a0}500\u{a0}IDR");
        check(Hi, 15_000_000, "INR", "₹1,50,000.00");
        check(Hi, 1_234_567_890, "INR", "₹1,23,45,678.90");
        check(Hi, 99_900, "INR", "₹999.00");
        check(He, 150_000, "ILS", "\u{200f}1,500.00\u{a0}\u{200f}₪");
        check(He, 150_000, "USD", "\u{200f}1,500.00\u{a0}\u{200f}$");
    }

    #[test]
    fn small_large_and_negative_amounts_are_whole() {
        use Locale::*;
        check(En, 0, "USD", "$0.00");
        check(En, 5, "USD", "$0.05");
        check(En, -5, "USD", "\u{2212}$0.05");
        check(Id, -1_000_000, "IDR", "\u{2212}Rp\u{a0}10.000");
        check(Ru, -150_000, "RUB", "\u{2212}1\u{a0}500,00\u{a0}₽");
        check(He, -5, "ILS", "\u{200f}\u{200e}\u{2212}0.05\u{a0}\u{200f}₪");
        check(En, i64::MAX, "USD", "$92,233,720,368,547,758.07");
        check(En, i64::MIN, "JPY", "\u{2212}¥9,223,372,036,854,775,808");
    }

    #[test]
    fn decimals_that_nobody_uses_stand_where_they_say_something() {
        use Locale::*;
        check(Id, 15_000_050, "IDR", "Rp\u{a0}150.000,50");
        check(Id, 0, "IDR", "Rp\u{a0}0");
        check(Id, 99, "IDR", "Rp\u{a0}0,99");
        check(Id, -100, "IDR", "\u{2212}Rp\u{a0}1");
        check(En, 150_000, "VND", "₫150,000");
        check(En, 150_000, "HUF", "HUF\u{a0}1,500");
        check(He, 15_000_000, "IDR", "\u{200f}150,000\u{a0}\u{200f}IDR");
        check(Ru, 150_000, "RUB", "1\u{a0}500,00\u{a0}₽");
        let idr = Currency::new("IDR").expect("it is one");
        assert_eq!(money_in_full(Id, 15_000_000, idr), "Rp\u{a0}150.000,00");
    }

    #[test]
    fn numbers_and_percentages_have_the_form_of_their_language() {
        assert_eq!(number(Locale::Id, 1_234_567), "1.234.567");
        assert_eq!(number(Locale::Ru, 1_234), "1\u{a0}234");
        assert_eq!(number(Locale::Hi, 1_234_567), "12,34,567");
        assert_eq!(number(Locale::En, -12), "\u{2212}12");
        let half = Percent::parse("5.5").expect("it is one");
        assert_eq!(percent(Locale::Id, half), "5,5%");
        assert_eq!(percent(Locale::En, half), "5.5%");
        assert_eq!(percent(Locale::Ru, half), "5,5\u{a0}%");
    }
}
