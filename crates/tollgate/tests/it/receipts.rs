//! Receipts: pending, issued, as a file, and for anyone who has its link.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use tollgate_core::time::Timestamp;

use crate::access::key;
use crate::database::Database;
use crate::effects::until;
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
            let number = root.receipts[0]
                .number
                .as_ref()
                .map(|number| number.to_string());
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
        "Rp\u{a0}50,00",
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

/// The ids of a list.
fn numbers(listed: &Value) -> Vec<String> {
    let data = listed["data"].as_array().expect("it is a list");
    let number = |receipt: &Value| receipt["number"].as_str().expect("it has one").to_owned();
    data.iter().map(number).collect()
}

/// More receipts than one page of a table has, two of each millisecond; the last is pending. Their payments are of
/// 1, 2, 3 … minor units.
async fn shop_with_many(database: &Database, count: i64) -> Shop {
    let workshop = Workshop::open(database);
    for number in 1..=count {
        let root = workshop.cash(&format!("cash-{number}"), number).await;
        let claimed = workshop.claim_receipts().await;
        if number == count {
            continue;
        }
        let shown = format!("R-2026-{number:06}");
        let mut document: Value = serde_json::from_str(&document(&shown)).expect("it is JSON");
        document["amount"] = json!(number);
        document["payment"]["payment_id"] = json!(root.payments[0].id.to_string());
        let at = Timestamp::from_millis(1_769_076_000_000 + number / 2);
        let token = format!("token-{number}");
        let document = document.to_string();
        workshop
            .issue_at(at, &claimed[0], &document, PDF, &token)
            .await;
    }
    workshop.close().await;
    Shop::on(database).await
}

#[tokio::test]
async fn receipts_are_listed_by_when_they_were_issued() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let count = 206;
    let shop = shop_with_many(&database, count).await;

    let mut found = Vec::new();
    let mut cursor = String::new();
    let mut pages = 0;
    loop {
        let page = shop
            .get(&format!("/v1/receipts?limit=100&cursor={cursor}"))
            .await
            .body;
        found.extend(numbers(&page));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let expected: Vec<String> = (1..count)
        .rev()
        .map(|number| format!("R-2026-{number:06}"))
        .collect();
    assert_eq!(found, expected, "the latest first, each once");
    assert_eq!(pages, 3);

    // What was issued in one millisecond, and just before it.
    let of = "/v1/receipts?from=2026-01-22T10:00:00.050Z&to=2026-01-22T17:00:00.051%2B07:00";
    let listed = shop.get(of).await.body;
    assert_eq!(numbers(&listed), ["R-2026-000101", "R-2026-000100"]);
    let first = &listed["data"][0];
    assert_eq!(
        (
            &first["kind"],
            &first["state"],
            &first["amount"],
            &first["currency"]
        ),
        (&json!("sale"), &json!("issued"), &json!(101), &json!("IDR"))
    );
    assert_eq!(first["issued_at"], "2026-01-22T10:00:00.050Z");
    assert_eq!(first["order_id"], Value::Null);
    let id = first["id"].as_str().expect("it has an id");
    let shown = shop.get(&format!("/v1/receipts/{id}")).await.body;
    for name in ["id", "number", "payment_id", "sha256", "pdf"] {
        assert_eq!(shown[name], first[name], "{name}");
    }

    let one = shop.get("/v1/receipts?number=R-2026-000007").await.body;
    assert_eq!(numbers(&one), ["R-2026-000007"]);
    let of_the_day = "/v1/receipts?number=R-2026-000007&from=2026-01-22&to=2026-01-23";
    assert_eq!(numbers(&shop.get(of_the_day).await.body), ["R-2026-000007"]);
    for none in [
        "number=R-2026-000007&kind=refund",
        "number=R-2026-000007&from=2026-01-23T00:00:00Z",
        "number=R-2026-000206",
        "number=R-2026-7",
        "kind=reversal",
        "to=2026-01-22T10:00:00Z",
        "to=2026-01-22",
        "from=2026-01-23",
    ] {
        let listed = shop.get(&format!("/v1/receipts?{none}")).await.body;
        assert_eq!(numbers(&listed), Vec::<String>::new(), "{none}");
    }
    for (bad, pointer) in [
        ("from=2026-02-30", "?from"),
        ("from=2026-01-22&to=2026-01-22", "?to"),
        ("kind=gift", "?kind"),
        ("order=A-1", "?order"),
    ] {
        let refused = shop.get(&format!("/v1/receipts?{bad}")).await;
        assert_eq!(
            (refused.status, refused.pointers()),
            (400, vec![pointer]),
            "{bad}"
        );
    }

    let table = shop.get("/v1/receipts.csv").await;
    assert_eq!(table.status, 200, "{table:?}");
    let media = "text/csv; charset=utf-8; header=present";
    assert_eq!(table.header("content-type"), Some(media));
    let rows: Vec<&str> = table.text.split_terminator("\r\n").collect();
    assert_eq!(
        rows.len() as i64,
        count,
        "a head and a row for each that is issued"
    );
    assert!(rows[0].starts_with("number,kind,issued_at,"), "{}", rows[0]);
    let of_rows: Vec<&str> = rows[1..].iter().map(|row| &row[..13]).collect();
    assert_eq!(
        of_rows,
        expected.iter().map(String::as_str).collect::<Vec<_>>()
    );
    let refused = shop.get("/v1/receipts.csv?number=R-2026-000007").await;
    assert_eq!(refused.pointers(), ["?number"]);
    let none = shop.get("/v1/receipts.csv?kind=refund").await;
    assert_eq!(none.text.lines().count(), 1, "the head stands alone");

    let (_, tea) = key(&shop, &["read"], Some("tea")).await;
    let headers = [("authorization", tea.as_str())];
    for path in ["/v1/receipts", "/v1/receipts.csv"] {
        let foreign = shop.send("GET", path, &headers, b"").await;
        assert_eq!(foreign.status, 200, "{path}");
        assert!(!foreign.text.contains("R-2026"), "{path}");
    }
    shop.close().await;
}

/// What comes to the till and goes out again, added up from the table by hand and from the list.
#[tokio::test]
async fn the_table_adds_up_to_what_is_left() {
    let shop = Shop::open().await;
    let mut payments = Vec::new();
    for (reference, minor) in [("cash-1", 150_000), ("cash-2", 70_050)] {
        let body = json!({
            "source": "manual", "reference": reference, "amount": minor, "currency": "IDR",
        });
        let made = shop.post("/v1/payments", &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        let payment = made.body["id"].as_str().expect("it has an id").to_owned();
        let path = format!("/v1/payments/{payment}/capture");
        let taken = shop.post(&path, &json!({ "amount": minor })).await;
        assert_eq!(taken.status, 200, "{taken:?}");
        payments.push(payment);
    }
    let path = format!("/v1/payments/{}/refund", payments[1]);
    let body = json!({ "amount": 20_025, "reason": "torn" });
    assert_eq!(shop.post(&path, &body).await.status, 201);
    let listed = until(&shop, "/v1/receipts", |listed| {
        listed["data"]
            .as_array()
            .is_some_and(|data| data.len() == 3)
    })
    .await;
    let receipts = listed["data"].as_array().expect("it is a list");
    let sum: i64 = receipts
        .iter()
        .map(|receipt| {
            let amount = receipt["amount"].as_i64().expect("it has one");
            if receipt["kind"] == "sale" {
                amount
            } else {
                -amount
            }
        })
        .sum();
    assert_eq!(sum, 150_000 + 70_050 - 20_025);
    let refunds = shop.get("/v1/receipts?kind=refund").await.body;
    assert_eq!(refunds["data"].as_array().map(Vec::len), Some(1));

    let table = shop.get("/v1/receipts.csv").await.text;
    let amounts: Vec<&str> = table
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(13).expect("it has an amount"))
        .collect();
    // IDR has two places.
    let minor = |amount: &str| {
        amount
            .replace('.', "")
            .parse::<i64>()
            .expect("it is a number")
    };
    assert_eq!(amounts.iter().map(|amount| minor(amount)).sum::<i64>(), sum);
    let mut sorted = amounts;
    sorted.sort_unstable();
    assert_eq!(sorted, ["-200.25", "1500.00", "700.50"]);
    shop.close().await;
}
