//! The hash under which a long key stands in its row.

use sha2::{Digest, Sha256};

/// The first half of a SHA-256 over the parts, each with its length, so that `ab`,`c` and `a`,`bc`
/// differ (D3).
pub(crate) fn key_hash(first: &str, second: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update((first.len() as u64).to_be_bytes());
    hash.update(first);
    hash.update(second);
    let digest: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|place| digest[place])
}
