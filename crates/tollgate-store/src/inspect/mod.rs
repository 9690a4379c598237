//! Is all well: around the data (doctor) and in it (verify).

pub(crate) mod doctor;
pub(crate) mod verify;
pub(crate) mod letters;
pub(crate) mod scratch;
pub(crate) mod peer;
