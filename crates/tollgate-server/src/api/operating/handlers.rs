//! `/v1/doctor`, `/v1/verify`, `/v1/instances`

use axum::Extension;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;

use super::response::InstancesView;
use crate::app::App;
use crate::http::access::OnCall;
use crate::http::extract::Query;
use crate::http::operation::{Noun, Part, Taken, get};
use crate::http::problem::{INTERNAL, NOT_FOUND, Problem};
use crate::http::reply::{self, Reply};
use crate::http::{Door, Peer};
use crate::report::ReportView;

/// What an operator may ask.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Operating",
        "Whether the server and its data are well.",
        [
            get("/v1/doctor", doctor)
                .named("doctor", "Check everything around the data")
                .about(
                    "For who may mend shop main; where `[server] admin_listen` is set only there.",
                )
                .gives::<ReportView<'_>>(200, "What was found.")
                .refuses(&[NOT_FOUND]),
            get("/v1/verify", verify)
                .named("verify", "Check every invariant of the data")
                .about(
                    "For who may mend shop main; where `[server] admin_listen` is set only there.",
                )
                .gives::<ReportView<'_>>(200, "What was found.")
                .refuses(&[NOT_FOUND]),
            get("/v1/instances", instances)
                .named("listInstances", "List the processes that share the database")
                .about(
                    "Each says every ten seconds that it is there; one that has ended by itself is listed no more, \
                     and one that was not heard for a day neither. For who may mend shop main; where \
                     `[server] admin_listen` is set only there.",
                )
                .gives::<InstancesView<'_>>(200, "The instances, the oldest first.")
                .refuses(&[NOT_FOUND]),
        ],
    )
}

/// Who may look behind all shops: who mends shop main, and where there is an admin listener only
/// there.
#[derive(Debug)]
pub(crate) struct Operator;

impl Part for Operator {
    fn note(taken: &mut Taken) {
        OnCall::note(taken);
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Operator, Problem> {
        let Extension(peer) = Extension::<Peer>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::from(INTERNAL))?;
        if app.config().server.admin_listen.is_some() && peer.door != Door::Admin {
            return Err(NOT_FOUND.into());
        }
        let caller = OnCall::from_request_parts(parts, app).await?;
        // It counts every shop's rows.
        if caller.shop() != app.shops()[0] {
            return Err(NOT_FOUND.into());
        }
        Ok(Operator)
    }
}

/// Everything around the data.
async fn doctor(_: Operator, State(app): State<App>) -> Reply {
    Ok(reply::ok(&ReportView::of(&app.doctor().await?)))
}

/// Every process that shares the database.
async fn instances(_: Operator, State(app): State<App>, query: Query) -> Reply {
    query.none()?;
    let seen = app.instances().await?;
    Ok(reply::ok(&InstancesView::of(&seen)))
}

/// Every invariant with the rows that break it.
async fn verify(_: Operator, State(app): State<App>) -> Reply {
    Ok(reply::ok(&ReportView::of(&app.verify().await?)))
}
