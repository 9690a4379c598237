//! L7: a question is put by the names of what made us ask, and its answer is about nothing else.

use serde_json::{Value, json};
use tollgate_core::event::{Confirm, Event, FactKind, RefundState};
use tollgate_core::time::Timestamp;
use tollgate_providers::{Answer, AskBy, HttpResponse, Question, Source, Token};

use crate::case::{deliver, event, source};

const PAGE: &str = "8c92820a-2f6f-4120-a699-ab1969b2f78b";
const OTHER_PAGE: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";
/// A reference of ours that looks like the id of a page.
const GUID_REFERENCE: &str = "11111111-2222-4333-8444-555555555555";

fn cardcom() -> Source {
    let settings = json!({"terminal_number": 1000, "api_name": "n", "i_accept_unverified": true});
    source("cardcom", settings)
}

fn phonepe(version: &str) -> Source {
    let settings = match version {
        "v1" => json!({"version": "v1", "merchant_id": "M", "salts": {"1": "salt"}}),
        _ => json!({"version": "v2", "client_id": "C", "client_secret": "s",
                    "credentials": [{"username": "u", "password": "p"}]}),
    };
    source("phonepe", settings)
}

fn midtrans() -> Source {
    source("midtrans", json!({"secrets": ["key"]}))
}

fn accurate() -> Source {
    let settings = json!({
        "i_accept_unverified": true, "api_token": "t", "signature_secret": "s",
        "api_url": "https://zeus.accurate.id",
    });
    source("accurate", settings)
}

fn read(source: &Source, question: &Question, status: u16, body: &str) -> Answer {
    source.read_status(
        question,
        &HttpResponse {
            status,
            body: body.as_bytes(),
        },
    )
}

/// The first word of an answer.
fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Final(_) => "final",
        Answer::Pending(_) => "pending",
        Answer::NotFound(_) => "not found",
        Answer::NoAnswer(_) => "no answer",
        Answer::Unavailable(_) => "unavailable",
        Answer::Refused(_) => "refused",
        Answer::Unreadable(_) => "unreadable",
        Answer::Mismatch(_) => "mismatch",
    }
}

fn taken(answer: Answer) -> Event {
    match answer {
        Answer::Final(event) => *event,
        other => panic!("{other:?}"),
    }
}

/// A report as CardCom sends it, or as anybody else does.
fn report(return_value: &str, page: &str) -> Event {
    let body = format!(r#"{{"ReturnValue":"{return_value}","LowProfileId":"{page}"}}"#);
    event(deliver(&cardcom(), &[], body.as_bytes()))
}

/// What CardCom says to a question about a page.
fn result(return_value: &str, page: &str) -> String {
    format!(
        r#"{{"ResponseCode":0,"TerminalNumber":1000,"LowProfileId":"{page}","TranzactionId":7,"ReturnValue":"{return_value}","Operation":"ChargeOnly","TranzactionInfo":{{"ResponseCode":0,"TranzactionId":7,"Amount":1.5,"CoinId":1}}}}"#
    )
}

/// The page that CardCom is asked about.
fn asked_page(question: &Question) -> Option<String> {
    let request = cardcom().status_request(question, None, Timestamp::from_millis(0));
    let body: serde_json::Value = serde_json::from_slice(&request.ok()?.body).expect("JSON");
    Some(body["LowProfileId"].as_str().expect("a text").to_owned())
}

#[test]
fn providers_are_asked_by_their_own_id_or_by_our_reference() {
    let hooks = source("hmac", json!({"secrets": ["s"], "header": "x-sig"}));
    for (source, by) in [
        (cardcom(), AskBy::ProviderId),
        (accurate(), AskBy::ProviderId),
        (midtrans(), AskBy::Reference),
        (phonepe("v1"), AskBy::Reference),
        (phonepe("v2"), AskBy::Reference),
        (hooks, AskBy::Reference),
    ] {
        assert_eq!(source.asks_by(), by, "{source:?}");
    }
}

/// Two pages of one reference, declined and then paid, are two questions.
#[test]
fn every_cardcom_report_is_asked_by_its_own_page() {
    for page in [PAGE, OTHER_PAGE] {
        let question = Question::about(&report("Z-1", page));
        assert_eq!(question.object, page);
        assert_eq!(asked_page(&question).as_deref(), Some(page));
    }
    // A report that names only its page.
    let silent = report("", PAGE);
    assert_eq!(silent.names, [PAGE]);
    let question = Question::about(&silent);
    assert_eq!(asked_page(&question).as_deref(), Some(PAGE));
}

#[test]
fn a_cardcom_reference_that_looks_like_a_page_is_not_asked_as_one() {
    let question = Question::about(&report(GUID_REFERENCE, PAGE));
    assert_eq!(question.names, [GUID_REFERENCE, PAGE]);
    assert_eq!(asked_page(&question).as_deref(), Some(PAGE));
    let answer = read(&cardcom(), &question, 200, &result(GUID_REFERENCE, PAGE));
    assert_eq!(taken(answer).names, [GUID_REFERENCE, PAGE]);

    let known = |object: &str, names: &[&str], id: Option<&str>| Question {
        object: object.to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        provider_payment_id: id.map(str::to_owned),
        ..Question::default()
    };
    let reference = GUID_REFERENCE;
    for (question, page) in [
        (known(reference, &[reference], None), None),
        (known(reference, &[reference], Some("209413394")), None),
        (known(reference, &[reference], Some(PAGE)), Some(PAGE)),
        (known(reference, &[reference, PAGE], None), Some(PAGE)),
        (known(reference, &[reference, PAGE], Some("7")), Some(PAGE)),
        (known(PAGE, &[reference], None), Some(PAGE)),
        (known("Z-1", &["Z-1"], None), None),
        // A payment that is known by its page alone.
        (known(PAGE, &[PAGE], Some(PAGE)), Some(PAGE)),
        (known("", &[], None), None),
    ] {
        assert_eq!(asked_page(&question).as_deref(), page, "{question:?}");
    }
}

/// A stranger reports a victim's reference with a page of their own that is really paid.
#[test]
fn a_cardcom_answer_has_its_own_names_whatever_the_report_claimed() {
    let question = Question::about(&report("victim", PAGE));
    let answer = read(&cardcom(), &question, 200, &result("mine", PAGE));
    assert_eq!(taken(answer).names, ["mine", PAGE]);
    let other = read(&cardcom(), &question, 200, &result("victim", OTHER_PAGE));
    assert_eq!(word(&other), "mismatch");
    let silent = result("victim", PAGE).replace(PAGE, "");
    let silent = read(&cardcom(), &question, 200, &silent);
    assert_eq!(word(&silent), "mismatch");
}

#[test]
fn a_payment_that_is_asked_about_has_the_reference_its_page_was_made_for() {
    let question = Question {
        object: "Z-1".to_owned(),
        names: vec!["Z-1".to_owned(), PAGE.to_owned()],
        ..Question::default()
    };
    let says = |return_value: &str| read(&cardcom(), &question, 200, &result(return_value, PAGE));
    assert_eq!(taken(says("Z-1")).names, ["Z-1", PAGE]);
    assert_eq!(word(&says("mine")), "mismatch");
    assert_eq!(word(&says("")), "mismatch");
    let by_page = Question {
        object: PAGE.to_owned(),
        names: vec![PAGE.to_owned()],
        provider_payment_id: Some(PAGE.to_owned()),
        ..Question::default()
    };
    let answer = read(&cardcom(), &by_page, 200, &result("Z-1", PAGE));
    assert_eq!(taken(answer).names, ["Z-1", PAGE]);
}

#[test]
fn a_midtrans_answer_is_about_the_name_that_was_asked() {
    let body = |order: &str, transaction: &str| {
        format!(
            r#"{{"order_id":"{order}","transaction_id":"{transaction}","status_code":"200","transaction_status":"settlement","gross_amount":"1.00"}}"#
        )
    };
    for (names, id, order, transaction, expected) in [
        (&["X", "t-1"][..], Some("t-1"), "X", "t-1", "final"),
        // A forged notification claimed t-1 for X; the answer about X is true all the same.
        (&["X", "t-1"], Some("t-1"), "X", "t-2", "final"),
        (&["X", "Y"], None, "Y", "t-1", "mismatch"),
        (&["X"], None, "Y", "t-1", "mismatch"),
        // Asked by the transaction, because of the slash.
        (&["X/1", "t-1"], Some("t-1"), "X/1", "t-1", "final"),
        (&["X/1", "t-1"], Some("t-1"), "X/1", "t-2", "mismatch"),
        (&["X/1", "t-1"], Some("t-1"), "Y", "t-1", "mismatch"),
        (&["t-1"], Some("t-1"), "X", "t-1", "final"),
        (&[], Some("t-1"), "X", "t-1", "final"),
        (&[], Some("t-1"), "X", "t-2", "mismatch"),
    ] {
        let question = Question {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            provider_payment_id: id.map(str::to_owned),
            ..Question::default()
        };
        let answer = read(&midtrans(), &question, 200, &body(order, transaction));
        assert_eq!(
            word(&answer),
            expected,
            "{question:?}: {order} {transaction}"
        );
    }
}

#[test]
fn a_phonepe_answer_is_about_the_order_that_was_asked() {
    let question = Question {
        names: vec!["O".to_owned(), "OMO1".to_owned()],
        ..Question::default()
    };
    let v1 = |order: &str| {
        format!(
            r#"{{"code":"PAYMENT_SUCCESS","data":{{"merchantId":"M","merchantTransactionId":"{order}","transactionId":"OMO1","amount":100}}}}"#
        )
    };
    assert_eq!(
        word(&read(&phonepe("v1"), &question, 200, &v1("O"))),
        "final"
    );
    let other = read(&phonepe("v1"), &question, 200, &v1("P"));
    assert_eq!(word(&other), "mismatch");
    let v2 =
        |order: &str| format!(r#"{{{order}"orderId":"OMO1","state":"COMPLETED","amount":100}}"#);
    let named = read(
        &phonepe("v2"),
        &question,
        200,
        &v2(r#""merchantOrderId":"O","#),
    );
    assert_eq!(taken(named).names, ["O", "OMO1"]);
    // The order stands in the URL only.
    let silent = read(&phonepe("v2"), &question, 200, &v2(""));
    assert_eq!(taken(silent).names, ["O", "OMO1"]);
    let other = read(
        &phonepe("v2"),
        &question,
        200,
        &v2(r#""merchantOrderId":"P","#),
    );
    assert_eq!(word(&other), "mismatch");
}

/// PhonePe's answer names a refund by its own id, its callback by ours.
#[test]
fn one_phonepe_refund_is_one_object_by_whichever_name_it_is_reported() {
    let phonepe = phonepe("v2");
    let header = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"u:p"));
    let callback = event(deliver(
        &phonepe,
        &[("Authorization", &header)],
        br#"{"event":"pg.refund.completed","payload":{"originalMerchantOrderId":"O","merchantRefundId":"rfd_1","refundId":"OMR1","amount":50,"state":"COMPLETED"}}"#,
    ));
    let question = Question::about(&callback);
    let token = Token {
        secret: secrecy::SecretString::from("t"),
        expires_at: Timestamp::from_millis(0),
    };
    let request = phonepe.status_request(&question, Some(&token), Timestamp::from_millis(0));
    let url = request.expect("it can be asked").url;
    assert!(url.ends_with("/payments/v2/refund/rfd_1/status"), "{url}");
    let answer =
        r#"{"originalMerchantOrderId":"O","refundId":"OMR1","amount":50,"state":"COMPLETED"}"#;
    let answer = taken(read(&phonepe, &question, 200, answer));
    let objects = |event: &Event| -> Vec<(String, FactKind, Option<i64>)> {
        let facts = event.facts.iter();
        facts
            .map(|fact| {
                let minor = fact.money.map(|money| money.minor);
                (fact.object.clone(), fact.kind, minor)
            })
            .collect()
    };
    let one = (
        "rfd_1".to_owned(),
        FactKind::Refund(RefundState::Succeeded),
        Some(50),
    );
    assert_eq!(objects(&callback), [one]);
    assert_eq!(objects(&answer), objects(&callback));
    assert_eq!(answer.names, ["O"]);

    for (asked, said, expected) in [
        ("rfd_1", r#""refundId":"OMR1""#, "final"),
        (
            "rfd_1",
            r#""merchantRefundId":"rfd_1","refundId":"OMR1""#,
            "final",
        ),
        (
            "rfd_1",
            r#""merchantRefundId":"rfd_2","refundId":"OMR1""#,
            "mismatch",
        ),
        ("rfd_1", r#""merchantRefundId":"rfd_2""#, "mismatch"),
        ("rfd_1", r#""orderId":"OMO1""#, "mismatch"),
        ("OMR1", r#""refundId":"OMR1""#, "final"),
        (
            "OMR1",
            r#""merchantRefundId":"rfd_1","refundId":"OMR1""#,
            "final",
        ),
        ("OMR1", r#""refundId":"OMR2""#, "mismatch"),
        // A merchant may choose ids that look like PhonePe's.
        (
            "OMR1",
            r#""merchantRefundId":"OMR1","refundId":"OMR2""#,
            "final",
        ),
        (
            "rfd_1",
            r#""originalMerchantOrderId":"P","refundId":"OMR1""#,
            "mismatch",
        ),
    ] {
        let question = Question {
            names: vec!["O".to_owned()],
            refund: Some(asked.to_owned()),
            ..Question::default()
        };
        let body = format!(r#"{{{said},"amount":50,"state":"COMPLETED"}}"#);
        let answer = read(&phonepe, &question, 200, &body);
        assert_eq!(word(&answer), expected, "{asked}: {body}");
        if let Answer::Final(event) = answer {
            assert_eq!(event.facts[0].object, asked, "{body}");
        }
    }
}

/// Five answers "no such page" must not keep the next question from being asked.
#[test]
fn a_provider_fails_only_by_what_is_about_itself() {
    let about = || Question {
        object: PAGE.to_owned(),
        names: vec!["X".to_owned(), PAGE.to_owned()],
        provider_payment_id: Some(PAGE.to_owned()),
        kind: "SALES_INVOICE.WRITE".to_owned(),
        ..Question::default()
    };
    let sources = [
        ("cardcom", cardcom()),
        ("midtrans", midtrans()),
        ("phonepe", phonepe("v1")),
        ("phonepe", phonepe("v2")),
        ("accurate", accurate()),
    ];
    for (name, source) in &sources {
        for body in ["", "<html>", r#"{"code":"ODD","message":"no such page"}"#] {
            for (status, expected, about_target) in [
                (400, "no answer", false),
                (402, "no answer", false),
                (404, "not found", false),
                (409, "no answer", false),
                (410, "no answer", false),
                (417, "no answer", false),
                (422, "no answer", false),
                (401, "refused", true),
                (403, "refused", true),
                (408, "unavailable", true),
                (429, "unavailable", true),
                (500, "unavailable", true),
                (503, "unavailable", true),
                (302, "unreadable", true),
            ] {
                let answer = read(source, &about(), status, body);
                assert_eq!(word(&answer), expected, "{name}: {status} {body}");
                assert_eq!(answer.is_about_target(), about_target, "{name}: {status}");
            }
        }
        let answer = read(source, &about(), 200, "<html>");
        assert_eq!(
            (word(&answer), answer.is_about_target()),
            ("unreadable", true)
        );
    }
    let [
        (_, cardcom),
        (_, midtrans),
        (_, phonepe_v1),
        (_, phonepe_v2),
        (_, accurate),
    ] = &sources;
    let odd_deal = result("X", PAGE).replace(
        r#"TranzactionInfo":{"ResponseCode":0"#,
        r#"TranzactionInfo":{"ResponseCode":null"#,
    );
    let long = result(&"9".repeat(256), PAGE);
    for (source, body, expected) in [
        (cardcom, r#"{"ResponseCode":5033}"#, "not found"),
        (cardcom, r#"{"ResponseCode":null}"#, "unreadable"),
        (cardcom, odd_deal.as_str(), "no answer"),
        (cardcom, long.as_str(), "no answer"),
        (cardcom, &result("X", PAGE), "final"),
        (midtrans, r#"{"status_code":"404"}"#, "not found"),
        (midtrans, r#"{"status_code":"400"}"#, "no answer"),
        (midtrans, r#"{"status_code":"408"}"#, "no answer"),
        (midtrans, r#"{"status_code":"200"}"#, "no answer"),
        (midtrans, r#"{"status_code":"401"}"#, "refused"),
        (midtrans, r#"{"status_code":"429"}"#, "unavailable"),
        (midtrans, r#"{"status_code":"500"}"#, "unavailable"),
        (midtrans, r#"{"ok":true}"#, "unreadable"),
        // 407 is how Midtrans reports an expired transaction.
        (
            midtrans,
            r#"{"status_code":"407","order_id":"X","transaction_status":"expire"}"#,
            "final",
        ),
        (
            phonepe_v1,
            r#"{"code":"TRANSACTION_NOT_FOUND"}"#,
            "not found",
        ),
        (phonepe_v1, r#"{"code":"BAD_REQUEST"}"#, "no answer"),
        (
            phonepe_v1,
            r#"{"code":"INTERNAL_SERVER_ERROR"}"#,
            "unavailable",
        ),
        (phonepe_v1, r#"{}"#, "unreadable"),
        (phonepe_v2, r#"{}"#, "unreadable"),
        (accurate, r#"{"s":false}"#, "not found"),
        (accurate, r#"{"s":true,"d":{"id":1}}"#, "mismatch"),
    ] {
        let answer = read(source, &about(), 200, body);
        assert_eq!(word(&answer), expected, "{body}");
    }
}

#[test]
fn a_question_is_numbered_by_the_id_of_the_provider_or_else_by_the_first_name() {
    let silent = Event::default();
    assert_eq!(Question::about(&silent).object, "");
    let named = Event {
        names: vec!["Z-1".to_owned()],
        ..Event::default()
    };
    assert_eq!(Question::about(&named).object, "Z-1");
}

/// In test mode a provider is asked where there is something that it is known to know: credentials of their
/// own, or the operator's word. A secret that only signs is no such thing.
#[test]
fn a_trial_asks_nobody_unless_it_is_configured_to() {
    let midtrans = json!({ "secrets": ["made up"] });
    let v1 = json!({ "version": "v1", "merchant_id": "M", "salts": { "1": "made up" } });
    let v2 = json!({ "version": "v2", "credentials": [{ "username": "u", "password": "p" }] });
    let client = json!({ "client_id": "C", "client_secret": "s" });
    let none = json!({});
    let test = json!({ "live": false });
    let after = json!({ "live": false, "confirm": "after" });
    let before = json!({ "live": false, "confirm": "before" });
    let elsewhere = json!({ "live": false, "api_url": "http://127.0.0.1:1" });
    let never = json!({ "live": false, "confirm": "never", "api_url": "http://127.0.0.1:1" });
    // The base, what stands besides; how it confirms, whether it asks, how many warnings it has.
    for (provider, base, besides, confirm, asks, warnings) in [
        ("midtrans", &midtrans, &none, Confirm::After, true, 0),
        ("midtrans", &midtrans, &test, Confirm::Never, false, 0),
        ("midtrans", &midtrans, &after, Confirm::After, true, 0),
        ("midtrans", &midtrans, &before, Confirm::Before, true, 0),
        ("midtrans", &midtrans, &elsewhere, Confirm::After, true, 0),
        ("midtrans", &midtrans, &never, Confirm::Never, false, 0),
        ("phonepe", &v1, &none, Confirm::Never, true, 0),
        ("phonepe", &v1, &test, Confirm::Never, false, 0),
        ("phonepe", &v1, &after, Confirm::After, true, 0),
        // Real money without credentials to ask is said; test money is not worth a word.
        ("phonepe", &v2, &none, Confirm::Never, false, 1),
        ("phonepe", &v2, &test, Confirm::Never, false, 0),
    ] {
        check_asking(provider, &[base, besides], (confirm, asks, warnings));
    }
    check_asking("phonepe", &[&v2, &client, &test], (Confirm::After, true, 0));
    let cardcom = json!({
        "terminal_number": 1000, "api_name": "n", "addresses": ["192.0.2.1"], "live": false,
    });
    check_asking("cardcom", &[&cardcom], (Confirm::Before, true, 0));
}

fn check_asking(provider: &str, layers: &[&Value], expected: (Confirm, bool, usize)) {
    let members = layers.iter().filter_map(|layer| layer.as_object());
    let settings: serde_json::Map<String, Value> =
        members.flat_map(|layer| layer.clone()).collect();
    let configured = source(provider, Value::Object(settings.clone()));
    let policy = configured.policy();
    let found = (policy.confirm, policy.can_ask, configured.warnings().len());
    assert_eq!(found, expected, "{provider} {settings:?}");
    let is_trial = settings.get("live") == Some(&json!(false)) && !policy.can_ask;
    // PhonePe v2 without a client cannot be asked in any mode.
    let could_ask =
        configured.asks_by() == AskBy::Reference && !settings.contains_key("credentials");
    assert_eq!(
        configured.is_unasked_trial(),
        is_trial && could_ask,
        "{settings:?}"
    );
}
