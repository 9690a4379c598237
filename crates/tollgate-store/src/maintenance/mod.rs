//! What is done beside the work: what is old goes, months are made and taken, the log is kept short; what
//! is there is backed up, put back and moved.

pub(crate) mod rounds;
pub(crate) mod failover;
pub(crate) mod instances;
pub(crate) mod prune;
pub(crate) mod resealing;
mod alone;
pub(crate) mod backup;
pub(crate) mod restore;
pub(crate) mod restored;
pub(crate) mod moving;
