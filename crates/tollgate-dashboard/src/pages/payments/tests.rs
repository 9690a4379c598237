//! What the pages of payments show, and what their forms ask of the API.

use crate::fixture::{Fixture, text};

const RECEIPTS: &str = r#"{"data":[],"next_cursor":null}"#;

fn payment(source: &str, captured: i64) -> String {
    format!(
        r#"{{"id":"pay_1","source":"{source}","reference":"TILL-1-0042","status":"pending","amount":15000000,
        "currency":"IDR","captured_amount":{captured},"refunded_amount":0,"provider_payment_id":null,"expires_at":null,
        "refunds":[],"created_at":"2026-01-22T10:00:00.000Z","updated_at":"2026-01-22T10:01:00.000Z","order_id":null,
        "attention":["chargeback"],"metadata":{{"till":3}},
        "facts":[{{"object":"9aed5972","says":"settled","amount":5000000,"currency":"IDR","strength":"asked",
        "occurred_at":"2026-01-22T10:00:59.000Z"}}]}}"#
    )
}

fn shop(role: &'static str, source: &str, captured: i64) -> Fixture {
    Fixture::of(role)
        .with("GET /v1/payments/pay_1/receipts", 200, RECEIPTS)
        .with("GET /v1/payments/pay_1", 200, &payment(source, captured))
}

#[test]
fn a_payment_tells_its_facts_and_what_to_do() {
    let page = text(shop("viewer", "midtrans", 5_000_000).get("/payments/pay_1"));
    for shown in [
        "TILL-1-0042",
        "IDR\u{a0}50,000",
        "Answer it at the provider, and refund nothing meanwhile.",
        "9aed5972",
        "the provider&#39;s own answer",
        "&quot;till&quot;: 3",
    ] {
        let shown = shown.replace("&#39;", "'");
        assert!(page.contains(&shown), "{shown} is not in {page}");
    }
}

#[test]
fn an_action_is_there_for_who_may_and_where_it_makes_sense() {
    for (role, source, captured, expected) in [
        ("viewer", "midtrans", 5_000_000, &[][..]),
        (
            "operator",
            "midtrans",
            5_000_000,
            &["resolve", "check", "refund"],
        ),
        ("operator", "midtrans", 0, &["resolve", "check"]),
        (
            "operator",
            "manual",
            5_000_000,
            &["resolve", "capture", "refund"],
        ),
        ("operator", "manual", 15_000_000, &["resolve", "refund"]),
        ("admin", "midtrans", 0, &["resolve", "check", "correct"]),
    ] {
        let page = text(shop(role, source, captured).get("/payments/pay_1"));
        let actions = page.split("action=\"/payments/pay_1/").skip(1);
        let actions: Vec<_> = actions
            .filter_map(|rest| rest.split('"').next())
            .map(|path| path.rsplit('/').next().unwrap_or_default())
            .collect();
        assert_eq!(actions, expected, "{role} {source} {captured}");
    }
}

#[test]
fn a_form_leads_back_to_the_payment() {
    for (form, asked) in [
        ("correct", "/v1/payments/pay_1/receipts/correct"),
        (
            "attention/chargeback/resolve",
            "/v1/payments/pay_1/attention/chargeback/resolve",
        ),
        ("refund", "/v1/payments/pay_1/refund"),
        ("capture", "/v1/payments/pay_1/capture"),
    ] {
        let shop = shop("admin", "manual", 5_000_000).with("POST /v1/payments/pay_1", 201, "{}");
        let reply = shop.post(
            &format!("/payments/pay_1/{form}"),
            "csrf=c&once=o&amount=1000",
        );
        assert_eq!(reply.location.as_deref(), Some("/payments/pay_1"), "{form}");
        let last = shop.asked().pop().expect("the API was asked");
        assert_eq!(last.path, asked);
    }
}

#[test]
fn what_a_provider_said_of_a_check_is_told() {
    for (state, said) in [
        ("done", "what%20it%20said%20is%20applied"),
        ("pending", "It%20is%20asked%20again"),
        ("dead", "could%20not%20be%20asked"),
    ] {
        let answer = format!(
            r#"{{"payment":null,"provider":{{"asked":true,"state":"{state}","answer":{{}}}}}}"#
        );
        let shop =
            shop("operator", "midtrans", 0).with("POST /v1/payments/pay_1/check", 200, &answer);
        let reply = shop.post("/payments/pay_1/check", "csrf=c&once=o");
        assert!(
            reply.cookies[0].contains(said),
            "{state}: {:?}",
            reply.cookies
        );
    }
}

#[test]
fn the_list_asks_by_status_and_reference() {
    let list = format!(
        r#"{{"data":[{}],"next_cursor":null}}"#,
        payment("midtrans", 0)
    );
    let shop = Fixture::of("viewer").with("GET /v1/payments", 200, &list);
    let page = text(shop.get("/payments?status=pending&reference=TILL-1-0042"));
    let asked = shop.asked();
    assert_eq!(
        asked[0].path,
        "/v1/payments?status=pending&reference=TILL-1-0042"
    );
    assert!(page.contains("href=\"/payments/pay_1\""), "{page}");
}
