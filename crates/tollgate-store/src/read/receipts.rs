//! Receipts that are issued, as they were frozen.

use tollgate_core::id::{ReceiptId, ShopId};
use tollgate_core::time::Timestamp;

use crate::Store;
use crate::db::{Error, Row, id_at, id_bytes};
use crate::error::ReadError;

/// A receipt that is issued, without its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Whose.
    pub shop: ShopId,
    /// Its id.
    pub id: ReceiptId,
    /// The year it is numbered in.
    pub year: i32,
    /// Its number in that year.
    pub sequence: i64,
    /// `sale`, `refund` or `reversal`.
    pub kind: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The word by which anybody may look it up.
    pub token: String,
    /// SHA-256 of its file.
    pub sha256: [u8; 32],
    /// The frozen content as JSON.
    pub document: String,
}

/// `receipts.get`: by `receipts_id`. The columns are those of [`read`].
const RECEIPT: &str = "\
    select shop_id, id, year, sequence, kind, issued_at, token, sha256, document
      from receipts
     where shop_id = ?1 and id = ?2";

/// `receipts.of_token`: by its unique token.
const OF_TOKEN: &str = "\
    select shop_id, id, year, sequence, kind, issued_at, token, sha256, document
      from receipts
     where token = ?1";

/// `receipts.pdf`: by `receipts_id`.
const PDF: &str = "select pdf from receipts where shop_id = ?1 and id = ?2";

/// `receipts.files`: walks `receipts_id`, what was issued since a time is of the newest roots.
const SINCE: &str = "\
    select shop_id, id, year, sequence, kind, issued_at, token, sha256, document
      from receipts
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";

impl Store {
    /// A receipt that is issued.
    pub async fn receipt(
        &self,
        shop: ShopId,
        id: ReceiptId,
    ) -> Result<Option<ReceiptRow>, ReadError> {
        self.read(move |db| db.one(RECEIPT, &[&shop.0, &id_bytes(id.as_u128())], read))
            .await
    }

    /// The receipt with this token, of whichever shop.
    pub async fn receipt_of_token(&self, token: String) -> Result<Option<ReceiptRow>, ReadError> {
        self.read(move |db| db.one(OF_TOKEN, &[&token], read)).await
    }

    /// The file of a receipt that is issued.
    pub async fn receipt_pdf(
        &self,
        shop: ShopId,
        id: ReceiptId,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        self.read(move |db| db.one(PDF, &[&shop.0, &id_bytes(id.as_u128())], |row| row.get(0)))
            .await
    }

    /// Receipts of a shop in the order of their ids, after one, at most `limit`.
    pub async fn receipts_after(
        &self,
        shop: ShopId,
        after: ReceiptId,
        limit: u32,
    ) -> Result<Vec<ReceiptRow>, ReadError> {
        self.read(move |db| db.all(SINCE, &[&shop.0, &id_bytes(after.as_u128()), &limit], read))
            .await
    }
}

fn read(row: &Row<'_>) -> Result<ReceiptRow, Error> {
    let sha256: Vec<u8> = row.get(7)?;
    Ok(ReceiptRow {
        shop: ShopId(row.get(0)?),
        id: ReceiptId::from_u128(id_at(row, 1)?),
        year: row.get(2)?,
        sequence: row.get(3)?,
        kind: row.get(4)?,
        issued_at: Timestamp::from_millis(row.get(5)?),
        token: row.get(6)?,
        sha256: sha256.try_into().unwrap_or([0; 32]),
        document: row.get(8)?,
    })
}
