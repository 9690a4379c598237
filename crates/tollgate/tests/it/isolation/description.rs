//! The operations of `GET /openapi.json`, and what there is to ask them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::shop::Shop;

/// An operation, as it is described.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    /// What its query takes: names, and the words there are.
    pub(super) query: Vec<(String, Vec<String>)>,
    /// Whether a key for a repetition goes with it.
    pub(super) takes_key: bool,
    /// The scope it wants; none for anyone.
    pub(super) scope: Option<String>,
    /// Whether it is there without a key, too.
    pub(super) is_open: bool,
    /// What a body looks like.
    pub(super) example: Option<Value>,
    /// The members of its body, however deep.
    pub(super) members: Vec<String>,
}

/// All of them.
pub(super) async fn operations(shop: &Shop) -> Vec<Operation> {
    let answer = shop.send("GET", "/openapi.json", &[], b"").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let document = answer.body;
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("it has paths") {
        for (method, described) in methods.as_object().expect("a path has methods") {
            found.push(operation(&document, path, method, described));
        }
    }
    assert!(90 < found.len(), "{}", found.len());
    found
}

fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(place) => {
            let found = document.pointer(place.trim_start_matches('#'));
            resolved(document, found.expect("it is in the document"))
        }
        None => value,
    }
}

fn operation(document: &Value, path: &str, method: &str, described: &Value) -> Operation {
    let parameters = described["parameters"].as_array().into_iter().flatten();
    let parameters: Vec<(&str, &str, &Value)> = parameters
        .map(|parameter| {
            let parameter = resolved(document, parameter);
            let text = |name: &str| parameter[name].as_str().expect("it is a text");
            (
                text("in"),
                text("name"),
                resolved(document, &parameter["schema"]),
            )
        })
        .collect();
    let in_query = parameters.iter().filter(|(place, ..)| *place == "query");
    let takes_key = parameters
        .iter()
        .any(|(_, name, _)| *name == "Idempotency-Key");
    let security = described["security"].as_array().expect("it says who may");
    let body = &described["requestBody"]["content"]["application/json"];
    let mut members = Vec::new();
    collect(document, &body["schema"], &mut members);
    let scopes: Vec<&Value> = security
        .iter()
        .filter_map(|way| way.get("apiKey").or(way.get("session")))
        .collect();
    Operation {
        id: described["operationId"]
            .as_str()
            .expect("it is called so")
            .to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        query: in_query
            .map(|(_, name, schema)| ((*name).to_owned(), words(document, schema)))
            .collect(),
        takes_key,
        scope: scopes
            .first()
            .and_then(|scopes| scopes[0].as_str().map(str::to_owned)),
        is_open: security.is_empty() || security.iter().any(is_anybody),
        example: body.get("example").cloned(),
        members,
    }
}

/// Whether a way in asks for nothing.
fn is_anybody(way: &Value) -> bool {
    way.as_object().is_some_and(serde_json::Map::is_empty)
}

/// The words of which a value is one.
fn words(document: &Value, schema: &Value) -> Vec<String> {
    let schema = schema
        .get("items")
        .map_or(schema, |items| resolved(document, items));
    let words = schema["enum"].as_array().into_iter().flatten();
    words
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect()
}

fn collect(document: &Value, schema: &Value, members: &mut Vec<String>) {
    let schema = resolved(document, schema);
    for way in ["anyOf", "oneOf", "allOf"] {
        for one in schema[way].as_array().into_iter().flatten() {
            collect(document, one, members);
        }
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        members.push(name.clone());
        collect(document, member, members);
    }
    if let Some(item) = schema.get("items") {
        collect(document, item, members);
    }
}

impl Operation {
    /// Whether it shows what a shop has, and comes to an end. Figures of the server and the words of doctor and verify
    /// are no shop's, and a key has no session.
    pub(super) fn is_of_a_shop(&self) -> bool {
        let of_the_server = [
            "metrics",
            "doctor",
            "verify",
            "showErrorStats",
            "showSession",
            "listSessions",
            "listen",
        ];
        self.method == "GET" && self.scope.is_some() && !of_the_server.contains(&self.id.as_str())
    }

    /// Whether its path names something.
    pub(super) fn names_something(&self) -> bool {
        self.path.contains('{')
    }

    /// Its path with each thing in each place.
    pub(super) fn paths(&self, things: &BTreeMap<&'static str, Vec<String>>) -> Vec<String> {
        let mut paths = vec![String::new()];
        let mut before = "";
        for part in self.path.split('/').skip(1) {
            let values = match part.split_once('{') {
                None => vec![part.to_owned()],
                Some((_, rest)) => {
                    let (name, end) = rest.split_once('}').expect("it is closed");
                    let known = things.get(before).unwrap_or_else(|| {
                        panic!("{}: say which id {{{name}}} behind {before} is", self.path)
                    });
                    known.iter().map(|thing| format!("{thing}{end}")).collect()
                }
            };
            paths = paths
                .iter()
                .flat_map(|path| values.iter().map(move |value| format!("{path}/{value}")))
                .collect();
            before = part;
        }
        paths
    }
}
