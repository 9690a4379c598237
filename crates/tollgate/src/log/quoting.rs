//! Texts of others in a line of the log: nothing in them ends it, or makes it look like another.

use std::fmt::Write;

use super::unseen::{is_joiner, is_unseen};

/// A text in which line ends, control characters, and what turns the direction of writing are escaped.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        push_escaped(letter, &mut out);
    }
    out
}

/// A value: in quotes where it would be read as several, or as none.
pub(super) fn quoted(text: &str) -> String {
    let needs =
        |letter: char| letter.is_whitespace() || "=\"\\".contains(letter) || is_hidden(letter);
    if !text.is_empty() && !text.contains(needs) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        if letter == '"' || letter == '\\' {
            out.push('\\');
        }
        push_escaped(letter, &mut out);
    }
    out.push('"');
    out
}

fn push_escaped(letter: char, out: &mut String) {
    match letter {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        letter if is_hidden(letter) => {
            // A String takes everything.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(letter));
        }
        letter => out.push(letter),
    }
}

/// Of a line's words and values every letter is to be seen.
fn is_hidden(letter: char) -> bool {
    is_unseen(letter) || is_joiner(letter)
}
