//! Receipts that were issued: the document and its bytes.

use tollgate_core::effect::{IssuedReceipt, Receipt};
use tollgate_core::id::ShopId;
use tollgate_core::receipt_number::ReceiptNumber;
use tollgate_core::word::Word;

use crate::db::{Error, WriteBatch, id_bytes};

/// `receipts.insert`: exactly once; a second one would meet `receipts_id` or `receipts_number`.
const INSERT: &str = "\
    insert into receipts (shop_id, id, year, sequence, kind, issued_at, token, sha256, document, pdf,
                          number)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

pub(crate) fn insert(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    receipt: &Receipt,
    issued: &IssuedReceipt,
) -> Result<(), Error> {
    let number = receipt.number.clone();
    let number = number.unwrap_or_else(|| ReceiptNumber::usual(0, 0));
    let sha256: &[u8] = &issued.sha256;
    let pdf: &[u8] = &issued.pdf;
    writes.put(
        INSERT,
        &[
            &shop.0,
            &id_bytes(receipt.id.as_u128()),
            &number.year,
            &number.sequence,
            &receipt.kind.word(),
            &issued.at.as_millis(),
            &issued.token,
            &sha256,
            &issued.document,
            &pdf,
            &number.text,
        ],
    )
}
