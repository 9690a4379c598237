//! The file under us: whether what is open is still what stands at its path.
//!
//! A file that was deleted or moved stays open, and takes commits that nobody will ever read. So device and
//! inode of the database and of its log are compared with their paths', at the most once a second
//! (docs/gate.md, One writer on SQLite). The files are not opened for it: closing one would drop SQLite's
//! own locks.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Which file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

/// For the lock file, where `doctor` reads it.
impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.device, self.inode)
    }
}

/// What has happened to the files that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// Nothing is at the database's path.
    Gone,
    /// Another file is.
    Replaced,
    /// The log's path leads nowhere.
    LogGone,
    /// Another file is where the log was.
    LogReplaced,
}

/// The files that are open.
pub(crate) struct OpenFile {
    path: PathBuf,
    log: PathBuf,
    file_opened: Identity,
    /// `None` if there was no log when it was opened.
    log_opened: Option<Identity>,
    looked: Instant,
    moved: Option<Moved>,
}

impl OpenFile {
    /// Of a database that was opened just now. `None` if it has gone since.
    pub(crate) fn now(path: &Path) -> Option<OpenFile> {
        let log = log_of(path);
        Some(OpenFile {
            file_opened: identity(path)?,
            log_opened: identity(&log),
            path: path.to_owned(),
            log,
            looked: Instant::now(),
            moved: None,
        })
    }

    /// Which file the database is.
    pub(crate) fn identity(&self) -> Identity {
        self.file_opened
    }

    /// What has happened to it, as it was seen within the last second. What has moved is looked at each
    /// time: it may be put back.
    pub(crate) fn moved(&mut self) -> Option<Moved> {
        if self.moved.is_some() || EVERY <= self.looked.elapsed() {
            self.look();
        }
        self.moved
    }

    /// Something has, when it was looked at last.
    pub(crate) fn has_moved(&self) -> bool {
        self.moved.is_some()
    }

    /// What has happened to it.
    pub(crate) fn look(&mut self) -> Option<Moved> {
        self.looked = Instant::now();
        self.moved = match (identity(&self.path), self.log_opened, identity(&self.log)) {
            (None, _, _) => Some(Moved::Gone),
            (Some(found), _, _) if found != self.file_opened => Some(Moved::Replaced),
            (Some(_), Some(_), None) => Some(Moved::LogGone),
            (Some(_), Some(opened), Some(found)) if found != opened => Some(Moved::LogReplaced),
            (Some(_), _, _) => None,
        };
        self.moved
    }

    /// What it means and what is to be done, for the log and for people.
    pub(crate) fn explain(&self, moved: Moved) -> String {
        let (path, log, pid) = (self.path.display(), self.log.display(), std::process::id());
        match moved {
            Moved::Gone => format!(
                "{path} was deleted or moved; nothing is stored until it is back. What was stored is \
                 still open in process {pid}: see `ls -l /proc/{pid}/fd`, and docs/operating.md before \
                 ending it"
            ),
            Moved::Replaced => format!(
                "{path} is another file than the one that is open; nothing is stored. Put the first \
                 one back, or start process {pid} again to go on with the new one"
            ),
            Moved::LogGone => format!(
                "{log} was deleted or moved; nothing is stored until it is back or process {pid} was \
                 started again"
            ),
            Moved::LogReplaced => format!(
                "{log} is another file than the one that is open; nothing is stored. Another program \
                 has opened the database after its log was taken: end both, and see docs/operating.md"
            ),
        }
    }
}

/// Which file stands at a path, behind links too. One that was deleted has no name left; its path may lead to it all
/// the same, where that file alone is mounted into a container.
pub(crate) fn identity(path: &Path) -> Option<Identity> {
    let found = rustix::fs::stat(path).ok()?;
    if found.st_nlink == 0 {
        return None;
    }
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "other systems have other widths"
    )]
    let identity = Identity {
        device: found.st_dev as u64,
        inode: found.st_ino as u64,
    };
    Some(identity)
}

/// The log: SQLite puts it beside the file itself, not beside a link that leads there.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let real = std::fs::canonicalize(path);
    beside(real.as_deref().unwrap_or(path), "-wal")
}

/// A file beside the database.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_log_is_looked_for_beside_the_file_itself() {
        let folder = tempfile::tempdir().expect("there is room");
        let real = folder.path().join("real.db");
        let link = folder.path().join("link.db");
        std::fs::write(&real, "").expect("it is written");
        std::fs::write(beside(&real, "-wal"), "").expect("it is written");
        std::os::unix::fs::symlink(&real, &link).expect("a link");
        let mut open = OpenFile::now(&link).expect("it is there");
        assert_eq!(open.look(), None);
        std::fs::remove_file(beside(&real, "-wal")).expect("it was there");
        assert_eq!(open.look(), Some(Moved::LogGone));
    }

    /// A path that leads to a file without a name, as that of a mounted file does.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_deleted_file_is_gone_though_its_path_leads_to_it() {
        use std::os::fd::AsRawFd;

        let folder = tempfile::tempdir().expect("there is room");
        let real = folder.path().join("real.db");
        let file = std::fs::File::create(&real).expect("it is made");
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        let mut open = OpenFile::now(&path).expect("it is there");
        std::fs::remove_file(&real).expect("it was there");
        assert_eq!(open.look(), Some(Moved::Gone));
    }
}
