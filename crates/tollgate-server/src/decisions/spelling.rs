//! How numbers, spans and the words of others stand in a line.

use tollgate_core::time::Span;

use crate::masking::masked;

/// How much of a reason that somebody outside has written stands in a line.
const REASON_CHARS_MAX: usize = 160;

/// The first line of a reason, masked; what stands behind is in the timeline.
pub(super) fn shortened(reason: &str) -> String {
    let line = reason.lines().next().unwrap_or_default();
    let cut = line.char_indices().nth(REASON_CHARS_MAX);
    masked(cut.map_or(line, |(at, _)| &line[..at])).into_owned()
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
}
