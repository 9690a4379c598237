//! Orders to give money back, and what providers say to them.

use secrecy::SecretString;
use serde_json::{Value, json};
use tollgate_core::event::RefundState;
use tollgate_core::money::{Currency, Money};
use tollgate_core::time::Timestamp;
use tollgate_providers::{
    HttpRequest, HttpResponse, RefundAnswer, RefundOrder, RefundStatus, RefundStep, Source, Token,
};

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
        whole: false,
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
    let request = midtrans().refund_request(&order("IDR", 500_000), RefundStep::Refund, None);
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

    let request = phonepe().refund_request(&order("INR", 1234), RefundStep::Refund, Some(&token()));
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
    let request = source.refund_request(&wanted, RefundStep::Refund, None);
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
        .refund_request(&wanted, RefundStep::Refund, None)
        .expect("it can be ordered");
    assert_eq!(body(&request)["AllowMultipleRefunds"], true);
}

#[test]
fn what_cannot_be_ordered_says_why() {
    let unusual = RefundOrder {
        names: vec!["Z/1".to_owned()],
        ..order("IDR", 100)
    };
    let request = midtrans().refund_request(&unusual, RefundStep::Refund, None);
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
        let refused = source.refund_request(&order, RefundStep::Refund, token.as_ref());
        let said = refused.expect_err("it is refused").to_string();
        assert!(said.contains(why), "{said}");
    }
}

/// Which sources can, and at which of them a second order with the same key is harmless.
#[test]
fn a_provider_that_cannot_give_money_back_says_so() {
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

/// An answer of a provider.
fn response(status: u16, body: &str) -> HttpResponse<'_> {
    HttpResponse {
        status,
        body: body.as_bytes(),
    }
}

/// `taken`: the state and the provider's id; the others by their first letters.
fn check(source: &Source, status: u16, body: &str, expected: &str) {
    let order = order("INR", 1234);
    let found = source.read_refund(&order, RefundStep::Refund, &response(status, body));
    assert_eq!(word(found), expected, "{status} {body}");
}

fn word(answer: RefundAnswer) -> String {
    let found = match answer {
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
        RefundAnswer::NextStep(step, _) => format!("then {step:?}"),
        RefundAnswer::Duplicate(_) => "duplicate".to_owned(),
        RefundAnswer::Refused(_) => "refused".to_owned(),
        RefundAnswer::Unavailable(_) => "unavailable".to_owned(),
        RefundAnswer::Unauthorized(_) => "unauthorized".to_owned(),
        RefundAnswer::Unclear(_) => "unclear".to_owned(),
    };
    found.trim().to_owned()
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
            "duplicate",
        ),
        // Denied by the bank: a number of success, and nothing was given back.
        (
            200,
            r#"{"status_code":"202","status_message":"Refund denied by the bank","transaction_status":"settlement","refund_amount":"0.00","refund_key":"rfd_1"}"#.to_owned(),
            "refused",
        ),
        (
            200,
            r#"{"status_code":"202","transaction_status":"settlement"}"#.to_owned(),
            "refused",
        ),
        (
            200,
            r#"{"status_code":"200","status_message":"Refund is DENIED","transaction_status":"partial_refund","refund_amount":"12.34","refund_key":"rfd_1"}"#.to_owned(),
            "refused",
        ),
        (
            200,
            r#"{"status_code":"200","transaction_status":"deny","refund_amount":"12.34","refund_key":"rfd_1"}"#.to_owned(),
            "refused",
        ),
        (
            200,
            r#"{"status_code":"200","transaction_status":"settlement","refund_amount":"0","refund_key":"rfd_1"}"#.to_owned(),
            "refused",
        ),
        // The denial of another refund says nothing about ours.
        (
            200,
            r#"{"status_code":"202","refund_key":"rfd_2"}"#.to_owned(),
            "unclear",
        ),
        // Taken it is only if it says how much.
        (
            200,
            r#"{"status_code":"201","transaction_status":"settlement","refund_key":"rfd_1"}"#.to_owned(),
            "unclear",
        ),
        (
            200,
            r#"{"status_code":"406","status_message":"duplicate refund ID"}"#.to_owned(),
            "duplicate",
        ),
        (
            200,
            r#"{"status_code":"400","status_message":"Duplicate refund_key"}"#.to_owned(),
            "duplicate",
        ),
        (406, String::new(), "duplicate"),
        // In the body 408 is the wrong type of something, on the wire a time-out.
        (200, r#"{"status_code":"408"}"#.to_owned(), "refused"),
        (408, String::new(), "unavailable"),
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
        (400, r#"{"code":"DUPLICATE_REFUND_REQUEST"}"#, "duplicate"),
        (
            417,
            r#"{"code":"BAD_REQUEST","message":"merchantRefundId already exists"}"#,
            "duplicate",
        ),
        (409, "", "duplicate"),
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
        (400, r#"{"ResponseCode":5011}"#, "refused"),
        (400, r#"{"Description":"too much"}"#, "refused"),
        // It says that it is done, and that it is not.
        (400, r#"{"ResponseCode":0}"#, "unclear"),
        (
            400,
            r#"{"ResponseCode":0,"Description":"too much"}"#,
            "unclear",
        ),
        (
            400,
            r#"{"responsecode":"0","Message":"too much"}"#,
            "unclear",
        ),
        (
            400,
            r#"{"ResponseCode":0.0,"Description":"too much"}"#,
            "unclear",
        ),
        (
            400,
            r#"{"ResponseCode":" 000 ","Description":"too much"}"#,
            "unclear",
        ),
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

/// A card that is captured and not settled is not refunded but cancelled, and only as a whole.
#[test]
fn a_whole_refund_before_settlement_goes_on_to_cancel() {
    let midtrans = midtrans();
    let whole = RefundOrder {
        whole: true,
        ..order("IDR", 500_000)
    };
    let refused = r#"{"status_code":"412","status_message":"cannot modify status"}"#;
    let part = order("IDR", 500_000);
    let read = |order: &RefundOrder, step, body: &str| {
        word(midtrans.read_refund(order, step, &response(200, body)))
    };
    // A part may have been the last one: whether it is there shows that.
    assert_eq!(read(&part, RefundStep::Refund, refused), "duplicate");
    assert_eq!(read(&whole, RefundStep::Refund, refused), "then Cancel");
    assert_eq!(RefundStep::default(), RefundStep::Refund);

    let request = midtrans.refund_request(&whole, RefundStep::Cancel, None);
    let request = request.expect("it can be ordered");
    assert_eq!(
        (request.method, request.url.as_str(), request.body.len()),
        ("POST", "https://api.midtrans.com/v2/Z-1/cancel", 0)
    );
    assert_eq!(header(&request, "authorization"), Some("Basic a2V5Og=="));
    let said = midtrans.refund_request(&part, RefundStep::Cancel, None);
    let said = said.expect_err("a part is not cancelled").to_string();
    assert!(said.contains("as a whole"), "{said}");

    let about =
        |names: &str| format!(r#"{{"status_code":"200","transaction_status":"cancel",{names}}}"#);
    for (body, expected) in [
        (about(r#""order_id":"Z-1""#), "taken succeeded"),
        (
            about(r#""order_id":"Z-1","transaction_id":"t-1""#),
            "taken succeeded",
        ),
        (about(r#""order_id":"Z-2""#), "unclear"),
        (about(r#""gross_amount":"5000.00""#), "unclear"),
        (
            r#"{"status_code":"200","transaction_status":"capture","order_id":"Z-1"}"#.to_owned(),
            "unclear",
        ),
        (
            r#"{"status_code":"202","transaction_status":"capture","order_id":"Z-1"}"#.to_owned(),
            "refused",
        ),
        // It may be cancelled already, by an order whose answer was lost: never a third step.
        (refused.to_owned(), "duplicate"),
        (r#"{"status_code":"404"}"#.to_owned(), "refused"),
        (r#"{"status_code":"401"}"#.to_owned(), "unauthorized"),
        (r#"{"status_code":"500"}"#.to_owned(), "unavailable"),
        ("<html>".to_owned(), "unclear"),
    ] {
        assert_eq!(read(&whole, RefundStep::Cancel, &body), expected, "{body}");
    }
}

#[test]
fn only_midtrans_lets_go_of_what_was_set_aside() {
    let order = order("IDR", 0);
    let request = midtrans().void_request(&order, None);
    let request = request.expect("it can void").expect("it can be ordered");
    assert_eq!(
        (request.method, request.url.as_str()),
        ("POST", "https://api.midtrans.com/v2/Z-1/cancel")
    );
    let body = r#"{"status_code":"200","transaction_status":"cancel","order_id":"Z-1"}"#;
    let answer = midtrans().read_void(&order, &response(200, body));
    assert_eq!(word(answer), "taken succeeded");
    let body = r#"{"status_code":"412"}"#;
    let answer = midtrans().read_void(&order, &response(200, body));
    assert_eq!(word(answer), "duplicate");
    assert!(midtrans().can_void());
    let unnamed = midtrans().void_request(
        &RefundOrder {
            names: Vec::new(),
            provider_payment_id: None,
            ..order.clone()
        },
        None,
    );
    assert!(unnamed.expect("it can void").is_err());
    for source in [phonepe(), cardcom(json!({"api_password": "pass"}))] {
        assert!(!source.can_void());
        assert!(source.void_request(&order, Some(&token())).is_none());
        let answer = source.read_void(&order, &response(200, body));
        assert_eq!(word(answer), "refused");
        let whole = RefundOrder {
            whole: true,
            ..self::order("INR", 100)
        };
        let cancel = source.refund_request(&whole, RefundStep::Cancel, Some(&token()));
        assert!(cancel.is_err());
    }
}

/// The words of a refund's status.
fn status_word(status: RefundStatus) -> String {
    match status {
        RefundStatus::Known {
            provider_refund_id,
            state,
            minor,
        } => {
            let id = provider_refund_id.unwrap_or_else(|| "-".to_owned());
            let minor = minor.map_or("-".to_owned(), |minor| minor.to_string());
            format!("{state:?} {minor} {id}").to_lowercase()
        }
        RefundStatus::NotThere(_) => "not there".to_owned(),
        RefundStatus::Undecided(_) => "undecided".to_owned(),
        RefundStatus::Unavailable(_) => "unavailable".to_owned(),
        RefundStatus::Unauthorized(_) => "unauthorized".to_owned(),
        RefundStatus::Other(_) => "other".to_owned(),
    }
}

#[test]
fn a_refund_is_asked_about_where_the_provider_can_be_asked() {
    let request = phonepe().refund_status_request(&order("INR", 1234), Some(&token()));
    let request = request.expect("it can").expect("it can be asked");
    assert_eq!(
        (request.method, request.url.as_str()),
        (
            "GET",
            "https://api.phonepe.com/apis/pg/payments/v2/refund/rfd_1/status"
        )
    );
    assert_eq!(
        header(&request, "authorization"),
        Some("O-Bearer bearer-of-the-tests")
    );
    let without = phonepe().refund_status_request(&order("INR", 1234), None);
    assert!(without.expect("it can").is_err());

    let request = midtrans().refund_status_request(&order("IDR", 100), None);
    let request = request.expect("it can").expect("it can be asked");
    assert_eq!(
        (request.method, request.url.as_str()),
        ("GET", "https://api.midtrans.com/v2/Z-1/status")
    );
    assert!(midtrans().can_check_refunds() && phonepe().can_check_refunds());
    let silent = cardcom(json!({"api_password": "pass"}));
    assert!(!silent.can_check_refunds());
    assert!(
        silent
            .refund_status_request(&order("ILS", 100), None)
            .is_none()
    );
    let said = silent.read_refund_status(&order("ILS", 100), None, &response(200, "{}"));
    assert_eq!(status_word(said), "other");
}

#[test]
fn midtrans_names_a_refund_by_the_list_of_its_transaction() {
    let wide = |status: &str, more: &str| {
        format!(
            r#"{{"status_code":"200","order_id":"Z-1","transaction_id":"t-1","gross_amount":"12.34","transaction_status":"{status}"{more}}}"#
        )
    };
    let listed = |items: &str| format!(r#","refund_amount":"9.00","refunds":[{items}]"#);
    let ours = r#"{"refund_chargeback_id":7,"refund_amount":"12.34","refund_key":"rfd_1"}"#;
    let other = r#"{"refund_chargeback_id":6,"refund_amount":"1.00","refund_key":"rfd_0"}"#;
    let nameless = r#"{"refund_chargeback_id":7,"refund_amount":"12.34"}"#;
    let denied = r#"{"refund_key":"rfd_1","refund_amount":"0.00"}"#;
    let odd = r#"{"refund_key":"rfd_1","refund_amount":"0.005"}"#;
    for (known, status, more, expected) in [
        (None, "refund", listed(ours), "succeeded 1234 7"),
        (
            None,
            "partial_refund",
            listed(&format!("{other},{ours}")),
            "succeeded 1234 7",
        ),
        (None, "partial_refund", listed(denied), "failed 0 -"),
        (None, "partial_refund", listed(odd), "succeeded - -"),
        (Some("7"), "refund", listed(ours), "succeeded 1234 7"),
        (Some("7"), "refund", listed(nameless), "succeeded 1234 7"),
        (None, "refund", listed(nameless), "not there"),
        (Some("8"), "refund", listed(ours), "other"),
        (Some("6"), "refund", listed(other), "other"),
        (None, "partial_refund", listed(other), "not there"),
        (
            None,
            "partial_refund",
            r#","refund_amount":"9.00""#.to_owned(),
            "undecided",
        ),
        (None, "settlement", String::new(), "not there"),
        (
            None,
            "settlement",
            r#","refund_amount":"0.00""#.to_owned(),
            "not there",
        ),
        (
            None,
            "settlement",
            r#","refund_amount":"12.34""#.to_owned(),
            "undecided",
        ),
        (None, "capture", String::new(), "not there"),
        (None, "deny", String::new(), "not there"),
        (None, "cancel", String::new(), "not there"),
        (None, "chargeback", String::new(), "undecided"),
        (None, "chargeback", listed(ours), "succeeded 1234 7"),
        (None, "something new", String::new(), "undecided"),
    ] {
        let body = wide(status, &more);
        let said = midtrans().read_refund_status(&order("INR", 1234), known, &response(200, &body));
        assert_eq!(status_word(said), expected, "{known:?} {body}");
    }
    // What was ordered as a whole was cancelled, and so given back.
    let whole = RefundOrder {
        whole: true,
        ..order("INR", 1234)
    };
    let body = wide("cancel", "");
    let said = midtrans().read_refund_status(&whole, None, &response(200, &body));
    assert_eq!(status_word(said), "succeeded 1234 -");
    for (status, body, expected) in [
        (200, wide("settlement", "").replace("Z-1", "Z-2"), "other"),
        (200, r#"{"status_code":"404"}"#.to_owned(), "other"),
        (200, r#"{"status_code":"400"}"#.to_owned(), "other"),
        (200, "<html>".to_owned(), "other"),
        (200, r#"{"status_code":"401"}"#.to_owned(), "unauthorized"),
        (200, r#"{"status_code":"500"}"#.to_owned(), "unavailable"),
        (429, String::new(), "unavailable"),
        (408, String::new(), "unavailable"),
        (502, "<html>".to_owned(), "unavailable"),
    ] {
        let said = midtrans().read_refund_status(&whole, None, &response(status, &body));
        assert_eq!(status_word(said), expected, "{status} {body}");
    }
}

#[test]
fn phonepe_names_a_refund_by_its_own_id_and_means_ours() {
    let said = r#""originalMerchantOrderId":"Z-1","amount":1234"#;
    for (known, status, body, expected) in [
        (
            None,
            200,
            format!(r#"{{{said},"refundId":"OMR1","state":"COMPLETED"}}"#),
            "succeeded 1234 omr1",
        ),
        (
            Some("OMR1"),
            200,
            format!(r#"{{{said},"refundId":"OMR1","state":"FAILED"}}"#),
            "failed 1234 omr1",
        ),
        (
            None,
            200,
            format!(r#"{{{said},"refundId":"OMR1","state":"CONFIRMED"}}"#),
            "pending 1234 omr1",
        ),
        (
            None,
            200,
            r#"{"refundId":"OMR1","state":"COMPLETED"}"#.to_owned(),
            "succeeded - omr1",
        ),
        (
            None,
            200,
            format!(r#"{{{said},"merchantRefundId":"rfd_1","state":"COMPLETED"}}"#),
            "succeeded 1234 -",
        ),
        (
            None,
            200,
            format!(r#"{{{said},"refundId":"OMR1","state":"NEW"}}"#),
            "undecided",
        ),
        (
            Some("OMR2"),
            200,
            format!(r#"{{{said},"refundId":"OMR1","state":"COMPLETED"}}"#),
            "other",
        ),
        (
            None,
            200,
            format!(r#"{{{said},"merchantRefundId":"rfd_2","state":"COMPLETED"}}"#),
            "other",
        ),
        (
            None,
            200,
            r#"{"originalMerchantOrderId":"Z-2","refundId":"OMR1","state":"COMPLETED"}"#.to_owned(),
            "other",
        ),
        (
            None,
            200,
            format!(r#"{{{said},"state":"COMPLETED"}}"#),
            "other",
        ),
        (None, 200, r#"{"refundId":"OMR1"}"#.to_owned(), "other"),
        (None, 200, "<html>".to_owned(), "other"),
        (
            None,
            400,
            r#"{"code":"INVALID_MERCHANT_REFUND_ID"}"#.to_owned(),
            "not there",
        ),
        (
            None,
            404,
            r#"{"code":"REFUND_NOT_FOUND"}"#.to_owned(),
            "not there",
        ),
        // A wrong address.
        (None, 404, r#"{"message":"Not Found"}"#.to_owned(), "other"),
        (None, 404, String::new(), "other"),
        (None, 400, r#"{"code":"BAD_REQUEST"}"#.to_owned(), "other"),
        (None, 401, String::new(), "unauthorized"),
        (None, 429, String::new(), "unavailable"),
        (None, 500, String::new(), "unavailable"),
    ] {
        let said =
            phonepe().read_refund_status(&order("INR", 1234), known, &response(status, &body));
        assert_eq!(status_word(said), expected, "{known:?} {status} {body}");
    }
}
