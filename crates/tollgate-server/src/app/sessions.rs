//! Signing in and out.
//!
//! A try is counted before the password is looked at, and taken back when it was right. Whether there is such a
//! user makes no difference to what is read, computed, written and said.

use std::net::IpAddr;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;
use tollgate_store::{Actor, AuditRecord, NewSession, OpenSession, SessionRow, SignInTry, UserRow};

use super::access::text;
use super::receipts::household;
use super::{App, AppError, Caller};
use crate::config::MAIN_SHOP;
use crate::keys::{self, KeyHash, Role};

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

/// What is counted against a user of a shop, whether there is one or not.
pub(super) fn subject_of(shop: ShopId, email: &str) -> String {
    let digest: KeyHash = Sha256::digest(email.as_bytes()).into();
    format!("user:{}:{}", shop.0, hex::encode(&digest[..16]))
}

impl App {
    /// Begins a session for whoever has this address and password. An admin of shop main opens every shop.
    pub(crate) async fn sign_in(&self, wanted: SigningIn<'_>) -> Result<SignedIn, AppError> {
        let named = wanted.shop.unwrap_or(MAIN_SHOP);
        let main = self.shops()[0];
        // A shop that there is not is told as little as a user.
        let opens = self.inner.store.shop(named);
        let shop = opens.unwrap_or(main);
        // At another shop it may be an admin of main, whose password is guessed no faster there.
        let mut subjects = vec![subject_of(main, &wanted.email)];
        if shop != main {
            subjects.push(subject_of(shop, &wanted.email));
        }
        self.count_try(&subjects, Some(wanted.from)).await?;
        let user = self.user_who_opens(shop, &wanted.email).await?;
        let user = user.filter(|_| opens.is_some());
        let hash = user.as_ref().map(|user| user.password.clone());
        let is_right = self.inner.passwords.verify(&wanted.password, hash).await?;
        let user = user.filter(|user| is_right && user.disabled_at.is_none());
        let Some(user) = user else {
            self.record_failure(shop, &wanted).await?;
            return Err(AppError::CredentialsWrong);
        };
        let begun = self.begin_session(&user, shop, &wanted, subjects).await?;
        begun.ok_or(AppError::CredentialsWrong)
    }

    /// Counts a try against all of these users and the address it comes from, or says how long it has to wait.
    pub(super) async fn count_try(
        &self,
        users: &[String],
        from: Option<IpAddr>,
    ) -> Result<(), AppError> {
        let (main, now) = (self.shops()[0], self.now());
        let (store, sessions) = (&self.inner.store, &self.config().sessions);
        let users = users.iter().cloned();
        let mut subjects: Vec<(String, u32)> = users
            .map(|user| (user, sessions.failures_per_user))
            .collect();
        let address = from.map(|from| (of_address(from), sessions.failures_per_address));
        subjects.extend(address);
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

    /// The user of this address who may open the shop: one of its own, or an admin of main.
    async fn user_who_opens(&self, shop: ShopId, email: &str) -> Result<Option<UserRow>, AppError> {
        let (store, main) = (&self.inner.store, self.shops()[0]);
        let own = store.user_by_email(shop, email.to_owned()).await?;
        if shop == main {
            return Ok(own);
        }
        let of_main = store.user_by_email(main, email.to_owned()).await?;
        let of_main = of_main.filter(|user| user.role == Role::Admin.word());
        Ok(own.or(of_main))
    }

    async fn begin_session(
        &self,
        user: &UserRow,
        opens: ShopId,
        wanted: &SigningIn<'_>,
        subjects: Vec<String>,
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
        };
        let record = AuditRecord {
            shop: user.shop,
            by: Actor {
                key: None,
                user: Some(user.id),
                name: user.name.as_str().into(),
                request: Some(wanted.request.into()),
            },
            operation: "sign_in".to_owned(),
            target: Some(user.id.to_string()),
            detail: vec![
                ("address", text(wanted.from)),
                ("shop", text(self.shop_name(opens))),
            ],
        };
        let own = subject_of(user.shop, &user.email);
        let new = NewSession {
            row: row.clone(),
            password: user.password.clone(),
            counted_under: self.shops()[0],
            taken_back: subjects
                .into_iter()
                .filter(|subject| *subject != own)
                .chain([of_address(wanted.from)])
                .collect(),
            forgotten: own,
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
    async fn record_failure(&self, shop: ShopId, wanted: &SigningIn<'_>) -> Result<(), AppError> {
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
        Ok(self.inner.store.record(record).await?)
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

fn of_address(from: IpAddr) -> String {
    format!("address:{}", household(from))
}

fn locked(until: Timestamp, now: Timestamp) -> AppError {
    let wait = Span::millis((until.as_millis() - now.as_millis()).max(1));
    AppError::SignInLocked { wait }
}
