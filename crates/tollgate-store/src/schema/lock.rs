//! The lock beside a database file: one process writes (docs/gate.md, One writer on SQLite).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::db::OpenError;

/// Held as long as the store is open; the operating system lets go of it when the process ends,
/// however it ends.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
}

/// Lets go by its own word: a process forked at this moment has a copy of the handle until it runs
/// its own program, and closing ours alone would leave the lock with it. Whom it names has ended then: in a container
/// the next process has the same number.
impl Drop for FileLock {
    fn drop(&mut self) {
        // Without it `doctor` may take another process for us. Closing the file lets go as well, so nothing is lost
        // if either fails.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

impl FileLock {
    /// Writes below our process id which file it is that we have open: `doctor` compares it with the one that
    /// is there.
    pub(crate) fn name_file(&mut self, identity: &str) {
        // Without it nobody is told, and nothing else is lost.
        let _ = writeln!(self.file, "{identity}");
    }
}

/// Takes `FILE.lock` and writes our process id into it. The database file itself is never opened by
/// any other means than SQLite's: closing it would drop SQLite's own locks.
pub(crate) fn take(database: &Path) -> Result<FileLock, OpenError> {
    // A link's name is another name; the file behind it is the one that is locked.
    let real = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let path = lock_path(&real);
    let refuse = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            OpenError::ReadOnly {
                path: database.to_owned(),
            }
        }
        std::io::ErrorKind::NotFound => OpenError::CannotOpen {
            path: database.to_owned(),
        },
        _ => OpenError::Io {
            path: path.clone(),
            source,
        },
    };
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(refuse)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            return Err(OpenError::Locked {
                path: database.to_owned(),
                pid: text.lines().next().unwrap_or_default().trim().to_owned(),
            });
        }
        Err(TryLockError::Error(source)) => return Err(refuse(source)),
    }
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(refuse)?;
    Ok(FileLock { file })
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_nobody_after_an_orderly_end() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("t.db");
        std::fs::write(&path, "").expect("it is written");
        let read = || std::fs::read_to_string(folder.path().join("t.db.lock"));
        let mut lock = take(&path).expect("it is free");
        lock.name_file("1:2");
        let said = read().expect("it is there");
        assert_eq!(said, format!("{}\n1:2\n", std::process::id()));
        drop(lock);
        assert_eq!(read().expect("it is there"), "");
    }
}
