//! Tickets by which a browser opens the live stream.

use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error};

/// A ticket. Of the ticket itself only a hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// Whose stream it opens.
    pub shop: ShopId,
    /// SHA-256 of the ticket.
    pub hash: [u8; 32],
    /// SHA-256 of the key that it was made with.
    pub key_hash: [u8; 32],
    /// What the stream is about, a bit for each topic.
    pub topics: i64,
    /// Until when it opens anything.
    pub expires_at: Timestamp,
}

/// `stream_tickets.forget`: by primary key, all of a shop; there are never many.
const FORGET: &str = "delete from stream_tickets where shop_id = ?1 and expires_at <= ?2";

/// `stream_tickets.insert`: only while there are not too many.
const INSERT: &str = "\
    insert into stream_tickets (shop_id, hash, key_hash, topics, expires_at)
    select ?1, ?2, ?3, ?4, ?5
     where (select count(*) from stream_tickets where shop_id = ?1) < ?6";

/// `stream_tickets.take`: by primary key. The first who deletes it has it.
const TAKE: &str = "\
    delete from stream_tickets
     where shop_id = ?1 and hash = ?2 and expires_at > ?3";

/// Keeps one, unless a shop has `most` that are still good; how many were kept.
pub(crate) fn create(db: &Db, row: &TicketRow, most: i64, now: Timestamp) -> Result<usize, Error> {
    db.run(FORGET, &[&row.shop.0, &now.as_millis()])?;
    db.run(
        INSERT,
        &[
            &row.shop.0,
            &row.hash,
            &row.key_hash,
            &row.topics,
            &row.expires_at.as_millis(),
            &most,
        ],
    )
}

/// Takes one, for good; none if it was taken before or is too old.
pub(crate) fn take(db: &Db, shop: ShopId, hash: [u8; 32], now: Timestamp) -> Result<usize, Error> {
    db.run(TAKE, &[&shop.0, &hash, &now.as_millis()])
}
