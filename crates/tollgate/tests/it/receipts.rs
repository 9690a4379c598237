//! Receipts: pending, issued, as a file, and for anyone who has its link.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::access::key;
use crate::database::Database;
use crate::shop::Shop;
use crate::workshop::Workshop;

const PDF: &[u8] = b"%PDF-1.7 and so on";
const TOKEN: &str = "a-token-that-nobody-guesses";

/// What is frozen of a receipt, as far as it is looked into.
fn document(number: &str) -> String {
    json!({
        "number": number, "kind": "sale", "issued_at": "2026-01-22T10:00:00Z",
        "timezone": "Asia/Jakarta", "locale": "id",
        "seller": { "name": "Batik & Co", "tax_id": "01.234" },
        "buyer": { "name": "Dewi", "email": "dewi@example.com" },
        "amount": 5000, "currency": "IDR", "lines": [],
        "payment": { "reference": "cash-1", "source": "manual" },
    })
    .to_string()
}

/// A shop with two receipts of payments without orders: the first issued, the second pending, held by
/// a worker that takes its time. The payments' ids with it.
async fn shop_with_receipts(database: &Database) -> (Shop, [String; 2]) {
    let workshop = Workshop::open(database);
    let mut payments = Vec::new();
    for reference in ["cash-1", "cash-2"] {
        let root = workshop.cash(reference, 5000).await;
        payments.push(root.payments[0].id.to_string());
        let claimed = workshop.claim_receipts().await;
        if reference == "cash-1" {
            let number = root.receipts[0].number.map(|number| number.to_string());
            let document = document(number.as_deref().unwrap_or("R-2026-000001"));
            workshop.issue(&claimed[0], &document, PDF, TOKEN).await;
        }
    }
    workshop.close().await;
    let payments = payments.try_into().expect("there are two");
    (Shop::on(database).await, payments)
}

async fn receipt_of(shop: &Shop, payment: &str) -> Value {
    let listed = shop.get(&format!("/v1/payments/{payment}/receipts")).await;
    let data = listed.body["data"].as_array().expect("it is a list");
    assert_eq!(data.len(), 1, "{listed:?}");
    data[0].clone()
}

#[tokio::test]
async fn a_receipt_is_pending_until_its_file_is_there() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let (shop, [issued, pending]) = shop_with_receipts(&database).await;
    let sha256 = hex::encode(Sha256::digest(PDF));
    let receipt = receipt_of(&shop, &issued).await;
    let id = receipt["id"].as_str().expect("it has an id");
    assert_eq!(
        receipt,
        json!({
            "id": id, "number": "R-2026-000001", "kind": "sale", "order_id": null,
            "payment_id": issued, "amount": 5000, "currency": "IDR", "state": "issued",
            "issued_at": "2026-01-22T10:00:00.000Z", "sha256": sha256,
            "pdf": format!("/v1/receipts/{id}.pdf"),
        })
    );
    let shown = shop.get(&format!("/v1/receipts/{id}")).await.body;
    assert_eq!(shown["seller"]["name"], "Batik & Co", "as it was frozen");
    assert_eq!(shown["buyer"]["name"], "Dewi");
    assert_eq!(shown["state"], "issued");
    assert_eq!(shown["sha256"], json!(sha256));
    let file = shop.get(&format!("/v1/receipts/{id}.pdf")).await;
    assert_eq!((file.status, file.text.as_bytes()), (200, PDF));
    let tag = format!("\"{sha256}\"");
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("etag", tag.as_str()),
        (
            "content-disposition",
            "inline; filename=\"R-2026-000001.pdf\"",
        ),
    ] {
        assert_eq!(file.header(name), Some(value), "{name}");
    }
    let bearer = format!("Bearer {}", crate::shop::KEY);
    let path = format!("/v1/receipts/{id}.pdf");
    for (known, status) in [(tag.as_str(), 304), ("\"other\"", 200)] {
        let headers = [("authorization", bearer.as_str()), ("if-none-match", known)];
        let answer = shop.send("GET", &path, &headers, b"").await;
        assert_eq!(answer.status, status, "{known}");
    }

    let receipt = receipt_of(&shop, &pending).await;
    assert_eq!(receipt["number"], "R-2026-000002");
    assert_eq!(receipt["state"], "pending");
    for name in ["issued_at", "sha256", "pdf"] {
        assert_eq!(receipt[name], Value::Null, "{name}");
    }
    let id = receipt["id"].as_str().expect("it has an id");
    let shown = shop.get(&format!("/v1/receipts/{id}")).await;
    assert_eq!(
        (shown.status, &shown.body["state"]),
        (200, &json!("pending"))
    );
    let none = shop.get(&format!("/v1/receipts/{id}.pdf")).await;
    assert_eq!((none.status, none.code()), (404, "not_found"));
    let detail = none.body["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("pending"), "{detail}");

    let (_, tea) = key(&shop, &["admin"], Some("tea")).await;
    let headers = [("authorization", tea.as_str())];
    for path in [
        format!("/v1/receipts/{id}"),
        format!("/v1/payments/{pending}/receipts"),
        format!("/v1/refunds?payment={pending}"),
    ] {
        let foreign = shop.send("GET", &path, &headers, b"").await;
        assert_eq!(foreign.status, 404, "{path}");
    }
    shop.close().await;
}

#[tokio::test]
async fn anybody_who_holds_a_receipt_can_see_that_it_is_genuine() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let (shop, _) = shop_with_receipts(&database).await;
    let path = format!("/r/{TOKEN}");
    let json_wanted = [("accept", "application/json")];
    let seen = shop.send("GET", &path, &json_wanted, b"").await;
    assert_eq!(seen.status, 200, "{seen:?}");
    assert_eq!(
        seen.body,
        json!({
            "number": "R-2026-000001", "kind": "sale", "amount": 5000, "currency": "IDR",
            "date": "2026-01-22", "seller": { "name": "Batik & Co", "tax_id": "01.234" },
        })
    );
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let page = shop.send("GET", &path, &browser, b"").await;
    assert_eq!(page.status, 200);
    for part in [
        "R-2026-000001",
        "50.00 IDR",
        "Batik &amp; Co",
        "lang=\"id\"",
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "private, no-store"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(shop.send("GET", "/r/style.css", &[], b"").await.status, 200);
    for text in [&seen.text, &page.text] {
        assert!(!text.to_lowercase().contains("dewi"), "{text}");
    }
    let none = shop.send("GET", "/r/nobody", &json_wanted, b"").await;
    assert_eq!((none.status, none.code()), (404, "not_found"));
    let hebrew = [("accept-language", "he")];
    let none = shop.send("GET", "/r/nobody", &hebrew, b"").await;
    assert_eq!(none.status, 404);
    assert!(none.text.contains("dir=\"rtl\""), "{}", none.text);
    shop.close().await;
}

#[tokio::test]
async fn tokens_cannot_be_tried_one_after_the_other() {
    let shop = Shop::open().await;
    let mut answers = Vec::new();
    for number in 0..40 {
        let path = format!("/r/guess-{number}");
        let answer = shop.send("GET", &path, &[], b"").await;
        answers.push(answer);
    }
    let refused: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 429)
        .collect();
    assert!(answers[..10].iter().all(|answer| answer.status == 404));
    assert!(!refused.is_empty(), "forty at once are too many");
    assert_eq!(refused[0].code(), "rate_limited");
    let wait = refused[0].header("retry-after").map(str::parse::<u32>);
    assert!(matches!(wait, Some(Ok(1..=2))), "{refused:?}");
    let ms = refused[0].body["retry_after_ms"].as_u64();
    assert!(ms.is_some_and(|ms| (1..=2000).contains(&ms)), "{refused:?}");
    shop.close().await;
}

#[tokio::test]
async fn the_receipts_of_an_order_and_the_refunds_of_a_payment_are_listed() {
    let shop = Shop::open().await;
    let body = json!({
        "code": "Z-1", "currency": "IDR",
        "lines": [{ "sku": "A", "stocked": false, "quantity": 1, "unit_amount": 5000 }],
    });
    assert_eq!(shop.post("/v1/orders", &body).await.status, 201);
    let body = json!({ "order": "Z-1", "source": "manual", "reference": "cash-0" });
    let payment = shop.post("/v1/payments", &body).await.body["id"].clone();
    let payment = payment.as_str().expect("it has an id");
    let none = shop.get("/v1/orders/Z-1/receipts").await;
    assert_eq!(none.body["data"], json!([]));
    let cash = json!({ "amount": 5000 });
    let path = format!("/v1/payments/{payment}/capture");
    assert_eq!(shop.post(&path, &cash).await.status, 200);
    let receipts = shop.get("/v1/orders/Z-1/receipts").await.body;
    assert_eq!(receipts["data"][0]["payment_id"], json!(payment));
    assert!(receipts["data"][0]["order_id"].is_string());
    assert_eq!(receipts["data"][0]["kind"], "sale");

    let path = format!("/v1/payments/{payment}/refund");
    let mut refunds = Vec::new();
    for amount in [1000, 2000] {
        let body = json!({ "amount": amount, "reason": "torn" });
        let refund = shop.post(&path, &body).await;
        assert_eq!(refund.status, 201, "{refund:?}");
        refunds.insert(0, refund.body["id"].clone());
    }
    let path = format!("/v1/refunds?payment={payment}");
    let listed = shop.get(&path).await.body;
    let found: Vec<Value> = listed["data"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|refund| refund["id"].clone())
        .collect();
    assert_eq!(found, refunds, "newest first");
    let first = shop.get(&format!("{path}&limit=1")).await.body;
    let next = first["next_cursor"].as_str().expect("there is more");
    let rest = shop
        .get(&format!("{path}&limit=1&cursor={next}"))
        .await
        .body;
    assert_eq!(rest["data"][0]["id"], refunds[1]);
    assert_eq!(rest["next_cursor"], Value::Null);
    assert_eq!(shop.get("/v1/refunds").await.pointers(), ["?payment"]);
    let foreign = shop
        .get("/v1/refunds?payment=pay_01j5h5q2rsfzk9n8x0t3q4w5e6")
        .await;
    assert_eq!(foreign.status, 404);
    shop.close().await;
}
