//! Peers that say whom they speak for (`X-Forwarded-For`, `Forwarded`) and are not believed, because `[server]
//! trusted_proxies` does not name them: a proxy that was forgotten there, or somebody who makes it up.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{Checked, Level};

use super::App;

/// For how long they are told of.
const TOLD: Span = Span::hours(1);

/// How many are told apart; a proxy that was forgotten is one of the first.
const PEERS_MAX: usize = 16;

/// Those of the last hour.
#[derive(Default)]
pub(super) struct Forwarders(Mutex<Vec<Seen>>);

struct Seen {
    peer: IpAddr,
    requests: u64,
    last: Timestamp,
}

impl Forwarders {
    fn note(&self, peer: IpAddr, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = seen.iter_mut().find(|known| known.peer == peer) {
            known.requests += 1;
            known.last = now;
            return;
        }
        seen.retain(|known| now < known.last.plus(TOLD));
        if seen.len() < PEERS_MAX {
            seen.push(Seen {
                peer,
                requests: 1,
                last: now,
            });
        }
    }

    /// What doctor says of them.
    pub(super) fn check(&self, now: Timestamp) -> Checked {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|known| now < known.last.plus(TOLD));
        let line = |known: &Seen| {
            format!(
                "{} has sent {} requests that say whom it speaks for, and is not believed",
                known.peer, known.requests
            )
        };
        let is_ok = seen.is_empty();
        Checked {
            name: "proxies",
            about: "whoever says whom it speaks for is a trusted proxy (of this instance, in the last hour)",
            level: if is_ok { Level::Ok } else { Level::Warn },
            seen: seen.iter().map(line).collect(),
            more: 0,
            fix: match is_ok {
                true => String::new(),
                false => "name the proxy in [server] trusted_proxies; where it is none of yours, nothing is wrong: \
                          what it says does not count"
                    .to_owned(),
            },
        }
    }
}

impl App {
    /// Notes a peer that says whom it speaks for, if it is not believed.
    pub(crate) fn note_forwarder(&self, peer: IpAddr) {
        let peer = peer.to_canonical();
        let trusted = &self.config().server.trusted_proxies;
        if !trusted.iter().any(|network| network.contains(&peer)) {
            self.inner.forwarders.note(peer, self.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_counted_for_an_hour_and_bounded() {
        let forwarders = Forwarders::default();
        let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        let peer = |last: u8| IpAddr::from([192, 0, 2, last]);
        assert_eq!(forwarders.check(at(0)).level, Level::Ok);
        for _ in 0..3 {
            forwarders.note(peer(1), at(0));
        }
        for last in 2..40 {
            forwarders.note(peer(last), at(30));
        }
        let found = forwarders.check(at(31));
        assert_eq!((found.level, found.seen.len()), (Level::Warn, PEERS_MAX));
        assert!(
            found.seen[0].starts_with("192.0.2.1 has sent 3 "),
            "{found:?}"
        );
        assert_eq!(forwarders.check(at(61)).seen.len(), PEERS_MAX - 1);
        assert_eq!(forwarders.check(at(91)).level, Level::Ok);
    }
}
