//! Tables for an accountant: what they have in them adds up to what `verify` and the ledger say.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate_providers::SampleStatus;

use crate::effects::until;
use crate::shapes::notification;
use crate::shop::{Shop, order};

/// A table as a spreadsheet reads it: RFC 4180.
fn read(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut letters = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(letter) = letters.next() {
        let row = rows.last_mut().expect("there is one");
        let field = row.last_mut().expect("there is one");
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\r' if !is_quoted => {
                assert_eq!(letters.next(), Some('\n'), "a row ends with both");
                rows.push(vec![String::new()]);
            }
            letter => field.push(letter),
        }
    }
    assert_eq!(
        rows.pop(),
        Some(vec![String::new()]),
        "the last row ends too"
    );
    let width = rows[0].len();
    assert!(rows.iter().all(|row| row.len() == width), "{text}");
    rows
}

/// The rows of a table by the names of their columns.
async fn table(shop: &Shop, path: &str) -> Vec<BTreeMap<String, String>> {
    let answer = shop.get(path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut rows = read(&answer.text).into_iter();
    let head = rows.next().expect("it has a head");
    rows.map(|row| head.iter().cloned().zip(row).collect())
        .collect()
}

/// The sum of a column in minor units, which the column of decimals beside it says too.
fn sum(rows: &[BTreeMap<String, String>], column: &str, currency: &str) -> i64 {
    let of_currency = rows.iter().filter(|row| row["currency"] == currency);
    of_currency
        .map(|row| {
            let minor = row[&format!("{column}_minor")].as_str();
            // Both currencies of these tests have two places.
            assert_eq!(
                row[column].replace('.', "").trim_start_matches('0'),
                minor.trim_start_matches('0')
            );
            minor.parse::<i64>().expect("it is a number")
        })
        .sum()
}

/// Orders and payments as they end in shops: paid, given back in part and as a whole, charged back, with a fee on top,
/// in cash, unpaid, in another currency.
async fn shop_with_stories() -> Shop {
    let shop = Shop::open().await;
    shop.put_stock("A", 100).await;
    for (number, status) in [
        None,
        Some(SampleStatus::Paid),
        Some(SampleStatus::Refunded),
        Some(SampleStatus::PartiallyRefunded),
        Some(SampleStatus::ChargedBack),
    ]
    .into_iter()
    .enumerate()
    {
        let reference = format!("R-{number}");
        let mut wanted = order(&format!("A-{number}"), "A", 2);
        wanted["payment"] = json!({ "source": "midtrans", "reference": reference });
        wanted["customer"] =
            json!({ "name": "=HYPERLINK(\"http://x\"), Dewi", "phone": "+62 811" });
        assert_eq!(shop.post("/v1/orders", &wanted).await.status, 201);
        let said = [
            Some(SampleStatus::Paid).filter(|_| status.is_some()),
            status,
        ];
        for status in said.into_iter().flatten() {
            let id = format!("t-{number}");
            let webhook = shop.said(status, "midtrans", (&reference, &id), ("IDR", 10_000));
            let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
            assert_eq!(taken.status, 200, "{taken:?}");
        }
    }
    let mut wanted = order("F-1", "A", 2);
    wanted["payment"] = json!({ "source": "midtrans", "reference": "F-1-x" });
    assert_eq!(shop.post("/v1/orders", &wanted).await.status, 201);
    let fee = r#""metadata":{"extra_info":{"gross_amount_info":{"original_amount":"100.00","customer_imposed_payment_fee":"4.00"}}},"#;
    let body = notification("F-1-x", "104.00", fee);
    let taken = shop
        .send("POST", "/webhooks/midtrans", &[], body.as_bytes())
        .await;
    assert_eq!(taken.body["events"][0]["outcome"], "applied", "{taken:?}");
    for (reference, minor, currency) in [("till-1", 7_050, "IDR"), ("till-2", 2_500, "USD")] {
        let body = json!({
            "source": "manual", "reference": reference, "amount": minor, "currency": currency,
        });
        let made = shop.post("/v1/payments", &body).await;
        let id = made.body["id"].as_str().expect("it has an id").to_owned();
        let taken = shop
            .post(
                &format!("/v1/payments/{id}/capture"),
                &json!({ "amount": minor }),
            )
            .await;
        assert_eq!(taken.status, 200, "{taken:?}");
        let back = json!({ "amount": 1_025, "reason": "torn, \"wet\"" });
        let back = shop.post(&format!("/v1/payments/{id}/refund"), &back).await;
        assert_eq!(back.status, 201, "{back:?}");
    }
    shop
}

#[tokio::test]
async fn tables_add_up_to_what_verify_says() {
    let shop = shop_with_stories().await;
    // Nothing is left to be issued or handed over.
    let unfinished = "/v1/effects?state=pending,leased,started&kind=receipt";
    until(&shop, unfinished, |effects| effects["data"] == json!([])).await;
    let orders = table(&shop, "/v1/exports/orders.csv").await;
    let payments = table(&shop, "/v1/exports/payments.csv").await;
    let refunds = table(&shop, "/v1/exports/refunds.csv").await;
    let receipts = table(&shop, "/v1/exports/receipts.csv").await;

    let verified = shop.get("/v1/verify").await.body;
    let totals = verified["totals"].as_array().expect("it has totals");
    assert_eq!(totals.len(), 2, "{verified:#}");
    for totals in totals {
        assert_eq!(totals["shop"], "main");
        let currency = totals["currency"].as_str().expect("it has one");
        for column in [
            "captured",
            "fee",
            "refunded",
            "charged_back",
            "reserved",
            "kept",
        ] {
            let sum = sum(&payments, column, currency);
            assert_eq!(totals[column], sum, "{column} of {currency}: {payments:#?}");
        }
        assert_eq!(
            totals["refunded"],
            sum(&refunds, "refunded", currency),
            "{refunds:#?}"
        );
        assert_eq!(
            totals["receipts"],
            sum(&receipts, "amount", currency),
            "{receipts:#?}"
        );
        let of_currency = |rows: &[BTreeMap<String, String>]| {
            rows.iter()
                .filter(|row| row["currency"] == currency)
                .count()
        };
        assert_eq!(totals["orders"], of_currency(&orders));
        assert_eq!(totals["payments"], of_currency(&payments));
    }
    // By hand: four of 100.00 and one of 104.00 came, and 70.50 in cash; half of one, all of one and 10.25 went
    // back; one is kept away.
    let idr = |column: &str| sum(&payments, column, "IDR");
    assert_eq!(idr("captured"), 4 * 10_000 + 10_400 + 7_050);
    assert_eq!(idr("fee"), 400);
    assert_eq!(idr("refunded"), 10_000 + 5_000 + 1_025);
    assert_eq!(idr("charged_back"), 10_000);
    assert_eq!(idr("kept"), 57_450 - 16_025 - 10_000);
    assert_eq!(sum(&payments, "kept", "USD"), 2_500 - 1_025);
    assert_eq!(sum(&orders, "total", "IDR"), 6 * 10_000);
    shop.close().await;
}

#[tokio::test]
async fn what_others_have_written_is_a_text_and_amounts_are_numbers() {
    let shop = shop_with_stories().await;
    let orders = table(&shop, "/v1/exports/orders.csv").await;
    let first = &orders[0];
    assert_eq!(first["code"], "A-0", "the oldest comes first");
    assert_eq!(first["customer_name"], "'=HYPERLINK(\"http://x\"), Dewi");
    assert_eq!(first["customer_phone"], "'+62 811");
    assert_eq!(
        (&*first["total_minor"], &*first["total"]),
        ("10000", "100.00")
    );
    let refunds = table(&shop, "/v1/exports/refunds.csv").await;
    let torn: Vec<&str> = refunds
        .iter()
        .filter(|row| row["reason"] == "torn, \"wet\"")
        .map(|row| row["state"].as_str())
        .collect();
    assert_eq!(torn, ["succeeded", "succeeded"]);
    let reported = refunds.iter().filter(|row| row["ordered_by"] == "provider");
    let reported: Vec<(&str, &str)> = reported
        .map(|row| (row["order_code"].as_str(), row["refunded"].as_str()))
        .collect();
    assert_eq!(reported, [("A-2", "100.00"), ("A-3", "50.00")]);
    let until_issued = |body: &Value| body["data"].as_array().is_some_and(|data| !data.is_empty());
    until(&shop, "/v1/receipts?kind=refund", until_issued).await;
    let receipts = table(&shop, "/v1/exports/receipts.csv").await;
    let back = receipts.iter().find(|row| row["kind"] == "refund");
    let back = back.expect("it is issued");
    assert!(
        back["amount"].starts_with('-') && back["amount_minor"].starts_with('-'),
        "{back:?}"
    );
    shop.close().await;
}

#[tokio::test]
async fn a_table_is_of_a_stretch_of_time_and_names_its_file() {
    let shop = shop_with_stories().await;
    // Two tables are compared, so no receipt may come between them.
    let is_none = |body: &Value| body["data"].as_array().is_some_and(Vec::is_empty);
    let under_way = "/v1/effects?kind=receipt&state=pending,leased,started";
    until(&shop, under_way, is_none).await;
    for what in ["orders", "payments", "refunds", "receipts"] {
        let path = format!("/v1/exports/{what}.csv");
        let past = shop
            .get(&format!("{path}?from=2001-01-01&to=2001-02-01"))
            .await;
        assert_eq!(read(&past.text).len(), 1, "{what}: the head stands alone");
        let file = format!("attachment; filename=\"{what}-2001-01-01-2001-02-01.csv\"");
        assert_eq!(past.header("content-disposition"), Some(file.as_str()));
        let media = Some("text/csv; charset=utf-8; header=present");
        assert_eq!(past.header("content-type"), media);
        let future = shop.get(&format!("{path}?from=2999-01-01T00:00:00Z")).await;
        assert_eq!(read(&future.text).len(), 1, "{what}");
        let all = read(
            &shop
                .get(&format!("{path}?from=2001-01-01&to=2999-01-01"))
                .await
                .text,
        );
        assert_eq!(all.len(), read(&shop.get(&path).await.text).len(), "{what}");
        for (query, pointer) in [
            ("from=yesterday", "?from"),
            ("to=2026-13-01", "?to"),
            ("from=2026-02-01&to=2026-02-01", "?to"),
            ("limit=5", "?limit"),
        ] {
            let refused = shop.get(&format!("{path}?{query}")).await;
            assert_eq!(
                (refused.status, refused.pointers()),
                (400, vec![pointer]),
                "{query}"
            );
        }
    }
    // Each of two halves of the time has what the other has not.
    let created = |rows: &[BTreeMap<String, String>]| -> Vec<String> {
        rows.iter().map(|row| row["created_at"].clone()).collect()
    };
    let all = table(&shop, "/v1/exports/orders.csv").await;
    let middle = &created(&all)[3];
    let before = table(&shop, &format!("/v1/exports/orders.csv?to={middle}")).await;
    let after = table(&shop, &format!("/v1/exports/orders.csv?from={middle}")).await;
    assert!(created(&before).iter().all(|at| at < middle));
    assert!(created(&after).iter().all(|at| middle <= at));
    assert_eq!(before.len() + after.len(), all.len());
    let foreign = crate::access::key(&shop, &["read"], Some("tea")).await.1;
    let headers = [("authorization", foreign.as_str())];
    let foreign = shop
        .send("GET", "/v1/exports/orders.csv", &headers, b"")
        .await;
    assert_eq!(read(&foreign.text).len(), 1, "another shop has none of it");
    shop.close().await;
}
