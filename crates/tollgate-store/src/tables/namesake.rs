//! Names that lead an event nowhere although they lead to a payment.
//!
//! A reference is our name of a payment, an id the provider's. An event whose id is spelled like the
//! reference of another payment waits for its own (L9), and so does one whose reference is spelled like
//! the id of another payment. Neither is a rendezvous that was missed.

use tollgate_core::payment::Payment;
use tollgate_core::snapshot::StoredEvent;

/// The payment has this name of an event by coincidence, or by somebody's wish.
pub(crate) fn is_namesake(stored: &StoredEvent, name: &str, payment: &Payment) -> bool {
    let names = &stored.event.names;
    let first = names.iter().find(|name| !name.is_empty());
    let own_id = stored.event.provider_payment_id.as_ref();
    let own_id = own_id.filter(|_| !stored.policy.asks_by_own_id);
    let (Some(first), Some(own_id)) = (first, own_id) else {
        return false;
    };
    if first == own_id || !names.contains(own_id) {
        return false;
    }
    let known_id = payment.provider_payment_id.as_deref();
    if name == own_id {
        payment.reference == name && known_id != Some(name)
    } else if name == first {
        payment.reference != name && known_id == Some(name)
    } else {
        false
    }
}
