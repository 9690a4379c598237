//! `/v1/payments`

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use tollgate_core::command::AttentionOf;
use tollgate_core::id::{PaymentId, RefundId};
use tollgate_store::PaymentFilter;

use super::checked::CheckedView;
use super::request::{CaptureBody, PaymentBody, PaymentChangeBody, RefundBody};
use super::response::{PaymentView, RefundView, payment_changed, payment_created, refund_created};
use crate::api::orders::{ResolveBody, attention_code, metadata_change};
use crate::app::App;
use crate::http::access::{Admin, Reader, Writer};
use crate::http::body::ReasonlessBody;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::problem::Problem;
use crate::http::reply::{self, List, Reply, cursor};
use crate::ids;

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/payments/{id}/attention/{code}/resolve", post(resolve))
        .route("/v1/payments/{id}/receipts/correct", post(correct_receipts))
        .route("/v1/payments", post(register).get(list))
        .route("/v1/payments/{id}", get(show).patch(change))
        .route("/v1/payments/{id}/capture", post(capture))
        .route("/v1/payments/{id}/check", post(check))
        .route("/v1/payments/{id}/refund", post(refund))
        .route("/v1/refunds", get(list_refunds))
        .route("/v1/refunds/{id}", get(show_refund))
}

async fn register(
    State(app): State<App>,
    caller: Writer,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    key.present()?;
    let body: PaymentBody = bytes.read()?;
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
    let query = query.list(&["reference", "status"])?;
    let filter = PaymentFilter {
        reference: query.text("reference"),
        status: query.words("status")?,
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
    bytes: JsonBytes,
) -> Reply {
    let body: PaymentChangeBody = bytes.read()?;
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
    bytes: JsonBytes,
) -> Reply {
    // Cash has no name of its own: without a key a repeated request would be more cash.
    key.present()?;
    let body: CaptureBody = bytes.read()?;
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
    bytes: JsonBytes,
) -> Reply {
    key.present()?;
    let body: RefundBody = bytes.read()?;
    let answer = caller.answer(refund_created);
    let operation = "POST /v1/payments/{id}/refund";
    let keyed = key.required(operation, &[&payment], &body, &answer)?;
    let wanted = body.wanted(id(&payment)?);
    answer.reply(app.refund_payment(caller.caller(), keyed, wanted).await?)
}

/// The refunds of one payment.
async fn list_refunds(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.only(&["payment"])?;
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
    bytes: JsonBytes,
) -> Reply {
    bytes.read::<ReasonlessBody>()?;
    let checked = app.check_payment(caller.caller(), id(&payment)?).await?;
    Ok(reply::ok(&CheckedView::of(&checked)))
}

async fn resolve(
    State(app): State<App>,
    caller: Writer,
    Path((payment, code)): Path<(String, String)>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let body: ResolveBody = bytes.read()?;
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
    bytes: JsonBytes,
) -> Reply {
    let body: ReasonlessBody = bytes.read()?;
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
