//! API keys and the tokens of sessions: 32 random bytes of which only the SHA-256 is kept; and what those who
//! come with them may do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tollgate_core::closed_sets;
use tollgate_core::id::{KeyId, ShopId, UserId};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_store::USE_NOTED_EVERY;

/// What a key begins with.
pub const PREFIX: &str = "tg_";

/// Letters of a key that may be shown behind what all begin with: 24 of 256 bits.
const SHOWN_LETTERS: usize = 4;

/// How long a key or session that was read is good without being read again: another instance may have revoked
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

closed_sets! {
    /// What a user may do (docs/access.md).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Role {
        /// Looks.
        Viewer = "viewer",
        /// Runs the shop, and mends what is stuck.
        Operator = "operator",
        /// Everything.
        Admin = "admin",
    }
}

/// What somebody may do: the scopes of a key, or a role. `admin` implies everything, `write` implies `read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scopes(u8);

/// What of the scope `admin` the role operator may do, too: raw bodies, replay, verify, retry, settle.
const MEND: u8 = 8;

impl Scopes {
    /// Everything.
    pub(crate) const ADMIN: Scopes = Scopes(7 | MEND);

    /// Reads words separated by spaces; what it does not know gives nothing.
    pub(crate) fn of(words: &str) -> Scopes {
        let known = words.split(' ').filter_map(Scope::of);
        Scopes(known.fold(0, |scopes, scope| match scope {
            Scope::Read => scopes | 1,
            Scope::Write => scopes | 3,
            Scope::Admin => scopes | Scopes::ADMIN.0,
        }))
    }

    /// What a role may do; a word that is no role's gives nothing.
    pub(crate) fn of_role(word: &str) -> Scopes {
        match Role::of(word) {
            Some(Role::Viewer) => Scopes(1),
            Some(Role::Operator) => Scopes(3 | MEND),
            Some(Role::Admin) => Scopes::ADMIN,
            None => Scopes(0),
        }
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

    /// Whether what is stuck may be mended with them.
    pub(crate) fn allow_mending(self) -> bool {
        self.0 & MEND != 0
    }
}

/// What the timeline calls the key of the configuration.
const BOOTSTRAP_NAME: &str = "bootstrap_key";

/// Who comes with a key or a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// The key of the configuration, which has no id.
    Bootstrap,
    /// A key.
    Key(KeyId),
    /// A user, of this shop.
    User(UserId, ShopId),
}

/// Whose a key or a session is and what it may do.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    /// The shop it opens.
    pub(crate) shop: ShopId,
    /// Who it is.
    pub(crate) who: Who,
    /// What it is called.
    pub(crate) name: Arc<str>,
    /// What it may do.
    pub(crate) scopes: Scopes,
    /// It may manage the keys and users of every shop.
    pub(crate) stands_above: bool,
    /// When it opens nothing more, however much it is used.
    pub(crate) ends_at: Option<Timestamp>,
    /// When its use was last noted, in milliseconds.
    pub(crate) noted_at: Arc<AtomicI64>,
}

impl Holder {
    /// Whether its use is to be noted now; it is for whoever asks first.
    pub(crate) fn is_to_be_noted(&self, now: Timestamp) -> bool {
        let noted_at = self.noted_at.load(Ordering::Relaxed);
        let is_due = noted_at + USE_NOTED_EVERY.as_millis() <= now.as_millis();
        let exchange = || {
            let (order, now) = (Ordering::Relaxed, now.as_millis());
            let exchanged = self.noted_at.compare_exchange(noted_at, now, order, order);
            exchanged.is_ok()
        };
        is_due && exchange()
    }
}

/// What a caller came with, as a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Credential {
    /// A key.
    Key(KeyHash),
    /// The token of a session, which is none of a key's.
    Session(KeyHash),
}

impl Credential {
    /// The hash of either.
    pub(crate) fn hash(self) -> KeyHash {
        match self {
            Credential::Key(hash) | Credential::Session(hash) => hash,
        }
    }
}

/// The SHA-256 of a key.
pub(crate) type KeyHash = [u8; 32];

/// Hashes a key as it was sent.
pub(crate) fn hash(key: &str) -> KeyHash {
    Sha256::digest(key.as_bytes()).into()
}

/// Makes a key.
pub fn fresh() -> SecretString {
    SecretString::from(format!("{PREFIX}{}", random_text()))
}

/// What of a key may be shown, to know it again.
pub(crate) fn shown_prefix(key: &SecretString) -> String {
    let letters = PREFIX.len() + SHOWN_LETTERS;
    key.expose_secret().chars().take(letters).collect()
}

/// Makes the token of a session.
pub(crate) fn fresh_token() -> SecretString {
    SecretString::from(random_text())
}

/// The text without which a session changes nothing: whoever has the token can tell it, and nobody else.
pub(crate) fn csrf_token(token: &str) -> String {
    let digest = Sha256::digest(format!("tollgate csrf\0{token}").as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

fn random_text() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The keys that are known here: the one of the configuration, and those seen before.
#[derive(Debug)]
pub(crate) struct KeyRing {
    bootstrap: RwLock<Option<(KeyHash, Holder)>>,
    seen: RwLock<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Holders, and when they were read.
    holders: BTreeMap<Credential, (Holder, Instant)>,
    /// Goes up when something ends: what was read before that is not cached after.
    revocations: u64,
}

impl KeyRing {
    /// A ring with the configured key, which opens `shop`.
    pub(crate) fn new(bootstrap: Option<&SecretString>, shop: ShopId) -> KeyRing {
        let ring = KeyRing {
            bootstrap: RwLock::default(),
            seen: RwLock::default(),
        };
        ring.set_bootstrap(bootstrap, shop);
        ring
    }

    /// Has another configured key from now on, or none.
    pub(crate) fn set_bootstrap(&self, bootstrap: Option<&SecretString>, shop: ShopId) {
        let holder = Holder {
            shop,
            who: Who::Bootstrap,
            name: BOOTSTRAP_NAME.into(),
            scopes: Scopes::ADMIN,
            stands_above: true,
            ends_at: None,
            noted_at: Arc::default(),
        };
        let configured = bootstrap.map(|key| (hash(key.expose_secret()), holder));
        *self
            .bootstrap
            .write()
            .unwrap_or_else(PoisonError::into_inner) = configured;
    }

    /// The holder of what somebody came with, unless it has to be read again. Whole hashes are compared, so
    /// timing reveals nothing about a key.
    pub(crate) fn find(&self, with: &Credential, at: Instant, now: Timestamp) -> Option<Holder> {
        let configured = self
            .bootstrap
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let (Some((bootstrap, holder)), Credential::Key(hash)) = (&*configured, with)
            && bool::from(bootstrap.ct_eq(hash))
        {
            return Some(holder.clone());
        }
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let (holder, read_at) = seen.holders.get(with)?;
        let is_fresh = at.saturating_duration_since(*read_at) < REMEMBERED_FOR;
        let is_good = holder.ends_at.is_none_or(|ends_at| now < ends_at);
        (is_fresh && is_good).then(|| holder.clone())
    }

    /// How many keys were revoked up to now, for [`KeyRing::remember`].
    pub(crate) fn revocations(&self) -> u64 {
        self.seen
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .revocations
    }

    /// Remembers what was good and was read after `since`, when so much had ended.
    pub(crate) fn remember(
        &self,
        with: Credential,
        holder: Holder,
        since: Instant,
        revocations: u64,
    ) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.revocations != revocations {
            return;
        }
        if REMEMBERED_MAX <= seen.holders.len() {
            seen.holders.clear();
        }
        seen.holders.insert(with, (holder, since));
    }

    /// Forgets a key that was revoked or changed.
    pub(crate) fn forget_key(&self, key: KeyId) {
        self.forget(|_, holder| holder.who == Who::Key(key));
    }

    /// Forgets what a user has open.
    pub(crate) fn forget_user(&self, user: UserId) {
        self.forget(|_, holder| matches!(holder.who, Who::User(known, _) if known == user));
    }

    /// Forgets a session that has ended.
    pub(crate) fn forget_session(&self, hash: KeyHash) {
        self.forget(|with, _| *with == Credential::Session(hash));
    }

    fn forget(&self, is_meant: impl Fn(&Credential, &Holder) -> bool) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        seen.revocations += 1;
        seen.holders
            .retain(|with, (holder, _)| !is_meant(with, holder));
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

    /// docs/access.md, Roles.
    #[test]
    fn a_role_may_do_what_is_documented() {
        let document = include_str!("../../../docs/access.md");
        for (role, word) in [
            ("viewer", [true, false, false, false]),
            ("operator", [true, true, true, false]),
            ("admin", [true, true, true, true]),
            ("owner", [false; 4]),
        ] {
            let scopes = Scopes::of_role(role);
            let [read, write, admin] =
                [Scope::Read, Scope::Write, Scope::Admin].map(|scope| scopes.allow(scope));
            let found = [read, write, scopes.allow_mending(), admin];
            assert_eq!(found, word, "{role}");
            let yes = |allowed: bool| if allowed { "yes" } else { "" };
            let row = format!("| `{role}` | {} |", found.map(yes).join(" | "));
            assert_eq!(document.contains(&row), role != "owner", "{row}");
        }
        assert!(Scopes::of("admin").allow_mending() && !Scopes::of("write").allow_mending());
    }

    fn holder(who: Who, ends_at: Option<Timestamp>) -> Holder {
        Holder {
            shop: ShopId(1),
            who,
            name: "till-1".into(),
            scopes: Scopes::of("read"),
            stands_above: false,
            ends_at,
            noted_at: Arc::default(),
        }
    }

    const START: Timestamp = Timestamp::from_millis(1_769_076_000_000);

    #[test]
    fn a_ring_knows_the_configured_key_and_forgets_revoked_ones() {
        let at = Instant::now();
        let ring = KeyRing::new(Some(&SecretString::from("0123456789abcdef")), ShopId(1));
        let find = |with: &Credential, at| ring.find(with, at, START);
        let key = |text| Credential::Key(hash(text));
        assert_eq!(
            find(&key("0123456789abcdef"), at).map(|holder| holder.scopes),
            Some(Scopes::ADMIN)
        );
        assert!(find(&key("0123456789abcdeg"), at).is_none());
        let as_session = Credential::Session(hash("0123456789abcdef"));
        assert!(find(&as_session, at).is_none(), "a key is no token");
        let id = KeyId::from_u128(7);
        let till = holder(Who::Key(id), None);
        ring.remember(key("tg_x"), till.clone(), at, 0);
        assert!(find(&key("tg_x"), at).is_some());
        assert!(
            find(&key("tg_x"), at + REMEMBERED_FOR).is_none(),
            "another instance may have revoked it"
        );
        ring.forget_key(id);
        assert!(find(&key("tg_x"), at).is_none());
        ring.remember(key("tg_x"), till, at, 0);
        assert!(
            find(&key("tg_x"), at).is_none(),
            "it was read before it was revoked"
        );
    }

    /// What is remembered ends at its time, not when it is read again.
    #[test]
    fn what_has_ended_opens_nothing() {
        let at = Instant::now();
        let ring = KeyRing::new(None, ShopId(1));
        let with = Credential::Key(hash("tg_x"));
        let ends_at = START.plus(tollgate_core::time::Span::seconds(1));
        let till = holder(Who::Key(KeyId::from_u128(7)), Some(ends_at));
        ring.remember(with, till, at, 0);
        assert!(ring.find(&with, at, START).is_some());
        assert!(ring.find(&with, at, ends_at).is_none());
    }

    #[test]
    fn a_users_sessions_are_forgotten_together_and_one_alone() {
        let at = Instant::now();
        let ring = KeyRing::new(None, ShopId(1));
        let user = |number| Who::User(UserId::from_u128(number), ShopId(1));
        let session = |text| Credential::Session(hash(text));
        for (token, number) in [("a", 1), ("b", 1), ("c", 2), ("d", 2)] {
            let revocations = ring.revocations();
            ring.remember(session(token), holder(user(number), None), at, revocations);
        }
        ring.forget_user(UserId::from_u128(1));
        ring.forget_session(hash("c"));
        let is_known = |token| ring.find(&session(token), at, START).is_some();
        assert_eq!(
            ["a", "b", "c", "d"].map(is_known),
            [false, false, false, true]
        );
    }

    /// However many requests come, a use is noted once a minute.
    #[test]
    fn a_use_is_noted_once_a_minute() {
        let till = holder(Who::Key(KeyId::from_u128(7)), None);
        let after = |seconds| START.plus(tollgate_core::time::Span::seconds(seconds));
        let noted = [0, 1, 59, 60, 61].map(|seconds| till.is_to_be_noted(after(seconds)));
        assert_eq!(noted, [true, false, false, true, false]);
    }

    #[test]
    fn a_csrf_token_belongs_to_its_session() {
        assert_eq!(csrf_token("a"), csrf_token("a"));
        assert_ne!(csrf_token("a"), csrf_token("b"));
        assert_ne!(csrf_token("a"), URL_SAFE_NO_PAD.encode(hash("a")));
    }

    #[test]
    fn four_letters_of_a_key_are_shown() {
        assert_eq!(shown_prefix(&SecretString::from("tg_AbCdEfGh")), "tg_AbCd");
    }
}
