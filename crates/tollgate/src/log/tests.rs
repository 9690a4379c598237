//! A table of events, and how each format writes them.

use std::sync::{Arc, Mutex};

use tracing::Subscriber;

use super::*;

/// Keeps what is written.
struct Kept(Lines, Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Kept {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let at = jiff::Timestamp::from_microsecond(1_796_047_384_120_500).expect("it is a time");
        let written = self.0.write(&Line::of(event, at));
        self.1.lock().expect("nobody panics").push(written);
    }
}

fn written(format: Format, coloured: bool, say: fn()) -> String {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let lines = Lines {
        format,
        style: Style { coloured },
        zone: jiff::tz::TimeZone::UTC,
    };
    let subscriber = tracing_subscriber::registry().with(Kept(lines, Arc::clone(&kept)));
    tracing::subscriber::with_default(subscriber, say);
    let kept = kept.lock().expect("nobody panics");
    assert_eq!(kept.len(), 1, "one event is one line");
    kept[0].clone()
}

fn check(say: fn(), expected: [(Format, &str); 4]) {
    for (format, expected) in expected {
        assert_eq!(written(format, false, say), expected);
    }
}

#[test]
fn a_decision_is_written_in_each_format() {
    check(
        || {
            tracing::info!(
                target: "tollgate::decisions",
                kind = "order.paid",
                shop = "main",
                source = Some("midtrans"),
                reason = None::<&str>,
                request_id = Some("req-7"),
                duration_ms = Some(0.8),
                "order ZVR-1 paid 150 000.00 IDR by midtrans settlement ZVR-1-77 (evt_1)"
            );
        },
        [
            (
                Format::Pretty,
                "14:03:04.120       order ZVR-1 paid 150 000.00 IDR by midtrans settlement ZVR-1-77 (evt_1) 0.8 ms req-7",
            ),
            (
                Format::Text,
                "2026-11-30T14:03:04.120500Z  INFO tollgate::decisions: order ZVR-1 paid 150 000.00 IDR by midtrans settlement ZVR-1-77 (evt_1) kind=\"order.paid\" shop=\"main\" source=\"midtrans\" request_id=\"req-7\" duration_ms=0.8",
            ),
            (
                Format::Json,
                "{\"timestamp\":\"2026-11-30T14:03:04.120500Z\",\"level\":\"INFO\",\"fields\":{\"message\":\"order ZVR-1 paid 150 000.00 IDR by midtrans settlement ZVR-1-77 (evt_1)\",\"kind\":\"order.paid\",\"shop\":\"main\",\"source\":\"midtrans\",\"request_id\":\"req-7\",\"duration_ms\":0.8},\"target\":\"tollgate::decisions\"}",
            ),
            (
                Format::Logfmt,
                "ts=2026-11-30T14:03:04.120500Z level=info target=tollgate::decisions msg=\"order ZVR-1 paid 150 000.00 IDR by midtrans settlement ZVR-1-77 (evt_1)\" kind=order.paid shop=main source=midtrans request_id=req-7 duration_ms=0.8",
            ),
        ],
    );
}

#[test]
fn hostile_texts_stay_in_their_line_and_in_their_value() {
    check(
        || {
            let hostile = "a\"b\\c\nts=1 \u{1b}[31m\u{202e}";
            tracing::warn!(target: "t", hostile, empty = "", count = 3_u64, ok = true, "refused: {hostile}");
        },
        [
            (
                Format::Pretty,
                "14:03:04.120 warn  refused: a\"b\\c\\nts=1 \\u{1b}[31m\\u{202e} hostile=\"a\\\"b\\\\c\\nts=1 \\u{1b}[31m\\u{202e}\" empty=\"\" count=3 ok=true",
            ),
            (
                Format::Text,
                "2026-11-30T14:03:04.120500Z  WARN t: refused: a\"b\\c\\nts=1 \\u{1b}[31m\\u{202e} hostile=\"a\\\"b\\\\c\\nts=1 \\u{1b}[31m\\u{202e}\" empty=\"\" count=3 ok=true",
            ),
            (
                Format::Json,
                "{\"timestamp\":\"2026-11-30T14:03:04.120500Z\",\"level\":\"WARN\",\"fields\":{\"message\":\"refused: a\\\"b\\\\c\\nts=1 \\u001b[31m\u{202e}\",\"hostile\":\"a\\\"b\\\\c\\nts=1 \\u001b[31m\u{202e}\",\"empty\":\"\",\"count\":3,\"ok\":true},\"target\":\"t\"}",
            ),
            (
                Format::Logfmt,
                "ts=2026-11-30T14:03:04.120500Z level=warn target=t msg=\"refused: a\\\"b\\\\c\\nts=1 \\u{1b}[31m\\u{202e}\" hostile=\"a\\\"b\\\\c\\nts=1 \\u{1b}[31m\\u{202e}\" empty=\"\" count=3 ok=true",
            ),
        ],
    );
}

/// At info and above; those who look closely see what there is.
#[test]
fn what_is_personal_is_masked_above_debug_in_every_format() {
    for format in [Format::Pretty, Format::Text, Format::Json, Format::Logfmt] {
        let loud = written(format, false, || {
            let error = "550 <dewi.lestari@example.com> is unknown";
            tracing::info!(target: "t", %error, name = "Dewi", "mail to dewi@example.com, +6281234567812");
        });
        for personal in ["dewi", "lestari", "Dewi", "81234567812"] {
            assert!(!loud.contains(personal), "{format:?}: {loud}");
        }
        for masked in ["d***@example.com", "D***", "+62***12"] {
            assert!(loud.contains(masked), "{format:?}: {loud}");
        }
        let quiet = written(format, false, || {
            tracing::debug!(target: "t", "mail to dewi@example.com");
        });
        assert!(quiet.contains("dewi@example.com"), "{format:?}: {quiet}");
    }
}

#[test]
fn a_gap_is_a_line_that_says_how_many_are_missing() {
    let lines = Lines {
        format: Format::Logfmt,
        style: Style { coloured: false },
        zone: jiff::tz::TimeZone::UTC,
    };
    let at = jiff::Timestamp::from_microsecond(1_796_047_384_120_500).expect("it is a time");
    assert_eq!(
        lines.text(&about_left_out(7, at)),
        "ts=2026-11-30T14:03:04.120500Z level=warn target=tollgate::log msg=\"lines of the log were left out here: nobody read as fast as they came\" left_out=7\n"
    );
}

#[test]
fn a_terminal_is_told_prettily_and_anything_else_in_pairs() {
    for (configured, is_terminal, expected) in [
        (LogFormat::Auto, true, Format::Pretty),
        (LogFormat::Auto, false, Format::Logfmt),
        (LogFormat::Pretty, false, Format::Pretty),
        (LogFormat::Logfmt, true, Format::Logfmt),
        (LogFormat::Text, true, Format::Text),
        (LogFormat::Json, true, Format::Json),
    ] {
        assert_eq!(
            format_of(configured, is_terminal),
            expected,
            "{configured:?}"
        );
    }
    let say = || tracing::error!(target: "t", "it broke");
    let coloured = written(Format::Pretty, true, say);
    assert_eq!(
        coloured,
        "\x1b[2m14:03:04.120\x1b[0m \x1b[31merror\x1b[0m it broke"
    );
}

/// It goes the way of every line: in its format, on one line, and without what is personal.
#[test]
fn a_panic_is_a_line_of_the_log() {
    let lines = Lines {
        format: Format::Json,
        style: Style { coloured: false },
        zone: jiff::tz::TimeZone::UTC,
    };
    let at = jiff::Timestamp::from_microsecond(1_796_047_384_120_500).expect("it is a time");
    let payload: Box<dyn Any + Send> = Box::new("dewi@example.com\nhas no cart".to_owned());
    let line = about_panic((&*payload, None), Some("gate"), None, at);
    let text = lines.text(&line);
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    assert!(!text.contains("dewi@example.com"), "{text}");
    let said: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(said["level"], "ERROR");
    assert_eq!(said["target"], "tollgate::panic");
    assert_eq!(said["fields"]["thread"], "gate");
    let payload: Box<dyn Any + Send> = Box::new(7);
    let line = about_panic((&*payload, None), None, Some("0: main".to_owned()), at);
    assert_eq!(line.text("panic"), Some("no text"));
    assert_eq!(line.text("backtrace"), Some("0: main"));
}
