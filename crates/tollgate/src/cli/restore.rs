//! `tollgate restore`: puts a backup where a database is to be.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use tollgate_store::{
    BackupError, Followed, LastReceipt, Level, Place, RestoreError, RestorePlan, Restored, Store,
};

use super::backup::Shown;
use super::{configuration, failed};
use tollgate_server::Clock;

/// Put a backup where there is no database, and have what it lacks looked at.
///
/// The backup is copied and looked at before anything has the database's name. Since it was made things have happened
/// that it does not know of: mails, refunds and voids that it has pending are given to a person, the feed goes on behind
/// all positions that may have been told, sessions end. docs/backup.md has what else to see to.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// The backup: of `tollgate backup`, or another whole copy of a SQLite database.
    #[arg(value_name = "FILE", required_unless_present = "in_place")]
    backup: Option<PathBuf>,
    /// Where the database is to be; the file of [store] url, if absent.
    #[arg(long, value_name = "FILE", conflicts_with = "in_place")]
    to: Option<PathBuf>,
    /// The database of [store] url was put back by other means (pg_restore, recovery to a point in time, Litestream):
    /// only do to it what follows.
    #[arg(long, conflicts_with = "backup")]
    in_place: bool,
    /// Nothing has happened since: whoever served the database was stopped before, and has not run again. What is
    /// pending is done as if it had never been away.
    #[arg(long, conflicts_with_all = ["in_place", "last_receipt"])]
    nothing_since: bool,
    /// The last receipt that a shop has given out, where somebody knows one that is not in the backup: the next number
    /// is behind it. Of another shop than main with its name, as tea=2026/17.
    #[arg(long, value_name = "[SHOP=]YEAR/N")]
    last_receipt: Vec<Last>,
}

/// `[SHOP=]YEAR/N`.
#[derive(Debug, Clone)]
pub(super) struct Last(LastReceipt);

/// What the options say of receipts.
pub(super) fn last_receipts(typed: &[Last]) -> Vec<LastReceipt> {
    typed.iter().map(|last| last.0.clone()).collect()
}

impl FromStr for Last {
    type Err = String;

    fn from_str(text: &str) -> Result<Last, String> {
        let (shop, number) = text.split_once('=').unwrap_or(("main", text));
        let read = || {
            let (year, sequence) = number.split_once('/')?;
            let year: i32 = year
                .parse()
                .ok()
                .filter(|year| (1970..=9999).contains(year))?;
            let sequence: i64 = sequence.parse().ok().filter(|sequence| 0 < *sequence)?;
            Some((year, sequence))
        };
        let (year, sequence) =
            read().ok_or("expected a year and a number, as 2026/42 or tea=2026/42")?;
        Ok(Last(LastReceipt {
            shop: shop.to_owned(),
            year,
            sequence,
        }))
    }
}

pub(super) fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let now = Clock::default().now();
    let plan = RestorePlan {
        nothing_since: args.nothing_since,
        last_receipts: last_receipts(&args.last_receipt),
        now,
    };
    let Some(backup) = args.backup else {
        return in_place(&plan, file);
    };
    let target = match args.to {
        Some(target) => target,
        None => match configured(file) {
            Ok(target) => target,
            Err(exit) => return exit,
        },
    };
    let mut shown = Shown::new();
    let restored = Store::restore(&backup, &target, &plan, &mut |step| shown.step(step));
    shown.clear();
    match restored {
        Ok(restored) => say(&restored, &plan),
        Err(error) => refused(&error),
    }
}

/// The file that is configured.
fn configured(file: Option<&Path>) -> Result<PathBuf, ExitCode> {
    match configuration(file)?.place {
        Place::File(path) => Ok(path),
        Place::Memory | Place::Server(_) => {
            anstream::eprintln!(
                "error: restore: [store] url names no SQLite file; name one with --to. What is put back on a \
                 PostgreSQL server is put back by its own programs, then `tollgate restore --in-place` has to follow: \
                 docs/backup.md"
            );
            Err(ExitCode::from(2))
        }
    }
}

fn in_place(plan: &RestorePlan, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if config.place == Place::Memory {
        return failed("follow up a database in memory: it has nothing that stays");
    }
    match Store::follow_restore(&config.place, plan) {
        Ok(followed) => {
            say_followed(&followed);
            say_next();
            ExitCode::SUCCESS
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &RestoreError) -> ExitCode {
    anstream::eprintln!("error: {error}");
    match error {
        RestoreError::LastReceipt(_) => ExitCode::from(2),
        RestoreError::Backup(BackupError::OnServer { .. }) => ExitCode::from(2),
        RestoreError::Backup(_) | RestoreError::NoBackup { .. } | RestoreError::InUse { .. } => {
            ExitCode::from(1)
        }
    }
}

fn say(restored: &Restored, plan: &RestorePlan) -> ExitCode {
    let database = &restored.database;
    let path = database.path.display();
    let of = match restored.made_at {
        Some(at) => {
            let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
            format!(" as it was at {}", at.strftime("%Y-%m-%d %H:%M:%S UTC"))
        }
        None => String::new(),
    };
    anstream::eprintln!(
        "restored {path}{of}: {} orders, payments and holds, {} events, {} receipts",
        database.counted.roots,
        database.counted.events,
        database.counted.receipts
    );
    if !database.has_key {
        anstream::eprintln!(
            "warning: the file has no instance key; put that of the lost database at {path}.key, or a new one is made \
             and webhooks that were refused for a wrong secret cannot be verified again"
        );
    }
    if !plan.nothing_since {
        say_followed(&restored.followed);
    }
    let verified = Store::verify_at(&Place::File(database.path.clone()), plan.now);
    let fails = |report: &tollgate_store::Report| {
        let checks = report.checks.iter();
        checks.filter(|check| check.level == Level::Fail).count()
    };
    match verified.as_ref().map(fails) {
        Ok(0) => {}
        Ok(count) => anstream::eprintln!(
            "warning: {count} invariants are broken in it, as they were when it was backed up; see `tollgate verify`"
        ),
        Err(error) => anstream::eprintln!("warning: it could not be verified: {error}"),
    }
    say_next();
    ExitCode::SUCCESS
}

pub(super) fn say_followed(followed: &Followed) {
    if 0 < followed.doubtful {
        anstream::eprintln!(
            "{} mails, refunds or voids may have been done since: a person decides, in `tollgate effects list --state \
             unknown`, once the server runs",
            followed.doubtful
        );
    }
    if 0 < followed.sessions {
        anstream::eprintln!("{} sessions and tickets were ended", followed.sessions);
    }
    for (shop, from, to) in &followed.feeds {
        anstream::eprintln!(
            "the feed of shop {} goes on from {to}; it was at {from}",
            shop.0
        );
    }
}

fn say_next() {
    anstream::eprintln!(
        "next: tollgate doctor
      tollgate serve
      tollgate keys list        # keys that were revoked since are good again
      docs/backup.md says what providers and receipts need"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_receipt_is_a_shop_a_year_and_a_number() {
        let read = |text: &str| {
            let last = text.parse::<Last>().ok()?.0;
            Some((last.shop, last.year, last.sequence))
        };
        assert_eq!(read("2026/42"), Some(("main".to_owned(), 2026, 42)));
        assert_eq!(read("tea=2026/1"), Some(("tea".to_owned(), 2026, 1)));
        for text in ["", "42", "2026/0", "2026/-1", "26/1", "tea=", "2026/1/2"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
