//! What a key may still ask, as the headers of every answer say it (draft-ietf-httpapi-ratelimit-headers).

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response};

use crate::app::Allowance;

/// The rule: `"key";q=BURST;w=SECONDS`.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What is left of it: `"key";r=LEFT;t=SECONDS`.
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Where it is put down when the caller is known, for its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowanceSlot(Arc<OnceLock<Allowance>>);

impl AllowanceSlot {
    /// Puts it down; the first counts.
    pub(crate) fn put(&self, allowance: Allowance) {
        // A request has one caller.
        let _ = self.0.set(allowance);
    }

    /// Writes it onto the answer.
    pub(crate) fn sign(&self, response: &mut Response<Body>) {
        let Some(allowance) = self.0.get() else {
            return;
        };
        let headers = response.headers_mut();
        headers.insert(POLICY, value(policy(allowance)));
        headers.insert(LIMIT, value(limit(allowance)));
    }
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("numbers and plain letters make a header")
}

/// The window is the time in which the whole quota comes back.
fn policy(allowance: &Allowance) -> String {
    let pace = allowance.pace;
    let seconds = pace.burst.div_ceil(pace.per_second);
    format!("\"key\";q={};w={seconds}", pace.burst)
}

fn limit(allowance: &Allowance) -> String {
    let millis = u64::try_from(allowance.after.as_millis()).unwrap_or(0);
    let seconds = millis.div_ceil(1000);
    format!("\"key\";r={};t={seconds}", allowance.left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pace;
    use tollgate_core::time::Span;

    #[test]
    fn the_headers_are_structured_fields() {
        let allowance = Allowance {
            pace: Pace {
                per_second: 20,
                burst: 50,
            },
            left: 7,
            after: Span::millis(2150),
        };
        assert_eq!(policy(&allowance), "\"key\";q=50;w=3");
        assert_eq!(limit(&allowance), "\"key\";r=7;t=3");
        let slot = AllowanceSlot::default();
        let mut response = Response::new(Body::empty());
        slot.sign(&mut response);
        assert!(
            response.headers().is_empty(),
            "nothing is known of a caller"
        );
        slot.put(allowance);
        slot.sign(&mut response);
        assert_eq!(response.headers()[LIMIT], "\"key\";r=7;t=3");
    }
}
