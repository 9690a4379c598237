//! `/v1/alerts`

use axum::extract::State;

use super::response::AlertsView;
use crate::app::App;
use crate::http::access::Reader;
use crate::http::extract::Query;
use crate::http::operation::{Noun, get};
use crate::http::reply::{self, Reply};

/// What may be asked about alerts.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Alerts",
        "What an operator is to look at.",
        [get("/v1/alerts", list)
            .named("listAlerts", "List alerts")
            .about(
                "Those that are open, and those that ended in the last days, the newest first. An admin key of \
                 shop main sees those of the server, too.",
            )
            .gives::<AlertsView<'_>>(200, "The alerts.")],
    )
}

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    query.none()?;
    let alerts = app.alerts(caller.caller()).await?;
    Ok(reply::ok(&AlertsView::of(&alerts)))
}
