//! The keys that were settled recently, so that a storm of repetitions is answered before the Gate.
//!
//! A hint (I8): what is not here goes through the Gate, which knows for certain. A settled event stays
//! so, unless it waited and cannot be decided: then it is removed here.

use std::sync::{Mutex, PoisonError};

use tollgate_core::id::{EventId, ShopId};

/// How many keys are remembered; a power of two. A key stands in the one place its hash names.
const PLACES: usize = 65_536;

/// Places that share a lock.
const PLACES_PER_LOCK: usize = PLACES / 16;

/// Who settled this key, by shop and hash, and in which epoch of the database: what was settled in another one may be
/// missing in this one.
type Place = Option<(ShopId, [u8; 16], EventId, u64)>;

/// The keys that were settled recently.
pub(crate) struct DedupeCache {
    locks: Vec<Mutex<Vec<Place>>>,
}

impl DedupeCache {
    pub(crate) fn new() -> DedupeCache {
        let locks = (0..PLACES / PLACES_PER_LOCK)
            .map(|_| Mutex::new(vec![None; PLACES_PER_LOCK]))
            .collect();
        DedupeCache { locks }
    }

    /// The event that settled the key, if it is remembered.
    pub(crate) fn get(&self, shop: ShopId, hash: &[u8; 16], epoch: u64) -> Option<EventId> {
        let (lock, place) = place_of(hash);
        let places = self.locks[lock]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        places[place]
            .filter(|(its_shop, its_hash, _, settled_in)| {
                *its_shop == shop && its_hash == hash && *settled_in == epoch
            })
            .map(|(_, _, event, _)| event)
    }

    /// Remembers the key, and forgets the one that stood in its place.
    pub(crate) fn put(&self, shop: ShopId, hash: [u8; 16], event: EventId, epoch: u64) {
        let (lock, place) = place_of(&hash);
        let mut places = self.locks[lock]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        places[place] = Some((shop, hash, event, epoch));
    }

    /// Forgets the key: its event is not settled any more.
    pub(crate) fn forget(&self, shop: ShopId, hash: &[u8; 16]) {
        let (lock, place) = place_of(hash);
        let mut places = self.locks[lock]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if places[place]
            .is_some_and(|(its_shop, its_hash, ..)| (its_shop, its_hash) == (shop, *hash))
        {
            places[place] = None;
        }
    }
}

fn place_of(hash: &[u8; 16]) -> (usize, usize) {
    let number = usize::from(hash[0]) | usize::from(hash[1]) << 8;
    (number / PLACES_PER_LOCK, number % PLACES_PER_LOCK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::id::RootId;

    #[test]
    fn a_key_is_found_by_its_shop_and_its_whole_hash() {
        let cache = DedupeCache::new();
        let event = EventId::on(RootId::new(1 << 40), 3);
        cache.put(ShopId(1), [7; 16], event, 0);
        assert_eq!(cache.get(ShopId(1), &[7; 16], 0), Some(event));
        assert_eq!(cache.get(ShopId(2), &[7; 16], 0), None);
        assert_eq!(cache.get(ShopId(1), &[7; 16], 1), None);
        let mut other = [7; 16];
        other[15] = 8;
        assert_eq!(cache.get(ShopId(1), &other, 0), None);
        cache.put(ShopId(1), other, event, 0);
        assert_eq!(cache.get(ShopId(1), &[7; 16], 0), None);
    }

    #[test]
    fn every_hash_has_a_place() {
        let cache = DedupeCache::new();
        for first in [0, 1, 127, 255] {
            for second in [0, 1, 127, 255] {
                let mut hash = [0; 16];
                (hash[0], hash[1]) = (first, second);
                assert_eq!(cache.get(ShopId(1), &hash, 0), None);
            }
        }
    }
}
