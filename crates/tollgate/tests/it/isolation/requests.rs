//! What another shop asks each operation for: with main's ids in its path, main's values in its query, main's
//! things in its body.

use serde_json::{Value, json};

use super::description::Operation;
use super::filled::Filled;
use crate::sign_in::PASSWORD;

/// What is answered to another shop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Expected {
    /// There is no such thing.
    Absent,
    /// Whatever is wrong with it, nothing is done.
    Refused,
    /// A list or a count, and there is nothing in it.
    Nothing,
    /// What the other shop has itself.
    Own,
}

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Value,
    pub(super) takes_key: bool,
    pub(super) expected: Expected,
}

/// Members of bodies that name something of a shop.
const NAMES: &[&str] = &[
    "calendar",
    "code",
    "hold",
    "ids",
    "order",
    "reference",
    "shop",
    "sku",
    "slot_id",
    "source",
    "target",
];

/// Members of bodies that name nothing.
const OTHERS: &[&str] = &[
    "address",
    "amount",
    "as",
    "booking_lead_minutes",
    "capacity",
    "closed",
    "closes",
    "currency",
    "current",
    "customer",
    "days",
    "days_ahead",
    "delta",
    "description",
    "disabled",
    "discount_amount",
    "dry_run",
    "email",
    "enabled",
    "ends_at",
    "events",
    "expires_at",
    "filter",
    "hold_seconds",
    "items",
    "kind",
    "late",
    "lines",
    "locale",
    "low_at",
    "metadata",
    "name",
    "not_before",
    "note",
    "on_hand",
    "opens",
    "outcome",
    "overlap_hours",
    "password",
    "payment",
    "per_second",
    "phone",
    "quantity",
    "reason",
    "received_after",
    "recorded",
    "release_slot",
    "restock",
    "role",
    "scopes",
    "seconds",
    "shipping_amount",
    "slot",
    "slot_minutes",
    "slots",
    "starts_at",
    "state",
    "stocked",
    "tax_id",
    "ticket",
    "timezone",
    "topics",
    "type",
    "unit",
    "unit_amount",
    "units",
    "unlock",
    "url",
    "version",
    "visible_lead_minutes",
    "weekly",
];

/// Operations that make what their path names, so another shop makes its own.
const MAKERS: &[&str] = &["putStock", "putCalendar"];

impl Operation {
    fn request(&self, path: String, body: Value, expected: Expected) -> Request {
        Request {
            operation: self.id.clone(),
            method: self.method.clone(),
            path,
            body,
            takes_key: self.takes_key,
            expected,
        }
    }

    fn is_read(&self) -> bool {
        self.method == "GET"
    }

    /// A read without any word of main.
    pub(super) fn plain(&self) -> Option<Request> {
        let is_plain = self.is_read() && !self.names_something();
        is_plain.then(|| self.request(self.path.clone(), Value::Null, Expected::Own))
    }

    /// Reads of what main has.
    pub(super) fn reads(&self, main: &Filled) -> Vec<Request> {
        if !self.is_read() {
            return Vec::new();
        }
        let mut requests = Vec::new();
        for path in self.paths(&main.things) {
            let expected = match (self.names_something(), self.is_open) {
                // So it is of any sku that never was.
                (true, false) if self.id == "listAdjustments" => Expected::Nothing,
                (true, false) => Expected::Absent,
                _ => Expected::Own,
            };
            for (name, words) in &self.query {
                let (values, of_main) = values(main, name, words);
                for value in values {
                    let value = value.replace(' ', "%20").replace('+', "%2B");
                    let expected = match (expected, of_main) {
                        (Expected::Own, expected) => expected,
                        // The query is looked at first.
                        (Expected::Absent, _) if ["cursor", "shop"].contains(&name.as_str()) => {
                            Expected::Refused
                        }
                        (expected, _) => expected,
                    };
                    let path = format!("{path}?{name}={value}");
                    requests.push(self.request(path, Value::Null, expected));
                }
            }
            requests.push(self.request(path, Value::Null, expected));
        }
        requests
    }

    /// Writes to what main has, or beside it.
    pub(super) fn writes(&self, main: &Filled) -> Vec<Request> {
        if self.is_read() {
            return Vec::new();
        }
        for member in &self.members {
            assert!(
                NAMES.contains(&member.as_str()) || OTHERS.contains(&member.as_str()),
                "{}: say whether {member} of its body names something of a shop",
                self.id
            );
        }
        let bodies = self.bodies(main);
        for member in self
            .members
            .iter()
            .filter(|member| NAMES.contains(&member.as_str()))
        {
            assert!(
                bodies.iter().any(|(body, _)| has(body, member)),
                "{}: no body names main's {member}",
                self.id
            );
        }
        let paths = self.paths(&main.things);
        let requests = paths.iter().flat_map(|path| {
            bodies
                .iter()
                .map(|(body, expected)| self.request(path.clone(), body.clone(), *expected))
        });
        requests.collect()
    }

    fn bodies(&self, main: &Filled) -> Vec<(Value, Expected)> {
        use Expected::{Nothing, Own, Refused};
        let thing = |noun: &str, number: usize| main.things[noun][number].clone();
        let example = self.example.clone().unwrap_or_else(|| json!({}));
        // The example of this operation with other members.
        let with = |more: Value| {
            let mut body = example.clone();
            let members = body.as_object_mut().expect("it is an object");
            members.extend(more.as_object().expect("it is an object").clone());
            body
        };
        let shirt = json!({ "sku": thing("stock", 0), "quantity": 1, "unit_amount": 5000 });
        let goods = json!({ "sku": thing("stock", 0), "quantity": 1 });
        let slot = json!({ "slot_id": thing("slot_id", 0) });
        let units = json!({ "slot_id": thing("slot_id", 0), "units": 1 });
        let kitchen = json!({ "calendar": thing("calendars", 0) });
        let paid = json!({ "source": "midtrans", "reference": thing("reference", 0) });
        let early = json!({
            "source": "midtrans", "reference": thing("reference", 1), "amount": 5000, "currency": "IDR",
        });
        let account = json!({ "email": "zebra@example.com", "name": "x", "role": "viewer", "password": PASSWORD });
        match self.id.as_str() {
            "createOrder" => vec![
                (with(json!({ "hold": thing("holds", 0) })), Refused),
                (with(json!({ "slot": slot })), Refused),
                (with(json!({ "slot": kitchen })), Refused),
                (with(json!({ "lines": [shirt] })), Refused),
                (
                    with(json!({ "code": thing("orders", 0), "payment": paid })),
                    Own,
                ),
            ],
            "takeHold" => vec![
                (json!({ "lines": [goods] }), Refused),
                (json!({ "slot": units }), Refused),
                (
                    json!({ "slot": { "calendar": thing("calendars", 0), "units": 1 } }),
                    Refused,
                ),
            ],
            "registerPayment" => vec![
                (with(json!({ "order": thing("orders", 0) })), Refused),
                (with(json!({ "order": thing("orders", 1) })), Refused),
                (early, Own),
            ],
            "replayEvents" => [
                json!({ "source": "midtrans" }),
                json!({ "reference": thing("reference", 1) }),
                json!({ "order": thing("orders", 0) }),
                json!({ "order": thing("orders", 1) }),
            ]
            .into_iter()
            .map(|filter| (json!({ "filter": filter }), Nothing))
            .collect(),
            "retryEffects" => vec![
                (json!({ "filter": { "state": "dead" } }), Nothing),
                (
                    json!({ "filter": { "target": format!("notify:{}", thing("endpoints", 0)) } }),
                    Nothing,
                ),
                (
                    json!({ "filter": {}, "ids": main.things["effects"] }),
                    Nothing,
                ),
            ],
            "createKey" => vec![(with(json!({ "shop": "main" })), Refused), (example, Own)],
            "createUser" => {
                let mut of_main = account.clone();
                of_main["shop"] = json!("main");
                vec![(of_main, Refused), (account, Own)]
            }
            "createFirstUser" => vec![(example, Refused)],
            "signIn" => {
                let stranger =
                    json!({ "email": "kettle@example.com", "password": PASSWORD, "shop": "main" });
                vec![(stranger, Refused)]
            }
            "createEndpoint" => vec![(
                with(json!({ "url": thing("url", 0), "events": ["order.created"] })),
                Own,
            )],
            "putStocks" => vec![(
                json!({ "items": [{ "sku": thing("stock", 0), "on_hand": 7 }] }),
                Own,
            )],
            "createTicket" | "endOtherSessions" | "signOut" => vec![(example, Own)],
            "refundPayment" => vec![
                (example.clone(), Refused),
                (with(json!({ "restock": [goods] })), Refused),
            ],
            "changePassword" => vec![(json!({ "password": PASSWORD }), Refused)],
            "changeUser" | "changeKey" => vec![(json!({ "name": "mine" }), Refused)],
            maker if MAKERS.contains(&maker) => vec![(example, Own)],
            _ if self.names_something() => vec![(example, Refused)],
            other => panic!("{other}: say what of main its body may name"),
        }
    }
}

/// Values of a query parameter, and what is found by them.
fn values(main: &Filled, name: &str, words: &[String]) -> (Vec<String>, Expected) {
    let of = |nouns: &[&str]| {
        nouns
            .iter()
            .flat_map(|&noun| main.things[noun].clone())
            .collect::<Vec<String>>()
    };
    let and = |mut values: Vec<String>, more: &[&str]| {
        values.extend(more.iter().map(|&more| more.to_owned()));
        values
    };
    let plain = |values: &[&str]| (and(Vec::new(), values), Expected::Own);
    let names = ["okapi", "okapi@example.com", "+62 811 okapi", "zebra-1"];
    let all: Vec<&str> = main
        .things
        .keys()
        .copied()
        .filter(|&noun| noun != "docs")
        .collect();
    match name {
        _ if !words.is_empty() => (words.to_vec(), Expected::Own),
        "actor" => (
            and(of(&["keys", "users"]), &["okapi till"]),
            Expected::Nothing,
        ),
        "target" => (of(&all), Expected::Nothing),
        "search" | "customer" => (names.map(str::to_owned).into(), Expected::Nothing),
        "q" => (and(of(&all), &names), Expected::Nothing),
        "order" | "code" => (of(&["orders"]), Expected::Nothing),
        "reference" | "number" => (of(&[name]), Expected::Nothing),
        "payment" => (of(&["payments"]), Expected::Absent),
        "shop" => (vec!["main".to_owned()], Expected::Refused),
        "cursor" => (vec![main.cursor.clone()], Expected::Own),
        "operation" => plain(&["create_order"]),
        "cause" => plain(&["already_exists"]),
        "source" => plain(&["midtrans", "manual"]),
        "type" => plain(&["transaction.*"]),
        "attention" => plain(&["true", "false"]),
        "limit" => plain(&["1"]),
        "days" => plain(&["7"]),
        "since" | "from" | "created_after" | "received_after" => plain(&["2001-01-01T00:00:00Z"]),
        "until" | "to" | "created_before" => plain(&["2999-01-01T00:00:00Z"]),
        other => panic!("say what main has that ?{other}= finds"),
    }
}

fn has(body: &Value, member: &str) -> bool {
    match body {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name == member || has(value, member)),
        Value::Array(items) => items.iter().any(|item| has(item, member)),
        _ => false,
    }
}
