//! Signing in and out.
//!
//! A try is counted before the password is looked at, and taken back when it was right. Whether there is such a
//! user makes no difference to what is read, computed, written and said.

use std::net::IpAddr;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tollgate_core::id::{ShopId, encode};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_store::{Actor, AuditRecord, NewSession, OpenSession, SessionRow, UserRow};

use super::access::text;
use super::lockout::Counted;
use super::{App, AppError, Caller};
use crate::config::MAIN_SHOP;
use crate::keys::{self, KeyHash, Role};

/// What a session is called, so that one of several can be named: made of its hash, which it does not tell.
pub(crate) fn session_id(hash: &KeyHash) -> String {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(b"tollgate session\0")
        .chain_update(hash)
        .finalize()
        .into();
    let number = digest[..16].iter();
    let number = number.fold(0, |number: u128, byte| number << 8 | u128::from(*byte));
    format!("ses_{}", encode(number))
}

/// Somebody who wants to sign in.
pub(crate) struct SigningIn<'a> {
    /// From where.
    pub(crate) from: IpAddr,
    /// With which request.
    pub(crate) request: &'a str,
    /// The address that was typed.
    pub(crate) email: String,
    /// The password that was typed.
    pub(crate) password: SecretString,
    /// The shop that is to be opened.
    pub(crate) shop: Option<&'a str>,
}

/// Somebody who has signed in.
pub(crate) struct SignedIn {
    /// What the session is.
    pub(crate) open: OpenSession,
    /// What it is used with; it is told once.
    pub(crate) token: SecretString,
}

impl App {
    /// Begins a session for whoever has this address and password. An admin of shop main opens every shop.
    pub(crate) async fn sign_in(&self, wanted: SigningIn<'_>) -> Result<SignedIn, AppError> {
        let named = wanted.shop.unwrap_or(MAIN_SHOP);
        let (store, main) = (&self.inner.store, self.shops()[0]);
        // A shop that there is not is told as little as a user.
        let opens = store.shop(named);
        let shop = opens.unwrap_or(main);
        // At another shop it may be an admin of main, whose password is guessed no faster there.
        let shops: &[ShopId] = if shop == main { &[main] } else { &[main, shop] };
        let counted = Counted::of(shops, &wanted.email, Some(wanted.from));
        self.count_try(&counted).await?;
        let of_main = store.user_by_email(main, wanted.email.clone()).await?;
        let own = store.user_by_email(shop, wanted.email.clone()).await?;
        let there = [(main, of_main.is_some()), (shop, own.is_some())];
        // Of both the password is looked at, whichever are there.
        let of_main = of_main.filter(|user| user.role == Role::Admin.word());
        let candidates = match named == MAIN_SHOP {
            true => vec![own],
            false => vec![own, of_main],
        };
        let mut user = None;
        for candidate in candidates {
            let candidate = candidate.filter(|_| opens.is_some());
            let hash = candidate.as_ref().map(|user| user.password.clone());
            let is_right = self.inner.passwords.verify(&wanted.password, hash).await?;
            user = user.or(candidate.filter(|user| is_right && user.disabled_at.is_none()));
        }
        let Some(user) = user else {
            self.record_failure(shop, &wanted, &counted).await?;
            return Err(AppError::CredentialsWrong);
        };
        let others = there.iter().filter(|(_, is_there)| *is_there);
        let others: Vec<ShopId> = others.map(|(shop, _)| *shop).collect();
        let taken_back = counted.taken_back(&user, &others);
        let whence = (wanted.from, wanted.request);
        let begun = self.begin_session(&user, shop, whence, taken_back);
        begun.await?.ok_or(AppError::CredentialsWrong)
    }

    /// Begins a session of a user who has shown who it is, from an address and with a request.
    pub(super) async fn begin_session(
        &self,
        user: &UserRow,
        opens: ShopId,
        (from, request): (IpAddr, &str),
        (forgotten, taken_back, lowered): (Vec<String>, Vec<String>, String),
    ) -> Result<Option<SignedIn>, AppError> {
        let sessions = &self.config().sessions;
        let (token, now) = (keys::fresh_token(), self.now());
        let row = SessionRow {
            shop: user.shop,
            hash: keys::hash(token.expose_secret()),
            user: user.id,
            opens,
            created_at: now,
            seen_at: now,
            ends_at: now.plus(sessions.absolute),
            address: Some(from.to_string()),
        };
        let record = AuditRecord {
            shop: user.shop,
            by: Actor {
                key: None,
                user: Some(user.id),
                name: user.name.as_str().into(),
                request: Some(request.into()),
            },
            operation: "sign_in".to_owned(),
            target: Some(user.id.to_string()),
            detail: vec![
                ("address", text(from)),
                ("shop", text(self.shop_name(opens))),
            ],
        };
        let new = NewSession {
            row: row.clone(),
            password: user.password.clone(),
            counted_under: self.shops()[0],
            forgotten,
            taken_back,
            lowered,
            idle: sessions.idle,
            most: sessions.per_user_max,
        };
        let begun = self.inner.store.begin_session(new, Some(record)).await?;
        Ok(begun.then(|| SignedIn {
            open: OpenSession {
                row,
                name: user.name.clone(),
                role: user.role.clone(),
                email: user.email.clone(),
            },
            token,
        }))
    }

    /// Who tried has no name but the address that was typed.
    async fn record_failure(
        &self,
        shop: ShopId,
        wanted: &SigningIn<'_>,
        counted: &Counted,
    ) -> Result<(), AppError> {
        let name: Arc<str> = wanted.email.as_str().into();
        let record = AuditRecord {
            shop,
            by: Actor {
                key: None,
                user: None,
                name,
                request: Some(wanted.request.into()),
            },
            operation: "sign_in_failed".to_owned(),
            target: None,
            detail: vec![("address", text(wanted.from))],
        };
        self.note_failure(counted, Some(record)).await
    }

    /// The session of a caller that came with one.
    pub(crate) async fn session(&self, caller: &Caller) -> Result<OpenSession, AppError> {
        let hash = caller.session().ok_or(AppError::SessionUnknown)?;
        let open = self.inner.store.session(hash).await?;
        open.ok_or(AppError::SessionUnknown)
    }

    /// When a session ends that rests from now on.
    pub(crate) fn idle_ends_at(&self, open: &OpenSession) -> Timestamp {
        let idle = self.now().plus(self.config().sessions.idle);
        idle.min(open.row.ends_at)
    }

    /// The sessions that the caller's user has open, the newest first.
    pub(crate) async fn own_sessions(&self, caller: &Caller) -> Result<Vec<OpenSession>, AppError> {
        let (user, home) = caller.user().ok_or(AppError::SessionUnknown)?;
        let mut open = self.inner.store.sessions_of(home, user).await?;
        let (idle, now) = (self.config().sessions.idle, self.now());
        open.retain(|open| now < open.row.ends_at && now < open.row.seen_at.plus(idle));
        Ok(open)
    }

    /// Ends one of the caller's user's sessions, by the id that a list shows.
    pub(crate) async fn end_own_session(&self, caller: &Caller, id: &str) -> Result<(), AppError> {
        let open = self.own_sessions(caller).await?;
        let open = open
            .into_iter()
            .find(|open| session_id(&open.row.hash) == id);
        let row = open.ok_or(AppError::NotFound)?.row;
        let detail = vec![("session", text(id))];
        let record = caller.record(row.shop, "end_session", row.user, detail);
        let store = &self.inner.store;
        store.end_session(row.shop, row.hash, Some(record)).await?;
        self.forget_session(row.hash);
        Ok(())
    }

    /// Ends every session of the caller's user but the one that it came with.
    pub(crate) async fn end_other_sessions(&self, caller: &Caller) -> Result<(), AppError> {
        let (Some(hash), Some((user, home))) = (caller.session(), caller.user()) else {
            return Err(AppError::SessionUnknown);
        };
        let others = self.inner.store.sessions_of(home, user).await?;
        let others = others.iter().filter(|open| open.row.hash != hash);
        let others: Vec<_> = others.map(|open| open.row.hash).collect();
        let detail = vec![("sessions", text(others.len()))];
        let record = caller.record(home, "end_other_sessions", user, detail);
        let store = &self.inner.store;
        store
            .end_other_sessions((home, user), hash, Some(record))
            .await?;
        for hash in others {
            self.forget_session(hash);
        }
        Ok(())
    }

    /// Ends the caller's session.
    pub(crate) async fn sign_out(&self, caller: &Caller) -> Result<(), AppError> {
        let (Some(hash), Some((user, home))) = (caller.session(), caller.user()) else {
            return Err(AppError::SessionUnknown);
        };
        let record = caller.record(home, "sign_out", user, Vec::new());
        let store = &self.inner.store;
        store.end_session(home, hash, Some(record)).await?;
        self.forget_session(hash);
        Ok(())
    }
}
