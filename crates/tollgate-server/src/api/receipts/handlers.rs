//! `/v1/receipts`, and `/r/{token}` for anyone who has its link

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tollgate_core::effect::{Receipt, ReceiptKind};
use tollgate_core::id::{ReceiptId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::receipt_number::ReceiptNumber;
use tollgate_store::{Between, ReceiptFilter, ReceiptPlace};

use super::ledger;
use super::response::{PublicReceipt, ReceiptView, STYLE, no_receipt_page};
use crate::api::exports::{Period, schema_of_begin};
use crate::api::orders::{ORDER, order_named};
use crate::api::payments::PAYMENT;
use crate::app::App;
use crate::headers;
use crate::http::access::Reader;
use crate::http::csv;
use crate::http::extract::{Query, has_tag, id};
use crate::http::fields::Shown;
use crate::http::operation::{IF_NONE_MATCH, Noun, Operation, Parameter, get};
use crate::http::problem::{
    INTERNAL, NOT_FOUND, OUTCOME_UNKNOWN, Problem, RATE_LIMITED, UNAVAILABLE,
};
use crate::http::reply::{self, List, Reply, cursor};
use crate::http::{Peer, language};

/// A receipt as a path names it.
const RECEIPT: Parameter =
    Parameter::of::<Shown<ReceiptId>>("id", "rcp_01kfjv7m00e008000000000001", "The receipt's id.");

/// A receipt as its link names it.
const TOKEN: Parameter = Parameter::text("token", "", "What the code on the receipt leads to.");

/// What receipts are found by.
const FILTERS: &[Parameter] = &[
    OF_TABLE[0],
    OF_TABLE[1],
    OF_TABLE[2],
    Parameter::text("number", "R-2026-000042", "The receipt with this number."),
];

/// What the table is cut to.
const OF_TABLE: &[Parameter] = &[
    Parameter::described(
        "from",
        "2026-01-01",
        schema_of_begin,
        "Receipts that were issued then or later: a day in the shop's time zone, or a time.",
    ),
    Parameter::described(
        "to",
        "2026-02-01",
        schema_of_begin,
        "Receipts that were issued before then: a day in the shop's time zone, or a time.",
    ),
    Parameter::words::<ReceiptKind>("kind", "sale", "Receipts of any of these kinds."),
];

/// What may be asked about receipts.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Receipts",
        "The documents over money that came or went back: frozen once, and never changed.",
        [
            get("/v1/receipts", list)
                .named("listReceipts", "List receipts")
                .about("Those that are issued, the latest first.")
                .list(FILTERS)
                .gives::<List<ReceiptView>>(200, "A page of receipts.")
                .leads("/data/0/id", "id", &["showReceipt", "receiptFile"]),
            get("/v1/receipts.csv", table)
                .named("tableOfReceipts", "Get receipts as a table")
                .about(
                    "All of them, a row for each, with a head (RFC 4180). A table that cannot \
                     be read to its end breaks off without the end of an answer.",
                )
                .query(OF_TABLE)
                .gives_media(200, "text/csv", "The table.")
                .with_header("Content-Disposition", "A name for the file."),
            get("/v1/receipts/{id}", show)
                .named("showReceipt", "Show a receipt")
                .about("With all that was frozen when it was issued.")
                .path(RECEIPT)
                .gives::<ReceiptView>(200, "The receipt."),
            Operation::get_beside("/v1/receipts/{id}.pdf", show)
                .named("receiptFile", "Get a receipt's file")
                .about("404 until it is issued.")
                .path(RECEIPT)
                .header(IF_NONE_MATCH)
                .gives_media(200, "application/pdf", "The file.")
                .with_header(
                    "ETag",
                    "The SHA-256 of the file, in hexadecimal digits and quotes.",
                )
                .gives_nothing(304, "It is the one of `If-None-Match`."),
            get("/v1/orders/{id}/receipts", of_order)
                .named("listReceiptsOfOrder", "List the receipts of an order")
                .about("The newest first, those that are not issued yet, too.")
                .path(ORDER)
                .pages(&[])
                .gives::<List<ReceiptView>>(200, "A page of receipts."),
            get("/v1/payments/{id}/receipts", of_payment)
                .named("listReceiptsOfPayment", "List the receipts of a payment")
                .about("The newest first, those that are not issued yet, too.")
                .path(PAYMENT)
                .pages(&[])
                .gives::<List<ReceiptView>>(200, "A page of receipts."),
            get("/r/{token}", look_up)
                .named("lookUpReceipt", "Look up a receipt by its link")
                .about(
                    "What anyone may see who has the receipt: a page, or JSON where `Accept` \
                     has `application/json` and not `text/html`.",
                )
                .path(TOKEN)
                .gives::<PublicReceipt>(200, "What is public of the receipt.")
                .gives_media(200, "text/html", "")
                .gives_media(404, "text/html", "There is no such receipt.")
                .refuses(&[NOT_FOUND, RATE_LIMITED, UNAVAILABLE, OUTCOME_UNKNOWN]),
            get("/r/style.css", style)
                .named("receiptStyle", "Get the style of the pages of receipts")
                .gives_media(200, "text/css", "The style."),
        ],
    )
}

/// Receipts that are issued, the latest first or last.
async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.list(FILTERS)?;
    let filter = filter(&app, caller.shop(), &query)?;
    let seek = query.seek(ReceiptPlace::from_u128)?;
    let page = app.issued_receipts(caller.shop(), filter, seek).await?;
    Ok(reply::ok(&List {
        data: page.items.iter().map(ReceiptView::listed).collect(),
        next_cursor: page.next.map(|next| cursor(next.as_u128())),
    }))
}

fn filter(app: &App, shop: ShopId, query: &Query) -> Result<ReceiptFilter, Problem> {
    let Between { from, to } = Period::of(query, app.timezone(shop))?.between;
    Ok(ReceiptFilter {
        kinds: query.words("kind")?,
        number: query.text("number"),
        from,
        to,
    })
}

/// The same as a table, all of it: it is read while it is sent.
async fn table(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.just(OF_TABLE)?;
    let filter = filter(&app, caller.shop(), &query)?;
    let first = ledger::read(app, caller.shop(), filter, None).await?;
    csv::answer(ledger::HEAD, first, "receipts.csv")
}

/// A receipt as JSON, or with `.pdf` behind its id its file.
async fn show(
    State(app): State<App>,
    caller: Reader,
    Path(receipt): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Reply {
    query.none()?;
    if let Some(receipt) = receipt.strip_suffix(".pdf") {
        return pdf(&app, caller.shop(), id(receipt)?, &headers).await;
    }
    let (known, root) = app.receipt(caller.shop(), id(&receipt)?).await?;
    let issued = known.issued.as_ref();
    let view = ReceiptView::of(&root, &known.receipt, issued);
    Ok(reply::ok(&view.whole(issued)))
}

async fn pdf(app: &App, shop: ShopId, receipt: ReceiptId, asked: &HeaderMap) -> Reply {
    let (known, bytes) = app.receipt_pdf(shop, receipt).await?;
    let issued = known.issued.ok_or(Problem::from(INTERNAL))?;
    let tag = format!("\"{}\"", hex::encode(issued.sha256));
    let is_known = has_tag(asked, &tag);
    let mut response = match is_known {
        true => reply::not_modified(),
        false => Response::new(Body::from(bytes)),
    };
    let number = known.receipt.number.as_ref();
    let unnumbered = || format!("{}.pdf", known.receipt.id);
    let name = number.map_or_else(unnumbered, ReceiptNumber::file_name);
    let disposition = format!("inline; filename=\"{name}\"");
    let set = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::ETAG, &tag),
        (header::CONTENT_DISPOSITION, &disposition),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        let value = HeaderValue::from_str(value).map_err(|_| Problem::from(INTERNAL))?;
        set.insert(name, value);
    }
    Ok(response)
}

/// The receipts of an order.
async fn of_order(
    State(app): State<App>,
    caller: Reader,
    Path(order): Path<String>,
    query: Query,
) -> Reply {
    let query = query.only(&[])?;
    let root = app.order(caller.shop(), &order_named(&order)?).await?;
    let receipts = root.receipts.clone();
    page(&app, caller.shop(), &query, &root, receipts).await
}

/// The receipts of a payment, which may stand alone.
async fn of_payment(
    State(app): State<App>,
    caller: Reader,
    Path(payment): Path<String>,
    query: Query,
) -> Reply {
    let query = query.only(&[])?;
    let id = id(&payment)?;
    let root = app.payment(caller.shop(), id).await?;
    let receipts = root.receipts.iter();
    let receipts = receipts.filter(|receipt| receipt.payment == id).cloned();
    page(&app, caller.shop(), &query, &root, receipts.collect()).await
}

async fn page(
    app: &App,
    shop: ShopId,
    query: &Query,
    root: &Root,
    mut receipts: Vec<Receipt>,
) -> Reply {
    receipts.sort_by_key(|receipt| std::cmp::Reverse(receipt.id));
    let before = query.seek(ReceiptId::from_u128)?.past;
    let (receipts, next_cursor) = query.page(
        receipts,
        |receipt| before.is_none_or(|before| receipt.id < before),
        |receipt| cursor(receipt.id.as_u128()),
    )?;
    let known = app.receipts(shop, receipts).await?;
    let data = known
        .iter()
        .map(|known| ReceiptView::of(root, &known.receipt, known.issued.as_ref()))
        .collect();
    Ok(reply::ok(&List { data, next_cursor }))
}

/// A receipt for anyone who has its link: a page, or JSON if the client asks for that.
async fn look_up(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Reply {
    let trusted = &app.config().server.trusted_proxies;
    let from = headers::sender(peer.address, &headers, trusted).unwrap_or(peer.address);
    let found = app.receipt_for_anybody(from, &token).await?;
    let found = found.as_ref().map(PublicReceipt::of);
    let response = match (wants_json(&headers), found) {
        (true, Some(receipt)) => reply::ok(&receipt),
        (true, None) => return Err(NOT_FOUND.into()),
        (false, Some(receipt)) => reply::html(StatusCode::OK, receipt.page()),
        (false, None) => {
            let page = no_receipt_page(language(&headers).tag());
            reply::html(StatusCode::NOT_FOUND, page)
        }
    };
    Ok(private(response))
}

fn wants_json(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT);
    let lines: Vec<&str> = lines.iter().filter_map(|line| line.to_str().ok()).collect();
    let accepted = lines.join(",").to_ascii_lowercase();
    accepted.contains("application/json") && !accepted.contains("text/html")
}

/// Keeps it out of caches, and its link out of `Referer`.
fn private(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "private, no-store"),
        (header::CONTENT_SECURITY_POLICY, reply::PAGE_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::VARY, "Accept, Accept-Language"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The style of the pages of receipts.
async fn style() -> Response<Body> {
    let mut response = Response::new(Body::from(STYLE));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
