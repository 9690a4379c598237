//! API keys: 32 random bytes of which only the SHA-256 is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tollgate_core::closed_sets;
use tollgate_core::id::{KeyId, ShopId};
use tollgate_core::word::Word;

/// What a key begins with.
pub const PREFIX: &str = "tg_";

/// How long a key that was read is good without being read again: another instance may have revoked
/// it, and it opens nothing any more within this time.
pub(crate) const REMEMBERED_FOR: Duration = Duration::from_secs(5);

/// Keys that are remembered, so that not every request asks the database.
const REMEMBERED_MAX: usize = 4096;

closed_sets! {
    /// What a key may do.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Scope {
        /// GETs without raw bodies.
        Read = "read",
        /// Orders, payments, holds, capacity.
        Write = "write",
        /// Raw bodies, deliveries, replay, keys.
        Admin = "admin",
    }
}

/// The scopes of a key. `admin` implies the others, `write` implies `read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scopes(u8);

impl Scopes {
    /// Everything.
    pub(crate) const ADMIN: Scopes = Scopes(7);

    /// Reads words separated by spaces; what it does not know gives nothing.
    pub(crate) fn of(words: &str) -> Scopes {
        let known = words.split(' ').filter_map(Scope::of);
        Scopes(known.fold(0, |scopes, scope| match scope {
            Scope::Read => scopes | 1,
            Scope::Write => scopes | 3,
            Scope::Admin => scopes | 7,
        }))
    }

    /// Whether the scope is among them.
    pub(crate) fn allow(self, scope: Scope) -> bool {
        let bit = match scope {
            Scope::Read => 1,
            Scope::Write => 2,
            Scope::Admin => 4,
        };
        self.0 & bit != 0
    }
}

/// What the timeline calls the key of the configuration.
const BOOTSTRAP_NAME: &str = "bootstrap_key";

/// Whose a key is and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The shop it opens.
    pub(crate) shop: ShopId,
    /// The key; the one of the configuration has no id.
    pub(crate) key: Option<KeyId>,
    /// What it is called.
    pub(crate) name: Arc<str>,
    /// What it may do.
    pub(crate) scopes: Scopes,
}

/// The SHA-256 of a key.
pub(crate) type KeyHash = [u8; 32];

/// Hashes a key as it was sent.
pub(crate) fn hash(key: &str) -> KeyHash {
    Sha256::digest(key.as_bytes()).into()
}

/// Makes a key.
pub fn fresh() -> SecretString {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    SecretString::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// The keys that are known here: the one of the configuration, and those seen before.
#[derive(Debug)]
pub(crate) struct KeyRing {
    bootstrap: Option<(KeyHash, Holder)>,
    seen: RwLock<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Holders, and when they were read.
    keys: BTreeMap<KeyHash, (Holder, Instant)>,
    /// Goes up when a key is revoked: a key that was read before that is not cached after.
    revocations: u64,
}

impl KeyRing {
    /// A ring with the configured key, which opens `shop`.
    pub(crate) fn new(bootstrap: Option<&SecretString>, shop: ShopId) -> KeyRing {
        let holder = Holder {
            shop,
            key: None,
            name: BOOTSTRAP_NAME.into(),
            scopes: Scopes::ADMIN,
        };
        KeyRing {
            bootstrap: bootstrap.map(|key| (hash(key.expose_secret()), holder)),
            seen: RwLock::default(),
        }
    }

    /// The holder of a key, unless it has to be read again. Whole hashes are compared, so timing reveals
    /// nothing about a key.
    pub(crate) fn find(&self, hash: &KeyHash, now: Instant) -> Option<Holder> {
        if let Some((bootstrap, holder)) = &self.bootstrap
            && bool::from(bootstrap.ct_eq(hash))
        {
            return Some(holder.clone());
        }
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let (holder, read_at) = seen.keys.get(hash)?;
        (now.saturating_duration_since(*read_at) < REMEMBERED_FOR).then(|| holder.clone())
    }

    /// How many keys were revoked up to now, for [`KeyRing::remember`].
    pub(crate) fn revocations(&self) -> u64 {
        self.seen
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .revocations
    }

    /// Remembers a good key that was read after `since`, when there were so many revocations.
    pub(crate) fn remember(&self, hash: KeyHash, holder: Holder, since: Instant, revocations: u64) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.revocations != revocations {
            return;
        }
        if REMEMBERED_MAX <= seen.keys.len() {
            seen.keys.clear();
        }
        seen.keys.insert(hash, (holder, since));
    }

    /// Forgets a key that was revoked.
    pub(crate) fn forget(&self, key: KeyId) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        seen.revocations += 1;
        seen.keys.retain(|_, (holder, _)| holder.key != Some(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_different() {
        let (one, other) = (fresh(), fresh());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(one.expose_secret().len(), PREFIX.len() + 43);
    }

    #[test]
    fn a_wider_scope_implies_the_narrower() {
        for (words, allowed) in [
            ("read", [true, false, false]),
            ("write", [true, true, false]),
            ("admin", [true, true, true]),
            ("", [false, false, false]),
            ("root", [false, false, false]),
        ] {
            let scopes = Scopes::of(words);
            let found = [Scope::Read, Scope::Write, Scope::Admin].map(|scope| scopes.allow(scope));
            assert_eq!(found, allowed, "{words}");
        }
    }

    #[test]
    fn a_ring_knows_the_configured_key_and_forgets_revoked_ones() {
        let shop = ShopId(1);
        let now = Instant::now();
        let ring = KeyRing::new(Some(&SecretString::from("0123456789abcdef")), shop);
        assert_eq!(
            ring.find(&hash("0123456789abcdef"), now)
                .map(|holder| holder.scopes),
            Some(Scopes::ADMIN)
        );
        assert_eq!(ring.find(&hash("0123456789abcdeg"), now), None);
        let key = KeyId::from_u128(7);
        let holder = Holder {
            shop,
            key: Some(key),
            name: "till-1".into(),
            scopes: Scopes::of("read"),
        };
        ring.remember(hash("tg_x"), holder.clone(), now, 0);
        assert!(ring.find(&hash("tg_x"), now).is_some());
        let later = now + REMEMBERED_FOR;
        assert!(
            ring.find(&hash("tg_x"), later).is_none(),
            "another instance may have revoked it"
        );
        ring.forget(key);
        assert!(ring.find(&hash("tg_x"), now).is_none());
        ring.remember(hash("tg_x"), holder, now, 0);
        assert!(
            ring.find(&hash("tg_x"), now).is_none(),
            "it was read before it was revoked"
        );
    }
}
