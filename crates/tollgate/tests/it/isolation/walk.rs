//! Somebody of another shop who tries every operation, and is told nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::filled::{Filled, Headers};
use super::requests::{Expected, Request};
use crate::shop::Answer;

/// What is tried by tests of its own: a stream has no end, a token is the right to see its receipt, and a webhook
/// comes from a provider.
pub(super) const ELSEWHERE: &[&str] = &[
    "listen",
    "lookUpReceipt",
    "takeWebhook",
    "takeWebhookOfShop",
];

/// What says what the caller itself was refused or has done, so its own words of before.
const OF_THE_CALLER: &[&str] = &["listErrors", "listAudit", "showErrorStats"];

/// Whoever tries.
pub(super) struct Walk<'m> {
    main: &'m Filled,
    headers: Headers,
    number: u32,
    tried: BTreeSet<String>,
    /// Names of main's that the caller's shop has things by, too.
    put: Vec<String>,
    /// All of main that the caller has named.
    said: Vec<String>,
    /// What was not as it has to be.
    wrong: Vec<String>,
}

impl Walk<'_> {
    pub(super) fn of(main: &Filled, headers: Headers) -> Walk<'_> {
        Walk {
            main,
            headers,
            number: 0,
            tried: BTreeSet::new(),
            put: Vec::new(),
            said: Vec::new(),
            wrong: Vec::new(),
        }
    }

    /// Every operation, first to look and then to change. What says what the caller did comes first.
    pub(super) async fn every_operation(mut self) {
        let main = self.main;
        let here = |id: &str| !ELSEWHERE.contains(&id);
        let operations = main.operations.iter().filter(|one| here(&one.id));
        let (first, others): (Vec<_>, Vec<_>) =
            operations.partition(|one| OF_THE_CALLER.contains(&one.id.as_str()));
        let all = || first.iter().chain(&others);
        for request in all().filter_map(|one| one.plain()) {
            self.try_out(&request).await;
        }
        for request in all().flat_map(|one| one.reads(main)) {
            self.try_out(&request).await;
        }
        let mut writes: Vec<Request> = all().flat_map(|one| one.writes(main)).collect();
        // What has main's names is made after nothing was found by them, and signing out ends everything.
        writes.sort_by_key(|one| (one.operation == "signOut", one.expected == Expected::Own));
        let last = writes.pop().expect("one signs out");
        for request in &writes {
            self.try_out(request).await;
        }
        for request in all().filter_map(|one| one.plain()) {
            self.try_out(&request).await;
        }
        self.try_out(&last).await;
        for operation in &main.operations {
            assert!(
                self.tried.contains(&operation.id) || !here(&operation.id),
                "{} is not tried",
                operation.id
            );
        }
        assert!(
            self.wrong.is_empty(),
            "{} are wrong:\n{}",
            self.wrong.len(),
            self.wrong.join("\n\n")
        );
    }

    async fn try_out(&mut self, request: &Request) {
        let key = format!("key-{}", self.number);
        let answer = self.send(request, &key).await;
        // Main has used these keys, too.
        self.number += u32::from(request.takes_key);
        self.tried.insert(request.operation.clone());
        let carried = self.main.carried(request);
        self.said.extend(carried.clone());
        let mut allowed = carried.clone();
        allowed.extend(self.put.clone());
        if OF_THE_CALLER.contains(&request.operation.as_str()) {
            allowed.extend(self.said.clone());
            let rows = answer.body["data"].as_array().into_iter().flatten();
            let mut shops = rows.filter_map(|row| row.get("shop"));
            assert!(shops.all(|shop| shop == "tea"), "{request:?}: {answer:?}");
        }
        if let Some(word) = self.main.told(&answer, &allowed) {
            self.wrong
                .push(format!("{word} is told: {request:?}\n{answer:?}"));
        }
        if let Some(why) = unexpected(request, &answer) {
            self.wrong.push(format!("{why}: {request:?}\n{answer:?}"));
        }
        if request.expected == Expected::Own && !request.body.is_null() {
            self.put.extend(carried);
        }
    }

    async fn send(&self, request: &Request, key: &str) -> Answer {
        let mut headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        if request.takes_key {
            headers.push(("idempotency-key", key));
        }
        let body = match &request.body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let shop = &self.main.shop;
        shop.send(&request.method, &request.path, &headers, body.as_bytes())
            .await
    }

    /// The request that has made main's order, with its key: it is no repetition here.
    pub(super) async fn repeats_what_main_did(&self) {
        let (body, key) = &self.main.repeated;
        let request = Request {
            operation: "createOrder".to_owned(),
            method: "POST".to_owned(),
            path: "/v1/orders".to_owned(),
            body: body.clone(),
            takes_key: true,
            expected: Expected::Refused,
        };
        let answer = self.send(&request, key).await;
        let carried = self.main.carried(&request);
        assert_eq!(self.main.told(&answer, &carried), None, "{answer:?}");
        assert_eq!(unexpected(&request, &answer), None, "{answer:?}");
    }
}

/// What is wrong with an answer.
fn unexpected(request: &Request, answer: &Answer) -> Option<&'static str> {
    let status = answer.status;
    let is_refused = (400..500).contains(&status);
    let holds = match request.expected {
        Expected::Absent => status == 404,
        Expected::Refused => is_refused,
        Expected::Nothing => {
            let body = &answer.body;
            let counts = ["events", "effects"].map(|name| body.get(name).cloned());
            is_refused || body["data"] == json!([]) || counts.contains(&Some(json!(0)))
        }
        Expected::Own => status < 500,
    };
    let captured = answer.body.get("captured_amount");
    if !holds {
        return Some("it is answered otherwise");
    }
    if answer.code() == "idempotency_key_reused" || answer.header("idempotency-replayed").is_some()
    {
        return Some("main has used the key");
    }
    captured
        .is_some_and(|captured| captured != 0)
        .then_some("main's money is taken for it")
}
