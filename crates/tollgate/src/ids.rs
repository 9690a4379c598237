//! Fresh ids: UUIDv7, as core wants them.

use tollgate_core::id::{DeliveryId, RootId, encode};

/// A fresh root.
pub(crate) fn root() -> RootId {
    RootId::new(uuid::Uuid::now_v7().as_u128())
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
