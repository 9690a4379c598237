//! The description: that it is fresh, that nothing is left out of it, and that its examples are some.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::description::DESCRIPTION;
use crate::api::router::nouns;
use crate::http::operation::{Operation, Place};

fn every(mut check: impl FnMut(&Operation)) {
    let nouns = nouns();
    nouns
        .iter()
        .flat_map(|noun| &noun.operations)
        .for_each(&mut check);
}

#[test]
fn the_description_in_docs_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == DESCRIPTION.text,
        "docs/openapi.json is of before: cargo run -- openapi > docs/openapi.json"
    );
}

/// Routes are made of declarations, so none is left out, as long as nobody makes one by another way.
#[test]
fn a_path_that_is_no_operation_leads_nowhere() {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("it is a folder") {
            let path = entry.expect("it can be read").path();
            match path.is_dir() {
                true => collect(&path, files),
                false => files.push(path),
            }
        }
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&source, &mut files);
    let routing: BTreeSet<String> = files
        .iter()
        .filter(|file| {
            let text = std::fs::read_to_string(file).expect("it can be read");
            let text = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
            ["axum::routing", "MethodRouter", ".route_service(", ".nest"]
                .iter()
                .any(|word| text.contains(word))
        })
        .filter(|file| !file.ends_with("tests.rs"))
        .map(|file| {
            file.strip_prefix(&source)
                .expect("it is in there")
                .display()
                .to_string()
        })
        .collect();
    let expected = BTreeSet::from(["http/operation/mod.rs".to_owned()]);
    assert_eq!(routing, expected, "others make routes");
}

#[test]
fn every_operation_says_all_of_itself() {
    let mut ids = BTreeSet::new();
    let mut places = BTreeSet::new();
    every(|operation| {
        let id = operation.id;
        assert!(ids.insert(id), "{id:?} stands twice");
        assert!(
            places.insert((operation.method.to_string(), operation.path)),
            "{id}"
        );
        assert!(
            !operation.summary.is_empty() && !operation.summary.ends_with('.'),
            "{id}"
        );
        assert!(
            operation.about.is_empty() || operation.about.ends_with('.'),
            "{id}"
        );
        assert!(!operation.good.is_empty(), "{id} answers nothing");
        // A signature that takes a key or filters says what becomes of them, and none other does.
        assert_eq!(
            operation.taken.reads_key,
            operation.repeating.is_some(),
            "{id}: the key"
        );
        let parameters = operation.all_parameters();
        let queries = parameters
            .iter()
            .filter(|one| one.place == Place::Query)
            .count();
        assert!(
            queries == 0 || operation.taken.reads_query,
            "{id}: no handler reads its query"
        );
        let named: BTreeSet<&str> = operation
            .path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect();
        let declared: BTreeSet<&str> = parameters
            .iter()
            .filter(|one| one.place == Place::Path)
            .map(|one| one.name)
            .collect();
        assert_eq!(named, declared, "{id}: parts of its path");
        for parameter in parameters {
            let name = parameter.name;
            assert!(
                parameter.about.ends_with('.'),
                "{id}: {name} is not described"
            );
            let is_needed = parameter.is_required && name != "token";
            assert!(
                !is_needed || !parameter.example.is_empty(),
                "{id}: {name} has no example"
            );
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if parameter.place == Place::Path {
                assert!(
                    parameter.example.bytes().all(is_plain),
                    "{id}: {name} has to be encoded"
                );
            }
        }
    });
    assert!(60 < ids.len(), "{}", ids.len());
}

#[test]
fn every_member_says_what_it_is() {
    fn check(at: &str, schema: &Value) {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let is_described = member["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty());
            assert!(is_described, "{at}.{name} has no doc comment");
        }
    }
    let schemas = DESCRIPTION.document["components"]["schemas"].as_object();
    let schemas = schemas.expect("it has schemas");
    for (name, schema) in schemas {
        assert!(
            schema["description"].is_string(),
            "{name} has no doc comment"
        );
        assert!(
            !name.ends_with(|last: char| last.is_ascii_digit()),
            "{name}: two are called so"
        );
        check(name, schema);
        let is_choice = schema.get("properties").is_none();
        let choices = schema["anyOf"].as_array().filter(|_| is_choice);
        choices
            .into_iter()
            .flatten()
            .for_each(|choice| check(name, choice));
    }
}

/// A body that is sent, and a view that is shown, has an example with all that must be there and nothing else.
#[test]
fn every_body_and_every_view_has_an_example() {
    let document = &DESCRIPTION.document;
    let mut count = 0;
    let mut check = |at: &str, media: &Value| {
        let Some(path) = media["schema"]["$ref"].as_str() else {
            return;
        };
        let schema = document
            .pointer(path.trim_start_matches('#'))
            .expect("it is there");
        let has_members = schema["properties"]
            .as_object()
            .is_some_and(|members| !members.is_empty());
        let Some(example) = media["example"].as_object() else {
            assert!(!has_members, "{at}: {path} has no example");
            return;
        };
        let known = schema["properties"].as_object().expect("it has members");
        for name in example.keys() {
            assert!(known.contains_key(name), "{at}: {path} has no {name}");
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().expect("it is a name");
            assert!(
                example.contains_key(name),
                "{at}: the example of {path} lacks {name}"
            );
        }
        count += 1;
    };
    let paths = document["paths"].as_object().expect("it has paths");
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let at = format!("{method} {path}");
            check(
                &at,
                &operation["requestBody"]["content"]["application/json"],
            );
            for answer in operation["responses"]
                .as_object()
                .into_iter()
                .flat_map(|all| all.values())
            {
                check(&at, &answer["content"]["application/json"]);
            }
        }
    }
    assert!(60 < count, "{count} examples");
}

#[test]
fn every_message_of_a_merchants_endpoint_is_described() {
    use tollgate_core::timeline::EntryKind;
    use tollgate_core::word::Word;
    let webhooks = DESCRIPTION.document["webhooks"]
        .as_object()
        .expect("it has webhooks");
    let public = EntryKind::ALL.iter().filter(|kind| kind.is_public());
    let mut expected: BTreeSet<&str> = public.map(|kind| kind.word()).collect();
    expected.insert("endpoint.test");
    assert_eq!(
        webhooks.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        expected
    );
    let order = &webhooks["order.paid"]["post"]["requestBody"]["content"]["application/json"];
    let data = &order["schema"]["properties"]["data"]["$ref"];
    assert_eq!(data, "#/components/schemas/Order");
}
