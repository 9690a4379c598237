//! What an operator does after a failover: looks at the hosts and at what is missing, and decides about it. And the
//! thread that looks at the hosts of a URL while a store is open.

use std::time::Duration;

use tokio::sync::oneshot;
use tollgate_core::time::Timestamp;

use super::restored::{self, Followed, LastReceipt, LastReceiptError};
use crate::Store;
use crate::db::{Db, HostSeen, LostCommits, OpenError, Postgres, Server, say_lost};
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

/// What was given up, and what was done so that nothing in it is done or given out again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    /// What was answered and is missing.
    pub lost: Vec<LostCommits>,
    /// What was done to the database; nothing where nothing is known to be missing.
    pub followed: Followed,
}

/// Why nothing was given up.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The database does not answer, or refuses.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is not what was shown.
    #[error("it is not what was shown any more, and nothing was accepted; look again")]
    Changed,
    /// What is said of receipts cannot be.
    #[error("number receipts behind the last one: {0}")]
    LastReceipt(#[from] LastReceiptError),
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
        crate::looking::apart(|| {
            let hosts = server.look_at_hosts()?;
            let postgres = Postgres::open_reader(&server.for_looking())?;
            look(&postgres, hosts).map_err(|error| server.refuse(error))
        })
    }

    /// Gives up what was answered and is missing, so that all instances go on without it; what that was. Nothing is given
    /// up if that is not what somebody was `shown` and has decided about. In the same commit the database gets what one
    /// needs that was put back to a state of before (`restored.rs`): what is missing may have been mailed, paid back, told
    /// and numbered.
    pub fn accept_lost_commits(
        place: &ServerPlace,
        shown: &Failover,
        last_receipts: &[LastReceipt],
        now: Timestamp,
    ) -> Result<Accepted, AcceptError> {
        let server = Server::of(place)?.for_mending();
        crate::looking::apart(|| {
            let postgres = Postgres::open_plain(&server)?;
            let db = Db::Postgres(Box::new(postgres));
            let accepted = accept(&db, shown, last_receipts, now);
            accepted.map_err(|error| server.refuse(error))?
        })
    }
}

/// In one transaction; it is given up with the connection where nothing is accepted.
fn accept(
    db: &Db,
    shown: &Failover,
    last_receipts: &[LastReceipt],
    now: Timestamp,
) -> Result<Result<Accepted, AcceptError>, crate::db::Error> {
    let Db::Postgres(postgres) = db else {
        return Ok(Err(AcceptError::Changed));
    };
    if !postgres.tells_lost_commits()? {
        return Ok(Err(AcceptError::Changed));
    }
    if shown.lost.is_empty() {
        postgres.script("begin")?;
        if !is_still(postgres, shown)? {
            return Ok(Err(AcceptError::Changed));
        }
        postgres.accept_lost_commits(now)?;
        postgres.script("commit")?;
        return Ok(Ok(Accepted::default()));
    }
    let mut is_shown = true;
    let followed = restored::follow_failover(db, last_receipts, now, || {
        is_shown = is_still(postgres, shown)?;
        match is_shown {
            true => postgres.accept_lost_commits(now),
            false => Err(crate::db::Error::gone()),
        }
    });
    if !is_shown {
        return Ok(Err(AcceptError::Changed));
    }
    Ok(followed?
        .map(|followed| Accepted {
            lost: shown.lost.clone(),
            followed,
        })
        .map_err(AcceptError::from))
}

/// Whether there is still what was shown. Whoever finds more from here on writes it down afterwards, and it is asked
/// about again.
fn is_still(postgres: &Postgres, shown: &Failover) -> Result<bool, crate::db::Error> {
    postgres.script(ALONE)?;
    let found = look(postgres, Vec::new())?;
    Ok((&found.lost, &found.unvouched) == (&shown.lost, &shown.unvouched))
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
