//! Effects: what leaves the commit, a file per kind. Each says what it did; nothing here changes state.

mod alert;
mod ask;
mod context;
mod exchange;
mod forward;
mod forwarded;
mod mail;
mod notify;
mod receipt;
mod refund;
mod renderer;
mod sent;
mod standing;
mod tokens;
mod void;

use std::sync::Arc;

use tollgate_core::command::{Health, Settlement};
use tollgate_core::effect::{EffectContent, Lease, StoredEffect};
use tollgate_core::id::{EffectId, ShopId};
use tollgate_core::retry::Schedule;
use tollgate_core::time::Span;
use tollgate_store::{Origin, ReadError};

pub(crate) use context::{Context, Outside, WriteNotice};
pub(crate) use receipt::tend_copies;
pub(crate) use renderer::CommandCount;
use renderer::Renderer;
pub(crate) use sent::Sent;
use tokens::Tokens;

/// An effect that was claimed.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    /// Whose.
    pub(crate) shop: ShopId,
    /// Which.
    pub(crate) id: EffectId,
    /// Under which claim.
    pub(crate) lease: Lease,
    /// What to do.
    pub(crate) effect: StoredEffect,
    /// The request it goes back to.
    pub(crate) origin: Option<Arc<Origin>>,
}

/// What became of an attempt.
#[derive(Debug)]
pub(crate) struct Acted {
    /// How it ended.
    pub(crate) end: End,
    /// What it says about its target.
    pub(crate) health: Health,
    /// The status of the answer.
    pub(crate) status: Option<u16>,
    /// The beginning of the answer.
    pub(crate) head: Option<String>,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum End {
    /// For good.
    Settled(Settlement),
    /// To be tried again by the schedule of its kind.
    Again {
        /// Why.
        reason: String,
        /// What the other side has asked to wait (`Retry-After`).
        after: Option<Span>,
        /// Given up, it lets those behind it in its order go on.
        gives_up: bool,
    },
    /// It cannot be done before an operator has mended something, however long that takes.
    Waiting {
        /// For what.
        reason: String,
    },
    /// Our own database could not be read, so nothing outside has heard of it: it is tried again until it can be.
    Unread {
        /// What the database said.
        reason: String,
    },
    /// It was not begun.
    Released,
}

impl Acted {
    /// An end, with what it says about the target.
    pub(crate) fn of(end: End, health: Health) -> Acted {
        Acted {
            end,
            health,
            status: None,
            head: None,
        }
    }

    /// It was not begun.
    pub(crate) fn released() -> Acted {
        Acted::of(End::Released, Health::Unsaid)
    }

    /// It is done.
    pub(crate) fn done() -> Acted {
        Acted::of(End::Settled(Settlement::Done), Health::Well)
    }

    /// It cannot be done, and trying again would not help.
    pub(crate) fn dead(reason: impl Into<String>) -> Acted {
        let reason = reason.into();
        let settlement = Settlement::Dead {
            reason,
            skip: false,
        };
        Acted::of(End::Settled(settlement), Health::Unsaid)
    }

    /// It may have happened.
    pub(crate) fn unknown(reason: impl Into<String>) -> Acted {
        let reason = reason.into();
        Acted::of(
            End::Settled(Settlement::Unknown { reason }),
            Health::Failing,
        )
    }

    /// Not this time.
    pub(crate) fn again(reason: impl Into<String>, health: Health) -> Acted {
        let end = End::Again {
            reason: reason.into(),
            after: None,
            gives_up: false,
        };
        Acted::of(end, health)
    }

    /// Not before an operator has mended something; that says nothing about its target.
    pub(crate) fn waiting(reason: String) -> Acted {
        Acted::of(End::Waiting { reason }, Health::Unsaid)
    }

    /// The database takes too long or is away; nothing outside has heard of it. A row that cannot be read stays so,
    /// and is given up in the end.
    pub(crate) fn database(error: &ReadError) -> Acted {
        let reason = format!("failed to read: {error}");
        let end = match error {
            ReadError::Corrupt(_) => return Acted::again(reason, Health::Unsaid),
            ReadError::Unavailable(_) | ReadError::Unreachable(_) | ReadError::Closing => {
                End::Unread { reason }
            }
        };
        Acted::of(end, Health::Unsaid)
    }

    /// With the answer's status and beginning.
    pub(crate) fn answered(mut self, status: u16, head: String) -> Acted {
        self.status = Some(status);
        self.head = Some(head);
        self
    }

    /// What went wrong, for the list of attempts.
    pub(crate) fn error(&self) -> Option<String> {
        match &self.end {
            End::Again { reason, .. }
            | End::Waiting { reason }
            | End::Unread { reason }
            | End::Settled(
                Settlement::Dead { reason, .. }
                | Settlement::Unknown { reason }
                | Settlement::Retry { reason, .. },
            ) => Some(reason.clone()),
            End::Settled(
                Settlement::Done
                | Settlement::Issued(_)
                | Settlement::Answered(_)
                | Settlement::Refunded { .. }
                | Settlement::RefundChecked(_)
                | Settlement::Voided
                | Settlement::Released,
            )
            | End::Released => None,
        }
    }
}

/// Does what was claimed.
pub(crate) async fn act(context: &Context, work: &Work) -> Acted {
    match &work.effect.content {
        EffectContent::Receipt { receipt, .. } => receipt::act(context, work, *receipt).await,
        EffectContent::Mail { kind, receipt } => mail::act(context, work, *kind, *receipt).await,
        EffectContent::AlertMail(alert) => self::alert::act(context, work, alert).await,
        EffectContent::Notify {
            endpoint, position, ..
        } => notify::act(context, work, *endpoint, *position).await,
        EffectContent::Forward { route, event } => forward::act(context, work, route, *event).await,
        EffectContent::Ask { .. } => ask::act(context, work).await,
        EffectContent::Refund { .. } | EffectContent::RefundRequest { .. } => {
            refund::act(context, work).await
        }
        EffectContent::RefundCheck { .. } => refund::check(context, work).await,
        EffectContent::Void { .. } => void::act(context, work).await,
    }
}

/// What an effect would send now; `None` where nobody of the merchant's is called, or there is nothing left to send.
pub(crate) async fn sent(context: &Context, shop: ShopId, effect: &StoredEffect) -> Option<Sent> {
    match &effect.content {
        EffectContent::Notify {
            endpoint, position, ..
        } => notify::sent(context, shop, effect, *endpoint, *position).await,
        EffectContent::Forward { route, event } => {
            forward::sent(context, shop, effect, route, *event).await
        }
        EffectContent::Receipt { .. }
        | EffectContent::Mail { .. }
        | EffectContent::AlertMail(_)
        | EffectContent::Ask { .. }
        | EffectContent::RefundRequest { .. }
        | EffectContent::Refund { .. }
        | EffectContent::RefundCheck { .. }
        | EffectContent::Void { .. } => None,
    }
}

/// What is done once an effect is settled and on disk.
pub(crate) async fn after(context: &Context, work: &Work) {
    if let EffectContent::Receipt {
        receipt: Some(receipt),
        ..
    } = &work.effect.content
    {
        receipt::copy(context, work.shop, *receipt).await;
    }
}

/// When what waits for an operator is tried again: it may have been mended by other means than a restart.
pub(crate) fn waiting_schedule() -> Schedule {
    Schedule::of_seconds(&[60, 300, 1800, 3600])
}

/// When what could not be read is tried again: soon, because a database comes back by itself.
pub(crate) fn unread_schedule() -> Schedule {
    Schedule::of_seconds(&[1, 2, 5, 10, 30])
}

/// When an effect of this kind is tried again.
pub(crate) fn schedule(context: &Context, content: &EffectContent) -> Schedule {
    match content {
        // Nothing outside is asked: what fails is the database, or a fault of ours.
        EffectContent::Receipt { .. } => {
            Schedule::of_seconds(&[1, 5, 30, 120, 600, 3600, 7200, 14400])
        }
        EffectContent::Mail { .. } | EffectContent::AlertMail(_) => {
            Schedule::of_seconds(&[30, 120, 600, 1800, 7200, 21600, 43200, 86400])
        }
        EffectContent::Notify { .. } | EffectContent::Forward { .. } => Schedule {
            waits: context.config().outgoing.retry.clone(),
        },
        EffectContent::Ask { .. } => {
            Schedule::of_seconds(&[5, 30, 120, 600, 1800, 3600, 7200, 14400])
        }
        EffectContent::Refund { .. }
        | EffectContent::RefundCheck { .. }
        | EffectContent::RefundRequest { .. }
        | EffectContent::Void { .. } => {
            Schedule::of_seconds(&[30, 120, 600, 1800, 3600, 7200, 14400, 28800])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_waits_for_the_database_and_is_never_given_up() {
        for error in [
            ReadError::Unreachable("no server".to_owned()),
            ReadError::Closing,
        ] {
            let acted = Acted::database(&error);
            assert!(matches!(acted.end, End::Unread { .. }), "{acted:?}");
            let said = acted.error().expect("it says why");
            assert!(said.starts_with("failed to read: "), "{said}");
        }
        let now = tollgate_core::time::Timestamp::from_millis(0);
        let longest = unread_schedule().next_without_end(1_000, now, 999);
        assert_eq!(longest.as_millis(), 30_000);
    }
}
