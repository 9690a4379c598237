//! What of a refusal is kept: its code, a word that tells apart what has one code, and what was wrong in one line.
//! Of a request no more than the problem document says, and of what stood at its places nothing.

use std::fmt::Write as _;

use serde_json::Value;
use tollgate_core::effect::EffectState;
use tollgate_core::word::Word;

use super::problem::{Code, Problem, code_of};
use crate::keys::Scope;

/// Places of a request that are told.
const PLACES_MAX: usize = 8;

/// A refusal as it is counted.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) code: &'static Code,
    /// docs/errors.md, Causes; empty where there is nothing to tell apart.
    pub(crate) cause: &'static str,
    /// What was wrong.
    pub(crate) detail: String,
    /// The id of the delivery it is about.
    pub(crate) about: Option<String>,
}

impl Refused {
    /// Of a problem that is about to be written.
    pub(crate) fn of(problem: &Problem) -> Refused {
        let told = Told {
            code: problem.code(),
            said: problem.said(),
            places: problem.places().collect(),
            members: problem.members().collect(),
        };
        Refused {
            code: told.code,
            cause: problem.because().unwrap_or_else(|| told.cause()),
            detail: told.detail(),
            about: problem.subject().map(str::to_owned),
        }
    }

    /// Of a document that was written within a commit, or before.
    pub(crate) fn of_document(document: &[u8]) -> Option<Refused> {
        const OF_ALL: [&str; 10] = [
            "type",
            "title",
            "status",
            "detail",
            "code",
            "retryable",
            "retry_after_ms",
            "new_key_required",
            "request_id",
            "errors",
        ];
        let document: Value = serde_json::from_slice(document).ok()?;
        let members = document.as_object()?;
        let places = document["errors"].as_array().into_iter().flatten();
        let told = Told {
            code: code_of(document["code"].as_str()?),
            said: None,
            places: places
                .filter_map(|place| Some((place["pointer"].as_str()?, place["code"].as_str()?)))
                .collect(),
            members: members
                .iter()
                .filter(|(name, _)| !OF_ALL.contains(&name.as_str()))
                .map(|(name, value)| (name.as_str(), value))
                .collect(),
        };
        Some(Refused {
            code: told.code,
            cause: told.cause(),
            detail: told.detail(),
            about: None,
        })
    }
}

/// What a problem tells.
struct Told<'p> {
    code: &'static Code,
    said: Option<&'p str>,
    places: Vec<(&'p str, &'p str)>,
    members: Vec<(&'p str, &'p Value)>,
}

impl Told<'_> {
    fn member(&self, name: &str) -> Option<&Value> {
        let found = self.members.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    }

    fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    fn is_zero(&self, name: &str) -> bool {
        self.member(name).and_then(Value::as_i64) == Some(0)
    }

    /// A member's word, of a closed set.
    fn word<W: Word>(&self, name: &str) -> &'static str {
        let text = self.member(name).and_then(Value::as_str);
        text.and_then(W::of).map_or("", W::word)
    }

    /// What tells apart what has one code.
    fn cause(&self) -> &'static str {
        if self.has("payment_waiting") {
            return "payment_waiting";
        }
        match self.code.code {
            "already_exists" => {
                let id = self.member("id").and_then(Value::as_str);
                match id.and_then(|id| id.split_once('_')) {
                    Some(("ord", _)) => "code",
                    Some(("pay", _)) => "reference",
                    Some(("ep", _)) => "endpoint",
                    Some(_) | None => "",
                }
            }
            "out_of_stock" => {
                let skus = self.member("skus").and_then(Value::as_array);
                let is_gone = |sku: &Value| sku["available"].as_i64() == Some(0);
                match skus.is_some_and(|skus| skus.iter().any(is_gone)) {
                    true => "none_left",
                    false => "too_few",
                }
            }
            "in_use" if self.has("starts_at") => "booked",
            "in_use" => "held",
            "refund_exceeds_captured" if self.is_zero("refundable_amount") => "nothing_left",
            "refund_exceeds_captured" => "more_than_left",
            "restock_exceeds_sold" if self.is_zero("left") => "nothing_left",
            "restock_exceeds_sold" => "more_than_left",
            "effect_state" => self.word::<EffectState>("state"),
            "scope_missing" => self.word::<Scope>("scope"),
            "request_invalid" => {
                let places = self.places.iter().map(|(_, code)| *code);
                let known = ["missing", "unknown_member", "invalid"];
                let found = known
                    .into_iter()
                    .find(|word| places.clone().any(|code| code == *word));
                found.unwrap_or_default()
            }
            _ => "",
        }
    }

    /// What was wrong, in one line: what is said, what is short, the members, the places.
    fn detail(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        // What is said in English alone says what the members do.
        let skus = self.member("skus").and_then(Value::as_array);
        if let Some(said) = self.said.filter(|_| skus.is_none()) {
            parts.push(said.to_owned());
        }
        for sku in skus.into_iter().flatten() {
            let name = sku["sku"].as_str().unwrap_or_default();
            parts.push(format!(
                "{name} ({} of {})",
                sku["available"], sku["requested"]
            ));
        }
        for (name, value) in &self.members {
            match value {
                Value::Array(_) => {}
                Value::String(text) => parts.push(format!("{name} {text}")),
                other => parts.push(format!("{name} {other}")),
            }
        }
        let mut places = String::new();
        for (pointer, code) in self.places.iter().take(PLACES_MAX) {
            let _ = write!(
                places,
                "{} {code}",
                if pointer.is_empty() { "/" } else { pointer }
            );
            places.push_str(", ");
        }
        if !places.is_empty() {
            parts.push(places.trim_end_matches(", ").to_owned());
        }
        match parts.is_empty() {
            true => self.code.details[0].to_owned(),
            false => parts.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::problem::{self, ResponseContext, refused};
    use super::*;
    use tollgate_core::decision::{Existing, Refusal};
    use tollgate_core::id::{OrderId, PaymentId};
    use tollgate_outbound::language::Language;

    /// A refusal that is written within a commit and one that is answered at once are counted alike, in whatever
    /// language they are.
    #[test]
    fn causes_are_told_apart_by_problems_and_by_documents() {
        let stock = |available, waiting| Refusal::OutOfStock {
            skus: vec![("tea".into(), available, 3)],
            payment_waiting: waiting,
        };
        for (refusal, code, cause, detail) in [
            (
                stock(0, false),
                "out_of_stock",
                "none_left",
                "tea (0 of 3), /lines/0/sku out_of_stock",
            ),
            (
                stock(1, false),
                "out_of_stock",
                "too_few",
                "tea (1 of 3), /lines/0/sku out_of_stock",
            ),
            (
                stock(1, true),
                "out_of_stock",
                "payment_waiting",
                "tea (1 of 3), payment_waiting true, /lines/0/sku out_of_stock",
            ),
            (
                Refusal::SlotFull {
                    payment_waiting: false,
                },
                "slot_full",
                "",
                "/slot slot_full",
            ),
            (
                Refusal::AlreadyExists(Existing::Order(OrderId::from_u128(0))),
                "already_exists",
                "code",
                "id ord_00000000000000000000000000",
            ),
            (
                Refusal::AlreadyExists(Existing::Payment(PaymentId::from_u128(0))),
                "already_exists",
                "reference",
                "id pay_00000000000000000000000000",
            ),
            (
                Refusal::RefundExceedsCaptured {
                    refundable_minor: 0,
                },
                "refund_exceeds_captured",
                "nothing_left",
                "refundable_amount 0",
            ),
            (
                Refusal::EffectState(EffectState::Done),
                "effect_state",
                "done",
                "state done",
            ),
            (Refusal::StockHeld { held: 2 }, "in_use", "held", "held 2"),
        ] {
            let problem = refused(&refusal, &["tea".to_owned()]);
            let mut all = vec![Refused::of(&problem)];
            for language in [Language::English, Language::Russian] {
                let context = ResponseContext {
                    request_id: "req_1".to_owned(),
                    origin: None,
                    language,
                };
                let document = problem.answer(&context).body;
                all.push(Refused::of_document(&document).expect("it is a problem"));
            }
            for found in all {
                assert_eq!((found.code.code, found.cause), (code, cause), "{refusal:?}");
                assert_eq!(found.detail, detail, "{refusal:?}");
            }
        }
    }

    /// What a request had at its places stays out of it: it may be about a customer.
    #[test]
    fn what_stood_at_a_place_is_not_told() {
        let problem = Problem::invalid_at("/customer/email", "found \"ann@example\"");
        let found = Refused::of(&problem);
        assert_eq!(
            (found.cause, &*found.detail),
            ("invalid", "/customer/email invalid")
        );
        let unknown = problem::no_such_currency("XYZ");
        assert!(!Refused::of(&unknown).detail.contains("XYZ"));
    }
}
