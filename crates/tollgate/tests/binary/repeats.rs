//! docs/idempotency.md, held against the program: what a key does at every operation there is.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Client, Home, Request, Tollgate, fresh_key};

const DOCUMENT: &str = include_str!("../../../../docs/idempotency.md");

/// What becomes of an Idempotency-Key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kept {
    /// It must be there (K1).
    Required,
    /// It may be there, and the answer is kept.
    Optional,
    /// It is checked only.
    Checked,
}

/// The operations of the document, table by table.
fn documented() -> BTreeSet<(Kept, String)> {
    let mut tables = [Kept::Required, Kept::Optional, Kept::Checked].into_iter();
    let mut kept = None;
    let mut operations = BTreeSet::new();
    for line in DOCUMENT.lines() {
        if line.starts_with("| operation |") {
            kept = tables.next();
        }
        if let Some(rest) = line.strip_prefix("| `") {
            let (operation, _) = rest.split_once('`').expect("it ends");
            let kept = kept.expect("there are three tables");
            operations.insert((kept, operation.to_owned()));
        }
    }
    operations
}

/// Signing in is no operation of a key's: a session begins each time.
const SIGN_IN: &str = "POST /v1/session";

/// The POSTs that the nouns of the API declare.
fn declared_posts() -> BTreeSet<String> {
    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tollgate-server/src/api");
    let nouns = std::fs::read_dir(api).expect("it is a folder");
    let handlers = nouns.map(|noun| noun.expect("it is there").path().join("handlers.rs"));
    let mut declared = BTreeSet::new();
    for text in handlers.filter_map(|file| std::fs::read_to_string(file).ok()) {
        for operation in text.split(" post(").skip(1) {
            let path = operation.split('"').nth(1).expect("it has a path");
            declared.insert(format!("POST {path}"));
        }
    }
    declared
}

/// A request for an operation.
struct Asked {
    kept: Kept,
    operation: &'static str,
    path: String,
    body: Value,
}

/// A request for each operation, most of which the shop can do.
fn requests(client: &mut Client) -> Vec<Asked> {
    client.put("/v1/stock/A", &json!({ "on_hand": 10 }));
    let order = |code: &str| {
        json!({ "code": code, "currency": "IDR",
                "lines": [{ "sku": "A", "quantity": 1, "unit_amount": 1000 }],
                "payment": { "source": "manual", "reference": code } })
    };
    let made = client.create("/v1/orders", &order("R-1")).expect(201);
    let payment = made["payments"][0]["id"].as_str().expect("it has one");
    let lines = json!([{ "sku": "A", "quantity": 1 }]);
    let hold = json!({ "lines": lines, "seconds": 600 });
    let held = client.create("/v1/holds", &hold).expect(201);
    let held = held["id"].as_str().expect("it has one");
    let asked = |kept, operation: &'static str, id: &str, body: Value| Asked {
        kept,
        operation,
        path: operation
            .trim_start_matches("POST ")
            .trim_start_matches("PATCH ")
            .replace("{id}", id)
            .replace("{code}", "amount_unreadable")
            .replace("{sku}", "A"),
        body,
    };
    // Of what there is none, the decision is that there is none.
    let event = "evt_01kfjv7m00e008000000000001";
    let effect = "eff_01kfjv7m00e008000000000001";
    let endpoint = "ep_01kfjv7m00e008000000000001";
    let delivery = "dlv_01kfjv7m00e008000000000001";
    let (api_key, user) = (
        "key_01kfjv7m00e008000000000001",
        "usr_01kfjv7m00e008000000000001",
    );
    let none = || json!({});
    let trial = || json!({ "dry_run": true, "filter": {} });
    let money = json!({ "amount": 1000, "note": "cash" });
    let back = json!({ "amount": 10, "reason": "scratched" });
    let adjust = json!({ "delta": 1, "reason": "found" });
    let key = json!({ "name": "one", "scopes": ["read"] });
    let password = json!({ "password": "correct horse battery" });
    let person = json!({
        "email": "dewi@example.com", "name": "Dewi", "role": "viewer",
        "password": "correct horse battery",
    });
    let case = json!({ "url": "https://example.com/hook", "events": ["order.*"] });
    let settled = json!({ "as": "done", "reason": "seen" });
    let seen = json!({ "note": "seen" });
    let registered = json!({ "order": "R-1", "source": "manual", "reference": "R-1-again" });
    use Kept::{Checked, Optional, Required};
    vec![
        asked(Required, "POST /v1/orders", "", order("R-2")),
        asked(Required, "POST /v1/payments", "", registered),
        asked(Required, "POST /v1/payments/{id}/capture", payment, money),
        asked(Required, "POST /v1/payments/{id}/refund", payment, back),
        asked(
            Optional,
            "POST /v1/payments/{id}/attention/{code}/resolve",
            payment,
            json!({ "note": "seen" }),
        ),
        asked(
            Optional,
            "POST /v1/payments/{id}/receipts/correct",
            payment,
            none(),
        ),
        asked(Required, "POST /v1/stock/{sku}/adjust", "", adjust),
        asked(Required, "POST /v1/holds", "", hold),
        asked(Optional, "POST /v1/holds/{id}/release", held, none()),
        asked(Required, "POST /v1/orders/{id}/cancel", "R-2", none()),
        asked(
            Optional,
            "POST /v1/orders/{id}/attention/{code}/resolve",
            "R-1",
            seen,
        ),
        asked(
            Optional,
            "PATCH /v1/orders/{id}",
            "R-1",
            json!({ "note": "again" }),
        ),
        asked(Optional, "PATCH /v1/payments/{id}", payment, none()),
        asked(Optional, "POST /v1/events/{id}/replay", event, none()),
        asked(Optional, "POST /v1/effects/{id}/retry", effect, none()),
        asked(Optional, "POST /v1/effects/{id}/settle", effect, settled),
        asked(Checked, "POST /v1/keys", "", key),
        asked(Checked, "POST /v1/keys/{id}/rotate", api_key, none()),
        asked(Checked, "POST /v1/users", "", person),
        asked(Checked, "POST /v1/users/{id}/password", user, password),
        asked(Checked, "POST /v1/stream/tickets", "", none()),
        asked(Checked, "POST /v1/endpoints", "", case),
        asked(Checked, "POST /v1/endpoints/{id}/rotate", endpoint, none()),
        asked(Checked, "POST /v1/endpoints/{id}/test", endpoint, none()),
        asked(Checked, "POST /v1/payments/{id}/check", payment, none()),
        asked(Checked, "POST /v1/deliveries/{id}/verify", delivery, none()),
        asked(Checked, "POST /v1/events/replay", "", trial()),
        asked(Checked, "POST /v1/effects/retry", "", trial()),
    ]
}

/// K1, K2, K7 at every operation: what the document says of it is what it does.
#[test]
fn every_operation_does_with_a_key_what_the_document_says() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let asked = requests(&mut client);
    let tried: BTreeSet<_> = asked
        .iter()
        .map(|asked| (asked.kept, asked.operation.to_owned()))
        .collect();
    assert_eq!(tried, documented());
    let operations = tried.into_iter().map(|(_, operation)| operation);
    let mut posts: BTreeSet<String> = operations
        .filter(|operation| operation.starts_with("POST "))
        .collect();
    assert!(DOCUMENT.contains(SIGN_IN) && posts.insert(SIGN_IN.to_owned()));
    assert_eq!(
        posts,
        declared_posts(),
        "the document knows every operation"
    );

    for Asked {
        kept,
        operation,
        path,
        body,
    } in &asked
    {
        let post = || Request {
            method: operation.split(' ').next().expect("it has a method"),
            ..Request::post(path.as_str(), body)
        };
        let unreadable = client.call(&post().keyed("two words"));
        assert_eq!(
            unreadable.refused(400),
            "idempotency_key_invalid",
            "{operation}"
        );
        if *kept == Kept::Required {
            let bare = client.call(&post());
            assert_eq!(bare.refused(400), "idempotency_key_required", "{operation}");
        }
        let key = fresh_key();
        let [first, second] = [0, 1].map(|_| client.call(&post().keyed(&key)));
        let replayed = [&first, &second].map(|answer| answer.header("idempotency-replayed"));
        let case = format!("{operation}: {} and {}", first.text(), second.text());
        match kept {
            Kept::Required | Kept::Optional => {
                assert_eq!(replayed, [None, Some("true")], "{case}");
                assert_eq!(
                    (first.status, &first.body),
                    (second.status, &second.body),
                    "{case}"
                );
            }
            Kept::Checked => assert_eq!(replayed, [None, None], "{case}"),
        }
    }
    // Keys are shown once and each is there; what is there already is not made again.
    for (path, count) in [("/v1/keys", 2), ("/v1/endpoints", 1), ("/v1/users", 1)] {
        assert_eq!(client.list(path).len(), count, "{path}");
    }
    client.assert_calm();
}
