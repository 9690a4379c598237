//! The file that the Gate has open: nothing is stored into one that is not at its path any more (docs/gate.md, One
//! writer on SQLite).

use std::sync::atomic::Ordering;

use crate::db::{Db, Moved};
use crate::gate::commit::Broken;
use crate::gate::writer::Gate;

impl Gate {
    /// Nothing is stored into a file that is not at its path any more.
    pub(crate) fn look_at_file(&mut self) -> Result<(), Broken> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let moved = file.moved();
        let figure = &self.counters.file_moved;
        figure.store(moved.is_some().into(), Ordering::Relaxed);
        let Some(moved) = moved else { return Ok(()) };
        let mut reason = file.explain(moved);
        if moved == Moved::LogGone && self.save_log() {
            reason.push_str("; all that was stored has been moved from it into the database");
        }
        Err(Broken::Unavailable(reason))
    }

    /// Moves what a log has that nobody will find again into the file; whether all of it is there.
    fn save_log(&mut self) -> bool {
        if !self.log_saved
            && let Some(Db::Sqlite(db)) = &self.db
        {
            let moved = db.checkpoint_passive();
            self.log_saved = moved.is_ok_and(|(pages, moved)| pages == moved);
        }
        self.log_saved
    }

    /// A file that is not the one that was open is not opened in its place.
    pub(crate) fn refuse_moved(&mut self) -> Result<(), Broken> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        match file.look() {
            Some(moved) => Err(Broken::Unavailable(file.explain(moved))),
            None => Ok(()),
        }
    }
}
