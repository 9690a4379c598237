//! What the pages of receipts show, and what they ask of the API.

use tollgate_receipt::Locale;

use crate::fixture::{Fixture, text};

const HEAD: &str = r#""amount":105450,"currency":"IDR","id":"rcp_1","issued_at":"2026-01-22T10:01:01.000Z","kind":"sale",
    "number":"R-2026-000042","order_id":"ord_1","payment_id":"pay_1","pdf":"/v1/receipts/rcp_1.pdf",
    "sha256":"9f86d081","state":"issued""#;

const FROZEN: &str = r#""timezone":"Asia/Jakarta","locale":"id","seller":{"name":"Batik","address":"Jl. Malioboro 1"},
    "buyer":{"name":"<b>Sari</b>","email":"s@shop.example"},"order_code":"A-1",
    "lines":[{"sku":"k","name":"Kain","quantity":2,"unit_amount":50000,"amount":100000}],"discount_amount":10000,
    "shipping_amount":5000,"total_amount":95000,"taxes":[{"name":"PPN","percent":"11","included":true,"amount":9414}],
    "fee_amount":450,"payment":{"source":"midtrans","reference":"A-1-1","payment_id":"pay_1"},
    "verification_url":"https://pay.example/r/token""#;

const MAILS: &str = r#"{"data":[
    {"id":"eff_1","kind":"mail","state":"dead","reason":"mailbox full","created_at":"2026-01-22T10:02:00.000Z",
     "content":{"about":"receipt","receipt_id":"rcp_1"}},
    {"id":"eff_2","kind":"mail","state":"done","reason":null,"created_at":"2026-01-22T10:02:00.000Z",
     "content":{"about":"refunded","receipt_id":"rcp_other"}}],"next_cursor":null}"#;

fn shop(receipt: &str) -> Fixture {
    Fixture::of("viewer")
        .with("GET /v1/receipts/rcp_1", 200, receipt)
        .with(
            "GET /v1/receipts?",
            200,
            &format!(r#"{{"data":[{{{HEAD}}}],"next_cursor":null}}"#),
        )
        .with("GET /v1/effects?kind=mail&order=ord_1", 200, MAILS)
}

#[test]
fn its_texts_are_whole() {
    crate::words::check(super::texts::ALL);
}

#[test]
fn all_that_was_frozen_is_shown() {
    let shown = text(shop(&format!("{{{HEAD},{FROZEN}}}")).get("/receipts/rcp_1"));
    for wanted in [
        "R-2026-000042",
        "Jl. Malioboro 1",
        "&lt;b&gt;Sari&lt;/b&gt;",
        "Kain",
        "PPN 11 %, included",
        "midtrans",
        "https://pay.example/r/token",
        "/v1/receipts/rcp_1.pdf",
        "9f86d081",
        "/orders/ord_1",
        "mailbox full",
        "−IDR\u{a0}100<",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    assert!(!shown.contains("eff_2"), "a mail of another receipt");
}

#[test]
fn a_receipt_that_is_not_issued_yet_says_so() {
    let pending = r#"{"amount":null,"currency":null,"id":"rcp_1","issued_at":null,"kind":"refund","number":null,
        "order_id":null,"payment_id":"pay_1","pdf":null,"sha256":null,"state":"pending"}"#;
    let fixture = shop(pending);
    let shown = text(fixture.get("/receipts/rcp_1"));
    assert!(shown.contains("its file is being made"), "{shown}");
    assert_eq!(fixture.asked().len(), 1);
}

#[test]
fn what_is_filtered_by_is_asked_of_the_api() {
    let fixture = shop("");
    let shown = text(fixture.get("/receipts?from=2026-01-01&to=&kind=sale&number=R-1&x=1"));
    assert!(shown.contains("/receipts/rcp_1"), "{shown}");
    let asked: Vec<String> = fixture.asked().into_iter().map(|one| one.path).collect();
    assert_eq!(asked, ["/v1/receipts?from=2026-01-01&kind=sale&number=R-1"]);
    assert!(
        shown.contains("action=\"/v1/exports/refunds.csv\""),
        "{shown}"
    );
}

#[test]
fn a_page_in_hebrew_is_read_from_the_right() {
    let shown = text(shop(&format!("{{{HEAD},{FROZEN}}}")).get_in(Locale::He, "/receipts/rcp_1"));
    assert!(shown.contains("dir=\"rtl\"") && shown.contains("סיכום"));
}
