//! `/v1/payments`

use axum::extract::{Path, State};
use tollgate_core::command::AttentionOf;
use tollgate_core::id::{PaymentId, RefundId};
use tollgate_core::payment::PaymentStatus;
use tollgate_store::PaymentFilter;

use super::checked::CheckedView;
use super::request::{CaptureBody, PaymentBody, PaymentChangeBody, RefundBody};
use super::response::{PaymentView, RefundView, payment_changed, payment_created, refund_created};
use crate::api::orders::{ATTENTION, ResolveBody, attention_code, metadata_change};
use crate::app::App;
use crate::http::access::{Admin, Reader, Writer};
use crate::http::body::ReasonlessBody;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::fields::Shown;
use crate::http::operation::{Noun, Parameter, Repeating, get, patch, post};
use crate::http::problem::{
    ALREADY_EXISTS, AMOUNT_OVERFLOW, CURRENCY_MISMATCH, CURRENCY_UNKNOWN, METADATA_OF_ORDER,
    METADATA_TOO_LARGE, NOT_FOUND, NOT_MANUAL, ORDER_UNKNOWN, PROVIDER_UNAVAILABLE, Problem,
    REFUND_EXCEEDS_CAPTURED, REFUND_NOT_SUPPORTED, RESTOCK_EXCEEDS_SOLD, SLOT_NOT_SOLD,
    SOURCE_UNKNOWN, STATUS_QUERY_NOT_SUPPORTED, TOO_MANY_PAYMENTS,
};
use crate::http::reply::{self, List, Reply, cursor};
use crate::ids;

/// A payment as a path names it.
pub(crate) const PAYMENT: Parameter =
    Parameter::of::<Shown<PaymentId>>("id", "pay_01kfjv7m00e008000000000001", "The payment's id.");

/// What payments are found by.
const FILTERS: &[Parameter] = &[
    Parameter::text(
        "reference",
        "ZVR-20260122-ABC-1737558000",
        "Payments that some source knows by this name.",
    ),
    Parameter::words::<PaymentStatus>("status", "paid", "Payments in any of these statuses."),
    Parameter::of::<bool>(
        "attention",
        "true",
        "Payments that a person must look at, themselves or their order; or, with `false`, need not.",
    ),
];

/// What refunds are found by.
const OF_PAYMENT: &[Parameter] = &[Parameter::of::<Shown<PaymentId>>(
    "payment",
    "pay_01kfjv7m00e008000000000001",
    "The payment's id.",
)
.required()];

/// What may be asked about payments and refunds.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Payments",
        "An attempt to pay, of an order or by itself, and what its provider said; and refunds.",
        [
            post("/v1/payments", register)
                .named("registerPayment", "Register a payment")
                .about(
                    "Says that a payment was begun at a source under a reference. It is never \
                     refused because of its order's status. What the provider has said already \
                     is in the answer.",
                )
                .key(Repeating::Required)
                .gives::<PaymentView<'_>>(201, "The payment.")
                .leads(
                    "/id",
                    "id",
                    &[
                        "showPayment",
                        "changePayment",
                        "capturePayment",
                        "refundPayment",
                        "listReceiptsOfPayment",
                        "correctReceipts",
                        "checkPayment",
                        "resolveAttentionOfPayment",
                    ],
                )
                .leads("/id", "payment", &["listRefunds"])
                .refuses(&[
                    ALREADY_EXISTS,
                    SOURCE_UNKNOWN,
                    CURRENCY_UNKNOWN,
                    ORDER_UNKNOWN,
                    CURRENCY_MISMATCH,
                ])
                .refuses(&[AMOUNT_OVERFLOW, TOO_MANY_PAYMENTS]),
            get("/v1/payments", list)
                .named("listPayments", "List payments")
                .about("The newest first.")
                .list(FILTERS)
                .gives::<List<PaymentView<'_>>>(200, "A page of payments."),
            get("/v1/payments/{id}", show)
                .named("showPayment", "Show a payment")
                .path(PAYMENT)
                .gives::<PaymentView<'_>>(200, "The payment."),
            patch("/v1/payments/{id}", change)
                .named("changePayment", "Change what is kept with a payment")
                .about(
                    "The metadata of a payment without an order; that of others is their \
                     order's.",
                )
                .path(PAYMENT)
                .key(Repeating::Kept)
                .gives::<PaymentView<'_>>(200, "The payment.")
                .refuses(&[METADATA_OF_ORDER, METADATA_TOO_LARGE]),
            post("/v1/payments/{id}/capture", capture)
                .named("capturePayment", "Record money that came by hand")
                .about(
                    "Cash or a transfer, on a payment of source `manual`. Each call is a \
                     capture of its own, so the key is required. A note that is a method's word \
                     (`cash`, `bank transfer: BCA`) is the payment's method.",
                )
                .path(PAYMENT)
                .key(Repeating::Required)
                .gives::<PaymentView<'_>>(200, "The payment.")
                .refuses(&[NOT_MANUAL, AMOUNT_OVERFLOW]),
            post("/v1/payments/{id}/check", check)
                .named("checkPayment", "Ask the provider about a payment now")
                .about(
                    "Waits up to `[asking] timeout_ms` (10 s) for the answer, which goes the \
                     way of a webhook.",
                )
                .path(PAYMENT)
                .key(Repeating::Checked)
                .gives::<CheckedView<'_>>(200, "The payment, and what the provider said.")
                .refuses(&[STATUS_QUERY_NOT_SUPPORTED, PROVIDER_UNAVAILABLE]),
            post("/v1/payments/{id}/refund", refund)
                .named("refundPayment", "Give money back")
                .about(
                    "The refund and its reservation are committed before the provider is \
                     called. One of source `manual`, and one that is `recorded`, has succeeded \
                     at once.",
                )
                .path(PAYMENT)
                .key(Repeating::Required)
                .gives::<RefundView<'_>>(201, "The refund.")
                .leads("/id", "id", &["showRefund"])
                .refuses(&[
                    REFUND_NOT_SUPPORTED,
                    RESTOCK_EXCEEDS_SOLD,
                    SLOT_NOT_SOLD,
                    REFUND_EXCEEDS_CAPTURED,
                ])
                .refuses(&[TOO_MANY_PAYMENTS, AMOUNT_OVERFLOW]),
            post("/v1/payments/{id}/attention/{code}/resolve", resolve)
                .named(
                    "resolveAttentionOfPayment",
                    "Say that a person has looked at a payment",
                )
                .about(
                    "Closes a code of attention. 404 if the payment never had it; again is the \
                     same.",
                )
                .path(PAYMENT)
                .path(ATTENTION)
                .key(Repeating::Kept)
                .gives::<PaymentView<'_>>(200, "The payment."),
            post("/v1/payments/{id}/receipts/correct", correct_receipts)
                .named(
                    "correctReceipts",
                    "Issue the receipts that a payment's ledger lacks",
                )
                .about("Where the receipts say what the ledger says, nothing happens.")
                .path(PAYMENT)
                .key(Repeating::Kept)
                .gives::<PaymentView<'_>>(200, "The payment."),
            get("/v1/refunds", list_refunds)
                .named("listRefunds", "List the refunds of a payment")
                .about("The newest first.")
                .pages(OF_PAYMENT)
                .gives::<List<RefundView<'_>>>(200, "A page of refunds.")
                .refuses(&[NOT_FOUND]),
            get("/v1/refunds/{id}", show_refund)
                .named("showRefund", "Show a refund")
                .path(Parameter::of::<Shown<RefundId>>(
                    "id",
                    "rfd_01kfjv7m00e008000000000002",
                    "The refund's id.",
                ))
                .gives::<RefundView<'_>>(200, "The refund."),
        ],
    )
}

async fn register(
    State(app): State<App>,
    caller: Writer,
    key: IdempotencyKey,
    bytes: JsonBytes<PaymentBody>,
) -> Reply {
    key.present()?;
    let body = bytes.read()?;
    let answer = caller.answer(payment_created).naming(&body.named());
    let keyed = key.required("POST /v1/payments", &[], &body, &answer)?;
    let answered = match body.wanted(ids::root()) {
        Ok(wanted) => app.register_payment(caller.caller(), keyed, wanted).await?,
        Err(refused) => app.refuse_payment(caller.caller(), keyed, refused).await?,
    };
    answer.reply(answered)
}

async fn show(
    State(app): State<App>,
    caller: Reader,
    Path(payment): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    let id = id(&payment)?;
    let root = app.payment(caller.shop(), id).await?;
    Ok(reply::ok(&PaymentView::of(&root, id)))
}

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.list(FILTERS)?;
    let filter = PaymentFilter {
        reference: query.text("reference"),
        status: query.words("status")?,
        attention: query.read("attention", "true or false", |text| text.parse().ok())?,
    };
    let seek = query.seek(PaymentId::from_u128)?;
    let page = app.payments(caller.shop(), filter, seek).await?;
    Ok(reply::ok(&List {
        data: page
            .items
            .iter()
            .filter_map(|(id, root)| PaymentView::of(root, *id))
            .collect(),
        next_cursor: page.next.map(|next| cursor(next.as_u128())),
    }))
}

/// An Idempotency-Key may be given: the answer is kept with it.
async fn change(
    State(app): State<App>,
    caller: Writer,
    Path(payment): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes<PaymentChangeBody>,
) -> Reply {
    let body = bytes.read()?;
    let answer = caller.answer(payment_changed);
    let keyed = key.optional("PATCH /v1/payments/{id}", &[&payment], &body, &answer);
    let (payment, metadata) = (id(&payment)?, metadata_change(body.metadata));
    let answered = app.change_payment(caller.caller(), keyed, payment, metadata);
    answer.reply(answered.await?)
}

async fn capture(
    State(app): State<App>,
    caller: Writer,
    Path(payment): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes<CaptureBody>,
) -> Reply {
    // Cash has no name of its own: without a key a repeated request would be more cash.
    key.present()?;
    let body = bytes.read()?;
    let answer = caller.answer(payment_changed);
    let operation = "POST /v1/payments/{id}/capture";
    let keyed = key.required(operation, &[&payment], &body, &answer)?;
    let note = body.note.map_or_else(String::new, |note| note.0);
    let answered = app.capture_payment(caller.caller(), keyed, id(&payment)?, body.amount.0, note);
    answer.reply(answered.await?)
}

async fn refund(
    State(app): State<App>,
    caller: Writer,
    Path(payment): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes<RefundBody>,
) -> Reply {
    key.present()?;
    let body = bytes.read()?;
    let answer = caller.answer(refund_created);
    let operation = "POST /v1/payments/{id}/refund";
    let keyed = key.required(operation, &[&payment], &body, &answer)?;
    let wanted = body.wanted(id(&payment)?);
    answer.reply(app.refund_payment(caller.caller(), keyed, wanted).await?)
}

/// The refunds of one payment.
async fn list_refunds(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.only(OF_PAYMENT)?;
    let payment = query.read("payment", "a payment's id", |text| text.parse().ok())?;
    let Some(payment) = payment else {
        return Err(Problem::invalid_at("?payment", "expected a payment's id"));
    };
    let (ids, root) = app.refunds(caller.shop(), payment).await?;
    let before = query.seek(RefundId::from_u128)?.past;
    let (ids, next_cursor) = query.page(
        ids,
        |id| before.is_none_or(|before| *id < before),
        |id| cursor(id.as_u128()),
    )?;
    let data = ids.iter().filter_map(|id| RefundView::at(&root, *id));
    Ok(reply::ok(&List {
        data: data.collect(),
        next_cursor,
    }))
}

/// An Idempotency-Key is checked; each time the provider is asked again, so no answer is kept.
async fn check(
    State(app): State<App>,
    caller: Writer,
    Path(payment): Path<String>,
    _: IdempotencyKey,
    bytes: JsonBytes<ReasonlessBody>,
) -> Reply {
    bytes.read()?;
    let checked = app.check_payment(caller.caller(), id(&payment)?).await?;
    Ok(reply::ok(&CheckedView::of(&checked)))
}

async fn resolve(
    State(app): State<App>,
    caller: Writer,
    Path((payment, code)): Path<(String, String)>,
    key: IdempotencyKey,
    bytes: JsonBytes<ResolveBody>,
) -> Reply {
    let body = bytes.read()?;
    let answer = caller.answer(payment_changed);
    let keyed = key.optional(
        "POST /v1/payments/{id}/attention/{code}/resolve",
        &[&payment, &code],
        &body,
        &answer,
    );
    let of = AttentionOf::Payment(id(&payment)?);
    let (code, note) = (attention_code(&code)?, body.note());
    let answered = app.resolve_attention(caller.caller(), keyed, of, code, note);
    answer.reply(answered.await?)
}

/// Corrects receipts that do not say what the ledger says; where they do, nothing happens.
async fn correct_receipts(
    State(app): State<App>,
    caller: Admin,
    Path(payment): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes<ReasonlessBody>,
) -> Reply {
    let body = bytes.read()?;
    let answer = caller.answer(payment_changed);
    let operation = "POST /v1/payments/{id}/receipts/correct";
    let keyed = key.optional(operation, &[&payment], &body, &answer);
    let payment = id(&payment)?;
    answer.reply(
        app.correct_receipts(caller.caller(), keyed, payment)
            .await?,
    )
}

async fn show_refund(
    State(app): State<App>,
    caller: Reader,
    Path(refund): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    let id = id(&refund)?;
    let root = app.refund(caller.shop(), id).await?;
    Ok(reply::ok(&RefundView::at(&root, id)))
}
