//! How numbers, spans and the words of others stand in a line.

use tollgate_core::time::Span;

use crate::masking::masked_words_of_others;
use crate::paper;

/// How much of a reason that somebody outside has written stands in a line.
const REASON_CHARS_MAX: usize = 160;

/// The first line of a reason, masked; what stands behind is in the timeline.
pub(super) fn shortened(reason: &str) -> String {
    let line = reason.lines().next().unwrap_or_default();
    let line = paper::without_letters(line);
    // First masked, then cut: half an address is not known as one.
    let line = masked_words_of_others(&line);
    line.chars().take(REASON_CHARS_MAX).collect()
}

/// `850 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`.
pub(super) fn span_words(span: Span) -> String {
    let millis = span.as_millis().max(0);
    let (seconds, minutes, hours) = (millis / 1_000, millis / 60_000, millis / 3_600_000);
    match (hours, minutes, seconds) {
        (0, 0, 0) => format!("{millis} ms"),
        (0, 0, _) => format!("{seconds}.{} s", millis % 1_000 / 100),
        (0, _, _) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{hours} h {} min", minutes % 60),
    }
}

/// A decimal number with its thousands apart.
pub(super) fn grouped(decimal: &str) -> String {
    let (whole, places) = decimal.split_at(decimal.find('.').unwrap_or(decimal.len()));
    let digits = whole.trim_start_matches('-');
    let mut out = whole[..whole.len() - digits.len()].to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if 0 < place && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out + places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_thousands_apart() {
        for (decimal, expected) in [
            ("150000.00", "150 000.00"),
            ("-1234567.5", "-1 234 567.5"),
            ("999", "999"),
            ("1000", "1 000"),
            ("0.05", "0.05"),
        ] {
            assert_eq!(grouped(decimal), expected);
        }
    }

    #[test]
    fn a_span_is_said_in_its_two_largest_parts() {
        for (millis, expected) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_250, "1.2 s"),
            (200_000, "3 min 20 s"),
            (7_500_000, "2 h 5 min"),
        ] {
            assert_eq!(span_words(Span::millis(millis)), expected);
        }
    }

    #[test]
    fn a_reason_of_somebody_elses_is_one_line_and_masked() {
        let reason = format!("550 <dewi@example.com> unknown {}\nmore", "é".repeat(300));
        let shown = shortened(&reason);
        assert!(
            shown.starts_with("550 <d***@example.com> unknown é"),
            "{shown}"
        );
        assert!(
            !shown.contains("more") && shown.chars().count() < 170,
            "{shown}"
        );
    }

    #[test]
    fn an_address_at_the_end_of_what_is_shown_is_masked() {
        for before in REASON_CHARS_MAX - 30..=REASON_CHARS_MAX {
            let reason = format!("{} dewi.lestari@example.com", "x".repeat(before));
            let shown = shortened(&reason);
            assert!(!shown.contains("dewi"), "{before}: {shown}");
        }
    }

    /// They may be a whole name.
    #[test]
    fn the_letters_that_no_font_has_are_counted_and_not_shown() {
        let lacks = tollgate_receipt::lacks("小明王กอ้".chars());
        let fonts = tollgate_receipt::Fonts::built_in();
        let shown = shortened(&paper::waits_for_a_font(&lacks, &fonts));
        assert!(
            shown.starts_with("no font has letters of Han (3), Thai (3); install "),
            "{shown}"
        );
        assert!(!shown.contains("U+"), "{shown}");
    }
}
