//! Alerts: in every round is looked whether something is so that an operator should know (docs/alerts.md).
//!
//! What is one instance's (its clock, its disks, its certificate) it looks at itself; all else is looked at by the one
//! that has claimed the round. What was found goes through the Gate like any other command, so that an alert, its entry
//! in the feed, its notices and its mails are one commit, and one that is open is told once.

mod look;
mod rules;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use tollgate_core::alert::{Alert, AlertRule, alert_key};
use tollgate_core::command::{Action, WatchAlert};
use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{Class, ReadError, Submission, SubmitError};

use super::{App, AppError, Caller, Role};
use crate::keys::Scope;
pub(super) use rules::DEAD_WINDOW;
use rules::Seen;

/// A round is claimed for so many of the times between two: an instance that is gone is replaced after that.
const CLAIMED_ROUNDS: i64 = 3;

/// An alert of an instance that was not seen for so many rounds is of one that is gone.
const GONE_ROUNDS: i64 = 10;

/// Why a round came to nothing.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

impl App {
    /// A shop's alerts, newest first: those that are open, and those that ended lately. Those of the server only its
    /// operator sees.
    pub(crate) async fn alerts(&self, caller: &Caller) -> Result<Vec<Alert>, AppError> {
        let mut alerts = self.inner.store.alerts(caller.shop()).await?;
        if !self.is_operator(caller) {
            alerts.retain(|alert| !alert.rule.is_of_server());
        }
        Ok(alerts)
    }

    /// Whether a caller may see what is no shop's: an admin of shop main.
    pub(crate) fn is_operator(&self, caller: &Caller) -> bool {
        caller.shop() == self.shops()[0] && caller.may(Scope::Admin)
    }

    /// Looks, round after round, until it is stopped.
    pub(crate) async fn watch_alerts(self, mut stop: watch::Receiver<bool>) {
        let Some(every) = self.config().alerts.every else {
            return;
        };
        let pause = Duration::from_millis(u64::try_from(every.as_millis()).unwrap_or(0));
        loop {
            let stopped = stop.wait_for(|stop| *stop);
            if tokio::time::timeout(pause, stopped).await.is_ok() {
                return;
            }
            if let Err(error) = self.look_for_alerts(every).await {
                tracing::debug!(%error, "failed to look for alerts; the next round does");
            }
        }
    }

    /// One round.
    async fn look_for_alerts(&self, every: Span) -> Result<(), RoundError> {
        let main = self.shops()[0];
        let store = &self.inner.store;
        let alerts = &self.config().alerts;
        let of_instance = self.look_at_instance();
        let seen = rules::of_instance(alerts, self.now(), &of_instance);
        let open = store.alerts(main).await?;
        let (name, now) = (of_instance.name.as_str(), self.now());
        let is_mine = |alert: &Alert| {
            is_of_instance(alert.rule) && alert.subject.split(' ').next() == Some(name)
        };
        let commands = self.commands(seen, open.iter().filter(|alert| is_mine(alert)));
        self.submit_alerts(main, commands).await;

        // Whether a source is silent is known where payments are reconciled.
        if self.role() != Role::All {
            return Ok(());
        }
        let until = now.plus(Span::millis(every.as_millis() * CLAIMED_ROUNDS));
        if !self.has_store_alone() && !store.claim_alert_round(main, name, until).await? {
            return Ok(());
        }
        for shop in self.shops().to_vec() {
            let watched = self.look_at_shop(shop).await?;
            let mut seen = rules::of_shop(alerts, self.now(), &watched);
            if shop == main {
                seen.extend(rules::of_server(alerts, &self.look_at_server().await?));
            }
            let open = store.alerts(shop).await?;
            let gone = back(now, Span::millis(every.as_millis() * GONE_ROUNDS));
            let is_looked_at = |alert: &&Alert| match is_of_instance(alert.rule) {
                true => !is_mine(alert) && alert.last_seen_at < gone,
                false => true,
            };
            let commands = self.commands(seen, open.iter().filter(is_looked_at));
            self.submit_alerts(shop, commands).await;
            let kept_since = back(now, alerts.kept);
            if open
                .iter()
                .any(|alert| alert.ended_at.is_some_and(|at| at < kept_since))
            {
                store.forget_alerts(shop, kept_since).await?;
            }
        }
        Ok(())
    }

    /// What is said of what was seen, and of what was seen before and is not any more.
    fn commands<'a>(&self, seen: Seen, known: impl Iterator<Item = &'a Alert>) -> Vec<WatchAlert> {
        let alerts = &self.config().alerts;
        let keys: BTreeSet<String> = seen
            .keys()
            .map(|(rule, subject)| alert_key(*rule, subject))
            .collect();
        let command = |rule, subject, seen| WatchAlert {
            rule,
            subject,
            seen,
            quiet: alerts.quiet,
            mail_to: alerts.mail_to.clone(),
        };
        let over = known.filter(|alert| alert.is_open() && !keys.contains(&alert.key()));
        let over: Vec<WatchAlert> = over
            .map(|alert| command(alert.rule, alert.subject.clone(), None))
            .collect();
        let found = seen.into_iter();
        let found = found.map(|((rule, subject), seen)| command(rule, subject, Some(seen)));
        found.chain(over).collect()
    }

    /// Hands them to the Gate. A shop without mail writes none.
    async fn submit_alerts(&self, shop: ShopId, commands: Vec<WatchAlert>) {
        if commands.is_empty() {
            return;
        }
        let has_mail = self.inner.instance.shop_config(shop);
        let has_mail = has_mail.is_some_and(|shop| shop.mail.is_some());
        let submissions = commands.into_iter().map(|mut command| {
            if !has_mail {
                command.mail_to.clear();
            }
            Submission::new(shop, Action::WatchAlert(Box::new(command)), Class::Expiry)
        });
        for reply in self.inner.store.submit_all(submissions.collect()).await {
            if let Err(error) = reply {
                tracing::debug!(%error, "failed to keep an alert; the next round does");
            }
        }
    }
}

/// It is about one instance, which its subject begins with.
fn is_of_instance(rule: AlertRule) -> bool {
    match rule {
        AlertRule::ClockOff | AlertRule::DiskLow | AlertRule::CertificateEnds => true,
        AlertRule::EventsParked
        | AlertRule::EventsQueued
        | AlertRule::EffectsDead
        | AlertRule::EffectsUnknown
        | AlertRule::SignaturesRejected
        | AlertRule::SourceSilent
        | AlertRule::SlotsNearlyFull
        | AlertRule::GlyphsMissing
        | AlertRule::ManyConflicts
        | AlertRule::CheckFired
        | AlertRule::MonthMissing
        | AlertRule::StandbyLost => false,
    }
}

/// So long before.
fn back(now: Timestamp, span: Span) -> Timestamp {
    now.plus(Span::millis(-span.as_millis()))
}
