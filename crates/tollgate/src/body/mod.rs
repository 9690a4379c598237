//! Request bodies: read strictly, refused with a pointer to every place that is wrong.
//!
//! Reading goes straight from the bytes into the structs. Only when that fails is the body read
//! again as a tree, to find *all* places: the [`Shape`] of a body names its members, and every leaf
//! is judged by the very type the struct reads it with.

mod leaf;
mod shape;
mod bodies;

pub(crate) use bodies::*;
pub(crate) use leaf::*;
pub(crate) use shape::{Shape, check};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::error::{Pointer, Problem};

/// A body with a known shape.
pub(crate) trait Body: DeserializeOwned {
    /// Its members.
    const SHAPE: Shape;
}

/// Reads a body, or tells every place that is wrong.
pub(crate) fn read<T: Body>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(bytes).map_err(|error| explain::<T>(bytes, &error))
}

fn explain<T: Body>(bytes: &[u8], error: &serde_json::Error) -> Problem {
    let mut errors = Vec::new();
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(tree) => check(&tree, &T::SHAPE, &mut String::new(), &mut errors),
        Err(error) => {
            return Problem::invalid_at("", format!("the body is not JSON: {error}"));
        }
    }
    if errors.is_empty() {
        // What a tree cannot show, e.g. a member that stands twice.
        errors.push(Pointer {
            pointer: String::new(),
            code: "invalid",
            detail: error.to_string(),
        });
    }
    Problem::invalid(errors)
}

/// The fingerprint of a request (K5): SHA-256 over the path's parameters as sent and the parsed
/// body, members in the order of their names, absent and default ones left out.
pub(crate) fn fingerprint(path: &[&str], body: &impl Serialize) -> [u8; 32] {
    let mut hash = Hash(Sha256::new());
    for parameter in path {
        hash.0.update((parameter.len() as u64).to_be_bytes());
        hash.0.update(parameter.as_bytes());
    }
    hash.0.update([0xff]);
    serde_json::to_writer(&mut hash, body).expect("a hash takes every byte");
    hash.0.finalize().into()
}

struct Hash(Sha256);

impl std::io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = r#"{"currency":"IDR","lines":[{"sku":"A","quantity":2,"unit_amount":5}]}"#;

    fn order(text: &str) -> OrderBody {
        read(text.as_bytes()).unwrap_or_else(|problem| panic!("{text}: {problem:?}"))
    }

    fn pointers<T: Body>(text: &str) -> Vec<String> {
        let Err(problem) = read::<T>(text.as_bytes()) else {
            panic!("{text} was taken")
        };
        let telling = crate::error::Telling {
            request_id: String::new(),
            language: crate::error::Language::English,
        };
        let answer = problem.answer(&telling);
        let document: serde_json::Value = serde_json::from_slice(&answer.body).expect("it is JSON");
        assert_eq!(document["code"], "request_invalid");
        let errors = document["errors"].as_array().expect("it is a list");
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap_or("?").to_owned())
            .collect()
    }

    #[test]
    fn all_places_are_named_at_once() {
        let text = r#"{"currency":"IDR","shiping_amount":1,"discount_amount":-1,
            "lines":[{"sku":"A","quantity":0,"unit_amount":9007199254740992},
                     {"quantity":1.0,"unit_amount":5,"sku":"x y","colour":"red"}],
            "customer":{"name":3},"hold_seconds":5,"metadata":[],"slot":{"calendar":7}}"#;
        let mut found = pointers::<OrderBody>(text);
        found.sort();
        assert_eq!(
            found,
            [
                "/customer/name",
                "/discount_amount",
                "/hold_seconds",
                "/lines/0/quantity",
                "/lines/0/unit_amount",
                "/lines/1/colour",
                "/lines/1/quantity",
                "/lines/1/sku",
                "/metadata",
                "/shiping_amount",
                "/slot/calendar",
            ]
        );
    }

    #[test]
    fn what_is_no_amount_is_refused_with_its_place() {
        for amount in [
            "-1",
            "1.0",
            "1e3",
            "\"5\"",
            "9007199254740992",
            "null",
            "true",
            "[1]",
        ] {
            let text = ORDER.replace(":5", &format!(":{amount}"));
            assert_eq!(
                pointers::<OrderBody>(&text),
                ["/lines/0/unit_amount"],
                "{amount}"
            );
        }
        for quantity in ["0", "-2", "1.5", "9007199254740992"] {
            let text = ORDER.replace(":2", &format!(":{quantity}"));
            assert_eq!(
                pointers::<OrderBody>(&text),
                ["/lines/0/quantity"],
                "{quantity}"
            );
        }
        order(&ORDER.replace(":5", ":9007199254740991"));
        order(&ORDER.replace(":5", ":0"));
    }

    #[test]
    fn a_code_that_begins_like_an_id_is_refused() {
        for code in ["ord_1", "pay_x", "", "a b", "é"] {
            let text = ORDER.replacen('{', &format!("{{\"code\":{code:?},"), 1);
            assert_eq!(pointers::<OrderBody>(&text), ["/code"], "{code}");
        }
    }

    #[test]
    fn missing_members_and_no_json_are_told() {
        let mut missing = pointers::<OrderBody>("{}");
        missing.sort();
        assert_eq!(missing, ["/currency", "/lines"]);
        assert_eq!(pointers::<OrderBody>("[1"), [""]);
        assert_eq!(pointers::<OrderBody>("[]"), [""]);
        assert_eq!(
            pointers::<OrderBody>(r#"{"currency":"IDR","currency":"IDR","lines":[]}"#),
            [""]
        );
        assert_eq!(pointers::<ReasonlessBody>(r#"{"x":1}"#), ["/x"]);
    }

    #[test]
    fn the_fingerprint_knows_no_order_of_members_and_no_defaults() {
        let fingerprint_of = |text: &str| fingerprint(&[], &order(text));
        let plain = fingerprint_of(ORDER);
        for same in [
            r#"{"lines":[{"unit_amount":5,"quantity":2,"sku":"A"}],"currency":"IDR"}"#,
            r#"{"currency":"IDR","discount_amount":0,"shipping_amount":0,"hold_seconds":900,
                "metadata":{},"customer":{},"slot":null,
                "lines":[{"sku":"\u0041","quantity":2,"unit_amount":5,"stocked":true}]}"#,
        ] {
            assert_eq!(fingerprint_of(same), plain, "{same}");
        }
        let with = |metadata: &str| {
            fingerprint_of(&ORDER.replacen('{', &format!("{{\"metadata\":{metadata},"), 1))
        };
        assert_eq!(with(r#"{"a":1,"b":2}"#), with(r#"{ "b":2, "a":1 }"#));
        assert_ne!(with(r#"{"a":1}"#), with(r#"{"a":2}"#));
        assert_ne!(with(r#"{"a":1}"#), plain);
        assert_ne!(fingerprint_of(&ORDER.replace(":5", ":6")), plain);
        assert_ne!(fingerprint(&["ab", "c"], &0), fingerprint(&["a", "bc"], &0));
    }
}
