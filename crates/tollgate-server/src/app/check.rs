//! Asking a provider now, on request (A11).
//!
//! The question is a command like any other, and a worker puts it, perhaps one of another instance. The
//! caller only watches: the answer is on disk before the caller sees it.

use std::time::Duration;

use tollgate_core::command::Action;
use tollgate_core::effect::{EffectContent, EffectState, StoredEffect};
use tollgate_core::id::{PaymentId, RootId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::time::Timestamp;
use tollgate_store::EffectLine;

use super::{App, AppError, Asking, Caller};

/// How often it is looked for an answer that another instance has got.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What a check has come to.
pub(crate) struct Checked {
    /// The root of the payment, as it stands now.
    pub(crate) root: Root,
    /// Which payment of it.
    pub(crate) payment: PaymentId,
    /// What the provider said.
    pub(crate) said: Said,
}

/// What the provider said to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// `done`: it was decided about; `pending`: it was nothing decisive, and it is asked again; `dead`: it
    /// could not be asked.
    pub(crate) state: &'static str,
    /// The status of its answer.
    pub(crate) status: Option<u16>,
    /// Why it could not be asked.
    pub(crate) error: Option<String>,
}

/// What there is to see of a question.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// No worker has put it yet, or its answer is not there.
    Waits,
    /// The provider was asked and has not answered.
    Failed(String),
    /// It is over.
    Over(Said),
}

impl App {
    /// Asks the provider how a payment stands and waits until the answer was decided about.
    pub(crate) async fn check_payment(
        &self,
        caller: &Caller,
        id: PaymentId,
    ) -> Result<Checked, AppError> {
        let shop = caller.shop();
        let root = self.payment(shop, id).await?;
        let known = root.payment(id).expect("the root was found by it");
        let object = (known.source.clone(), known.reference.clone());
        let source = self.source(shop, &object.0);
        if !source.is_some_and(|source| source.policy().can_ask) {
            return Err(AppError::CannotAsk);
        }
        let begun = self.now();
        let before = last_question(&self.questions_on(shop, root.id).await?, &object);
        self.ask(caller, Asking::new(Action::CheckPayment(id)))
            .await?;
        let last = last_question(&self.questions_on(shop, root.id).await?, &object);
        // A question that was open is joined, unless it was put off and a new one has taken its place.
        let n = last.min(before.saturating_add(1));
        let limit = self.config().asking.timeout;
        let watching = self.watch_question(shop, root.id, &object, (n, begun));
        let said = match tokio::time::timeout(limit, watching).await {
            Ok(said) => said?,
            Err(_) => {
                let detail = "the provider has not answered in time; the question stays open";
                return Err(AppError::ProviderUnavailable(detail.to_owned()));
            }
        };
        Ok(Checked {
            root: self.payment(shop, id).await?,
            payment: id,
            said,
        })
    }

    /// Waits for the end of a question.
    async fn watch_question(
        &self,
        shop: ShopId,
        root: RootId,
        object: &(String, String),
        (n, begun): (u32, Timestamp),
    ) -> Result<Said, AppError> {
        let mut effects = self.inner.store.effects_wake();
        let mut feed = self.inner.store.feed_wake();
        loop {
            // Before reading: what is committed from here on wakes again.
            effects.borrow_and_update();
            feed.borrow_and_update();
            let lines = self.questions_on(shop, root).await?;
            match see(&lines, object, n, begun) {
                Seen::Over(said) => return Ok(said),
                Seen::Failed(why) => return Err(AppError::ProviderUnavailable(why)),
                Seen::Waits => {}
            }
            tokio::select! {
                Ok(()) = effects.changed() => {}
                Ok(()) = feed.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn questions_on(&self, shop: ShopId, root: RootId) -> Result<Vec<EffectLine>, AppError> {
        Ok(self.inner.store.effects_of(shop, root).await?)
    }
}

/// The questions about a payment.
fn questions<'a>(
    lines: &'a [EffectLine],
    object: &'a (String, String),
) -> impl Iterator<Item = (u32, &'a StoredEffect)> {
    lines.iter().filter_map(|line| match &line.effect.content {
        EffectContent::Ask {
            source,
            object: about,
            n,
            ..
        } if (source, about) == (&object.0, &object.1) => Some((*n, &line.effect)),
        _ => None,
    })
}

/// The number of the last question; 0 if there was none yet.
fn last_question(lines: &[EffectLine], object: &(String, String)) -> u32 {
    let numbers = questions(lines, object).map(|(n, _)| n);
    numbers.max().unwrap_or(0)
}

/// How question `n` stands for a caller that asked at `begun`.
fn see(lines: &[EffectLine], object: &(String, String), n: u32, begun: Timestamp) -> Seen {
    let Some((_, effect)) = questions(lines, object).find(|(number, _)| *number == n) else {
        return Seen::Waits;
    };
    let attempt = effect.attempts.last();
    let status = attempt.and_then(|attempt| attempt.status);
    match effect.state {
        EffectState::Done => {
            let again = questions(lines, object)
                .any(|(number, other)| n < number && !other.state.is_settled());
            Seen::Over(Said {
                state: if again { "pending" } else { "done" },
                status,
                error: None,
            })
        }
        EffectState::Dead | EffectState::Unknown => Seen::Over(Said {
            state: "dead",
            status,
            error: effect.reason.clone(),
        }),
        // It was put and waits to be put again.
        EffectState::Pending => match attempt.filter(|attempt| begun <= attempt.at) {
            Some(attempt) => {
                let error = attempt.error.as_deref();
                Seen::Failed(error.unwrap_or("the provider has not answered").to_owned())
            }
            None => Seen::Waits,
        },
        EffectState::Leased | EffectState::Started => Seen::Waits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::effect::{AskReason, Attempt};
    use tollgate_core::id::EffectId;

    const BEGUN: Timestamp = Timestamp::from_millis(1_000);

    fn question(n: u32, state: EffectState, tried: &[(i64, Option<&str>)]) -> EffectLine {
        let attempts = tried.iter().map(|(at, error)| Attempt {
            at: Timestamp::from_millis(*at),
            took_ms: 1,
            status: Some(200),
            error: error.map(str::to_owned),
            head: None,
        });
        EffectLine {
            id: EffectId::from_u128(u128::from(n)),
            kind: "ask".to_owned(),
            target: "ask:midtrans".to_owned(),
            position: 0,
            effect: StoredEffect {
                key: format!("ask:midtrans:R-1:{n}"),
                root: None,
                content: EffectContent::Ask {
                    source: "midtrans".to_owned(),
                    object: "R-1".to_owned(),
                    n,
                    names: Vec::new(),
                    event: None,
                    version: 0,
                    why: AskReason::Check,
                    known: true,
                },
                state,
                lease: None,
                tries: 1,
                due_at: None,
                order_key: None,
                keeps_waiting: false,
                reason: Some("no credentials".to_owned()),
                attempts: attempts.collect(),
                settled_at: None,
            },
            created_at: BEGUN,
            content: serde_json::Value::Null,
        }
    }

    fn seen(lines: &[EffectLine], n: u32) -> Seen {
        see(lines, &("midtrans".to_owned(), "R-1".to_owned()), n, BEGUN)
    }

    fn over(state: &'static str, error: Option<&str>) -> Seen {
        Seen::Over(Said {
            state,
            status: Some(200),
            error: error.map(str::to_owned),
        })
    }

    #[test]
    fn a_question_is_watched_to_its_own_end() {
        use EffectState::{Dead, Done, Leased, Pending};
        let good = &[(1_000, None)];
        let failed = &[(1_001, Some("HTTP status 503"))];
        for (lines, n, expected) in [
            (vec![], 1, Seen::Waits),
            (vec![question(1, Pending, &[])], 1, Seen::Waits),
            (vec![question(1, Leased, &[])], 1, Seen::Waits),
            (vec![question(1, Done, good)], 1, over("done", None)),
            // An older one says nothing about it, and a later one is not its own.
            (vec![question(1, Done, good)], 2, Seen::Waits),
            (
                vec![question(1, Done, good), question(2, Pending, &[])],
                1,
                over("pending", None),
            ),
            (
                vec![question(1, Done, good), question(2, Done, good)],
                1,
                over("done", None),
            ),
            (
                vec![question(1, Dead, good)],
                1,
                over("dead", Some("no credentials")),
            ),
            (
                vec![question(1, Pending, failed)],
                1,
                Seen::Failed("HTTP status 503".to_owned()),
            ),
            // That it had failed before says nothing new.
            (
                vec![question(1, Pending, &[(999, Some("HTTP status 503"))])],
                1,
                Seen::Waits,
            ),
        ] {
            assert_eq!(seen(&lines, n), expected, "{lines:#?}");
        }
        let other = ("midtrans".to_owned(), "R-2".to_owned());
        assert_eq!(
            see(&[question(1, Done, good)], &other, 1, BEGUN),
            Seen::Waits
        );
    }
}
