//! Doctor: is everything well around the data. A table of checks for each database, each with what it
//! looks at and the command or statement that mends what it finds.
//!
//! Nothing is changed, and it works beside a running server and without one.

mod file;
mod hosts;
mod made;
mod readers;
mod refused;
mod schema;
mod secrets;
mod server;
mod server_activity;
mod targets;

use std::path::Path;

use tollgate_core::time::Timestamp;

use crate::Store;
use crate::db::OpenError;
use crate::db::{Db, Error, Server, Source, on_postgres};
use crate::error::ReadError;
use crate::options::{Clock, Place};
use crate::report::{Checked, Level, Report};
use crate::tables::sealed::SecretKeys;
use server::setting;

/// What the doctor goes by.
#[derive(Clone)]
pub struct Examination {
    /// The program's clock.
    pub clock: Clock,
    /// Transactions older than this are reported, in milliseconds.
    pub transaction_ms_max: i64,
    /// Sessions that wait for a lock longer than this are reported, in milliseconds.
    pub blocked_ms_max: i64,
    /// Bytes of log that a replication slot may keep, or a reader of a file hold up, before it is reported.
    pub kept_log_bytes_max: i64,
    /// For so long a server has to have written before its log is judged by how much that was, in milliseconds.
    pub written_ms_min: i64,
    /// The keys that secrets in rows are sealed under.
    pub secret_keys: SecretKeys,
}

impl Examination {
    /// With the usual bounds.
    pub fn new(clock: Clock) -> Examination {
        Examination {
            clock,
            transaction_ms_max: 60_000,
            blocked_ms_max: 1_000,
            kept_log_bytes_max: 64 << 20,
            written_ms_min: 3_600_000,
            secret_keys: SecretKeys::default(),
        }
    }
}

/// What a check looks at.
struct Looking<'a> {
    db: &'a Db,
    /// The server, if it is one.
    server: Option<&'a Server>,
    /// The file, or the server without user and password.
    name: &'a Path,
    examination: &'a Examination,
}

/// A check of the table.
struct Check {
    name: &'static str,
    about: &'static str,
    look: fn(&Looking<'_>, &mut Checked) -> Result<(), Error>,
    /// It can be looked at before there is a schema.
    before_schema: bool,
}

impl Store {
    /// Looks at everything around the data, over a connection of its own.
    pub async fn doctor(&self) -> Result<Report, ReadError> {
        let (source, clock) = self.source_and_clock();
        let mut examination = Examination::new(clock);
        examination.secret_keys = (**self.secret_keys()).clone();
        let mut report = self
            .apart(move || Ok(examine(&source, &examination)))
            .await?;
        report.checks.push(self.writes());
        Ok(report)
    }

    /// What this process was answered lately when it wrote.
    fn writes(&self) -> Checked {
        let mut writes = Checked::new("writes", "what came to this process lately was stored");
        if let Some(reason) = self.refuses() {
            writes.see(Level::Fail, reason);
            writes.mend("see the other findings, and the log of tollgate");
        }
        writes
    }

    /// The same of a database that is not open here, or that another process serves.
    pub fn doctor_at(place: &Place, examination: &Examination) -> Report {
        match crate::looking::source_of(place) {
            Ok(source) => examine(&source, examination),
            Err(error) => unreachable_report("reach", &error),
        }
    }
}

/// The columns, constraints and indexes of a server's tables, a line each: what is written down in
/// `server_schema.txt` of those that the migrations make.
pub fn server_schema(place: &Place) -> Result<String, OpenError> {
    crate::looking::look_at(place, made::server_schema)
}

/// There is a schema to look at.
pub(crate) fn has_schema(db: &Db) -> bool {
    schema::is_there(db)
}

fn unreachable_report(name: &'static str, error: &OpenError) -> Report {
    let mut check = Checked::new(name, "the database answers");
    check.see(Level::Fail, error.to_string());
    check.mend("follow what the message says, then look again");
    Report {
        checks: vec![check],
        ..Report::default()
    }
}

/// What is looked at in either database.
const EVERYWHERE: &[Check] = &[
    Check {
        name: "targets",
        about: "providers, endpoints and handlers that effects are addressed to answer",
        look: targets::look,
        before_schema: false,
    },
    Check {
        name: "refused",
        about: "webhooks are verified and taken",
        look: refused::look,
        before_schema: false,
    },
    Check {
        name: "secrets",
        about: "secrets in rows are sealed, under keys that are there",
        look: secrets::look,
        before_schema: false,
    },
];

/// Connects and asks every check of the table.
fn examine(source: &Source, examination: &Examination) -> Report {
    match source {
        Source::File { path, .. } => {
            let mut report = file::examine_outside(path, examination);
            match crate::looking::open_to_look(source) {
                Ok(db) => {
                    let looking = Looking {
                        db: &db,
                        server: None,
                        name: path,
                        examination,
                    };
                    ask(&looking, file::CHECKS, &mut report);
                    ask(&looking, EVERYWHERE, &mut report);
                }
                Err(error) => report
                    .checks
                    .extend(unreachable_report("reach", &error).checks),
            }
            report
        }
        Source::Server(server) => crate::looking::apart(|| {
            let db = match crate::looking::open_to_look(source) {
                Ok(db) => db,
                Err(error) => return unreachable_report("reach", &error),
            };
            let name = server.to_string();
            let looking = Looking {
                db: &db,
                server: Some(server),
                name: Path::new(&name),
                examination,
            };
            let mut report = Report::default();
            ask(&looking, server::CHECKS, &mut report);
            ask(&looking, hosts::CHECKS, &mut report);
            ask(&looking, server_activity::CHECKS, &mut report);
            ask(&looking, EVERYWHERE, &mut report);
            report
        }),
    }
}

/// Asks the checks of a table. One that cannot be asked has failed.
fn ask(looking: &Looking<'_>, checks: &[Check], report: &mut Report) {
    let has_schema = schema::is_there(looking.db);
    for check in checks {
        let mut checked = Checked::new(check.name, check.about);
        if !check.before_schema && !has_schema {
            checked.see(Level::Ok, "there is no schema yet".to_owned());
        } else if let Err(error) = (check.look)(looking, &mut checked) {
            checked.see(Level::Fail, format!("it cannot be looked at: {error}"));
            checked.mend("see the message; a user with the role pg_monitor may see more");
        }
        report.checks.push(checked);
    }
}

/// Rows that only a clock of the future can have written: this one has gone back, or that one went
/// ahead.
const LATEST: &str = "\
    select coalesce(max(at), 0)
      from (select at from timeline where shop_id = ?1 order by position desc limit 1) as latest";
const SHOPS: &str = "select shop_id, name from shops order by shop_id";

/// Every shop with its name.
fn shops(db: &Db) -> Result<Vec<(u32, String)>, Error> {
    db.all(SHOPS, &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Further ahead than this no row is written (docs/gate.md, Clocks).
const AHEAD_MS_MAX: i64 = 2_000;

/// The program's clock is not behind what is written already.
fn look_at_rows_of_the_future(db: &Db, now: Timestamp, checked: &mut Checked) -> Result<(), Error> {
    for (shop, name) in shops(db)? {
        let latest: i64 = db.one(LATEST, &[&shop], |row| row.get(0))?.unwrap_or(0);
        let ahead = latest - now.as_millis();
        if AHEAD_MS_MAX < ahead {
            checked.see(
                Level::Fail,
                format!("the last decision of shop {name} is {ahead} ms in the future"),
            );
            checked.mend("set this machine's clock right: `timedatectl set-ntp true`");
        }
    }
    Ok(())
}

/// `doctor.time`: the server's clock, in milliseconds.
const SERVER_TIME: crate::db::Sql =
    on_postgres("select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)");

/// The disk's room where a path lies.
fn look_at_disk(path: &Path, checked: &mut Checked) {
    match rustix::fs::statvfs(path) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let all = disk.f_blocks.saturating_mul(disk.f_frsize).max(1);
            let level = judge_room(free, all);
            checked.see(
                level,
                format!(
                    "{} MiB free of {} MiB at {}",
                    free >> 20,
                    all >> 20,
                    path.display()
                ),
            );
            if level != Level::Ok {
                checked.mend(
                    "make room on this disk; `tollgate prune` and [retention] keep the database small",
                );
            }
        }
        Err(error) => checked.see(Level::Warn, format!("{}: {error}", path.display())),
    }
}

/// Bytes that are free of all: a commit needs few, a vacuum or an index many.
fn judge_room(free: u64, all: u64) -> Level {
    const WARN: u64 = 1 << 30;
    const FAIL: u64 = 128 << 20;
    match free {
        _ if free < FAIL => Level::Fail,
        _ if free < WARN || free < all / 20 => Level::Warn,
        _ => Level::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk is not filled for a test of words; one that is full is in the program's suites.
    #[test]
    fn a_disk_is_reported_while_there_is_room_to_make_some() {
        const MIB: u64 = 1 << 20;
        const GIB: u64 = 1 << 30;
        for (free, all, level) in [
            (0, 10 * GIB, Level::Fail),
            (128 * MIB - 1, 10 * GIB, Level::Fail),
            (128 * MIB, 10 * GIB, Level::Warn),
            (GIB - 1, 10 * GIB, Level::Warn),
            (GIB, 10 * GIB, Level::Ok),
            // A twentieth of a large one is more than that.
            (5 * GIB - 1, 100 * GIB, Level::Warn),
            (5 * GIB, 100 * GIB, Level::Ok),
            // A small one is full when little is free, whatever the share.
            (100 * MIB, 200 * MIB, Level::Fail),
        ] {
            assert_eq!(judge_room(free, all), level, "{free} of {all}");
        }
    }
}
