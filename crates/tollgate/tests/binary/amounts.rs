//! Money is read exactly, and what does not fit is never "paid" and never lost.

use serde_json::{Value, json};
use tollgate_providers::Webhook;

use crate::harness::{Client, Home, Request, Said, Tollgate, sign_bank};

const TOTAL: i64 = 15_000_000;

/// A webhook of the bank, its amount written as it stands here.
fn bank(id: &str, reference: &str, amount: &str, currency: &str, mode: &str) -> Webhook {
    let body = format!(
        r#"{{"id":"{id}","type":"payment","order":"{reference}","payment":"p-{reference}","#
    ) + &format!(
        r#""amount":{amount},"currency":"{currency}","status":"captured","mode":"{mode}"}}"#
    );
    sign_bank(body.as_bytes())
}

#[track_caller]
fn deliver(client: &mut Client, code: &str, amount: &str, currency: &str, mode: &str) -> String {
    let webhook = bank(&format!("id-{code}"), code, amount, currency, mode);
    client.deliver("bank", &webhook).outcome()
}

/// C8: one amount, however it is written.
#[test]
fn an_amount_is_one_amount_however_it_is_written() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let spellings = [
        "150000",
        "150000.0",
        "150000.00",
        "\"150000\"",
        "\"150000.00\"",
        "\"150000.000\"",
        "1.5e5",
        "15E+4",
    ];
    for (number, amount) in spellings.into_iter().enumerate() {
        let code = format!("C8-{number}");
        client.create_order(&code, "bank", "IDR", TOTAL);
        assert_eq!(
            deliver(&mut client, &code, amount, "IDR", "live"),
            "applied",
            "{amount}"
        );
        let order = client.get(&format!("/v1/orders/{code}"));
        assert_eq!(order["status"], "paid", "{amount}: {order:#}");
        assert_eq!(order["captured_amount"], TOTAL, "{amount}");
    }
}

/// C8: digits that no float keeps, and currencies without or with three decimals.
#[test]
fn large_amounts_and_odd_currencies_are_exact() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let cases = [
        ("90071992547409.91", "IDR", 9_007_199_254_740_991),
        ("\"90071992547409.91\"", "IDR", 9_007_199_254_740_991),
        ("1234567890123.45", "EUR", 123_456_789_012_345),
        ("1500", "JPY", 1_500),
        ("1.234", "KWD", 1_234),
        ("0.29", "EUR", 29),
        ("1.15", "EUR", 115),
    ];
    for (number, (amount, currency, minor)) in cases.into_iter().enumerate() {
        let code = format!("EXACT-{number}");
        client.create_order(&code, "bank", currency, minor);
        assert_eq!(
            deliver(&mut client, &code, amount, currency, "live"),
            "applied",
            "{amount}"
        );
        let order = client.get(&format!("/v1/orders/{code}"));
        assert_eq!(order["status"], "paid", "{amount} {currency}: {order:#}");
        assert_eq!(order["captured_amount"], minor, "{amount} {currency}");
    }
}

/// C7, C8: more decimals than the currency has, or no number at all: a person looks, nothing is rounded.
#[test]
fn an_amount_that_cannot_be_read_exactly_is_never_rounded() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let cases = [
        "150000.001",
        "\"150,000.00\"",
        "\"\"",
        "{}",
        "1e400",
        "-150000",
        "\"Rp 150000\"",
    ];
    for (number, amount) in cases.into_iter().enumerate() {
        let code = format!("ROUND-{number}");
        client.create_order(&code, "bank", "IDR", TOTAL);
        assert_eq!(
            deliver(&mut client, &code, amount, "IDR", "live"),
            "attention",
            "{amount}"
        );
        let order = client.get(&format!("/v1/orders/{code}"));
        assert_eq!(order["status"], "awaiting_payment", "{amount}: {order:#}");
        assert_eq!(order["attention"], json!(["amount_unreadable"]), "{amount}");
    }
    assert_eq!(client.list("/v1/orders?attention=true").len(), cases.len());
}

/// C7: what is wrong is kept, flagged, and goes away only when a person says so.
#[track_caller]
fn assert_flagged(client: &mut Client, code: &str, status: &str, attention: &str) {
    let order = client.get(&format!("/v1/orders/{code}"));
    assert_eq!(order["status"], status, "{order:#}");
    assert_eq!(order["attention"], json!([attention]), "{order:#}");
    let flagged = client.list("/v1/orders?attention=true");
    assert!(
        flagged.iter().any(|order| order["code"] == code),
        "{code} is not listed"
    );
    let events = client.list(&format!("/v1/events?reference={code}"));
    assert_eq!(events.len(), 1, "the event is kept: {events:#?}");

    let id = order["id"].as_str().expect("an order has an id");
    let resolve = format!("/v1/orders/{id}/attention/{attention}/resolve");
    let resolve = Request::post(resolve, &json!({ "note": "looked at" }));
    client.call(&resolve).expect(200);
    let order = client.get(&format!("/v1/orders/{code}"));
    assert_eq!(order["attention"], json!([]), "{order:#}");
    assert_eq!(order["status"], status, "looking at it moves no money");
}

/// C7.
#[test]
fn another_currency_never_pays() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.create_order("C7-USD", "bank", "IDR", TOTAL);
    assert_eq!(
        deliver(&mut client, "C7-USD", "150000", "USD", "live"),
        "attention"
    );
    assert_flagged(
        &mut client,
        "C7-USD",
        "awaiting_payment",
        "currency_mismatch",
    );
}

/// C7.
#[test]
fn money_of_the_test_mode_never_pays() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.create_order("C7-TEST", "bank", "IDR", TOTAL);
    assert_eq!(
        deliver(&mut client, "C7-TEST", "150000", "IDR", "test"),
        "attention"
    );
    assert_flagged(&mut client, "C7-TEST", "awaiting_payment", "mode_mismatch");
}

/// C7.
#[test]
fn more_than_is_due_is_flagged_and_less_is_not_paid() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.create_order("C7-MORE", "bank", "IDR", TOTAL);
    deliver(&mut client, "C7-MORE", "150000.01", "IDR", "live");
    let more = client.get("/v1/orders/C7-MORE");
    assert_eq!(more["captured_amount"], TOTAL + 1, "{more:#}");
    assert_flagged(&mut client, "C7-MORE", "paid", "overpaid");

    client.create_order("C7-LESS", "bank", "IDR", TOTAL);
    deliver(&mut client, "C7-LESS", "149999.99", "IDR", "live");
    let less = client.get("/v1/orders/C7-LESS");
    assert_eq!(less["status"], "partially_paid", "{less:#}");
    assert_eq!(less["captured_amount"], TOTAL - 1);
}

/// C7: parts that together are the whole.
#[test]
fn parts_that_make_up_the_total_pay_it() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.create_order("PARTS", "bank", "IDR", TOTAL);
    let second = json!({ "order": "PARTS", "source": "bank", "reference": "PARTS-2" });
    deliver(&mut client, "PARTS", "100000", "IDR", "live");
    assert_eq!(client.get("/v1/orders/PARTS")["status"], "partially_paid");
    client.create("/v1/payments", &second).expect(201);
    deliver(&mut client, "PARTS-2", "50000.00", "IDR", "live");
    let order = client.get("/v1/orders/PARTS");
    assert_eq!(
        (&order["status"], &order["attention"]),
        (&json!("paid"), &json!([])),
        "{order:#}"
    );
    assert_eq!(order["captured_amount"], TOTAL);
}

/// The numbers of the API itself: whole, within bounds, never a float.
#[test]
fn amounts_of_a_request_are_whole_numbers_within_bounds() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let with = |line: Value| json!({ "code": "BOUNDS", "currency": "IDR", "lines": [line] });
    let line = |quantity: Value, unit: Value| json!({ "sku": "tea", "stocked": false, "quantity": quantity, "unit_amount": unit });
    let past: i64 = 1 << 53;
    for (quantity, unit) in [
        (json!(0), json!(1)),
        (json!(-1), json!(1)),
        (json!(1), json!(-1)),
        (json!(1.5), json!(1)),
        (json!(1), json!(0.1)),
        (json!("1"), json!(1)),
        (json!(past), json!(1)),
        (json!(1), json!(past)),
        (json!(u64::MAX), json!(1)),
    ] {
        let problem = client.create("/v1/orders", &with(line(quantity.clone(), unit.clone())));
        assert_eq!(
            problem.refused(400),
            "request_invalid",
            "{quantity} x {unit}"
        );
        let pointer = problem.json()["errors"][0]["pointer"].clone();
        let pointer = pointer.as_str().unwrap_or_default();
        assert!(
            pointer.starts_with("/lines/0/"),
            "{pointer:?} for {quantity} x {unit}"
        );
    }
    let overflow = with(line(json!(past - 1), json!(past - 1)));
    assert_eq!(
        client.create("/v1/orders", &overflow).refused(422),
        "amount_overflow"
    );
    let mut negative = with(line(json!(1), json!(10)));
    negative["discount_amount"] = json!(11);
    assert_eq!(
        client.create("/v1/orders", &negative).refused(422),
        "total_negative"
    );
    let largest = with(line(json!(1), json!(past - 1)));
    let order = client.create("/v1/orders", &largest).expect(201);
    assert_eq!(order["total_amount"], past - 1);
}

/// A total of 0 is paid at once and waits for no payment.
#[test]
fn an_order_over_nothing_is_complete_at_once() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let mut free = json!({
        "code": "FREE",
        "currency": "IDR",
        "lines": [{ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": 100 }],
    });
    free["discount_amount"] = json!(100);
    assert_eq!(
        client.create("/v1/orders", &free).expect(201)["status"],
        "completed"
    );
}

/// C8: Midtrans writes text with decimals, PhonePe whole paise.
#[test]
fn every_providers_own_way_of_writing_amounts_pays_exactly() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let cases = [
        ("midtrans", "IDR", 123_456_789_012_300),
        ("phonepe", "INR", 9_999_999_999_999),
    ];
    for (source, currency, minor) in cases {
        let code = format!("OWN-{source}");
        client.create_order(&code, source, currency, minor);
        let webhook = home.webhook(Said::paid(source, &code, minor));
        assert_eq!(client.deliver(source, &webhook).outcome(), "applied");
        let order = client.get(&format!("/v1/orders/{code}"));
        assert_eq!(
            (&order["status"], &order["captured_amount"]),
            (&json!("paid"), &json!(minor))
        );
    }
}
