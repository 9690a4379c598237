//! What the database is made of: migrations, months, views, and who may open it.

pub(crate) mod migrate;
mod steps;
pub(crate) mod views;
pub(crate) mod month;
pub(crate) mod partitions;
pub(crate) mod lock;
mod words_left;
