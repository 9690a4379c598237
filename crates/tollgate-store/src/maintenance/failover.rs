//! What an operator does after a failover: looks at the hosts and at what is missing, and decides about it. And the
//! thread that looks at the hosts of a URL while a store is open.

use std::time::Duration;

use tokio::sync::oneshot;
use tollgate_core::time::Timestamp;

use crate::Store;
use crate::db::{HostSeen, LostCommits, OpenError, Postgres, Server, say_lost};
use crate::options::ServerPlace;

/// How often the hosts are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// `lost_commits.alone`: nobody writes more down.
const ALONE: &str = "lock table lost_commits, lineage in share row exclusive mode";

/// What there is to be decided about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failover {
    /// Each host of the URL.
    pub hosts: Vec<HostSeen>,
    /// What was answered and is missing, that nobody has accepted: nothing is stored as long as there is some.
    pub lost: Vec<LostCommits>,
    /// A timeline that was first used by an instance that had answered nothing before.
    pub unvouched: Option<Unvouched>,
}

/// A timeline of which nobody could say that nothing is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unvouched {
    /// Where it was first seen.
    pub host: String,
    /// Its number.
    pub timeline: i64,
    /// How far its log had got then.
    pub lsn: String,
}

impl Failover {
    /// What is missing, in a sentence; empty where nothing is.
    pub fn say_lost(&self) -> String {
        say_lost(&self.lost)
    }
}

impl Store {
    /// What there is to be decided about after a failover. Nothing is changed, and no store is needed.
    pub fn failover_at(place: &ServerPlace) -> Result<Failover, OpenError> {
        let server = Server::of(place)?;
        crate::store::apart(|| {
            let hosts = server.look_at_hosts()?;
            let postgres = Postgres::open_reader(&server.for_looking())?;
            look(&postgres, hosts).map_err(|error| server.refuse(error))
        })
    }

    /// Gives up what was answered and is missing, so that all instances go on without it; what that was. `None` if that
    /// is not what somebody was `shown` and has decided about: then nothing is given up.
    pub fn accept_lost_commits(
        place: &ServerPlace,
        shown: &Failover,
        now: Timestamp,
    ) -> Result<Option<Vec<LostCommits>>, OpenError> {
        let server = Server::of(place)?.for_mending();
        crate::store::apart(|| {
            let postgres = Postgres::open_plain(&server)?;
            let accept = || {
                if !postgres.tells_lost_commits()? {
                    return Ok(None);
                }
                postgres.script("begin")?;
                // Whoever finds more from here on writes it down afterwards, and it is asked about again.
                postgres.script(ALONE)?;
                let found = look(&postgres, Vec::new())?;
                if (&found.lost, &found.unvouched) != (&shown.lost, &shown.unvouched) {
                    return Ok(None);
                }
                postgres.accept_lost_commits(now)?;
                postgres.script("commit")?;
                Ok(Some(found.lost))
            };
            accept().map_err(|error| server.refuse(error))
        })
    }
}

fn look(postgres: &Postgres, hosts: Vec<HostSeen>) -> Result<Failover, crate::db::Error> {
    let mut found = Failover {
        hosts,
        ..Failover::default()
    };
    if postgres.tells_lost_commits()? {
        found.lost = postgres.lost_commits()?;
        let unvouched = postgres.unvouched()?;
        found.unvouched = unvouched.map(|(host, timeline, lsn)| Unvouched {
            host,
            timeline,
            lsn,
        });
    }
    Ok(found)
}

/// Looks at the hosts as long as it is there.
pub(crate) struct HostWatch {
    _end: oneshot::Sender<()>,
}

impl HostWatch {
    /// Starts the thread, if there is more than one host to be looked at.
    pub(crate) fn start(server: &Server) -> Result<Option<HostWatch>, OpenError> {
        if server.host_names().len() < 2 {
            return Ok(None);
        }
        let (end, ended) = oneshot::channel();
        let theirs = server.clone();
        let thread = std::thread::Builder::new()
            .name("hosts".to_owned())
            .spawn(move || {
                if let Err(error) = theirs.watch_hosts(EVERY, ended) {
                    tracing::error!(%error, "failed to look at the hosts of [store] url");
                }
            });
        thread.map_err(|source| OpenError::Io {
            path: server.to_string().into(),
            source,
        })?;
        Ok(Some(HostWatch { _end: end }))
    }
}
