//! I7: no delivery and no answer makes a provider panic, and none is taken by chance.

use proptest::prelude::*;
use serde_json::json;
use tollgate_core::event::Fact;
use tollgate_core::money::{Currency, Money};
use tollgate_core::time::Timestamp;
use tollgate_providers::{
    Delivery, HttpResponse, OtherSource, PROVIDERS, Question, RefundOrder, RefundStep, Source,
};

use crate::case::{Then, deliver, source};
use crate::fixtures;

/// Every configuration of the fixtures, once.
fn all_sources() -> Vec<(String, Source)> {
    let mut sources = Vec::new();
    for provider in PROVIDERS {
        let mut seen = Vec::new();
        for case in fixtures::read(provider.name).cases {
            if !seen.contains(&case.settings) {
                let mut case = case;
                seen.push(case.settings.clone());
                case.settings.remove("addresses");
                case.settings
                    .insert("i_accept_unverified".to_owned(), json!(true));
                sources.push((provider.name.to_owned(), case.source(provider.name)));
            }
        }
    }
    sources
}

/// Deliveries that are taken, to be mangled.
fn genuine_bodies() -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for provider in PROVIDERS {
        for case in fixtures::read(provider.name).cases {
            if matches!(case.then, Then::Events(_)) {
                if let Some(reply) = case.asked.and_then(|asked| asked.reply) {
                    bodies.push(reply.into_bytes());
                }
                bodies.push(case.body.into_bytes());
            }
        }
    }
    bodies
}

const HEADERS: &[&str] = &[
    "x-verify",
    "authorization",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-signature",
    "x-signature",
    "x-time",
    "x-id",
    "x-hub-signature-256",
];

fn read_all(sources: &[(String, Source)], headers: &[(String, Vec<u8>)], body: &[u8], now: i64) {
    let headers: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .collect();
    let page = "8c92820a-2f6f-4120-a699-ab1969b2f78b";
    let question = Question {
        object: page.to_owned(),
        names: vec!["X".to_owned(), page.to_owned()],
        ..Question::default()
    };
    let order = RefundOrder {
        names: question.names.clone(),
        provider_payment_id: None,
        captured_objects: Vec::new(),
        refund_key: "rfd_1".to_owned(),
        money: Money {
            minor: 100,
            currency: Currency::new("IDR").expect("a currency"),
        },
        whole: true,
        reason: String::new(),
        has_earlier: false,
    };
    for (_, source) in sources {
        let delivery = Delivery {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body,
            signed: body,
            peer: None,
            now: Timestamp::from_millis(now),
        };
        match source.verify(&delivery) {
            Ok(items) => {
                for item in items {
                    assert!(body.get(item.bytes.clone()).is_some());
                    assert!(body.get(item.part.clone()).is_some());
                }
            }
            Err(rejection) => {
                let others = sources.iter().take(3).map(|(name, source)| OtherSource {
                    name,
                    path: "/webhooks/other",
                    source,
                });
                let others: Vec<OtherSource<'_>> = others.collect();
                let _ = source.likely_cause(&delivery, &rejection, &others);
            }
        }
        for status in [200, 404] {
            let response = HttpResponse { status, body };
            let _ = source.read_status(&question, &response);
            for step in [RefundStep::Refund, RefundStep::Cancel] {
                let _ = source.read_refund(&order, step, &response);
            }
            let _ = source.read_refund_status(&order, Some("OMR1"), &response);
        }
        let _ = source.read_token(
            &HttpResponse { status: 200, body },
            Timestamp::from_millis(now),
        );
    }
}

fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let value = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..80),
        "(v1,|v1a,|[0-9a-f]{64}###1|[0-9]{1,25}|[ -~]{0,40})".prop_map(String::into_bytes),
    ];
    (prop::sample::select(HEADERS).prop_map(str::to_owned), value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_never_panic(
        headers in proptest::collection::vec(header(), 0..5),
        body in proptest::collection::vec(any::<u8>(), 0..200),
        now in any::<i64>(),
    ) {
        SOURCES.with(|sources| read_all(sources, &headers, &body, now));
    }

    #[test]
    fn mangled_deliveries_never_panic(
        headers in proptest::collection::vec(header(), 0..3),
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        with in prop_oneof![
            Just(b"null".to_vec()), Just(b"\"\"".to_vec()), Just(b"1e999999999".to_vec()),
            Just(b"-".to_vec()), Just(b"[[[[".to_vec()), Just(b"\\ud800".to_vec()),
            Just(b"{}".to_vec()), proptest::collection::vec(any::<u8>(), 0..6),
        ],
        drop in 0_usize..40,
        now in any::<i64>(),
    ) {
        let body = BODIES.with(|bodies| {
            let mut body = which.get(bodies).clone();
            let at = cut.index(body.len() + 1);
            let end = body.len().min(at + drop);
            body.splice(at..end, with);
            body
        });
        SOURCES.with(|sources| read_all(sources, &headers, &body, now));
    }

    /// Signed well, and odd in every member that is read.
    #[test]
    fn odd_values_are_read_or_refused(values in proptest::collection::vec(odd_value(), 9)) {
        let members: Vec<String> =
            values.iter().enumerate().map(|(at, value)| format!("\"{at}\":{value}")).collect();
        let body = format!("{{{}}}", members.join(","));
        let signature = crate::inbox::hmac_sha256(b"s", body.as_bytes());
        let items = HMAC.with(|hmac| deliver(hmac, &[("x-signature", &signature)], body.as_bytes()));
        for item in items.expect("it is signed") {
            if let Ok(event) = item.event {
                let odd = |text: &str| 255 < text.len() || text.contains('\0');
                prop_assert!(!odd(&event.key) && !odd(&event.kind));
                prop_assert!(!event.names.iter().any(|name| odd(name) || name.is_empty()));
                let negative = |fact: &Fact| fact.money.is_some_and(|money| money.minor < 0);
                prop_assert!(!event.facts.iter().any(negative));
            }
        }
    }
}

fn odd_value() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "{}",
            "[1]",
            "\"\"",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "\"paid\"",
            "\"refunded\"",
            "\"EUR\"",
            "\"JPY\"",
            "\"XAU\"",
            "-9223372036854775808",
            "9223372036854775807",
            "-9223372036854775809",
            "1e2147483647",
            "1e-2147483648",
            "1e99999999999",
            "-0",
            "-1",
            "0.1",
            "\"2026-02-30T00:00:00Z\"",
            "\"9999-12-31T23:59:59Z\"",
        ])
        .prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        Just(format!("\"{}\"", "9".repeat(300))),
    ]
}

thread_local! {
    static HMAC: Source = source("hmac", json!({
        "secrets": ["s"], "header": "x-signature", "id": "/0", "type": "/1",
        "reference": "/2", "payment_id": "/3", "amount": "/4", "currency": "/5",
        "status": "/6", "mode": "/7", "occurred_at": "/8", "refunded_amount": "/4",
        "amount_unit": "major", "order_code": "/2/0",
    }));
    static SOURCES: Vec<(String, Source)> = all_sources();
    static BODIES: Vec<Vec<u8>> = genuine_bodies();
}

/// A megabyte of brackets, of digits, of members: bounded work, no stack.
#[test]
fn deep_and_long_bodies_are_read_or_refused() {
    let deep = format!("{{\"a\":{}", "[".repeat(1 << 20));
    let closed = format!("{{\"a\":{}{}}}", "[".repeat(1 << 16), "]".repeat(1 << 16));
    let digits = format!("{{\"amount\":{}}}", "9".repeat(1 << 20));
    let members = format!("{{{}\"a\":1}}", "\"b\":1,".repeat(1 << 16));
    let many = format!("[{}{{}}]", "{},".repeat(1 << 16));
    let accurate = source("accurate", json!({"i_accept_unverified": true}));
    let hmac = source(
        "hmac",
        json!({"secrets": ["s"], "header": "x-signature", "amount": "/amount", "id": "/a/b/c"}),
    );
    let both = [("accurate".to_owned(), accurate), ("hmac".to_owned(), hmac)];
    for body in [deep, closed, digits, members, many] {
        let signature = crate::inbox::hmac_sha256(b"s", body.as_bytes());
        let headers = [("x-signature".to_owned(), signature.into_bytes())];
        read_all(&both, &headers, body.as_bytes(), 0);
    }
}
