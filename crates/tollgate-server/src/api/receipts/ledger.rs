//! Receipts for an accountant: a table in CSV, a row for each, read page by page.

use serde_json::Value;
use tollgate_core::effect::ReceiptKind;
use tollgate_core::id::ShopId;
use tollgate_core::word::Word;
use tollgate_store::{ReceiptFilter, ReceiptPlace, ReceiptRow, Seek};

use crate::app::App;
use crate::http::csv::{Next, Part, Reading, Row};
use crate::money_text::decimal;
use crate::time_text::rfc3339;

/// Receipts that are read together.
const PAGE_ROWS: u32 = 200;

/// The rows of the next receipts, the latest first.
pub(super) fn read(
    app: App,
    shop: ShopId,
    filter: ReceiptFilter,
    past: Option<ReceiptPlace>,
) -> Reading {
    Box::pin(async move {
        let seek = Seek {
            past,
            ..Seek::first(PAGE_ROWS)
        };
        let page = app.issued_receipts(shop, filter.clone(), seek).await?;
        let rows = page.items.iter().map(row).collect();
        let next = page
            .next
            .map(|next| -> Next { Box::new(move || read(app, shop, filter, Some(next))) });
        Ok(Part { rows, next })
    })
}

/// The names of the columns.
pub(super) const HEAD: &str = "number,kind,issued_at,issued_at_utc,order_code,payment_id,source,reference,\
     provider_payment_id,original_number,seller,buyer,currency,amount,fee_amount,tax_amount,taxes";

/// A row of the table.
fn row(receipt: &ReceiptRow) -> String {
    let frozen: Value = serde_json::from_str(&receipt.document).unwrap_or_default();
    let said = |pointer: &str| {
        let found = frozen.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_default()
    };
    let currency = said("/currency");
    // What went back counts against what came, so a column's sum is what is left.
    let is_sale = ReceiptKind::of(&receipt.kind) == Some(ReceiptKind::Sale);
    let signed = |minor: i64| match is_sale {
        true => minor,
        false => minor.saturating_neg(),
    };
    let minor = |name: &str| frozen[name].as_i64().unwrap_or(0);
    let (amount, fee_amount) = (minor("amount"), minor("fee_amount"));
    let taxes = frozen["taxes"].as_array().map_or(&[][..], Vec::as_slice);
    let of_tax = |tax: &Value| tax["amount"].as_i64().unwrap_or(0);
    let tax_amount = taxes.iter().map(of_tax).fold(0, i64::saturating_add);
    let named: Vec<String> = taxes
        .iter()
        .map(|tax| {
            let (name, percent) = (tax["name"].as_str(), tax["percent"].as_str());
            let (name, percent) = (name.unwrap_or_default(), percent.unwrap_or_default());
            format!(
                "{name} {percent}%: {}",
                decimal(signed(of_tax(tax)), currency)
            )
        })
        .collect();
    let named = named.join("; ");
    let number = receipt.number.clone();
    let local = in_zone(receipt, said("/timezone"));
    let mut row = Row::default();
    let texts = [
        number.as_str(),
        &receipt.kind,
        &local,
        &rfc3339(receipt.issued_at),
        said("/order_code"),
        said("/payment/payment_id"),
        said("/payment/source"),
        said("/payment/reference"),
        said("/payment/provider_payment_id"),
        said("/original_number"),
        said("/seller/name"),
        said("/buyer/name"),
        currency,
    ];
    for text in texts {
        row.text(text);
    }
    for minor in [amount, fee_amount, tax_amount] {
        row.decimal(signed(minor), currency);
    }
    row.text(&named).end()
}

/// When it was issued, by the clocks of its shop.
fn in_zone(receipt: &ReceiptRow, zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(receipt.issued_at.as_millis()).unwrap_or_default();
    let at = at.to_zoned(zone);
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::id::{ReceiptId, ShopId};
    use tollgate_core::time::Timestamp;

    fn receipt(kind: &str, document: &str) -> ReceiptRow {
        ReceiptRow {
            shop: ShopId(1),
            id: ReceiptId::from_u128(1 << 20),
            year: 2026,
            sequence: 42,
            number: "R-2026-000042".to_owned(),
            kind: kind.to_owned(),
            // Half past seven in the evening of the 21st in UTC.
            issued_at: Timestamp::from_millis(1_769_023_800_000),
            token: "t".to_owned(),
            sha256: [0; 32],
            document: document.to_owned(),
        }
    }

    const DOCUMENT: &str = r#"{"number":"R-2026-000042","amount":15000000,"fee_amount":50000,"currency":"IDR",
        "timezone":"Asia/Kolkata","order_code":"A-1","seller":{"name":"Batik, Tea & \"Co\""},
        "buyer":{"name":"=HYPERLINK(\"http://x\")"},"original_number":"R-2026-000041",
        "payment":{"payment_id":"pay_1","source":"midtrans","reference":"+62","provider_payment_id":"t-1"},
        "taxes":[{"name":"PPN","percent":"11","included":true,"amount":1486486},
                 {"name":"Cess","percent":"0.5","included":false,"amount":75000}]}"#;

    #[test]
    fn a_row_is_what_an_accountant_asks_for() {
        assert_eq!(
            row(&receipt("sale", DOCUMENT)),
            "R-2026-000042,sale,2026-01-22T01:00:00+05:30,2026-01-21T19:30:00.000Z,A-1,pay_1,midtrans,'+62,t-1,\
             R-2026-000041,\"Batik, Tea & \"\"Co\"\"\",\"'=HYPERLINK(\"\"http://x\"\")\",IDR,150000.00,500.00,15614.86,\
             \"PPN 11%: 14864.86; Cess 0.5%: 750.00\"\r\n"
        );
        assert_eq!(HEAD.split(',').count(), 17);
    }

    #[test]
    fn what_went_back_counts_against_what_came() {
        for kind in ["refund", "reversal"] {
            let row = row(&receipt(kind, DOCUMENT));
            assert!(row.contains(",IDR,-150000.00,-500.00,-15614.86,"), "{row}");
        }
    }

    #[test]
    fn a_document_without_a_part_leaves_its_field_empty() {
        let row = row(&receipt("sale", r#"{"amount":5,"currency":"JPY"}"#));
        assert_eq!(
            row,
            "R-2026-000042,sale,2026-01-21T19:30:00+00:00,2026-01-21T19:30:00.000Z,,,,,,,,,JPY,5,0,0,\r\n"
        );
    }
}
