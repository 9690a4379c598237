//! The section `alerts`: when an operator is told of what, and whither.

use tollgate_core::time::Span;
use toml::Value;

use super::error::ConfigError;
use super::typed::{Typed, shape};
use super::work::some;
use tollgate_outbound::mail::is_address;

/// Who may be written at the most.
const MAIL_TO_MAX: usize = 10;

/// When an operator is told of what, and whither. What is `None` is not looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// Between two rounds; `None`: there are no alerts.
    pub every: Option<Span>,
    /// Who is written.
    pub mail_to: Vec<String>,
    /// One ends when it was not seen for so long.
    pub quiet: Span,
    /// How long those that have ended are kept.
    pub kept: Span,
    /// How long an event may wait for its payment.
    pub parked: Option<Span>,
    /// How long an event may wait to be applied.
    pub queued: Option<Span>,
    /// Effects that were given up.
    pub dead_effects: Option<i64>,
    /// Effects whose end nobody knows.
    pub unknown_effects: Option<i64>,
    /// Deliveries of a source that were refused for their signatures.
    pub rejected_signatures: Option<i64>,
    /// Requests that were answered 409.
    pub conflicts: Option<i64>,
    /// How long a source may say nothing at a time of the day at which it usually speaks.
    pub silent: Option<Span>,
    /// How much of a calendar may be taken, in percent.
    pub slots_percent: Option<i64>,
    /// Receipts that wait for a font.
    pub missing_glyphs: Option<i64>,
    /// Commits that a CHECK or a fault of ours has refused.
    pub checks_fired: Option<i64>,
    /// How far ahead there is to be a partition for everything.
    pub month: Option<Span>,
    /// Bytes that are to be free.
    pub disk_free_bytes: Option<u64>,
    /// How far a clock may be off.
    pub clock_offset: Option<Span>,
    /// Standbys that there should be besides one that commits wait for.
    pub standbys_min: u64,
    /// How long before its end a certificate is told of.
    pub certificate: Option<Span>,
}

impl Typed<'_> {
    pub(super) fn alerts(&self) -> Result<Alerts, ConfigError> {
        let number = |key: &str, most| self.integer(key, 0, most).map(some);
        let span =
            |key: &str, most, of: fn(i64) -> Span| number(key, most).map(|number| number.map(of));
        const COUNT_MAX: i64 = 1_000_000;
        const MANY_MAX: i64 = 1_000_000_000;
        let days: fn(i64) -> Span = |days| Span::hours(24 * days);
        Ok(Alerts {
            every: span("alerts.every_seconds", 3600, Span::seconds)?,
            mail_to: self.mail_to()?,
            quiet: Span::minutes(self.integer("alerts.quiet_minutes", 0, 1440)?),
            kept: days(self.integer("alerts.kept_days", 1, 365)?),
            parked: span("alerts.parked_minutes", 43_200, Span::minutes)?,
            queued: span("alerts.queued_minutes", 43_200, Span::minutes)?,
            dead_effects: number("alerts.dead_effects", COUNT_MAX)?,
            unknown_effects: number("alerts.unknown_effects", COUNT_MAX)?,
            rejected_signatures: number("alerts.rejected_signatures", MANY_MAX)?,
            conflicts: number("alerts.conflicts", MANY_MAX)?,
            silent: span("alerts.silent_minutes", 1440, Span::minutes)?,
            slots_percent: number("alerts.slots_percent", 100)?,
            missing_glyphs: number("alerts.missing_glyphs", COUNT_MAX)?,
            checks_fired: number("alerts.checks_fired", COUNT_MAX)?,
            month: span("alerts.month_days", 30, days)?,
            disk_free_bytes: number("alerts.disk_free_mib", MANY_MAX)?
                .map(|mib| (mib as u64) << 20),
            clock_offset: span("alerts.clock_offset_ms", 86_400_000, Span::millis)?,
            standbys_min: self.integer("alerts.standbys_min", 0, 100)? as u64,
            certificate: span("alerts.certificate_days", 365, days)?,
        })
    }

    fn mail_to(&self) -> Result<Vec<String>, ConfigError> {
        let key = "alerts.mail_to";
        let wanted = format!("a list of up to {MAIL_TO_MAX} addresses as \"ops@shop.example\"");
        let list = self.list(key, &wanted)?;
        if MAIL_TO_MAX < list.len() {
            return Err(self.wrong(key, format!("a list of {}", list.len()), wanted));
        }
        let read = |value: &Value| match value {
            Value::String(address) if is_address(address) => Ok(address.trim().to_owned()),
            Value::String(text) => Err(self.wrong(key, format!("{text:?}"), wanted.as_str())),
            other => Err(self.wrong(
                key,
                format!("{} in the list", shape(other)),
                wanted.as_str(),
            )),
        };
        list.iter().map(read).collect()
    }
}
