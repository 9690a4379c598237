//! Orders to give money back, and what providers say to them.

use secrecy::SecretString;
use serde_json::{Value, json};
use tollgate_core::event::RefundState;
use tollgate_core::money::{Currency, Money};
use tollgate_core::time::Timestamp;
use tollgate_providers::{HttpRequest, HttpResponse, RefundAnswer, RefundOrder, Source, Token};

use crate::case::source;

fn midtrans() -> Source {
    source("midtrans", json!({"secrets": ["key", "old"]}))
}

fn phonepe() -> Source {
    source(
        "phonepe",
        json!({"version": "v2", "client_id": "C", "client_secret": "s",
               "credentials": [{"username": "shop_hooks", "password": "password1"}]}),
    )
}

fn cardcom(more: Value) -> Source {
    let mut settings =
        json!({"terminal_number": 1000, "api_name": "name", "addresses": ["192.0.2.1"]});
    for (key, value) in more.as_object().expect("a table") {
        settings[key] = value.clone();
    }
    source("cardcom", settings)
}

fn money(currency: &str, minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::new(currency).expect("it has three letters"),
    }
}

fn order(currency: &str, minor: i64) -> RefundOrder {
    RefundOrder {
        names: vec!["Z-1".to_owned()],
        provider_payment_id: Some("t-1".to_owned()),
        captured_objects: vec!["209413394".to_owned()],
        refund_key: "rfd_1".to_owned(),
        money: money(currency, minor),
        reason: "too \"small\"".to_owned(),
        has_earlier: false,
    }
}

fn token() -> Token {
    Token {
        secret: SecretString::from("bearer-of-the-tests"),
        expires_at: Timestamp::from_millis(0),
    }
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(&request.body).expect("it is JSON")
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.as_str())
}

#[test]
fn a_refund_is_ordered_as_its_provider_wants_it() {
    let request = midtrans().refund_request(&order("IDR", 500_000), None);
    let request = request.expect("it can be ordered");
    assert_eq!(
        (request.method, request.url.as_str()),
        ("POST", "https://api.midtrans.com/v2/Z-1/refund")
    );
    assert_eq!(header(&request, "authorization"), Some("Basic a2V5Og=="));
    assert_eq!(
        body(&request),
        json!({"refund_key": "rfd_1", "amount": 5000, "reason": "too \"small\""})
    );

    let request = phonepe().refund_request(&order("INR", 1234), Some(&token()));
    let request = request.expect("it can be ordered");
    assert_eq!(
        request.url,
        "https://api.phonepe.com/apis/pg/payments/v2/refund"
    );
    assert_eq!(
        header(&request, "authorization"),
        Some("O-Bearer bearer-of-the-tests")
    );
    assert_eq!(
        body(&request),
        json!({"merchantRefundId": "rfd_1", "originalMerchantOrderId": "Z-1", "amount": 1234})
    );

    let source = cardcom(json!({"api_password": "pass"}));
    let mut wanted = order("ILS", 2550);
    let request = source.refund_request(&wanted, None);
    let request = request.expect("it can be ordered");
    assert_eq!(
        request.url,
        "https://secure.cardcom.solutions/api/v11/Transactions/RefundByTransactionId"
    );
    // As text: a transaction's number may be longer than a float is exact.
    assert_eq!(
        String::from_utf8_lossy(&request.body),
        r#"{"ApiName":"name","ApiPassword":"pass","TransactionId":209413394,"PartialSum":25.50,"CancelOnly":false,"AllowMultipleRefunds":false}"#
    );
    wanted.has_earlier = true;
    let request = source
        .refund_request(&wanted, None)
        .expect("it can be ordered");
    assert_eq!(body(&request)["AllowMultipleRefunds"], true);
}

#[test]
fn what_cannot_be_ordered_says_why() {
    let unusual = RefundOrder {
        names: vec!["Z/1".to_owned()],
        ..order("IDR", 100)
    };
    let request = midtrans().refund_request(&unusual, None);
    let url = request.expect("it can be ordered").url;
    assert_eq!(url, "https://api.midtrans.com/v2/t-1/refund");
    let several = RefundOrder {
        captured_objects: vec!["1".to_owned(), "2".to_owned()],
        ..order("ILS", 100)
    };
    let unknown = RefundOrder {
        captured_objects: vec!["b7c1".to_owned()],
        ..order("ILS", 100)
    };
    let cards = || cardcom(json!({"api_password": "pass"}));
    for (source, order, token, why) in [
        (midtrans(), order("IDR", 150), None, "whole amounts"),
        (midtrans(), order("IDR", 0), None, "refund of nothing"),
        (phonepe(), order("INR", 100), None, "no access token"),
        (phonepe(), order("IDR", 100), Some(token()), "INR only"),
        (cards(), several, None, "several transactions"),
        (cards(), unknown, None, "TranzactionId is not known"),
        (
            cardcom(json!({})),
            order("ILS", 100),
            None,
            "cannot give money back",
        ),
    ] {
        let refused = source.refund_request(&order, token.as_ref());
        let told = refused.expect_err("it is refused").to_string();
        assert!(told.contains(why), "{told}");
    }
}

/// Which sources can, and at which of them a second order with the same key is harmless.
#[test]
fn whoever_cannot_give_money_back_says_so() {
    let v1 = source(
        "phonepe",
        json!({"version": "v1", "merchant_id": "M", "salts": {"1": "salt"}}),
    );
    let hooks = source(
        "standard_webhooks",
        json!({"secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}),
    );
    let silent = source(
        "phonepe",
        json!({"version": "v2",
               "credentials": [{"username": "shop_hooks", "password": "password1"}]}),
    );
    for (source, can, repeatable) in [
        (midtrans(), true, true),
        (phonepe(), true, false),
        (cardcom(json!({"api_password": "pass"})), true, false),
        (cardcom(json!({})), false, false),
        (v1, false, false),
        (silent, false, false),
        (hooks, false, false),
    ] {
        let found = (source.can_refund(), source.refund_is_repeatable());
        assert_eq!(found, (can, repeatable), "{source:?}");
    }
}

/// `taken`: the state and the provider's id; the others by their first letters.
fn check(source: &Source, status: u16, body: &str, expected: &str) {
    let response = HttpResponse {
        status,
        body: body.as_bytes(),
    };
    let found = match source.read_refund(&order("INR", 1234), &response) {
        RefundAnswer::Taken {
            provider_refund_id,
            state,
        } => {
            let state = match state {
                RefundState::Pending => "pending",
                RefundState::Succeeded => "succeeded",
                RefundState::Failed => "failed",
                RefundState::Requested | RefundState::Reversed => "odd",
            };
            format!("taken {state} {}", provider_refund_id.unwrap_or_default())
        }
        RefundAnswer::Refused(_) => "refused".to_owned(),
        RefundAnswer::Unavailable(_) => "unavailable".to_owned(),
        RefundAnswer::Unauthorized(_) => "unauthorized".to_owned(),
        RefundAnswer::Unclear(_) => "unclear".to_owned(),
    };
    assert_eq!(found.trim(), expected, "{status} {body}");
}

#[test]
fn midtrans_answers_are_read_by_the_code_in_their_body() {
    let good = r#""refund_key":"rfd_1","refund_chargeback_id":1,"refund_amount":"12.34""#;
    for (status, body, expected) in [
        (
            200,
            format!(r#"{{"status_code":"200","transaction_status":"refund",{good}}}"#),
            "taken succeeded",
        ),
        (
            200,
            format!(r#"{{"status_code":"200","transaction_status":"partial_refund",{good}}}"#),
            "taken succeeded",
        ),
        (
            200,
            format!(r#"{{"status_code":"201","transaction_status":"settlement",{good}}}"#),
            "taken pending",
        ),
        (
            200,
            r#"{"status_code":"200","transaction_status":"refund"}"#.to_owned(),
            "unclear",
        ),
        (
            200,
            r#"{"status_code":"200","refund_key":"rfd_2"}"#.to_owned(),
            "unclear",
        ),
        (
            200,
            r#"{"status_code":"404","status_message":"no"}"#.to_owned(),
            "refused",
        ),
        (
            200,
            r#"{"status_code":"412","status_message":"no"}"#.to_owned(),
            "refused",
        ),
        (200, r#"{"status_code":"401"}"#.to_owned(), "unauthorized"),
        (200, r#"{"status_code":"429"}"#.to_owned(), "unavailable"),
        (200, r#"{"status_code":"500"}"#.to_owned(), "unavailable"),
        (502, "<html>".to_owned(), "unavailable"),
        (200, "<html>".to_owned(), "unclear"),
        (302, String::new(), "unclear"),
    ] {
        check(&midtrans(), status, &body, expected);
    }
}

#[test]
fn phonepe_answers_are_read_by_their_state() {
    for (status, body, expected) in [
        (
            200,
            r#"{"refundId":"OMR1","amount":1234,"state":"PENDING"}"#,
            "taken pending",
        ),
        (
            200,
            r#"{"refundId":"OMR1","amount":1234,"state":"CONFIRMED"}"#,
            "taken pending",
        ),
        (
            200,
            r#"{"refundId":"OMR1","amount":1234,"state":"COMPLETED"}"#,
            "taken succeeded",
        ),
        (
            200,
            r#"{"refundId":"OMR1","amount":1234,"state":"FAILED"}"#,
            "taken failed",
        ),
        (
            200,
            r#"{"refundId":"OMR1","amount":1235,"state":"COMPLETED"}"#,
            "unclear",
        ),
        (
            200,
            r#"{"refundId":"OMR1","amount":1234,"state":"NEW"}"#,
            "unclear",
        ),
        (200, r#"{"refundId":"OMR1"}"#, "unclear"),
        (200, "", "unclear"),
        (400, r#"{"code":"INVALID_REFUND_AMOUNT"}"#, "refused"),
        (401, "", "unauthorized"),
        (403, "", "unauthorized"),
        (408, "", "unclear"),
        (429, "", "unavailable"),
        (500, "", "unclear"),
        (503, "", "unclear"),
    ] {
        check(&phonepe(), status, body, expected);
    }
}

#[test]
fn cardcom_answers_are_read_by_their_number() {
    for (status, body, expected) in [
        (
            200,
            r#"{"ResponseCode":0,"NewTranzactionId":204972703}"#,
            "taken succeeded 204972703",
        ),
        (
            200,
            r#"{"ResponseCode":0,"NewTranzactionId":9223372036854775807}"#,
            "taken succeeded 9223372036854775807",
        ),
        (
            200,
            r#"{"ResponseCode":0,"NewTranzactionId":null}"#,
            "taken succeeded",
        ),
        (
            200,
            r#"{"ResponseCode":5011,"Description":"done before"}"#,
            "refused",
        ),
        (200, r#"{"ResponseCode":"0"}"#, "unclear"),
        (200, r#"{"ResponseCode":null}"#, "unclear"),
        (200, "", "unclear"),
        (401, "", "unauthorized"),
        (429, "", "unavailable"),
        (500, "", "unclear"),
    ] {
        check(
            &cardcom(json!({"api_password": "pass"})),
            status,
            body,
            expected,
        );
    }
}
