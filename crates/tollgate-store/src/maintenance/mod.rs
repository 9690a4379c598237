//! What is done beside the work: what is old goes, months are made and taken, the log is kept short.

pub(crate) mod rounds;
pub(crate) mod failover;
pub(crate) mod instances;
pub(crate) mod prune;
