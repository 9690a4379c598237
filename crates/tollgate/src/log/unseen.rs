//! Letters that are not seen: they steer a terminal, turn the direction of writing, or hide what a text says.

/// Controls, separators of lines, marks and turns of direction, and what has no width. Joiners are not among them:
/// words of several languages are written with them, and so are pictures.
pub(crate) fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// What joins letters or keeps them apart. In a line of the log it would make two words look the same.
pub(super) fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_turns_a_text_is_unseen_and_what_is_read_is_not() {
        for letter in "\u{1b}\u{7f}\u{85}\u{ad}\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}\u{fff9}\u{e0001}\u{e0041}\u{e007f}".chars() {
            assert!(is_unseen(letter), "{letter:?}");
        }
        // Hindi and emoji are written with joiners.
        for letter in "a é ש ह\u{200d}\u{200c} 🥰 \u{fe0f} 明 –".chars() {
            assert!(!is_unseen(letter), "{letter:?}");
        }
        assert!("\u{200c}\u{200d}".chars().all(is_joiner));
    }
}
