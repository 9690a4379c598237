//! `/v1/stats`

use axum::extract::State;

use super::response::StatsView;
use crate::app::App;
use crate::http::access::Reader;
use crate::http::extract::Query;
use crate::http::operation::{Noun, get};
use crate::http::reply::{self, Reply};

/// What may be asked about a shop as a whole.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Figures",
        "How a shop stands.",
        [get("/v1/stats", stats)
            .named("showStats", "Show a shop's figures")
            .about("What has happened today and in the last seven days, in the shop's time zone, and what is open now.")
            .gives::<StatsView<'_>>(200, "The figures.")],
    )
}

async fn stats(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    query.none()?;
    let standing = app.standing(caller.shop()).await?;
    Ok(reply::ok(&StatsView::of(&standing)))
}
