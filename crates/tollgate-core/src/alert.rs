//! Alerts: what an operator is to look at. One is open from when it is first seen until it was not seen for a while.

use crate::time::Timestamp;
use crate::word::{Word, closed_sets};

closed_sets! {
    /// What is looked for (docs/alerts.md).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum AlertRule {
        /// An event waits for its payment for too long.
        EventsParked = "events_parked",
        /// An event waits to be applied for too long.
        EventsQueued = "events_queued",
        /// Effects were given up.
        EffectsDead = "effects_dead",
        /// Nobody knows whether effects happened.
        EffectsUnknown = "effects_unknown",
        /// A source's deliveries are refused because of their signatures.
        SignaturesRejected = "signatures_rejected",
        /// A source says nothing.
        SourceSilent = "source_silent",
        /// A calendar's slots are nearly full.
        SlotsNearlyFull = "slots_nearly_full",
        /// Receipts wait for letters that no font has.
        GlyphsMissing = "glyphs_missing",
        /// Many requests are refused because of what there is already.
        ManyConflicts = "many_conflicts",
        /// An invariant's CHECK, or a fault of ours, has refused a commit.
        CheckFired = "check_fired",
        /// A table that grows has no partition for a month to come.
        MonthMissing = "month_missing",
        /// A disk has little room.
        DiskLow = "disk_low",
        /// A clock has stepped, or differs from the database's.
        ClockOff = "clock_off",
        /// A standby that commits wait for, or that there was, is gone.
        StandbyLost = "standby_lost",
        /// The certificate of the listeners ends soon.
        CertificateEnds = "certificate_ends",
    }

    /// How soon somebody should look.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum AlertLevel {
        /// In working hours.
        Warn = "warn",
        /// Now.
        Page = "page",
    }
}

impl AlertRule {
    /// How soon somebody should look.
    pub fn level(self) -> AlertLevel {
        match self {
            AlertRule::EventsParked
            | AlertRule::EffectsDead
            | AlertRule::EffectsUnknown
            | AlertRule::SlotsNearlyFull
            | AlertRule::GlyphsMissing
            | AlertRule::ManyConflicts
            | AlertRule::CertificateEnds => AlertLevel::Warn,
            AlertRule::EventsQueued
            | AlertRule::SignaturesRejected
            | AlertRule::SourceSilent
            | AlertRule::CheckFired
            | AlertRule::MonthMissing
            | AlertRule::DiskLow
            | AlertRule::ClockOff
            | AlertRule::StandbyLost => AlertLevel::Page,
        }
    }

    /// It is about the server and no shop. Such alerts are kept with shop main, for those who may mend it.
    pub fn is_of_server(self) -> bool {
        match self {
            AlertRule::CheckFired
            | AlertRule::MonthMissing
            | AlertRule::DiskLow
            | AlertRule::ClockOff
            | AlertRule::StandbyLost
            | AlertRule::CertificateEnds => true,
            AlertRule::EventsParked
            | AlertRule::EventsQueued
            | AlertRule::EffectsDead
            | AlertRule::EffectsUnknown
            | AlertRule::SignaturesRejected
            | AlertRule::SourceSilent
            | AlertRule::SlotsNearlyFull
            | AlertRule::GlyphsMissing
            | AlertRule::ManyConflicts => false,
        }
    }
}

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What was looked for.
    pub rule: AlertRule,
    /// About what: a source, a calendar, a disk; empty where there is only one.
    pub subject: String,
    /// Since when it is so.
    pub since: Timestamp,
    /// When it was seen last.
    pub last_seen_at: Timestamp,
    /// When it ended; `None` while it is open.
    pub ended_at: Option<Timestamp>,
    /// How many it is about.
    pub count: i64,
    /// How often it was opened.
    pub times: i64,
    /// What is so, with figures.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Alert {
    /// What distinguishes it in its shop.
    pub fn key(&self) -> String {
        alert_key(self.rule, &self.subject)
    }

    /// It is so.
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }
}

/// What distinguishes an alert in its shop.
pub fn alert_key(rule: AlertRule, subject: &str) -> String {
    match subject {
        "" => rule.word().to_owned(),
        subject => format!("{}:{subject}", rule.word()),
    }
}

/// What somebody is written about an alert, frozen when it was opened or has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertMail {
    /// Whom it is written to.
    pub to: String,
    /// What was looked for.
    pub rule: AlertRule,
    /// About what.
    pub subject: String,
    /// It has ended.
    pub is_over: bool,
    /// Since when it is, or was, so.
    pub since: Timestamp,
    /// When it was decided.
    pub at: Timestamp,
    /// What is so, or was at last.
    pub what: String,
    /// What to do.
    pub remedy: String,
}
