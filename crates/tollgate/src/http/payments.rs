//! `/v1/payments`

use axum::extract::{Path, State};
use tollgate_core::id::{PaymentId, RefundId};
use tollgate_store::PaymentFilter;

use super::extract::{IdempotencyKey, JsonBytes, Query};
use super::reply::{self, Reply};
use crate::app::{App, Caller};
use crate::body::{CaptureBody, PaymentBody, ReasonlessBody, RefundBody, ResolveBody};
use crate::error::Problem;
use crate::keys::Scope;
use crate::render::{CheckedView, List, PaymentView, RefundView, cursor};

pub(crate) async fn register(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    key.present()?;
    let body: PaymentBody = bytes.read()?;
    let keyed = key.required("POST /v1/payments", &[], &body)?;
    Ok(reply::answered(
        app.register_payment(&caller, keyed, body).await?,
    ))
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(payment): Path<String>,
    query: Query,
) -> Reply {
    caller.need(Scope::Read)?;
    query.none()?;
    let (id, root) = app.payment(caller.shop(), &payment).await?;
    Ok(reply::ok(&PaymentView::of(&root, id)))
}

pub(crate) async fn list(State(app): State<App>, caller: Caller, query: Query) -> Reply {
    caller.need(Scope::Read)?;
    let query = query.only(&["reference", "status"])?;
    let filter = PaymentFilter {
        reference: query.text("reference"),
        status: query.word("status")?,
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

pub(crate) async fn capture(
    State(app): State<App>,
    caller: Caller,
    Path(payment): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    // Cash has no name of its own: without a key a repeated request would be more cash.
    key.present()?;
    let body: CaptureBody = bytes.read()?;
    let keyed = key.required("POST /v1/payments/{id}/capture", &[&payment], &body)?;
    Ok(reply::answered(
        app.capture_payment(&caller, keyed, &payment, body).await?,
    ))
}

pub(crate) async fn refund(
    State(app): State<App>,
    caller: Caller,
    Path(payment): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    key.present()?;
    let body: RefundBody = bytes.read()?;
    let keyed = key.required("POST /v1/payments/{id}/refund", &[&payment], &body)?;
    Ok(reply::answered(
        app.refund_payment(&caller, keyed, &payment, body).await?,
    ))
}

/// The refunds of one payment.
pub(crate) async fn list_refunds(State(app): State<App>, caller: Caller, query: Query) -> Reply {
    caller.need(Scope::Read)?;
    let query = query.only(&["payment"])?;
    let payment = query.read("payment", "a payment's id", |text| text.parse().ok())?;
    let Some(payment) = payment else {
        return Err(Problem::invalid_at("?payment", "expected a payment's id"));
    };
    let (ids, root) = app.refunds(caller.shop(), payment).await?;
    let before = query.seek(RefundId::from_u128)?.before;
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
pub(crate) async fn check(
    State(app): State<App>,
    caller: Caller,
    Path(payment): Path<String>,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    bytes.read::<ReasonlessBody>()?;
    let checked = app.check_payment(&caller, &payment).await?;
    Ok(reply::ok(&CheckedView::of(&checked)))
}

pub(crate) async fn resolve(
    State(app): State<App>,
    caller: Caller,
    Path((payment, code)): Path<(String, String)>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    let body: ResolveBody = bytes.read()?;
    let keyed = key.optional(
        "POST /v1/payments/{id}/attention/{code}/resolve",
        &[&payment, &code],
        &body,
    );
    let note = body.note.map_or_else(String::new, |note| note.0);
    Ok(reply::answered(
        app.resolve_payment_attention(&caller, keyed, &payment, &code, note)
            .await?,
    ))
}

/// Corrects receipts that do not say what the ledger says; where they do, nothing happens.
pub(crate) async fn correct_receipts(
    State(app): State<App>,
    caller: Caller,
    Path(payment): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Admin)?;
    let body: ReasonlessBody = bytes.read()?;
    let keyed = key.optional(
        "POST /v1/payments/{id}/receipts/correct",
        &[&payment],
        &body,
    );
    Ok(reply::answered(
        app.correct_receipts(&caller, keyed, &payment).await?,
    ))
}

pub(crate) async fn show_refund(
    State(app): State<App>,
    caller: Caller,
    Path(refund): Path<String>,
    query: Query,
) -> Reply {
    caller.need(Scope::Read)?;
    query.none()?;
    let (id, root) = app.refund(caller.shop(), &refund).await?;
    Ok(reply::ok(&RefundView::at(&root, id)))
}
