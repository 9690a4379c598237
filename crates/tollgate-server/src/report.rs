//! What checks have found, as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_store::{Checked, Level, Report, Totals};

use crate::clock::Stepped;
use crate::config::Config;
use crate::money_text::decimal;
use crate::time_text::rfc3339;

/// A report as the API and `--json` show it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"status": "ok", "checks": [{"name": "clock", "about": "clocks agree", "status": "ok", "seen": [], "more": 0, "fix": ""}]}]))]
pub struct ReportView<'r> {
    /// How the worst check has ended: `ok`, `warn`, `fail`.
    status: &'static str,
    /// What was checked.
    checks: Vec<CheckView<'r>>,
    /// What the ledgers come to, by shop and currency; only `verify` has read them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    totals: Vec<TotalsView<'r>>,
}

/// What the ledgers of one shop and currency come to.
#[derive(Debug, Serialize, JsonSchema)]
struct TotalsView<'r> {
    /// The shop's name.
    shop: &'r str,
    /// The currency, ISO 4217.
    currency: &'r str,
    /// How many orders there are.
    orders: u64,
    /// How many payments there are.
    payments: u64,
    /// What has come, in minor units.
    captured: i64,
    /// What of it is fees on top, in minor units.
    fee: i64,
    /// What has gone back, in minor units.
    refunded: i64,
    /// What disputes keep away, the open ones and the lost ones, in minor units.
    charged_back: i64,
    /// What is on its way back, in minor units.
    reserved: i64,
    /// What is kept, in minor units.
    kept: i64,
    /// What the receipts that are issued come to, in minor units: sales less refunds less reversals.
    receipts: i64,
}

/// What one check has found.
#[derive(Debug, Serialize, JsonSchema)]
struct CheckView<'r> {
    /// Its name.
    name: &'r str,
    /// What holds if all is well.
    about: &'r str,
    /// How it ended: `ok`, `warn`, `fail`.
    status: &'static str,
    /// What was seen, a line each.
    seen: &'r [String],
    /// How many more lines there would be.
    more: u64,
    /// What mends it; empty where nothing is wrong.
    fix: &'r str,
}

impl<'r> ReportView<'r> {
    /// Shows a report.
    pub fn of(report: &'r Report) -> ReportView<'r> {
        ReportView {
            status: report.worst().word(),
            checks: report.checks.iter().map(CheckView::of).collect(),
            totals: report.totals.iter().map(TotalsView::of).collect(),
        }
    }
}

impl<'r> TotalsView<'r> {
    fn of(totals: &'r Totals) -> TotalsView<'r> {
        TotalsView {
            shop: &totals.shop,
            currency: &totals.currency,
            orders: totals.orders,
            payments: totals.payments,
            captured: totals.captured,
            fee: totals.fee,
            refunded: totals.refunded,
            charged_back: totals.charged_back,
            reserved: totals.reserved,
            kept: totals.kept,
            receipts: totals.receipts,
        }
    }
}

/// The sums in words, for people: a line for each shop and currency.
pub fn totals_lines(report: &Report) -> Vec<String> {
    let line = |totals: &Totals| {
        let money = |minor| decimal(minor, &totals.currency);
        format!(
            "{} {}: {} orders, {} payments; captured {} (fees {}), refunded {}, charged back {}, on its way back {}, \
             kept {}; receipts {}",
            totals.shop,
            totals.currency,
            totals.orders,
            totals.payments,
            money(totals.captured),
            money(totals.fee),
            money(totals.refunded),
            money(totals.charged_back),
            money(totals.reserved),
            money(totals.kept),
            money(totals.receipts),
        )
    };
    report.totals.iter().map(line).collect()
}

impl<'r> CheckView<'r> {
    fn of(checked: &'r Checked) -> CheckView<'r> {
        CheckView {
            name: checked.name,
            about: checked.about,
            status: checked.level.word(),
            seen: &checked.seen,
            more: checked.more,
            fix: &checked.fix,
        }
    }
}

/// Adds a step of the clock to the check of clocks.
pub(crate) fn add_step(checks: &mut [Checked], stepped: Option<Stepped>) {
    let clock = checks.iter_mut().find(|check| check.name == "clock");
    let (Some(clock), Some(stepped)) = (clock, stepped) else {
        return;
    };
    let (ms, at) = (stepped.by.as_millis(), rfc3339(stepped.at));
    let then = match stepped.followed {
        true => "it lasted, and time goes by it",
        false => "time did not follow it",
    };
    clock.level = clock.level.max(Level::Warn);
    clock
        .seen
        .push(format!("it stepped by {ms} ms at {at}; {then}"));
    if clock.fix.is_empty() {
        clock.fix =
            "find out what sets the clock (`journalctl -u chrony -u systemd-timesyncd`), and \
                     let one service keep it"
                .to_owned();
    }
}

/// What an operator should know about the configuration.
pub fn configuration_check(config: &Config) -> Checked {
    let warnings = config.warnings();
    let is_ok = warnings.is_empty();
    Checked {
        name: "configuration",
        about: "what sources say can be trusted, and customers can reach what is on their receipts",
        level: if is_ok { Level::Ok } else { Level::Warn },
        seen: warnings.into_iter().chain(config.trials()).collect(),
        more: 0,
        fix: match is_ok {
            true => String::new(),
            false => "see docs/configuration.md, and docs/providers/ for the keys of each source"
                .to_owned(),
        },
    }
}

#[cfg(test)]
mod step_tests {
    use super::*;
    use tollgate_core::time::{Span, Timestamp};

    #[test]
    fn doctor_shows_a_step_with_how_far_and_when() {
        let check = |name| Checked {
            name,
            about: "",
            level: Level::Ok,
            seen: Vec::new(),
            more: 0,
            fix: String::new(),
        };
        let mut checks = [check("disk"), check("clock")];
        add_step(&mut checks, None);
        assert_eq!(checks[1].level, Level::Ok);
        let stepped = Stepped {
            by: Span::hours(-1),
            at: Timestamp::from_millis(1_769_076_000_000),
            followed: true,
        };
        add_step(&mut checks, Some(stepped));
        assert_eq!((checks[0].level, checks[1].level), (Level::Ok, Level::Warn));
        let seen =
            "it stepped by -3600000 ms at 2026-01-22T10:00:00.000Z; it lasted, and time goes by it";
        assert_eq!(checks[1].seen, [seen]);
        assert!(!checks[1].fix.is_empty());
    }
}
