//! What single messages mean, beyond what the fixtures show.

use std::net::IpAddr;

use serde_json::json;
use tollgate_core::event::{
    CaptureState, Confirm, DisputeState, Event, Fact, FactKind, RefundState, Strength,
};
use tollgate_core::money::{Currency, Money};
use tollgate_core::time::Timestamp;
use tollgate_providers::{Answer, Delivery, HttpResponse, Question, Source};

use crate::case::{deliver, event, pays, source};
use crate::inbox::{hmac_sha256, sha512};

fn midtrans() -> Source {
    source("midtrans", json!({"secrets": ["key"]}))
}

/// A Midtrans message about order X of 100.00; `more` are members between the others.
fn message(status: &str, code: &str, more: &str) -> String {
    let hash = sha512(format!("X{code}100.00key").as_bytes());
    format!(
        r#"{{"order_id":"X","status_code":"{code}","gross_amount":"100.00","transaction_id":"t-1","transaction_status":"{status}",{more}"currency":"IDR","signature_key":"{hash}"}}"#
    )
}

fn said(status: &str, code: &str, more: &str) -> Event {
    event(deliver(
        &midtrans(),
        &[],
        message(status, code, more).as_bytes(),
    ))
}

fn answered(question: &Question, status: &str, code: &str, more: &str) -> Answer {
    let body = message(status, code, more);
    midtrans().read_status(
        question,
        &HttpResponse {
            status: 200,
            body: body.as_bytes(),
        },
    )
}

fn about_x() -> Question {
    Question {
        names: vec!["X".to_owned()],
        ..Question::default()
    }
}

fn kinds(event: &Event) -> Vec<FactKind> {
    event.facts.iter().map(|fact| fact.kind).collect()
}

fn final_event(answer: Answer) -> Event {
    match answer {
        Answer::Final(event) => *event,
        other => panic!("{other:?}"),
    }
}

const REFUNDS: &str = r#""refund_amount":"70.00","refunds":[{"refund_chargeback_id":1,"refund_amount":"50.00","created_at":"2015-02-27 00:14:20","refund_key":"r-1"},{"refund_chargeback_id":2,"refund_amount":20}],"#;

#[test]
fn midtrans_refunds_are_facts_of_their_own() {
    let event = said("partial_refund", "200", REFUNDS);
    let refund = FactKind::Refund(RefundState::Succeeded);
    assert_eq!(kinds(&event), [refund, refund, FactKind::RefundedTotal]);
    let objects: Vec<&str> = event
        .facts
        .iter()
        .map(|fact| fact.object.as_str())
        .collect();
    assert_eq!(objects, ["r-1", "2", "t-1"]);
    let minors: Vec<i64> = event
        .facts
        .iter()
        .filter_map(|fact| Some(fact.money?.minor))
        .collect();
    assert_eq!(minors, [5000, 2000, 7000]);
    // 00:14:20 in Jakarta is the day before in UTC.
    let at = Timestamp::from_millis(1_424_970_860_000);
    assert_eq!(event.facts[0].occurred_at, Some(at));
}

/// A lost settlement is made up for by the answer; a notification is not taken at its word.
#[test]
fn what_is_given_back_was_taken_only_if_the_provider_answers_so() {
    let event = final_event(answered(&about_x(), "refund", "200", REFUNDS));
    assert_eq!(
        event.facts[0].kind,
        FactKind::Capture(CaptureState::Settled)
    );
    assert!(
        event
            .facts
            .iter()
            .all(|fact| fact.strength == Strength::Asked)
    );
    assert_eq!(
        kinds(&said("chargeback", "200", "")),
        [FactKind::Dispute(DisputeState::Open)]
    );
}

#[test]
fn midtrans_denial_of_a_captured_payment_is_a_reversal_once_asked() {
    let denied = [FactKind::Capture(CaptureState::Denied)];
    assert_eq!(kinds(&said("deny", "202", "")), denied);
    assert_eq!(
        kinds(&final_event(answered(&about_x(), "deny", "202", ""))),
        denied
    );
    let captured = Question {
        captured_objects: vec!["t-1".to_owned()],
        ..about_x()
    };
    let reversed = [FactKind::Capture(CaptureState::Reversed)];
    assert_eq!(
        kinds(&final_event(answered(&captured, "deny", "202", ""))),
        reversed
    );
    let expired = [FactKind::Capture(CaptureState::Expired)];
    assert_eq!(
        kinds(&final_event(answered(&captured, "expire", "202", ""))),
        expired
    );
}

/// Before it is settled a card is not refunded but cancelled, and then all of it goes back.
#[test]
fn midtrans_cancel_of_a_captured_payment_gives_all_of_it_back_once_asked() {
    let cancelled = [FactKind::Capture(CaptureState::Cancelled)];
    assert_eq!(kinds(&said("cancel", "200", "")), cancelled);
    let unknown = final_event(answered(&about_x(), "cancel", "200", ""));
    assert_eq!(kinds(&unknown), cancelled);
    let captured = Question {
        captured_objects: vec!["t-1".to_owned()],
        ..about_x()
    };
    let event = final_event(answered(&captured, "cancel", "200", ""));
    assert_eq!(kinds(&event), [FactKind::RefundedTotal]);
    assert_eq!(event.facts[0].object, "t-1");
    assert_eq!(event.facts[0].money.map(|money| money.minor), Some(10_000));
}

#[test]
fn midtrans_money_that_was_only_set_aside_is_let_go_once_asked() {
    let authorized = Question {
        authorized_objects: vec!["t-1".to_owned()],
        ..about_x()
    };
    let voided = [FactKind::Capture(CaptureState::Voided)];
    for status in ["cancel", "deny", "expire"] {
        let event = final_event(answered(&authorized, status, "202", ""));
        assert_eq!(kinds(&event), voided, "{status}");
    }
    let taken = final_event(answered(&authorized, "capture", "200", ""));
    assert_eq!(kinds(&taken), [FactKind::Capture(CaptureState::Captured)]);
    let other = Question {
        authorized_objects: vec!["t-2".to_owned()],
        ..about_x()
    };
    let expired = final_event(answered(&other, "expire", "202", ""));
    assert_eq!(kinds(&expired), [FactKind::Capture(CaptureState::Expired)]);
}

/// The status code is signed, the status is not.
#[test]
fn midtrans_success_without_its_code_is_only_pending() {
    let pending = [FactKind::Capture(CaptureState::Pending)];
    assert_eq!(kinds(&said("settlement", "201", "")), pending);
    assert_eq!(
        kinds(&said("settlement", "200", r#""fraud_status":"odd","#)),
        pending
    );
    let review = [FactKind::Capture(CaptureState::Review)];
    assert_eq!(
        kinds(&said("capture", "201", r#""fraud_status":"Challenge","#)),
        review
    );
    assert_eq!(kinds(&said("something new", "200", "")), []);
}

#[test]
fn answers_that_mean_something_else() {
    let midtrans = midtrans();
    let read = |status, body: &str| {
        midtrans.read_status(
            &about_x(),
            &HttpResponse {
                status,
                body: body.as_bytes(),
            },
        )
    };
    let other = message("settlement", "200", "").replace("\"X\"", "\"Y\"");
    assert!(matches!(read(200, &other), Answer::Mismatch(_)));
    assert!(matches!(
        read(200, r#"{"status_code":"404"}"#),
        Answer::NotFound(_)
    ));
    assert!(matches!(
        read(401, r#"{"status_code":"401"}"#),
        Answer::Refused(_)
    ));
    assert!(matches!(read(503, "<html>"), Answer::Unavailable(_)));
    assert!(matches!(read(200, "<html>"), Answer::Unreadable(_)));
    assert!(matches!(read(302, ""), Answer::Unreadable(_)));
    let pending = message("pending", "201", "");
    assert!(matches!(read(200, &pending), Answer::Pending(_)));
}

#[test]
fn midtrans_asks_for_odd_order_ids_by_transaction() {
    let now = Timestamp::from_millis(0);
    let ask = |order: &str| {
        let question = Question {
            names: vec![order.to_owned()],
            provider_payment_id: Some("t-1".to_owned()),
            ..Question::default()
        };
        midtrans()
            .status_request(&question, None, now)
            .expect("it can be asked")
            .url
    };
    assert_eq!(ask("A-1"), "https://api.midtrans.com/v2/A-1/status");
    assert_eq!(ask("A/1"), "https://api.midtrans.com/v2/t-1/status");
    assert!(
        midtrans()
            .status_request(&Question::default(), None, now)
            .is_err()
    );
}

#[test]
fn sandbox_sources_ask_the_sandbox() {
    let sandbox = source("midtrans", json!({"secrets": ["key"], "live": false}));
    let request = sandbox.status_request(&about_x(), None, Timestamp::from_millis(0));
    let url = request.expect("it can be asked").url;
    assert_eq!(url, "https://api.sandbox.midtrans.com/v2/X/status");
}

#[test]
fn cardcom_code_is_zero_only_if_it_is_the_number() {
    let settings = json!({"terminal_number": 1000, "api_name": "n", "i_accept_unverified": true});
    let cardcom = source("cardcom", settings);
    let id = "8c92820a-2f6f-4120-a699-ab1969b2f78b";
    let question = Question {
        object: id.to_owned(),
        ..Question::default()
    };
    let money = Money {
        minor: 150,
        currency: Currency::new("ILS").expect("a currency"),
    };
    let read = |top: &str, deal: &str, more: &str| {
        let reply = format!(
            r#"{{"ResponseCode":{top},"TerminalNumber":1000,"LowProfileId":"{id}","TranzactionId":7,"Operation":"ChargeOnly","TranzactionInfo":{{"ResponseCode":{deal},"Amount":1.5,"CoinId":1{more}}}}}"#
        );
        cardcom.read_status(
            &question,
            &HttpResponse {
                status: 200,
                body: reply.as_bytes(),
            },
        )
    };
    assert!(pays(&read("0", "0", ""), money));
    for odd in [
        "null", "\"\"", "\"0\"", "false", "0.0", "-0.5", "[]", "{}", "1", "700", "701",
    ] {
        assert!(!pays(&read(odd, "0", ""), money), "{odd}");
        assert!(!pays(&read("0", odd, ""), money), "{odd}");
    }
    assert!(!pays(&read("0", "0", r#","IsRefund":true"#), money));
    assert!(!pays(&read("0", "0", r#","TerminalNumber":1001"#), money));
    let fine = read("0", "0", r#","CoinId":31337"#);
    assert!(!pays(&fine, money));
    assert!(final_event(fine).amount_unreadable);
}

#[test]
fn phonepe_refunds_belong_to_the_original_order() {
    let settings = json!({
        "version": "v2", "credentials": [{"username": "u", "password": "p"}],
    });
    let phonepe = source("phonepe", settings);
    assert_eq!(phonepe.policy().confirm, Confirm::Never);
    assert_eq!(phonepe.warnings().len(), 1);
    let header = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"u:p"));
    let state = |state: &str| {
        let body = format!(
            r#"{{"event":"pg.refund.completed","payload":{{"originalMerchantOrderId":"O","merchantRefundId":"R","refundId":"OMR","amount":1234,"state":"{state}","timestamp":1730869961754}}}}"#
        );
        event(deliver(
            &phonepe,
            &[("Authorization", &header)],
            body.as_bytes(),
        ))
    };
    let event = state("COMPLETED");
    assert_eq!(event.names, ["O"]);
    let fact = Fact {
        object: "R".to_owned(),
        kind: FactKind::Refund(RefundState::Succeeded),
        money: Some(Money {
            minor: 1234,
            currency: Currency::new("INR").expect("a currency"),
        }),
        occurred_at: Some(Timestamp::from_millis(1_730_869_961_754)),
        strength: Strength::PartlySigned,
        foreign_mode: false,
        fee_minor: 0,
    };
    assert_eq!(event.facts, [fact]);
    assert_eq!(
        kinds(&state("CONFIRMED")),
        [FactKind::Refund(RefundState::Pending)]
    );
    assert_eq!(kinds(&state("SOMETHING")), []);
}

#[test]
fn phonepe_token_is_fetched_beside_the_payment_service() {
    let settings = json!({
        "version": "v2", "credentials": [{"username": "u", "password": "p"}],
        "client_id": "c&d", "client_secret": "s",
    });
    let phonepe = source("phonepe", settings);
    assert_eq!(phonepe.policy().confirm, Confirm::After);
    let request = phonepe.token_request().expect("a token is wanted");
    assert_eq!(
        request.url,
        "https://api.phonepe.com/apis/identity-manager/v1/oauth/token"
    );
    let form = String::from_utf8(request.body.clone()).expect("a form");
    assert_eq!(
        form,
        "client_id=c%26d&client_version=1&client_secret=s&grant_type=client_credentials"
    );
    assert!(!format!("{request:?}").contains("client_secret"));
    let response = HttpResponse {
        status: 200,
        body: br#"{"access_token":"tok","expires_at":1730869961}"#,
    };
    let token = phonepe
        .read_token(&response, Timestamp::from_millis(0))
        .expect("a token");
    assert_eq!(token.expires_at, Timestamp::from_millis(1_730_869_901_000));
    assert!(!format!("{token:?}").contains("tok\""));
    let request = phonepe.status_request(&about_x(), Some(&token), Timestamp::from_millis(0));
    let request = request.expect("it can be asked");
    assert_eq!(
        request.headers[0],
        ("authorization", "O-Bearer tok".to_owned())
    );
    assert!(
        phonepe
            .status_request(&about_x(), None, Timestamp::from_millis(0))
            .is_err()
    );
}

#[test]
fn accurate_without_credentials_only_forwards() {
    let bare = source("accurate", json!({"addresses": ["202.78.195.250"]}));
    assert_eq!(bare.policy().confirm, Confirm::Never);
    assert!(!bare.policy().can_ask && bare.warnings().is_empty());
    let asking = source(
        "accurate",
        json!({
            "addresses": ["202.78.195.250"], "api_token": "t", "signature_secret": "s",
            "api_url": "https://zeus.accurate.id/",
        }),
    );
    assert_eq!(asking.policy().confirm, Confirm::Before);
    // A quantity is no document that could be read again, so nothing waits for an answer.
    let quantity = Event {
        kind: "ITEM_QUANTITY.None".to_owned(),
        ..Event::default()
    };
    assert_eq!(asking.policy_for(&quantity).confirm, Confirm::Never);
    let invoice = Event {
        kind: "SALES_INVOICE.WRITE".to_owned(),
        provider_payment_id: Some("4001".to_owned()),
        ..Event::default()
    };
    assert_eq!(asking.policy_for(&invoice).confirm, Confirm::Before);
    let request = asking
        .status_request(
            &Question::about(&invoice),
            None,
            Timestamp::from_millis(1_000_999),
        )
        .expect("it can be asked");
    let url = "https://zeus.accurate.id/accurate/api/sales-invoice/detail.do?id=4001";
    assert_eq!(request.url, url);
    let signature = hmac_sha256(b"s", b"1000");
    assert_eq!(request.headers[1], ("x-api-timestamp", "1000".to_owned()));
    assert_eq!(request.headers[2], ("x-api-signature", signature));
}

#[test]
fn addresses_are_looked_at_before_anything_else() {
    let settings = json!({"addresses": ["202.78.195.250"], "networks": ["2001:db8::/32"]});
    let accurate = source("accurate", settings);
    let code = |peer: Option<&str>| {
        let peer: Option<IpAddr> = peer.map(|text| text.parse().expect("an address"));
        let delivery = Delivery {
            method: "POST",
            path: "/",
            query: "",
            headers: &[],
            body: b"no JSON",
            signed: b"no JSON",
            peer,
            now: Timestamp::from_millis(0),
        };
        accurate
            .verify(&delivery)
            .expect_err("it is refused")
            .code
            .as_str()
    };
    assert_eq!(code(None), "address_not_allowed");
    assert_eq!(code(Some("202.78.195.251")), "address_not_allowed");
    assert_eq!(code(Some("202.78.195.250")), "body_unreadable");
    assert_eq!(code(Some("::ffff:202.78.195.250")), "body_unreadable");
    assert_eq!(code(Some("2001:db8::1")), "body_unreadable");
}

#[test]
fn the_order_code_is_cut_out_of_the_reference() {
    let settings = json!({"secrets": ["key"], "order_code_pattern": r"^(?<code>.+)-\d{10}$"});
    let midtrans = source("midtrans", settings);
    let of = |order: &str| {
        let hash = sha512(format!("{order}200100.00key").as_bytes());
        let body = format!(
            r#"{{"order_id":"{order}","status_code":"200","gross_amount":"100.00","transaction_status":"settlement","signature_key":"{hash}"}}"#
        );
        event(deliver(&midtrans, &[], body.as_bytes())).code
    };
    assert_eq!(
        of("ZVR-20260122-ABC-1737558000").as_deref(),
        Some("ZVR-20260122-ABC")
    );
    assert_eq!(of("चाय/№7-1737558000").as_deref(), Some("चाय/№7"));
    assert_eq!(of("ZVR-20260122-ABC-1737558000x"), None);
    assert_eq!(of("ZVR-20260122-ABC-१७३७५५८०००"), None);
    assert_eq!(of("-1737558000"), None);
}

#[test]
fn test_money_is_distinguished_from_real_money() {
    let settings = |live: bool| {
        json!({
            "secrets": ["s"], "header": "x-sig", "reference": "/r", "status": "/s",
            "mode": "/live", "live": live,
        })
    };
    let foreign = |live: bool, body: &str| {
        let hmac = source("hmac", settings(live));
        let signature = hmac_sha256(b"s", body.as_bytes());
        let event = event(deliver(&hmac, &[("x-sig", &signature)], body.as_bytes()));
        event.facts[0].foreign_mode
    };
    let real = r#"{"r":"A","s":"paid","live":true}"#;
    let test = r#"{"r":"A","s":"paid","live":"test"}"#;
    let silent = r#"{"r":"A","s":"paid"}"#;
    assert!(!foreign(true, real) && foreign(true, test) && !foreign(true, silent));
    assert!(foreign(false, real) && !foreign(false, test) && !foreign(false, silent));
}

#[test]
fn a_header_that_stands_there_twice_is_not_chosen_from() {
    let hmac = source("hmac", json!({"secrets": ["s"], "header": "x-sig"}));
    let good = hmac_sha256(b"s", b"{}");
    assert!(deliver(&hmac, &[("x-sig", &good), ("X-Sig", &good)], b"{}").is_ok());
    assert!(deliver(&hmac, &[("x-sig", &good), ("X-Sig", "other")], b"{}").is_err());
    assert!(deliver(&hmac, &[("x-sig", "other"), ("X-Sig", &good)], b"{}").is_err());
}

#[test]
fn midtrans_answer_is_about_the_order_not_a_claimed_transaction() {
    let about = |names: &[&str]| Question {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Question::default()
    };
    let says = |names: &[&str]| answered(&about(names), "settlement", "200", "");
    assert!(matches!(says(&["X", "t-1"]), Answer::Final(_)));
    assert!(matches!(says(&["t-1"]), Answer::Final(_)));
    assert!(matches!(says(&["victim/1", "t-1"]), Answer::Mismatch(_)));
}

#[test]
fn a_delivery_has_a_bound() {
    let source = source("accurate", json!({"i_accept_unverified": true}));
    let body = |count: usize| {
        let documents = vec!["{}"; count].join(",");
        format!(r#"{{"databaseId":1,"type":"ITEM","timestamp":1,"data":[{documents}]}}"#)
    };
    assert_eq!(
        deliver(&source, &[], body(4096).as_bytes()).map(|items| items.len()),
        Ok(4096)
    );
    assert!(deliver(&source, &[], body(4097).as_bytes()).is_err());
    let refunds = vec![r#"{"refund_key":"r","refund_amount":"0.01"}"#; 257].join(",");
    let body = message("refund", "200", &format!(r#""refunds":[{refunds}],"#));
    let items = deliver(&midtrans(), &[], body.as_bytes()).expect("it is signed");
    assert!(items[0].event.is_err());
}
