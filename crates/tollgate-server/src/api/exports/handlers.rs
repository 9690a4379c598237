//! `/v1/exports/{orders,payments,refunds,receipts}.csv`

use axum::extract::State;
use tollgate_core::id::{RootId, ShopId};
use tollgate_store::{Between, Order, ReceiptFilter, ReceiptPlace, Seek};

use super::period::{Period, schema_of_begin};
use super::{receipts, rows};
use crate::app::App;
use crate::http::access::Reader;
use crate::http::csv::{self, Next, Part, Reading};
use crate::http::extract::Query;
use crate::http::operation::{Noun, Operation, Parameter, get};
use crate::http::reply::Reply;

/// Receipts that are read together.
const RECEIPTS_READ: u32 = 200;

/// What a table is cut to.
const PERIOD: &[Parameter] = &[
    Parameter::described(
        "from",
        "2026-01-01",
        schema_of_begin,
        "From then on: a day in the shop's time zone, or a time; from the beginning if absent.",
    ),
    Parameter::described(
        "to",
        "2026-02-01",
        schema_of_begin,
        "Before then: a day in the shop's time zone, or a time; to the end if absent.",
    ),
];

/// One of the tables.
fn a_table(operation: Operation, id: &'static str, summary: &'static str) -> Operation {
    operation
        .named(id, summary)
        .about(
            "All of them, a row for each, with a head (RFC 4180). A table that cannot be read to its end breaks off \
             without the end of an answer.",
        )
        .query(PERIOD)
        .gives_media(200, "text/csv", "The table.")
        .with_header("Content-Disposition", "A name for the file.")
}

/// What may be had as a table.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Exports",
        "Tables for the accountant; docs/api.md says what their columns are.",
        [
            a_table(
                get("/v1/exports/orders.csv", orders),
                "exportOrders",
                "Export orders",
            ),
            a_table(
                get("/v1/exports/payments.csv", payments),
                "exportPayments",
                "Export payments",
            ),
            a_table(
                get("/v1/exports/refunds.csv", refunds),
                "exportRefunds",
                "Export refunds",
            ),
            a_table(
                get("/v1/exports/receipts.csv", issued),
                "exportReceipts",
                "Export receipts",
            ),
        ],
    )
}

async fn orders(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    of_roots(
        app,
        caller.shop(),
        query,
        ("orders", rows::ORDERS, rows::order),
    )
    .await
}

async fn payments(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let table: TableOf = ("payments", rows::PAYMENTS, rows::payments);
    of_roots(app, caller.shop(), query, table).await
}

async fn refunds(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let table: TableOf = ("refunds", rows::REFUNDS, rows::refunds);
    of_roots(app, caller.shop(), query, table).await
}

/// What a table is called, its columns, and what writes its rows.
type TableOf = (&'static str, &'static str, rows::Write);

async fn of_roots(app: App, shop: ShopId, query: Query, table: TableOf) -> Reply {
    let query = query.just(PERIOD)?;
    let period = Period::of(&query, app.timezone(shop))?;
    let (what, head, write) = table;
    let first = read_roots(app, (shop, period.between), write, None).await?;
    csv::answer(head, first, &period.file(what))
}

/// The rows of the next roots.
fn read_roots(
    app: App,
    of: (ShopId, Between),
    write: rows::Write,
    past: Option<RootId>,
) -> Reading {
    Box::pin(async move {
        let (shop, between) = of;
        let page = app.roots_between(shop, between, past).await?;
        let mut rows = String::new();
        for root in &page.items {
            write(root, &between, &mut rows);
        }
        let next = page
            .next
            .map(|next| -> Next { Box::new(move || read_roots(app, of, write, Some(next))) });
        Ok(Part { rows, next })
    })
}

async fn issued(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.just(PERIOD)?;
    let shop = caller.shop();
    let period = Period::of(&query, app.timezone(shop))?;
    let filter = ReceiptFilter {
        from: period.between.from,
        to: period.between.to,
        ..ReceiptFilter::default()
    };
    let first = read_receipts(app, shop, filter, None).await?;
    csv::answer(receipts::RECEIPTS, first, &period.file("receipts"))
}

/// The rows of the next receipts.
fn read_receipts(
    app: App,
    shop: ShopId,
    filter: ReceiptFilter,
    past: Option<ReceiptPlace>,
) -> Reading {
    Box::pin(async move {
        let seek = Seek {
            past,
            order: Order::OldestFirst,
            ..Seek::first(RECEIPTS_READ)
        };
        let page = app.issued_receipts(shop, filter.clone(), seek).await?;
        let rows = page.items.iter().map(receipts::receipt).collect();
        let next = page
            .next
            .map(|next| -> Next { Box::new(move || read_receipts(app, shop, filter, Some(next))) });
        Ok(Part { rows, next })
    })
}
