//! The Gate: commands queue, are decided in batches and commit; claims and sweeps go the same way.

pub(crate) mod submission;
pub(crate) mod queue;
pub(crate) mod writer;
pub(crate) mod batch;
pub(crate) mod commit;
pub(crate) mod observed;
pub(crate) mod blocked;
pub(crate) mod locked_rows;
pub(crate) mod open_file;
pub(crate) mod standing;
pub(crate) mod quarantine;
pub(crate) mod claims;
pub(crate) mod sweep;
pub(crate) mod dedupe;
pub(crate) mod wake;
pub(crate) mod table_write;
pub(crate) mod access_write;
pub(crate) mod retention;
pub(crate) mod rejected;
pub(crate) mod checkpoint;
