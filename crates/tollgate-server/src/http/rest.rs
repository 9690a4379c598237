//! The router of REST, asked by the door that HTTP comes through and by the one of gRPC.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, header};
use tower::Service;

use super::problem::{NOT_FOUND, Problem, ResponseContext};
use super::{LogThrottle, problem_response, reply};

/// Everything but webhooks. Clones share it.
#[derive(Clone)]
pub(crate) struct Rest {
    router: Router,
    /// Refusals that are not logged one by one.
    log_throttle: LogThrottle,
}

impl Rest {
    /// Asks these handlers.
    pub(crate) fn new(router: Router) -> Rest {
        Rest {
            router,
            log_throttle: LogThrottle::default(),
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
            return self.refuse(&NOT_FOUND.into(), context);
        }
        request.extensions_mut().insert(context.clone());
        let mut router = self.router.clone();
        let Ok(mut response) = router.call(request).await;
        let problem = response.extensions_mut().remove::<Problem>();
        match problem.or_else(|| foreign_refusal(&response)) {
            Some(problem) => {
                let (parts, _) = response.into_parts();
                let under = Response::from_parts(parts, ());
                problem_response(&self.log_throttle, &problem, context, under)
            }
            None => response,
        }
    }

    /// The answer to a request that no handler is asked about.
    pub(crate) fn refuse(&self, problem: &Problem, context: &ResponseContext) -> Response<Body> {
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
