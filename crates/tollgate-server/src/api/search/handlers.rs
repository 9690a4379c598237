//! `GET /v1/search`

use axum::extract::State;
use serde_json::json;

use super::response::{HitView, cursor, read_cursor};
use crate::app::App;
use crate::http::access::Reader;
use crate::http::body::Whole;
use crate::http::extract::Query;
use crate::http::operation::{Noun, PAST, Parameter, get};
use crate::http::problem::Problem;
use crate::http::reply::{self, List, Reply};

/// Letters of what is looked for.
const LETTERS_MAX: usize = 200;

/// Hits of a page: as many as are asked for, and as many as there may be.
const HITS: u32 = 20;
const HITS_MAX: u32 = tollgate_store::SEARCH_HITS_MAX;

/// What is looked for, and how much of it is shown.
const PARAMETERS: &[Parameter] = &[
    Parameter::described(
        "q",
        "dewi",
        || json!({ "type": "string", "minLength": 1, "maxLength": LETTERS_MAX, "pattern": r"^[^\u0000]*[^\u0000\s][^\u0000]*$" }),
        "Words that all are to be found: beginnings of codes, references, provider's ids, receipts' numbers, mail \
         addresses and words of names, or a whole id.",
    )
    .required(),
    Parameter::of::<Whole<1, { HITS_MAX as i64 }>>("limit", "20", "How many hits a page has at most; 20 if absent."),
    Parameter::text("cursor", "", PAST),
];

/// What may be looked for.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Search",
        "Orders, payments, receipts, events and customers by what a person would type.",
        [get("/v1/search", search)
            .named("search", "Search")
            .about("What is called exactly so comes first, then what begins so; the newest first within.")
            .query(PARAMETERS)
            .gives::<List<HitView>>(200, "A page of hits.")
            .leads("/data/0/order_id", "id", &["showOrder"])],
    )
}

/// What a text finds, what is called exactly so first.
async fn search(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.just(PARAMETERS)?;
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
    let past = query.cursor(read_cursor)?;
    let limit = limit.unwrap_or(HITS);
    let page = app.search(caller.shop(), &text, limit, past).await?;
    Ok(reply::ok(&List {
        data: page.items.into_iter().map(HitView::of).collect(),
        next_cursor: page.next.as_ref().map(cursor),
    }))
}
