//! Alerts on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::alert::{Alert, AlertLevel, AlertRule};

use crate::http::body::OneOf;
use crate::http::fields::TimeText;

/// What an operator is to look at.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"open": [{"key": "source_silent:midtrans", "rule": "source_silent",
    "subject": "midtrans", "level": "page", "of": "shop", "since": "2026-01-22T10:00:00.000Z",
    "last_seen_at": "2026-01-22T10:05:00.000Z", "ended_at": null, "count": 1, "times": 1,
    "what": "Source midtrans says nothing while payments of it are open",
    "remedy": "Look whether the provider still has our URL, and whether it reports a disturbance; open payments are asked for meanwhile"}],
    "ended": []}]))]
pub(crate) struct AlertsView<'a> {
    /// Those that are open, the newest first.
    open: Vec<AlertView<'a>>,
    /// Those that ended in the last days, the newest first.
    ended: Vec<AlertView<'a>>,
}

/// An alert.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AlertView<'a> {
    /// What distinguishes it: the rule and the subject.
    key: String,
    /// What was looked for.
    rule: OneOf<AlertRule>,
    /// About what: a source, a calendar, an instance; empty where there is only one.
    subject: &'a str,
    /// `page`: somebody should look now; `warn`: in working hours.
    level: OneOf<AlertLevel>,
    /// Whose it is: `shop`, or `server` for what is no shop's.
    of: &'static str,
    /// Since when it is, or was, so.
    since: TimeText,
    /// When it was seen last.
    last_seen_at: TimeText,
    /// When it ended; null while it is open.
    ended_at: Option<TimeText>,
    /// How many it is about.
    count: i64,
    /// How often it was opened.
    times: i64,
    /// What is so, in one sentence with figures.
    what: &'a str,
    /// What to do, in one sentence.
    remedy: &'a str,
}

impl<'a> AlertsView<'a> {
    /// Those that are open, and the others.
    pub(crate) fn of(alerts: &'a [Alert]) -> AlertsView<'a> {
        let (open, ended): (Vec<_>, Vec<_>) = alerts.iter().partition(|alert| alert.is_open());
        AlertsView {
            open: open.into_iter().map(AlertView::of).collect(),
            ended: ended.into_iter().map(AlertView::of).collect(),
        }
    }
}

impl<'a> AlertView<'a> {
    fn of(alert: &'a Alert) -> AlertView<'a> {
        AlertView {
            key: alert.key(),
            rule: OneOf(alert.rule),
            subject: &alert.subject,
            level: OneOf(alert.rule.level()),
            of: match alert.rule.is_of_server() {
                true => "server",
                false => "shop",
            },
            since: TimeText(alert.since),
            last_seen_at: TimeText(alert.last_seen_at),
            ended_at: alert.ended_at.map(TimeText),
            count: alert.count,
            times: alert.times,
            what: &alert.what,
            remedy: &alert.remedy,
        }
    }
}
