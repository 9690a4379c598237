//! Tickets of the live stream.

use tollgate_core::decision::Outcome;
use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;

use crate::Store;
use crate::db::{Error, Row};
use crate::error::{ReadError, SubmitError};
use crate::gate::submission::Reply;
use crate::gate::table_write::TableWrite;
use crate::tables::stream_tickets::TicketRow;

/// `stream_tickets.get`: by primary key.
const GET: &str = "\
    select shop_id, hash, key_hash, topics, expires_at
      from stream_tickets
     where shop_id = ?1 and hash = ?2";

fn read_ticket(row: &Row<'_>) -> Result<TicketRow, Error> {
    Ok(TicketRow {
        shop: ShopId(row.get(0)?),
        hash: row.get(1)?,
        key_hash: row.get(2)?,
        topics: row.get(3)?,
        expires_at: Timestamp::from_millis(row.get(4)?),
    })
}

impl Store {
    /// Keeps a ticket; `false` if its shop has `most` that are still good.
    pub async fn create_ticket(&self, ticket: TicketRow, most: u32) -> Result<bool, SubmitError> {
        let write = TableWrite::CreateTicket {
            ticket,
            most: most.into(),
            now: self.now(),
        };
        self.write_and_count(write).await
    }

    /// A ticket by its hash, however old.
    pub async fn ticket(
        &self,
        shop: ShopId,
        hash: [u8; 32],
    ) -> Result<Option<TicketRow>, ReadError> {
        self.read(move |db| db.one(GET, &[&shop.0, &hash], read_ticket))
            .await
    }

    /// Takes a ticket: whoever is answered `true` is the only one who has it.
    pub async fn take_ticket(&self, shop: ShopId, hash: [u8; 32]) -> Result<bool, SubmitError> {
        let now = self.now();
        self.write_and_count(TableWrite::TakeTicket { shop, hash, now })
            .await
    }

    /// Whether a write has changed a row.
    async fn write_and_count(&self, write: TableWrite) -> Result<bool, SubmitError> {
        let reply = self.write_for_outcome(write).await?;
        Ok(matches!(
            reply,
            Reply::Decided {
                outcome: Outcome::Done,
                ..
            }
        ))
    }
}
