//! Tables in CSV (RFC 4180) as answers: rows that no spreadsheet takes for formulas, sent part by part.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use bytes::Bytes;
use hyper::body::Frame;
use tollgate_core::time::Timestamp;

use super::problem::{INTERNAL, Problem};
use crate::app::AppError;
use crate::money_text::decimal;
use crate::time_text::rfc3339;

/// A row under way.
#[derive(Debug, Default)]
pub(crate) struct Row {
    text: String,
    has_fields: bool,
}

impl Row {
    /// A text that others may have written: one field, whatever is in it, and no formula.
    pub(crate) fn text(&mut self, text: &str) -> &mut Row {
        self.begin_field();
        put_text(&mut self.text, text);
        self
    }

    /// A number of ours. It is no formula, also where it begins with a minus.
    pub(crate) fn number(&mut self, number: i64) -> &mut Row {
        self.begin_field();
        self.text.push_str(&number.to_string());
        self
    }

    /// An amount as a decimal number of its currency.
    pub(crate) fn decimal(&mut self, minor: i64, currency: &str) -> &mut Row {
        self.begin_field();
        self.text.push_str(&decimal(minor, currency));
        self
    }

    /// An amount twice: in minor units, and as a decimal number of its currency.
    pub(crate) fn money(&mut self, minor: i64, currency: &str) -> &mut Row {
        self.number(minor).decimal(minor, currency)
    }

    /// A point in time, in UTC; nothing where there is none.
    pub(crate) fn time(&mut self, time: Option<Timestamp>) -> &mut Row {
        self.begin_field();
        self.text.push_str(&time.map(rfc3339).unwrap_or_default());
        self
    }

    /// The row with its end.
    pub(crate) fn end(&mut self) -> String {
        self.text.push_str("\r\n");
        self.has_fields = false;
        std::mem::take(&mut self.text)
    }

    fn begin_field(&mut self) {
        if self.has_fields {
            self.text.push(',');
        }
        self.has_fields = true;
    }
}

/// With what a formula begins, as OWASP lists it, the wide letters too.
const OF_FORMULAS: [char; 8] = [
    '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// What some spreadsheets pass over in front of it.
const OF_SPACE: [char; 3] = ['\t', '\r', '\n'];

/// Behind what a field ends for a spreadsheet that does not go by commas and takes our quotes for letters: where
/// people write numbers with a comma, `;` is between fields. Line ends are, wherever quotes mean nothing.
const ENDS_FIELDS: [char; 4] = [';', '\t', '\r', '\n'];

/// Writes a text so that it is one field, and that no spreadsheet takes it for a formula, or a part of it where it
/// sees fields in it: others have written it.
fn put_text(row: &mut String, text: &str) {
    let is_quoted = text.contains([',', '"']) || text.contains(ENDS_FIELDS);
    if is_quoted {
        row.push('"');
    }
    let mut begins = true;
    if text.starts_with(OF_SPACE) {
        row.push('\'');
        begins = false;
    }
    for (at, letter) in text.char_indices() {
        if begins && is_formula(&text[at..]) {
            row.push('\'');
        }
        begins = ENDS_FIELDS.contains(&letter);
        if letter == '"' {
            row.push('"');
        }
        row.push(letter);
    }
    if is_quoted {
        row.push('"');
    }
}

/// A formula begins here, or in quotes that begin here.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('"').starts_with(OF_FORMULAS)
}

/// A part of a table, and what reads the next.
pub(crate) struct Part {
    /// Rows with their ends; may be none although there are more.
    pub(crate) rows: String,
    /// `None` at the end of the table.
    pub(crate) next: Option<Next>,
}

/// What reads the next part.
pub(crate) type Next = Box<dyn FnOnce() -> Reading + Send>;

/// A part that is being read.
pub(crate) type Reading = Pin<Box<dyn Future<Output = Result<Part, AppError>> + Send>>;

/// The table, as the body of an answer: no part is read before the one in front of it was sent, and between two
/// nothing is held in the database.
struct Table {
    /// What is to be sent next.
    read: Option<Part>,
    reading: Option<Reading>,
}

/// The database could not be read any more. The answer breaks off, so that nobody takes a part for the whole.
#[derive(Debug, thiserror::Error)]
#[error("the table could not be read to its end")]
struct BrokenOff;

impl hyper::body::Body for Table {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        loop {
            if let Some(part) = self.read.take() {
                self.reading = part.next.map(|next| next());
                if !part.rows.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(Bytes::from(part.rows)))));
                }
            }
            let Some(reading) = &mut self.reading else {
                return Poll::Ready(None);
            };
            match std::task::ready!(reading.as_mut().poll(context)) {
                Ok(part) => {
                    self.reading = None;
                    self.read = Some(part);
                }
                Err(error) => {
                    tracing::error!(?error, "failed to read a table to its end");
                    self.reading = None;
                    return Poll::Ready(Some(Err(BrokenOff)));
                }
            }
        }
    }
}

/// The answer with a table: `head` names its columns, `first` was read already, so that what cannot be read at all
/// is refused with a status and not in the midst of a table.
pub(crate) fn answer(head: &str, first: Part, file: &str) -> Result<Response<Body>, Problem> {
    let table = Table {
        read: Some(Part {
            rows: format!("{head}\r\n{}", first.rows),
            next: first.next,
        }),
        reading: None,
    };
    let mut response = Response::new(Body::new(table));
    let headers = response.headers_mut();
    let disposition = format!("attachment; filename=\"{file}\"");
    let disposition = HeaderValue::from_str(&disposition).map_err(|_| Problem::from(INTERNAL))?;
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    for (name, value) in [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present",
        ),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::body::Body as _;

    #[test]
    fn no_text_of_others_is_a_formula() {
        for (text, field) in [
            ("=1+1", "'=1+1"),
            ("@SUM", "'@SUM"),
            ("-5", "'-5"),
            ("\tx", "\"'\tx\""),
            ("\n=1", "\"'\n'=1\""),
            // Where `;` is between fields, each of these has one that begins with a sign.
            ("a;=1+1", "\"a;'=1+1\""),
            ("a;b", "\"a;b\""),
            ("a;\"=1;", "\"a;'\"\"=1;\""),
            ("a\t+1", "\"a\t'+1\""),
            ("a\r\n-1;\u{ff20}b", "\"a\r\n'-1;'\u{ff20}b\""),
            ("\"=1", "\"'\"\"=1\""),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("a=b", "a=b"),
            ("two\nlines", "\"two\nlines\""),
            ("a \"b\", c", "\"a \"\"b\"\", c\""),
            ("", ""),
        ] {
            let mut written = String::new();
            put_text(&mut written, text);
            assert_eq!(written, field, "{text:?}");
        }
    }

    #[test]
    fn a_row_is_its_fields_with_commas_between() {
        let mut row = Row::default();
        let at = Timestamp::from_millis(1_769_076_000_000);
        let text = row
            .text("a")
            .text("")
            .money(-150, "IDR")
            .time(Some(at))
            .time(None)
            .end();
        assert_eq!(text, "a,,-150,-1.50,2026-01-22T10:00:00.000Z,\r\n");
        assert_eq!(row.text("").text("b").end(), ",b\r\n");
    }

    /// The frames of a table of which every part but the last is read well.
    #[test]
    fn a_table_that_cannot_be_read_to_its_end_breaks_off() {
        let fails: Next = Box::new(|| Box::pin(async { Err(AppError::Unavailable) }));
        let second: Next = Box::new(|| {
            Box::pin(async {
                Ok(Part {
                    rows: String::new(),
                    next: Some(fails),
                })
            })
        });
        let mut table = Table {
            read: Some(Part {
                rows: "a\r\n".to_owned(),
                next: Some(second),
            }),
            reading: None,
        };
        let waker = std::task::Waker::noop();
        let mut context = Context::from_waker(waker);
        let mut next = || Pin::new(&mut table).poll_frame(&mut context);
        let Poll::Ready(Some(Ok(frame))) = next() else {
            panic!("the first part is there")
        };
        assert_eq!(frame.into_data().ok(), Some(Bytes::from("a\r\n")));
        assert!(matches!(next(), Poll::Ready(Some(Err(BrokenOff)))));
    }
}
