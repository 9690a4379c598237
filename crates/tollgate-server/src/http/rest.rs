//! The router of REST, asked by the door that HTTP comes through and by the one of gRPC.

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{Request, Response, header};
use tower::Service;

use super::access::CallerNote;
use super::noted::Origin;
use super::problem::{NOT_FOUND, Problem, ResponseContext};
use super::refused::Refused;
use super::{AllowanceSlot, LogThrottle, problem_response, reply};
use crate::app::App;

/// Everything but webhooks. Clones share it.
#[derive(Clone)]
pub(crate) struct Rest {
    app: App,
    router: Router,
    /// Refusals that are not logged one by one.
    log_throttle: LogThrottle,
}

impl Rest {
    /// Asks these handlers.
    pub(crate) fn new(app: App, router: Router) -> Rest {
        Rest {
            app,
            router,
            log_throttle: LogThrottle::default(),
        }
    }

    /// Asks other handlers from now on, and counts refusals on.
    pub(crate) fn renewed(&self, app: App, router: Router) -> Rest {
        Rest {
            app,
            router,
            log_throttle: self.log_throttle.clone(),
        }
    }

    /// What a request is answered with; a problem is a document in its language.
    pub(crate) async fn ask(
        &self,
        mut request: Request<Body>,
        context: &ResponseContext,
    ) -> Response<Body> {
        if request.uri().path().contains("%00") {
            // Nothing has a NUL in its name.
            let from = Origin::stranger(request.method(), None);
            return self.refuse(from, &NOT_FOUND.into(), context);
        }
        let method = request.method().clone();
        let caller = CallerNote::default();
        let extensions = request.extensions_mut();
        extensions.insert(context.clone());
        extensions.insert(caller.clone());
        let allowance = AllowanceSlot::default();
        extensions.insert(allowance.clone());
        let mut router = self.router.clone();
        let Ok(mut response) = router.call(request).await;
        allowance.sign(&mut response);
        let path = response.extensions_mut().remove::<MatchedPath>();
        let from = || Origin::call(&method, path.as_ref().map(MatchedPath::as_str), &caller);
        let problem = response.extensions_mut().remove::<Problem>();
        match problem.or_else(|| foreign_refusal(&response)) {
            Some(problem) => {
                from().note(&self.app, context, Refused::of(&problem));
                let (parts, _) = response.into_parts();
                let under = Response::from_parts(parts, ());
                problem_response(&self.log_throttle, &problem, context, under)
            }
            None => {
                if let Some(refused) = response.extensions_mut().remove::<Refused>() {
                    from().note(&self.app, context, refused);
                }
                response
            }
        }
    }

    /// The answer to a request that no handler is asked about.
    pub(crate) fn refuse(
        &self,
        from: Origin,
        problem: &Problem,
        context: &ResponseContext,
    ) -> Response<Body> {
        from.note(&self.app, context, Refused::of(problem));
        problem_response(&self.log_throttle, problem, context, Response::new(()))
    }

    /// Logs what was counted and not logged yet.
    pub(crate) fn flush(&self) {
        self.log_throttle.flush();
    }
}

/// What the router refuses by itself, a path that is no UTF-8, is a path that is not there.
fn foreign_refusal(response: &Response<Body>) -> Option<Problem> {
    let is_ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|media| media == reply::PROBLEM || media == reply::HTML);
    (400 <= response.status().as_u16() && !is_ours).then(|| Problem::from(NOT_FOUND))
}
