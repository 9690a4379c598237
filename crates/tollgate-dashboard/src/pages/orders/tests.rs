//! What the pages of orders show, and what their forms ask of the API.

use serde_json::Value;
use tollgate_receipt::Locale;

use crate::fixture::{Fixture, text};
use crate::words::check;

/// Who writes such a name sees it as it is, and nobody else's page turns round.
const HOSTILE: &str = "<script>alert(1)</script>\u{202e}\\\"'&";

fn order(status: &str, more: &str) -> String {
    let long = "x".repeat(200);
    format!(
        r#"{{"id":"ord_1","code":"ZVR-1","status":"{status}","attention":["overpaid"],"currency":"IDR",
        "total_amount":15000000,"captured_amount":15000000,"refunded_amount":0,"discount_amount":500000,
        "shipping_amount":0,"lines":[{{"sku":"BATIK/M","name":"Batik shirt M","quantity":2,"unit_amount":7750000,
        "stocked":true}}],"customer":{{"name":{hostile},"email":"dewi@example.com","address":"{long}"}},"note":"rings twice",
        "slot":{{"id":"slt_1","calendar":"kitchen","starts_at":"2026-01-22T10:00:00.000Z",
        "ends_at":"2026-01-22T11:00:00.000Z","visible_at":"2026-01-22T10:00:00.000Z","units":1}},
        "hold":{{"id":"hld_1","state":"active","expires_at":"2026-01-22T10:15:00.000Z"}},
        "payments":[{payment}],"metadata":{{"gift":"</script><b>"}},"version":2,
        "created_at":"2026-01-22T10:00:00.000Z","updated_at":"2026-01-22T10:01:00.000Z"{more}}}"#,
        hostile = Value::from(HOSTILE),
        payment = payment("midtrans", 15_000_000),
    )
}

fn payment(source: &str, captured: i64) -> String {
    format!(
        r#"{{"id":"pay_1","source":"{source}","reference":"ZVR-1-77","status":"paid","amount":15000000,"currency":"IDR",
        "captured_amount":{captured},"refunded_amount":0,"provider_payment_id":"9aed5972",
        "method":{{"kind":"virtual_account","detail":"BCA"}},"expires_at":null,
        "refunds":[{{"id":"rfd_1","payment_id":"pay_1","amount":5000000,"currency":"IDR","state":"sent","reason":"scratched",
        "provider_refund_id":null,"ordered_by":"merchant","created_at":"2026-01-23T09:00:00.000Z"}}],
        "created_at":"2026-01-22T10:00:00.000Z","updated_at":"2026-01-22T10:01:00.000Z"}}"#
    )
}

fn timeline() -> String {
    format!(
        r#"{{"data":[{{"position":123,"at":"2026-01-22T10:01:00.000Z","kind":"payment.paid",
        "summary":"IDR 150,000 captured by midtrans for payment C-1","by":{{"who":"provider","name":"midtrans"}},
        "event_id":"evt_1","detail":{{"captured":15000000,"said":{}}}}},
        {{"position":124,"at":"2026-01-22T10:02:00.000Z","kind":"refund.requested","summary":"a refund",
        "by":{{"who":"user","name":"Dewi","user_id":"usr_1"}},"effect_id":"eff_1","detail":{{}}}}],
        "waits_for":[{{"what":"refund","summary":"a refund of IDR 50,000 has not ended (sent)","effect_id":"eff_1","tries":1,
        "next_at":"2026-01-23T10:00:00.000Z"}}],"next_cursor":null}}"#,
        Value::from(HOSTILE)
    )
}

const RECEIPTS: &str = r#"{"data":[{"id":"rcp_1","number":"R-2026-000042","kind":"sale","order_id":"ord_1",
    "payment_id":"pay_1","amount":15000000,"currency":"IDR","state":"issued","issued_at":"2026-01-22T10:01:01.000Z",
    "sha256":"9f","pdf":"/v1/receipts/rcp_1.pdf"}],"next_cursor":null}"#;

const EFFECTS: &str = r#"{"data":[{"id":"eff_1","key":"refund:rfd_1","kind":"refund","target":"refund:midtrans",
    "state":"pending","tries":1,"due_at":"2026-01-23T10:00:00.000Z","settled_at":null,"reason":"HTTP status 503",
    "order_by":null,"content":{},"created_at":"2026-01-23T09:00:00.000Z"}],"next_cursor":null}"#;

fn shop(role: &'static str, status: &str) -> Fixture {
    Fixture::of(role)
        .with("GET /v1/orders/ord_1/timeline", 200, &timeline())
        .with("GET /v1/orders/ord_1/receipts", 200, RECEIPTS)
        .with("GET /v1/effects?order=ord_1", 200, EFFECTS)
        .with("GET /v1/orders/ord_1", 200, &order(status, ""))
        .with(
            "GET /v1/payments/pay_1",
            200,
            &payment("midtrans", 15_000_000),
        )
}

#[test]
fn an_order_tells_how_it_stands_and_why() {
    let page = text(shop("operator", "paid").get("/orders/ord_1"));
    for shown in [
        "ZVR-1",
        "IDR\u{a0}150,000",
        "until <time datetime=\"2026-01-22T10:15:00.000Z\">",
        "href=\"/stock/BATIK%2FM\"",
        "rings twice",
        "More is kept than is due. Refund what is beyond.",
        "IDR 150,000 captured by midtrans for payment C-1",
        "href=\"/events/evt_1\"",
        "href=\"/effects/eff_1\"",
        "a refund of IDR 50,000 has not ended (sent)",
        "href=\"/v1/receipts/rcp_1.pdf\"",
        "virtual account",
        "HTTP status 503",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
    // The discount is taken off.
    assert!(page.contains("\u{2212}IDR\u{a0}5,000"), "{page}");
}

#[test]
fn what_strangers_wrote_stands_as_text() {
    for language in [Locale::En, Locale::He] {
        let page = text(shop("operator", "paid").get_in(language, "/orders/ord_1"));
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(!page.contains("<b>\""), "{page}");
        assert!(
            page.contains("<bdi class=\"foreign\">&lt;script&gt;"),
            "{page}"
        );
    }
}

#[test]
fn hebrew_is_read_from_right_to_left() {
    let page = text(shop("admin", "paid").get_in(Locale::He, "/orders/ord_1"));
    assert!(page.contains("<html lang=\"he\" dir=\"rtl\">"), "{page}");
    assert!(page.contains("הסיפור המלא"), "{page}");
}

#[test]
fn who_only_looks_finds_nothing_to_press() {
    for (role, status, forms) in [
        ("viewer", "awaiting_payment", 0),
        // Resolve, note, customer, cancel; check and refund of the payment.
        ("operator", "awaiting_payment", 6),
        // One that is paid is refunded and not cancelled.
        ("operator", "paid", 5),
    ] {
        let page = text(shop(role, status).get("/orders/ord_1"));
        let count = page.matches("action=\"/orders/").count();
        assert_eq!(count, forms, "{role} {status}: {page}");
    }
}

#[test]
fn a_form_says_what_it_will_do_in_the_shops_own_figures() {
    let page = text(shop("operator", "paid").get("/orders/ord_1"));
    assert!(
        page.contains("action=\"/orders/ord_1/payments/pay_1/refund\""),
        "{page}"
    );
    // 150,000 came, 50,000 are on their way back.
    assert!(
        page.contains(
            "Up to IDR\u{a0}100,000 of the IDR\u{a0}150,000 that came goes back to \u{2068}&lt;script&gt;"
        ),
        "{page}"
    );
    assert!(page.contains("name=\"amount\" value=\"100000\""), "{page}");
}

/// What a form asks: the form, the method and path, the body, and what is said in the end.
const ASKED: &[(&str, &str, &str, &str, &str)] = &[
    (
        "/orders/ord_1/cancel",
        "",
        "POST /v1/orders/ord_1/cancel",
        "{}",
        "The%20order%20is%20cancelled",
    ),
    (
        "/orders/ord_1/note",
        "note=rings+once",
        "PATCH /v1/orders/ord_1",
        r#"{"note":"rings once"}"#,
        "The%20note%20is%20kept",
    ),
    (
        "/orders/ord_1/note",
        "note=",
        "PATCH /v1/orders/ord_1",
        r#"{"note":null}"#,
        "The%20note%20is%20kept",
    ),
    (
        "/orders/ord_1/customer",
        "customer_name=Dewi&customer_email=&phone=1",
        "PATCH /v1/orders/ord_1",
        r#"{"customer":{"address":null,"email":null,"locale":null,"name":"Dewi","phone":"1","tax_id":null}}"#,
        "The%20customer%20is%20changed",
    ),
    (
        "/orders/ord_1/attention/overpaid/resolve",
        "note=seen",
        "POST /v1/orders/ord_1/attention/overpaid/resolve",
        r#"{"note":"seen"}"#,
        "Marked%20as%20resolved",
    ),
    (
        "/orders/ord_1/payments/pay_1/check",
        "",
        "POST /v1/payments/pay_1/check",
        "{}",
        "The%20provider%20has%20answered",
    ),
    (
        "/orders/ord_1/payments/pay_1/capture",
        "amount=150.000,00&note=cash",
        "POST /v1/payments/pay_1/capture",
        r#"{"amount":15000000,"note":"cash"}"#,
        "The%20money%20is%20recorded",
    ),
    (
        "/orders/ord_1/payments/pay_1/refund",
        "amount=50000.00&reason=scratched",
        "POST /v1/payments/pay_1/refund",
        r#"{"amount":5000000,"reason":"scratched"}"#,
        "The%20refund%20is%20ordered",
    ),
    (
        "/orders/ord_1/payments/pay_1/refund",
        "amount=50000&sku_0=BATIK%2FM&units_0=1&sku_1=X&units_1=&release_slot=true&recorded=true",
        "POST /v1/payments/pay_1/refund",
        r#"{"amount":5000000,"recorded":true,"release_slot":true,"restock":[{"quantity":1,"sku":"BATIK/M"}]}"#,
        "The%20refund%20is%20recorded",
    ),
];

#[test]
fn a_form_asks_the_api_once_and_says_what_became_of_it() {
    for (form, fields, asked, body, said) in ASKED {
        let (method, path) = asked.split_once(' ').expect("a method and a path");
        let checked = r#"{"payment":null,"provider":{"asked":true,"state":"done","answer":{"status":200,"error":null}}}"#;
        let shop = shop("operator", "paid").with(&format!("{method} {path}"), 200, checked);
        let reply = shop.post(form, &format!("csrf=csrf-1&once=once-7&{fields}"));
        assert_eq!(reply.status, 303, "{form}: {reply:?}");
        assert_eq!(reply.location.as_deref(), Some("/orders/ord_1"), "{form}");
        assert!(
            reply.cookies[0].contains(said),
            "{form}: {:?}",
            reply.cookies
        );
        let last = shop.asked().pop().expect("the API was asked");
        assert_eq!((last.method, last.path.as_str()), (method, path), "{form}");
        let sent: Value = serde_json::from_slice(&last.body.expect("a body")).expect("it is JSON");
        let body: Value = serde_json::from_str(body).expect("it is JSON");
        assert_eq!(sent, body, "{form}");
        assert_eq!(last.idempotency_key.as_deref(), Some("once-7"), "{form}");
        assert_eq!(last.csrf_token.as_deref(), Some("csrf-1"), "{form}");
    }
}

#[test]
fn an_amount_that_nobody_can_read_asks_nothing() {
    for amount in ["", "five", "-5", "1.2.3"] {
        let shop = shop("operator", "paid");
        let fields = format!("csrf=csrf-1&once=o&amount={amount}");
        let reply = shop.post("/orders/ord_1/payments/pay_1/refund", &fields);
        assert_eq!(reply.status, 422, "{amount}");
        assert!(
            shop.asked().iter().all(|asked| asked.method == "GET"),
            "{amount}"
        );
        assert!(
            text(reply).contains("Write it like 150000, in IDR."),
            "{amount}"
        );
    }
}

#[test]
fn what_the_api_refuses_is_said() {
    let refused = r#"{"status":409,"code":"refund_exceeds_captured","title":"More than is left","detail":"100000 are left"}"#;
    let shop = shop("operator", "paid").with("POST /v1/payments/pay_1/refund", 409, refused);
    let reply = shop.post("/orders/ord_1/payments/pay_1/refund", "amount=1000000");
    assert_eq!(reply.status, 409);
    assert!(text(reply).contains("100000 are left"));
}

#[test]
fn the_list_asks_by_the_filters_and_counts_what_is_open() {
    let list = r#"{"data":[{"id":"ord_1","code":"ZVR-1","status":"paid","attention":["overpaid"],"currency":"IDR",
        "total_amount":15000000,"customer":{"phone":"0811"},"created_at":"2026-01-22T10:00:00.000Z"}],"next_cursor":"c2"}"#;
    let stats = r#"{"open":{"counted_up_to":10000,"orders":{"awaiting_payment":10000,"partially_paid":3}}}"#;
    let shop = Fixture::of("viewer")
        .with("GET /v1/orders", 200, list)
        .with("GET /v1/stats", 200, stats);
    let address = "/orders?status=paid&search=dewi&attention=true&created_after=2026-01-22&x=1";
    let page = text(shop.get(address));
    let asked = shop.asked();
    assert!(
        asked.iter().any(|asked| asked.path
            == "/v1/orders?status=paid&search=dewi&attention=true&created_after=2026-01-22T00%3A00%3A00Z"),
        "{asked:?}"
    );
    for shown in [
        "href=\"/search?q=dewi\"",
        "10,000 or more",
        "<span class=\"count\">3</span>",
        "href=\"/orders/ord_1\"",
        "0811",
        "cursor=c2",
        "<input type=\"hidden\" name=\"status\" value=\"paid\">",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
}

#[test]
fn every_text_stands_in_every_language() {
    check(super::words::ALL);
    check(crate::pages::attention::ALL);
    check(crate::pages::payments::words::ALL);
}
