//! How names of the shop's own are spelled: skus, codes of orders, calendars. The same name can be typed in
//! several ways that nobody can tell apart; all of them are one name, which is compared and kept in one form.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The one spelling of a name: letters composed (Unicode NFC), and every space a plain one.
pub fn one_spelling(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    let plain = |letter: char| match letter.is_whitespace() && !breaks_the_line(letter) {
        true => ' ',
        false => letter,
    };
    Cow::Owned(name.nfc().map(plain).collect())
}

/// A text with its letters composed (Unicode NFC): a password is the same on every keyboard.
pub fn composed(text: &str) -> Cow<'_, str> {
    match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.nfc().collect()),
    }
}

/// The ways in which a text that is looked for may be kept: as it was typed, in its one spelling, with its
/// letters taken apart. Names of the shop's own are kept in their one spelling, those of people as they came.
pub fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![one_spelling(text).into_owned()];
    for other in [text.to_owned(), text.nfc().collect(), text.nfd().collect()] {
        if !all.contains(&other) {
            all.push(other);
        }
    }
    all
}

/// It begins a new line or moves on in it, as no space does.
pub fn breaks_the_line(letter: char) -> bool {
    matches!(
        letter,
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_is_one_name() {
        for (typed, kept) in [
            ("SHIRT/M #2", "SHIRT/M #2"),
            ("cafe\u{301}", "caf\u{e9}"),
            // Angstrom sign, and A with a ring.
            ("\u{212b}", "\u{c5}"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            // A no-break space, and the wide one of Japanese.
            ("a\u{a0}b\u{3000}c", "a b c"),
            (
                "\u{915}\u{94d}\u{200d}\u{937}",
                "\u{915}\u{94d}\u{200d}\u{937}",
            ),
        ] {
            assert_eq!(one_spelling(typed), kept, "{typed}");
            assert_eq!(one_spelling(kept), kept, "{kept}");
        }
    }

    #[test]
    fn a_text_is_looked_for_in_every_spelling() {
        assert_eq!(spellings("dewi"), ["dewi"]);
        let both = ["jos\u{e9}", "jose\u{301}"];
        for typed in both {
            let mut found = spellings(typed);
            found.sort_by_key(String::len);
            assert_eq!(found, both, "{typed}");
        }
        let found = spellings("a\u{a0}b");
        assert_eq!(found, ["a b", "a\u{a0}b"]);
    }

    /// Letters that only resemble each other, and upper and lower case, stay apart.
    #[test]
    fn what_is_another_letter_is_another_name() {
        for (one, other) in [
            ("a", "A"),
            ("o", "\u{43e}"),
            ("2", "\u{ff12}"),
            ("a b", "a  b"),
        ] {
            assert_ne!(one_spelling(one), one_spelling(other));
        }
    }
}
