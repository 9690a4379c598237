//! `/v1/audit`

use axum::extract::State;
use serde_json::json;
use tollgate_core::id::{HoldId, OrderId, PaymentId, RefundId, RootId, decode, encode};
use tollgate_store::{AuditFilter, AuditPlace, Seek};

use super::response::AuditView;
use crate::app::App;
use crate::http::access::Admin;
use crate::http::extract::Query;
use crate::http::operation::{LIMIT, Noun, PAST, Parameter, get};
use crate::http::problem::Problem;
use crate::http::reply::{self, List, Reply};

/// What records are found by.
const FILTERS: &[Parameter] = &[
    Parameter::text(
        "actor",
        "till-1",
        "Changes by this key or user: its id, or its name then.",
    ),
    Parameter::text("operation", "create_order", "Changes by this command."),
    Parameter::text(
        "target",
        "ZVR-20260122-ABC",
        "Changes of this: an id, or the name of a sku or a calendar.",
    ),
    Parameter::time("since", "Changes that were made then or later."),
    Parameter::time("until", "Changes that were made before then."),
    Parameter::text(
        "shop",
        "",
        "The name of another shop than the caller's own.",
    ),
];

/// Where a page begins: the feed's position and the number of a record. An empty one is the beginning.
const CURSOR: Parameter = Parameter::described(
    "cursor",
    "",
    || json!({ "type": "string", "pattern": "^([0-9]{1,18}-[0-7][0-9a-hjkmnp-tv-z]{25})?$" }),
    PAST,
);

/// What may be asked about who changed what.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Audit",
        "Every change that a person or a key has made, written in the commit of the change.",
        [get("/v1/audit", list)
            .named("listAudit", "List who changed what")
            .about("The newest first.")
            .query(FILTERS)
            .query(&[LIMIT, CURSOR])
            .gives::<List<AuditView<'_>>>(200, "A page of changes.")],
    )
}

async fn list(State(app): State<App>, caller: Admin, query: Query) -> Reply {
    let query = query.only(FILTERS)?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let past = query.cursor(read_place)?;
    let seek = Seek {
        past,
        ..Seek::first(query.limit()?)
    };
    let page = app.audit(shop, filter(&query)?, seek).await?;
    Ok(reply::ok(&List {
        data: page.items.iter().map(AuditView::of).collect(),
        next_cursor: page.next.map(place),
    }))
}

/// An actor is the id of a key or a user, or else a name.
fn filter(query: &Query) -> Result<AuditFilter, Problem> {
    let actor = query.text("actor");
    let (key, user) = match &actor {
        Some(text) => (text.parse().ok(), text.parse().ok()),
        None => (None, None),
    };
    let target = query.text("target");
    Ok(AuditFilter {
        key,
        user,
        name: actor.filter(|_| key.is_none() && user.is_none()),
        operation: query.text("operation"),
        root: target.as_deref().and_then(root_of),
        target,
        since: query.time("since")?,
        until: query.time("until")?,
    })
}

/// What hangs on a root names it.
fn root_of(text: &str) -> Option<RootId> {
    let order = text.parse().ok().map(OrderId::root);
    let payment = || text.parse().ok().map(PaymentId::root);
    let hold = || text.parse().ok().map(HoldId::root);
    let refund = || text.parse().ok().map(RefundId::root);
    order.or_else(payment).or_else(hold).or_else(refund)
}

/// A cursor at a place.
fn place(place: AuditPlace) -> String {
    format!("{}-{}", place.position, encode(place.id))
}

fn read_place(text: &str) -> Option<AuditPlace> {
    let (position, id) = text.split_once('-')?;
    let is_number = position.bytes().all(|byte| byte.is_ascii_digit());
    Some(AuditPlace {
        position: position.parse().ok().filter(|_| is_number)?,
        id: decode(id)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let there = AuditPlace {
            position: 123,
            id: 7 << 90,
        };
        assert_eq!(read_place(&place(there)), Some(there));
        for odd in [
            "",
            "12",
            "-1-00000000000000000000000000",
            "+1-00000000000000000000000000",
            "1-x",
        ] {
            assert_eq!(read_place(odd), None, "{odd}");
        }
    }
}
