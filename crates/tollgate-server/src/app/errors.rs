//! What was refused and what has failed: reading it, and statistics of it.

use std::collections::BTreeMap;

use tollgate_core::id::ErrorId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{ErrorFilter, ErrorLevel, ErrorRow, Page};

use super::{App, AppError, Caller};

/// Hours of which statistics tell each.
const HOURS_MAX: i64 = 48;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// How many there were of what.
#[derive(Debug, Default)]
pub(crate) struct ErrorStats {
    /// All of them.
    pub(crate) total: u64,
    /// By day, UTC's, the first one first; every day is there.
    pub(crate) days: BTreeMap<Timestamp, u64>,
    /// By hour, the last ones; every hour is there.
    pub(crate) hours: BTreeMap<Timestamp, u64>,
    /// By code and cause, with the worst that there was, the most first; and so on.
    pub(crate) codes: Vec<((String, String), (ErrorLevel, u64))>,
    /// By what was wanted.
    pub(crate) operations: Vec<(String, u64)>,
    /// By source, those that are about one.
    pub(crate) sources: Vec<(String, u64)>,
}

impl App {
    /// A page of a shop's errors, newest first. The operator sees those that are no shop's, too.
    pub(crate) async fn errors(
        &self,
        caller: &Caller,
        filter: ErrorFilter,
        (limit, past): (u32, Option<ErrorId>),
    ) -> Result<Page<ErrorRow, ErrorId>, AppError> {
        let filter = ErrorFilter {
            with_nobodys: self.is_operator(caller),
            ..filter
        };
        let page = self
            .inner
            .store
            .errors(caller.shop(), filter, (limit, past));
        Ok(page.await?)
    }

    /// How many errors there were today and on the days before, so many in all.
    pub(crate) async fn error_stats(
        &self,
        caller: &Caller,
        days: i64,
    ) -> Result<ErrorStats, AppError> {
        let now = self.now();
        let today = now.as_millis().div_euclid(DAY_MS) * DAY_MS;
        let since = Timestamp::from_millis(today - (days - 1) * DAY_MS);
        let is_operator = self.is_operator(caller);
        let counts = self
            .inner
            .store
            .error_counts(caller.shop(), is_operator, since);
        let counts = counts.await?;
        let mut stats = ErrorStats::of(since, now);
        for (hour, count) in counts.hours {
            stats.total += count;
            let day = hour.as_millis().div_euclid(DAY_MS) * DAY_MS;
            *stats.days.entry(Timestamp::from_millis(day)).or_default() += count;
            if let Some(known) = stats.hours.get_mut(&hour) {
                *known += count;
            }
        }
        let mut codes: BTreeMap<(String, String), (ErrorLevel, u64)> = BTreeMap::new();
        let (mut operations, mut sources) = (BTreeMap::new(), BTreeMap::new());
        for kind in counts.kinds {
            let code = codes.entry((kind.code, kind.cause));
            let (level, count) = code.or_insert((kind.level, 0));
            *level = (*level).max(kind.level);
            *count += kind.count;
            *operations.entry(kind.operation).or_default() += kind.count;
            if !kind.source.is_empty() {
                *sources.entry(kind.source).or_default() += kind.count;
            }
        }
        stats.codes = most_first(codes, |(_, count)| *count);
        stats.operations = most_first(operations, |count| *count);
        stats.sources = most_first(sources, |count| *count);
        Ok(stats)
    }
}

impl ErrorStats {
    /// None yet, of every day and hour.
    fn of(since: Timestamp, now: Timestamp) -> ErrorStats {
        let steps = |from: i64, step: i64| {
            let count = (now.as_millis() - from).div_euclid(step);
            (0..=count).map(move |number| (Timestamp::from_millis(from + number * step), 0))
        };
        let hour = now.as_millis().div_euclid(HOUR_MS) * HOUR_MS;
        let first_hour = since.max(Timestamp::from_millis(hour).plus(Span::hours(1 - HOURS_MAX)));
        ErrorStats {
            days: steps(since.as_millis(), DAY_MS).collect(),
            hours: steps(first_hour.as_millis(), HOUR_MS).collect(),
            ..ErrorStats::default()
        }
    }
}

/// By how many there are; what is as many by its name.
fn most_first<K: Ord, V>(counted: BTreeMap<K, V>, count: impl Fn(&V) -> u64) -> Vec<(K, V)> {
    let mut counted: Vec<(K, V)> = counted.into_iter().collect();
    counted.sort_by_key(|(_, value)| std::cmp::Reverse(count(value)));
    counted
}
