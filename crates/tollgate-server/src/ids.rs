//! Fresh ids: UUIDv7, as core wants them.

use std::sync::{LazyLock, PoisonError, RwLock};

use tollgate_core::id::{DeliveryId, RootId, encode};

use crate::clock::Clock;

/// Ids are dated by the clock that is decided by, on a server the server's: one that was dated by a clock that is
/// minutes ahead of that would be refused, and so would all that follow it, for as long as nobody sets that clock.
static CLOCK: LazyLock<RwLock<Clock>> = LazyLock::new(RwLock::default);

/// Has ids dated by this clock from now on.
pub(crate) fn date_by(clock: &Clock) {
    *CLOCK.write().unwrap_or_else(PoisonError::into_inner) = clock.clone();
}

/// A fresh root.
pub(crate) fn root() -> RootId {
    let now = CLOCK.read().unwrap_or_else(PoisonError::into_inner).now();
    let millis = u128::try_from(now.as_millis()).unwrap_or(0) & 0xffff_ffff_ffff;
    let drawn = uuid::Uuid::now_v7().as_u128();
    RootId::new((millis << 80) | (drawn & ((1 << 80) - 1)))
}

/// A fresh delivery; its events hang on it.
pub(crate) fn delivery() -> DeliveryId {
    DeliveryId::on(root(), 0)
}

/// A fresh id of a request, for logs and problems.
pub(crate) fn request() -> String {
    format!("req_{}", encode(uuid::Uuid::now_v7().as_u128()))
}

/// A code for an order that the merchant gave none.
pub(crate) fn order_code(root: RootId) -> String {
    // The last sixteen bits of a root are zero, so its last three characters say nothing.
    let mut code = encode(root.as_u128());
    code.truncate(23);
    format!("T-{}", code.to_ascii_uppercase())
}
