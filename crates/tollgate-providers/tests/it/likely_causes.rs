//! What is most likely wrong with a delivery that was refused, found out by trying.

use serde_json::{Value, json};
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;
use tollgate_providers::{
    Delivery, OtherSource, RejectCode, Rejection, Sample, SampleStatus, Source, Webhook,
};

use crate::case::source;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn bank(secrets: &[&str], more: &Value) -> Source {
    let mut settings = json!({
        "secrets": secrets, "header": "x-bank-signature", "id": "/id", "reference": "/order",
        "amount": "/amount", "currency": "/currency", "status": "/status",
    });
    for (name, value) in more.as_object().expect("it is a table") {
        settings[name] = value.clone();
    }
    source("hmac", settings)
}

fn standard(secret: &str) -> Source {
    source("standard_webhooks", json!({ "secrets": [secret] }))
}

const ONE: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
const TWO: &str = "whsec_NzY1NDMyMTBmZWRjYmE5ODc2NTQzMjEw";

fn midtrans(secrets: &[&str]) -> Source {
    source("midtrans", json!({ "secrets": secrets }))
}

fn sample(source: &Source, currency: &str) -> Webhook {
    let sample = Sample {
        reference: "A/1".to_owned(),
        amount_minor: 1_500_000,
        currency: Currency::new(currency).expect("three letters"),
        status: SampleStatus::Paid,
        id: "1".to_owned(),
        now: NOW,
    };
    source.sample(&sample).expect("the provider has it")
}

fn webhook(body: &str, headers: &[(&str, &str)]) -> Webhook {
    let mut webhook = Webhook {
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    for (name, value) in headers {
        webhook = with(webhook, name, value);
    }
    webhook
}

fn with(mut webhook: Webhook, name: &str, value: &str) -> Webhook {
    webhook.headers.push((name.to_owned(), value.to_owned()));
    webhook
}

/// The refusal of a webhook, and its likely cause.
fn refused(
    source: &Source,
    webhook: &Webhook,
    now: Timestamp,
    others: &[OtherSource<'_>],
) -> (Rejection, Option<String>) {
    let headers: Vec<(&str, &[u8])> = webhook
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let delivery = Delivery {
        method: "POST",
        path: "/webhooks/bank",
        query: "",
        headers: &headers,
        body: &webhook.body,
        signed: &webhook.body,
        peer: Some("10.0.0.7".parse().expect("it is an address")),
        now,
    };
    let rejection = source.verify(&delivery).expect_err("it is refused");
    let cause = source.likely_cause(&delivery, &rejection, others);
    (rejection, cause)
}

#[track_caller]
fn check(source: &Source, webhook: &Webhook, code: RejectCode, words: &[&str]) {
    let (rejection, cause) = refused(source, webhook, NOW, &[]);
    assert_eq!(rejection.code, code, "{rejection:?}");
    let cause = cause.expect("there is a cause");
    for word in words {
        assert!(cause.contains(word), "{word:?} is not in {cause:?}");
    }
}

#[test]
fn a_wrong_secret_is_said_with_how_many_were_tried() {
    let theirs = bank(&["theirs"], &json!({}));
    let webhook = sample(&theirs, "EUR");
    for (secrets, detail) in [
        (&["ours"][..], "it is signed with another secret than ours"),
        (&["ours", "old"], "it is signed with none of our 2 secrets"),
    ] {
        let ours = bank(secrets, &json!({}));
        let (rejection, cause) = refused(&ours, &webhook, NOW, &[]);
        assert_eq!(rejection.detail, detail);
        let cause = cause.expect("there is a cause");
        assert!(
            cause.contains("another secret than the configuration"),
            "{cause}"
        );
        for secret in ["theirs", "ours", "old"] {
            assert!(!cause.contains(&format!("\"{secret}\"")), "{cause}");
        }
    }
    let (rejection, _) = refused(
        &midtrans(&["a", "b"]),
        &sample(&midtrans(&["c"]), "IDR"),
        NOW,
        &[],
    );
    assert_eq!(
        rejection.detail,
        "signature_key is made with none of our 2 server keys"
    );
}

#[test]
fn a_delivery_that_another_source_takes_came_to_the_wrong_path() {
    let (ours, theirs) = (standard(ONE), standard(TWO));
    let webhook = sample(&theirs, "EUR");
    let open = source("accurate", json!({ "i_accept_unverified": true }));
    let other = |name, source| OtherSource {
        name,
        path: "/webhooks/tea/pay",
        source,
    };
    // One that signs nothing takes everything, which means nothing.
    let others = [other("books", &open), other("tea/pay", &theirs)];
    let (_, cause) = refused(&ours, &webhook, NOW, &others);
    let cause = cause.expect("there is a cause");
    assert!(cause.contains("source tea/pay"), "{cause}");
    assert!(cause.contains("register /webhooks/tea/pay"), "{cause}");
    // Another scheme altogether.
    let (rejection, cause) = refused(&bank(&["k"], &json!({})), &webhook, NOW, &others);
    assert_eq!(rejection.code, RejectCode::SignatureMissing);
    assert!(cause.expect("there is a cause").contains("source tea/pay"));
}

#[test]
fn a_body_that_was_changed_on_its_way_is_said_with_how() {
    let source = bank(&["k"], &json!({}));
    let genuine = sample(&source, "EUR");
    let text = String::from_utf8(genuine.body.clone()).expect("it is UTF-8");
    assert!(text.contains("A/1") && !text.contains(' '), "{text}");
    let spaced = {
        let value: Value = serde_json::from_str(&text).expect("it is JSON");
        serde_json::to_string_pretty(&value).expect("it can be written")
    };
    for (body, how) in [
        (format!("{text}\n"), "without the line break at its end"),
        (format!("\u{feff}{text}"), "without the byte order mark"),
        (text.replace(',', ", "), "without the spaces"),
        (text.replace('/', "\\/"), "without backslashes"),
    ] {
        let changed = Webhook {
            headers: genuine.headers.clone(),
            body: body.into_bytes(),
        };
        check(
            &source,
            &changed,
            RejectCode::SignatureInvalid,
            &["changed on its way", how],
        );
    }
    // The sender's was the wide one, or had line ends that a proxy has changed.
    for (signed, came, how) in [
        (
            text.replace(',', ", ").replace(':', ": "),
            text.clone(),
            "with spaces",
        ),
        (
            text.replace('/', "\\/"),
            text.clone(),
            "with its slashes escaped",
        ),
        (
            format!("{text}\n"),
            text.clone(),
            "with a line break at its end",
        ),
        (spaced.replace('\n', "\r\n"), spaced.clone(), "with CR LF"),
        (spaced.clone(), spaced.replace('\n', "\r\n"), "with LF"),
    ] {
        let mut webhook = signed_by_hand(&signed);
        webhook.body = came.into_bytes();
        check(
            &source,
            &webhook,
            RejectCode::SignatureInvalid,
            &["changed on its way", how],
        );
    }
}

/// What the bank signs with `k` in lower-case hexadecimal.
fn signed_by_hand(body: &str) -> Webhook {
    use ::hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"k").expect("any length");
    mac.update(body.as_bytes());
    let code = hex::encode(mac.finalize().into_bytes());
    webhook(body, &[("x-bank-signature", &code)])
}

#[test]
fn a_right_code_in_another_form_names_the_key_that_is_wrong() {
    let sender = bank(
        &["k"],
        &json!({ "encoding": "base64", "prefix": "sha256=" }),
    );
    let webhook = sample(&sender, "EUR");
    for (settings, words) in [
        (
            json!({ "prefix": "sha256=" }),
            &["secret is right", "encoding = \"base64\""][..],
        ),
        (
            json!({ "encoding": "base64" }),
            &["secret is right", "prefix = \"sha256=\""],
        ),
        (
            json!({}),
            &["encoding = \"base64\"", "prefix = \"sha256=\""],
        ),
    ] {
        check(
            &bank(&["k"], &settings),
            &webhook,
            RejectCode::SignatureInvalid,
            words,
        );
    }
    let dated = json!({ "timestamp_header": "x-time", "signed": "{timestamp}.{body}" });
    let plain = with(
        sample(&bank(&["k"], &json!({})), "EUR"),
        "x-time",
        "1790000000",
    );
    let words = &["secret is right", "{body} alone"];
    check(
        &bank(&["k"], &dated),
        &plain,
        RejectCode::SignatureInvalid,
        words,
    );
}

#[test]
fn an_amount_that_lost_its_decimals_is_said() {
    let source = midtrans(&["key"]);
    let mut webhook = sample(&source, "IDR");
    let text = String::from_utf8(webhook.body).expect("it is UTF-8");
    assert!(text.contains(r#""gross_amount":"15000.00""#), "{text}");
    let text = text.replace(r#""gross_amount":"15000.00""#, r#""gross_amount":15000"#);
    webhook.body = text.into_bytes();
    check(
        &source,
        &webhook,
        RejectCode::SignatureInvalid,
        &["gross_amount of 15000.00"],
    );
}

#[test]
fn a_signature_that_is_not_there_is_said_with_what_there_is() {
    let ours = bank(&["k"], &json!({}));
    let svix = webhook("{}", &[("Svix-Signature", "v1,abc"), ("x-other", "hush")]);
    check(
        &ours,
        &svix,
        RejectCode::SignatureMissing,
        &["there is svix-signature instead"],
    );
    let (_, cause) = refused(&ours, &svix, NOW, &[]);
    assert!(!cause.expect("there is a cause").contains("abc"));
    let bare = webhook("{}", &[]);
    check(
        &ours,
        &bare,
        RejectCode::SignatureMissing,
        &["no header of it looks like a signature"],
    );
    check(
        &midtrans(&["k"]),
        &bare,
        RejectCode::SignatureMissing,
        &["stands in the body"],
    );
}

#[test]
fn a_clock_a_proxy_and_a_strange_body_are_said() {
    let source_ = standard(ONE);
    let later = Timestamp::from_millis(NOW.as_millis() + 720_000);
    let (rejection, cause) = refused(&source_, &sample(&source_, "EUR"), later, &[]);
    assert_eq!(
        rejection.detail,
        "it was signed 720 s ago, 300 s are allowed"
    );
    assert!(cause.expect("there is a cause").contains("clock"));

    let guarded = bank(&["k"], &json!({ "addresses": ["192.0.2.1"] }));
    let passed = with(sample(&guarded, "EUR"), "X-Forwarded-For", "192.0.2.1");
    check(
        &guarded,
        &passed,
        RejectCode::AddressNotAllowed,
        &["X-Forwarded-For", "trusted_proxies"],
    );
    let (_, cause) = refused(&guarded, &sample(&guarded, "EUR"), NOW, &[]);
    assert_eq!(cause, None, "the refusal says it all");

    for (body, word) in [
        (&b""[..], "no body"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"<html>", "HTML"),
        (b"order_id=1&status=paid", "form"),
    ] {
        let webhook = Webhook {
            headers: Vec::new(),
            body: body.to_vec(),
        };
        check(
            &midtrans(&["k"]),
            &webhook,
            RejectCode::BodyUnreadable,
            &[word],
        );
    }
}
