//! What a merchant's answer to a notification or a forwarded webhook comes to.

use std::time::Duration;

use axum::http::StatusCode;
use tollgate_core::command::Health;
use tollgate_core::time::Span;

use super::{Acted, Context, End};
use tollgate_outbound::calls::{Answer, Call, NotSent, Outcome};

/// Makes the call; 2xx is done, everything else is retried: all that is sent has an id by which a
/// repetition is recognized. `skips`: once it is given up, those behind it go on.
pub(super) async fn send(context: &Context, call: Call<'_>, skips: bool) -> Acted {
    let exchange = context.call(call).await;
    match exchange.outcome {
        Outcome::Answered(answer) => answered(context, &answer, skips),
        // The operator may allow it tomorrow, so it is tried again; the reason stands with the effect.
        Outcome::NotSent(not_sent @ NotSent::Refused(_)) => {
            again(not_sent.to_string(), Health::Failing, None, skips)
        }
        Outcome::NotSent(not_sent) => again(not_sent.to_string(), Health::Failing, None, skips),
        Outcome::Unclear(reason) => again(reason, Health::Failing, None, skips),
    }
}

fn answered(context: &Context, answer: &Answer, skips: bool) -> Acted {
    let status = answer.status;
    let after = answer.retry_after(context.now());
    let acted = if status.is_success() {
        Acted::done()
    } else {
        let reason = format!("answered {status}");
        let health = match status {
            StatusCode::GONE => Health::Gone,
            // It is there and says when it wants to be asked again.
            StatusCode::TOO_EARLY => Health::Unsaid,
            StatusCode::CONFLICT if after.is_some() => Health::Unsaid,
            _ => Health::Failing,
        };
        again(reason, health, after, skips)
    };
    acted.answered(status.as_u16(), answer.head())
}

fn again(reason: String, health: Health, after: Option<Span>, skips: bool) -> Acted {
    let end = End::Again {
        reason,
        after,
        gives_up: skips,
    };
    Acted::of(end, health)
}

/// The handler did not answer within its own limit.
pub(super) fn too_slow(limit: Duration, skips: bool) -> Acted {
    let reason = format!("no answer within {} ms", limit.as_millis());
    again(reason, Health::Failing, None, skips)
}
