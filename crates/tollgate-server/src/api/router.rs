//! Which path leads to which handler: the paths of every noun, and what becomes of all others.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use tower::Service;
use tower::layer::layer_fn;
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    alerts, audit, capacity, docs, effects, endpoints, errors, events, exports, health, keys,
    operating, orders, payments, receipts, search, session, sources, stats, stream, users,
    webhooks,
};
use crate::app::App;
use crate::http::operation::Noun;
use crate::http::problem::{INTERNAL, METHOD_NOT_ALLOWED, NOT_FOUND, Problem};
use crate::telemetry;

/// All that may be asked, by nouns; the one list of it.
pub(super) fn nouns() -> Vec<Noun> {
    vec![
        orders::operations(),
        payments::operations(),
        capacity::stock_operations(),
        capacity::calendar_operations(),
        capacity::hold_operations(),
        events::operations(),
        events::delivery_operations(),
        sources::operations(),
        effects::operations(),
        endpoints::operations(),
        receipts::operations(),
        exports::operations(),
        search::operations(),
        stream::operations(),
        keys::operations(),
        users::operations(),
        session::operations(),
        audit::operations(),
        operating::operations(),
        errors::operations(),
        stats::operations(),
        alerts::operations(),
        webhooks::operations(),
        health::operations(),
        docs::operations(),
    ]
}

/// Everything except webhooks.
pub(crate) fn router(app: App) -> Router {
    let nouns = nouns().into_iter().map(Noun::routes);
    nouns
        .fold(Router::new(), Router::merge)
        .fallback(|| async { Problem::from(NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::from(METHOD_NOT_ALLOWED) })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(layer_fn(NameOperation))
        .with_state(app)
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    let problem = Problem::from(INTERNAL).told_apart("panic");
    axum::response::IntoResponse::into_response(problem)
}

/// Says which operation a request is to whoever records it, and leaves it with a refusal. A service of its own, as
/// it stands before every call: what axum makes of a function clones the route behind it, layers and all, for each.
#[derive(Clone)]
struct NameOperation<S>(S);

impl<S> Service<Request> for NameOperation<S>
where
    S: Service<Request, Response = Response>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let path = request.extensions().get::<MatchedPath>().cloned();
        if let Some(path) = &path {
            telemetry::note_route(path.as_str());
        }
        let answering = self.0.call(request);
        Box::pin(async move {
            let mut response = answering.await?;
            if let Some(path) = path.filter(|_| 400 <= response.status().as_u16()) {
                response.extensions_mut().insert(path);
            }
            Ok(response)
        })
    }
}
