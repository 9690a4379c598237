//! A SQLite file: what lies around it, and what is in it.

use std::path::Path;

use super::{
    Check, Examination, Looking, look_at_disk, look_at_rows_of_the_future, made, readers, schema,
};
use crate::db::{Error, Sqlite, beside, identity, log_of};
use crate::report::{Checked, Level, Report};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "log",
        about: "the file has a write-ahead log, and it is short",
        look: look_at_log,
        before_schema: false,
    },
    Check {
        name: "pages",
        about: "the file has no more free pages than used ones",
        look: look_at_pages,
        before_schema: true,
    },
    Check {
        name: "integrity",
        about: "SQLite's own quick_check finds nothing",
        look: look_at_integrity,
        before_schema: true,
    },
    Check {
        name: "migrations",
        about: "the schema is the one of this program",
        look: schema::look_at_migrations,
        before_schema: true,
    },
    Check {
        name: "tables",
        about: "every table and index is there",
        look: look_at_tables,
        before_schema: false,
    },
    Check {
        name: "schema",
        about: "columns, constraints, indexes and views are as the migrations make them, and there is no other trigger",
        look: made::look,
        before_schema: false,
    },
    Check {
        name: "readers",
        about: "no reader keeps the log from being emptied",
        look: readers::look,
        before_schema: false,
    },
    Check {
        name: "clock",
        about: "this machine's clock is not behind what is written",
        look: look_at_clock,
        before_schema: false,
    },
];

/// A log as long as this shows a reader that holds it up.
const LOG_BYTES_WARN: u64 = 256 << 20;

/// Beyond this nothing more is taken.
const LOG_BYTES_FAIL: u64 = 2 << 30;

/// Free pages below this are not worth a word.
const FREE_BYTES_MIN: i64 = 64 << 20;

/// Looks at what can be seen without opening the file.
pub(super) fn examine_outside(path: &Path, _: &Examination) -> Report {
    let mut library = Checked::new("sqlite", "SQLite is one without known faults");
    let (version, is_good) = Sqlite::library();
    library.see(
        if is_good { Level::Ok } else { Level::Fail },
        format!("SQLite {version}"),
    );
    if !is_good {
        library.mend("build tollgate with its bundled SQLite, or one of 3.51.3 or later");
    }
    let mut file = Checked::new(
        "file",
        "the file is there, and only we may read and write it",
    );
    look_at_file(path, &mut file);
    let mut holder = Checked::new("holder", "who writes to it");
    holder.see(Level::Ok, holder_shown(path));
    let mut disk = Checked::new("disk", "the disk has room");
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    look_at_disk(folder.unwrap_or(Path::new(".")), &mut disk);
    Report {
        checks: vec![library, file, holder, disk],
        ..Report::default()
    }
}

fn look_at_file(path: &Path, checked: &mut Checked) {
    use rustix::fs::{Access, access};
    match std::fs::metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if let Some(Holder { pid, .. }) = holder(path) {
                let seen = format!("{} is gone, and process {pid} has it open", path.display());
                checked.see(Level::Fail, seen);
                checked.mend(&format!(
                    "put it back before that process ends: it is still in /proc/{pid}/fd (docs/operating.md)"
                ));
                return;
            }
            for left in ["-wal", ".key"].map(|ending| beside(path, ending)) {
                if left.exists() {
                    let seen = format!(
                        "{} is missing, and {} is there",
                        path.display(),
                        left.display()
                    );
                    checked.see(Level::Fail, seen);
                    checked.mend("put the database back, or restore it from a backup");
                }
            }
            let seen = format!("{} is not there yet", path.display());
            checked.see(Level::Warn, seen);
            checked.mend("tollgate migrate");
            return;
        }
        Err(error) => {
            checked.see(Level::Fail, format!("{}: {error}", path.display()));
            checked.mend("see the message");
            return;
        }
    }
    look_at_identity(path, checked);
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    for place in [path, folder.unwrap_or(Path::new("."))] {
        if access(place, Access::READ_OK | Access::WRITE_OK).is_err() {
            let seen = format!("this user may not write to {}", place.display());
            checked.see(Level::Fail, seen);
            checked.mend(&format!("chown \"$(id -u)\" {}", place.display()));
        }
    }
    look_at_modes(path, checked);
}

/// The file, its log and the log's index are for their owner alone: secrets and customers' data are in
/// each of them.
#[cfg(unix)]
fn look_at_modes(path: &Path, checked: &mut Checked) {
    use std::os::unix::fs::PermissionsExt;
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        // A log is there only as long as somebody writes.
        let Ok(found) = std::fs::metadata(&file) else {
            continue;
        };
        let mode = found.permissions().mode() & 0o777;
        let others = match mode {
            mode if mode & 0o022 != 0 => "write to it",
            mode if mode & 0o044 != 0 => "read it",
            _ => continue,
        };
        let seen = format!(
            "others than its owner may {others}: the mode of {} is {mode:03o}",
            file.display()
        );
        checked.see(Level::Warn, seen);
        checked.mend(&format!("chmod 600 {}", file.display()));
    }
}

#[cfg(not(unix))]
fn look_at_modes(_: &Path, _: &mut Checked) {}

/// The file that is there is the one that its process has open, and the only one of its log.
fn look_at_identity(path: &Path, checked: &mut Checked) {
    if let Some(Holder {
        pid,
        file: Some(file),
    }) = holder(path)
        && let Some(found) = identity(path)
        && found.to_string() != file
    {
        let seen = format!(
            "process {pid} has another file open than the one at {}; it stores nothing",
            path.display()
        );
        checked.see(Level::Fail, seen);
        checked.mend("put the first one back, or start that process again to go on with this one");
    }
    if let Ok(found) = rustix::fs::stat(path)
        && 1 < found.st_nlink
    {
        let seen = format!("{} has {} names", path.display(), found.st_nlink);
        checked.see(Level::Warn, seen);
        checked.mend("remove the others: by each name the file has another log");
    }
}

/// Who says in `FILE.lock` that it has the file open, and runs.
pub(super) struct Holder {
    pub(super) pid: String,
    /// Which file that was.
    file: Option<String>,
}

/// Who holds `FILE.lock`. The lock itself is not tried: anyone who starts at that moment would find it
/// taken.
pub(super) fn holder(path: &Path) -> Option<Holder> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let text = std::fs::read_to_string(beside(&real, ".lock")).ok()?;
    let mut lines = text.lines().map(|line| line.trim().to_owned());
    let pid = lines.next().filter(|pid| !pid.is_empty())?;
    let runs = Path::new("/proc").join(&pid).exists();
    runs.then(|| Holder {
        pid,
        file: lines.next(),
    })
}

fn holder_shown(path: &Path) -> String {
    match holder(path) {
        Some(Holder { pid, .. }) => format!("process {pid}"),
        None => "no process".to_owned(),
    }
}

fn look_at_log(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let mode = looking
        .db
        .one("pragma journal_mode", &[], |row| row.get::<String>(0))?
        .unwrap_or_default();
    // A file that is opened as one that is not written to has none to show.
    let log = log_of(looking.name);
    let bytes = std::fs::metadata(&log).map_or(0, |log| log.len());
    if mode != "wal" && 0 < bytes {
        checked.see(Level::Fail, format!("its journal mode is {mode}"));
        checked.mend("stop whatever changed it; `tollgate serve` sets it again");
    }
    let level = match bytes {
        LOG_BYTES_FAIL.. => Level::Fail,
        LOG_BYTES_WARN.. => Level::Warn,
        _ => Level::Ok,
    };
    checked.see(level, format!("{} KiB", bytes >> 10));
    if level != Level::Ok {
        checked.mend("end the reader that holds it up: `fuser -v FILE` names who has it open");
    }
    Ok(())
}

fn look_at_pages(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let number = |sql: &'static str| -> Result<i64, Error> {
        Ok(looking.db.one(sql, &[], |row| row.get(0))?.unwrap_or(0))
    };
    let size = number("pragma page_size")?;
    let pages = number("pragma page_count")?;
    let free = number("pragma freelist_count")?;
    let is_much = pages < free * 2 && FREE_BYTES_MIN < free * size;
    checked.see(
        if is_much { Level::Warn } else { Level::Ok },
        format!("{pages} pages of {size} bytes, {free} of them free"),
    );
    if is_much {
        checked.mend("free pages are used again; to give them back, stop the server and run");
        checked.mend(&format!("sqlite3 {} vacuum", looking.name.display()));
    }
    Ok(())
}

fn look_at_integrity(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let found = looking
        .db
        .all("pragma quick_check(20)", &[], |row| row.get::<String>(0))?;
    for line in found.into_iter().filter(|line| line != "ok") {
        checked.see(Level::Fail, line);
        checked
            .mend("stop the server and restore the file from a backup, or save what can be read:");
        checked.mend(&format!("sqlite3 {} .recover", looking.name.display()));
    }
    Ok(())
}

/// `doctor.named`: a table or index by its name.
const NAMED: &str = "select count(*) from sqlite_schema where name = ?1";

fn look_at_tables(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let db = looking.db;
    let there = |name: &str| -> Result<bool, Error> {
        Ok(db.one(NAMED, &[&name], |row| row.get::<i64>(0))? == Some(1))
    };
    for table in schema::tables(db) {
        if !there(table)? {
            checked.see(Level::Fail, format!("{table} is not there"));
            checked.mend("restore the file from a backup");
        }
    }
    for index in schema::indexes(db) {
        if !there(index.name)? {
            checked.see(Level::Fail, format!("{} is not there", index.name));
            checked.mend(&format!(
                "sqlite3 {} \"{}\" -- with the server stopped",
                looking.name.display(),
                index.statement
            ));
        }
    }
    Ok(())
}

fn look_at_clock(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let now = (looking.examination.clock)();
    look_at_rows_of_the_future(looking.db, now, checked)
}
