//! `/v1/errors`

use axum::extract::State;
use tollgate_core::id::ErrorId;
use tollgate_store::{ERROR_DAYS_MAX, ErrorFilter, ErrorLevel};

use super::response::{ErrorStatsView, RecordedErrorView};
use crate::app::App;
use crate::http::access::Reader;
use crate::http::body::Whole;
use crate::http::extract::Query;
use crate::http::operation::{Noun, Parameter, get};
use crate::http::reply::{self, List, Reply, cursor};

/// What errors are found by.
const FILTERS: &[Parameter] = &[
    Parameter::text(
        "search",
        "tea",
        "This in the code, the cause, the operation, the source, a request's id or the detail, in any case of letters.",
    ),
    Parameter::text("code", "out_of_stock", "Errors with this code."),
    Parameter::text(
        "cause",
        "none_left",
        "Errors with this cause, which tells apart what has one code.",
    ),
    Parameter::word::<ErrorLevel>("level", "error", "Errors of this level."),
    Parameter::text("source", "midtrans", "Errors about this source."),
    Parameter::time("since", "What came then or later."),
    Parameter::time("until", "What came before then."),
];

/// Of how many days statistics are.
const OF_DAYS: Parameter = Parameter::of::<Whole<1, ERROR_DAYS_MAX>>(
    "days",
    "7",
    "Today and the days before, in UTC, so many in all; 7 if absent.",
);

/// What may be asked about errors.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Errors",
        "What was refused and what has failed, once a kind and second with how many there were.",
        [
            get("/v1/errors", list)
                .named("listErrors", "List errors")
                .about("The newest first. An admin key of shop main sees those that are no shop's, too.")
                .pages(FILTERS)
                .gives::<List<RecordedErrorView<'_>>>(200, "A page of errors.")
                .leads("/data/0/delivery_id", "id", &["showDelivery"])
                .leads("/data/0/effect_id", "id", &["showEffect"]),
            get("/v1/errors/stats", stats)
                .named("showErrorStats", "Count errors")
                .about("By day, by hour of the last 48, and by code, operation and source, of which the 100 with the \
                        most are told.")
                .query(&[OF_DAYS])
                .gives::<ErrorStatsView<'_>>(200, "How many there were."),
        ],
    )
}

/// Days of which statistics are told where a request does not say.
const DAYS: i64 = 7;

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.only(FILTERS)?;
    let filter = ErrorFilter {
        with_nobodys: false,
        code: query.text("code"),
        cause: query.text("cause"),
        level: query.word("level")?,
        source: query.text("source"),
        since: query.time("since")?,
        until: query.time("until")?,
        search: query.text("search"),
    };
    let past = query.cursor(|text| reply::read_cursor(text).map(ErrorId::from_u128))?;
    let page = app
        .errors(caller.caller(), filter, (query.limit()?, past))
        .await?;
    Ok(reply::ok(&List {
        data: page
            .items
            .iter()
            .map(|row| RecordedErrorView::of(row, app.shop_name(row.shop)))
            .collect(),
        next_cursor: page.next.map(|next| cursor(next.as_u128())),
    }))
}

async fn stats(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.just(&[OF_DAYS])?;
    let wanted = format!("a number from 1 to {ERROR_DAYS_MAX}");
    let days = query.read("days", &wanted, |text| {
        text.parse()
            .ok()
            .filter(|days| (1..=ERROR_DAYS_MAX).contains(days))
    })?;
    let stats = app
        .error_stats(caller.caller(), days.unwrap_or(DAYS))
        .await?;
    Ok(reply::ok(&ErrorStatsView::of(&stats)))
}
