//! Errors and their statistics on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::{DeliveryId, EffectId, ErrorId, KeyId};
use tollgate_core::time::Timestamp;
use tollgate_store::{ErrorLevel, ErrorRow};

use crate::app::ErrorStats;
use crate::http::body::OneOf;
use crate::http::fields::{Shown, TimeText};
use crate::time_text::rfc3339;

/// What was refused or has failed, of one kind and time.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "err_01kfjv7m00e008000000000001", "at": "2026-01-22T10:00:00.000Z",
    "last_at": "2026-01-22T10:00:04.000Z", "count": 17, "level": "warn", "code": "out_of_stock", "cause": "none_left",
    "operation": "POST /v1/orders", "status": 409, "shop": "main", "source": null,
    "key_id": "key_01kfjv7m00e008000000000001", "key_name": "till",
    "request_id": "req_01kfjv7m00e008000000000001", "last_request_id": "req_01kfjv7m00e008000000000002",
    "delivery_id": null, "effect_id": null, "detail": "tea (0 of 1), /lines/0/sku out_of_stock"}]))]
pub(crate) struct RecordedErrorView<'a> {
    /// The error's id.
    id: Shown<ErrorId>,
    /// When the first of them was.
    at: TimeText,
    /// When the last of them was.
    last_at: TimeText,
    /// How many there were.
    count: u64,
    /// `warn` for what was refused, `error` for what has failed.
    level: OneOf<ErrorLevel>,
    /// The code of the refusal, or of what has failed.
    code: &'a str,
    /// What tells it apart from others of its code.
    cause: Option<&'a str>,
    /// What was asked or done: the method and the template of the path, or the name of the work.
    operation: &'a str,
    /// The HTTP status of the answer; null where nobody was answered.
    status: Option<u16>,
    /// The shop's name; null for what is no shop's.
    shop: Option<&'a str>,
    /// The source that it is about.
    source: Option<&'a str>,
    /// The key that was sent.
    key_id: Option<Shown<KeyId>>,
    /// What that key was called.
    key_name: Option<&'a str>,
    /// The id of the first request of them.
    request_id: Option<&'a str>,
    /// The id of the last request of them.
    last_request_id: Option<&'a str>,
    /// The delivery that was refused, the first of them.
    delivery_id: Option<Shown<DeliveryId>>,
    /// The effect that has failed, the first of them.
    effect_id: Option<Shown<EffectId>>,
    /// What is said of the first of them, for people.
    detail: &'a str,
}

impl<'a> RecordedErrorView<'a> {
    /// A row of a shop with this name; an empty one is none.
    pub(crate) fn of(row: &'a ErrorRow, shop: &'a str) -> RecordedErrorView<'a> {
        let about = row.about.as_deref().unwrap_or_default();
        RecordedErrorView {
            id: Shown(row.id),
            at: TimeText(row.at),
            last_at: TimeText(row.last_at),
            count: row.count,
            level: OneOf(row.level),
            code: &row.code,
            cause: some(&row.cause),
            operation: &row.operation,
            status: (row.status != 0).then_some(row.status),
            shop: some(shop),
            source: row.source.as_deref(),
            key_id: row.key.map(Shown),
            key_name: row.key_name.as_deref(),
            request_id: row.request_id.as_deref(),
            last_request_id: row.last_request_id.as_deref(),
            delivery_id: about.parse().ok().map(Shown),
            effect_id: about.parse().ok().map(Shown),
            detail: &row.detail,
        }
    }
}

/// How many errors there were.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"total": 7, "by_day": [{"day": "2026-01-22", "count": 7}],
    "by_hour": [{"hour": "2026-01-22T10:00:00.000Z", "count": 7}],
    "by_code": [{"code": "out_of_stock", "cause": "too_few", "level": "warn", "count": 7}],
    "by_operation": [{"operation": "POST /v1/orders", "count": 6}], "by_source": [{"source": "bank", "count": 1}]}]))]
pub(crate) struct ErrorStatsView<'a> {
    /// How many there were in all.
    total: u64,
    /// A line for every day that was asked for, in UTC, the oldest first.
    by_day: Vec<ErrorDayView>,
    /// A line for each of the last 48 hours, the oldest first.
    by_hour: Vec<ErrorHourView>,
    /// A line for a code and cause, those with the most first, at most 100.
    by_code: Vec<ErrorCodeView<'a>>,
    /// A line for an operation, those with the most first, at most 100.
    by_operation: Vec<ErrorOperationView<'a>>,
    /// A line for a source, those with the most first, at most 100.
    by_source: Vec<ErrorSourceView<'a>>,
}

/// Of one day, UTC's.
#[derive(Serialize, JsonSchema)]
struct ErrorDayView {
    /// The day, as `2026-01-22`.
    day: String,
    /// How many errors it had.
    count: u64,
}

/// Of one hour, by its beginning.
#[derive(Serialize, JsonSchema)]
struct ErrorHourView {
    /// When the hour began.
    hour: TimeText,
    /// How many errors it had.
    count: u64,
}

/// Of one code and cause.
#[derive(Serialize, JsonSchema)]
struct ErrorCodeView<'a> {
    /// The code.
    code: &'a str,
    /// What tells it apart from others of its code.
    cause: Option<&'a str>,
    /// `warn` for what was refused, `error` for what has failed.
    level: OneOf<ErrorLevel>,
    /// How many errors had them.
    count: u64,
}

/// Of one operation.
#[derive(Serialize, JsonSchema)]
struct ErrorOperationView<'a> {
    /// The method and the template of the path, or the name of the work.
    operation: &'a str,
    /// How many errors it had.
    count: u64,
}

/// Of one source.
#[derive(Serialize, JsonSchema)]
struct ErrorSourceView<'a> {
    /// The source's name.
    source: &'a str,
    /// How many errors were about it.
    count: u64,
}

impl<'a> ErrorStatsView<'a> {
    /// Codes, operations and sources that are told, of each those with the most.
    const TOLD_MAX: usize = 100;

    /// What was counted.
    pub(crate) fn of(stats: &'a ErrorStats) -> ErrorStatsView<'a> {
        let codes = stats.codes.iter().take(Self::TOLD_MAX);
        let operations = stats.operations.iter().take(Self::TOLD_MAX);
        let sources = stats.sources.iter().take(Self::TOLD_MAX);
        ErrorStatsView {
            total: stats.total,
            by_day: stats.days.iter().map(ErrorDayView::of).collect(),
            by_hour: stats.hours.iter().map(ErrorHourView::of).collect(),
            by_code: codes
                .map(|((code, cause), (level, count))| ErrorCodeView {
                    code,
                    cause: some(cause),
                    level: OneOf(*level),
                    count: *count,
                })
                .collect(),
            by_operation: operations
                .map(|(operation, count)| ErrorOperationView {
                    operation,
                    count: *count,
                })
                .collect(),
            by_source: sources
                .map(|(source, count)| ErrorSourceView {
                    source,
                    count: *count,
                })
                .collect(),
        }
    }
}

impl ErrorDayView {
    fn of((day, count): (&Timestamp, &u64)) -> ErrorDayView {
        let mut text = rfc3339(*day);
        text.truncate("2026-01-22".len());
        ErrorDayView {
            day: text,
            count: *count,
        }
    }
}

impl ErrorHourView {
    fn of((hour, count): (&Timestamp, &u64)) -> ErrorHourView {
        ErrorHourView {
            hour: TimeText(*hour),
            count: *count,
        }
    }
}

/// An empty text is none.
fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
