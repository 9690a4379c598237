//! `POST /webhooks/…`: bytes in, never JSON; the answer when it is on disk.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, header};
use bytes::Bytes;
use hyper::body::Incoming;
use tollgate_providers::Reply;

use super::response::{TakenView, document};
use crate::app::{self, App, WebhookSource};
use crate::bodies::Share;
use crate::headers;
use crate::http::body::Name;
use crate::http::extract::read_body;
use crate::http::operation::{Noun, Operation, Parameter};
use crate::http::problem::{
    ACCOUNT_MISMATCH, ADDRESS_NOT_ALLOWED, BODY_SLOW, BODY_TOO_LARGE, BODY_UNREADABLE, Code,
    METHOD_NOT_ALLOWED, OUTCOME_UNKNOWN, OVERLOADED, Problem, QUARANTINED, SIGNATURE_INVALID,
    SIGNATURE_MISSING, SOURCE_UNKNOWN, TIMESTAMP_OUT_OF_TOLERANCE, UNAVAILABLE,
};
use crate::http::{Peer, ResponseContext, reply};

/// Why a delivery is refused.
pub(crate) const REFUSALS: &[&Code] = &[
    BODY_UNREADABLE,
    SIGNATURE_MISSING,
    SIGNATURE_INVALID,
    TIMESTAMP_OUT_OF_TOLERANCE,
    ADDRESS_NOT_ALLOWED,
    ACCOUNT_MISMATCH,
    SOURCE_UNKNOWN,
    BODY_TOO_LARGE,
    QUARANTINED,
    OVERLOADED,
    UNAVAILABLE,
    OUTCOME_UNKNOWN,
];

/// A source as a path names it.
const SOURCE: Parameter = Parameter::of::<Name>(
    "source",
    "midtrans",
    "The source, as the configuration has it.",
);

/// A shop as a path names it.
const SHOP: Parameter =
    Parameter::of::<Name>("shop", "main", "The shop, as the configuration has it.");

/// What providers ask. It is answered in front of the router.
pub(crate) fn operations() -> Noun {
    let takes = |path, id, summary| {
        Operation::apart(Method::POST, path)
            .takes_bytes()
            .named(id, summary)
            .about(
                "The provider's bytes, of any content type, as they are or with `Content-Encoding: \
                 gzip` or `deflate`, signed by the source's scheme; also by GET with a query, from a \
                 provider that sends them so (CardCom). The answer comes when they are on disk and \
                 decided; some providers want a text.",
            )
            .path(SOURCE)
            .gives::<TakenView<'_>>(200, "What became of it.")
            .gives_media(200, "text/plain", "")
            .refuses(REFUSALS)
            .refuses(&[BODY_SLOW])
    };
    Noun::new(
        "Webhooks in",
        "What payment providers send. A source may have paths of its own besides.",
        [
            takes(
                "/webhooks/{source}",
                "takeWebhook",
                "Take a webhook of a source of shop main",
            ),
            takes(
                "/webhooks/{shop}/{source}",
                "takeWebhookOfShop",
                "Take a webhook of a source of another shop",
            )
            .path(SHOP),
        ],
    )
}

/// Takes one delivery. `enter` gives it a place among those that are worked on, once its body is here: who
/// sends slowly takes none.
pub(crate) async fn take<P>(
    app: &App,
    webhook: &WebhookSource,
    (peer, context): (Peer, &ResponseContext),
    request: Request<Incoming>,
    enter: impl FnOnce() -> Result<P, Problem>,
) -> Result<Response<Body>, Problem> {
    let unread = |problem: Problem| {
        let code = problem.code();
        app.note_unread(webhook, code.code, code.title);
        problem
    };
    let has_query = request.uri().query().is_some_and(|query| !query.is_empty());
    let takes_get = webhook.source.provider().takes_get && has_query;
    let by_get = request.method() == Method::GET && takes_get;
    if request.method() != Method::POST && !by_get {
        // Whoever looks in with GET, a monitor or a browser, sends no webhook.
        return Err(METHOD_NOT_ALLOWED.into());
    }
    let (parts, body) = request.into_parts();
    // What comes by GET is a form in the query, and is kept and handed on as one.
    let body = match by_get {
        true => {
            let query = parts.uri.query().unwrap_or_default();
            if app.config().server.body_bytes_max < query.len() {
                return Err(unread(BODY_TOO_LARGE.into()));
            }
            Bytes::copy_from_slice(query.as_bytes())
        }
        false => {
            let most = app.config().server.body_bytes_max;
            read_body(app, body, most, Share::Webhooks)
                .await
                .map_err(unread)?
        }
    };
    let _place = enter()?;
    let pairs: Vec<(&str, &[u8])> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let trusted = &app.config().server.trusted_proxies;
    let incoming = app::Incoming {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &pairs,
        body,
        encoded: None,
        peer: headers::sender(peer.address, &parts.headers, trusted),
        origin: context.origin.clone(),
        by: None,
        received_at: app.now(),
    };
    let taken = app.take_delivery(webhook, incoming).await?;
    Ok(match webhook.source.provider().reply {
        Reply::Json => {
            let mut response = Response::new(Body::from(document(&taken)));
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, reply::JSON);
            response
        }
        Reply::Text(text) => {
            let mut response = Response::new(Body::from(text));
            let plain = HeaderValue::from_static("text/plain; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, plain);
            response
        }
    })
}
