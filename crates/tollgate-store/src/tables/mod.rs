//! What rows hold: their statements, how they are loaded and written, and the documents in them.

pub(crate) mod load;
pub(crate) mod write;
pub(crate) mod doc;
pub(crate) mod effect_doc;
pub(crate) mod endpoints;
pub(crate) mod namesake;
pub(crate) mod horizon;
pub(crate) mod deliveries;
pub(crate) mod keys;
pub(crate) mod shops;
