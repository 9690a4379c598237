//! Rows of receipts that are issued, as they were frozen.

use serde_json::Value;
use tollgate_core::effect::ReceiptKind;
use tollgate_core::word::Word;
use tollgate_store::ReceiptRow;

use crate::http::csv::Row;

/// The columns of receipts.
pub(super) const RECEIPTS: &str = "receipt_id,number,kind,issued_at,order_code,payment_id,source,reference,\
     provider_payment_id,original_number,seller,buyer,currency,amount_minor,amount,fee_minor,fee,tax_minor,tax,\
     sha256";

/// The row of a receipt. What went back counts against what came, so that a column's sum is what is left.
pub(super) fn receipt(receipt: &ReceiptRow) -> String {
    let frozen: Value = serde_json::from_str(&receipt.document).unwrap_or_default();
    let said = |pointer: &str| {
        let found = frozen.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_default()
    };
    let is_sale = ReceiptKind::of(&receipt.kind) == Some(ReceiptKind::Sale);
    let signed = |minor: i64| match is_sale {
        true => minor,
        false => minor.saturating_neg(),
    };
    let minor = |name: &str| signed(frozen[name].as_i64().unwrap_or(0));
    let taxes = frozen["taxes"].as_array().map_or(&[][..], Vec::as_slice);
    let taxes = taxes.iter().map(|tax| tax["amount"].as_i64().unwrap_or(0));
    let tax = signed(taxes.fold(0, i64::saturating_add));
    let currency = said("/currency");
    let mut row = Row::default();
    row.text(&receipt.id.to_string())
        .text(&receipt.number)
        .text(&receipt.kind)
        .time(Some(receipt.issued_at));
    for pointer in [
        "/order_code",
        "/payment/payment_id",
        "/payment/source",
        "/payment/reference",
        "/payment/provider_payment_id",
        "/original_number",
        "/seller/name",
        "/buyer/name",
    ] {
        row.text(said(pointer));
    }
    row.text(currency)
        .money(minor("amount"), currency)
        .money(minor("fee_amount"), currency)
        .money(tax, currency)
        .text(&hex::encode(receipt.sha256))
        .end()
}
