//! Why a use case was refused or failed, independent of any transport: each one words it for its callers.

use super::Allowance;
use tollgate_core::decision::Refusal;
use tollgate_core::id::{DeliveryId, EndpointId, UserId};
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{ReadError, SubmitError};

/// Why a use case has not come to its good end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    /// It was decided against.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// There is no such thing in this shop.
    #[error("there is no such thing")]
    NotFound,
    /// The receipt has no file yet.
    #[error("the receipt is not issued yet")]
    ReceiptPending,
    /// No source of this name is configured.
    #[error("no such source is configured")]
    SourceUnknown,
    /// The caller sends nothing that could be a key.
    #[error("there is no API key")]
    KeyMissing,
    /// The key opens nothing, or nothing any more.
    #[error("the API key is not known")]
    KeyUnknown,
    /// The key has come to its own end.
    #[error("the API key has expired")]
    KeyExpired,
    /// The key has ended, so it is given no new secret.
    #[error("the API key has ended")]
    KeyEnded,
    /// The key's former secret is still good, and there is room for one.
    #[error("the former secret of the API key is still good")]
    FormerSecret {
        /// Until when.
        until: Timestamp,
    },
    /// The shop has as many keys as it may have.
    #[error("there are {most} API keys already")]
    TooManyKeys {
        /// How many it may have.
        most: u32,
    },
    /// The session has ended, or there was none.
    #[error("nobody is signed in")]
    SessionUnknown,
    /// The ticket for the first user was used, is too old, or never was one.
    #[error("the ticket makes no first user")]
    WelcomeUnknown,
    /// Shop main has a user, who makes others.
    #[error("there is a user already")]
    FirstUserExists,
    /// Nobody signs in with these words.
    #[error("nobody signs in with this")]
    CredentialsWrong,
    /// Too many have tried to sign in so.
    #[error("too many have tried to sign in")]
    SignInLocked {
        /// When to try again.
        wait: Span,
    },
    /// Another user of the shop has this address.
    #[error("the user {0} has this address")]
    UserExists(UserId),
    /// The shop has as many users as it may have.
    #[error("there are {most} users already")]
    TooManyUsers {
        /// How many it may have.
        most: u32,
    },
    /// Only who stands above the shops makes and changes admins of main.
    #[error("admins of shop main are made and changed by who stands above the shops")]
    RankMissing,
    /// The shop would have no admin left who may sign in.
    #[error("the user is the last admin of its shop")]
    LastAdmin,
    /// A member of the request is no good.
    #[error("{pointer}: {why}")]
    Unfit {
        /// Its place.
        pointer: &'static str,
        /// Why not.
        why: String,
    },
    /// The Idempotency-Key was used for another request (K6).
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// Payments of this source are refunded elsewhere.
    #[error("payments of this source cannot be refunded from here")]
    CannotRefund,
    /// The source of this payment cannot be asked.
    #[error("the source of this payment cannot be asked")]
    CannotAsk,
    /// The provider was asked and has not answered.
    #[error("the provider does not answer: {0}")]
    ProviderUnavailable(String),
    /// An endpoint for the same events at the same URL is there.
    #[error("the endpoint {0} is the same")]
    EndpointExists(EndpointId),
    /// The shop has as many endpoints as it may have.
    #[error("there are {most} endpoints already")]
    TooManyEndpoints {
        /// How many it may have.
        most: usize,
    },
    /// This URL is never called.
    #[error("the URL is not called: {0}")]
    UrlRefused(String),
    /// The rules of a calendar make more slots than one may have, or cannot be read.
    #[error("these rules make more than {most} slots")]
    TooManySlots {
        /// How many it may have.
        most: usize,
    },
    /// There is no such shop.
    #[error("there is no such shop")]
    ShopUnknown,
    /// Only the key of the configuration makes keys for other shops.
    #[error("the key is no key for this shop")]
    ForeignShop,
    /// It is asked too often from there.
    #[error("it is asked too often")]
    TooOften {
        /// When to ask again.
        wait: Span,
    },
    /// More calls come with a key than its pace allows.
    #[error("more calls come with this key than {} a second", .0.pace.per_second)]
    KeyTooFast(Allowance),
    /// More deliveries of a source come than its pace allows.
    #[error("more webhooks of this source come than sources.NAME.per_second allows")]
    SourceTooFast {
        /// When the next one may come.
        wait: Span,
    },
    /// More reports that prove nothing have come than are kept, and this one names no payment that is known.
    #[error(
        "as many reports that prove nothing have come as limits.unproved_per_hour_max allows, and this one names no \
         payment that is known"
    )]
    TooManyUnproved {
        /// When the next hour begins.
        wait: Span,
    },
    /// A delivery was not taken, by the source's own word for why.
    #[error("the delivery was refused with {code}: {detail}")]
    DeliveryRefused {
        /// The word.
        code: &'static str,
        /// For people.
        detail: String,
        /// Under which id it is kept, if it is.
        delivery: Option<DeliveryId>,
    },
    /// A delivery holds too many events.
    #[error("the delivery holds {events} events, {most} are taken")]
    DeliveryTooLong {
        /// How many it holds.
        events: usize,
        /// How many are taken.
        most: usize,
    },
    /// Decoded, a delivery is larger than a body may be.
    #[error("decoded, the delivery is larger than {most} bytes")]
    DeliveryTooLarge {
        /// How large a body may be.
        most: usize,
    },
    /// As many listen as there are places for.
    #[error("as many listen to the live stream as it takes")]
    TooManyListeners,
    /// A ticket was used, is too old, or never was one.
    #[error("the ticket opens nothing")]
    TicketUnknown,
    /// A shop has as many tickets as it may have.
    #[error("this shop has as many tickets as stream.tickets_max allows that are not used yet")]
    TooManyTickets,
    /// Others were faster each time that it was tried.
    #[error("others were faster each time")]
    Contended,
    /// The Gate has not taken it, or its end was not seen.
    #[error("failed to {0}")]
    NotStored(#[from] SubmitError),
    /// Nothing can be stored or read at present.
    #[error("the store is not available")]
    Unavailable,
    /// It may have been stored: the answer did not come in time.
    #[error("the answer did not come in time")]
    OutcomeUnknown,
    /// A fault of ours.
    #[error("an error of ours")]
    Internal,
}

impl AppError {
    /// What the store said, for those who look after it.
    pub(crate) fn of_the_store(&self) -> Option<String> {
        match self {
            AppError::NotStored(error) => Some(error.to_string()),
            AppError::Unavailable => Some(self.to_string()),
            _ => None,
        }
    }
}

impl From<ReadError> for AppError {
    /// What the database said has gone into the log, and goes no further.
    fn from(error: ReadError) -> AppError {
        match error {
            ReadError::Unavailable(_) | ReadError::Unreachable(_) | ReadError::Closing => {
                AppError::Unavailable
            }
            ReadError::Corrupt(_) => AppError::Internal,
        }
    }
}
