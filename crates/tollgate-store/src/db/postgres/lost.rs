//! What was answered and is missing: how it is found over a connection, and how it is written down there.

use std::time::Duration;

use tollgate_core::time::Timestamp;

use super::hosts::{Lsn, Position};
use super::lineage::LaneMemory;
use super::{Error, Postgres, Sql, on_postgres};

/// What is said of a connection over which something was found missing.
pub(super) const MISSING: &str = "commits that were answered are missing";

/// A lane's row is removed a day after its last batch. Before that its absence says something.
const ROW_KEPT: Duration = Duration::from_secs(20 * 3600);

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

/// Which of its process's batches it is.
pub(super) fn number(batch: &[u8; 16]) -> u64 {
    u64::from_be_bytes(batch[8..].try_into().expect("eight bytes of sixteen"))
}

/// The batch of a lane that its row names, if it is one of that process.
fn number_like(batch: &[u8; 16], found: &[u8; 16]) -> Option<u64> {
    (batch[..8] == found[..8]).then(|| number(found))
}

/// `lineage.is_there`: before the migration that makes it there is nothing to be judged.
pub(super) const IS_THERE: Sql =
    on_postgres("select count(*) from pg_class where oid = to_regclass('lost_commits')");

/// `gate_lanes.found`: by primary key. What was answered has ended, so a plain read sees it.
const FOUND: Sql = on_postgres("select batch from gate_lanes where lane = ?1");

/// `lineage.history`: where timelines branched off, one a line; only some users may read it.
const HISTORY: Sql = on_postgres(
    "select pg_read_file('pg_wal/' || lpad(upper(to_hex(cast(?1 as bigint))), 8, '0') || '.history')",
);

/// `lost_commits.insert`: once. What was answered before an operator has given up this timeline's is given up, too.
const KEEP: Sql = on_postgres(
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
const NOTE_LINEAGE: Sql = on_postgres(
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
    pub(super) fn missing(
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

    pub(super) fn keep_lost(&self, batch: &[u8; 16], lost: &LostCommits) -> Result<(), Error> {
        let position = self.origin.lineage;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let kept = self.run(
            KEEP.postgres,
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
    pub(super) fn note_lineage(
        &self,
        position: &Position,
        now: Timestamp,
        is_vouched: bool,
    ) -> Result<(), Error> {
        let (host, lsn) = (&self.origin.host, position.lsn.to_string());
        let vouched = self.one(
            NOTE_LINEAGE.postgres,
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
