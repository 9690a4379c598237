//! Shapes that deliveries come in besides the usual one: by GET, with nothing in them, to try an endpoint,
//! in letters of the other case, with a name of the older form.

use serde_json::{Value, json};
use tollgate_core::event::{CaptureState, Confirm, Event, FactKind, RefundState};
use tollgate_core::time::Timestamp;
use tollgate_providers::{
    Answer, Delivery, HttpResponse, Item, Question, RefundAnswer, RefundOrder, RefundStep,
    Rejection, Source, sign_standard_webhook,
};

use crate::case::{deliver, deliver_at, event, source};
use crate::inbox::{hmac_sha256, sha512};

const PAGE: &str = "8c92820a-2f6f-4120-a699-ab1969b2f78b";

fn cardcom() -> Source {
    let settings = json!({"terminal_number": 1000, "api_name": "n", "api_password": "p",
                          "i_accept_unverified": true});
    source("cardcom", settings)
}

fn midtrans(more: Value) -> Source {
    let mut settings = json!({"secrets": ["key"]});
    for (key, value) in more.as_object().expect("a table") {
        settings[key] = value.clone();
    }
    source("midtrans", settings)
}

fn hmac(more: Value) -> Source {
    let mut settings = json!({"secrets": ["s"], "header": "x-sig", "reference": "/ref",
                              "amount": "/amount", "currency": "/currency"});
    for (key, value) in more.as_object().expect("a table") {
        settings[key] = value.clone();
    }
    source("hmac", settings)
}

fn signed(source: &Source, body: &str) -> Event {
    let signature = hmac_sha256(b"s", body.as_bytes());
    event(deliver(source, &[("x-sig", &signature)], body.as_bytes()))
}

fn sent(source: &Source, method: &str, query: &str, body: &str) -> Result<Vec<Item>, Rejection> {
    source.verify(&Delivery {
        method,
        path: "/webhooks/shop",
        query,
        headers: &[],
        body: body.as_bytes(),
        signed: body.as_bytes(),
        peer: None,
        now: Timestamp::from_millis(1_760_000_000_000),
    })
}

/// What a notification of Midtrans says, signed.
fn notified(source: &Source, order: &str, status: &str, more: &str) -> Event {
    let hash = sha512(format!("{order}200100.00key").as_bytes());
    let body = format!(
        r#"{{"order_id":"{order}","status_code":"200","gross_amount":"100.00","transaction_id":"t-1","transaction_status":"{status}","currency":"IDR",{more}"signature_key":"{hash}"}}"#
    );
    event(deliver(source, &[], body.as_bytes()))
}

#[test]
fn a_cardcom_report_is_read_from_the_query_the_form_or_both() {
    let query = format!("terminalnumber=1000&lowprofilecode={PAGE}&ReturnValue=Z%2D1&Operation=1");
    let by_get = event(sent(&cardcom(), "GET", &query, &query));
    assert_eq!(by_get.names, ["Z-1", PAGE]);
    assert_eq!(by_get.kind, "lowprofile.1");
    assert!(by_get.facts.is_empty());
    // The query of a GET is its body: the key is the same as that of the same form by POST.
    let by_post = event(sent(&cardcom(), "POST", "", &query));
    assert_eq!(by_get.key, by_post.key);
    // What the form does not say the query may; what both say the form says.
    let form = format!("LowProfileId={PAGE}&ReturnValue=Z-2");
    let both = event(sent(
        &cardcom(),
        "POST",
        "terminalnumber=1000&ReturnValue=Z-1",
        &form,
    ));
    assert_eq!(both.names, ["Z-2", PAGE]);
    let json = format!(r#"{{"LowProfileId":"{PAGE}"}}"#);
    let with_json = event(sent(&cardcom(), "POST", "ReturnValue=Z-1", &json));
    assert_eq!(with_json.names, ["Z-1", PAGE]);
    // Two reports that differ in the query only are two.
    let other = event(sent(&cardcom(), "POST", "ReturnValue=Z-3", &json));
    assert_ne!(with_json.key, other.key);
    let foreign = sent(&cardcom(), "POST", "TerminalNumber=1001", &json);
    let refused = foreign.expect_err("it is of another terminal");
    assert_eq!(refused.code.as_str(), "account_mismatch");
    let nothing = sent(&cardcom(), "GET", "", "").expect_err("it says nothing");
    assert_eq!(nothing.code.as_str(), "body_unreadable");
}

#[test]
fn what_cardcom_refuses_with_400_is_refused_with_its_words() {
    let order = RefundOrder {
        names: vec!["Z-1".to_owned()],
        provider_payment_id: None,
        captured_objects: vec!["209413394".to_owned()],
        refund_key: "rfd_1".to_owned(),
        money: tollgate_core::money::Money {
            minor: 100,
            currency: tollgate_core::money::Currency::new("ILS").expect("it has three letters"),
        },
        whole: false,
        reason: String::new(),
        has_earlier: false,
    };
    let said = |status: u16, body: &str| {
        let response = HttpResponse {
            status,
            body: body.as_bytes(),
        };
        cardcom().read_refund(&order, RefundStep::Refund, &response)
    };
    assert_eq!(
        said(
            400,
            r#"{"ResponseCode":609,"Description":"Already refunded"}"#
        ),
        RefundAnswer::Refused("HTTP status 400, ResponseCode 609: Already refunded".to_owned())
    );
    assert_eq!(
        said(400, r#"{"Message":"The request is invalid."}"#),
        RefundAnswer::Refused("HTTP status 400: The request is invalid.".to_owned())
    );
    // Of something in between, which may have passed it on.
    for body in [
        "",
        "<html>Bad Request</html>",
        "{}",
        r#"{"ResponseCode":0}"#,
    ] {
        let answer = said(400, body);
        assert!(
            matches!(answer, RefundAnswer::Unclear(_)),
            "{body}: {answer:?}"
        );
    }
    let broken = said(500, r#"{"Description":"x"}"#);
    assert!(matches!(broken, RefundAnswer::Unclear(_)), "{broken:?}");
}

#[test]
fn hexadecimal_is_read_in_either_case_and_base64_is_not() {
    let body = r#"{"ref":"A-1"}"#;
    let signature = hmac_sha256(b"s", body.as_bytes());
    let odd: String = signature
        .chars()
        .enumerate()
        .map(|(at, letter)| match at % 2 {
            0 => letter.to_ascii_uppercase(),
            _ => letter,
        })
        .collect();
    for encoding in ["hex", "hex_upper"] {
        let source = hmac(json!({"encoding": encoding}));
        for given in [&signature, &signature.to_uppercase(), &odd] {
            let taken = deliver(&source, &[("x-sig", given)], body.as_bytes());
            assert_eq!(event(taken).names, ["A-1"], "{encoding} {given}");
        }
    }
    // The base64 of the same digest, by the same key, and with its letters turned round.
    let base64 = hmac(json!({"encoding": "base64"}));
    let sample = base64
        .sample(&tollgate_providers::Sample {
            reference: "A-1".to_owned(),
            amount_minor: 100,
            currency: tollgate_core::money::Currency::new("EUR").expect("it has three letters"),
            status: tollgate_providers::SampleStatus::Paid,
            id: "p-1".to_owned(),
            now: Timestamp::from_millis(1_760_000_000_000),
        })
        .expect("it can be made");
    let header = sample.headers.iter().find(|(name, _)| name == "x-sig");
    let given = &header.expect("it is signed").1;
    deliver(&base64, &[("x-sig", given)], &sample.body).expect("it is taken");
    let turned = given.to_lowercase();
    assert_ne!(&turned, given);
    deliver(&base64, &[("x-sig", &turned)], &sample.body).expect_err("it is another value");
    // SHA-512 of `X200100.00key` and of the salted text of PhonePe, in capitals.
    let hash = sha512(b"X200100.00key").to_uppercase();
    let body = format!(
        r#"{{"order_id":"X","status_code":"200","gross_amount":"100.00","transaction_status":"settlement","signature_key":"{hash}"}}"#
    );
    deliver(&midtrans(json!({})), &[], body.as_bytes()).expect("it is taken");
    let v2 = source(
        "phonepe",
        json!({"version": "v2", "credentials": [{"username": "username", "password": "password"}]}),
    );
    // The known answer of PhonePe's own library for username:password.
    let known = "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e";
    let body =
        r#"{"event":"pg.order.completed","payload":{"merchantOrderId":"Z-1","state":"PENDING"}}"#;
    for given in [known.to_owned(), known.to_uppercase()] {
        deliver(&v2, &[("authorization", &given)], body.as_bytes()).expect("it is taken");
        // Of a kept delivery the header is put back as it came.
        let accepted = v2.secret_headers();
        assert!(
            accepted.contains(&("authorization", given.as_str())),
            "{given}"
        );
    }
}

#[test]
fn a_signed_body_with_nothing_in_it_is_an_event_that_says_nothing() {
    let key = b"0123456789abcdef01234567";
    let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
    let hooks = source("standard_webhooks", json!({"secrets": [secret]}));
    let signature = sign_standard_webhook(key, "msg_1", 1_760_000_000, b"");
    let headers = [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", "1760000000"),
        ("webhook-signature", signature.as_str()),
    ];
    let empty = event(deliver_at(&hooks, &headers, b"", 1_760_000_000_000));
    assert_eq!(
        (empty.kind.as_str(), empty.key.as_str()),
        ("empty", "msg_1")
    );
    assert!(empty.facts.is_empty() && empty.names.is_empty() && !empty.amount_unreadable);
    // The signature is looked at all the same.
    let forged = [headers[0], headers[1], ("webhook-signature", "v1,AAAA")];
    let refused = deliver_at(&hooks, &forged, b"", 1_760_000_000_000);
    assert_eq!(
        refused.expect_err("it is forged").code.as_str(),
        "signature_invalid"
    );
    // What is there and cannot be read is no such thing, nor is another scheme's body.
    let signature = sign_standard_webhook(key, "msg_2", 1_760_000_000, b"x");
    let odd = [
        ("webhook-id", "msg_2"),
        headers[1],
        ("webhook-signature", &signature),
    ];
    let odd = deliver_at(&hooks, &odd, b"x", 1_760_000_000_000);
    assert_eq!(
        odd.expect_err("it is no JSON").code.as_str(),
        "body_unreadable"
    );
    let signature = hmac_sha256(b"s", b"");
    let empty = deliver(&hmac(json!({})), &[("x-sig", &signature)], b"");
    assert_eq!(
        empty.expect_err("it is no JSON").code.as_str(),
        "body_unreadable"
    );
}

#[test]
fn a_notification_that_tries_the_endpoint_is_a_test_and_says_nothing() {
    let tried = "payment_notif_test_G1_7f3a";
    for status in ["settlement", "refund", "chargeback"] {
        let test = notified(&midtrans(json!({})), tried, status, "");
        assert_eq!(test.kind, format!("test.transaction.{status}"));
        assert_eq!(test.provider_payment_id.as_deref(), Some(tried));
        assert!(test.facts.is_empty() && test.names.is_empty() && !test.amount_unreadable);
    }
    // It is signed like any other.
    let body = format!(
        r#"{{"order_id":"{tried}","status_code":"200","gross_amount":"100.00","transaction_status":"settlement","signature_key":"00"}}"#
    );
    deliver(&midtrans(json!({})), &[], body.as_bytes()).expect_err("it is forged");
    // An order that only speaks of it is none.
    let order = notified(
        &midtrans(json!({})),
        "A-payment_notif_test_",
        "settlement",
        "",
    );
    assert_eq!(order.kind, "transaction.settlement");
    let ping = |source: &Source, kind: &str| {
        let body = format!(
            r#"{{"type":"{kind}","ref":"A-1","amount":5,"currency":"EUR","status":"paid"}}"#
        );
        signed(source, &body)
    };
    let usual = hmac(json!({"status": "/status"}));
    for (kind, wanted) in [
        ("ping", "test.ping"),
        ("test", "test"),
        ("webhook.test", "test.webhook.test"),
    ] {
        let test = ping(&usual, kind);
        assert_eq!(test.kind, wanted);
        assert!(test.facts.is_empty() && test.names.is_empty(), "{kind}");
    }
    assert_eq!(ping(&usual, "paid").facts.len(), 1);
    // A sender whose payments are called so says which types are not.
    let own = hmac(json!({"status": "/status", "test_types": ["example.*", "hello"]}));
    assert_eq!(ping(&own, "test").facts.len(), 1);
    assert_eq!(ping(&own, "hello").kind, "test.hello");
}

#[test]
fn a_state_of_two_members_is_read_from_both() {
    let payplus = hmac(json!({
        "status": ["/transaction_type", "/transaction/status_code"],
        "status_map": {
            "Charge:000": "captured", "Refund:000": "refund_succeeded", "Approval:000": "authorized",
            "Charge:*": "failed", "Check:*": "ignored",
        },
        "refund_id": "/transaction/uid", "payment_id": "/transaction/uid",
    }));
    let state = |kind: &str, code: &str| {
        let body = format!(
            r#"{{"ref":"A-1","amount":500,"currency":"ILS","transaction_type":{kind},"transaction":{{"uid":"u-1","status_code":{code}}}}}"#
        );
        signed(&payplus, &body).facts.first().map(|fact| fact.kind)
    };
    let captured = Some(FactKind::Capture(CaptureState::Captured));
    assert_eq!(state(r#""Charge""#, r#""000""#), captured);
    // The same code means another thing beside another type.
    assert_eq!(
        state(r#""Refund""#, r#""000""#),
        Some(FactKind::Refund(RefundState::Succeeded))
    );
    assert_eq!(
        state(r#""Charge""#, r#""036""#),
        Some(FactKind::Capture(CaptureState::Failed))
    );
    assert_eq!(state(r#""Check""#, r#""000""#), None);
    assert_eq!(state(r#""Refund""#, r#""036""#), None);
    assert_eq!(
        state(r#""Charge""#, "null"),
        Some(FactKind::Capture(CaptureState::Failed))
    );
    // A value with a colon in it does not run into the next.
    assert_eq!(state(r#""Charge:000""#, "null"), None);
}

#[test]
fn a_currency_may_have_another_minor_unit_than_iso_4217() {
    let paystack = hmac(
        json!({"status": "/status", "status_map": {"success": "captured"},
                               "exponents": {"XOF": 2, "KWD": 2}}),
    );
    let money = |amount: &str, currency: &str| {
        let body = format!(
            r#"{{"ref":"A-1","amount":{amount},"currency":"{currency}","status":"success"}}"#
        );
        let event = signed(&paystack, &body);
        assert_eq!(event.amount_unreadable, event.facts[0].money.is_none());
        event.facts[0].money.map(|money| money.minor)
    };
    // 50 000 hundredths are 500 francs, and a franc has no smaller unit.
    assert_eq!(money("50000", "XOF"), Some(500));
    assert_eq!(money("50050", "XOF"), None);
    // 150 hundredths of a dinar are 1 500 of its thousandths.
    assert_eq!(money("150", "KWD"), Some(1500));
    assert_eq!(money("50000", "NGN"), Some(50000));
    // And the other way round, for webhooks of our own making.
    let sample = paystack.sample(&tollgate_providers::Sample {
        reference: "A-1".to_owned(),
        amount_minor: 500,
        currency: tollgate_core::money::Currency::new("XOF").expect("it has three letters"),
        status: tollgate_providers::SampleStatus::Paid,
        id: "p-1".to_owned(),
        now: Timestamp::from_millis(0),
    });
    let body = String::from_utf8(sample.expect("it can be made").body).expect("it is text");
    assert!(body.contains(r#""amount":50000"#), "{body}");
}

#[test]
fn what_would_never_verify_or_never_fit_does_not_start() {
    let refused = |provider: &str, settings: Value| {
        let settings = settings.as_object().expect("a table");
        let refused = Source::configure("shop", provider, settings);
        refused.expect_err("it is refused").to_string()
    };
    let with = |more: Value| {
        let mut settings = json!({"secrets": ["s"], "header": "x-sig"});
        for (key, value) in more.as_object().expect("a table") {
            settings[key] = value.clone();
        }
        refused("hmac", settings)
    };
    for (said, wanted) in [
        (
            with(json!({"signed": "{client}.{body}"})),
            "signed: found \"{client}.{body}\" with {client}, wanted of placeholders only",
        ),
        (
            with(json!({"signed": "{body}{url}"})),
            "signed: found \"{body}{url}\" with {url}",
        ),
        (
            with(json!({"status": ["/a", "/b"]})),
            "status_map: found nothing, wanted what the values of status mean together",
        ),
        (
            with(json!({"status": ["/a", "/b"], "status_map": {"x": "captured"}})),
            "status_map.x: found another number of values, wanted 2 values with colons between",
        ),
        (
            with(json!({"status": ["/a", "b"]})),
            "status: found \"b\", wanted a JSON pointer",
        ),
        (
            with(json!({"exponents": {"XOF": 9}})),
            "exponents.XOF: found 9, wanted 0 to 8",
        ),
        (
            with(json!({"exponents": {"XXY": 2}})),
            "exponents.XXY: found \"XXY\", wanted a currency",
        ),
        (
            with(json!({"exponents": {"XOF": 2}, "amount_unit": "major"})),
            "exponents: found exponents of major units",
        ),
        (
            with(json!({"content_encoding": "raw"})),
            "content_encoding: found \"raw\"",
        ),
        (
            with(json!({"secrets": ["s "]})),
            "secrets[0]: found a secret with white space around it",
        ),
        (
            with(json!({"secrets": ["\u{feff}s"]})),
            "secrets[0]: found a secret with white space",
        ),
        (
            with(json!({"secrets": ["s\nt"]})),
            "secrets[0]: found a secret with white space",
        ),
        (
            refused(
                "phonepe",
                json!({"version": "v2", "credentials": [{"username": " u", "password": "p"}]}),
            ),
            "credentials[0].username: found \" u\", wanted the text alone",
        ),
        (
            refused(
                "phonepe",
                json!({"version": "v1", "merchant_id": "M", "salts": {"1": "s\r\n"}}),
            ),
            "salts.1: found a secret with white space around it",
        ),
        (
            refused(
                "phonepe",
                json!({"version": "v2", "partner": true, "client_id": "C", "client_secret": "s",
                                      "credentials": [{"username": "u", "password": "p"}]}),
            ),
            "merchant_id: found nothing, wanted the merchant on whose behalf",
        ),
        (
            refused(
                "phonepe",
                json!({"version": "v1", "merchant_id": "M", "salts": {"1": "s"}, "checkout": "custom"}),
            ),
            "checkout: found a key of v2",
        ),
    ] {
        assert!(said.starts_with(wanted), "{said}");
    }
}

#[test]
fn a_signature_over_the_compressed_bytes_is_over_those() {
    let body = br#"{"ref":"A-1"}"#;
    let compressed = b"any bytes: what they unfold to is the body";
    let verify = |source: &Source, over: &[u8], signed: &[u8]| {
        let signature = hmac_sha256(b"s", over);
        source.verify(&Delivery {
            method: "POST",
            path: "/webhooks/shop",
            query: "",
            headers: &[("x-sig", signature.as_bytes())],
            body,
            signed,
            peer: None,
            now: Timestamp::from_millis(0),
        })
    };
    let after = hmac(json!({"content_encoding": "after"}));
    assert!(after.signs_encoded() && !hmac(json!({})).signs_encoded());
    assert_eq!(event(verify(&after, compressed, compressed)).names, ["A-1"]);
    verify(&after, body, compressed).expect_err("it is signed over something else");
    assert_eq!(event(verify(&hmac(json!({})), body, body)).names, ["A-1"]);
}

fn phonepe(more: Value) -> Source {
    let mut settings = json!({"version": "v2", "client_id": "C", "client_secret": "s",
                              "credentials": [{"username": "username", "password": "password"}]});
    for (key, value) in more.as_object().expect("a table") {
        settings[key] = value.clone();
    }
    source("phonepe", settings)
}

#[test]
fn a_phonepe_callback_without_an_event_is_called_by_its_type() {
    let known = "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e";
    let body = |names: &str| {
        format!(
            r#"{{{names}"payload":{{"merchantOrderId":"Z-1","orderId":"OMO1","state":"COMPLETED","amount":100}}}}"#
        )
    };
    let read = |names: &str| {
        let body = body(names);
        deliver(
            &phonepe(json!({})),
            &[("authorization", known)],
            body.as_bytes(),
        )
    };
    let by_type = event(read(r#""type":"PG_ORDER_COMPLETED","#));
    assert_eq!(by_type.kind, "pg.order.completed");
    assert_eq!(
        by_type.facts[0].kind,
        FactKind::Capture(CaptureState::Captured)
    );
    let both = event(read(
        r#""type":"CHECKOUT_ORDER_FAILED","event":"pg.order.completed","#,
    ));
    assert_eq!(both.kind, "pg.order.completed");
    let neither = read("").expect_err("it has no name");
    assert_eq!(neither.code.as_str(), "body_unreadable");
}

#[test]
fn phonepe_is_asked_where_the_checkout_has_its_states_and_on_whose_behalf() {
    let token = tollgate_providers::Token {
        secret: secrecy::SecretString::from("bearer"),
        expires_at: Timestamp::from_millis(0),
    };
    let question = Question {
        names: vec!["Z-1".to_owned()],
        ..Question::default()
    };
    let asked = |more: Value| {
        let request =
            phonepe(more).status_request(&question, Some(&token), Timestamp::from_millis(0));
        let request = request.expect("it can be asked");
        let merchant = request
            .headers
            .iter()
            .find(|(name, _)| *name == "x-merchant-id");
        let merchant = merchant.map(|(_, value)| value.clone());
        let path = request
            .url
            .split_once("/apis/pg")
            .expect("it is PhonePe's")
            .1;
        (path.to_owned(), merchant)
    };
    let query = "details=false&errorContext=true";
    assert_eq!(
        asked(json!({"merchant_id": "M"})),
        (format!("/checkout/v2/order/Z-1/status?{query}"), None)
    );
    assert_eq!(
        asked(json!({"checkout": "custom", "partner": true, "merchant_id": "M"})),
        (
            format!("/payments/v2/order/Z-1/status?{query}"),
            Some("M".to_owned())
        )
    );
}

#[test]
fn a_v1_callback_about_a_refund_is_no_payment() {
    let v1 = source(
        "phonepe",
        json!({"version": "v1", "merchant_id": "M", "salts": {"1": "salt"}}),
    );
    let read = |code: &str, state: &str, more: &str| {
        use base64::Engine;
        let inner = format!(
            r#"{{"success":true,"code":"{code}","data":{{"merchantId":"M","merchantTransactionId":"ROD1","transactionId":"TR620471739210623","amount":1000,"state":"{state}"{more}}}}}"#
        );
        let encoded = base64::engine::general_purpose::STANDARD.encode(inner);
        let hash = crate::inbox::sha256(format!("{encoded}salt").as_bytes());
        let body = format!(r#"{{"response":"{encoded}"}}"#);
        event(deliver(
            &v1,
            &[("x-verify", &format!("{hash}###1"))],
            body.as_bytes(),
        ))
    };
    let named = r#","originalTransactionId":"OD1""#;
    let refund = read("PAYMENT_SUCCESS", "COMPLETED", named);
    assert_eq!(refund.names, ["OD1"]);
    assert_eq!(refund.kind, "refund.PAYMENT_SUCCESS");
    let fact = &refund.facts[0];
    assert_eq!(fact.kind, FactKind::Refund(RefundState::Succeeded));
    assert_eq!(
        (fact.object.as_str(), fact.money.map(|money| money.minor)),
        ("ROD1", Some(1000))
    );
    let state = |code: &str, word: &str| read(code, word, named).facts[0].kind;
    assert_eq!(
        state("PAYMENT_PENDING", "PENDING"),
        FactKind::Refund(RefundState::Pending)
    );
    assert_eq!(
        state("PAYMENT_ERROR", "FAILED"),
        FactKind::Refund(RefundState::Failed)
    );
    assert_eq!(
        state("PAYMENT_SUCCESS", "PENDING"),
        FactKind::Refund(RefundState::Pending)
    );
    // One that does not name its payment is known by its id, and stands under its own name.
    let alone = read("PAYMENT_SUCCESS", "COMPLETED", "");
    assert_eq!(alone.names, ["ROD1"]);
    assert_eq!(
        alone.facts[0].kind,
        FactKind::Refund(RefundState::Succeeded)
    );
}

#[test]
fn a_refund_without_a_figure_is_asked_about_whatever_is_configured() {
    let said = notified(&midtrans(json!({})), "Z-1", "partial_refund", "");
    assert_eq!(said.facts.len(), 1);
    assert_eq!(said.facts[0].kind, FactKind::Refund(RefundState::Pending));
    assert!(said.facts[0].money.is_none() && !said.amount_unreadable);
    let never = midtrans(json!({"confirm": "never"}));
    assert_eq!(never.policy_for(&said).confirm, Confirm::After);
    let with_figure = notified(
        &never,
        "Z-1",
        "partial_refund",
        r#""refund_amount":"40.00","#,
    );
    assert_eq!(never.policy_for(&with_figure).confirm, Confirm::Never);
}

#[test]
fn a_payment_that_midtrans_knows_by_its_own_id_only_is_asked_by_that_next() {
    let source = midtrans(json!({}));
    let question = Question {
        names: vec!["Z-1".to_owned(), "t-1".to_owned()],
        provider_payment_id: Some("t-1".to_owned()),
        ..Question::default()
    };
    let url = |question: &Question| {
        let request = source.status_request(question, None, Timestamp::from_millis(0));
        request.expect("it can be asked").url
    };
    assert_eq!(url(&question), "https://api.midtrans.com/v2/Z-1/status");
    let other = source
        .by_another_name(&question)
        .expect("it has another name");
    assert_eq!(url(&other), "https://api.midtrans.com/v2/t-1/status");
    assert!(
        source
            .by_another_name(&Question {
                provider_payment_id: None,
                ..question.clone()
            })
            .is_none()
    );
    let answer = |order: &str| {
        let body = format!(
            r#"{{"status_code":"200","order_id":"{order}","transaction_id":"t-1","transaction_status":"settlement","gross_amount":"100.00","currency":"IDR"}}"#
        );
        let response = HttpResponse {
            status: 200,
            body: body.as_bytes(),
        };
        source.read_status(&other, &response)
    };
    assert!(matches!(answer("Z-1"), Answer::Final(_)));
    // The id is anybody's word: of another order's transaction nothing is believed.
    assert!(matches!(answer("Z-2"), Answer::Mismatch(_)));
}

#[test]
fn a_fee_on_top_is_told_apart_from_what_is_due() {
    let source = midtrans(json!({}));
    let info = |original: &str, fee: &str| {
        format!(
            r#""extra_info":{{"gross_amount_info":{{"original_amount":{original},"gross_amount":"100.00","customer_imposed_payment_fee":{fee}}}}},"#
        )
    };
    let in_metadata = |info: &str| format!(r#""metadata":{{{}}},"#, info.trim_end_matches(','));
    let fee = |more: &str| {
        let said = notified(&source, "Z-1", "settlement", more);
        let fact = &said.facts[0];
        assert_eq!(fact.money.map(|money| money.minor), Some(10_000));
        fact.fee_minor
    };
    assert_eq!(fee(""), 0);
    assert_eq!(fee(&info(r#""95.56""#, r#""4.44""#)), 444);
    assert_eq!(fee(&in_metadata(&info("95.56", "4.44"))), 444);
    // A breakdown that does not come to the gross amount, which is what is signed, says nothing.
    assert_eq!(fee(&info(r#""95.56""#, r#""5.44""#)), 0);
    assert_eq!(fee(&info(r#""95.56""#, r#""4.445""#)), 0);
    assert_eq!(fee(&info("null", r#""4.44""#)), 444);
    assert_eq!(fee(&info("null", r#""100.01""#)), 0);
    let question = Question {
        names: vec!["Z-1".to_owned()],
        ..Question::default()
    };
    let body = format!(
        r#"{{"status_code":"200","order_id":"Z-1","transaction_id":"t-1","transaction_status":"settlement",{}"gross_amount":"100.00","currency":"IDR"}}"#,
        info(r#""95.56""#, r#""4.44""#)
    );
    let response = HttpResponse {
        status: 200,
        body: body.as_bytes(),
    };
    let Answer::Final(event) = source.read_status(&question, &response) else {
        panic!("it is an answer");
    };
    assert_eq!(event.facts[0].fee_minor, 444);
    // And wherever a sender of one's own has it.
    let tripay = hmac(
        json!({"status": "/status", "amount": "/total_amount", "fee": "/fee_customer",
                             "currency": "IDR", "amount_unit": "major"}),
    );
    let body = r#"{"ref":"A-1","total_amount":105000,"fee_customer":5000,"status":"paid"}"#;
    let fact = &signed(&tripay, body).facts[0];
    assert_eq!(fact.fee_minor, 500_000);
    let odd = r#"{"ref":"A-1","total_amount":105000,"fee_customer":"5.005","status":"paid"}"#;
    let said = signed(&tripay, odd);
    assert!(said.facts[0].fee_minor == 0 && !said.amount_unreadable);
}
