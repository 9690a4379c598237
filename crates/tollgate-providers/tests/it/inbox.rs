//! The scenarios of the inbox that are decided here: keys, rotation, clocks, unusual bytes.

use serde_json::json;
use sha2::{Digest, Sha256};
use tollgate_core::event::{Confirm, FactKind};
use tollgate_providers::{RejectCode, Source};

use crate::case::{deliver, deliver_at, event, source};

fn accurate() -> Source {
    source("accurate", json!({"i_accept_unverified": true}))
}

fn keys(body: &str) -> Vec<String> {
    deliver(&accurate(), &[], body.as_bytes())
        .expect("it is taken")
        .into_iter()
        .map(|item| item.event.expect("it is readable").key)
        .collect()
}

fn envelope(uuid: &str, number: &str) -> String {
    format!(
        r#"{{"databaseId":1,"type":"SALES_INVOICE","timestamp":1754870000000,"uuid":"{uuid}","data":[{{"salesInvoiceNo":"{number}"}}]}}"#
    )
}

/// A3, the worked example: {inv-001, rec-001} and {inv-001, rec-002} at once are three events.
#[test]
fn two_batches_that_share_an_event_hold_three() {
    let shared = envelope("u-1", "inv-001");
    let first = format!("[{shared},{}]", envelope("u-2", "rec-001"));
    let second = format!("[{shared}, {}]", envelope("u-3", "rec-002"));
    let mut all = keys(&first);
    all.extend(keys(&second));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 3);
}

/// D2. Without a uuid the time distinguishes changes; without a time too, nothing does.
#[test]
fn d2_an_event_without_an_id_is_no_duplicate_of_another() {
    let untold = r#"{"databaseId":1,"type":"ITEM","data":[{"itemNo":"A"}]}"#;
    assert_eq!(keys(&format!("[{untold},{untold}]")), ["", ""]);
    let at = |time: u64| {
        format!(r#"{{"databaseId":1,"type":"ITEM","timestamp":{time},"data":[{{}},{{}}]}}"#)
    };
    let found = keys(&format!("[{},{}]", at(1), at(2)));
    assert_eq!(found.len(), 4);
    assert_eq!(
        found
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        4
    );
    assert_eq!(
        keys(&at(1)),
        found[..2],
        "the same envelope again is the same event"
    );
    let configured = source(
        "hmac",
        json!({"secrets": ["s"], "header": "x-sig", "id": "/id"}),
    );
    for body in [r#"{}"#, r#"{"id":""}"#, r#"{"id":null}"#, r#"{"id":[1]}"#] {
        let signature = hmac_sha256(b"s", body.as_bytes());
        assert_eq!(
            event(deliver(
                &configured,
                &[("x-sig", &signature)],
                body.as_bytes()
            ))
            .key,
            ""
        );
    }
}

/// D3, in keys and in what is signed.
#[test]
fn d3_parts_of_a_key_do_not_run_together() {
    let one = r#"{"databaseId":"a","type":"T","uuid":"b:c","data":[{}]}"#;
    let two = r#"{"databaseId":"a:b","type":"T","uuid":"c","data":[{}]}"#;
    let three = r#"{"databaseId":"a%3Ab","type":"T","uuid":"c","data":[{}]}"#;
    let dash = r#"{"databaseId":"-","type":"T","uuid":"c","data":[{}]}"#;
    let none = r#"{"type":"T","uuid":"c","data":[{}]}"#;
    let all: Vec<String> = [one, two, three, dash, none]
        .iter()
        .flat_map(|b| keys(b))
        .collect();
    assert_eq!(
        all.iter().collect::<std::collections::BTreeSet<_>>().len(),
        5,
        "{all:?}"
    );
    assert_eq!(all[0], "a:b%3Ac:0");
    // An id with a full stop would let the time run into it: "a" at 1.{} is "a.1" at {}.
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let standard = source("standard_webhooks", json!({"secrets": [secret]}));
    let sample = tollgate_providers::Sample {
        reference: "A".to_owned(),
        amount_minor: 1,
        currency: tollgate_core::money::Currency::new("EUR").expect("a currency"),
        status: tollgate_providers::SampleStatus::Paid,
        id: "x".to_owned(),
        now: tollgate_core::time::Timestamp::from_millis(1_760_000_000_000),
    };
    let webhook = standard.sample(&sample).expect("a webhook");
    let signature = &webhook
        .headers
        .iter()
        .find(|(name, _)| name == "webhook-signature");
    let signature = &signature.expect("it is signed").1;
    let shifted = [
        ("webhook-id", "msg_x_paid.1760000000"),
        ("webhook-timestamp", "1760000000"),
        ("webhook-signature", signature),
    ];
    let refused = deliver(&standard, &shifted, &webhook.body).expect_err("it is refused");
    assert_eq!(refused.code, RejectCode::SignatureInvalid);
}

/// A forged body with the id of a genuine one must not take its key.
#[test]
fn an_unsigned_id_alone_is_no_key() {
    let midtrans = source("midtrans", json!({"secrets": ["key"]}));
    let body = |status: &str| {
        let hash = sha512(b"X200100.00key");
        format!(
            r#"{{"order_id":"X","status_code":"200","gross_amount":"100.00","transaction_id":"t","transaction_status":"settlement","currency":"{status}","signature_key":"{hash}"}}"#
        )
    };
    let genuine = event(deliver(&midtrans, &[], body("IDR").as_bytes()));
    let forged = event(deliver(&midtrans, &[], body("XXQ").as_bytes()));
    assert_ne!(genuine.key, forged.key);
    assert!(genuine.key.starts_with("t:settlement:-:-:"));
    assert!(forged.amount_unreadable && forged.facts[0].money.is_none());
    assert_eq!(
        event(deliver(&midtrans, &[], body("IDR").as_bytes())).key,
        genuine.key
    );
}

/// What is confirmed before it counts is known by its bytes alone.
#[test]
fn confirmed_before_is_keyed_by_its_bytes() {
    let settings = json!({"secrets": ["key"], "confirm": "before"});
    let midtrans = source("midtrans", settings);
    assert_eq!(midtrans.policy().confirm, Confirm::Before);
    let hash = sha512(b"X200100.00key");
    let body = format!(
        r#"{{"order_id":"X","status_code":"200","gross_amount":"100.00","transaction_id":"t","transaction_status":"settlement","signature_key":"{hash}"}}"#
    );
    let key = event(deliver(&midtrans, &[], body.as_bytes())).key;
    assert_eq!(key, hex::encode(Sha256::digest(&body)));
}

/// D4, over every provider with secrets: the fixtures hold a rotated delivery for each.
#[test]
fn d4_old_and_new_secret_are_taken_while_listed() {
    let body = br#"{"type":"x"}"#;
    let both = source(
        "hmac",
        json!({"secrets": ["new", "old"], "header": "x-sig"}),
    );
    let one = source("hmac", json!({"secrets": ["new"], "header": "x-sig"}));
    let (new, old) = (hmac_sha256(b"new", body), hmac_sha256(b"old", body));
    assert!(deliver(&both, &[("x-sig", &new)], body).is_ok());
    assert!(deliver(&both, &[("x-sig", &old)], body).is_ok());
    assert!(deliver(&one, &[("x-sig", &new)], body).is_ok());
    assert!(deliver(&one, &[("x-sig", &old)], body).is_err());
}

/// D5: exactly the tolerance is taken, one second more is not; on both sides.
#[test]
fn d5_the_edge_of_the_tolerance() {
    let settings = json!({
        "secrets": ["s"], "header": "x-sig", "timestamp_header": "x-time",
        "signed": "{timestamp}.{body}", "tolerance_seconds": 300,
    });
    let hmac = source("hmac", settings);
    let body = b"{}";
    let signature = hmac_sha256(b"s", b"1000.{}");
    let headers = [("x-sig", signature.as_str()), ("x-time", "1000")];
    for (now, taken) in [
        (1_300_000, true),
        (1_300_999, true),
        (1_301_000, false),
        (700_000, true),
        (699_999, false),
        (i64::MAX, false),
        (i64::MIN, false),
    ] {
        let result = deliver_at(&hmac, &headers, body, now);
        assert_eq!(result.is_ok(), taken, "{now}: {result:?}");
        if let Err(rejection) = result {
            assert_eq!(rejection.code, RejectCode::TimestampOutOfTolerance);
        }
    }
}

/// D7: escapes, two equal members, white space and a line end are signed as they are.
#[test]
fn d7_unusual_bytes_verify_over_the_raw_bytes() {
    let settings = json!({
        "secrets": ["s"], "header": "x-sig", "reference": "/o/r", "amount": "/o/a",
        "currency": "EUR", "status": "/s",
    });
    let hmac = source("hmac", settings);
    let body =
        b"\t{ \"o\": {\"r\":\"old\", \"a\":1},\r\n\"\\u006f\":{\"r\":\"\\u0416\\/\\ud83e\\uddfe\",\"a\":12e1},\"s\":\"paid\" }\n\n";
    let said = event(deliver(&hmac, &[("x-sig", &hmac_sha256(b"s", body))], body));
    assert_eq!(said.names, ["Ж/🧾"]);
    assert_eq!(said.facts.len(), 1);
    assert!(matches!(said.facts[0].kind, FactKind::Capture(_)));
    assert_eq!(said.facts[0].money.map(|money| money.minor), Some(120));
}

/// A2: an item that cannot be read hurts no other.
#[test]
fn one_bad_item_leaves_the_others() {
    let source = source(
        "accurate",
        json!({"i_accept_unverified": true, "database_ids": [1]}),
    );
    let foreign = envelope("u-4", "x").replace("\"databaseId\":1", "\"databaseId\":2");
    let long = envelope("u-5", &"9".repeat(256));
    let nul = envelope("u-6", "a\\u0000b");
    let body = format!(
        "[{},17,{foreign},{long},{nul},{}]",
        envelope("u-1", "a"),
        envelope("u-2", "b")
    );
    let items = deliver(&source, &[], body.as_bytes()).expect("it is taken");
    let fine: Vec<bool> = items.iter().map(|item| item.event.is_ok()).collect();
    assert_eq!(fine, [true, false, false, false, false, true]);
    let code = |index: usize| items[index].event.as_ref().expect_err("it is refused").code;
    assert_eq!(code(1), RejectCode::BodyUnreadable);
    assert_eq!(code(2), RejectCode::AccountMismatch);
    assert_eq!(&body[items[5].bytes.clone()], envelope("u-2", "b"));
    assert_eq!(&body[items[5].part.clone()], r#"{"salesInvoiceNo":"b"}"#);
}

pub(crate) fn hmac_sha256(secret: &[u8], message: &[u8]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

pub(crate) fn sha512(message: &[u8]) -> String {
    hex::encode(sha2::Sha512::digest(message))
}

pub(crate) fn sha256(message: &[u8]) -> String {
    hex::encode(Sha256::digest(message))
}
