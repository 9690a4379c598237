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
pub(crate) struct ErrorView<'a> {
    id: Shown<ErrorId>,
    at: TimeText,
    last_at: TimeText,
    count: u64,
    level: OneOf<ErrorLevel>,
    code: &'a str,
    cause: Option<&'a str>,
    operation: &'a str,
    status: Option<u16>,
    /// The shop's name; null for what is no shop's.
    shop: Option<&'a str>,
    source: Option<&'a str>,
    key_id: Option<Shown<KeyId>>,
    key_name: Option<&'a str>,
    request_id: Option<&'a str>,
    last_request_id: Option<&'a str>,
    delivery_id: Option<Shown<DeliveryId>>,
    effect_id: Option<Shown<EffectId>>,
    detail: &'a str,
}

impl<'a> ErrorView<'a> {
    /// A row of a shop with this name; an empty one is none.
    pub(crate) fn of(row: &'a ErrorRow, shop: &'a str) -> ErrorView<'a> {
        let about = row.about.as_deref().unwrap_or_default();
        ErrorView {
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
pub(crate) struct ErrorStatsView<'a> {
    total: u64,
    by_day: Vec<DayView>,
    by_hour: Vec<HourView>,
    by_code: Vec<CodeView<'a>>,
    by_operation: Vec<OperationView<'a>>,
    by_source: Vec<SourceView<'a>>,
}

/// Of one day, UTC's.
#[derive(Serialize, JsonSchema)]
struct DayView {
    day: String,
    count: u64,
}

/// Of one hour, by its beginning.
#[derive(Serialize, JsonSchema)]
struct HourView {
    hour: TimeText,
    count: u64,
}

/// Of one code and cause.
#[derive(Serialize, JsonSchema)]
struct CodeView<'a> {
    code: &'a str,
    cause: Option<&'a str>,
    level: OneOf<ErrorLevel>,
    count: u64,
}

/// Of one operation.
#[derive(Serialize, JsonSchema)]
struct OperationView<'a> {
    operation: &'a str,
    count: u64,
}

/// Of one source.
#[derive(Serialize, JsonSchema)]
struct SourceView<'a> {
    source: &'a str,
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
            by_day: stats.days.iter().map(DayView::of).collect(),
            by_hour: stats.hours.iter().map(HourView::of).collect(),
            by_code: codes
                .map(|((code, cause), (level, count))| CodeView {
                    code,
                    cause: some(cause),
                    level: OneOf(*level),
                    count: *count,
                })
                .collect(),
            by_operation: operations
                .map(|(operation, count)| OperationView {
                    operation,
                    count: *count,
                })
                .collect(),
            by_source: sources
                .map(|(source, count)| SourceView {
                    source,
                    count: *count,
                })
                .collect(),
        }
    }
}

impl DayView {
    fn of((day, count): (&Timestamp, &u64)) -> DayView {
        let mut text = rfc3339(*day);
        text.truncate("2026-01-22".len());
        DayView {
            day: text,
            count: *count,
        }
    }
}

impl HourView {
    fn of((hour, count): (&Timestamp, &u64)) -> HourView {
        HourView {
            hour: TimeText(*hour),
            count: *count,
        }
    }
}

/// An empty text is none.
fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
