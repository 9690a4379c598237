//! A root's timeline on the wire: what happened, in words too, and what it waits for.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::closed_sets;
use tollgate_core::id::{EffectId, EventId, KeyId, UserId};
use tollgate_core::time::Timestamp;
use tollgate_store::TimelineEntry;

use super::story::{Story, Who};
use super::waits::WaitView;
use crate::http::body::OneOf;
use crate::http::fields::{Shown, TimeText};
use crate::time_text::rfc3339;

/// A whole timeline.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"data": [{"position": 123, "at": "2026-01-22T10:01:00.000Z", "kind": "payment.paid",
    "summary": "IDR 150,000 captured by midtrans for payment C-1", "by": {"who": "provider", "name": "midtrans"},
    "event_id": "evt_01kfjv7m00e008000000000001", "detail": {"captured": 15000000}}],
    "waits_for": [], "next_cursor": null}]))]
pub(crate) struct TimelineView<'a> {
    /// What happened, the oldest first.
    data: Vec<EntryView<'a>>,
    /// What the order waits for, as it stands now.
    waits_for: Vec<WaitView>,
    /// There are no pages.
    next_cursor: Option<String>,
}

impl<'a> TimelineView<'a> {
    pub(crate) fn of(story: &'a tollgate_store::Story) -> TimelineView<'a> {
        let mut told = Story::of(&story.root);
        let entries = story.entries.iter();
        TimelineView {
            data: entries
                .map(|entry| EntryView::of(entry, &mut told))
                .collect(),
            waits_for: WaitView::all(&story.root, &story.effects),
            next_cursor: None,
        }
    }
}

/// An entry of a root's timeline.
#[derive(Serialize, JsonSchema)]
struct EntryView<'a> {
    /// Its place in the shop's feed, which is the order of commits.
    position: i64,
    /// When it was decided.
    at: TimeText,
    /// What happened, in a word.
    kind: &'a str,
    /// What happened, for people, in English.
    summary: String,
    /// Who did it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<ByView>,
    /// The event that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<Shown<EventId>>,
    /// The effect that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect_id: Option<Shown<EffectId>>,
    /// What else is to be said of it; a program reads this and `kind`.
    detail: serde_json::Value,
}

impl<'a> EntryView<'a> {
    fn of(line: &'a TimelineEntry, story: &mut Story) -> EntryView<'a> {
        let (detail, effect) = shown(line);
        let (who, summary) = story.tell(line, &detail);
        EntryView {
            position: line.position,
            at: TimeText(line.at),
            kind: &line.kind,
            summary,
            by: ByView::of(who),
            event_id: line.event.map(Shown),
            effect_id: effect.map(Shown),
            detail,
        }
    }
}

closed_sets! {
    /// Who did what an entry tells.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum WhoWord {
        /// The holder of a key.
        Key = "key",
        /// A user who has signed in.
        User = "user",
        /// A provider.
        Provider = "provider",
        /// Tollgate itself.
        Tollgate = "tollgate",
    }
}

/// Who did what an entry tells: the name of the key, the user or the source.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ByView {
    /// What kind of somebody.
    who: OneOf<WhoWord>,
    /// The name of the key, the user or the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The key's id; the configuration's key has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<Shown<KeyId>>,
    /// The user's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Shown<UserId>>,
}

impl ByView {
    /// The holder of a key, where an entry names one.
    pub(crate) fn of_key(entry: &TimelineEntry) -> Option<ByView> {
        entry.by.clone().map(Who::Key).and_then(ByView::of)
    }

    fn of(who: Who) -> Option<ByView> {
        let (who, name, key, user) = match who {
            Who::Key(actor) => {
                let who = match actor.user {
                    Some(_) => WhoWord::User,
                    None => WhoWord::Key,
                };
                (who, Some(actor.name.to_string()), actor.key, actor.user)
            }
            Who::Provider(source) => (WhoWord::Provider, source, None, None),
            Who::Tollgate => (WhoWord::Tollgate, None, None, None),
            Who::Unsaid => return None,
        };
        Some(ByView {
            who: OneOf(who),
            name,
            key_id: key.map(Shown),
            user_id: user.map(Shown),
        })
    }
}

/// What an entry says, times as texts, and which effect it is about.
pub(crate) fn into_detail(line: &TimelineEntry) -> serde_json::Value {
    let (mut detail, effect) = shown(line);
    if let (Some(effect), Some(members)) = (effect, detail.as_object_mut()) {
        members.insert("effect_id".to_owned(), effect.to_string().into());
    }
    detail
}

fn shown(line: &TimelineEntry) -> (serde_json::Value, Option<EffectId>) {
    let mut detail = shown_detail(&line.detail);
    let effect = detail["effect"].as_str().and_then(|id| id.parse().ok());
    if effect.is_some()
        && let Some(members) = detail.as_object_mut()
    {
        members.remove("effect");
    }
    (detail, effect)
}

/// What an entry says, times as texts.
pub(crate) fn shown_detail(detail: &serde_json::Value) -> serde_json::Value {
    let mut detail = detail.clone();
    for (name, value) in detail.as_object_mut().into_iter().flatten() {
        if let Some(millis) = value.as_i64().filter(|_| is_time(name)) {
            *value = rfc3339(Timestamp::from_millis(millis)).into();
        }
    }
    detail
}

/// Details are texts and whole numbers; these numbers are points in time.
fn is_time(name: &str) -> bool {
    name.ends_with("_at") && name != "low_at" || matches!(name, "slot" | "until")
}
