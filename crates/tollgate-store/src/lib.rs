//! What we remember: the Gate that decides and commits in batches, and pages to read.
//!
//! The modules stand in reading order: how to open it, how to hand a command to it, what comes
//! back; then how it is done.

mod options;
mod submission;
mod error;

pub use error::{OpenError, SubmitError};
pub use options::{Clock, DecideFn, Limits, MakeSlots, Options, Place};
pub use submission::{Answer, Class, Render, Reply, Submission};
