//! Masking of what is personal or secret in a text, so that lines of the log can be handed around: mail addresses,
//! telephone numbers, keys of ours, and the values of fields that are a person's by their name.
//!
//! A name has no form by which it could be found in a text: no line above debug says one (docs/operating.md).

use std::borrow::Cow;

/// Stands for what is left out.
const MASK: &str = "***";

/// The fewest and the most digits of a telephone number with its country (E.164).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// Fields of lines whose values are a person's.
const PERSONAL_FIELDS: [&str; 5] = ["customer", "email", "name", "phone", "recipient"];

/// What keys, links, tickets of streams and secrets of endpoints begin with.
const KEYS: [&str; 4] = ["tg_", "tgw_", "tgs_", "whsec_"];

/// The fewest letters of a key: the first four of one are its name in lists.
const KEY_LETTERS_MIN: usize = 8;

/// The digits of a telephone number that somebody outside has written without a plus.
const BARE_DIGITS: std::ops::RangeInclusive<usize> = 10..=15;

/// A text in which mail addresses, telephone numbers and keys are masked.
pub fn masked(text: &str) -> Cow<'_, str> {
    let text = without_keys(text);
    let masked = match without_people(&text) {
        Cow::Owned(masked) => Some(masked),
        Cow::Borrowed(_) => None,
    };
    masked.map_or(text, Cow::Owned)
}

/// The same of what somebody outside has written: telephone numbers may have no plus.
pub(crate) fn masked_words_of_others(text: &str) -> String {
    let text = masked(text);
    // Digits beside these are a part of an id, a time or an amount.
    let joins = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
    let mut out = String::with_capacity(text.len());
    let mut rest: &str = &text;
    let mut before = None;
    while let Some(from) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (head, digits) = rest.split_at(from);
        let length = digits
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(digits.len());
        let (digits, behind) = digits.split_at(length);
        out.push_str(head);
        before = head.chars().next_back().or(before);
        let stands_alone = !before.is_some_and(joins) && !behind.starts_with(joins);
        match stands_alone && BARE_DIGITS.contains(&length) {
            true => {
                out.push_str(&digits[..2]);
                out.push_str(MASK);
                out.push_str(&digits[length - 2..]);
            }
            false => out.push_str(digits),
        }
        before = Some('0');
        rest = behind;
    }
    out + rest
}

/// A text in which of keys only what they begin with is left.
fn without_keys(text: &str) -> Cow<'_, str> {
    if !KEYS.iter().any(|prefix| text.contains(prefix)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut in_word) = (text, false);
    while let Some(letter) = rest.chars().next() {
        let key = KEYS.iter().find(|prefix| rest.starts_with(**prefix));
        match key.map(|prefix| (prefix, key_length(prefix, rest))) {
            Some((prefix, length)) if !in_word && KEY_LETTERS_MIN <= length - prefix.len() => {
                out.push_str(prefix);
                out.push_str(MASK);
                rest = &rest[length..];
            }
            Some(_) | None => {
                out.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
        in_word = letter.is_alphanumeric() || letter == '_';
    }
    match out == text {
        true => Cow::Borrowed(text),
        false => Cow::Owned(out),
    }
}

/// How long a key is with which a text begins. Secrets of endpoints are in base 64.
fn key_length(prefix: &str, text: &str) -> usize {
    let more = match prefix {
        "whsec_" => "_-+/=",
        _ => "_-",
    };
    let is_outside = |letter: char| !letter.is_ascii_alphanumeric() && !more.contains(letter);
    text.find(is_outside).unwrap_or(text.len())
}

/// A text in which mail addresses and telephone numbers are masked.
fn without_people(text: &str) -> Cow<'_, str> {
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
            ("key tg_AbCdEfGh-1_2, gone", "key tg_***, gone"),
            ("ticket=tgw_AbCdEfGh12&a=1", "ticket=tgw_***&a=1"),
            ("tgs_0_AbCdEfGh whsec_MDEyMzQ1Njc4OQ==", "tgs_*** whsec_***"),
            ("whsec_MDEy/zQ1+jc4OQ==.", "whsec_***."),
            (
                "tg_AbCd is the name of a key",
                "tg_AbCd is the name of a key",
            ),
            ("a/tg_AbCdEfGh12/b", "a/tg_***/b"),
            ("outg_AbCdEfGh12", "outg_AbCdEfGh12"),
        ] {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn others_write_numbers_without_a_plus() {
        for (text, expected) in [
            ("unknown number 081234567812.", "unknown number 08***12."),
            ("6281234567812", "62***12"),
            ("(6281234567812)", "(62***12)"),
            (
                "call +62 812-3456-7812, dewi@example.com",
                "call +62***12, d***@example.com",
            ),
            ("ZVR-1-1769076000 is late", "ZVR-1-1769076000 is late"),
            ("evt_01234567891234", "evt_01234567891234"),
            ("150000000 wanted", "150000000 wanted"),
            (
                "1234567890123456 is no number",
                "1234567890123456 is no number",
            ),
            ("2026-01-22T10:00:00.000Z", "2026-01-22T10:00:00.000Z"),
            ("no digits", "no digits"),
        ] {
            assert_eq!(masked_words_of_others(text), expected, "{text}");
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
        assert_eq!(masked_field("name", "tg_"), "t***");
        assert_eq!(masked_field("reference", "ZVR-1-77"), "ZVR-1-77");
    }
}
