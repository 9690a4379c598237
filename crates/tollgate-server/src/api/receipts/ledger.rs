//! Receipts for an accountant: a table in CSV (RFC 4180), a row for each, read page by page.

use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::Frame;
use serde_json::Value;
use tollgate_core::effect::ReceiptKind;
use tollgate_core::id::ShopId;
use tollgate_core::word::Word;
use tollgate_store::{Page, ReceiptFilter, ReceiptPlace, ReceiptRow, Seek};

use super::response::decimal;
use crate::app::{App, AppError};
use crate::time_text::rfc3339;

/// Receipts that are read together.
pub(super) const PAGE_ROWS: u32 = 200;

type Rows = Page<ReceiptRow, ReceiptPlace>;

/// A page that is being read.
type Reading = Pin<Box<dyn Future<Output = Result<Rows, AppError>> + Send>>;

/// The table, as the body of an answer: no page is read before the one in front of it was sent.
pub(super) struct Table {
    app: App,
    shop: ShopId,
    filter: ReceiptFilter,
    /// What is to be sent next.
    read: Option<Rows>,
    reading: Option<Reading>,
    begun: bool,
}

/// The database could not be read any more. The answer breaks off, so that nobody takes a part for the whole.
#[derive(Debug, thiserror::Error)]
#[error("the receipts could not be read to their end")]
pub(super) struct BrokenOff;

impl Table {
    /// A table that begins with a page that was read already.
    pub(super) fn new(app: App, shop: ShopId, filter: ReceiptFilter, first: Rows) -> Table {
        Table {
            app,
            shop,
            filter,
            read: Some(first),
            reading: None,
            begun: false,
        }
    }

    fn read_on(&self, past: ReceiptPlace) -> Reading {
        let (app, shop, filter) = (self.app.clone(), self.shop, self.filter.clone());
        Box::pin(async move {
            let seek = Seek {
                past: Some(past),
                ..Seek::first(PAGE_ROWS)
            };
            app.issued_receipts(shop, filter, seek).await
        })
    }
}

impl hyper::body::Body for Table {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        loop {
            if let Some(page) = self.read.take() {
                self.reading = page.next.map(|next| self.read_on(next));
                let mut text = String::new();
                if !self.begun {
                    self.begun = true;
                    text.push_str(HEAD);
                }
                text.extend(page.items.iter().map(row));
                if !text.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(Bytes::from(text)))));
                }
            }
            let Some(reading) = &mut self.reading else {
                return Poll::Ready(None);
            };
            match std::task::ready!(reading.as_mut().poll(context)) {
                Ok(page) => {
                    self.reading = None;
                    self.read = Some(page);
                }
                Err(error) => {
                    tracing::error!(?error, "failed to read receipts for a table");
                    self.reading = None;
                    return Poll::Ready(Some(Err(BrokenOff)));
                }
            }
        }
    }
}

/// The names of the columns.
pub(super) const HEAD: &str = "number,kind,issued_at,issued_at_utc,order_code,payment_id,source,reference,\
     provider_payment_id,original_number,seller,buyer,currency,amount,fee_amount,tax_amount,taxes\r\n";

/// A row of the table.
pub(super) fn row(receipt: &ReceiptRow) -> String {
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
    let mut row = String::new();
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
        put_text(&mut row, text);
        row.push(',');
    }
    // Numbers of ours are no formulas, also where they begin with a minus.
    for minor in [amount, fee_amount, tax_amount] {
        let _ = write!(row, "{},", decimal(signed(minor), currency));
    }
    put_text(&mut row, &named);
    row.push_str("\r\n");
    row
}

/// When it was issued, by the clocks of its shop.
fn in_zone(receipt: &ReceiptRow, zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(receipt.issued_at.as_millis()).unwrap_or_default();
    let at = at.to_zoned(zone);
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Writes a text so that it is one field, and that no spreadsheet takes it for a formula: others have written it.
fn put_text(row: &mut String, text: &str) {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let is_quoted = text.contains([',', '"', '\r', '\n']);
    if is_quoted {
        row.push('"');
    }
    if is_formula {
        row.push('\'');
    }
    for letter in text.chars() {
        if letter == '"' {
            row.push('"');
        }
        row.push(letter);
    }
    if is_quoted {
        row.push('"');
    }
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
             PPN 11%: 14864.86; Cess 0.5%: 750.00\r\n"
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

    #[test]
    fn no_text_of_others_is_a_formula() {
        for (text, field) in [
            ("=1+1", "'=1+1"),
            ("@SUM", "'@SUM"),
            ("-5", "'-5"),
            ("\tx", "'\tx"),
            ("\n=1", "\"'\n=1\""),
            ("a=b", "a=b"),
            ("two\nlines", "\"two\nlines\""),
            ("", ""),
        ] {
            let mut written = String::new();
            put_text(&mut written, text);
            assert_eq!(written, field, "{text:?}");
        }
    }
}
