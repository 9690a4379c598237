//! What each shop has given out last.

use tollgate_core::id::ShopId;

use crate::db::{Error, Head, WriteBatch};

/// `shop_heads.put`: the last write of every batch.
const PUT: &str = "\
    insert into shop_heads (shop_id, position, receipts_year, receipts, endpoints_version)
    values (?1, ?2, ?3, ?4, ?5)
        on conflict (shop_id) do update
       set position = excluded.position, receipts_year = excluded.receipts_year,
           receipts = excluded.receipts, endpoints_version = excluded.endpoints_version";

pub(crate) fn put(writes: &mut WriteBatch<'_>, shop: ShopId, head: &Head) -> Result<(), Error> {
    writes.put(
        PUT,
        &[
            &shop.0,
            &head.position,
            &head.receipts_year,
            &head.receipts,
            &head.endpoints_version,
        ],
    )
}
