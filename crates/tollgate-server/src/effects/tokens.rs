//! Access tokens for questions, kept in memory until shortly before their end.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_providers::Token;

/// A token is not used in its last minute: the question has to arrive before its end.
const SPARE: Span = Span::minutes(1);

/// The tokens of all sources.
#[derive(Default)]
pub(crate) struct Tokens {
    kept: Mutex<HashMap<(ShopId, String), Token>>,
}

impl Tokens {
    fn lock(&self) -> MutexGuard<'_, HashMap<(ShopId, String), Token>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token of a source, if it is good for a while.
    pub(crate) fn get(&self, shop: ShopId, source: &str, now: Timestamp) -> Option<Token> {
        let kept = self.lock();
        let token = kept.get(&(shop, source.to_owned()))?;
        (now.plus(SPARE) < token.expires_at).then(|| token.clone())
    }

    pub(crate) fn keep(&self, shop: ShopId, source: &str, token: Token) {
        self.lock().insert((shop, source.to_owned()), token);
    }

    pub(crate) fn forget(&self, shop: ShopId, source: &str) {
        self.lock().remove(&(shop, source.to_owned()));
    }
}
