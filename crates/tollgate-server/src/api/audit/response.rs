//! Records of who changed what, on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::{KeyId, UserId};
use tollgate_store::AuditEntry;

use crate::api::orders::shown_detail;
use crate::http::fields::{Shown, TimeText};

/// One change.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"at": "2026-01-22T10:00:00.000Z", "position": 123, "operation": "rotate_key",
    "entries": [], "target": "key_01kfjv7m00e008000000000001",
    "actor": {"name": "Dewi", "user_id": "usr_01kfjv7m00e008000000000001"},
    "request_id": "req_01kfjv7m00e008000000000001", "detail": {"former_ends_at": "2026-01-23T10:00:00.000Z"}}]))]
pub(crate) struct AuditView<'a> {
    /// When it was.
    at: TimeText,
    /// The feed's position then.
    position: i64,
    /// What was wanted, as `create_order`.
    operation: &'a str,
    /// What happened by it in the timeline.
    entries: &'a [String],
    /// On what: an id, or a name.
    target: Option<&'a str>,
    /// Who did it.
    actor: ActorView<'a>,
    /// The id of the request that wanted it; null where it came by no request.
    request_id: Option<&'a str>,
    /// What changed; never a secret.
    detail: serde_json::Value,
}

/// Who did it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ActorView<'a> {
    /// What it was called then.
    name: &'a str,
    /// The key, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<Shown<KeyId>>,
    /// The user, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Shown<UserId>>,
}

impl<'a> AuditView<'a> {
    /// One change as it was kept.
    pub(crate) fn of(entry: &'a AuditEntry) -> AuditView<'a> {
        AuditView {
            at: TimeText(entry.at),
            position: entry.place.position,
            operation: &entry.operation,
            entries: &entry.entries,
            target: entry.target.as_deref(),
            actor: ActorView {
                name: &entry.by.name,
                key_id: entry.by.key.map(Shown),
                user_id: entry.by.user.map(Shown),
            },
            request_id: entry.by.request.as_deref(),
            detail: shown_detail(&entry.detail),
        }
    }
}
