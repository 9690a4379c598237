//! What can go wrong, by what the caller can do about it.

use crate::seldom::Seldom;

/// Why a command was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The queue is full; nothing was stored. Try again later.
    #[error("take the command: {waiting} commands are waiting")]
    Overloaded {
        /// How many wait.
        waiting: usize,
    },
    /// The database does not take writes; nothing was stored. Try again later.
    #[error("write to the database: {reason}")]
    Unavailable {
        /// What it said.
        reason: String,
    },
    /// The commit's end was not seen. The same request is safe to repeat.
    #[error("see the end of the commit: {reason}")]
    OutcomeUnknown {
        /// What happened.
        reason: String,
    },
    /// Deciding about it failed; it is kept for a person to look at, and an alert was raised.
    #[error("decide about the command; it is quarantined")]
    Quarantined,
    /// The store is closing; nothing was stored.
    #[error("take the command: the store is closing")]
    Closing,
}

impl SubmitError {
    /// What was said when it was refused.
    pub(crate) fn reason(&self) -> String {
        match self {
            SubmitError::Unavailable { reason } | SubmitError::OutcomeUnknown { reason } => {
                reason.clone()
            }
            SubmitError::Overloaded { .. } | SubmitError::Quarantined | SubmitError::Closing => {
                self.to_string()
            }
        }
    }
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database does not answer. Try again later.
    #[error("read from the database: {0}")]
    Unavailable(#[source] crate::db::Error),
    /// A row is not what this program writes: something else has changed the database.
    #[error("read a row: {0}")]
    Corrupt(#[source] crate::db::Error),
    /// There is no connection to read over. Try again later.
    #[error("connect for reading: {0}")]
    Unreachable(String),
    /// The store is closing.
    #[error("read from the database: the store is closing")]
    Closing,
}

impl ReadError {
    /// What the database said, which goes into the log.
    pub(crate) fn of(error: crate::db::Error) -> ReadError {
        static CORRUPT: Seldom = Seldom::new();
        static UNAVAILABLE: Seldom = Seldom::new();
        let is_corrupt = crate::db::meaning(&error) == crate::db::Failure::Poison;
        let kind = if is_corrupt { &CORRUPT } else { &UNAVAILABLE };
        if let Some(times) = kind.count() {
            tracing::error!(%error, times, "failed to read");
        }
        match crate::db::meaning(&error) {
            crate::db::Failure::Poison => ReadError::Corrupt(error),
            crate::db::Failure::Unavailable
            | crate::db::Failure::Lost
            | crate::db::Failure::Retry
            | crate::db::Failure::Blocked
            | crate::db::Failure::MissingMonth => ReadError::Unavailable(error),
        }
    }
}
