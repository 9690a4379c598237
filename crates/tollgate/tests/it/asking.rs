//! What providers are asked for: how a payment stands, and to give money back.

use serde_json::{Value, json};

use crate::database::Database;
use crate::effects::{Handler, answer, until};
use crate::shop::{Answer, Shop};

/// The id of a payment that stands alone.
async fn payment(shop: &Shop, source: &str, reference: &str, currency: &str) -> String {
    let alone = json!({
        "source": source, "reference": reference, "amount": 100, "currency": currency,
    });
    let made = shop.post("/v1/payments", &alone).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().expect("it has an id").to_owned()
}

/// Without credentials a source is not asked, and there is no one to ask about cash.
#[tokio::test]
async fn a_source_that_cannot_be_asked_says_so() {
    let database = Database::fleeting();
    let shop = Shop::with_phonepe("Old12345", &database).await;
    for (source, currency) in [("manual", "IDR"), ("phonepe", "INR")] {
        let id = payment(&shop, source, "R-1", currency).await;
        let refused = shop
            .post(&format!("/v1/payments/{id}/check"), &json!({}))
            .await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "status_query_not_supported"),
            "{source}"
        );
        let timeline = shop.get("/v1/events").await;
        assert_eq!(timeline.body["data"], json!([]), "nothing was asked");
    }
    for nothing in ["/v1/payments/pay_01jabc/check", "/v1/payments/P-1/check"] {
        assert_eq!(shop.post(nothing, &json!({})).await.status, 404);
    }
    shop.close().await;
}

/// Money that a source cannot give back is not set aside for it. Cash is given back by hand.
#[tokio::test]
async fn a_source_that_cannot_give_money_back_says_so() {
    let database = Database::fleeting();
    let shop = Shop::with_phonepe("Old12345", &database).await;
    let id = payment(&shop, "phonepe", "R-1", "INR").await;
    let path = format!("/v1/payments/{id}/refund");
    let refused = shop.post(&path, &json!({ "amount": 1 })).await;
    assert_eq!(
        (refused.status, refused.code()),
        (422, "refund_not_supported")
    );
    let shown = shop.get(&format!("/v1/payments/{id}")).await;
    assert_eq!(shown.body["refunds"], json!([]));

    let id = payment(&shop, "manual", "R-2", "IDR").await;
    let cash = json!({ "amount": 100 });
    let taken = shop
        .post(&format!("/v1/payments/{id}/capture"), &cash)
        .await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let made = shop
        .post(
            &format!("/v1/payments/{id}/refund"),
            &json!({ "amount": 60 }),
        )
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    shop.close().await;
}

/// Checks a payment; the provider answers with this.
async fn check(shop: &Shop, provider: &mut Handler, id: &str, reply: String) -> Answer {
    let path = format!("/v1/payments/{id}/check");
    let body = json!({});
    let asked = async {
        let (asked, answer) = provider.next().await;
        assert!(asked.head.starts_with("GET /v2/R-1/status "), "{asked:?}");
        answer.send(reply).expect("the worker waits for it");
    };
    tokio::join!(shop.post(&path, &body), asked).0
}

/// What Midtrans says about payment R-1 when it was paid.
fn paid(shop: &Shop) -> Value {
    let webhook = shop.webhook("R-1", "one", 100);
    serde_json::from_slice(&webhook.body).expect("it is JSON")
}

/// A11: what the provider says is decided about before the check is answered.
#[tokio::test]
async fn a11_a_check_shows_what_the_providers_answer_came_to() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let shop = Shop::asking(provider.address, &database).await;
    let id = payment(&shop, "midtrans", "R-1", "IDR").await;
    let checked = check(&shop, &mut provider, &id, answer(&paid(&shop))).await;
    assert_eq!(checked.status, 200, "{checked:?}");
    assert_eq!(
        checked.body["provider"],
        json!({ "asked": true, "state": "done", "answer": { "status": 200, "error": null } })
    );
    assert_eq!(checked.body["payment"]["status"], "paid");
    assert_eq!(checked.body["payment"]["captured_amount"], 100);
    shop.close().await;
}

/// A provider that does not answer is a 503 with the time to come back; nothing has changed.
#[tokio::test]
async fn a_check_of_a_provider_that_is_away_says_so() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let shop = Shop::asking(provider.address, &database).await;
    let id = payment(&shop, "midtrans", "R-1", "IDR").await;
    let away = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    let checked = check(&shop, &mut provider, &id, away.to_owned()).await;
    assert_eq!(
        (checked.status, checked.code()),
        (503, "provider_unavailable")
    );
    assert_eq!(checked.header("retry-after"), Some("5"));
    let shown = shop.get(&format!("/v1/payments/{id}")).await;
    assert_eq!(shown.body["status"], "pending");
    shop.close().await;
}

/// A refund is ordered at the provider under its own key, and the answer settles it.
#[tokio::test]
async fn a_refund_is_made_at_the_provider() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let shop = Shop::asking(provider.address, &database).await;
    let id = payment(&shop, "midtrans", "R-1", "IDR").await;
    let checked = check(&shop, &mut provider, &id, answer(&paid(&shop))).await;
    assert_eq!(checked.body["payment"]["status"], "paid");
    let wanted = json!({ "amount": 100, "reason": "came back" });
    let made = shop
        .post(&format!("/v1/payments/{id}/refund"), &wanted)
        .await;
    let refund = made.body["id"].as_str().expect("it has an id");
    let (ordered, reply) = provider.next().await;
    assert!(
        ordered.head.starts_with("POST /v2/R-1/refund "),
        "{ordered:?}"
    );
    assert_eq!(
        ordered.json(),
        json!({ "refund_key": refund, "amount": 1, "reason": "came back" })
    );
    let taken = json!({
        "status_code": "200", "transaction_status": "refund", "refund_key": refund,
    });
    reply.send(answer(&taken)).expect("the worker waits for it");
    let settled = |refund: &Value| refund["state"] == "succeeded";
    until(&shop, &format!("/v1/refunds/{refund}"), settled).await;
    let shown = shop.get(&format!("/v1/payments/{id}")).await;
    assert_eq!(
        (&shown.body["status"], &shown.body["refunded_amount"]),
        (&json!("refunded"), &json!(100))
    );
    shop.close().await;
}
