//! `/v1/stats` and `/v1/attention`

use axum::extract::State;

use super::attention::NeedsPersonView;
use super::response::{StatsSeriesView, StatsView};
use crate::app::{App, SERIES_DAYS_MAX};
use crate::http::access::Reader;
use crate::http::body::Whole;
use crate::http::extract::Query;
use crate::http::operation::{Noun, Parameter, get};
use crate::http::reply::{self, Reply};

/// How many days are told.
const OF_DAYS: Parameter = Parameter::of::<Whole<1, SERIES_DAYS_MAX>>(
    "days",
    "7",
    "Today and the days before, in the shop's time zone, so many in all; 7 if absent.",
);

/// Days that are told where a request does not say.
const DAYS: i64 = 7;

/// What may be asked about a shop as a whole.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Figures",
        "How a shop stands.",
        [
            get("/v1/stats", stats)
                .named("showStats", "Show a shop's figures")
                .about(
                    "What has happened today and in the last seven days, in the shop's time zone, and what is open \
                     now.",
                )
                .gives::<StatsView<'_>>(200, "The figures."),
            get("/v1/stats/series", series)
                .named("showStatsSeries", "Show a shop's figures over time")
                .about("By the hour for up to two days, by the day for more. The last step has not ended.")
                .query(&[OF_DAYS])
                .gives::<StatsSeriesView<'_>>(200, "The figures, the oldest first."),
            get("/v1/attention", attention)
                .named("listAttention", "List what a person must look at")
                .about(
                    "Orders and payments with an open code of attention, and effects that are given up or whose end \
                     is not known: the latest first, of each kind at most 100.",
                )
                .gives::<NeedsPersonView<'_>>(200, "What waits for a person."),
        ],
    )
}

async fn series(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.just(&[OF_DAYS])?;
    let wanted = format!("a number from 1 to {SERIES_DAYS_MAX}");
    let days = query.read("days", &wanted, |text| {
        text.parse()
            .ok()
            .filter(|days| (1..=SERIES_DAYS_MAX).contains(days))
    })?;
    let series = app.series(caller.shop(), days.unwrap_or(DAYS)).await?;
    Ok(reply::ok(&StatsSeriesView::of(&series)))
}

async fn attention(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    query.none()?;
    let waiting = app.needs_person(caller.shop()).await?;
    Ok(reply::ok(&NeedsPersonView::of(&waiting)))
}

async fn stats(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    query.none()?;
    let standing = app.standing(caller.shop()).await?;
    Ok(reply::ok(&StatsView::of(&standing)))
}
