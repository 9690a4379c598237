//! What strangers leave behind of a source that signs nothing, and who says whom it speaks for.

use serde_json::json;

use crate::database::Database;
use crate::shop::Shop;

const CARDCOM: &str = r#"
[sources.cardcom]
provider = "cardcom"
api_url = "http://127.0.0.1:1"
terminal_number = 1000
api_name = "literal:name"
api_password = "literal:pass"
addresses = ["127.0.0.1"]
"#;

/// A server that keeps so much of reports in an hour.
async fn keeping(limits: &str, database: &Database) -> Shop {
    let limits = format!("[limits]\n{limits}\n[store]\n");
    let source = format!("{CARDCOM}[shops.tea]\n");
    let changes = [("[store]\n", limits.as_str()), ("[shops.tea]\n", &source)];
    Shop::changed(&changes, database).await
}

/// Sends a report about a payment; its status and how it was answered.
async fn report(shop: &Shop, reference: &str) -> (u16, String) {
    let webhook = shop.sample("cardcom", reference, reference, ("ILS", 10_000));
    let answer = shop.deliver("/webhooks/cardcom", &webhook).await;
    let outcome = answer.body["events"][0]["outcome"].as_str();
    let said = outcome.unwrap_or(answer.code()).to_owned();
    (answer.status, said)
}

#[tokio::test]
async fn reports_of_strangers_have_a_budget_and_those_of_known_payments_are_taken() {
    let database = Database::fleeting();
    let shop = keeping("unproved_per_hour_max = 2", &database).await;
    let order = json!({
        "code": "O-1", "currency": "ILS",
        "lines": [{ "sku": "tea", "quantity": 1, "unit_amount": 10_000, "stocked": false }],
        "payment": { "source": "cardcom", "reference": "R-known" },
    });
    assert_eq!(shop.post("/v1/orders", &order).await.status, 201);
    for reference in ["R-1", "R-2"] {
        assert_eq!(report(&shop, reference).await, (200, "queued".to_owned()));
    }
    for reference in ["R-3", "R-4"] {
        assert_eq!(
            report(&shop, reference).await,
            (503, "overloaded".to_owned())
        );
    }
    assert_eq!(report(&shop, "R-known").await, (200, "queued".to_owned()));
    let events = shop.get("/v1/events").await;
    let kept = events.body["data"].as_array().map(Vec::len);
    assert_eq!(kept, Some(3), "{events:?}");
    shop.close().await;
}

#[tokio::test]
async fn beyond_its_bytes_a_report_is_asked_about_and_its_body_is_not_kept() {
    let database = Database::fleeting();
    let shop = keeping("unproved_bytes_per_hour_max = 0", &database).await;
    assert_eq!(report(&shop, "R-1").await, (200, "queued".to_owned()));
    let events = shop.get("/v1/events").await;
    let id = events.body["data"][0]["id"].as_str().expect("it is kept");
    let event = shop.get(&format!("/v1/events/{id}")).await;
    let text = event.body.to_string();
    assert!(text.contains("R-1"), "what it says is kept: {event:?}");
    assert!(!text.contains("LowProfileId"), "its body is not: {event:?}");
    shop.close().await;
}

/// A proxy that is not named in the configuration is told to whoever asks doctor.
#[tokio::test]
async fn doctor_names_a_peer_that_speaks_for_others_and_is_not_believed() {
    let shop = Shop::open().await;
    let seen = |report: &crate::shop::Answer| {
        let checks = report.body["checks"].as_array().expect("a list");
        let check = checks.iter().find(|check| check["name"] == "proxies");
        check.expect("it is checked")["seen"].to_string()
    };
    assert_eq!(seen(&shop.get("/v1/doctor").await), "[]");
    let forwarded = [("x-forwarded-for", "192.0.2.9")];
    let answer = shop.send("GET", "/healthz", &forwarded, b"").await;
    assert_eq!(answer.status, 200);
    let told = seen(&shop.get("/v1/doctor").await);
    assert!(told.contains("127.0.0.1 has sent 1 requests"), "{told}");
    shop.close().await;
}
