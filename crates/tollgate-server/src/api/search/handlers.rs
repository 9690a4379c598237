//! `GET /v1/search`

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::response::{HitView, cursor, read_cursor};
use crate::app::App;
use crate::http::access::Reader;
use crate::http::extract::Query;
use crate::http::problem::Problem;
use crate::http::reply::{self, List, Reply};

/// Letters of what is looked for.
const LETTERS_MAX: usize = 200;

/// Hits of a page: as many as are asked for, and as many as there may be.
const HITS: u32 = 20;
const HITS_MAX: u32 = tollgate_store::SEARCH_HITS_MAX;

/// Which path leads to which handler.
pub(in crate::api) fn routes() -> Router<App> {
    Router::new().route("/v1/search", get(search))
}

/// What a text finds, what is called exactly so first.
async fn search(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.just(&["q", "limit", "cursor"])?;
    let wanted = format!("1 to {LETTERS_MAX} letters to look for");
    let text = query.read("q", &wanted, |text| {
        let letters = text.trim().chars().count();
        (1..=LETTERS_MAX)
            .contains(&letters)
            .then(|| text.trim().to_owned())
    })?;
    let text = text.ok_or_else(|| Problem::invalid_at("?q", format!("give {wanted}")))?;
    let limit = query.read("limit", &format!("a number from 1 to {HITS_MAX}"), |text| {
        text.parse()
            .ok()
            .filter(|limit| (1..=HITS_MAX).contains(limit))
    })?;
    let wanted = "the next_cursor of the page before";
    let past = query.read("cursor", wanted, read_cursor)?;
    let limit = limit.unwrap_or(HITS);
    let page = app.search(caller.shop(), &text, limit, past).await?;
    Ok(reply::ok(&List {
        data: page.items.into_iter().map(HitView::of).collect(),
        next_cursor: page.next.as_ref().map(cursor),
    }))
}
