//! Masking of what is personal in a text, so that lines of the log can be handed around: mail addresses, telephone
//! numbers, and the values of fields that are a person's by their name.
//!
//! A name has no form by which it could be found in a text: no line above debug says one (docs/operating.md).

use std::borrow::Cow;

/// Stands for what is left out.
const MASK: &str = "***";

/// The fewest and the most digits of a telephone number with its country (E.164).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// Fields of lines whose values are a person's.
const PERSONAL_FIELDS: [&str; 5] = ["customer", "email", "name", "phone", "recipient"];

/// A text in which mail addresses and telephone numbers are masked.
pub fn masked(text: &str) -> Cow<'_, str> {
    if !text.contains(['@', '+']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut written, mut from) = (0, 0);
    while let Some(found) = text[from..].find(['@', '+']) {
        let at = from + found;
        // What was passed over since is written with it: a plus may stand in an address.
        let (before, behind) = (&text[written..at], &text[at..]);
        let taken = match behind.starts_with('@') {
            true => mask_address(before, behind, &mut out),
            false => mask_number(before, behind, &mut out),
        };
        from = at + taken.unwrap_or(1);
        if taken.is_some() {
            written = from;
        }
    }
    out.push_str(&text[written..]);
    match out == text {
        true => Cow::Borrowed(text),
        false => Cow::Owned(out),
    }
}

/// The value of a field: masked as a whole where the field is a person's by its name.
pub fn masked_field<'v>(field: &str, value: &'v str) -> Cow<'v, str> {
    let is_personal = PERSONAL_FIELDS.contains(&field);
    match masked(value) {
        Cow::Borrowed(value) if is_personal && !value.is_empty() => Cow::Owned(initial(value)),
        text => text,
    }
}

/// What is left of a name: `D***`.
fn initial(text: &str) -> String {
    text.chars().take(1).chain(MASK.chars()).collect()
}

/// Writes `d***@example.com` for what stands around an `@`; how much of `from` it has taken. What is no address is
/// not written.
fn mask_address(before: &str, from: &str, out: &mut String) -> Option<usize> {
    let of_local =
        |letter: char| letter.is_alphanumeric() || "._%-'!#$&*/=?^`{|}~+".contains(letter);
    let of_domain = |letter: char| letter.is_alphanumeric() || letter == '.' || letter == '-';
    let local = before.len() - before.trim_end_matches(of_local).len();
    let domain = &from[1..];
    let length = domain
        .find(|letter| !of_domain(letter))
        .unwrap_or(domain.len());
    let domain = domain[..length].trim_end_matches(['.', '-']);
    let is_address = 0 < local && domain.trim_matches('.').contains('.');
    if !is_address {
        return None;
    }
    let (before, local) = before.split_at(before.len() - local);
    out.push_str(before);
    out.push_str(&initial(local));
    out.push('@');
    out.push_str(domain);
    Some(1 + domain.len())
}

/// Writes `+62***12` for a telephone number after a `+`; how much of `from` it has taken. What is no number is not
/// written.
fn mask_number(before: &str, from: &str, out: &mut String) -> Option<usize> {
    let number = &from[1..];
    let length = number
        .find(|letter: char| !letter.is_ascii_digit() && !" -()".contains(letter))
        .unwrap_or(number.len());
    let number = number[..length].trim_end_matches([' ', '-', '(', ')']);
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let begins = number.starts_with(|letter: char| letter.is_ascii_digit());
    if !begins || !PHONE_DIGITS.contains(&digits.len()) {
        return None;
    }
    out.push_str(before);
    out.push('+');
    out.extend(&digits[..2]);
    out.push_str(MASK);
    out.extend(&digits[digits.len() - 2..]);
    Some(1 + number.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_are_masked_and_nothing_else() {
        for (text, expected) in [
            ("dewi@example.com", "d***@example.com"),
            (
                "<dewi.lestari@shop.co.id>: unknown",
                "<d***@shop.co.id>: unknown",
            ),
            ("from a+b@c.de, to e@f.gh.", "from a***@c.de, to e***@f.gh."),
            ("דוד@example.com", "ד***@example.com"),
            ("+6281234567812", "+62***12"),
            ("call +62 812-3456-7812 now", "call +62***12 now"),
            ("1 + 1 = 2", "1 + 1 = 2"),
            ("2026-11-30T14:00:00+01:00", "2026-11-30T14:00:00+01:00"),
            ("user@host", "user@host"),
            ("1+1 a+b@c.de +1", "1+1 a***@c.de +1"),
            ("@", "@"),
            ("a @ b.c", "a @ b.c"),
            ("plain ZVR-1-77", "plain ZVR-1-77"),
        ] {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn a_field_that_is_a_persons_is_masked_as_a_whole() {
        assert_eq!(masked_field("name", "Dewi Lestari"), "D***");
        assert_eq!(
            masked_field("email", "dewi@example.com"),
            "d***@example.com"
        );
        assert_eq!(masked_field("phone", "0812345678"), "0***");
        assert_eq!(masked_field("name", ""), "");
        assert_eq!(masked_field("reference", "ZVR-1-77"), "ZVR-1-77");
    }
}
