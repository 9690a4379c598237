//! A file that is being written: beside its place under another name, until it is whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::BackupError;
use crate::db::beside;

/// What its name has more.
const PART: &str = ".part";

/// One that is being written; gone with this, unless it was finished. One that a killed process has left is begun again.
pub(crate) struct Part {
    path: PathBuf,
    file: File,
    is_finished: bool,
}

impl Part {
    /// Makes an empty one for a place, which only its owner may read, with the folders that are missing.
    pub(crate) fn make(target: &Path) -> Result<Part, BackupError> {
        let path = beside(target, PART);
        let refuse = |source| BackupError::Write {
            path: path.clone(),
            source,
        };
        make_folder_of(target).map_err(refuse)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(refuse)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::Written { path }),
            Err(TryLockError::Error(source)) => return Err(refuse(source)),
        }
        file.set_len(0).map_err(refuse)?;
        #[cfg(unix)]
        {
            let only_ours = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            file.set_permissions(only_ours).map_err(refuse)?;
        }
        Ok(Part {
            path,
            file,
            is_finished: false,
        })
    }

    /// Where it is written.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Sees to it that what is written is on the disk.
    pub(crate) fn sync(&self) -> Result<(), BackupError> {
        self.file.sync_data().map_err(|source| BackupError::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// Gives it its name; its bytes. Unless it may replace one, a file that has come there meanwhile stays.
    pub(crate) fn finish(mut self, target: &Path, replace: bool) -> Result<u64, BackupError> {
        let refuse = |source| BackupError::Write {
            path: target.to_owned(),
            source,
        };
        self.file.sync_all().map_err(refuse)?;
        let bytes = self.file.metadata().map_err(refuse)?.len();
        match replace {
            true => std::fs::rename(&self.path, target).map_err(refuse)?,
            false => {
                // Unlike a rename, a link takes no other's place. Some file systems have none.
                let linked = std::fs::hard_link(&self.path, target);
                match linked.map_err(|error| error.kind()) {
                    Ok(()) => std::fs::remove_file(&self.path).map_err(refuse)?,
                    Err(_) if target.exists() => {
                        return Err(BackupError::There {
                            path: target.to_owned(),
                            may_replace: false,
                        });
                    }
                    Err(_) => std::fs::rename(&self.path, target).map_err(refuse)?,
                }
            }
        }
        self.is_finished = true;
        sync_folder_of(target).map_err(refuse)?;
        Ok(bytes)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_finished {
            // What cannot be removed is begun again by the next one.
            let _ = std::fs::remove_file(&self.path);
            for ending in ["-journal", "-wal", "-shm"] {
                let _ = std::fs::remove_file(beside(&self.path, ending));
            }
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the folder where it is missing, for nobody else: customers' names and addresses will be in it.
fn make_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = folder_of(path);
    if folder.is_dir() {
        return Ok(());
    }
    let mut making = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut making, 0o700);
    making.recursive(true).create(folder)
}

/// Sees to it that a name in a folder is on the disk.
pub(crate) fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}
