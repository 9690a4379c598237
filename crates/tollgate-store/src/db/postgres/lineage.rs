//! Which history of the cluster was answered from, and whether a host goes on with it.
//!
//! A promoted standby begins a new timeline where its log had ended. What its primary had committed beyond that and
//! answered is gone, and nothing of PostgreSQL says so; the old primary that comes back knows nothing of the new
//! timeline either. So a process remembers the newest timeline it has seen, and of each of its lanes the batch that was
//! answered last. Every connection is judged by it before it is used: a host on an older timeline is refused, and
//! where a lane's row (`gate_lanes`) is behind what was answered, that is written down in the database itself.
//! While it stands there unaccepted nobody stores or reads anything (docs/adr/0021).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};
use tollgate_core::time::Timestamp;

use super::hosts::{Origin, Position, dialled, look_at_all};
use super::lost::{IS_THERE, number, say};
use super::open::runtime;
use super::{Error, OpenError, Postgres, Server};
use crate::options::Clock;

/// What an operator does about it.
const REMEDY: &str = "nothing is stored or read until somebody decides: `tollgate failover` shows it, \
     `tollgate failover accept` goes on without them (docs/high-availability.md)";

/// What is written down about a host waits for no standby: it is there to be read where it was found, and with the
/// standby away every connection would wait for it, until there were no more to be had.
const WAITS_FOR_NO_STANDBY: &str = "set synchronous_commit = local";
const WAITS_AGAIN: &str = "reset synchronous_commit";

/// Batches of a lane of which it is remembered how many answers they answered.
const RECENT_MAX: usize = 10_000;

/// A batch that is committed and about to be answered.
pub(crate) struct Answered {
    /// Its id.
    pub(crate) batch: [u8; 16],
    /// What it answers that came from outside.
    pub(crate) answers: u64,
    /// When it was decided.
    pub(crate) at: Timestamp,
}

/// What was answered over the hosts of a server.
#[derive(Default)]
pub(crate) struct Lineage {
    /// `None` where nothing is remembered: whoever looks once has answered nothing.
    clock: Option<Clock>,
    memory: Mutex<Memory>,
    /// Changes whenever connections that are open are not to be used any more.
    epoch: watch::Sender<u64>,
}

#[derive(Default)]
struct Memory {
    newest: Option<Newest>,
    /// The cluster and the timeline that were written down last as used.
    noted: Option<(i64, i64)>,
    lanes: BTreeMap<String, LaneMemory>,
    /// Why nothing is stored or read, as long as nothing is.
    missing: Option<Missing>,
    hosts: Vec<HostSeen>,
}

/// The newest timeline that was seen, and where.
#[derive(Debug, Clone)]
struct Newest {
    host: String,
    system: i64,
    timeline: i64,
}

/// What a lane has answered.
#[derive(Clone)]
pub(super) struct LaneMemory {
    /// Its last batch.
    pub(super) batch: [u8; 16],
    /// When that was decided, by the program's clock.
    pub(super) at: Timestamp,
    /// When that was answered, by this machine's.
    pub(super) when: Instant,
    /// Where the log had got to at least.
    pub(super) position: Option<Position>,
    /// All that it has ever answered.
    pub(super) answers: u64,
    /// Batches, each with what had been answered before it and when it was decided.
    pub(super) recent: VecDeque<(u64, u64, Timestamp)>,
}

/// What is missing, for figures.
#[derive(Clone, Default)]
struct Missing {
    answers: u64,
}

/// A host of the URL as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSeen {
    /// `host:port`.
    pub host: String,
    /// What it is.
    pub state: HostState,
}

/// What a host is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostState {
    /// It takes writes.
    Writable {
        /// Its cluster; `None` where the server does not say.
        system: Option<i64>,
        /// Its timeline.
        timeline: Option<i64>,
        /// How far its log has got.
        lsn: String,
    },
    /// It follows another.
    Standby {
        /// How far it has got.
        lsn: String,
    },
    /// It does not answer, or lets nobody in, and why.
    Silent(String),
}

impl HostSeen {
    /// It takes writes.
    pub fn is_writable(&self) -> bool {
        matches!(self.state, HostState::Writable { .. })
    }

    /// It takes writes on this timeline.
    pub fn timeline(&self) -> Option<i64> {
        match self.state {
            HostState::Writable { timeline, .. } => timeline,
            HostState::Standby { .. } | HostState::Silent(_) => None,
        }
    }
}

impl std::fmt::Display for HostSeen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = &self.host;
        match &self.state {
            HostState::Writable { timeline, lsn, .. } => match timeline {
                Some(timeline) => write!(f, "{host} takes writes: timeline {timeline}, at {lsn}"),
                None => write!(f, "{host} takes writes"),
            },
            HostState::Standby { lsn } => write!(f, "{host} is a standby, at {lsn}"),
            HostState::Silent(reason) => write!(f, "{host}: {reason}"),
        }
    }
}

impl Lineage {
    /// One that remembers, by this clock.
    pub(super) fn remembering(clock: Clock) -> Lineage {
        Lineage {
            clock: Some(clock),
            ..Lineage::default()
        }
    }

    /// No code panics while it holds the lock, so a poisoned lock holds nothing broken.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes whenever connections that are open are not to be used any more.
    pub(crate) fn epoch(&self) -> u64 {
        *self.epoch.borrow()
    }

    /// Hears when that changes.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.epoch.subscribe()
    }

    fn next_epoch(&self) -> u64 {
        self.epoch.send_modify(|epoch| *epoch += 1);
        self.epoch()
    }

    /// The timeline that is written to, where the server says it.
    pub(crate) fn timeline(&self) -> Option<i64> {
        self.memory().newest.as_ref().map(|newest| newest.timeline)
    }

    /// Answers whose commits are missing, as long as nobody has accepted that.
    pub(crate) fn missing_answers(&self) -> Option<u64> {
        let missing = self.memory().missing.clone();
        missing.map(|missing| missing.answers)
    }

    /// The hosts as they were seen last; none where the URL names one.
    pub(crate) fn hosts(&self) -> Vec<HostSeen> {
        self.memory().hosts.clone()
    }

    /// It is the host that is to be used, as far as is known.
    pub(super) fn is_newest(&self, origin: &Origin) -> bool {
        let memory = self.memory();
        match (&memory.newest, &origin.lineage) {
            (Some(newest), Some(position)) => {
                !origin.is_standby
                    && newest.system == position.system
                    && newest.timeline == position.timeline
            }
            (None, _) | (_, None) => false,
        }
    }

    /// Why a host is not to be used: a later timeline of its cluster was.
    pub(super) fn refuses(&self, origin: &Origin) -> Option<String> {
        let memory = self.memory();
        let (newest, position) = (memory.newest.as_ref()?, origin.lineage.as_ref()?);
        let is_old = newest.system == position.system && position.timeline < newest.timeline;
        (is_old && !origin.is_standby).then(|| {
            format!(
                "{} is on timeline {}, and {} is on timeline {}: it is an old primary, without what was answered \
                 since; stop it, and make it a standby of the new one (pg_rewind)",
                origin.host, position.timeline, newest.host, newest.timeline
            )
        })
    }

    /// Remembers a batch.
    pub(super) fn note(&self, lane: &str, answered: Answered, position: Option<Position>) {
        let Answered { batch, answers, at } = answered;
        let mut memory = self.memory();
        let fresh = || LaneMemory {
            batch,
            at,
            when: Instant::now(),
            position,
            answers: 0,
            recent: VecDeque::new(),
        };
        if !memory.lanes.contains_key(lane) {
            memory.lanes.insert(lane.to_owned(), fresh());
        }
        let lane = memory.lanes.get_mut(lane).expect("it is there now");
        lane.recent.push_back((number(&batch), lane.answers, at));
        if RECENT_MAX < lane.recent.len() {
            lane.recent.pop_front();
        }
        lane.answers += answers;
        (lane.batch, lane.at, lane.when, lane.position) = (batch, at, Instant::now(), position);
    }

    /// A host is used from now on; whether it is another history than the one before.
    fn settle(&self, origin: &Origin, given_up: &[(String, [u8; 16])]) -> u64 {
        let mut memory = self.memory();
        for (lane, batch) in given_up {
            if memory
                .lanes
                .get(lane)
                .is_some_and(|known| known.batch == *batch)
            {
                memory.lanes.remove(lane);
            }
        }
        memory.missing = None;
        let Some(position) = &origin.lineage else {
            return self.epoch();
        };
        self.adopt(
            &mut memory,
            &origin.host,
            (position.system, position.timeline),
        )
    }

    /// Remembers a timeline if it is another than the one before; connections to that are outdated.
    fn adopt(&self, memory: &mut Memory, host: &str, (system, timeline): (i64, i64)) -> u64 {
        let newest = Newest {
            host: host.to_owned(),
            system,
            timeline,
        };
        let before = memory.newest.replace(newest);
        match before {
            Some(before) if (before.system, before.timeline) == (system, timeline) => self.epoch(),
            Some(before) => {
                tracing::warn!(
                    host,
                    timeline,
                    before_host = before.host,
                    before_timeline = before.timeline,
                    "another timeline of the database is used from now on"
                );
                self.next_epoch()
            }
            None => self.epoch(),
        }
    }

    /// Something is missing: connections that are open are not to be used any more.
    fn lose(&self, origin: &Origin, answers: u64) {
        let mut memory = self.memory();
        if let Some(position) = &origin.lineage {
            self.adopt(
                &mut memory,
                &origin.host,
                (position.system, position.timeline),
            );
        }
        if memory.missing.replace(Missing { answers }).is_none() {
            self.next_epoch();
        }
    }

    /// Takes in what a host of the URL is. A newer timeline is used from then on.
    fn see(&self, place: usize, seen: HostSeen) {
        let mut memory = self.memory();
        if let HostState::Writable {
            system: Some(system),
            timeline: Some(timeline),
            ..
        } = seen.state
            && let Some(known) = &memory.newest
            && (known.system == system && known.timeline < timeline)
        {
            self.adopt(&mut memory, &seen.host, (system, timeline));
        }
        let writable = |hosts: &[HostSeen]| -> Vec<(String, Option<i64>)> {
            let writable = hosts.iter().filter(|host| host.is_writable());
            let named = writable.map(|host| (host.host.clone(), host.timeline()));
            named.collect()
        };
        let before = writable(&memory.hosts);
        if let Some(host) = memory.hosts.get_mut(place) {
            *host = seen;
        }
        let now = writable(&memory.hosts);
        if 1 < now.len() && now != before {
            let hosts = two_write(&memory.hosts).unwrap_or_default();
            tracing::error!(hosts, "several hosts of [store] url take writes");
        }
    }
}

/// What is said where several hosts take writes.
pub(crate) fn two_write(hosts: &[HostSeen]) -> Option<String> {
    let writable: Vec<&HostSeen> = hosts.iter().filter(|host| host.is_writable()).collect();
    (1 < writable.len()).then(|| {
        let each: Vec<String> = writable.iter().map(|host| host.to_string()).collect();
        each.join("; ")
    })
}

/// Judges whether a connection may be used; the epoch that it is used in.
pub(super) fn judge(server: &Server, postgres: &Postgres) -> Result<u64, Error> {
    let lineage = server.lineage();
    if server.is_for_looking() {
        return Ok(lineage.epoch());
    }
    let is_there = postgres.one(IS_THERE.postgres, &[], |row| row.get::<i64>(0))?;
    if is_there != Some(1) {
        return Ok(lineage.settle(&postgres.origin, &[]));
    }
    // What was answered before anything is read has to be found.
    let lanes = lineage.memory().lanes.clone();
    let now = lineage.clock.as_ref().map(|clock| clock());
    let mut given_up = Vec::new();
    for (lane, answered) in &lanes {
        if let Some(now) = now
            && let Some(lost) = postgres.missing(lane, answered, now)?
        {
            without_standbys(postgres, || postgres.keep_lost(&answered.batch, &lost))??;
            given_up.push((lane.clone(), answered.batch));
        }
    }
    let open = postgres.lost_commits()?;
    if !open.is_empty() {
        let answers = open.iter().map(|lost| lost.answers).sum();
        lineage.lose(&postgres.origin, answers);
        return Err(Error::behind(format!("{}; {REMEDY}", say(&open))));
    }
    if let (Some(now), Some(position)) = (now, &postgres.origin.lineage) {
        let used = Some((position.system, position.timeline));
        if lineage.memory().noted != used {
            let note = || postgres.note_lineage(position, now, !lanes.is_empty());
            match without_standbys(postgres, note)? {
                Ok(()) => lineage.memory().noted = used,
                // The next connection tries again: nobody is shut out by what is a note for people.
                Err(error) => tracing::warn!(
                    host = postgres.origin.host,
                    timeline = position.timeline,
                    %error,
                    "failed to write down that this timeline is used"
                ),
            }
        }
    }
    Ok(lineage.settle(&postgres.origin, &given_up))
}

/// Writes without a wait for standbys; what came of that, over a connection that is as it was.
fn without_standbys(
    postgres: &Postgres,
    write: impl FnOnce() -> Result<(), Error>,
) -> Result<Result<(), Error>, Error> {
    postgres.script(WAITS_FOR_NO_STANDBY)?;
    let written = write();
    postgres.script(WAITS_AGAIN)?;
    Ok(written)
}

impl Server {
    /// What each host of the URL is now. Takes as long as the slowest, up to its limit.
    pub(crate) fn look_at_hosts(&self) -> Result<Vec<HostSeen>, OpenError> {
        let server = self.for_looking();
        let found = runtime(&server)?.block_on(look_at_all(&server));
        let names = server.host_names().into_iter();
        let hosts = names.zip(found).map(|(host, found)| HostSeen {
            host,
            state: state_of(found),
        });
        Ok(hosts.collect())
    }

    /// Looks at each host of the URL, again and again, and remembers what it is; until whoever wants it has gone. One
    /// that says nothing keeps nobody from looking at the others.
    pub(crate) fn watch_hosts(
        &self,
        every: Duration,
        end: oneshot::Receiver<()>,
    ) -> Result<(), OpenError> {
        let server = self.for_looking();
        let runtime = runtime(&server)?;
        let unknown = server.host_names().into_iter().map(|host| HostSeen {
            host,
            state: HostState::Silent("not looked at yet".to_owned()),
        });
        self.lineage().memory().hosts = unknown.collect();
        for (place, host) in server.host_names().into_iter().enumerate() {
            let (server, lineage) = (server.clone(), Arc::clone(self.lineage()));
            runtime.spawn(async move {
                loop {
                    let (_, found) = dialled(&server, place, Duration::ZERO).await;
                    let host = host.clone();
                    let state = state_of(found.map(|reached| reached.origin));
                    lineage.see(place, HostSeen { host, state });
                    tokio::time::sleep(every).await;
                }
            });
        }
        // It is dropped, and never sent.
        let _ = runtime.block_on(end);
        Ok(())
    }
}

fn state_of(found: Result<Origin, Error>) -> HostState {
    match found {
        Err(error) => HostState::Silent(error.to_string()),
        Ok(origin) => {
            let lsn = origin
                .lineage
                .map_or_else(String::new, |at| at.lsn.to_string());
            match origin.is_standby {
                true => HostState::Standby { lsn },
                false => HostState::Writable {
                    system: origin.lineage.map(|at| at.system),
                    timeline: origin.lineage.map(|at| at.timeline),
                    lsn,
                },
            }
        }
    }
}
