//! The API's description, OpenAPI 3.1: written from the declarations of operations, bodies, views and codes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tollgate_core::word::Word;

use super::components::{self, named};
use super::messages;
use crate::api::router::nouns;
use crate::api::stream::TICKET_NAME;
use crate::http::operation::{Content, Good, MakeSchema, Noun, Operation, Parameter, Repeating};
use crate::http::problem::Code;
use crate::http::session;

/// The description, and what is made of it once.
pub(super) struct Description {
    pub(super) document: Value,
    /// As it is written: members in the order of their names.
    pub(super) text: String,
    /// Its entity tag.
    pub(super) tag: String,
}

/// The description of this version.
pub(super) static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
    let document = Writer::new().document();
    let text = format!("{document:#}\n");
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&text)[..16]));
    Description {
        document,
        text,
        tag,
    }
});

/// The API's description as `docs/openapi.json` has it.
pub fn openapi() -> &'static str {
    &DESCRIPTION.text
}

/// The names of the schemes by which callers come: programs, people, and pages that open a stream.
pub(super) const KEY_SCHEME: &str = "apiKey";
pub(super) const SESSION_SCHEME: &str = "session";
const TICKET_SCHEME: &str = "ticket";

fn security_schemes() -> Value {
    json!({
        KEY_SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "tg_…",
            "description": "An API key. It opens one shop, and has scopes: `read`, `write` (and what `read` may), \
                            `admin` (and everything).",
        },
        SESSION_SCHEME: {
            "type": "apiKey",
            "in": "cookie",
            "name": session::COOKIE,
            "description": "The cookie of a session, which `signIn` sets. The user's role stands for scopes: `viewer` \
                            reads, `operator` writes too and mends what is stuck, `admin` may do everything. What \
                            changes something wants the session's `csrf_token` as `X-CSRF-Token` besides. Beside a \
                            key it does not count.",
        },
        TICKET_SCHEME: {
            "type": "apiKey",
            "in": "query",
            "name": TICKET_NAME,
            "description": "A ticket, which `createTicket` gives: it opens one stream, within a minute, and has its \
                            own topics.",
        },
    })
}

/// Collects the schemas of what is asked and of what is answered: a member that may be left out of a request
/// may always be there in an answer.
struct Writer {
    asked: SchemaGenerator,
    answered: SchemaGenerator,
}

impl Writer {
    fn new() -> Writer {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        Writer {
            asked: settings.clone().into_generator(),
            answered: settings.for_serialize().into_generator(),
        }
    }

    fn document(mut self) -> Value {
        let nouns = nouns();
        let paths = self.paths(&nouns);
        let webhooks = messages::webhooks(|make| self.answer(make));
        let tags: Vec<Value> = nouns
            .iter()
            .map(|noun| json!({ "name": noun.name, "description": noun.about }))
            .collect();
        let mut schemas = self.asked.take_definitions(true);
        schemas.extend(self.answered.take_definitions(true));
        let mut document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Tollgate",
                "version": env!("CARGO_PKG_VERSION"),
                "summary": "Between payment providers and a shop.",
                "description": ABOUT,
                "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            },
            "servers": [{ "url": "/", "description": "The server that this comes from." }],
            "tags": tags,
            "paths": paths,
            "webhooks": webhooks,
            "components": {
                "schemas": schemas,
                "headers": components::headers(),
                "securitySchemes": security_schemes(),
            },
        });
        components::add_problem(&mut document);
        components::rename(&mut document);
        components::show_examples(&mut document);
        components::share_refusals(&mut document);
        document
    }

    fn paths(&mut self, nouns: &[Noun]) -> Value {
        let targets: BTreeMap<&str, Vec<Parameter>> = nouns
            .iter()
            .flat_map(|noun| &noun.operations)
            .map(|operation| (operation.id, operation.all_parameters()))
            .collect();
        let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for noun in nouns {
            for operation in &noun.operations {
                let method = operation.method.as_str().to_ascii_lowercase();
                let described = self.operation(noun, operation, &targets);
                let path = paths.entry(operation.path).or_default();
                path.insert(method, described);
            }
        }
        json!(paths)
    }

    fn answer(&mut self, make: MakeSchema) -> Value {
        make(&mut self.answered).to_value()
    }

    fn operation(
        &mut self,
        noun: &Noun,
        operation: &Operation,
        targets: &BTreeMap<&str, Vec<Parameter>>,
    ) -> Value {
        let mut described = json!({
            "operationId": operation.id,
            "summary": operation.summary,
            "tags": [noun.name],
            "security": security(operation),
            "responses": self.responses(operation, targets),
        });
        let about = about(operation);
        if !about.is_empty() {
            described["description"] = about.into();
        }
        let parameters: Vec<Value> = operation.all_parameters().iter().map(parameter).collect();
        if !parameters.is_empty() {
            described["parameters"] = parameters.into();
        }
        if let Some(make) = operation.taken.body {
            let schema = make(&mut self.asked).to_value();
            // No body is an empty object, which is too little where something has to be said.
            let name = named(&schema).unwrap_or_default();
            let definition = self.asked.definitions().get(name);
            let is_required = definition
                .is_some_and(|body| body.get("required").is_some() || body.get("anyOf").is_some());
            described["requestBody"] = json!({
                "required": is_required,
                "content": { "application/json": { "schema": schema } },
            });
        } else if operation.takes_bytes {
            described["requestBody"] = json!({
                "required": true,
                "content": { "*/*": {} },
            });
        }
        described
    }

    fn responses(
        &mut self,
        operation: &Operation,
        targets: &BTreeMap<&str, Vec<Parameter>>,
    ) -> Value {
        let mut responses = Map::new();
        for good in &operation.good {
            let answered = self.good(operation, good, targets);
            responses.insert(good.status.to_string(), answered);
        }
        let mut by_status: BTreeMap<u16, Vec<&Code>> = BTreeMap::new();
        for code in operation.codes() {
            by_status.entry(code.status).or_default().push(code);
        }
        for (status, codes) in by_status {
            let refused = components::refusal(status, &codes);
            match responses.get_mut(&status.to_string()) {
                // A page says no, too.
                Some(page) => {
                    let media = refused["content"].clone();
                    let content = page["content"].as_object_mut().expect("a page has content");
                    content.extend(media.as_object().cloned().unwrap_or_default());
                }
                None => {
                    responses.insert(status.to_string(), refused);
                }
            }
        }
        responses.into()
    }

    fn good(
        &mut self,
        operation: &Operation,
        good: &Good,
        targets: &BTreeMap<&str, Vec<Parameter>>,
    ) -> Value {
        let mut headers = json!({ "X-Request-Id": components::header("RequestId") });
        if matches!(
            operation.repeating,
            Some(Repeating::Required | Repeating::Kept)
        ) {
            headers["Idempotency-Replayed"] = components::header("IdempotencyReplayed");
        }
        if operation.taken.scope.is_some() {
            components::add_allowance(&mut headers);
        }
        for (name, about) in &good.headers {
            headers[*name] = json!({ "description": about, "schema": { "type": "string" } });
        }
        let mut content = Map::new();
        for one in &good.contents {
            let (media, described) = match one {
                Content::Nothing => continue,
                Content::Json(make) => {
                    ("application/json", json!({ "schema": self.answer(*make) }))
                }
                Content::Document(schema) => ("application/json", json!({ "schema": schema })),
                Content::Other(media) => (*media, json!({ "schema": { "type": "string" } })),
            };
            content.insert(media.to_owned(), described);
        }
        let mut answered = json!({ "description": good.about, "headers": headers });
        if !content.is_empty() {
            answered["content"] = content.into();
        }
        let is_first = operation
            .good
            .first()
            .is_some_and(|first| first.status == good.status);
        if is_first && !operation.links.is_empty() {
            answered["links"] = links(operation, targets);
        }
        answered
    }
}

/// What is said of the whole.
const ABOUT: &str = "Money is a whole number in the currency's minor units: `15000000` `IDR` is Rp 150 000,00. Times \
    are RFC 3339, in UTC. A member or a query parameter that is not documented here is refused, and so is one that \
    stands twice. `null` stands for an optional member of a request that is left out. Whatever is refused is a \
    problem document (RFC 9457); its `code` never changes, and `/docs/errors` says what to do about it. A request \
    that takes an `Idempotency-Key` can be repeated with it.";

fn about(operation: &Operation) -> String {
    let scope = match operation.taken.scope {
        Some(_) if operation.is_of_session => {
            "Wants the cookie of a session; a key is 401 `session_invalid`.".to_owned()
        }
        Some(scope) => format!("Wants a key with the scope `{}`.", scope.word()),
        None => String::new(),
    };
    let parts = [operation.about, &scope];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

fn security(operation: &Operation) -> Value {
    let Some(scope) = operation.taken.scope else {
        return json!([]);
    };
    let scopes = [scope.word()];
    let mut ways = Vec::new();
    if operation.taken.key_is_optional {
        ways.push(json!({}));
    }
    if !operation.is_of_session {
        ways.push(json!({ KEY_SCHEME: scopes }));
    }
    ways.push(json!({ SESSION_SCHEME: scopes }));
    if operation.taken.takes_ticket {
        ways.push(json!({ TICKET_SCHEME: scopes }));
    }
    ways.into()
}

fn parameter(parameter: &Parameter) -> Value {
    let mut described = json!({
        "name": parameter.name,
        "in": parameter.place.word(),
        "description": parameter.about,
        "required": parameter.is_required,
        "schema": parameter.schema(),
    });
    if !parameter.example.is_empty() {
        described["example"] = parameter.example_value();
    }
    described
}

fn links(operation: &Operation, targets: &BTreeMap<&str, Vec<Parameter>>) -> Value {
    let links = operation.links.iter().map(|link| {
        let parameters = targets.get(link.operation);
        let parameters = parameters.unwrap_or_else(|| panic!("{} is no operation", link.operation));
        let parameter = parameters.iter().find(|known| known.name == link.parameter);
        let parameter =
            parameter.unwrap_or_else(|| panic!("{} has no {}", link.operation, link.parameter));
        let name = format!("{}.{}", parameter.place.word(), link.parameter);
        let described = json!({
            "operationId": link.operation,
            "parameters": { name: format!("$response.body#{}", link.member) },
        });
        (link.operation.to_owned(), described)
    });
    links.collect::<Map<String, Value>>().into()
}
