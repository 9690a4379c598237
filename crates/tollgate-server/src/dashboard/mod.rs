//! The dashboard's door: pages are made by `tollgate-dashboard`, which asks REST's own router as the browser's session.
//! So a page shows and does what that session may over REST and nothing else, and what it does is refused, recorded
//! and repeated as there.

mod sent;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header,
};
use http_body_util::BodyExt;
use tollgate_dashboard::{Answer, Api, Asked, Asking, Question, Reply};
use tollgate_outbound::language::Language;
use tollgate_receipt::Locale;

use crate::app::App;
use crate::bodies::Share;
use crate::http::extract::read_body;
use crate::http::noted::Origin;
use crate::http::problem::{BODY_TOO_LARGE, METHOD_NOT_ALLOWED, Problem};
use crate::http::{Door, Peer, Place, ResponseContext, Rest, site};
use crate::ids;
use sent::Sent;

/// Forms are short; the longest is a list of stock.
const FORM_BYTES_MAX: usize = 1 << 20;

/// How long a browser keeps what has its hash in its address: a year.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Of a page that names no referrer a browser calls the origin of a form `null` (Fetch, "append a request Origin
/// header"), and REST takes nothing from there. Other sites are told nothing either way.
const REFERRERS: HeaderValue = HeaderValue::from_static("same-origin");

/// What REST has to know of the browser besides what is asked: whose session it is, and which page has asked.
const HANDED_ON: [HeaderName; 8] = [
    header::COOKIE,
    header::HOST,
    header::ORIGIN,
    header::USER_AGENT,
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
];

/// The pages of the dashboard. Clones share it.
#[derive(Clone)]
pub(crate) struct Dashboard {
    app: App,
    rest: Rest,
    /// The forms that have done something.
    sent: Arc<Sent>,
}

impl Dashboard {
    /// Pages that ask this router.
    pub(crate) fn new(app: App, rest: Rest) -> Dashboard {
        Dashboard {
            app,
            rest,
            sent: Arc::default(),
        }
    }

    /// Pages that ask another router, and know the forms of before.
    pub(crate) fn renewed(&self, app: App, rest: Rest) -> Dashboard {
        Dashboard {
            app,
            rest,
            sent: Arc::clone(&self.sent),
        }
    }

    /// Whether a path is one of its pages, at this door: where there is an admin door, only there.
    pub(crate) fn has(&self, peer: Peer, path: &str) -> bool {
        let is_here = self.app.config().server.admin_listen.is_none() || peer.door == Door::Admin;
        is_here && tollgate_dashboard::has(path)
    }

    /// Answers a browser.
    pub(crate) async fn answer(
        &self,
        peer: Peer,
        context: &ResponseContext,
        request: Request<Body>,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let method = match parts.method {
            Method::GET | Method::HEAD => tollgate_dashboard::Method::Get,
            Method::POST => tollgate_dashboard::Method::Post,
            _ => return self.refuse_method(&parts.method, parts.uri.path(), context),
        };
        let reading = read_body(&self.app, body, FORM_BYTES_MAX, Share::Others);
        let form = match parts.extensions.get::<Place>() {
            Some(place) => place.without(reading).await,
            None => reading.await,
        };
        let form = match form {
            Ok(form) => form,
            Err(problem) if problem.code().code == BODY_TOO_LARGE.code => {
                let detail = format!("a form has at most {FORM_BYTES_MAX} bytes; nothing was done");
                let problem = Problem::from(BODY_TOO_LARGE).detail(detail);
                return self.refuse(&parts.method, &problem, context);
            }
            Err(problem) => return self.refuse(&parts.method, &problem, context),
        };
        let cookies = cookies(&parts.headers);
        let locale = tollgate_dashboard::chosen_language(&cookies)
            .unwrap_or_else(|| Locale::from_tag(context.language.tag()));
        let context = ResponseContext {
            language: Language::negotiate(locale.as_str()),
            ..context.clone()
        };
        let found = site(peer.is_encrypted, &parts.uri, &parts.headers);
        let origin = self.app.config().server.public_url.as_deref();
        let once = ids::request();
        let asked = Asked {
            method,
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            cookies: &cookies,
            locale,
            form: &form,
            origin: origin.unwrap_or(&found),
            once: &once,
            now: self.app.now().as_millis(),
        };
        let viewer = AsViewer {
            rest: &self.rest,
            peer,
            context: &context,
            browser: &parts.headers,
            has_done: AtomicBool::new(false),
        };
        let Some(form) = asked.form_once() else {
            return respond(tollgate_dashboard::answer(&viewer, &asked).await);
        };
        if !self.sent.begin(&form) {
            return respond(tollgate_dashboard::sent_already(&asked));
        }
        let reply = tollgate_dashboard::answer(&viewer, &asked).await;
        if !viewer.has_done.load(Ordering::Relaxed) {
            self.sent.forget(&form);
        }
        respond(reply)
    }

    /// A page is asked for by GET, and a form sent by POST.
    fn refuse_method(
        &self,
        method: &Method,
        path: &str,
        context: &ResponseContext,
    ) -> Response<Body> {
        let mut response = self.refuse(method, &METHOD_NOT_ALLOWED.into(), context);
        if let Some(methods) = tollgate_dashboard::methods(path) {
            let headers = response.headers_mut();
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        response
    }

    fn refuse(
        &self,
        method: &Method,
        problem: &Problem,
        context: &ResponseContext,
    ) -> Response<Body> {
        self.rest
            .refuse(Origin::stranger(method, None), problem, context)
    }
}

/// The answer as it goes out.
fn respond(reply: Reply) -> Response<Body> {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    let policy = HeaderValue::from_static(tollgate_dashboard::CONTENT_SECURITY_POLICY);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.media));
    headers.insert(header::REFERRER_POLICY, REFERRERS);
    if reply.is_immutable {
        headers.insert(header::CACHE_CONTROL, IMMUTABLE);
    }
    if let Some(methods) = reply.allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    }
    if let Some(to) = reply.location.and_then(|to| HeaderValue::try_from(to).ok()) {
        headers.insert(header::LOCATION, to);
    }
    for cookie in reply.cookies {
        if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
            cookie.set_sensitive(true);
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// What the browser keeps for us: HTTP/2 may have it in several lines (RFC 9113, 8.2.3).
fn cookies(headers: &HeaderMap) -> String {
    let lines = headers.get_all(header::COOKIE).iter();
    let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    lines.join("; ")
}

/// REST, asked by the session that a browser has sent.
struct AsViewer<'a> {
    rest: &'a Rest,
    peer: Peer,
    context: &'a ResponseContext,
    browser: &'a HeaderMap,
    /// Something was asked for that changes something, and was not refused.
    has_done: AtomicBool,
}

impl AsViewer<'_> {
    fn request(&self, question: Question) -> Result<Request<Body>, axum::http::Error> {
        let mut request = Request::builder()
            .method(question.method)
            .uri(question.path);
        for name in &HANDED_ON {
            for value in self.browser.get_all(name) {
                request = request.header(name, value);
            }
        }
        if let Some(token) = question.csrf_token {
            request = request.header("x-csrf-token", token);
        }
        if let Some(key) = question.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if question.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request
            .extension(self.peer)
            .body(question.body.map_or_else(Body::empty, Body::from))
    }
}

impl Api for AsViewer<'_> {
    fn ask(&self, question: Question) -> Asking<'_> {
        Box::pin(async move {
            let changes = question.method != "GET";
            let Ok(request) = self.request(question) else {
                return Answer {
                    status: 400,
                    ..Answer::default()
                };
            };
            let response = self.rest.ask(request, self.context).await;
            let (parts, body) = response.into_parts();
            if changes && parts.status.is_success() {
                self.has_done.store(true, Ordering::Relaxed);
            }
            let text = |name| {
                let value = parts.headers.get(name);
                value.and_then(|value| value.to_str().ok().map(str::to_owned))
            };
            let Ok(body) = body.collect().await else {
                return Answer {
                    status: 503,
                    ..Answer::default()
                };
            };
            Answer {
                status: parts.status.as_u16(),
                cookie: text(header::SET_COOKIE),
                retry_after: text(header::RETRY_AFTER),
                body: body.to_bytes().to_vec(),
            }
        })
    }
}
