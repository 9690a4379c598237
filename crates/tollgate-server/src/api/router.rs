//! Which path leads to which handler.

use axum::Router;
use axum::routing::{delete, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    capacity, docs, effects, endpoints, events, health, keys, operating, orders, payments,
    receipts, stream,
};
use crate::app::App;
use crate::http::problem::{CODES_PATH, INTERNAL, METHOD_NOT_ALLOWED, NOT_FOUND, Problem};

/// Everything except webhooks.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/v1/orders", post(orders::create).get(orders::list))
        .route("/v1/orders/{id}", get(orders::show))
        .route("/v1/orders/{id}/cancel", post(orders::cancel))
        .route(
            "/v1/orders/{id}/attention/{code}/resolve",
            post(orders::resolve),
        )
        .route(
            "/v1/payments/{id}/attention/{code}/resolve",
            post(payments::resolve),
        )
        .route(
            "/v1/payments/{id}/receipts/correct",
            post(payments::correct_receipts),
        )
        .route("/v1/orders/{id}/timeline", get(orders::timeline))
        .route("/v1/orders/{id}/receipts", get(receipts::of_order))
        .route("/v1/payments", post(payments::register).get(payments::list))
        .route("/v1/payments/{id}", get(payments::show))
        .route("/v1/payments/{id}/capture", post(payments::capture))
        .route("/v1/payments/{id}/check", post(payments::check))
        .route("/v1/payments/{id}/refund", post(payments::refund))
        .route("/v1/payments/{id}/receipts", get(receipts::of_payment))
        .route("/v1/refunds", get(payments::list_refunds))
        .route("/v1/refunds/{id}", get(payments::show_refund))
        .route("/v1/stock", get(capacity::list_stock))
        .route(
            "/v1/stock/{sku}",
            put(capacity::put_stock).get(capacity::show_stock),
        )
        .route("/v1/stock/{sku}/adjust", post(capacity::adjust_stock))
        .route("/v1/calendars", get(capacity::list_calendars))
        .route(
            "/v1/calendars/{name}",
            put(capacity::put_calendar).get(capacity::show_calendar),
        )
        .route(
            "/v1/calendars/{name}/slots",
            put(capacity::put_slots).get(capacity::list_slots),
        )
        .route("/v1/holds", post(capacity::take_hold))
        .route("/v1/holds/{id}", get(capacity::show_hold))
        .route("/v1/holds/{id}/release", post(capacity::release_hold))
        .route("/v1/events", get(events::list))
        .route("/v1/events/replay", post(events::replay_many))
        .route("/v1/events/{id}", get(events::show))
        .route("/v1/events/{id}/replay", post(events::replay))
        .route("/v1/effects", get(effects::list))
        .route("/v1/effects/retry", post(effects::retry_many))
        .route("/v1/effects/{id}", get(effects::show))
        .route("/v1/effects/{id}/retry", post(effects::retry))
        .route("/v1/effects/{id}/settle", post(effects::settle))
        .route(
            "/v1/endpoints",
            post(endpoints::create).get(endpoints::list),
        )
        .route(
            "/v1/endpoints/{id}",
            get(endpoints::show)
                .patch(endpoints::change)
                .delete(endpoints::delete),
        )
        .route("/v1/endpoints/{id}/rotate", post(endpoints::rotate))
        .route("/v1/endpoints/{id}/test", post(endpoints::test))
        .route("/v1/receipts/{id}", get(receipts::show))
        .route("/r/style.css", get(receipts::style))
        .route("/r/{token}", get(receipts::look_up))
        .route("/v1/deliveries", get(events::list_deliveries))
        .route("/v1/deliveries/{id}", get(events::show_delivery))
        .route("/v1/deliveries/{id}/verify", post(events::verify))
        .route("/v1/stream", get(stream::listen))
        .route("/v1/keys", post(keys::create).get(keys::list))
        .route("/v1/keys/{id}", delete(keys::revoke))
        .route("/v1/doctor", get(operating::doctor))
        .route("/v1/verify", get(operating::verify))
        .route(CODES_PATH, get(docs::errors))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(|| async { Problem::from(NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::from(METHOD_NOT_ALLOWED) })
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(app)
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    axum::response::IntoResponse::into_response(Problem::from(INTERNAL))
}
