//! The bodies of requests about effects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use tollgate_core::closed_sets;
use tollgate_core::effect::{EffectKind, EffectState};

use crate::app::EffectEnd;
use crate::http::body::{Body, EffectName, List, OneOf, Reference, Statement, Together, Wrong};

closed_sets! {
    /// The state of effects that are tried again.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum RetriedState {
        /// Given up.
        Dead = "dead",
        /// Begun, with an unknown outcome.
        Unknown = "unknown",
        /// Waiting for its time.
        Pending = "pending",
    }
}

impl From<RetriedState> for EffectState {
    fn from(state: RetriedState) -> EffectState {
        match state {
            RetriedState::Dead => EffectState::Dead,
            RetriedState::Unknown => EffectState::Unknown,
            RetriedState::Pending => EffectState::Pending,
        }
    }
}

/// The most effects that a request names.
const IDS_MAX: usize = 1000;

/// `POST /v1/effects/{id}/settle`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"as": "done", "reason": "seen in the bank's statement"}]))]
pub(crate) struct SettleBody {
    /// What became of it.
    r#as: OneOf<EffectEnd>,
    /// How that is known.
    reason: Statement,
}

impl SettleBody {
    /// What became of it, and why that is known.
    pub(crate) fn end(self) -> (EffectEnd, String) {
        (self.r#as.0, self.reason.0)
    }
}

impl Body for SettleBody {}

/// `POST /v1/effects/retry`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"filter": {"kind": "notify", "state": "dead"}, "dry_run": true}]))]
pub(crate) struct RetryBody {
    /// `true`: only say which; `false` if absent.
    pub(crate) dry_run: Option<bool>,
    /// Which effects.
    pub(crate) filter: RetryFilterBody,
    /// None but these of them; no id stands twice.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) ids: Option<List<EffectName, 1, IDS_MAX>>,
}

/// Which effects are meant.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryFilterBody {
    /// Effects of this kind.
    pub(crate) kind: Option<OneOf<EffectKind>>,
    /// Effects in this state; `dead` if absent.
    pub(crate) state: Option<OneOf<RetriedState>>,
    /// Effects that go to this target, or to one that begins so: `notify:*`.
    pub(crate) target: Option<Reference>,
}

impl Body for RetryBody {
    const TOGETHER: Together = &[("ids", named_twice)];

    fn is_whole(&self) -> bool {
        self.ids.as_ref().is_none_or(|ids| {
            let mut names: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            names.len() == ids.len()
        })
    }
}

/// The judge of a list of ids: none stands twice.
fn named_twice(text: &str) -> Vec<Wrong> {
    let ids: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    let twice = ids
        .iter()
        .enumerate()
        .filter(|(index, id)| ids[..*index].contains(id));
    twice
        .map(|(index, _)| (format!("/{index}"), "invalid", "it stands twice".to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::read;

    fn pointers<T: Body>(text: &str) -> Vec<String> {
        let Err(problem) = read::<T>(text.as_bytes()) else {
            panic!("{text} was taken")
        };
        let message = format!("{problem:?}");
        let places = message.split('"').skip(1).step_by(2);
        places.map(str::to_owned).collect()
    }

    #[test]
    fn what_is_wrong_with_a_retry_is_named() {
        let id = "eff_01j5h5q2rsfzk9n8x0t3q4w5e6";
        let text =
            format!(r#"{{"filter":{{"kind":"post","state":"done"}},"ids":["{id}","{id}"]}}"#);
        let mut found = pointers::<RetryBody>(&text);
        found.sort();
        assert_eq!(found, ["/filter/kind", "/filter/state", "/ids/1"]);
        assert_eq!(pointers::<RetryBody>(r#"{"filter":{},"ids":[]}"#), ["/ids"]);
        assert_eq!(pointers::<RetryBody>("{}"), ["/filter"]);
        assert_eq!(
            pointers::<SettleBody>(r#"{"as":"gone","reason":""}"#),
            ["/as", "/reason"]
        );
    }
}
