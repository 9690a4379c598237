//! Alerts: in every round is looked whether something is so that an operator should know (docs/alerts.md).
//!
//! What is one instance's (its clock, its disks, its certificate) it looks at itself; all else is looked at by the one
//! that has claimed the round. What was found goes through the Gate like any other command, so that an alert, its entry
//! in the feed, its notices and its mails are one commit, and one that is open is told once.

mod look;
mod rules;
mod turn;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::watch;
use tollgate_core::alert::{Alert, AlertRule};
use tollgate_core::command::{Action, WatchAlert};
use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{Class, ReadError, Submission, SubmitError};

use super::{App, AppError, Caller, Role};
use crate::config::Alerts;
use crate::keys::Scope;
pub(super) use rules::DEAD_WINDOW;
use rules::Seen;
use turn::{Claimed, Turn};

/// Alerts of one rule that are open at one time.
const OF_RULE_MAX: usize = 50;

/// An alert of an instance that was not seen for so many rounds is of one that is gone.
const GONE_ROUNDS: i64 = 10;

/// What is looked at by itself: one that cannot be read silences no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Instance,
    Claim,
    Shop(ShopId),
    Server,
}

/// What an instance remembers from round to round.
#[derive(Debug, Default)]
struct Rounds {
    claimed: Claimed,
    /// What could not be looked at in the last round.
    failing: BTreeSet<Part>,
}

/// Why a part of a round came to nothing.
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
        let mut rounds = Rounds::default();
        loop {
            let stopped = stop.wait_for(|stop| *stop);
            if tokio::time::timeout(pause, stopped).await.is_ok() {
                return;
            }
            self.look_for_alerts(every, &mut rounds).await;
        }
    }

    /// One round.
    async fn look_for_alerts(&self, every: Span, rounds: &mut Rounds) {
        let main = self.shops()[0];
        let own = self.look_for_own_alerts(every).await;
        self.has_looked(rounds, Part::Instance, own);

        // Whether a source is silent is known where payments are reconciled.
        if self.role() != Role::All {
            return;
        }
        let claimed = self.claim_round(every, &mut rounds.claimed).await;
        let has_round = matches!(claimed, Ok(true));
        self.has_looked(rounds, Part::Claim, claimed.map(|_| ()));
        if !has_round {
            return;
        }
        let mut is_well = true;
        for shop in self.shops().to_vec() {
            let looked = self.look_for_alerts_of_shop(shop).await;
            is_well &= self.has_looked(rounds, Part::Shop(shop), looked);
        }
        let looked = self.look_for_alerts_of_server(main, every).await;
        is_well &= self.has_looked(rounds, Part::Server, looked);
        rounds.claimed.has_failed = !is_well;
    }

    /// Whether a part could be looked at. It is said once that it cannot, and once that it can again.
    fn has_looked(&self, rounds: &mut Rounds, part: Part, looked: Result<(), RoundError>) -> bool {
        let of = match part {
            Part::Instance => "this instance",
            Part::Claim => "all instances",
            Part::Shop(shop) => self.inner.instance.shop_name(shop),
            Part::Server => "the server",
        };
        match looked {
            Ok(()) => {
                if rounds.failing.remove(&part) {
                    tracing::info!(of, "alerts are looked for again");
                }
                true
            }
            Err(error) => {
                if rounds.failing.insert(part) {
                    tracing::warn!(%error, of, "failed to look for alerts; every round tries again");
                }
                false
            }
        }
    }

    /// Whether this instance has the round that is one instance's. Nobody else has a file.
    async fn claim_round(&self, every: Span, claimed: &mut Claimed) -> Result<bool, RoundError> {
        if self.has_store_alone() {
            return Ok(true);
        }
        match claimed.turn(self.now(), every) {
            Turn::Claim(until) => {
                let (main, name) = (self.shops()[0], self.instance().name());
                let store = &self.inner.store;
                let has_it = store.claim_alert_round(main, name, until).await?;
                *claimed = Claimed {
                    until: has_it.then_some(until),
                    has_failed: false,
                };
                Ok(has_it)
            }
            Turn::Look => Ok(true),
            Turn::Leave => Ok(false),
        }
    }

    /// What is this instance's own.
    async fn look_for_own_alerts(&self, every: Span) -> Result<(), RoundError> {
        let main = self.shops()[0];
        let alerts = &self.config().alerts;
        let watched = self.look_at_instance(every).await;
        let seen = rules::of_instance(alerts, self.now(), &watched);
        let known = self.inner.store.alerts(main).await?;
        let known = known.into_iter().filter(|alert| self.is_own(alert));
        let commands = commands(alerts, seen, known.collect());
        self.submit_alerts(main, commands).await;
        Ok(())
    }

    async fn look_for_alerts_of_shop(&self, shop: ShopId) -> Result<(), RoundError> {
        let store = &self.inner.store;
        let alerts = &self.config().alerts;
        let known = store.alerts(shop).await?;
        let kept_since = back(self.now(), alerts.kept);
        let is_old = |alert: &Alert| alert.ended_at.is_some_and(|at| at < kept_since);
        if known.iter().any(is_old) {
            store.forget_alerts(shop, kept_since).await?;
        }
        let seen = rules::of_shop(alerts, self.now(), &self.look_at_shop(shop).await?);
        let known = known.into_iter().filter(|alert| !alert.rule.is_of_server());
        let commands = commands(alerts, seen, known.collect());
        self.submit_alerts(shop, commands).await;
        Ok(())
    }

    /// What is the server's, and the end of what an instance has seen that is gone. It stands with main.
    async fn look_for_alerts_of_server(&self, main: ShopId, every: Span) -> Result<(), RoundError> {
        let alerts = &self.config().alerts;
        let known = self.inner.store.alerts(main).await?;
        let seen = rules::of_server(alerts, &self.look_at_server().await?);
        let gone = back(self.now(), Span::millis(every.as_millis() * GONE_ROUNDS));
        let is_looked_at = |alert: &Alert| match is_of_instance(alert.rule) {
            true => !self.is_own(alert) && alert.last_seen_at < gone,
            false => alert.rule.is_of_server(),
        };
        let known = known.into_iter().filter(is_looked_at);
        let commands = commands(alerts, seen, known.collect());
        self.submit_alerts(main, commands).await;
        Ok(())
    }

    /// It is about this instance.
    fn is_own(&self, alert: &Alert) -> bool {
        let of = alert.subject.split(' ').next();
        is_of_instance(alert.rule) && of == Some(self.instance().name())
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

/// What is said of what was seen, and of what was seen before and is not any more.
fn commands(alerts: &Alerts, seen: Seen, mut known: Vec<Alert>) -> Vec<WatchAlert> {
    known.retain(Alert::is_open);
    let command = |rule, subject, seen| WatchAlert {
        rule,
        subject,
        seen,
        quiet: alerts.quiet,
        mail_to: alerts.mail_to.clone(),
    };
    let is_seen = |alert: &&Alert| seen.contains_key(&(alert.rule, alert.subject.clone()));
    let over = known.iter().filter(|alert| !is_seen(alert));
    let over = over.map(|alert| command(alert.rule, alert.subject.clone(), None));
    let over: Vec<WatchAlert> = over.collect();
    let found = bounded(seen, &known).into_iter();
    let found = found.map(|((rule, subject), seen)| command(rule, subject, Some(seen)));
    found.chain(over).collect()
}

/// What is open stays, and of each rule so many subjects are opened that no more are open than may be.
fn bounded(mut seen: Seen, open: &[Alert]) -> Seen {
    let open: BTreeSet<(AlertRule, &str)> = open
        .iter()
        .map(|alert| (alert.rule, alert.subject.as_str()))
        .collect();
    let mut counts: BTreeMap<AlertRule, usize> = BTreeMap::new();
    for (rule, _) in &open {
        *counts.entry(*rule).or_default() += 1;
    }
    seen.retain(|(rule, subject), _| {
        if open.contains(&(*rule, subject.as_str())) {
            return true;
        }
        let count = counts.entry(*rule).or_default();
        *count += 1;
        *count <= OF_RULE_MAX
    });
    seen
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

#[cfg(test)]
mod tests;
