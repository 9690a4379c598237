//! Instances on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::encode;
use tollgate_store::InstanceRow;

use crate::app::InstanceSeen;
use crate::http::fields::TimeText;

/// The processes that share the database.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"data": [{"id": "01kfjv7m00e008000000000001", "name": "shop-1:8080", "current": true,
    "role": "all", "version": "0.1.0", "started_at": "2026-01-22T10:00:00.000Z", "uptime_seconds": 300,
    "seen_at": "2026-01-22T10:05:00.000Z", "state": "ready", "reason": null}]}]))]
pub(crate) struct InstancesView<'a> {
    /// Those that were heard within a day, the oldest first.
    data: Vec<InstanceView<'a>>,
}

/// One of them.
#[derive(Serialize, JsonSchema)]
struct InstanceView<'a> {
    /// Drawn when the process began: a restart is another one.
    id: String,
    /// The name of its machine, and its port.
    name: &'a str,
    /// Whether it is the one that has answered this request.
    current: bool,
    /// `all`: it takes requests and does effects. `api`: it takes requests. `worker`: it does effects.
    role: &'a str,
    /// The version of its program.
    version: &'a str,
    /// Since when it runs.
    started_at: TimeText,
    /// For how many seconds it has run when it was heard last.
    uptime_seconds: i64,
    /// When it said last that it is there.
    seen_at: TimeText,
    /// `ready`: it takes requests. `not_ready`: it does not, as it says itself. `silent`: it has said nothing for more
    /// than half a minute.
    state: &'static str,
    /// Why it takes no requests, as it said last.
    reason: Option<&'a str>,
}

impl<'a> InstancesView<'a> {
    /// Instances as they are known.
    pub(crate) fn of(seen: &'a [InstanceSeen]) -> InstancesView<'a> {
        let view = |seen: &'a InstanceSeen| InstanceView {
            id: encode(seen.row.id),
            name: &seen.row.name,
            current: seen.is_this,
            role: &seen.row.role,
            version: &seen.row.version,
            started_at: TimeText(seen.row.started_at),
            uptime_seconds: uptime_seconds(&seen.row),
            seen_at: TimeText(seen.row.seen_at),
            state: match (seen.is_heard, &seen.row.not_ready) {
                (false, _) => "silent",
                (true, Some(_)) => "not_ready",
                (true, None) => "ready",
            },
            reason: seen.row.not_ready.as_deref(),
        };
        InstancesView {
            data: seen.iter().map(view).collect(),
        }
    }
}

fn uptime_seconds(row: &InstanceRow) -> i64 {
    (row.seen_at.as_millis() - row.started_at.as_millis()).max(0) / 1000
}
