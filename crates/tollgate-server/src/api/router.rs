//! Which path leads to which handler: the paths of every noun, and what becomes of all others.

use axum::Router;
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    capacity, docs, effects, endpoints, events, exports, health, keys, operating, orders, payments,
    receipts, search, stream,
};
use crate::app::App;
use crate::http::problem::{INTERNAL, METHOD_NOT_ALLOWED, NOT_FOUND, Problem};

/// Everything except webhooks.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(orders::routes())
        .merge(payments::routes())
        .merge(capacity::routes())
        .merge(events::routes())
        .merge(effects::routes())
        .merge(endpoints::routes())
        .merge(receipts::routes())
        .merge(exports::routes())
        .merge(search::routes())
        .merge(stream::routes())
        .merge(keys::routes())
        .merge(operating::routes())
        .merge(docs::routes())
        .merge(health::routes())
        .fallback(|| async { Problem::from(NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::from(METHOD_NOT_ALLOWED) })
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(app)
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    axum::response::IntoResponse::into_response(Problem::from(INTERNAL))
}
