//! Callers: API keys and what they may do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use secrecy::{ExposeSecret, SecretString};
use tollgate_core::id::{KeyId, ShopId};
use tollgate_store::{Actor, KeyRow, Origin};

use super::{Allowance, App, AppError};
use crate::ids;
use crate::keys::{self, Holder, KeyHash, Scope, Scopes};

/// The caller: the holder of a key.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    holder: Holder,
    hash: KeyHash,
    /// What it may still ask, where that is bounded.
    pub(crate) allowance: Option<Allowance>,
    /// What it calls its request.
    origin: Option<Arc<Origin>>,
}

impl Caller {
    /// The same, with what it calls its request.
    pub(crate) fn caused_by(mut self, origin: Option<Arc<Origin>>) -> Caller {
        self.origin = origin;
        self
    }

    /// What it calls its request.
    pub(super) fn origin(&self) -> Option<Arc<Origin>> {
        self.origin.clone()
    }

    /// The shop that the caller may see.
    pub(crate) fn shop(&self) -> ShopId {
        self.holder.shop
    }

    /// Who it is, for the timeline.
    pub(crate) fn actor(&self) -> Actor {
        Actor {
            key: self.holder.key,
            name: Arc::clone(&self.holder.name),
        }
    }

    /// The hash of its key, for what is made with it and ends with it.
    pub(super) fn key_hash(&self) -> KeyHash {
        self.hash
    }

    /// Whether both came with the same key.
    pub(crate) fn has_key_of(&self, other: &Caller) -> bool {
        self.hash == other.hash
    }

    /// Whether the caller's key has the scope.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.holder.scopes.allow(scope)
    }
}

impl App {
    /// The caller that sent this `Authorization` header. The call counts against the pace of its key.
    pub(crate) async fn authenticate(
        &self,
        authorization: Option<&str>,
    ) -> Result<Caller, AppError> {
        let Some(authorization) = authorization else {
            return Err(AppError::KeyMissing);
        };
        let (scheme, key) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if !scheme.eq_ignore_ascii_case("bearer") || key.is_empty() {
            return Err(AppError::KeyMissing);
        }
        let hash = keys::hash(key.trim());
        let holder = self.holder(hash).await?;
        let holder = holder.ok_or(AppError::KeyUnknown)?;
        let allowance = self.inner.paces.take(hash, self.now())?;
        Ok(Caller {
            holder,
            hash,
            allowance,
            origin: None,
        })
    }

    /// The caller whose key has this hash; `None` if it opens nothing any more.
    pub(super) async fn caller_with(&self, hash: KeyHash) -> Result<Option<Caller>, AppError> {
        let holder = self.holder(hash).await?;
        Ok(holder.map(|holder| Caller {
            holder,
            hash,
            allowance: None,
            origin: None,
        }))
    }

    /// The key with which a caller came was revoked since. What is not known is not revoked.
    pub(crate) async fn is_revoked(&self, caller: &Caller) -> bool {
        matches!(self.holder(caller.hash).await, Ok(None))
    }

    /// Whose key it is; `None` if it opens nothing, or nothing any more.
    async fn holder(&self, hash: KeyHash) -> Result<Option<Holder>, AppError> {
        let now = Instant::now();
        if let Some(holder) = self.inner.keys.find(&hash, now) {
            return Ok(Some(holder));
        }
        let revocations = self.inner.keys.revocations();
        let row = self.inner.store.key_by_hash(hash).await?;
        let Some(row) = row.filter(|row| row.revoked_at.is_none()) else {
            return Ok(None);
        };
        let holder = Holder {
            shop: row.shop,
            key: Some(row.id),
            name: row.name.as_str().into(),
            scopes: Scopes::of(&row.scopes),
        };
        self.inner
            .keys
            .remember(hash, holder.clone(), now, revocations);
        Ok(Some(holder))
    }

    /// The shop whose keys are meant: the caller's own, or the one that is named.
    pub(crate) fn shop_of(&self, caller: &Caller, named: Option<&str>) -> Result<ShopId, AppError> {
        match named {
            None => Ok(caller.shop()),
            // Only the configuration's own key stands above the shops.
            Some(named) if caller.holder.key.is_none() => {
                self.inner.store.shop(named).ok_or(AppError::ShopUnknown)
            }
            Some(named) if self.inner.store.shop(named) == Some(caller.shop()) => Ok(caller.shop()),
            Some(_) => Err(AppError::ForeignShop),
        }
    }

    /// A new key; the key itself is shown once.
    pub(crate) async fn create_key(
        &self,
        caller: &Caller,
        (name, scopes): (&str, &BTreeSet<&str>),
        shop: Option<&str>,
    ) -> Result<(KeyRow, SecretString), AppError> {
        let shop = self.shop_of(caller, shop)?;
        let scopes: Vec<&str> = scopes.iter().copied().collect();
        self.new_key(shop, name, &scopes).await
    }

    /// Makes and keeps a key.
    pub(crate) async fn new_key(
        &self,
        shop: ShopId,
        name: &str,
        scopes: &[&str],
    ) -> Result<(KeyRow, SecretString), AppError> {
        let key = keys::fresh();
        let row = KeyRow {
            id: KeyId::on(ids::root(), 0),
            shop,
            name: name.to_owned(),
            scopes: scopes.join(" "),
            hash: keys::hash(key.expose_secret()),
            created_at: self.now(),
            revoked_at: None,
        };
        self.inner.store.create_key(row.clone()).await?;
        Ok((row, key))
    }

    /// The keys of a shop.
    pub(crate) async fn keys(&self, shop: ShopId) -> Result<Vec<KeyRow>, AppError> {
        Ok(self.inner.store.keys(shop).await?)
    }

    /// Ends a key; the second time changes nothing.
    pub(crate) async fn revoke_key(&self, shop: ShopId, id: KeyId) -> Result<(), AppError> {
        let existed = self.inner.store.revoke_key(shop, id, self.now()).await?;
        self.inner.keys.forget(id);
        match existed {
            true => Ok(()),
            false => Err(AppError::NotFound),
        }
    }
}
