//! Fresh ids: UUIDv7, as core wants them.

use std::sync::LazyLock;

use tollgate_core::id::{DeliveryId, RootId, encode};

use crate::clock::Clock;

/// Ids are dated by a clock that does not follow a step before it has lasted: one that was dated hours
/// ahead would be refused, and so would all that follow it.
static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::default);

/// A fresh root.
pub(crate) fn root() -> RootId {
    CLOCK.compare();
    let millis = u128::try_from(CLOCK.now().as_millis()).unwrap_or(0) & 0xffff_ffff_ffff;
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
