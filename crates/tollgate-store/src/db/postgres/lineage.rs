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

use super::hosts::{Lsn, Origin, Position, dialled, look_at_all};
use super::{Error, OpenError, Postgres, Server, Sql, on_postgres, runtime};
use crate::options::Clock;

/// What is said of a connection over which something was found missing.
pub(super) const MISSING: &str = "commits that were answered are missing";

/// What an operator does about it.
const REMEDY: &str = "nothing is stored or read until somebody decides: `tollgate failover` shows it, \
     `tollgate failover accept` goes on without them (docs/high-availability.md)";

/// Batches of a lane of which it is remembered how many answers they answered.
const RECENT_MAX: usize = 10_000;

/// A lane's row is removed a day after its last batch. Before that its absence says something.
const ROW_KEPT: Duration = Duration::from_secs(20 * 3600);

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
struct LaneMemory {
    batch: [u8; 16],
    at: Timestamp,
    when: Instant,
    /// Where the log had got to at least.
    position: Option<Position>,
    /// All that it has ever answered.
    answers: u64,
    /// Batches, each with what had been answered before it and when it was decided.
    recent: VecDeque<(u64, u64, Timestamp)>,
}

/// What is missing, for figures.
#[derive(Clone, Default)]
struct Missing {
    answers: u64,
}

/// Commits of one lane that were answered and are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostCommits {
    /// Of which process, and which of its lanes.
    pub lane: String,
    /// Where they are missing.
    pub host: String,
    /// The timeline on which they are missing.
    pub timeline: i64,
    /// The timeline on which they were answered.
    pub answered_timeline: i64,
    /// How far the log had got at least when the last of them was answered; empty where the server has no such log.
    pub answered_lsn: String,
    /// Where the new timeline branched off; empty where this user may not see it.
    pub branched_lsn: String,
    /// When the first of them was decided.
    pub since: Timestamp,
    /// When the last of them was decided.
    pub answered_at: Timestamp,
    /// When it was found.
    pub found_at: Timestamp,
    /// Commits.
    pub batches: u64,
    /// Answers.
    pub answers: u64,
    /// When somebody said that they are given up.
    pub accepted_at: Option<Timestamp>,
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
    pub(super) fn epoch(&self) -> u64 {
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

/// Which of its process's batches it is.
fn number(batch: &[u8; 16]) -> u64 {
    u64::from_be_bytes(batch[8..].try_into().expect("eight bytes of sixteen"))
}

/// The batch of a lane that its row names, if it is one of that process.
fn number_like(batch: &[u8; 16], found: &[u8; 16]) -> Option<u64> {
    (batch[..8] == found[..8]).then(|| number(found))
}

/// `lineage.is_there`: before the migration that makes it there is nothing to be judged.
const IS_THERE: Sql =
    on_postgres("select count(*) from pg_class where oid = to_regclass('lost_commits')");

/// `gate_lanes.found`: by primary key. What was answered has ended, so a plain read sees it.
const FOUND: Sql = on_postgres("select batch from gate_lanes where lane = ?1");

/// `lineage.history`: where timelines branched off, one a line; only some users may read it.
const HISTORY: Sql = on_postgres(
    "select pg_read_file('pg_wal/' || lpad(upper(to_hex(cast(?1 as bigint))), 8, '0') || '.history')",
);

/// `lost_commits.insert`: once. What was answered before an operator has given up this timeline's is given up, too.
const INSERT: Sql = on_postgres(
    "insert into lost_commits (lane, batch, system_identifier, timeline, host, found_at, since, answered_at,
            answered_timeline, answered_lsn, branched_lsn, batches, answers, accepted_at)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
            (select max(accepted_at) from lost_commits
              where system_identifier = ?3 and timeline = ?4 and ?8 <= accepted_at))
         on conflict (lane, batch) do nothing",
);

/// `lost_commits.open`: by the index of those that nobody has accepted.
const OPEN: Sql = on_postgres(
    "select lane, host, timeline, answered_timeline, answered_lsn, branched_lsn, since, answered_at, found_at,
            batches, answers, accepted_at
       from lost_commits
      where accepted_at is null
      order by found_at, lane
      limit 1000",
);

/// `lost_commits.accept`: all of them.
const ACCEPT: Sql =
    on_postgres("update lost_commits set accepted_at = ?1 where accepted_at is null");

/// `lineage.insert`: the first of a cluster needs nobody to vouch for it. No row where nothing is new.
const INSERT_LINEAGE: Sql = on_postgres(
    "insert into lineage (system_identifier, timeline, host, seen_at, lsn, vouched)
     values (?1, ?2, ?3, ?4, ?5, case when exists (select 1 from lineage) then ?6 else 1 end)
         on conflict (system_identifier, timeline) do update set vouched = 1
            where lineage.vouched = 0 and excluded.vouched = 1
     returning vouched",
);

/// `lineage.vouch`: an operator has decided.
const VOUCH: Sql = on_postgres("update lineage set vouched = 1 where vouched = 0");

/// `lineage.unvouched`: a handful of rows.
const UNVOUCHED: Sql = on_postgres(
    "select host, timeline, lsn from lineage where vouched = 0 order by timeline desc limit 1",
);

/// Judges whether a connection may be used; the epoch that it is used in. It is before anything is set in the session.
pub(super) fn judge(server: &Server, postgres: &Postgres) -> Result<u64, Error> {
    let lineage = server.lineage();
    if server.is_for_looking() {
        return Ok(lineage.epoch());
    }
    let is_there = postgres.one(IS_THERE.postgres, &[], |row| row.get::<i64>(0))?;
    if is_there != Some(1) {
        return Ok(lineage.settle(&postgres.origin, &[]));
    }
    let was_known = lineage.is_newest(&postgres.origin);
    // What was answered before anything is read has to be found.
    let lanes = lineage.memory().lanes.clone();
    let now = lineage.clock.as_ref().map(|clock| clock());
    let mut given_up = Vec::new();
    for (lane, answered) in &lanes {
        if let Some(now) = now
            && let Some(lost) = postgres.missing(lane, answered, now)?
        {
            postgres.keep_lost(&answered.batch, &lost)?;
            given_up.push((lane.clone(), answered.batch));
        }
    }
    let open = postgres.lost_commits()?;
    if !open.is_empty() {
        let answers = open.iter().map(|lost| lost.answers).sum();
        lineage.lose(&postgres.origin, answers);
        return Err(Error::behind(format!("{}; {REMEDY}", say(&open))));
    }
    if let (Some(now), Some(position), false) = (now, &postgres.origin.lineage, was_known) {
        postgres.note_lineage(position, now, !lanes.is_empty())?;
    }
    Ok(lineage.settle(&postgres.origin, &given_up))
}

/// What is missing, in a sentence.
pub(crate) fn say(lost: &[LostCommits]) -> String {
    let sum = |of: fn(&LostCommits) -> u64| lost.iter().map(of).sum::<u64>();
    let Some(last) = lost.iter().max_by_key(|lost| lost.answered_at) else {
        return String::new();
    };
    let mut said = format!(
        "{MISSING} at {}: {} answers in {} commits",
        last.host,
        sum(|lost| lost.answers),
        sum(|lost| lost.batches)
    );
    let lsn = |text: &str| text.parse::<Lsn>().ok();
    if let Some(answered) = lost.iter().filter_map(|lost| lsn(&lost.answered_lsn)).max() {
        let timeline = last.answered_timeline;
        said.push_str(&format!(
            "; the log had got to {answered} on timeline {timeline}"
        ));
        if let Some(branched) = lsn(&last.branched_lsn) {
            let kib = answered.0.saturating_sub(branched.0) >> 10;
            said.push_str(&format!(
                ", and timeline {} branched off at {branched}, {kib} KiB before",
                last.timeline
            ));
        }
    }
    said
}

impl Postgres {
    /// What a lane has answered and is not here.
    fn missing(
        &self,
        lane: &str,
        answered: &LaneMemory,
        now: Timestamp,
    ) -> Result<Option<LostCommits>, Error> {
        let found: Option<[u8; 16]> = self.one(FOUND.postgres, &[&lane], |row| row.get(0))?;
        let found = found.and_then(|found| number_like(&answered.batch, &found));
        let last = number(&answered.batch);
        let is_missing = match found {
            Some(found) => found < last,
            None => answered.when.elapsed() < ROW_KEPT && self.goes_back(answered),
        };
        let found = found.unwrap_or(0);
        // Of what is longer ago than is remembered, as much as is.
        let first = answered.recent.iter().find(|(batch, ..)| found < *batch);
        let (before, since) = first.map_or((0, answered.at), |(_, before, at)| (*before, *at));
        // What nobody was answered by is missed by nobody: it is done again.
        if !is_missing || answered.answers == before {
            return Ok(None);
        }
        let batches = answered.recent.iter().filter(|(batch, ..)| found < *batch);
        let position = answered.position;
        let timeline_of = |position: Option<Position>| position.map_or(0, |at| at.timeline);
        let answered_timeline = timeline_of(position);
        Ok(Some(LostCommits {
            lane: lane.to_owned(),
            host: self.origin.host.clone(),
            timeline: timeline_of(self.origin.lineage),
            answered_timeline,
            answered_lsn: position.map_or_else(String::new, |at| at.lsn.to_string()),
            branched_lsn: self.branched_off(answered_timeline),
            since,
            answered_at: answered.at,
            found_at: now,
            batches: batches.count() as u64,
            answers: answered.answers - before,
            accepted_at: None,
        }))
    }

    /// Whether this is another history than the one that was answered from, or has not got so far.
    fn goes_back(&self, answered: &LaneMemory) -> bool {
        match (&answered.position, &self.origin.lineage) {
            (Some(then), Some(now)) => {
                (then.system, then.timeline) != (now.system, now.timeline) || now.lsn < then.lsn
            }
            (None, _) | (_, None) => false,
        }
    }

    /// Where this timeline left another one; empty where that cannot be seen.
    fn branched_off(&self, left: i64) -> String {
        let Some(position) = &self.origin.lineage else {
            return String::new();
        };
        let history = self.one(HISTORY.postgres, &[&position.timeline], |row| {
            row.get::<String>(0)
        });
        let history = history.ok().flatten().unwrap_or_default();
        let line = history.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            (words.next()?.parse() == Ok(left)).then(|| words.next().unwrap_or_default().to_owned())
        });
        line.unwrap_or_default()
    }

    fn keep_lost(&self, batch: &[u8; 16], lost: &LostCommits) -> Result<(), Error> {
        let position = self.origin.lineage;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let kept = self.run(
            INSERT.postgres,
            &[
                &lost.lane,
                batch,
                &position.map_or(0, |at| at.system),
                &lost.timeline,
                &lost.host,
                &lost.found_at.as_millis(),
                &lost.since.as_millis(),
                &lost.answered_at.as_millis(),
                &lost.answered_timeline,
                &lost.answered_lsn,
                &lost.branched_lsn,
                &count(lost.batches),
                &count(lost.answers),
            ],
        )?;
        if kept == 1 {
            tracing::error!(
                lane = lost.lane,
                host = lost.host,
                answers = lost.answers,
                commits = lost.batches,
                timeline = lost.timeline,
                answered_timeline = lost.answered_timeline,
                answered_lsn = lost.answered_lsn,
                branched_lsn = lost.branched_lsn,
                "commits that were answered are missing"
            );
        }
        Ok(())
    }

    /// Writes down that this timeline is used, once.
    fn note_lineage(
        &self,
        position: &Position,
        now: Timestamp,
        is_vouched: bool,
    ) -> Result<(), Error> {
        let (host, lsn) = (&self.origin.host, position.lsn.to_string());
        let vouched = self.one(
            INSERT_LINEAGE.postgres,
            &[
                &position.system,
                &position.timeline,
                host,
                &now.as_millis(),
                &lsn,
                &i64::from(is_vouched),
            ],
            |row| row.get::<i64>(0),
        )?;
        if vouched == Some(0) {
            tracing::warn!(
                host,
                timeline = position.timeline,
                lsn,
                "this timeline is new, and this instance has answered nothing before: whether commits \
                 of the one before are missing is not known here; an instance that has will say it"
            );
        }
        Ok(())
    }

    /// What was answered and is missing here, that nobody has accepted.
    pub(crate) fn lost_commits(&self) -> Result<Vec<LostCommits>, Error> {
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        self.all(OPEN.postgres, &[], |row| {
            Ok(LostCommits {
                lane: row.get(0)?,
                host: row.get(1)?,
                timeline: row.get(2)?,
                answered_timeline: row.get(3)?,
                answered_lsn: row.get(4)?,
                branched_lsn: row.get(5)?,
                since: Timestamp::from_millis(row.get(6)?),
                answered_at: Timestamp::from_millis(row.get(7)?),
                found_at: Timestamp::from_millis(row.get(8)?),
                batches: count(row.get(9)?),
                answers: count(row.get(10)?),
                accepted_at: row.get::<Option<i64>>(11)?.map(Timestamp::from_millis),
            })
        })
    }

    /// There are tables to say it in.
    pub(crate) fn tells_lost_commits(&self) -> Result<bool, Error> {
        let is_there = self.one(IS_THERE.postgres, &[], |row| row.get::<i64>(0))?;
        Ok(is_there == Some(1))
    }

    /// Gives up what is missing.
    pub(crate) fn accept_lost_commits(&self, now: Timestamp) -> Result<(), Error> {
        self.run(ACCEPT.postgres, &[&now.as_millis()])?;
        self.run(VOUCH.postgres, &[]).map(drop)
    }

    /// A timeline that no instance which had answered on the one before has looked at: its host, its number, and where
    /// its log was when it was first seen.
    pub(crate) fn unvouched(&self) -> Result<Option<(String, i64, String)>, Error> {
        self.one(UNVOUCHED.postgres, &[], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
    }
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
