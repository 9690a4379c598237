//! API keys: made, called otherwise, given new secrets, revoked.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use tollgate_core::id::{KeyId, ShopId};
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{KEYS_MAX, KeyRotation, KeyRow};

use super::access::{text, time};
use super::{App, AppError, Caller};
use crate::ids;
use crate::keys;
use crate::time_text::rfc3339;

/// The longest time after which a key ends by itself: ten years.
const EXPIRES_MAX: Span = Span::hours(24 * 3653);

/// A key that is to be made.
pub(crate) struct NewKey<'a> {
    /// For people.
    pub(crate) name: &'a str,
    /// What it may do.
    pub(crate) scopes: &'a BTreeSet<&'a str>,
    /// When it ends by itself.
    pub(crate) expires_at: Option<Timestamp>,
}

impl App {
    /// A new key; the key itself is shown once.
    pub(crate) async fn create_key(
        &self,
        caller: &Caller,
        wanted: NewKey<'_>,
        shop: Option<&str>,
    ) -> Result<(KeyRow, SecretString), AppError> {
        let shop = self.shop_of(caller, shop)?;
        let now = self.now();
        if let Some(expires_at) = wanted.expires_at {
            check_expiry(expires_at, now)?;
        }
        let scopes: Vec<&str> = wanted.scopes.iter().copied().collect();
        let key = keys::fresh();
        let row = KeyRow {
            id: KeyId::on(ids::root(), 0),
            shop,
            name: wanted.name.to_owned(),
            scopes: scopes.join(" "),
            hash: keys::hash(key.expose_secret()),
            prefix: keys::shown_prefix(&key),
            created_at: now,
            expires_at: wanted.expires_at,
            last_used_at: None,
            rotated_at: None,
            former: None,
            revoked_at: None,
        };
        let mut detail = vec![("name", text(&row.name)), ("scopes", text(&row.scopes))];
        detail.extend(wanted.expires_at.map(|ends| ("expires_at", time(ends))));
        let record = caller.record(shop, "create_key", row.id, detail);
        let store = &self.inner.store;
        match store.create_key(row.clone(), Some(record)).await? {
            true => Ok((row, key)),
            false => Err(AppError::TooManyKeys { most: KEYS_MAX }),
        }
    }

    /// The keys of a shop from below one on, newest first: more than a page has, where there are more.
    pub(crate) async fn keys(
        &self,
        shop: ShopId,
        below: Option<KeyId>,
    ) -> Result<Vec<KeyRow>, AppError> {
        Ok(self.inner.store.keys(shop, below).await?)
    }

    /// A key of a shop.
    pub(crate) async fn key(&self, shop: ShopId, id: KeyId) -> Result<KeyRow, AppError> {
        let row = self.inner.store.key(shop, id).await?;
        row.ok_or(AppError::NotFound)
    }

    /// Calls a key otherwise.
    pub(crate) async fn rename_key(
        &self,
        caller: &Caller,
        (shop, id): (ShopId, KeyId),
        name: &str,
    ) -> Result<KeyRow, AppError> {
        let before = self.key(shop, id).await?.name;
        let detail = vec![("name", text(name)), ("before", text(before))];
        let record = caller.record(shop, "change_key", id, detail);
        let store = &self.inner.store;
        store
            .rename_key((shop, id), name.to_owned(), Some(record))
            .await?;
        self.forget_key(id);
        self.key(shop, id).await
    }

    /// Gives a key a new secret, shown once. The one before still opens for so long. There is one former secret: as
    /// long as that is good, it is put out only by who wants every former one to end. So whoever repeats a rotation
    /// whose answer was lost does not end the secret that is in use.
    pub(crate) async fn rotate_key(
        &self,
        caller: &Caller,
        (shop, id): (ShopId, KeyId),
        overlap: Span,
    ) -> Result<(KeyRow, SecretString), AppError> {
        let secret = keys::fresh();
        let now = self.now();
        let rotation = KeyRotation {
            shop,
            id,
            hash: keys::hash(secret.expose_secret()),
            prefix: keys::shown_prefix(&secret),
            at: now,
            former_until: now.plus(overlap),
        };
        let detail = vec![("former_ends_at", time(rotation.former_until))];
        let record = caller.record(shop, "rotate_key", id, detail);
        let rotated = self.inner.store.rotate_key(rotation, Some(record)).await?;
        self.forget_key(id);
        let row = self.key(shop, id).await?;
        match rotated {
            true => Ok((row, secret)),
            false => Err(why_not(&row, now)),
        }
    }

    /// Ends a key with both of its secrets; the second time changes nothing.
    pub(crate) async fn revoke_key(
        &self,
        caller: &Caller,
        (shop, id): (ShopId, KeyId),
    ) -> Result<(), AppError> {
        let row = self.key(shop, id).await?;
        let record = caller.record(shop, "revoke_key", id, vec![("name", text(row.name))]);
        let store = &self.inner.store;
        store
            .revoke_key((shop, id), self.now(), Some(record))
            .await?;
        self.forget_key(id);
        Ok(())
    }
}

/// Why a key was given no new secret.
fn why_not(row: &KeyRow, now: Timestamp) -> AppError {
    let has_ended = row.revoked_at.is_some() || row.expires_at.is_some_and(|ends| ends <= now);
    match row.former {
        Some((_, until)) if !has_ended && now < until => AppError::FormerSecret { until },
        Some(_) | None => AppError::KeyEnded,
    }
}

fn check_expiry(expires_at: Timestamp, now: Timestamp) -> Result<(), AppError> {
    let unfit = |why: &str| AppError::Unfit {
        pointer: "/expires_at",
        why: format!("found {}, {why}", rfc3339(expires_at)),
    };
    if expires_at <= now {
        return Err(unfit("which has passed; expected a time to come"));
    }
    if now.plus(EXPIRES_MAX) < expires_at {
        return Err(unfit("expected a time within ten years"));
    }
    Ok(())
}
