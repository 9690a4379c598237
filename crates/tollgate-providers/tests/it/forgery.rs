//! D6: one byte changed is refused, wherever a scheme vouches for that byte.

use std::collections::BTreeMap;
use std::ops::Range;

use tollgate_core::event::Event;
use tollgate_providers::{Covers, Item, ItemError, Rejection};

use crate::case::{Case, Then};
use crate::fixtures;

/// The headers that carry a signature, or that one covers.
const SIGNATURE_HEADERS: &[&str] = &[
    "x-verify",
    "authorization",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "x-signature",
    "x-time",
];

/// The members that Midtrans signs, and the signature itself.
const MIDTRANS_FIELDS: &[&str] = &["order_id", "status_code", "gross_amount", "signature_key"];

/// Deliveries that are taken, and have one signature: of two, one may be wrong.
fn genuine(provider: &str) -> Vec<Case> {
    let single = |case: &Case| {
        let list = |name: &str| {
            case.headers
                .get(name)
                .is_some_and(|value| value.contains(' '))
        };
        matches!(case.then, Then::Events(_)) && !list("webhook-signature")
    };
    fixtures::read(provider)
        .cases
        .into_iter()
        .filter(single)
        .collect()
}

#[test]
fn one_changed_byte_of_a_signed_body_is_refused() {
    for provider in ["standard_webhooks", "hmac", "phonepe"] {
        let mut walked = 0;
        for case in genuine(provider) {
            let source = case.source(provider);
            if source.covers() != Covers::WholeBody {
                continue;
            }
            walked += 1;
            refuses_flips(provider, &case, 0..case.body.len());
        }
        assert!(3 < walked, "{provider}: {walked}");
    }
}

/// Midtrans vouches for three members only; what else changes is settled by asking.
#[test]
fn one_changed_byte_of_what_midtrans_signs_is_refused() {
    for case in genuine("midtrans") {
        for field in MIDTRANS_FIELDS {
            let name = format!("\"{field}\":\"");
            // The last of two equal members is the one that counts.
            let Some(start) = case.body.rfind(&name).map(|at| at + name.len()) else {
                continue;
            };
            let length = case.body[start..].find('"').expect("the text ends");
            refuses_flips("midtrans", &case, start..start + length);
        }
    }
}

#[test]
fn one_changed_byte_of_a_signature_is_refused() {
    for provider in ["standard_webhooks", "hmac", "phonepe"] {
        for case in genuine(provider) {
            let source = case.source(provider);
            let covered: Vec<&String> = case
                .headers
                .keys()
                .filter(|name| SIGNATURE_HEADERS.contains(&name.to_ascii_lowercase().as_str()))
                .collect();
            assert!(!covered.is_empty(), "{provider}: {}", case.name);
            for name in covered {
                for at in 0..case.headers[name].len() {
                    for bit in [1, 2, 4, 8, 16, 32, 64] {
                        let mut headers: BTreeMap<String, String> = case.headers.clone();
                        let value = headers.get_mut(name).expect("it is there");
                        let mut bytes = value.clone().into_bytes();
                        if is_other_case(bytes[at], bit) && is_hexadecimal(provider, name) {
                            continue;
                        }
                        bytes[at] ^= bit;
                        *value = String::from_utf8(bytes).expect("ASCII stays ASCII");
                        let taken = case.verify_with(&source, &headers, case.body.as_bytes());
                        assert!(
                            taken.is_err(),
                            "{provider}: {} {name} {at} {bit}",
                            case.name
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn an_unsigned_report_has_no_facts_whatever_it_says() {
    for provider in ["cardcom", "accurate"] {
        for case in genuine(provider) {
            let source = case.source(provider);
            assert_eq!(source.covers(), Covers::Nothing);
            for item in case.verify(&source).expect("it is taken") {
                assert!(
                    item.event.expect("it is readable").facts.is_empty(),
                    "{}",
                    case.name
                );
            }
        }
    }
}

fn refuses_flips(provider: &str, case: &Case, range: Range<usize>) {
    let source = case.source(provider);
    for at in range {
        for bit in [1, 4, 32, 128] {
            let mut body = case.body.clone().into_bytes();
            let is_hash = case.body[..at]
                .rfind("signature_key\":\"")
                .is_some_and(|start| {
                    !case.body[start + "signature_key\":\"".len()..at].contains('"')
                });
            if is_hash && is_other_case(body[at], bit) {
                continue;
            }
            body[at] ^= bit;
            let taken = case.verify_with(&source, &case.headers, &body);
            // PhonePe v1 signs the text of `response`, so white space around it may differ: then
            // it says the same, to the letter.
            let same = provider == "phonepe" && says(&taken) == says(&case.verify(&source));
            assert!(
                taken.is_err() || same,
                "{provider}: {} is taken with byte {at} changed",
                case.name
            );
        }
    }
}

/// The changed letter is the same digit of a hexadecimal number.
fn is_other_case(byte: u8, bit: u8) -> bool {
    bit == 32 && byte.is_ascii_hexdigit() && byte.is_ascii_alphabetic()
}

/// The header has its signature in hexadecimal, which is read in either case.
fn is_hexadecimal(provider: &str, header: &str) -> bool {
    match header.to_ascii_lowercase().as_str() {
        "x-verify" | "authorization" => true,
        "x-signature" => provider == "hmac",
        _ => false,
    }
}

fn says(taken: &Result<Vec<Item>, Rejection>) -> Vec<Result<Event, ItemError>> {
    let items = taken.as_ref().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item.event.clone()).collect()
}
