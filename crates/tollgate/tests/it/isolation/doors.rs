//! Who may do less: a viewer, an operator, nobody; and the door of another shop.

use serde_json::{Value, json};
use sha2::Digest;

use super::description::{Operation, operations};
use super::filled::Filled;
use crate::shop::{Answer, Shop};
use crate::sign_in::{Person, user};

/// What wants the scope `admin` of a key and an operator may do, too (docs/access.md, Roles).
const MENDING: &[&str] = &[
    "doctor",
    "listDeliveries",
    "listInstances",
    "replayEvent",
    "replayEvents",
    "retryEffect",
    "retryEffects",
    "settleEffect",
    "showDelivery",
    "verify",
    "verifyDelivery",
];

/// What is open to anyone.
const OPEN: &[&str] = &[
    "createFirstUser",
    "docs",
    "docsOfNoun",
    "docsStyle",
    "errorCodes",
    "healthz",
    "lookUpReceipt",
    "metrics",
    "openapi",
    "readyz",
    "receiptStyle",
    "signIn",
    "takeWebhook",
    "takeWebhookOfShop",
];

/// The path of an operation with nothing in its places.
fn path(operation: &Operation) -> String {
    operation.path.replace(['{', '}'], "")
}

fn wanted(operation: &Operation) -> (&str, &str) {
    (
        operation.id.as_str(),
        operation.scope.as_deref().unwrap_or(""),
    )
}

#[tokio::test]
async fn roles_do_what_the_description_lets_them() {
    let shop = Shop::open().await;
    let operations = operations(&shop).await;
    for id in MENDING {
        let mut known = operations.iter().map(wanted);
        assert!(
            known.any(|one| one == (*id, "admin")),
            "{id} is no operation"
        );
    }
    for role in ["viewer", "operator"] {
        let email = format!("{role}@example.com");
        user(&shop, &email, role, "main").await;
        let person = Person::of(&shop, &email, "main").await;
        let mut refused = 0;
        for operation in &operations {
            let may = match (role, wanted(operation)) {
                (_, (_, "" | "read")) | ("operator", (_, "write")) => true,
                ("operator", (id, _)) => MENDING.contains(&id),
                _ => false,
            };
            // What anyone may is tried without a key, and a stream has no end; signing out ends the walk.
            if operation.is_open || ["listen", "signOut"].contains(&operation.id.as_str()) {
                continue;
            }
            let body = json!({ "no": "member" });
            let answer = person
                .call(&shop, &operation.method, &path(operation), &body)
                .await;
            let is_refused = (answer.status, answer.code()) == (403, "scope_missing");
            assert_eq!(is_refused, !may, "{role}, {}: {answer:?}", operation.id);
            refused += u32::from(is_refused);
        }
        assert!(15 < refused, "{role}: {refused}");
    }
    shop.close().await;
}

#[tokio::test]
async fn nobody_gets_in_but_by_the_doors_that_are_documented_as_open() {
    let shop = Shop::open().await;
    let mut open = Vec::new();
    for operation in operations(&shop).await {
        // The stream is open to tickets.
        if operation.is_open && operation.id != "listen" {
            open.push(operation.id);
            continue;
        }
        let answer = shop
            .send(&operation.method, &path(&operation), &[], b"")
            .await;
        let refused = (answer.status, answer.code());
        let code = match operation.id.as_str() {
            "endOtherSessions" | "endSession" | "listSessions" | "showSession" | "signOut" => {
                "session_invalid"
            }
            _ => "key_missing",
        };
        let is_refused = refused == (401, code) || refused == (401, "key_missing");
        assert!(is_refused, "{}: {answer:?}", operation.id);
    }
    open.sort();
    assert_eq!(open, OPEN);
    shop.close().await;
}

/// A notification of Midtrans about a reference, signed with a key.
fn signed(reference: &str, key: &str) -> String {
    let hash = hex::encode(sha2::Sha512::digest(format!("{reference}20050.00{key}")));
    json!({
        "order_id": reference, "status_code": "200", "gross_amount": "50.00", "transaction_id": "t-tea",
        "transaction_status": "settlement", "fraud_status": "accept", "currency": "IDR", "signature_key": hash,
    })
    .to_string()
}

/// A source's secret opens the door of its shop and no other, and what comes there finds nothing of another shop.
#[tokio::test]
async fn a_webhook_is_about_the_shop_whose_door_it_came_by() {
    let main = Filled::open().await;
    main.tea().await;
    let before = main.seen().await;
    let send = async |door: &str, key: &str| -> Answer {
        let body = signed("zebra-paid", key);
        main.shop.send("POST", door, &[], body.as_bytes()).await
    };
    for (door, key) in [
        ("/webhooks/tea/midtrans", "server-key"),
        ("/webhooks/midtrans", "tea-key"),
    ] {
        let refused = send(door, key).await;
        assert_eq!(
            (refused.status, refused.code()),
            (401, "signature_invalid"),
            "{door}"
        );
        assert_eq!(main.told(&refused, &[]), None, "{refused:?}");
    }
    let taken = send("/webhooks/tea/midtrans", "tea-key").await;
    assert_eq!(taken.body["events"][0]["outcome"], "parked", "{taken:?}");
    let own = ["zebra-paid".to_owned()];
    assert_eq!(main.told(&taken, &own), None, "{taken:?}");
    // The refused one stands with main's refused deliveries and errors, whose door it was.
    let own = [
        "/v1/deliveries",
        "/v1/errors",
        "/v1/sources",
        "/v1/stats",
        "/v1/stats/series",
    ];
    for (path, shown) in main.seen().await {
        let is_own = own.iter().any(|own| path == *own);
        assert!(
            is_own || before[&path] == shown,
            "{path} is another: {shown}"
        );
    }
    main.shop.close().await;
}

/// Nothing is open by a receipt's token but that receipt.
#[tokio::test]
async fn a_token_shows_its_receipt_and_no_more() {
    let main = Filled::open().await;
    let headers = [("accept", "application/json")];
    for token in &main.things["r"] {
        let shown = main
            .shop
            .send("GET", &format!("/r/{token}"), &headers, b"")
            .await;
        assert_eq!(shown.status, 200, "{shown:?}");
        let others = main
            .words
            .iter()
            .filter(|word| word.contains('_') || word.as_str() == "okapi");
        for word in others {
            assert!(
                !shown.text.to_lowercase().contains(word),
                "{word} is told: {shown:?}"
            );
        }
        let beside = main
            .shop
            .send("GET", &format!("/r/{token}x"), &headers, b"")
            .await;
        assert_eq!((beside.status, &beside.body["data"]), (404, &Value::Null));
    }
    main.shop.close().await;
}
