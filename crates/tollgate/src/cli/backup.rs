//! `tollgate backup`: a SQLite database in one file, taken while it is served.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tollgate_store::{BackedUp, BackupError, BackupPlan, BackupStep, Level, Place, Store};

use super::{configuration, failed, print};
use tollgate_server::Clock;

/// Copy a SQLite database, with the instance's key and all receipts, into one file that `tollgate restore` takes.
///
/// It is of one state, made while a server runs or while none does, and appears when all of it is written and was looked
/// at: every page and index, the schema, the feeds, the hashes of receipts. It has mode 0600. A PostgreSQL server is
/// backed up by its own programs: docs/backup.md.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// The file to write, or a folder (one that is there, or with a slash at its end): then a file in it that is named
    /// by the time.
    #[arg(value_name = "FILE|DIR")]
    target: PathBuf,
    /// Of a folder: how many backups stay; the oldest of more go, once the new one is there.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    keep: Option<u32>,
    /// Write a file anew that is there already.
    #[arg(long, conflicts_with = "keep")]
    replace: bool,
    /// How much is copied in a second at the most, 0 for as fast as it goes. Where much is written meanwhile it goes
    /// faster by itself, so that the log stays short.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    mib_per_second: u64,
    /// Ask every invariant of the copy, too, as `tollgate verify` does.
    #[arg(long)]
    verify: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let now = Clock::default().now();
    let folder = is_folder(&args.target).then(|| args.target.clone());
    let target = match &folder {
        Some(folder) => folder.join(dated(now.as_millis())),
        None => args.target.clone(),
    };
    if folder.is_none() && args.keep.is_some() {
        anstream::eprintln!(
            "error: backup: --keep is about a folder of backups; name one, as backups/"
        );
        return ExitCode::from(2);
    }
    let plan = BackupPlan {
        bytes_per_second: args.mib_per_second << 20,
        replace: args.replace,
        now,
    };
    let mut shown = Shown::new();
    let made = Store::back_up(&config.place, &target, &config.limits, plan, &mut |step| {
        shown.step(step);
    });
    shown.clear();
    let made = match made {
        Ok(made) => made,
        Err(error) => return refused(&error),
    };
    if args.verify {
        match Store::verify_at(&Place::File(target.clone()), now) {
            Ok(report) if report.worst() < Level::Fail => {}
            Ok(report) => {
                anstream::eprint!("{}", super::report::table(&report));
                return failed(&format!(
                    "verify {}: it is a whole copy of a database in which invariants are broken; \
                     see `tollgate verify`",
                    target.display()
                ));
            }
            Err(error) => return failed(&error.to_string()),
        }
    }
    let gone = match (&folder, args.keep) {
        (Some(folder), Some(keep)) => match thin_out(folder, keep as usize) {
            Ok(gone) => gone,
            Err(error) => return failed(&format!("thin out {}: {error}", folder.display())),
        },
        _ => 0,
    };
    say(&made, gone, args.json)
}

fn say(made: &BackedUp, gone: usize, json: bool) -> ExitCode {
    let BackedUp {
        path,
        bytes,
        counted,
        has_key,
    } = made;
    if json {
        let document = json!({
            "file": path.display().to_string(),
            "bytes": bytes,
            "roots": counted.roots,
            "events": counted.events,
            "receipts": counted.receipts,
            "has_key": has_key,
            "removed": gone,
        });
        return print(&format!("{document}\n"));
    }
    if !has_key {
        anstream::eprintln!(
            "warning: there is no key beside the database, as before its first start; none is in the backup"
        );
    }
    anstream::eprintln!(
        "{} KiB with {} orders, payments and holds, {} events, {} receipts{}",
        bytes >> 10,
        counted.roots,
        counted.events,
        counted.receipts,
        match gone {
            0 => String::new(),
            gone => format!("; {gone} older ones removed"),
        }
    );
    print(&format!("{}\n", path.display()))
}

/// What is refused, with the exit code that says whether the command line is at fault.
fn refused(error: &BackupError) -> ExitCode {
    let code = match error {
        BackupError::OnServer { .. } | BackupError::InMemory => 2,
        BackupError::Open(_)
        | BackupError::There { .. }
        | BackupError::Occupied { .. }
        | BackupError::Written { .. }
        | BackupError::LogFull { .. }
        | BackupError::Damaged { .. }
        | BackupError::Write { .. }
        | BackupError::Database { .. } => 1,
    };
    anstream::eprintln!("error: {error}");
    ExitCode::from(code)
}

fn is_folder(target: &Path) -> bool {
    target.is_dir() || target.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// What a backup in a folder is called, by the time in UTC.
const PREFIX: &str = "tollgate-";
const ENDING: &str = ".db";

fn dated(millis: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    // Two of one second have different names.
    format!("{PREFIX}{}{ENDING}", at.strftime("%Y%m%dT%H%M%S%.3fZ"))
}

/// Removes the oldest of more backups than stay: what this command has named, and nothing else.
fn thin_out(folder: &Path, keep: usize) -> std::io::Result<usize> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        let time = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_suffix(ENDING));
        let is_time = |time: &str| {
            time.ends_with('Z')
                && time.starts_with(|letter: char| letter.is_ascii_digit())
                && time
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || b"TZ.".contains(&byte))
        };
        if time.is_some_and(is_time) {
            names.push(name.to_owned());
        }
    }
    // Times in this form are in the order of their letters.
    names.sort();
    let gone = names.len().saturating_sub(keep);
    for name in &names[..gone] {
        std::fs::remove_file(folder.join(name))?;
    }
    Ok(gone)
}

/// What is done, on a terminal.
pub(super) struct Shown {
    bar: ProgressBar,
    is_checking: bool,
}

impl Shown {
    pub(super) fn new() -> Shown {
        let style =
            ProgressStyle::with_template("copying {bar:40} {bytes}/{total_bytes}, {eta} left")
                .expect("the template is ours");
        Shown {
            bar: ProgressBar::new(0).with_style(style),
            is_checking: false,
        }
    }

    pub(super) fn step(&mut self, step: BackupStep) {
        match step {
            BackupStep::Copying(progress) => {
                self.bar.set_length(progress.all);
                self.bar.set_position(progress.done);
            }
            BackupStep::Checking if !self.is_checking => {
                self.is_checking = true;
                self.bar.finish_and_clear();
                self.bar =
                    ProgressBar::new_spinner().with_message("looking at every page of the copy");
                self.bar.enable_steady_tick(Duration::from_millis(200));
            }
            BackupStep::Checking => {}
        }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_oldest_backups_of_ours_go() {
        let folder = tempfile::tempdir().expect("there is room");
        let names = [
            dated(1_796_047_384_120),
            dated(1_796_047_384_121),
            dated(1_796_133_784_000),
            "tollgate-main.db".to_owned(),
            "tollgate-20261130T130304.120Z.db.part".to_owned(),
            "other.db".to_owned(),
        ];
        assert_eq!(names[0], "tollgate-20261130T140304.120Z.db");
        for name in &names {
            std::fs::write(folder.path().join(name), "").expect("it is written");
        }
        assert_eq!(thin_out(folder.path(), 3).expect("it can be read"), 0);
        assert_eq!(thin_out(folder.path(), 1).expect("it can be read"), 2);
        let left = std::fs::read_dir(folder.path()).expect("it can be read");
        let mut left: Vec<String> = left
            .map(|entry| {
                entry
                    .expect("it is there")
                    .file_name()
                    .into_string()
                    .expect("a name")
            })
            .collect();
        left.sort();
        let mut wanted = names[2..].to_vec();
        wanted.sort();
        assert_eq!(left, wanted);
    }
}
