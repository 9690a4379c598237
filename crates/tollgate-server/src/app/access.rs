//! Callers: API keys and sessions, and what they may do.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Instant;

use tollgate_core::decision::Detail;
use tollgate_core::id::{KeyId, ShopId, UserId};
use tollgate_core::time::Timestamp;
use tollgate_store::{Actor, AuditRecord, KeyRow, OpenSession, Origin};

use super::{Allowance, App, AppError};
use crate::keys::{self, Credential, Holder, KeyHash, Scope, Scopes, Who};

/// What changed, for records of who did it.
pub(super) type Details = Vec<(&'static str, Detail)>;

/// A text of such a detail.
pub(super) fn text(text: impl ToString) -> Detail {
    Detail::Text(text.to_string())
}

/// A time of such a detail, whose name ends with `_at`.
pub(super) fn time(time: Timestamp) -> Detail {
    Detail::Integer(time.as_millis())
}

/// What the command line is called where it opens the store itself.
const COMMAND_LINE: &str = "command_line";

/// The caller: the holder of a key, or a user who has signed in.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    holder: Holder,
    with: Credential,
    request: Option<Arc<str>>,
    /// What it may still ask, where that is bounded.
    pub(crate) allowance: Option<Allowance>,
    /// What it calls its request.
    origin: Option<Arc<Origin>>,
}

impl Caller {
    fn of(holder: Holder, with: Credential) -> Caller {
        Caller {
            holder,
            with,
            request: None,
            allowance: None,
            origin: None,
        }
    }

    /// Whoever may open the store itself, for a shop.
    pub(crate) fn command_line(shop: ShopId) -> Caller {
        let holder = Holder {
            shop,
            who: Who::Bootstrap,
            name: COMMAND_LINE.into(),
            scopes: Scopes::ADMIN,
            stands_above: true,
            ends_at: None,
            noted_at: Arc::default(),
        };
        Caller::of(holder, Credential::Key(keys::hash(COMMAND_LINE)))
    }

    /// The same, with the id of its request, and what the caller calls it.
    pub(crate) fn asking(mut self, id: &str, origin: Option<Arc<Origin>>) -> Caller {
        self.request = Some(id.into());
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
        let (key, user) = match self.holder.who {
            Who::Bootstrap => (None, None),
            Who::Key(key) => (Some(key), None),
            Who::User(user, _) => (None, Some(user)),
        };
        Actor {
            key,
            user,
            name: Arc::clone(&self.holder.name),
            request: self.request.clone(),
        }
    }

    /// The record of something it does in a shop.
    pub(crate) fn record(
        &self,
        shop: ShopId,
        operation: &str,
        target: impl ToString,
        detail: Details,
    ) -> AuditRecord {
        AuditRecord {
            shop,
            by: self.actor(),
            operation: operation.to_owned(),
            target: Some(target.to_string()),
            detail,
        }
    }

    /// The hash of its key or token, for what is made with it and ends with it.
    pub(super) fn key_hash(&self) -> KeyHash {
        self.with.hash()
    }

    /// Whether both came with the same key or session.
    pub(crate) fn has_key_of(&self, other: &Caller) -> bool {
        self.with == other.with
    }

    /// The user who has signed in, and its shop.
    pub(crate) fn user(&self) -> Option<(UserId, ShopId)> {
        match self.holder.who {
            Who::User(user, home) => Some((user, home)),
            Who::Bootstrap | Who::Key(_) => None,
        }
    }

    /// The hash of its session's token, if it came with one.
    pub(crate) fn session(&self) -> Option<KeyHash> {
        match self.with {
            Credential::Session(hash) => Some(hash),
            Credential::Key(_) => None,
        }
    }

    /// Whether the caller has the scope.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.holder.scopes.allow(scope)
    }

    /// Whether the caller may mend what is stuck, and see what came as it came.
    pub(crate) fn may_mend(&self) -> bool {
        self.holder.scopes.allow_mending()
    }

    /// Whether the caller manages keys and users of every shop.
    pub(crate) fn stands_above(&self) -> bool {
        self.holder.stands_above
    }
}

impl App {
    /// The caller that sent this `Authorization` header or, without one, the token of this session. The call counts
    /// against the pace of either.
    pub(crate) async fn authenticate(
        &self,
        authorization: Option<&str>,
        session: Option<&str>,
    ) -> Result<Caller, AppError> {
        let with = match (authorization, session) {
            (Some(authorization), _) => {
                let (scheme, key) = authorization.split_once(' ').unwrap_or((authorization, ""));
                if !scheme.eq_ignore_ascii_case("bearer") || key.is_empty() {
                    return Err(AppError::KeyMissing);
                }
                Credential::Key(keys::hash(key.trim()))
            }
            (None, Some(token)) => Credential::Session(keys::hash(token)),
            (None, None) => return Err(AppError::KeyMissing),
        };
        let holder = self.holder(with).await?;
        let allowance = self.inner.paces.take(holder.who, self.now())?;
        self.note_use(&holder, &with);
        Ok(Caller {
            allowance,
            ..Caller::of(holder, with)
        })
    }

    /// The caller whose key or token has this hash; `None` if it opens nothing any more.
    pub(super) async fn caller_with(&self, hash: KeyHash) -> Result<Option<Caller>, AppError> {
        for with in [Credential::Key(hash), Credential::Session(hash)] {
            match self.holder(with).await {
                Ok(holder) => return Ok(Some(Caller::of(holder, with))),
                Err(AppError::KeyUnknown | AppError::KeyExpired | AppError::SessionUnknown) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// What a caller came with opens nothing any more. What is not known has not ended.
    pub(crate) async fn is_revoked(&self, caller: &Caller) -> bool {
        matches!(
            self.holder(caller.with).await,
            Err(AppError::KeyUnknown | AppError::KeyExpired | AppError::SessionUnknown)
        )
    }

    /// Whose it is.
    async fn holder(&self, with: Credential) -> Result<Holder, AppError> {
        let (at, now) = (Instant::now(), self.now());
        if let Some(holder) = self.inner.keys.find(&with, at, now) {
            return Ok(holder);
        }
        let revocations = self.inner.keys.revocations();
        let holder = match with {
            Credential::Key(hash) => {
                let row = self.inner.store.key_by_hash(hash).await?;
                of_key(row.ok_or(AppError::KeyUnknown)?, hash, now)?
            }
            Credential::Session(hash) => {
                let open = self.inner.store.session(hash).await?;
                self.of_session(open.ok_or(AppError::SessionUnknown)?, now)?
            }
        };
        let remembered = holder.clone();
        self.inner.keys.remember(with, remembered, at, revocations);
        Ok(holder)
    }

    fn of_session(&self, open: OpenSession, now: Timestamp) -> Result<Holder, AppError> {
        let idle_ends_at = open.row.seen_at.plus(self.config().sessions.idle);
        let ends_at = open.row.ends_at.min(idle_ends_at);
        if ends_at <= now {
            return Err(AppError::SessionUnknown);
        }
        let scopes = Scopes::of_role(&open.role);
        Ok(Holder {
            shop: open.row.opens,
            who: Who::User(open.row.user, open.row.shop),
            name: open.name.into(),
            scopes,
            stands_above: open.row.shop == self.shops()[0] && scopes.allow(Scope::Admin),
            ends_at: Some(ends_at),
            noted_at: Arc::new(AtomicI64::new(open.row.seen_at.as_millis())),
        })
    }

    /// Notes that a key or a session is used; no request waits for that.
    fn note_use(&self, holder: &Holder, with: &Credential) {
        let now = self.now();
        let store = &self.inner.store;
        match (holder.who, with) {
            (Who::Key(key), _) if holder.is_to_be_noted(now) => {
                store.note_key_use(holder.shop, key, now);
            }
            (Who::User(_, home), Credential::Session(hash)) if holder.is_to_be_noted(now) => {
                store.note_session_use(home, *hash, now);
            }
            (Who::Bootstrap | Who::Key(_) | Who::User(..), _) => {}
        }
    }

    /// The shop whose keys or users are meant: the caller's own, or the one that is named.
    pub(crate) fn shop_of(&self, caller: &Caller, named: Option<&str>) -> Result<ShopId, AppError> {
        match named {
            None => Ok(caller.shop()),
            Some(named) if caller.stands_above() => {
                self.inner.store.shop(named).ok_or(AppError::ShopUnknown)
            }
            Some(named) if self.inner.store.shop(named) == Some(caller.shop()) => Ok(caller.shop()),
            Some(_) => Err(AppError::ForeignShop),
        }
    }

    /// Forgets a key here, so that it ends at once; elsewhere it is read again within a few seconds.
    pub(super) fn forget_key(&self, key: KeyId) {
        self.inner.keys.forget_key(key);
    }

    /// Forgets what a user has open here.
    pub(super) fn forget_user(&self, user: UserId) {
        self.inner.keys.forget_user(user);
    }

    /// Forgets a session here.
    pub(super) fn forget_session(&self, hash: KeyHash) {
        self.inner.keys.forget_session(hash);
    }
}

/// Whose a key is; `hash` is of the secret that was sent, the key's or its former one.
fn of_key(row: KeyRow, hash: KeyHash, now: Timestamp) -> Result<Holder, AppError> {
    if row.revoked_at.is_some() {
        return Err(AppError::KeyUnknown);
    }
    let former_until = row.former.filter(|(former, _)| *former == hash);
    let ends = [row.expires_at, former_until.map(|(_, until)| until)];
    let ends_at = ends.into_iter().flatten().min();
    if ends_at.is_some_and(|ends_at| ends_at <= now) {
        return Err(AppError::KeyExpired);
    }
    Ok(Holder {
        shop: row.shop,
        who: Who::Key(row.id),
        name: row.name.into(),
        scopes: Scopes::of(&row.scopes),
        stands_above: false,
        ends_at,
        noted_at: Arc::new(AtomicI64::new(
            row.last_used_at.map_or(0, Timestamp::as_millis),
        )),
    })
}
