//! `/v1/orders`

use axum::extract::{Path, State};
use tollgate_core::command::{AttentionOf, OrderRef};
use tollgate_core::id::RootId;
use tollgate_core::order::{AttentionCode, OrderStatus};
use tollgate_core::word::Word;
use tollgate_providers::spelling::{one_spelling, spellings};
use tollgate_store::OrderFilter;

use super::request::{OrderBody, OrderChangeBody, ResolveBody, order_ref};
use super::response::{OrderView, order_changed, order_created};
use super::timeline::TimelineView;
use crate::app::App;
use crate::http::access::{Reader, Writer};
use crate::http::body::{OrderName, ReasonlessBody};
use crate::http::extract::{IdempotencyKey, IfMatch, JsonBytes, Query};
use crate::http::operation::{Noun, Parameter, Repeating, get, patch, post};
use crate::http::problem::{
    ALREADY_EXISTS, AMOUNT_OVERFLOW, CALENDAR_UNKNOWN, CURRENCY_MISMATCH, CURRENCY_UNKNOWN,
    HOLD_NOT_ACTIVE, LARGER_THAN_SLOT, LINES_EMPTY, METADATA_TOO_LARGE, NO_SLOT_WITH_ROOM,
    NOT_FOUND, ORDER_PAID, OUT_OF_STOCK, Problem, SKU_UNKNOWN, SLOT_FULL, SLOT_UNKNOWN,
    SOURCE_UNKNOWN, TOTAL_NEGATIVE,
};
use crate::http::reply::{self, List, Reply, cursor_of_root};
use crate::ids;

/// An order as a path names it.
pub(crate) const ORDER: Parameter =
    Parameter::of::<OrderName>("id", "ZVR-20260122-ABC", "The order's id or code.");

/// A code of attention as a path names it.
pub(crate) const ATTENTION: Parameter =
    Parameter::word::<AttentionCode>("code", "overpaid", "Which code of attention is closed.");

/// What orders are found by.
const FILTERS: &[Parameter] = &[
    Parameter::words::<OrderStatus>("status", "paid", "Orders in any of these statuses."),
    Parameter::text("code", "ZVR-20260122-ABC", "The order with this code."),
    Parameter::text(
        "reference",
        "ZVR-20260122-ABC-1737558000",
        "Orders with a payment that some source knows by this name.",
    ),
    Parameter::text(
        "customer",
        "dewi@example.com",
        "This in the customer's name, or this as the mail address or the telephone number, in any \
         case of letters.",
    ),
    Parameter::text(
        "search",
        "dewi",
        "This in the code, in a payment's reference, or in the customer's name, address or number, \
         in any case and spelling of letters.",
    ),
    Parameter::of::<bool>(
        "attention",
        "true",
        "`true`: something is open; `false`: nothing is.",
    ),
    Parameter::time("created_after", "Orders that were made then or later."),
    Parameter::time("created_before", "Orders that were made before then."),
];

/// What may be asked about orders.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Orders",
        "What a customer buys: lines, stock and a slot set aside, and the payments that pay it.",
        [
            post("/v1/orders", create)
                .named("createOrder", "Create an order")
                .about(
                    "Stock and slot are set aside, all of it or nothing. What was waiting for \
                     the order is in the answer: one whose webhook came first is created \
                     `paid`.",
                )
                .key(Repeating::Required)
                .gives::<OrderView<'_>>(201, "The order.")
                .leads(
                    "/id",
                    "id",
                    &[
                        "showOrder",
                        "changeOrder",
                        "cancelOrder",
                        "showTimeline",
                        "listReceiptsOfOrder",
                        "resolveAttentionOfOrder",
                    ],
                )
                .refuses(&[
                    ALREADY_EXISTS,
                    LINES_EMPTY,
                    CURRENCY_UNKNOWN,
                    SOURCE_UNKNOWN,
                    AMOUNT_OVERFLOW,
                ])
                .refuses(&[
                    TOTAL_NEGATIVE,
                    HOLD_NOT_ACTIVE,
                    SKU_UNKNOWN,
                    CALENDAR_UNKNOWN,
                    SLOT_UNKNOWN,
                ])
                .refuses(&[
                    CURRENCY_MISMATCH,
                    OUT_OF_STOCK,
                    LARGER_THAN_SLOT,
                    SLOT_FULL,
                    NO_SLOT_WITH_ROOM,
                ]),
            get("/v1/orders", list)
                .named("listOrders", "List orders")
                .about("The newest first.")
                .list(FILTERS)
                .gives::<List<OrderView<'_>>>(200, "A page of orders."),
            get("/v1/orders/{id}", show)
                .named("showOrder", "Show an order")
                .path(ORDER)
                .gives::<OrderView<'_>>(200, "The order."),
            patch("/v1/orders/{id}", change)
                .named("changeOrder", "Change what is kept with an order")
                .about(
                    "Customer, note and metadata, whatever the order's status: nothing is \
                     decided by them. What is issued or written afterwards says the new. A \
                     change that changes nothing leaves no entry.",
                )
                .path(ORDER)
                .key(Repeating::Kept)
                .gives::<OrderView<'_>>(200, "The order.")
                .refuses(&[METADATA_TOO_LARGE]),
            post("/v1/orders/{id}/cancel", cancel)
                .named("cancelOrder", "Cancel an order")
                .about(
                    "The order ends `cancelled`, or goes `closing` while a payment is open. \
                     Again is the same; an order that ended by itself stays as it ended.",
                )
                .path(ORDER)
                .key(Repeating::Required)
                .gives::<OrderView<'_>>(200, "The order.")
                .refuses(&[ORDER_PAID]),
            post("/v1/orders/{id}/attention/{code}/resolve", resolve)
                .named(
                    "resolveAttentionOfOrder",
                    "Say that a person has looked at an order",
                )
                .about(
                    "Closes a code of attention. 404 if the order never had it; again is the \
                     same.",
                )
                .path(ORDER)
                .path(ATTENTION)
                .key(Repeating::Kept)
                .gives::<OrderView<'_>>(200, "The order."),
            get("/v1/orders/{id}/timeline", timeline)
                .named("showTimeline", "Show what happened to an order")
                .about(
                    "All of it, the oldest first, and what the order waits for. It is never cut \
                     into pages.",
                )
                .path(ORDER)
                .gives::<TimelineView<'_>>(200, "The timeline."),
        ],
    )
}

/// The order that a path names; what can be neither an id nor a code names none.
pub(crate) fn order_named(text: &str) -> Result<OrderRef, Problem> {
    order_ref(text).ok_or_else(|| NOT_FOUND.into())
}

/// The attention that a path names.
pub(crate) fn attention_code(code: &str) -> Result<AttentionCode, Problem> {
    AttentionCode::of(code).ok_or_else(|| NOT_FOUND.into())
}

async fn create(
    State(app): State<App>,
    caller: Writer,
    key: IdempotencyKey,
    bytes: JsonBytes<OrderBody>,
) -> Reply {
    key.present()?;
    let body = bytes.read()?;
    let answer = caller.answer(order_created).of_lines(body.skus());
    let answer = answer.naming(&body.named());
    let keyed = key.required("POST /v1/orders", &[], &body, &answer)?;
    let (by, size) = (caller.caller(), bytes.0.len());
    let answered = match body.wanted(ids::root()) {
        Ok(wanted) => app.create_order(by, keyed, wanted, size).await?,
        Err(refused) => app.refuse_order(by, keyed, refused).await?,
    };
    answer.reply(answered)
}

async fn show(
    State(app): State<App>,
    caller: Reader,
    Path(order): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    let root = app.order(caller.shop(), &order_named(&order)?).await?;
    Ok(reply::ok(
        &root.order.as_ref().map(|order| OrderView::of(&root, order)),
    ))
}

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.list(FILTERS)?;
    let filter = OrderFilter {
        status: query.words("status")?,
        code: query
            .text("code")
            .map(|code| one_spelling(&code).into_owned()),
        reference: query.text("reference"),
        customer: query.text("customer"),
        search: query
            .text("search")
            .map_or_else(Vec::new, |text| spellings(&text)),
        attention: query.read("attention", "true or false", |text| text.parse().ok())?,
        created_after: query.time("created_after")?,
        created_before: query.time("created_before")?,
    };
    let page = app
        .orders(caller.shop(), filter, query.seek(RootId::new)?)
        .await?;
    let orders = page
        .items
        .iter()
        .filter_map(|root| Some((root, root.order.as_ref()?)));
    Ok(reply::ok(&List {
        data: orders
            .map(|(root, order)| OrderView::of(root, order))
            .collect(),
        next_cursor: page.next.map(cursor_of_root),
    }))
}

/// An Idempotency-Key may be given: the answer is kept with it.
async fn change(
    State(app): State<App>,
    caller: Writer,
    Path(order): Path<String>,
    IfMatch(if_version): IfMatch,
    key: IdempotencyKey,
    bytes: JsonBytes<OrderChangeBody>,
) -> Reply {
    let body = bytes.read()?;
    let answer = caller.answer(order_changed);
    // Over another version it is another change.
    let version = if_version.map(|version| version.to_string());
    let parts: Vec<&str> = [Some(order.as_str()), version.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let keyed = key.optional("PATCH /v1/orders/{id}", &parts, &body, &answer);
    let wanted = body.wanted(order_named(&order)?, if_version);
    answer.reply(app.change_order(caller.caller(), keyed, wanted).await?)
}

async fn cancel(
    State(app): State<App>,
    caller: Writer,
    Path(order): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes<ReasonlessBody>,
) -> Reply {
    key.present()?;
    let body = bytes.read()?;
    let answer = caller.answer(order_changed);
    let keyed = key.required("POST /v1/orders/{id}/cancel", &[&order], &body, &answer)?;
    let order = order_named(&order)?;
    answer.reply(app.cancel_order(caller.caller(), keyed, order).await?)
}

async fn resolve(
    State(app): State<App>,
    caller: Writer,
    Path((order, code)): Path<(String, String)>,
    key: IdempotencyKey,
    bytes: JsonBytes<ResolveBody>,
) -> Reply {
    let body = bytes.read()?;
    let answer = caller.answer(order_changed);
    let keyed = key.optional(
        "POST /v1/orders/{id}/attention/{code}/resolve",
        &[&order, &code],
        &body,
        &answer,
    );
    let of = AttentionOf::Order(order_named(&order)?);
    let (code, note) = (attention_code(&code)?, body.note());
    let answered = app.resolve_attention(caller.caller(), keyed, of, code, note);
    answer.reply(answered.await?)
}

async fn timeline(
    State(app): State<App>,
    caller: Reader,
    Path(order): Path<String>,
    query: Query,
) -> Result<axum::response::Response, Problem> {
    query.none()?;
    let order = order_named(&order)?;
    let story = app.timeline(caller.shop(), &order).await?;
    Ok(reply::ok(&TimelineView::of(&story)))
}
