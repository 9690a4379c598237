//! The overview: what needs a person now, how the shop stands today, and how it went before.

mod charts;
mod document;
mod figures;
mod needs;
#[cfg(test)]
mod tests;
mod words;

use futures_util::future::{join, try_join5};
use maud::html;
use serde::de::DeserializeOwned;

use self::document::{Alerts, Endpoints, Needs, Orphans, Series, Stats};
use self::needs::Waits;
use self::words as said;
use super::first_steps::first_steps;
use crate::failure::Failure;
use crate::parts::section;
use crate::reply::Page;
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::common;

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/" => show;
};

async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let orphans = format!("/v1/events?state=orphan&limit={ORPHANS_COUNTED_MAX}");
    let figures = try_join5(
        visit.get::<Stats>("/v1/stats"),
        visit.get::<Series>("/v1/stats/series?days=2"),
        visit.get::<Series>("/v1/stats/series?days=7"),
        visit.get::<Needs>("/v1/attention"),
        visit.get::<Orphans>(orphans),
    );
    let beside = join(if_told::<Alerts>(visit, "/v1/alerts"), endpoints(visit));
    let (figures, (alerts, endpoints)) = join(figures, beside).await;
    let (stats, hours, days, needs, orphans) = figures?;
    let waits = Waits {
        needs,
        orphans,
        alerts: alerts?,
        endpoints: endpoints?,
    };
    let week = &stats.last_7_days;
    let is_quiet = week.orders.created == 0 && week.events.received == 0;
    let first_steps = first_steps(visit, is_quiet).await?;
    Ok(Page {
        title: visit.say(common::OVERVIEW).to_owned(),
        here: "/",
        topics: "orders,payments,events,effects,alerts",
        body: html! {
            (first_steps)
            (section(visit.say(said::NEEDS_PERSON), needs::markup(visit, &stats, &waits)))
            (section(visit.say(said::TODAY), figures::cards(visit, &stats)))
            (charts::markup(visit, &hours, &days))
            (section(visit.say(said::IN_FIGURES), figures::compared(visit, &stats)))
        },
    })
}

/// Orphans are counted up to this many: one page of their list.
const ORPHANS_COUNTED_MAX: usize = 100;

/// Endpoints are shown to who administers; to ask for others would be a refusal among the errors.
async fn endpoints(visit: &Visit<'_>) -> Result<Endpoints, Failure> {
    match visit.viewer().may_administer() {
        true => if_told(visit, "/v1/endpoints?limit=200").await,
        false => Ok(Endpoints::default()),
    }
}

/// A document that this viewer may not be told, or that this server does not have, is an empty one.
async fn if_told<T: DeserializeOwned + Default>(
    visit: &Visit<'_>,
    path: &str,
) -> Result<T, Failure> {
    match visit.get(path).await {
        Err(Failure::Refused(problem)) if matches!(problem.status, 403 | 404) => Ok(T::default()),
        told => told,
    }
}
