//! The pace of a key or of a user, and that of a source: so much in a second, and so much at once after a rest. A key
//! has one with both of its secrets, and a user with all sessions.
//!
//! It is kept by this process alone: of several instances each allows as much.

use std::sync::{Mutex, PoisonError};

use tollgate_core::time::{Span, Timestamp};

use super::AppError;
use crate::config::Pace;
use crate::keys::Who;
use crate::rate::RateLimit;

/// Keys and users whose pace is remembered; only those that are good are.
const KEYS_MAX: usize = 4096;

/// What a caller may still ask, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// The rule.
    pub(crate) pace: Pace,
    /// Calls that may come at once.
    pub(crate) left: u32,
    /// Until there are as many as the rule has; for one that is refused, until the next one may come.
    pub(crate) after: Span,
}

/// The pace of every key and user.
pub(super) struct KeyPaces(Option<(Pace, Mutex<RateLimit<Who>>)>);

impl KeyPaces {
    pub(super) fn new(pace: Option<Pace>) -> KeyPaces {
        KeyPaces(pace.map(|pace| (pace, Mutex::new(limit(pace, KEYS_MAX)))))
    }

    /// Counts a call of whoever has a key or is signed in; `None` where no pace is configured.
    pub(super) fn take(&self, holder: Who, now: Timestamp) -> Result<Option<Allowance>, AppError> {
        let Some((pace, limit)) = &self.0 else {
            return Ok(None);
        };
        let pace = *pace;
        let mut limit = limit.lock().unwrap_or_else(PoisonError::into_inner);
        match limit.take(holder, now) {
            Ok(room) => Ok(Some(Allowance {
                pace,
                left: room.left,
                after: room.full_in,
            })),
            Err(wait) => Err(AppError::KeyTooFast(Allowance {
                pace,
                left: 0,
                after: wait,
            })),
        }
    }
}

/// The pace of a source: of deliveries that are verified, so that nobody else's use it up.
pub(crate) struct SourcePace(Option<Mutex<RateLimit<()>>>);

impl SourcePace {
    pub(super) fn new(pace: Option<(u32, u32)>) -> SourcePace {
        let pace = pace.map(|(per_second, burst)| Pace { per_second, burst });
        SourcePace(pace.map(|pace| Mutex::new(limit(pace, 1))))
    }

    /// Counts a delivery, or says when the next one may come.
    pub(super) fn take(&self, now: Timestamp) -> Result<(), AppError> {
        let Some(limit) = &self.0 else { return Ok(()) };
        let mut limit = limit.lock().unwrap_or_else(PoisonError::into_inner);
        match limit.take((), now) {
            Ok(_) => Ok(()),
            Err(wait) => Err(AppError::SourceTooFast { wait }),
        }
    }
}

fn limit<K: Ord + Copy>(pace: Pace, askers_max: usize) -> RateLimit<K> {
    RateLimit::per_second(pace.per_second, pace.burst, askers_max)
}
