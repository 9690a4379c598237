//! `/docs`: what there is to read about the API, for anyone who can reach it

use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::description::{DESCRIPTION, Description};
use super::pages::{self, DOCS_PATH};
use super::response::codes_page;
use crate::app::App;
use crate::http::extract::has_tag;
use crate::http::operation::{IF_NONE_MATCH, Noun, Parameter, Part, get};
use crate::http::problem::{CODES_PATH, INTERNAL, NOT_FOUND, Problem};
use crate::http::reply::{self, Reply};
use crate::http::{Door, Peer, site};

/// A noun as a page's address has it.
const NOUN: Parameter = Parameter::text("noun", "orders", "The noun: `orders`, `live-stream`.");

/// What there is to read about the API. Where there is an admin door, only there.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Documentation",
        "About this API. Where `[server] admin_listen` is set, only there.",
        [
            get(DOCS_PATH, index)
                .named("docs", "Read about the API")
                .gives_media(200, "text/html", "The index.")
                .refuses(&[NOT_FOUND]),
            get("/docs/{noun}", noun)
                .named("docsOfNoun", "Read about the operations of a noun")
                .path(NOUN)
                .gives_media(200, "text/html", "A page with each of its operations."),
            get("/docs/style.css", style)
                .named("docsStyle", "Get the style of these pages")
                .gives_media(200, "text/css", "The style.")
                .refuses(&[NOT_FOUND]),
            get(CODES_PATH, errors)
                .named("errorCodes", "Read about the error codes")
                .about(
                    "To which the `type` of every problem leads: the anchor of a row is its code.",
                )
                .gives_media(200, "text/html", "The table.")
                .refuses(&[NOT_FOUND]),
            get("/openapi.json", document)
                .named("openapi", "Get this description")
                .about("OpenAPI 3.1.")
                .header(IF_NONE_MATCH)
                .gives_document(200, "The description.", json!({ "type": "object" }))
                .with_header("ETag", "What `If-None-Match` may have the next time.")
                .gives_nothing(304, "It is the one of `If-None-Match`.")
                .refuses(&[NOT_FOUND]),
        ],
    )
}

/// Whoever came by the door that shows documents: the admin door where there is one.
#[derive(Debug)]
pub(crate) struct Visitor;

impl Part for Visitor {}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visitor, Problem> {
        let door = parts.extensions.get::<Peer>().map(|peer| peer.door);
        match app.config().server.admin_listen.is_none() || door == Some(Door::Admin) {
            true => Ok(Visitor),
            false => Err(NOT_FOUND.into()),
        }
    }
}

/// The index of the API.
async fn index(_: Visitor) -> Reply {
    let page = pages::index(&DESCRIPTION.document);
    Ok(kept(reply::html(StatusCode::OK, page)))
}

/// The operations of a noun, with commands that ask the server as it was asked for the page.
async fn noun(
    _: Visitor,
    Path(noun): Path<String>,
    Extension(peer): Extension<Peer>,
    asked: Parts,
) -> Reply {
    let server = site(peer.is_encrypted, &asked.uri, &asked.headers);
    let page = pages::of_noun(&DESCRIPTION.document, &noun, &server);
    let page = page.ok_or(Problem::from(NOT_FOUND))?;
    let mut response = kept(reply::html(StatusCode::OK, page));
    let vary = HeaderValue::from_static("Host, X-Forwarded-Proto");
    response.headers_mut().insert(header::VARY, vary);
    Ok(response)
}

/// The style of these pages.
async fn style(_: Visitor) -> Reply {
    let mut response = Response::new(Body::from(pages::STYLE));
    let media = HeaderValue::from_static("text/css; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    Ok(kept(response))
}

/// The table of error codes.
async fn errors(_: Visitor) -> Reply {
    Ok(kept(reply::html(StatusCode::OK, codes_page())))
}

/// The API's description.
async fn document(_: Visitor, headers: HeaderMap) -> Reply {
    let Description { text, tag, .. } = &*DESCRIPTION;
    let mut response = match has_tag(&headers, tag) {
        true => reply::not_modified(),
        false => Response::new(Body::from(text.as_str())),
    };
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, reply::JSON);
    let tag = HeaderValue::from_str(tag).map_err(|_| Problem::from(INTERNAL))?;
    set.insert(header::ETAG, tag);
    Ok(kept(response))
}

/// What any cache may keep for an hour.
fn kept(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
