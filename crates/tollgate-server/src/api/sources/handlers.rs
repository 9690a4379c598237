//! `/v1/sources`

use axum::extract::State;

use super::response::SourceView;
use crate::app::App;
use crate::http::access::Reader;
use crate::http::extract::Query;
use crate::http::operation::{Noun, get};
use crate::http::reply::{self, List, Reply};

/// What may be asked about sources.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Sources",
        "Where webhooks come from.",
        [get("/v1/sources", list)
            .named("listSources", "List sources")
            .about(
                "All that the shop's configuration has, in its order, with how each provider is told where we are. \
                 To a key with `admin` also the newest delivery that was refused.",
            )
            .gives::<List<SourceView<'_>>>(200, "The sources, all on one page.")],
    )
}

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    query.none()?;
    let sources = app.sources(caller.shop(), caller.may_mend()).await?;
    Ok(reply::ok(&List {
        data: sources.iter().map(SourceView::of).collect(),
        next_cursor: None,
    }))
}
