//! What providers are asked for: how a payment stands, and to give money back.

use serde_json::json;

use crate::database::Database;
use crate::shop::Shop;

/// The id of a payment that stands alone.
async fn payment(shop: &Shop, source: &str, reference: &str, currency: &str) -> String {
    let alone = json!({
        "source": source, "reference": reference, "amount": 100, "currency": currency,
    });
    let made = shop.post("/v1/payments", &alone).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().expect("it has an id").to_owned()
}

/// Without credentials a source is not asked, and cash is nobody's to be asked about.
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
