//! What was refused and what has failed: counted in memory by kind, and written once a second by a task of its own
//! (docs/errors.md, What is kept). Nobody who notes something waits.
//!
//! What the database does not take goes on being counted and is written later, so an outage is seen afterwards with
//! all that it has refused.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tollgate_core::id::{ErrorId, ShopId, first_id};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_store::{Actor, ErrorLevel, ErrorRow, Figures, NO_SHOP, Store, SubmitError};

/// Between two writes, and after one that the database has refused.
pub(crate) const WRITE_EVERY: Duration = Duration::from_secs(1);
pub(crate) const WRITE_AGAIN: Duration = Duration::from_secs(5);

/// Kinds of a shop that are told apart between two writes, and of those that strangers cause. More are counted as
/// [`OTHER`].
const KINDS_MAX: usize = 64;
const KINDS_OF_STRANGERS_MAX: usize = 16;

/// The code of what is counted without being told apart.
const OTHER: &str = "other";

/// For so long one row stands for a kind, and for a kind that strangers cause.
const ROW_MS: i64 = 1_000;
const ROW_OF_STRANGERS_MS: i64 = 60_000;

/// Letters of a detail that are kept.
const DETAIL_LETTERS_MAX: usize = 300;

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ErrorKind {
    /// Whose; [`NO_SHOP`] where it is nobody's.
    pub(crate) shop: ShopId,
    /// How bad it is.
    pub(crate) level: ErrorLevel,
    /// What it is called.
    pub(crate) code: &'static str,
    /// A word that tells apart what has one code; may be empty.
    pub(crate) cause: &'static str,
    /// What was wanted: a method and the template of a path, `effect` and a kind, `gate`.
    pub(crate) operation: String,
    /// The source it is about.
    pub(crate) source: Option<String>,
    /// Who has caused it.
    pub(crate) by: By,
    /// The HTTP status; 0 where there is none.
    pub(crate) status: u16,
}

/// Who has caused it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum By {
    /// Somebody who has proved nothing.
    Stranger,
    /// The holder of a key.
    Key(Actor),
    /// The program itself, or those it calls.
    Ourselves,
}

/// Something that was refused or has failed.
#[derive(Debug, Clone)]
pub(crate) struct ErrorNote {
    /// What it is counted with.
    pub(crate) kind: ErrorKind,
    /// The request it was.
    pub(crate) request_id: Option<String>,
    /// The id of the delivery or effect it was about.
    pub(crate) about: Option<String>,
    /// What was wrong; no more than its caller was told.
    pub(crate) detail: String,
}

/// How often a kind was noted, and what the first and the last were.
#[derive(Debug)]
struct Tally {
    count: u64,
    at: Timestamp,
    last_at: Timestamp,
    request_id: Option<String>,
    last_request_id: Option<String>,
    about: Option<String>,
    detail: String,
}

/// Counts what was refused and what has failed. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct ErrorLog(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    kinds: HashMap<ErrorKind, Tally>,
    /// What the Gate had counted when it was looked at last.
    seen: Figures,
}

impl ErrorLog {
    /// Counts one. Never waits.
    pub(crate) fn note(&self, now: Timestamp, note: ErrorNote) {
        let ErrorNote {
            kind,
            request_id,
            about,
            detail,
        } = note;
        let tally = Tally {
            count: 1,
            at: now,
            last_at: now,
            last_request_id: request_id.clone(),
            request_id,
            about,
            detail: plain(&detail),
        };
        self.lock().add(kind, tally);
    }

    /// Writes what was counted; `false` if some of it has to be written later. `lost` is told how many were counted
    /// that are not, because nobody saw whether they were written.
    pub(crate) async fn write(&self, store: &Store, lost: impl Fn(u64)) -> bool {
        let taken = std::mem::take(&mut self.lock().kinds);
        let mut shops: BTreeMap<ShopId, Vec<(ErrorKind, Tally)>> = BTreeMap::new();
        for (kind, tally) in taken {
            shops.entry(kind.shop).or_default().push((kind, tally));
        }
        let mut is_written = true;
        for (shop, counted) in shops {
            let rows = counted.iter().map(|(kind, tally)| row(kind, tally));
            match store.keep_errors(shop, rows.collect()).await {
                Ok(()) => {}
                Err(SubmitError::Overloaded { .. } | SubmitError::Unavailable { .. }) => {
                    is_written = false;
                    let mut state = self.lock();
                    for (kind, tally) in counted {
                        state.add(kind, tally);
                    }
                }
                Err(
                    SubmitError::OutcomeUnknown { .. }
                    | SubmitError::Quarantined
                    | SubmitError::Closing,
                ) => lost(counted.iter().map(|(_, tally)| tally.count).sum()),
            }
        }
        is_written
    }

    /// Counts what the Gate has seen fail since it was looked at last: also where nobody waited for it.
    pub(crate) fn look_at_gate(&self, now: Timestamp, figures: Figures) {
        let mut state = self.lock();
        let seen = std::mem::replace(&mut state.seen, figures);
        for (code, count, before, detail) in [
            (
                "gate_unavailable",
                figures.unavailable,
                seen.unavailable,
                "the database took no writes; the log says why",
            ),
            (
                "gate_in_doubt",
                figures.in_doubt,
                seen.in_doubt,
                "the end of a commit was not seen; the log says why",
            ),
            (
                "gate_quarantined",
                figures.quarantined,
                seen.quarantined,
                "a command could not be decided and is quarantined; the log says which",
            ),
        ] {
            let count = count.saturating_sub(before);
            if count == 0 {
                continue;
            }
            let kind = ErrorKind {
                shop: NO_SHOP,
                level: ErrorLevel::Error,
                code,
                cause: "",
                operation: "gate".to_owned(),
                source: None,
                by: By::Ourselves,
                status: 0,
            };
            let tally = Tally {
                count,
                at: now,
                last_at: now,
                request_id: None,
                last_request_id: None,
                about: None,
                detail: detail.to_owned(),
            };
            state.add(kind, tally);
        }
    }

    /// No code panics while it holds the lock, so a poisoned lock holds nothing broken.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds to a kind, or to the others where there is no room for it.
    fn add(&mut self, kind: ErrorKind, tally: Tally) {
        let kind = match self.kinds.contains_key(&kind) || self.has_room(&kind) {
            true => kind,
            false => kind.other(),
        };
        match self.kinds.entry(kind) {
            std::collections::hash_map::Entry::Occupied(mut known) => known.get_mut().add(tally),
            std::collections::hash_map::Entry::Vacant(place) => _ = place.insert(tally),
        }
    }

    /// Whether a kind that is not known yet may be told apart.
    fn has_room(&self, kind: &ErrorKind) -> bool {
        let most = match kind.is_strangers() {
            true => KINDS_OF_STRANGERS_MAX,
            false => KINDS_MAX,
        };
        let known = self
            .kinds
            .keys()
            .filter(|known| known.shop == kind.shop && known.is_strangers() == kind.is_strangers());
        known.count() < most
    }
}

impl ErrorKind {
    fn is_strangers(&self) -> bool {
        self.by == By::Stranger
    }

    /// What it is counted with where there is no room for it.
    fn other(&self) -> ErrorKind {
        ErrorKind {
            shop: self.shop,
            level: self.level,
            code: OTHER,
            cause: "",
            operation: String::new(),
            source: None,
            by: match self.is_strangers() {
                true => By::Stranger,
                false => By::Ourselves,
            },
            status: 0,
        }
    }
}

impl Tally {
    /// Adds what was counted before or after.
    fn add(&mut self, other: Tally) {
        self.count += other.count;
        if other.at < self.at {
            self.at = other.at;
            self.request_id = other.request_id;
            self.about = other.about;
            self.detail = other.detail;
        }
        if self.last_at <= other.last_at {
            self.last_at = other.last_at;
            self.last_request_id = other.last_request_id.or(self.last_request_id.take());
        }
    }
}

/// The row of a kind: everybody who counts the same kind in the same time makes the same one.
fn row(kind: &ErrorKind, tally: &Tally) -> ErrorRow {
    let lasts = match kind.is_strangers() {
        true => ROW_OF_STRANGERS_MS,
        false => ROW_MS,
    };
    let begins = tally.at.as_millis().div_euclid(lasts) * lasts;
    let (key, key_name) = match &kind.by {
        By::Key(actor) => (actor.key, Some(actor.name.to_string())),
        By::Stranger | By::Ourselves => (None, None),
    };
    ErrorRow {
        shop: kind.shop,
        id: ErrorId::from_u128(first_id(Timestamp::from_millis(begins)) | mark(kind)),
        level: kind.level,
        code: kind.code.to_owned(),
        cause: kind.cause.to_owned(),
        operation: kind.operation.clone(),
        source: kind.source.clone(),
        key,
        key_name,
        status: kind.status,
        count: tally.count,
        at: tally.at,
        last_at: tally.last_at,
        request_id: tally.request_id.clone(),
        last_request_id: tally.last_request_id.clone(),
        about: tally.about.clone(),
        detail: tally.detail.clone(),
    }
}

/// Eighty bits that no other kind has: of a SHA-256 over what makes it one, each part with its length.
fn mark(kind: &ErrorKind) -> u128 {
    let key = match &kind.by {
        By::Stranger => "stranger".to_owned(),
        By::Key(actor) => format!("key {:?} {}", actor.key, actor.name),
        By::Ourselves => "ourselves".to_owned(),
    };
    let mut hash = Sha256::new();
    for part in [
        &*kind.shop.0.to_string(),
        kind.level.word(),
        kind.code,
        kind.cause,
        &*kind.operation,
        kind.source.as_deref().unwrap_or_default(),
        &*key,
        &*kind.status.to_string(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let first = digest.first_chunk::<16>().expect("it has thirty-two");
    u128::from_be_bytes(*first) >> 48
}

/// A text as it is kept: of bounded length, on one line.
fn plain(text: &str) -> String {
    let letters = text.chars().take(DETAIL_LETTERS_MAX);
    letters
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(code: &'static str, by: By) -> ErrorKind {
        ErrorKind {
            shop: ShopId(1),
            level: ErrorLevel::Warn,
            code,
            cause: "",
            operation: "POST /v1/orders".to_owned(),
            source: None,
            by,
            status: 409,
        }
    }

    fn note(log: &ErrorLog, at: i64, kind: ErrorKind, request: &str) {
        let note = ErrorNote {
            kind,
            request_id: Some(request.to_owned()),
            about: None,
            detail: format!("of {request}"),
        };
        log.note(Timestamp::from_millis(at), note);
    }

    fn rows(log: &ErrorLog) -> Vec<ErrorRow> {
        let state = log.lock();
        let mut rows: Vec<ErrorRow> = state
            .kinds
            .iter()
            .map(|(kind, tally)| row(kind, tally))
            .collect();
        rows.sort_by_key(|row| (row.at, row.code.clone()));
        rows
    }

    #[test]
    fn a_crowd_is_one_row_with_the_first_and_the_last() {
        let log = ErrorLog::default();
        for number in 0..500 {
            note(
                &log,
                10_000 + number,
                kind("a", By::Ourselves),
                &format!("r{number}"),
            );
        }
        note(&log, 10_001, kind("b", By::Ourselves), "other");
        let rows = rows(&log);
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!((rows[0].count, rows[1].count), (500, 1));
        assert_eq!(rows[0].detail, "of r0");
        assert_eq!(rows[0].request_id.as_deref(), Some("r0"));
        assert_eq!(rows[0].last_request_id.as_deref(), Some("r499"));
        assert_eq!(
            (rows[0].at.as_millis(), rows[0].last_at.as_millis()),
            (10_000, 10_499)
        );
    }

    /// docs/errors.md: a row a second, a minute where strangers cause it; everybody makes the same one.
    #[test]
    fn rows_of_one_kind_and_time_have_one_id() {
        let id = |at, by| {
            let log = ErrorLog::default();
            note(&log, at, kind("a", by), "r");
            rows(&log)[0].id
        };
        let key = |name: &str| {
            By::Key(Actor {
                user: None,
                request: None,
                key: None,
                name: name.into(),
            })
        };
        assert_eq!(id(60_000, key("a")), id(60_999, key("a")));
        assert_ne!(id(60_000, key("a")), id(61_000, key("a")));
        assert_ne!(id(60_000, key("a")), id(60_000, key("b")));
        assert_eq!(id(60_000, By::Stranger), id(119_999, By::Stranger));
        assert_ne!(id(60_000, By::Stranger), id(120_000, By::Stranger));
        assert_ne!(id(60_000, By::Stranger), id(60_000, By::Ourselves));
    }

    #[test]
    fn kinds_beyond_the_bound_are_counted_as_others_and_strangers_take_no_one_elses_room() {
        let log = ErrorLog::default();
        for number in 0..KINDS_OF_STRANGERS_MAX + 10 {
            let operation = format!("GET /{number}");
            note(
                &log,
                1_000,
                ErrorKind {
                    operation,
                    ..kind("a", By::Stranger)
                },
                "r",
            );
        }
        note(&log, 1_000, kind("mine", By::Ourselves), "r");
        let found = rows(&log);
        let of = |code: &str| -> Vec<u64> {
            let rows = found.iter().filter(|row| row.code == code);
            rows.map(|row| row.count).collect()
        };
        assert_eq!(of("a").len(), KINDS_OF_STRANGERS_MAX);
        assert_eq!(of(OTHER), [10]);
        assert_eq!(of("mine"), [1]);
    }

    /// What was taken and could not be written is counted with what came meanwhile, as the earlier of both.
    #[test]
    fn what_comes_back_is_the_first() {
        let log = ErrorLog::default();
        note(&log, 1_000, kind("a", By::Ourselves), "r1");
        let taken = std::mem::take(&mut log.lock().kinds);
        note(&log, 5_000, kind("a", By::Ourselves), "r2");
        for (kind, tally) in taken {
            log.lock().add(kind, tally);
        }
        let rows = rows(&log);
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (
                rows[0].count,
                rows[0].at.as_millis(),
                rows[0].last_at.as_millis()
            ),
            (2, 1_000, 5_000)
        );
        assert_eq!(rows[0].detail, "of r1");
        assert_eq!(rows[0].last_request_id.as_deref(), Some("r2"));
    }

    #[test]
    fn the_gates_failures_are_counted_once() {
        let log = ErrorLog::default();
        let figures = Figures {
            unavailable: 3,
            quarantined: 1,
            ..Figures::default()
        };
        let now = Timestamp::from_millis(7);
        log.look_at_gate(now, figures);
        log.look_at_gate(now, figures);
        log.look_at_gate(
            now,
            Figures {
                unavailable: 5,
                ..figures
            },
        );
        let counts: Vec<(String, u64)> = rows(&log)
            .into_iter()
            .map(|row| (row.code, row.count))
            .collect();
        let expected = [
            ("gate_quarantined".to_owned(), 1),
            ("gate_unavailable".to_owned(), 5),
        ];
        assert_eq!(counts, expected);
    }

    #[test]
    fn a_detail_is_short_and_on_one_line() {
        assert_eq!(plain("a\nb\0c\u{1b}[2J"), "a b c [2J");
        assert_eq!(plain(&"x".repeat(1_000)).len(), DETAIL_LETTERS_MAX);
    }
}
