//! What a process leaves behind that dies: only this file touches the story's folder.

use std::path::{Path, PathBuf};

/// The files of one life of the process.
#[derive(Debug, Clone)]
pub(super) struct Life(PathBuf);

impl Life {
    /// The files in this folder, which may be there or not.
    pub(super) fn of(folder: PathBuf) -> Life {
        Life(folder)
    }

    /// Makes the folder of the first life.
    pub(super) fn begin(&self) {
        std::fs::create_dir(&self.0).expect("the story's folder is empty");
    }

    /// Takes another process's files in place of these.
    pub(super) fn replace_with(&self, other: &Life) {
        std::fs::remove_dir_all(&self.0).expect("it was made just now");
        other.copy_to(self);
    }

    /// They are no longer needed. What is left of them is gone with the story's folder.
    pub(super) fn end(self) {
        let _ = std::fs::remove_dir_all(self.0);
    }

    pub(super) fn database(&self) -> PathBuf {
        self.0.join("tollgate.db")
    }

    fn log(&self) -> PathBuf {
        self.0.join("tollgate.db-wal")
    }

    /// Copies the files as they stand.
    pub(super) fn copy_to(&self, to: &Life) {
        let copy = |from: &Path, to: &Path| {
            std::fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()))
        };
        std::fs::create_dir_all(&to.0).expect("the story's folder takes folders");
        copy(&self.database(), &to.database());
        if self.log().exists() {
            copy(&self.log(), &to.log());
        }
    }

    /// Leaves of the log what `before` had of it and a part of what came since. `false`: it was begun
    /// again meanwhile.
    pub(super) fn tear_log(&self, before: &Life, sixty_fourths: u8) -> bool {
        let read = |path: &Path| std::fs::read(path).unwrap_or_default();
        let (old, mut new) = (read(&before.log()), read(&self.log()));
        if new.len() <= old.len() || !new.starts_with(&old) {
            return false;
        }
        // Never the last byte: with it the commit would be whole.
        let grown = new.len() - old.len() - 1;
        new.truncate(old.len() + grown * usize::from(sixty_fourths % 64) / 63);
        std::fs::write(self.log(), new).is_ok()
    }
}
