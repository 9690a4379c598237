//! The first user: made by whoever reads what the server says at its start, over a link that is good for one user.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tollgate_core::id::UserId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;
use tollgate_store::{Actor, AuditRecord, UserRow};

use super::access::text;
use super::receipts::household;
use super::sessions::SignedIn;
use super::users::check_password;
use super::{App, AppError};
use crate::ids;
use crate::keys::{self, KeyHash, Role};
use crate::rate::RateLimit;

/// What a ticket begins with. Behind it stand 32 random bytes.
const PREFIX: &str = "tgw_";

/// How long a ticket is good.
const GOOD_FOR: Span = Span::hours(24);

/// How often one address may try a ticket: every two seconds, five at once after a rest.
const TRY_EVERY: Span = Span::seconds(2);
const TRIES_AT_ONCE: u32 = 5;

/// Addresses that are remembered for it.
const ADDRESSES_MAX: usize = 1024;

/// The ticket of this process, of which only the hash is kept, and who has tried one.
pub(super) struct Welcome {
    ticket: Mutex<Option<Ticket>>,
    tries: Mutex<RateLimit<IpAddr>>,
}

struct Ticket {
    hash: KeyHash,
    ends_at: Timestamp,
}

impl Default for Welcome {
    fn default() -> Welcome {
        let tries = RateLimit::new(TRY_EVERY, TRIES_AT_ONCE, ADDRESSES_MAX);
        Welcome {
            ticket: Mutex::default(),
            tries: Mutex::new(tries),
        }
    }
}

impl Welcome {
    /// A new ticket; the one before it opens nothing any more.
    fn renew(&self, now: Timestamp) -> SecretString {
        let token = keys::fresh_token();
        let ticket = SecretString::from(format!("{PREFIX}{}", token.expose_secret()));
        let hash = keys::hash(ticket.expose_secret());
        let ends_at = now.plus(GOOD_FOR);
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Ticket { hash, ends_at });
        ticket
    }

    /// Counts a try from an address.
    fn note_try(&self, from: IpAddr, now: Timestamp) -> Result<(), AppError> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = tries.take(household(from), now);
        taken.map(drop).map_err(|wait| AppError::TooOften { wait })
    }

    /// Whether it is the ticket, and good. How much of it is right makes no difference to the time it takes.
    fn is_good(&self, ticket: &SecretString, now: Timestamp) -> bool {
        let hash = keys::hash(ticket.expose_secret());
        let known = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .as_ref()
            .is_some_and(|known| now < known.ends_at && bool::from(known.hash.ct_eq(&hash)))
    }

    fn end(&self) {
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Somebody who has the ticket.
pub(crate) struct FirstUser<'a> {
    /// From where.
    pub(crate) from: IpAddr,
    /// With which request.
    pub(crate) request: &'a str,
    /// The ticket that was sent.
    pub(crate) ticket: SecretString,
    /// What the user will sign in with.
    pub(crate) email: String,
    /// What the user is called.
    pub(crate) name: String,
    /// The user's password.
    pub(crate) password: SecretString,
}

impl App {
    /// The ticket with which the first user is made here within a day; `None` if shop main has a user. One that was
    /// given before opens nothing any more.
    pub async fn welcome(&self) -> Option<SecretString> {
        match self.inner.store.users(self.shops()[0]).await {
            Ok(users) if users.is_empty() => Some(self.inner.welcome.renew(self.now())),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, "failed to look whether there is a user");
                None
            }
        }
    }

    /// Makes the first user, an admin of shop main, and begins a session. The ticket is judged before anything else
    /// is said; whether there is a user, the commit that makes this one says.
    pub(crate) async fn create_first_user(
        &self,
        wanted: FirstUser<'_>,
    ) -> Result<SignedIn, AppError> {
        let (welcome, now, main) = (&self.inner.welcome, self.now(), self.shops()[0]);
        welcome.note_try(wanted.from, now)?;
        if !welcome.is_good(&wanted.ticket, now) {
            return Err(AppError::WelcomeUnknown);
        }
        check_password(&wanted.password, &wanted.email, &wanted.name)?;
        let row = UserRow {
            shop: main,
            id: UserId::on(ids::root(), 0),
            email: wanted.email,
            name: wanted.name,
            role: Role::Admin.word().to_owned(),
            password: self.inner.passwords.hash(&wanted.password).await?,
            created_at: now,
            updated_at: now,
            disabled_at: None,
            signed_in_at: None,
        };
        let record = AuditRecord {
            shop: main,
            by: Actor {
                key: None,
                user: Some(row.id),
                name: row.name.as_str().into(),
                request: Some(wanted.request.into()),
            },
            operation: "create_first_user".to_owned(),
            target: Some(row.id.to_string()),
            detail: vec![
                ("email", text(&row.email)),
                ("name", text(&row.name)),
                ("role", text(&row.role)),
                ("address", text(wanted.from)),
            ],
        };
        let store = &self.inner.store;
        let is_first = store.create_first_user(row.clone(), Some(record)).await?;
        welcome.end();
        if !is_first {
            return Err(AppError::FirstUserExists);
        }
        let whence = (wanted.from, wanted.request);
        let begun = self.begin_session(&row, main, whence, Default::default());
        begun.await?.ok_or(AppError::CredentialsWrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_millis(1_769_076_000_000).plus(Span::hours(hours))
    }

    #[test]
    fn a_ticket_is_good_for_a_day_and_until_the_next_one() {
        let welcome = Welcome::default();
        let ticket = welcome.renew(at(0));
        assert!(ticket.expose_secret().starts_with(PREFIX));
        assert!(welcome.is_good(&ticket, at(23)));
        assert!(!welcome.is_good(&ticket, at(24)));
        for other in ["", PREFIX, "tgw_AAAA"] {
            assert!(
                !welcome.is_good(&SecretString::from(other), at(0)),
                "{other}"
            );
        }
        let next = welcome.renew(at(1));
        assert!(!welcome.is_good(&ticket, at(1)) && welcome.is_good(&next, at(1)));
        welcome.end();
        assert!(!welcome.is_good(&next, at(1)));
    }

    #[test]
    fn who_guesses_is_made_to_wait() {
        let welcome = Welcome::default();
        let from = IpAddr::from([192, 0, 2, 7]);
        for _ in 0..TRIES_AT_ONCE {
            assert!(welcome.note_try(from, at(0)).is_ok());
        }
        let refused = welcome.note_try(from, at(0));
        assert!(matches!(refused, Err(AppError::TooOften { .. })));
        let elsewhere = IpAddr::from([192, 0, 2, 8]);
        assert!(welcome.note_try(elsewhere, at(0)).is_ok());
    }
}
