//! Several hosts: which of them takes writes, whether it has all that was answered, and whether another has what is
//! committed next.

use super::{Check, Looking, setting};
use crate::db::{Db, Error, HostState, Sql, on_postgres, say_lost, two_write};
use crate::report::{Checked, Level};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "hosts",
        about: "each host of [store] url answers, and one of them takes writes",
        look: look_at_hosts,
        before_schema: true,
    },
    Check {
        name: "failover",
        about: "all that was answered is there",
        look: look_at_lost,
        before_schema: false,
    },
    Check {
        name: "standbys",
        about: "what is answered is on a standby too, where there is one",
        look: look_at_standbys,
        before_schema: true,
    },
];

fn look_at_hosts(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let Some(server) = looking.server else {
        return Ok(());
    };
    if server.host_names().len() < 2 {
        return Ok(());
    }
    let hosts = match server.look_at_hosts() {
        Ok(hosts) => hosts,
        Err(error) => {
            checked.see(Level::Fail, error.to_string());
            checked.mend("follow what the message says, then look again");
            return Ok(());
        }
    };
    if let Some(writable) = two_write(&hosts) {
        checked.see(Level::Fail, format!("several take writes: {writable}"));
        checked.mend(
            "stop the one on the lower timeline, and make it a standby of the other: pg_rewind, or Patroni's \
             `patronictl reinit`",
        );
    }
    for host in &hosts {
        let level = match host.state {
            HostState::Writable { .. } | HostState::Standby { .. } => Level::Ok,
            HostState::Silent(_) => Level::Warn,
        };
        checked.see(level, host.to_string());
        if level != Level::Ok {
            checked.mend("start it, or take it out of [store] url");
        }
    }
    Ok(())
}

fn look_at_lost(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let Db::Postgres(postgres) = looking.db else {
        return Ok(());
    };
    if !postgres.tells_lost_commits()? {
        return Ok(());
    }
    let lost = postgres.lost_commits()?;
    if !lost.is_empty() {
        let seen = format!("{}; nothing is stored", say_lost(&lost));
        checked.see(Level::Fail, seen);
        checked.mend(
            "save what the old primary has, if there is any (docs/high-availability.md); then `tollgate failover \
             accept`",
        );
    }
    if let Some((host, timeline, lsn)) = postgres.unvouched()? {
        let seen = format!(
            "timeline {timeline} began at {lsn} ({host}), and no instance that had answered before has looked at it: \
             whether commits are missing is not known"
        );
        checked.see(Level::Warn, seen);
        checked.mend(
            "compare with the old primary or with what providers and shop know; where something may be missing stop every \
             instance and run `tollgate restore --in-place`; then `tollgate failover accept`",
        );
    }
    Ok(())
}

/// `doctor.standbys`: whom commits wait for, who follows, which of them commits wait for, whether Patroni is there and
/// says that its mode is strict, and how many commits wait for longer than a second. Who may not see how standbys fare
/// sees that there are some.
const STANDBYS: Sql = on_postgres(
    "select case when pg_is_in_recovery() then 1 else 0 end,
            coalesce(current_setting('synchronous_standby_names', true), ''),
            (select count(*) from pg_stat_replication),
            (select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum') or sync_state is null),
            (select count(*) from pg_stat_activity where application_name like 'Patroni%'),
            coalesce(current_setting('tollgate.synchronous_mode_strict', true), ''),
            (select count(*) from pg_stat_activity
              where wait_event = 'SyncRep' and state_change < clock_timestamp() - interval '1 second')",
);

/// What a server says of its standbys.
#[derive(Debug, Default)]
struct Standbys {
    is_one: bool,
    names: String,
    following: i64,
    waited_for: i64,
    has_patroni: bool,
    is_strict: bool,
    waiting: i64,
}

fn look_at_standbys(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let found = looking.db.one(STANDBYS, &[], |row| {
        Ok(Standbys {
            is_one: row.get::<i64>(0)? == 1,
            names: row.get(1)?,
            following: row.get(2)?,
            waited_for: row.get(3)?,
            has_patroni: 0 < row.get::<i64>(4)?,
            is_strict: matches!(row.get::<String>(5)?.as_str(), "on" | "true" | "1" | "yes"),
            waiting: row.get(6)?,
        })
    })?;
    let hosts = looking.server.map_or(1, |server| server.host_names().len());
    let commit = setting(looking, "synchronous_commit")?;
    judge(&found.unwrap_or_default(), hosts, &commit, checked);
    Ok(())
}

fn judge(found: &Standbys, hosts: usize, commit: &str, checked: &mut Checked) {
    if found.is_one || (hosts < 2 && found.following == 0 && found.names.is_empty()) {
        return;
    }
    if found.names.is_empty() {
        checked.see(
            Level::Warn,
            "synchronous_standby_names is empty: a commit is on one machine, and what was answered in the last moments \
             before a failover is lost"
                .to_owned(),
        );
        checked.mend(match found.has_patroni {
            true => {
                "patronictl edit-config -s synchronous_mode=true -s synchronous_mode_strict=true"
            }
            false => {
                "alter system set synchronous_standby_names = 'ANY 1 (*)'; select pg_reload_conf();"
            }
        });
    } else if found.has_patroni && !found.is_strict {
        checked.see(
            Level::Warn,
            "Patroni sets synchronous_standby_names, and empties it when no standby is there, unless \
             synchronous_mode_strict is set"
                .to_owned(),
        );
        checked.mend(
            "patronictl edit-config -s synchronous_mode_strict=true -p tollgate.synchronous_mode_strict=on",
        );
    }
    if !found.names.is_empty() && found.waited_for == 0 {
        let seen = format!(
            "commits wait for a standby ({}), and none of those follows",
            found.names
        );
        checked.see(Level::Fail, seen);
        checked.mend("start the standby; see its log and pg_stat_replication on the primary");
    } else if 0 < found.waiting {
        let seen = format!(
            "{} commits wait for a standby since a second",
            found.waiting
        );
        checked.see(Level::Warn, seen);
        checked.mend("see how far it is behind: select * from pg_stat_replication;");
    }
    if matches!(commit, "local" | "remote_write") {
        let seen =
            format!("synchronous_commit is {commit}: a commit does not wait for a standby's disk");
        checked.see(Level::Warn, seen);
        checked.mend("alter system set synchronous_commit = 'on'; select pg_reload_conf();");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No suite has Patroni; `scripts/patroni` shows what it really does.
    #[test]
    fn a_commit_that_is_on_one_machine_is_reported_where_there_are_two() {
        use Level::{Fail, Ok, Warn};
        let names = |names: &str| Standbys {
            names: names.to_owned(),
            ..Standbys::default()
        };
        let following = |following, waited_for, found| Standbys {
            following,
            waited_for,
            ..found
        };
        let patroni = |is_strict, found| Standbys {
            has_patroni: true,
            is_strict,
            ..found
        };
        let some = "ANY 1 (*)";
        for (found, hosts, commit, level) in [
            (names(""), 1, "on", Ok),
            (names(""), 2, "on", Warn),
            (following(1, 0, names("")), 1, "on", Warn),
            (following(1, 1, names(some)), 2, "on", Ok),
            (following(1, 1, names(some)), 2, "remote_apply", Ok),
            (following(1, 1, names(some)), 2, "remote_write", Warn),
            (following(1, 1, names(some)), 2, "local", Warn),
            // Away: commits wait, whoever follows that they do not wait for.
            (following(1, 0, names("b")), 2, "on", Fail),
            (following(0, 0, names("b")), 1, "on", Fail),
            (patroni(false, following(1, 1, names("b"))), 2, "on", Warn),
            (patroni(true, following(1, 1, names("b"))), 2, "on", Ok),
            (patroni(true, names("")), 2, "on", Warn),
            (
                Standbys {
                    is_one: true,
                    ..names("")
                },
                2,
                "on",
                Ok,
            ),
            (
                Standbys {
                    waiting: 3,
                    ..following(1, 1, names(some))
                },
                2,
                "on",
                Warn,
            ),
        ] {
            let mut checked = Checked::new("standbys", "");
            judge(&found, hosts, commit, &mut checked);
            assert_eq!(checked.level, level, "{found:?} {hosts} {commit}");
            assert_eq!(checked.fix.is_empty(), level == Ok, "{found:?}");
        }
    }
}
