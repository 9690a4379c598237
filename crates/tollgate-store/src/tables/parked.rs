//! The events that wait at a name or a code, as the bytes in its row: one id after the other.

use tollgate_core::id::EventId;

use crate::db::id_bytes;

pub(crate) fn write_parked(parked: &[EventId]) -> Vec<u8> {
    parked
        .iter()
        .flat_map(|event| id_bytes(event.as_u128()))
        .collect()
}

pub(crate) fn read_parked(bytes: &[u8]) -> Vec<EventId> {
    bytes
        .chunks_exact(16)
        .map(|chunk| {
            let bytes: [u8; 16] = chunk.try_into().expect("a chunk has sixteen bytes");
            EventId::from_u128(u128::from_be_bytes(bytes))
        })
        .collect()
}
