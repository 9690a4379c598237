//! Effects: listed, shown, tried again one by one and many at once, settled by hand.

use serde_json::{Value, json};
use tollgate_core::command::Settlement;
use tollgate_core::effect::{EffectState, StoredEffect};
use tollgate_core::id::EffectId;

use crate::access::key;
use crate::database::Database;
use crate::shop::{Answer, Shop};
use crate::workshop::Workshop;

fn dead() -> Settlement {
    Settlement::Dead {
        reason: "nobody answers".to_owned(),
        skip: false,
    }
}

fn unknown() -> Settlement {
    Settlement::Unknown {
        reason: "the connection broke".to_owned(),
    }
}

/// Receipts of three payments, in the order of the payments, all claimed.
async fn three_claimed(workshop: &Workshop) -> Vec<(EffectId, StoredEffect)> {
    let mut ids = Vec::new();
    for reference in ["cash-1", "cash-2", "cash-3"] {
        workshop.cash(reference, 5000).await;
        let claimed = workshop.claim_receipts().await;
        assert_eq!(claimed.len(), 1, "{claimed:?}");
        ids.extend(claimed);
    }
    ids
}

fn ids(answer: &Answer) -> Vec<String> {
    let ids = answer.body["ids"].as_array().into_iter().flatten();
    ids.map(|id| id.as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn an_effect_is_shown_with_its_attempts_and_tried_again() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let workshop = Workshop::open(&database);
    let claimed = three_claimed(&workshop).await;
    workshop.settle(&claimed[0], dead()).await;
    workshop.settle(&claimed[1], Settlement::Done).await;
    workshop.close().await;
    let shop = Shop::on(&database).await;
    let (_, reader) = key(&shop, &["read"], None).await;
    let reading = [("authorization", reader.as_str())];

    let order = async |query: &str| -> Vec<String> {
        let listed = shop.get(&format!("/v1/effects?{query}")).await;
        let data = listed.body["data"]
            .as_array()
            .unwrap_or_else(|| panic!("{listed:?}"));
        data.iter()
            .map(|effect| effect["id"].as_str().expect("a text").to_owned())
            .collect()
    };
    let mut all = order("kind=receipt").await;
    assert_eq!(all.len(), 3);
    assert_eq!(order("kind=receipt,mail&state=dead,done,leased").await, all);
    assert_eq!(order("kind=receipt&kind=mail").await, all);
    let target = shop.get(&format!("/v1/effects/{}", all[0])).await.body["target"].clone();
    let target = target.as_str().expect("a text");
    assert_eq!(order(&format!("target={target}")).await, all);
    assert_eq!(order(&format!("target={}*", &target[..3])).await, all);
    assert_eq!(
        order(&format!("target={}", &target[..3])).await,
        Vec::<String>::new()
    );
    let oldest = order("kind=receipt&sort=asc&limit=2").await;
    all.reverse();
    assert_eq!(oldest, all[..2]);
    let listed = shop.get("/v1/effects?kind=receipt&state=dead").await;
    let data = listed.body["data"].as_array().expect("it is a list");
    assert_eq!(data.len(), 1, "{listed:?}");
    let id = claimed[0].0.to_string();
    assert_eq!(data[0]["id"], json!(id));
    assert_eq!(data[0].get("attempts"), None, "a list is short");
    for (filter, count) in [("kind=mail", 0), ("state=done", 1), ("", 3)] {
        let listed = shop.get(&format!("/v1/effects?{filter}")).await;
        let data = listed.body["data"].as_array().expect("it is a list");
        assert_eq!(data.len(), count, "{filter}");
    }
    let refused = shop.get("/v1/effects?state=over").await;
    assert_eq!(refused.pointers(), ["?state"]);
    let first = shop.get("/v1/effects?limit=2").await;
    let next = first.body["next_cursor"].as_str().expect("there is more");
    let rest = shop
        .get(&format!("/v1/effects?limit=2&cursor={next}"))
        .await;
    assert_eq!(rest.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        rest.body["data"][0]["id"],
        json!(id),
        "the oldest is the last"
    );

    let shown = shop.get(&format!("/v1/effects/{id}")).await.body;
    let content = &shown["content"];
    assert_eq!(shown["kind"], "receipt");
    assert_eq!(shown["state"], "dead");
    assert_eq!(shown["target"], "receipt");
    assert_eq!(shown["tries"], 1);
    assert_eq!(shown["reason"], "nobody answers");
    assert_eq!(shown["due_at"], Value::Null);
    assert!(shown["settled_at"].is_string() && shown["created_at"].is_string());
    assert!(
        shown["key"]
            .as_str()
            .is_some_and(|key| key.starts_with("receipt:sale:")),
        "{shown:#}"
    );
    assert_eq!(content["amount"], 5000);
    assert_eq!(content["currency"], "IDR");
    assert_eq!(content["of"], "sale");
    assert!(
        content["payment_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("pay_"))
    );
    let attempt = &shown["attempts"][0];
    assert_eq!(attempt["duration_ms"], 12);
    assert_eq!(attempt["status"], 500);
    assert_eq!(attempt["error"], "it did not work");
    assert!(
        attempt["response_head"]
            .as_str()
            .is_some_and(|head| head.contains("what they said"))
    );
    let seen = shop
        .send("GET", &format!("/v1/effects/{id}"), &reading, b"")
        .await;
    assert_eq!(seen.body["attempts"][0]["status"], 500);
    assert!(!seen.text.contains("what they said"), "{}", seen.text);

    let retry = format!("/v1/effects/{id}/retry");
    let refused = shop.send("POST", &retry, &reading, b"{}").await;
    assert_eq!((refused.status, refused.code()), (403, "scope_missing"));
    let retried = shop.post(&retry, &json!({})).await;
    assert_eq!(retried.status, 202, "{retried:?}");
    assert_eq!(retried.body["id"], json!(id));
    assert_eq!(retried.body["state"], "pending");
    assert_eq!(retried.body["tries"], 0);
    assert!(retried.body["due_at"].is_string(), "{retried:?}");
    for (of, state) in [(&claimed[1].0, "done"), (&claimed[2].0, "leased")] {
        let refused = shop
            .post(&format!("/v1/effects/{of}/retry"), &json!({}))
            .await;
        assert_eq!((refused.status, refused.code()), (409, "effect_state"));
        assert_eq!(refused.body["state"], state);
    }
    let missing = shop.post("/v1/effects/eff_1/retry", &json!({})).await;
    assert_eq!((missing.status, missing.code()), (404, "not_found"));
    shop.close().await;
}

#[tokio::test]
async fn only_an_unknown_outcome_is_settled_by_hand() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = Shop::on(&database).await;
    let body = json!({
        "code": "Z-1", "currency": "IDR",
        "lines": [{ "sku": "A", "stocked": false, "quantity": 1, "unit_amount": 5000 }],
    });
    let order = shop.post("/v1/orders", &body).await;
    assert_eq!(order.status, 201, "{order:?}");
    let body = json!({ "order": "Z-1", "source": "manual", "reference": "cash-0" });
    let payment = shop.post("/v1/payments", &body).await;
    let payment = payment.body["id"]
        .as_str()
        .expect("it has an id")
        .to_owned();
    shop.close().await;
    let workshop = Workshop::open(&database);
    let payment = payment.parse().expect("it is an id");
    workshop.capture(payment, 5000).await;
    let of_order = workshop.claim_receipts().await;
    workshop.settle(&of_order[0], unknown()).await;
    let others = three_claimed(&workshop).await;
    workshop.settle(&others[0], unknown()).await;
    workshop.settle(&others[1], dead()).await;
    workshop.close().await;

    let shop = Shop::on(&database).await;
    let id = of_order[0].0.to_string();
    let listed = shop.get("/v1/effects?order=Z-1&state=unknown").await;
    assert_eq!(listed.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed.body["data"][0]["id"], json!(id));
    let nothing = shop.get("/v1/effects?order=Z-2").await;
    assert_eq!(nothing.body["data"], json!([]));
    let done = json!({ "as": "done", "reason": "the customer has it" });
    let refused = shop
        .post(&format!("/v1/effects/{}/settle", others[1].0), &done)
        .await;
    assert_eq!((refused.status, refused.code()), (409, "effect_state"));
    assert_eq!(refused.body["state"], "dead");
    let without = shop
        .post(
            &format!("/v1/effects/{id}/settle"),
            &json!({ "as": "gone" }),
        )
        .await;
    assert_eq!(without.pointers(), ["/as", "/reason"]);
    let settled = shop.post(&format!("/v1/effects/{id}/settle"), &done).await;
    assert_eq!(settled.status, 200, "{settled:?}");
    assert_eq!(settled.body["state"], "done");
    assert_eq!(settled.body["reason"], "the customer has it");
    let given_up = json!({ "as": "dead", "reason": "it never came" });
    let settled = shop
        .post(&format!("/v1/effects/{}/settle", others[0].0), &given_up)
        .await;
    assert_eq!(settled.body["state"], "dead");
    let timeline = shop.get("/v1/orders/Z-1/timeline").await;
    let lines = timeline.body["data"].as_array().expect("it is a list");
    for kind in ["effect.unknown", "effect.settled"] {
        let line = lines.iter().find(|line| line["kind"] == kind);
        let line = line.unwrap_or_else(|| panic!("no {kind} in {timeline:?}"));
        assert_eq!(line["effect_id"], json!(id), "{line:#}");
        assert_eq!(line["detail"].get("effect"), None, "it is shown once");
    }
    assert!(
        lines
            .iter()
            .all(|line| line["kind"] != "order.paid" || line.get("effect_id").is_none()),
        "only what is about an effect names one"
    );
    shop.close().await;
}

/// F13.
#[tokio::test]
async fn many_are_tried_again_exactly_as_shown_and_what_is_skipped_is_said() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let workshop = Workshop::open(&database);
    let claimed = three_claimed(&workshop).await;
    // Given up in another order than they were decided in.
    for place in [2, 0, 1] {
        workshop.settle(&claimed[place], dead()).await;
    }
    let late = {
        workshop.cash("cash-4", 5000).await;
        workshop.claim_receipts().await
    };
    workshop.settle(&late[0], unknown()).await;
    workshop.close().await;
    let shop = Shop::on(&database).await;
    let path = "/v1/effects/retry";
    let decided: Vec<String> = claimed.iter().map(|(id, _)| id.to_string()).collect();

    let trial = json!({ "filter": { "kind": "receipt" }, "dry_run": true });
    let shown = shop.post(path, &trial).await;
    assert_eq!(shown.status, 202, "{shown:?}");
    assert_eq!(ids(&shown), decided, "in the order they were decided in");
    assert_eq!(shown.body["effects"], 3);
    assert_eq!(shown.body["more"], false);
    assert_eq!(shown.body["dry_run"], true);
    let still = shop.get("/v1/effects?state=dead").await;
    assert_eq!(
        still.body["data"].as_array().map(Vec::len),
        Some(3),
        "a trial changes nothing"
    );
    for (filter, count) in [
        (json!({ "target": "receipt" }), 3),
        (json!({ "target": "mail" }), 0),
        (json!({ "state": "unknown" }), 1),
        (json!({ "kind": "mail" }), 0),
    ] {
        let trial = json!({ "filter": filter, "dry_run": true });
        assert_eq!(ids(&shop.post(path, &trial).await).len(), count, "{filter}");
    }

    // A person settles what was shown, and something else is not to be touched.
    let reversed: Vec<&String> = decided.iter().rev().collect();
    let missing = "eff_01j5h5q2rsfzk9n8x0t3q4w5e6";
    let unknown = late[0].0.to_string();
    let mut named: Vec<&str> = reversed.iter().take(2).map(|id| id.as_str()).collect();
    named.extend([missing, unknown.as_str()]);
    let body = json!({ "filter": { "kind": "receipt" }, "ids": named });
    let retried = shop.post(path, &body).await;
    assert_eq!(retried.status, 202, "{retried:?}");
    assert_eq!(
        ids(&retried),
        decided[1..],
        "in the order they were decided in"
    );
    let skipped = &retried.body["skipped"];
    assert_eq!(
        skipped,
        &json!([
            { "id": missing, "state": null, "code": "not_found" },
            { "id": unknown, "state": "unknown", "code": "not_meant" },
        ])
    );
    let shown = shop.get(&format!("/v1/effects/{unknown}")).await;
    assert_eq!(shown.body["state"], "unknown");
    let left = shop.get("/v1/effects?state=dead").await;
    assert_eq!(left.body["data"][0]["id"], json!(decided[0]));
    assert_eq!(left.body["data"].as_array().map(Vec::len), Some(1));
    for body in [
        json!({ "filter": {}, "ids": [] }),
        json!({ "filter": {}, "ids": [missing, missing] }),
        json!({ "filter": { "state": "done" } }),
    ] {
        let refused = shop.post(path, &body).await;
        assert_eq!(refused.code(), "request_invalid", "{body}");
    }
    shop.close().await;
}

/// What a claim has, nothing else moves.
#[tokio::test]
async fn what_a_worker_has_is_not_tried_again() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let workshop = Workshop::open(&database);
    workshop.cash("cash-1", 5000).await;
    let claimed = workshop.claim_receipts().await;
    assert_eq!(claimed[0].1.state, EffectState::Leased);
    workshop.close().await;
    let shop = Shop::on(&database).await;
    let id = claimed[0].0.to_string();
    let body = json!({ "filter": { "state": "pending" }, "ids": [id] });
    let retried = shop.post("/v1/effects/retry", &body).await;
    assert_eq!(ids(&retried), Vec::<String>::new());
    assert_eq!(retried.body["skipped"][0]["state"], "leased");
    shop.close().await;
}
