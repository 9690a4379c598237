//! How much is taken at one time, of each class of requests and of each key.

use super::error::ConfigError;
use super::typed::Typed;

/// The most requests of each class that run at one time, and the pace of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// Webhooks.
    pub webhooks_max: usize,
    /// Calls of the API.
    pub api_max: usize,
    /// Pages: what is neither, as what customers open.
    pub pages_max: usize,
    /// Streams that are being opened; those that are open are bounded by [`super::Stream::connections_max`].
    pub streams_max: usize,
    /// Reports of one source that prove nothing by themselves.
    pub unproved: Unproved,
    /// Calls with one key; `None`: as many as it sends.
    pub per_key: Option<Pace>,
}

/// How much is kept of what anybody could have sent, of one source in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unproved {
    /// Reports.
    pub per_hour: u32,
    /// Bytes of their bodies and headers.
    pub bytes_per_hour: u64,
}

/// A rate and what may come at once after a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// In a second.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

/// The fastest pace, and the largest burst.
const PACE_MAX: i64 = 1_000_000;

impl Typed<'_> {
    pub(super) fn admission(&self) -> Result<Admission, ConfigError> {
        const PLACES_MAX: i64 = 1_000_000;
        let per_second = self.integer("limits.per_key_per_second", 0, PACE_MAX)? as u32;
        let burst = self.integer("limits.per_key_burst", 1, PACE_MAX)? as u32;
        Ok(Admission {
            webhooks_max: self.size("limits.webhooks_max", 1, PLACES_MAX)?,
            api_max: self.size("limits.api_max", 1, PLACES_MAX)?,
            pages_max: self.size("limits.pages_max", 1, PLACES_MAX)?,
            streams_max: self.size("limits.streams_max", 1, PLACES_MAX)?,
            unproved: Unproved {
                per_hour: self.integer("limits.unproved_per_hour_max", 0, 10_000_000)? as u32,
                bytes_per_hour: self.integer("limits.unproved_bytes_per_hour_max", 0, 16 << 30)?
                    as u64,
            },
            per_key: (per_second != 0).then_some(Pace { per_second, burst }),
        })
    }
}
