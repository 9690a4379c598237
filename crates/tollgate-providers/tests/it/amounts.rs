//! L11: an amount that is missing or cannot be read proves no money, whatever says it.

use serde_json::{Value, json};
use tollgate_core::event::{CaptureState, DisputeState, Event, FactKind, RefundState};
use tollgate_core::money::{Currency, Money};
use tollgate_providers::{Answer, HttpResponse, Question, Source};

use crate::case::{deliver, event, source};
use crate::inbox::{hmac_sha256, sha512};

const PAGE: &str = "8c92820a-2f6f-4120-a699-ab1969b2f78b";

/// What an event comes to: its facts with their amounts, and whether a person has to look.
fn amounts(event: &Event) -> String {
    let facts = event.facts.iter().map(|fact| {
        let money = fact.money.map_or("-".to_owned(), |m| m.minor.to_string());
        let kind = match fact.kind {
            FactKind::Capture(CaptureState::Settled) => "settled".to_owned(),
            FactKind::Capture(state) => format!("{state:?}").to_lowercase(),
            FactKind::Refund(RefundState::Succeeded) => format!("refund {}", fact.object),
            FactKind::Refund(state) => format!("refund {} {state:?}", fact.object).to_lowercase(),
            FactKind::RefundedTotal => "total".to_owned(),
            FactKind::Dispute(DisputeState::Open) => "dispute".to_owned(),
            FactKind::Dispute(state) => format!("dispute {state:?}").to_lowercase(),
        };
        format!("{kind} {money}")
    });
    let mut parts: Vec<String> = facts.collect();
    if event.amount_unreadable {
        parts.push("unreadable".to_owned());
    }
    parts.join(", ")
}

fn answered(source: &Source, question: &Question, body: &str) -> Event {
    let response = HttpResponse {
        status: 200,
        body: body.as_bytes(),
    };
    match source.read_status(question, &response) {
        Answer::Final(event) | Answer::Pending(event) => *event,
        other => panic!("{other:?}: {body}"),
    }
}

#[test]
fn a_cardcom_answer_without_a_readable_amount_proves_nothing() {
    let settings = json!({"terminal_number": 1000, "api_name": "n", "i_accept_unverified": true});
    let cardcom = source("cardcom", settings);
    let question = Question {
        provider_payment_id: Some(PAGE.to_owned()),
        kind: "lowprofile".to_owned(),
        ..Question::default()
    };
    for (code, money, expected) in [
        (0, r#""Amount":1.5,"CoinId":1"#, "captured 150"),
        (0, r#""Amount":1.50,"CoinId":376"#, "captured 150"),
        (0, r#""Amount":1.5,"CoinId":0"#, "captured -, unreadable"),
        (0, r#""Amount":1.5"#, "captured -, unreadable"),
        (0, r#""Amount":1.005,"CoinId":1"#, "captured -, unreadable"),
        (0, r#""Amount":null,"CoinId":1"#, "captured -, unreadable"),
        (0, r#""CoinId":1"#, "captured -, unreadable"),
        (701, r#""CoinId":1"#, "authorized -, unreadable"),
        (701, r#""Amount":-1,"CoinId":1"#, "authorized -, unreadable"),
        // A card that was declined moved nothing, whatever stands beside it.
        (33, r#""Amount":1.005,"CoinId":0"#, "failed -"),
        (33, r#""CoinId":1"#, "failed -"),
    ] {
        let body = format!(
            r#"{{"ResponseCode":0,"TerminalNumber":1000,"LowProfileId":"{PAGE}","TranzactionId":7,"Operation":"ChargeOnly","TranzactionInfo":{{"ResponseCode":{code},{money}}}}}"#
        );
        let event = answered(&cardcom, &question, &body);
        assert_eq!(amounts(&event), expected, "{code} {money}");
    }
}

/// Notified and answered alike; an answer also names the money that was there before.
#[test]
fn midtrans_money_without_a_readable_amount_proves_nothing() {
    let midtrans = source("midtrans", json!({"secrets": ["key"]}));
    let question = Question {
        names: vec!["X".to_owned()],
        ..Question::default()
    };
    let gross = |text: &str| format!(r#""gross_amount":"{text}","#);
    let refunds = |sum: &str, items: &str| {
        let gross = gross("100.00");
        format!(r#"{gross}{sum}"refunds":[{items}],"#)
    };
    let sum = r#""refund_amount":"70.00","#;
    let odd_sum = r#""refund_amount":"70.005","#;
    let one = r#"{"refund_key":"r-1","refund_amount":"50.00"}"#;
    let odd_one = r#"{"refund_key":"r-1","refund_amount":"50.005"}"#;
    let silent_one = r#"{"refund_key":"r-1"}"#;
    let nameless = r#"{"refund_amount":"50.00"}"#;
    for (status, more, expected) in [
        ("settlement", gross("100.00"), "settled 10000"),
        ("settlement", gross("1.005"), "settled -, unreadable"),
        ("settlement", String::new(), "settled -, unreadable"),
        ("capture", gross("1.005"), "captured -, unreadable"),
        ("authorize", gross("1.005"), "authorized -, unreadable"),
        ("pending", gross("1.005"), "pending -"),
        ("expire", gross("1.005"), "expired -"),
        ("deny", String::new(), "denied -"),
        (
            "partial_refund",
            refunds(sum, one),
            "settled 10000, refund r-1 5000, total 7000",
        ),
        (
            "partial_refund",
            refunds("", one),
            "settled 10000, refund r-1 5000",
        ),
        (
            "partial_refund",
            refunds(sum, ""),
            "settled 10000, total 7000",
        ),
        (
            "partial_refund",
            format!("{}{sum}", gross("100.00")),
            "settled 10000, total 7000",
        ),
        (
            "partial_refund",
            refunds(odd_sum, one),
            "settled 10000, refund r-1 5000, total -, unreadable",
        ),
        (
            "partial_refund",
            refunds(sum, odd_one),
            "settled 10000, refund r-1 -, total 7000, unreadable",
        ),
        (
            "partial_refund",
            refunds(sum, silent_one),
            "settled 10000, refund r-1 -, total 7000, unreadable",
        ),
        // A bank that denied one of them.
        (
            "partial_refund",
            refunds(
                sum,
                &format!(r#"{one},{{"refund_key":"r-2","refund_amount":"0.00"}}"#),
            ),
            "settled 10000, refund r-1 5000, refund r-2 failed 0, total 7000",
        ),
        // A refund with neither its name nor the sum.
        (
            "partial_refund",
            refunds("", &format!("{one},{nameless}")),
            "settled 10000, refund r-1 5000, total -, unreadable",
        ),
        (
            "refund",
            gross("100.00"),
            "settled 10000, total -, unreadable",
        ),
        (
            "chargeback",
            gross("100.00"),
            "settled 10000, dispute 10000",
        ),
        (
            "partial_chargeback",
            gross("100.00"),
            "settled 10000, dispute -",
        ),
    ] {
        let body = format!(
            r#"{{"order_id":"X","status_code":"200","transaction_id":"t-1","transaction_status":"{status}",{more}"currency":"IDR"}}"#
        );
        let event = answered(&midtrans, &question, &body);
        assert_eq!(amounts(&event), expected, "{body}");
    }
    let notified = |status: &str, amount: &str| {
        let hash = sha512(format!("X200{amount}key").as_bytes());
        let body = format!(
            r#"{{"order_id":"X","status_code":"200","gross_amount":"{amount}","transaction_status":"{status}","signature_key":"{hash}"}}"#
        );
        amounts(&event(deliver(&midtrans, &[], body.as_bytes())))
    };
    assert_eq!(notified("settlement", "1.00"), "settled 100");
    assert_eq!(notified("settlement", "1.005"), "settled -, unreadable");
    // It says only that something happens; how much, the answer has to say.
    assert_eq!(notified("refund", "1.00"), "refund x pending -");
    assert_eq!(notified("partial_refund", "1.00"), "refund x pending -");
    // How much is disputed stands there, and how much that is remains unknown.
    assert_eq!(notified("chargeback", "1.005"), "dispute -, unreadable");
}

#[test]
fn phonepe_money_without_an_amount_proves_nothing() {
    let v1 = source(
        "phonepe",
        json!({"version": "v1", "merchant_id": "M", "salts": {"1": "salt"}}),
    );
    let v2 = source(
        "phonepe",
        json!({"version": "v2", "client_id": "C", "client_secret": "s",
               "credentials": [{"username": "u", "password": "p"}]}),
    );
    let about = |refund: Option<&str>| Question {
        names: vec!["O".to_owned()],
        refund: refund.map(str::to_owned),
        ..Question::default()
    };
    for (code, amount, expected) in [
        ("PAYMENT_SUCCESS", r#""amount":100,"#, "captured 100"),
        ("PAYMENT_SUCCESS", "", "captured -, unreadable"),
        (
            "PAYMENT_SUCCESS",
            r#""amount":1.5,"#,
            "captured -, unreadable",
        ),
        ("PAYMENT_ERROR", "", "failed -"),
        ("PAYMENT_PENDING", "", "pending -"),
    ] {
        let body = format!(
            r#"{{"code":"{code}","data":{{{amount}"merchantId":"M","merchantTransactionId":"O"}}}}"#
        );
        let event = answered(&v1, &about(None), &body);
        assert_eq!(amounts(&event), expected, "{body}");
    }
    for (refund, state, amount, expected) in [
        (None, "COMPLETED", r#""amount":100,"#, "captured 100"),
        (None, "COMPLETED", "", "captured -, unreadable"),
        (
            None,
            "COMPLETED",
            r#""amount":"1e-1","#,
            "captured -, unreadable",
        ),
        (None, "EXPIRED", "", "expired -"),
        (
            Some("OMR1"),
            "COMPLETED",
            r#""amount":50,"refundId":"OMR1","#,
            "refund OMR1 50",
        ),
        (
            Some("OMR1"),
            "COMPLETED",
            r#""refundId":"OMR1","#,
            "refund OMR1 -, unreadable",
        ),
        (
            Some("OMR1"),
            "PENDING",
            r#""refundId":"OMR1","#,
            "refund omr1 pending -",
        ),
    ] {
        let id = match refund {
            Some(_) => r#""originalMerchantOrderId":"O""#,
            None => r#""merchantOrderId":"O""#,
        };
        let body = format!(r#"{{{amount}"state":"{state}",{id}}}"#);
        let event = answered(&v2, &about(refund), &body);
        assert_eq!(amounts(&event), expected, "{body}");
    }
}

/// One mapping with every pointer, in the words of the sender.
fn mapping(provider: &str, without: &[&str]) -> Source {
    let mut settings = json!({
        "reference": "/r", "payment_id": "/p", "amount": "/a", "refunded_amount": "/sum",
        "refund_id": "/refund", "currency": "EUR", "status": "/s", "amount_unit": "major",
        "status_map": {
            "PAID": "captured", "HELD": "authorized", "GONE": "expired", "BACK": "refunded",
            "PART-BACK": "partially_refunded", "ONE-BACK": "refund_succeeded",
            "ONE-WAITS": "refund_pending", "FIGHT": "chargeback", "HM": "ignored",
        },
    });
    let table = settings.as_object_mut().expect("a table");
    match provider {
        "hmac" => {
            table.insert("secrets".to_owned(), json!(["s"]));
            table.insert("header".to_owned(), json!("x-sig"));
        }
        _ => {
            let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
            table.insert("secrets".to_owned(), json!([secret]));
        }
    }
    for key in without {
        table.remove(*key);
    }
    source(provider, settings)
}

/// What a mapped source reads out of a body.
fn mapped(provider: &str, without: &[&str], body: &str) -> Event {
    let source = mapping(provider, without);
    if provider == "hmac" {
        let signature = hmac_sha256(b"s", body.as_bytes());
        return event(deliver(&source, &[("x-sig", &signature)], body.as_bytes()));
    }
    let secret =
        hex::decode("31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0").expect("it is hexadecimal");
    let seconds = 1_760_000_000;
    let signature =
        tollgate_providers::sign_standard_webhook(&secret, "msg", seconds, body.as_bytes());
    let headers = [
        ("webhook-id", "msg"),
        ("webhook-timestamp", "1760000000"),
        ("webhook-signature", signature.as_str()),
    ];
    event(deliver(&source, &headers, body.as_bytes()))
}

#[test]
fn a_mapped_status_of_money_without_an_amount_proves_nothing() {
    for provider in ["hmac", "standard_webhooks"] {
        for (without, said, expected) in [
            (&[][..], r#""s":"PAID","a":"1.50""#, "captured 150"),
            (&[], r#""s":"PAID""#, "captured -, unreadable"),
            (&[], r#""s":"PAID","a":null"#, "captured -, unreadable"),
            (&[], r#""s":"PAID","a":"1.505""#, "captured -, unreadable"),
            (&[], r#""s":"PAID","a":{}"#, "captured -, unreadable"),
            (&[], r#""s":"HELD""#, "authorized -, unreadable"),
            (&[], r#""s":"GONE","a":"1.505""#, "expired -"),
            (&[], r#""s":"FIGHT""#, "dispute -"),
            (&[], r#""s":"FIGHT","a":"1.505""#, "dispute -, unreadable"),
            (&[], r#""s":"HM","a":"1.505""#, ""),
            (
                &[],
                r#""s":"ONE-BACK","refund":"R""#,
                "refund R -, unreadable",
            ),
            (&[], r#""s":"ONE-WAITS","refund":"R""#, "refund r pending -"),
        ] {
            let body = format!(r#"{{"r":"A","p":"P",{said}}}"#);
            assert_eq!(
                amounts(&mapped(provider, without, &body)),
                expected,
                "{body}"
            );
        }
    }
    // The specification of Standard Webhooks has a usual place; anybody else has to name one.
    let unnamed = mapped("hmac", &["amount"], r#"{"r":"A","s":"PAID","a":"1.50"}"#);
    assert_eq!(amounts(&unnamed), "captured -, unreadable");
}

/// It is the meaning of a word that counts, not how the sender spells it.
#[test]
fn a_part_given_back_is_never_taken_for_the_whole() {
    for provider in ["hmac", "standard_webhooks"] {
        for (said, expected) in [
            (r#""s":"PART-BACK","a":"9","sum":"2""#, "total 200"),
            (r#""s":"PART-BACK","a":"9""#, "total -, unreadable"),
            (
                r#""s":"PART-BACK","a":"9","sum":"x""#,
                "total -, unreadable",
            ),
            (r#""s":"BACK","a":"9","sum":"2""#, "total 200"),
            (r#""s":"BACK","a":"9""#, "total 900"),
            (r#""s":"BACK","a":"9","sum":"x""#, "total -, unreadable"),
            (r#""s":"BACK""#, "total -, unreadable"),
        ] {
            let body = format!(r#"{{"r":"A","p":"P",{said}}}"#);
            assert_eq!(amounts(&mapped(provider, &[], &body)), expected, "{body}");
            let own = body
                .replace("PART-BACK", "partially_refunded")
                .replace("BACK", "refunded");
            let own = mapped(provider, &["status_map"], &own);
            assert_eq!(amounts(&own), expected, "{body}");
        }
        let no_sum = mapped(
            provider,
            &["refunded_amount"],
            r#"{"r":"A","s":"PART-BACK","a":"9","sum":"2"}"#,
        );
        assert_eq!(amounts(&no_sum), "total -, unreadable");
    }
}

#[test]
fn single_refunds_have_the_name_that_is_configured_for_them() {
    for provider in ["hmac", "standard_webhooks"] {
        let one = r#"{"r":"A","p":"P","s":"ONE-BACK","a":"2","refund":"R-1"}"#;
        let two = one.replace("R-1", "R-2");
        assert_eq!(amounts(&mapped(provider, &[], one)), "refund R-1 200");
        assert_eq!(amounts(&mapped(provider, &[], &two)), "refund R-2 200");
        // Without the pointer, or without the id, they are known by their payment.
        let unnamed = mapped(provider, &["refund_id"], one);
        assert_eq!(amounts(&unnamed), "refund P 200");
        let silent = one.replace("\"R-1\"", "null");
        assert_eq!(amounts(&mapped(provider, &[], &silent)), "refund P 200");
        // The pointer is about single refunds; money that came and the sum keep the payment's name.
        let objects = |said: &str| {
            let body = one.replace("ONE-BACK", said);
            mapped(provider, &[], &body).facts[0].object.clone()
        };
        assert_eq!([objects("PAID"), objects("BACK")], ["P", "P"]);
    }
}

/// Money without an id of its own stands under the reference, and is known by that.
#[test]
fn a_capture_without_an_id_is_known_by_its_reference() {
    for provider in ["hmac", "standard_webhooks"] {
        let event = mapped(provider, &[], r#"{"r":"A","s":"PAID","a":"1.50"}"#);
        assert_eq!(event.names, ["A"]);
        assert_eq!(event.provider_payment_id, None);
        assert_eq!(event.facts[0].object, "A");
        let money = Money {
            minor: 150,
            currency: Currency::new("EUR").expect("a currency"),
        };
        assert_eq!(event.facts[0].money, Some(money));
    }
}

/// The samples of a source say what they are asked for, or are not made.
#[test]
fn a_sample_of_a_part_given_back_is_one() {
    use tollgate_core::time::Timestamp;
    use tollgate_providers::{Sample, SampleStatus};
    let made = |without: &[&str], words: Value| {
        let sample = Sample {
            reference: "A".to_owned(),
            amount_minor: 900,
            currency: Currency::new("EUR").expect("a currency"),
            status: SampleStatus::PartiallyRefunded,
            id: "P".to_owned(),
            now: Timestamp::from_millis(1_760_000_000_000),
        };
        let mut settings = json!({
            "secrets": ["s"], "header": "x-sig", "reference": "/r", "payment_id": "/p",
            "amount": "/a", "refunded_amount": "/sum", "currency": "EUR", "status": "/s",
            "status_map": words,
        });
        let table = settings.as_object_mut().expect("a table");
        for key in without {
            table.remove(*key);
        }
        let source = source("hmac", settings);
        let webhook = source.sample(&sample).ok()?;
        let headers: Vec<(&str, &str)> = webhook
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        Some(amounts(&event(deliver(&source, &headers, &webhook.body))))
    };
    let both = json!({"back": "refunded", "part": "partially_refunded"});
    assert_eq!(made(&[], both.clone()).as_deref(), Some("total 450"));
    let whole = json!({"back": "refunded"});
    assert_eq!(made(&[], whole.clone()).as_deref(), Some("total 450"));
    assert_eq!(made(&["refunded_amount"], whole), None);
    let untold = made(&["refunded_amount"], both);
    assert_eq!(untold.as_deref(), Some("total -, unreadable"));
}
