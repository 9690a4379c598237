//! What is counted of tries to sign in, and against whom.
//!
//! A user is told apart by shop and mail address, whether there is one or not. Few failures from one place lock that
//! place out; so that nobody far away locks a user out, it takes many more from everywhere to lock all of them out.

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{AuditRecord, SignInFailure, SignInTry, UserRow, subject_at};

use super::receipts::household;
use super::{App, AppError, Caller};
use crate::keys::KeyHash;

/// The place of somebody who is in, and is asked for the password once more.
const IN_SESSION: &str = "session";

/// Tries that were counted: what they count against.
pub(super) struct Counted {
    users: Vec<(ShopId, String)>,
    place: String,
    address: Option<String>,
}

impl Counted {
    /// A try at these shops by whoever has this mail address, from an address or in a session.
    pub(super) fn of(shops: &[ShopId], email: &str, from: Option<IpAddr>) -> Counted {
        let users = shops.iter().map(|shop| (*shop, subject_of(*shop, email)));
        Counted {
            users: users.collect(),
            place: from.map_or(IN_SESSION.to_owned(), |from| household(from).to_string()),
            address: from.map(|from| format!("address:{}", household(from))),
        }
    }

    /// All that is counted.
    fn subjects(&self) -> Vec<String> {
        let users = self.users.iter().flat_map(|(_, user)| self.of_user(user));
        users.chain(self.address.clone()).collect()
    }

    /// What is counted against a user: from this place, and from everywhere.
    fn of_user(&self, user: &str) -> [String; 2] {
        [subject_at(user, &self.place), user.to_owned()]
    }

    /// What is forgotten when this user has signed in: what was counted against it, and where nobody is. What was
    /// counted against another user of the same name is the second part, and what against the address the third.
    pub(super) fn taken_back(
        &self,
        user: &UserRow,
        others: &[ShopId],
    ) -> (Vec<String>, Vec<String>, String) {
        let (mut own, mut foreign) = (Vec::new(), Vec::new());
        for (shop, subject) in &self.users {
            match () {
                () if *shop == user.shop => own.splice(0..0, self.of_user(subject)).for_each(drop),
                () if others.contains(shop) => foreign.extend(self.of_user(subject)),
                () => own.extend(self.of_user(subject)),
            }
        }
        (own, foreign, self.address.clone().unwrap_or_default())
    }
}

/// What is counted against a user of a shop, whether there is one or not.
fn subject_of(shop: ShopId, email: &str) -> String {
    let digest: KeyHash = Sha256::digest(email.as_bytes()).into();
    format!("user:{}:{}", shop.0, hex::encode(&digest[..16]))
}

impl App {
    /// Counts a try, or says how long it has to wait.
    pub(super) async fn count_try(&self, counted: &Counted) -> Result<(), AppError> {
        let (main, now) = (self.shops()[0], self.now());
        let (store, sessions) = (&self.inner.store, &self.config().sessions);
        let (here, anywhere) = (
            sessions.failures_per_user,
            sessions.failures_per_user_anywhere,
        );
        let users = counted.users.iter().flat_map(|(_, user)| {
            let [at_place, user] = counted.of_user(user);
            [(at_place, here), (user, anywhere)]
        });
        let address = counted.address.clone();
        let address = address.map(|address| (address, sessions.failures_per_address));
        let subjects: Vec<(String, u32)> = users.chain(address).collect();
        let names: Vec<String> = subjects.iter().map(|(name, _)| name.clone()).collect();
        let until = store.sign_in_waits(main, names.clone()).await?;
        if let Some(until) = until.filter(|until| now < *until) {
            return Err(locked(until, now));
        }
        let new = SignInTry {
            shop: main,
            subjects,
            at: now,
            pause_max: sessions.pause_max,
        };
        if store.try_sign_in(new).await? {
            return Ok(());
        }
        let until = store.sign_in_waits(main, names).await?;
        Err(locked(until.unwrap_or(now), now))
    }

    /// What was counted was a failure.
    pub(super) async fn note_failure(
        &self,
        counted: &Counted,
        record: Option<AuditRecord>,
    ) -> Result<(), AppError> {
        let failure = SignInFailure {
            shop: self.shops()[0],
            subjects: counted.subjects(),
            at: self.now(),
        };
        Ok(self.inner.store.sign_in_failed(failure, record).await?)
    }

    /// What is forgotten when a user is unlocked: all that its tries have counted. What belongs to another shop's user
    /// of the same mail address is that one's, unless the caller stands above the shops.
    pub(super) async fn unlocked_by(
        &self,
        caller: &Caller,
        shop: ShopId,
        email: &str,
    ) -> Result<(ShopId, Vec<String>), AppError> {
        let main = self.shops()[0];
        // An admin of main may have tried to open any of them; whoever tries at another shop counts at main, too.
        let others = match shop == main {
            true => &self.shops()[1..],
            false => &self.shops()[..1],
        };
        let mut subjects = vec![subject_of(shop, email)];
        for other in others {
            let is_free = caller.stands_above() || {
                let user = self.inner.store.user_by_email(*other, email.to_owned());
                user.await?.is_none()
            };
            if is_free {
                subjects.push(subject_of(*other, email));
            }
        }
        Ok((main, subjects))
    }
}

fn locked(until: Timestamp, now: Timestamp) -> AppError {
    let wait = Span::millis((until.as_millis() - now.as_millis()).max(1));
    AppError::SignInLocked { wait }
}
