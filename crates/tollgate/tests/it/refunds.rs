//! Money that goes back at PhonePe and at CardCom: what they are sent, what their answers come to, and that
//! a refund with an unknown outcome is not sent again by itself. (Midtrans, which promises to do one order
//! once, is in `asking`.)

use serde_json::{Value, json};

use crate::database::Database;
use crate::effects::{Handled, Handler, answer, kinds, until};
use crate::shop::{Answer, Shop};

/// A shop with one source more, of a provider who is played by the test.
async fn shop_at(provider: &Handler, source: &str, database: &Database) -> Shop {
    let source = source.replace("{url}", &format!("http://{}", provider.address));
    let source = format!("{source}[shops.tea]\n");
    Shop::changed(&[("[shops.tea]\n", source.as_str())], database).await
}

const PHONEPE: &str = r#"
[sources.phonepe]
provider = "phonepe"
version = "v2"
api_url = "{url}"
token_url = "{url}/token"
credentials = [{ username = "shop", password = "literal:Newer12345" }]
client_id = "SU25"
client_secret = "literal:client-secret"
"#;

const CARDCOM: &str = r#"
[sources.cardcom]
provider = "cardcom"
api_url = "{url}"
terminal_number = 1000
api_name = "literal:name"
api_password = "literal:pass"
addresses = ["127.0.0.1"]
"#;

/// An order over 100.00 with a payment under the same name; the payment's id.
async fn ordered(shop: &Shop, source: &str, currency: &str) -> String {
    let order = json!({
        "code": "R-1", "currency": currency,
        "lines": [{ "sku": "tea", "quantity": 1, "unit_amount": 10_000, "stocked": false }],
        "payment": { "source": source, "reference": "R-1" },
    });
    let made = shop.post("/v1/orders", &order).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.body["payments"][0]["id"].as_str();
    id.expect("it has a payment").to_owned()
}

async fn refund(shop: &Shop, payment: &str, amount: i64) -> Answer {
    let path = format!("/v1/payments/{payment}/refund");
    shop.post(&path, &json!({ "amount": amount })).await
}

/// Asks for a refund that is taken; its id.
async fn refunding(shop: &Shop, payment: &str, amount: i64) -> String {
    let made = refund(shop, payment, amount).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().expect("it has an id").to_owned()
}

async fn until_refund(shop: &Shop, refund: &str, state: &str) -> Value {
    let path = format!("/v1/refunds/{refund}");
    until(shop, &path, |refund| refund["state"] == state).await
}

/// The effect of a refund, with what was tried.
async fn effect_of(shop: &Shop, refund: &str) -> Value {
    let list = shop.get("/v1/effects?kind=refund").await.body;
    let effects = list["data"].as_array().expect("it is a list");
    let ours = |effect: &&Value| effect["content"]["refund_id"] == refund;
    let ours = effects.iter().find(ours);
    let id = ours.unwrap_or_else(|| panic!("{refund} is not in {list:#}"))["id"].as_str();
    let path = format!("/v1/effects/{}", id.expect("it has an id"));
    shop.get(&path).await.body
}

/// The status and the money of a payment: captured, given back.
async fn money(shop: &Shop, payment: &str) -> (String, i64, i64) {
    let shown = shop.get(&format!("/v1/payments/{payment}")).await.body;
    let amount = |name: &str| shown[name].as_i64().expect("it is a number");
    let status = shown["status"].as_str().unwrap_or_default().to_owned();
    (status, amount("captured_amount"), amount("refunded_amount"))
}

fn status(line: &str) -> String {
    format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n")
}

/// The next request at the provider.
async fn asked(provider: &mut Handler, request: &str) -> Handled {
    let handled = provider.next().await;
    assert!(handled.0.head.starts_with(request), "{handled:?}");
    handled
}

fn reply_with((_, reply): Handled, said: String) {
    reply.send(said).expect("the worker waits for it");
}

/// PhonePe's webhook when a refund has gone through.
fn refunded(shop: &Shop, refund: &str, amount: i64) -> tollgate_providers::Webhook {
    let mut webhook = shop.sample("phonepe", "R-1", "one", ("INR", amount));
    let body = json!({
        "event": "pg.refund.completed",
        "payload": {
            "originalMerchantOrderId": "R-1", "merchantRefundId": refund, "refundId": "OMR1",
            "amount": amount, "state": "COMPLETED", "timestamp": 1_769_076_000_000_i64,
        },
    });
    webhook.body = body.to_string().into_bytes();
    webhook
}

/// A shop whose order over 100.00 is paid at PhonePe.
async fn paid_at_phonepe(provider: &mut Handler, database: &Database) -> (Shop, String) {
    let shop = shop_at(provider, PHONEPE, database).await;
    let payment = ordered(&shop, "phonepe", "INR").await;
    let webhook = shop.sample("phonepe", "R-1", "one", ("INR", 10_000));
    let body: Value = serde_json::from_slice(&webhook.body).expect("it is JSON");
    let taken = shop.deliver("/webhooks/phonepe", &webhook).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let token = json!({ "access_token": "bearer-1", "expires_at": 4_000_000_000_u64 });
    reply_with(asked(provider, "POST /token ").await, answer(&token));
    let question = asked(provider, "GET /checkout/v2/order/R-1/status?").await;
    assert_eq!(
        question.0.header("authorization"),
        Some("O-Bearer bearer-1")
    );
    reply_with(question, answer(&body));
    let completed = |order: &Value| order["status"] == "completed";
    until(&shop, "/v1/orders/R-1", completed).await;
    (shop, payment)
}

/// A refund is ordered under its own id, and is done when PhonePe says that it is: its webhook is about the same
/// refund (C6).
#[tokio::test]
async fn phonepe_is_asked_to_give_back_and_says_later_that_it_has() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let (shop, payment) = paid_at_phonepe(&mut provider, &database).await;
    let id = refunding(&shop, &payment, 4_000).await;
    let ordered = asked(&mut provider, "POST /payments/v2/refund ").await;
    assert_eq!(ordered.0.header("authorization"), Some("O-Bearer bearer-1"));
    assert_eq!(
        ordered.0.json(),
        json!({ "merchantRefundId": id, "originalMerchantOrderId": "R-1", "amount": 4_000 })
    );
    reply_with(
        ordered,
        answer(&json!({ "refundId": "OMR1", "amount": 4_000, "state": "PENDING" })),
    );
    let done = |effects: &Value| effects["data"][0]["state"] == "done";
    until(&shop, "/v1/effects?kind=refund", done).await;
    until_refund(&shop, &id, "sent").await;
    assert_eq!(money(&shop, &payment).await, ("paid".to_owned(), 10_000, 0));
    let more = refund(&shop, &payment, 6_001).await;
    assert_eq!((more.status, more.code()), (409, "refund_exceeds_captured"));

    let webhook = refunded(&shop, &id, 4_000);
    let body: Value = serde_json::from_slice(&webhook.body).expect("it is JSON");
    let taken = shop.deliver("/webhooks/phonepe", &webhook).await;
    assert_eq!(taken.body["events"][0]["outcome"], "applied", "{taken:?}");
    until_refund(&shop, &id, "succeeded").await;
    let request = format!("GET /payments/v2/refund/{id}/status ");
    reply_with(asked(&mut provider, &request).await, answer(&body));
    let receipts = |receipts: &Value| {
        let issued = receipts["data"].as_array().into_iter().flatten();
        issued
            .filter(|receipt| receipt["state"] == "issued")
            .count()
            == 2
    };
    until(&shop, "/v1/orders/R-1/receipts", receipts).await;
    assert_eq!(
        money(&shop, &payment).await,
        ("partially_refunded".to_owned(), 10_000, 4_000)
    );
    let order = shop.get("/v1/orders/R-1").await.body;
    assert_eq!(order["status"], "partially_refunded", "{order:#}");
    let shown = shop.get(&format!("/v1/payments/{payment}")).await.body;
    assert_eq!(shown["refunds"].as_array().map(Vec::len), Some(1));
    shop.close().await;
}

/// A refund that PhonePe refuses is given up, said, and its amount is free for another one.
#[tokio::test]
async fn what_phonepe_refuses_to_give_back_is_dead_and_set_aside_no_longer() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let (shop, payment) = paid_at_phonepe(&mut provider, &database).await;
    let id = refunding(&shop, &payment, 10_000).await;
    let body = r#"{"code":"INVALID_REQUEST"}"#;
    let refusal = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    reply_with(
        asked(&mut provider, "POST /payments/v2/refund ").await,
        refusal,
    );
    until_refund(&shop, &id, "failed").await;
    let effect = effect_of(&shop, &id).await;
    assert_eq!(effect["state"], "dead");
    assert_eq!(effect["attempts"][0]["status"], 400);
    let reason = effect["reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("refuses the refund") && reason.contains("INVALID_REQUEST"),
        "{reason}"
    );
    let entries = kinds(&shop, "R-1").await;
    assert!(
        entries.iter().any(|kind| kind == "effect.dead"),
        "{entries:?}"
    );
    assert_eq!(money(&shop, &payment).await, ("paid".to_owned(), 10_000, 0));
    let order = shop.get("/v1/orders/R-1").await.body;
    assert_eq!(order["status"], "completed", "as it was: {order:#}");

    // A state that says no is a refusal as well.
    let id = refunding(&shop, &payment, 10_000).await;
    reply_with(
        asked(&mut provider, "POST /payments/v2/refund ").await,
        answer(&json!({ "refundId": "OMR2", "amount": 10_000, "state": "FAILED" })),
    );
    until_refund(&shop, &id, "failed").await;
    assert_eq!(money(&shop, &payment).await, ("paid".to_owned(), 10_000, 0));
    refunding(&shop, &payment, 10_000).await;
    reply_with(
        asked(&mut provider, "POST /payments/v2/refund ").await,
        answer(&json!({ "refundId": "OMR3", "amount": 10_000, "state": "COMPLETED" })),
    );
    let refunded = |payment: &Value| payment["status"] == "refunded";
    until(&shop, &format!("/v1/payments/{payment}"), refunded).await;
    shop.close().await;
}

/// A refund whose answer was not seen is `unknown`: its amount stays set aside, a restart does not send it
/// again, and the webhook that reports it after all is about the same refund.
#[tokio::test]
async fn a_refund_whose_answer_was_not_seen_is_not_sent_again() {
    let mut provider = Handler::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::lasting(folder.path());
    let (shop, payment) = paid_at_phonepe(&mut provider, &database).await;
    let id = refunding(&shop, &payment, 4_000).await;
    // The connection breaks when all of it has arrived.
    drop(asked(&mut provider, "POST /payments/v2/refund ").await);
    until_refund(&shop, &id, "unknown").await;
    let effect = effect_of(&shop, &id).await;
    assert_eq!(
        (&effect["state"], &effect["tries"]),
        (&json!("unknown"), &json!(1)),
        "{effect:#}"
    );
    let entries = kinds(&shop, "R-1").await;
    assert!(
        entries.iter().any(|kind| kind == "effect.unknown"),
        "{entries:?}"
    );
    let more = refund(&shop, &payment, 6_001).await;
    assert_eq!((more.status, more.code()), (409, "refund_exceeds_captured"));
    shop.close().await;

    let shop = shop_at(&provider, PHONEPE, &database).await;
    // Another refund goes out; the first does not, although it is older.
    let other = refunding(&shop, &payment, 1_000).await;
    let token = json!({ "access_token": "bearer-2", "expires_at": 4_000_000_000_u64 });
    reply_with(asked(&mut provider, "POST /token ").await, answer(&token));
    let ordered = asked(&mut provider, "POST /payments/v2/refund ").await;
    assert_eq!(ordered.0.json()["merchantRefundId"], other.as_str());
    reply_with(
        ordered,
        answer(&json!({ "refundId": "OMR2", "amount": 1_000, "state": "COMPLETED" })),
    );
    until_refund(&shop, &other, "succeeded").await;
    assert_eq!(until_refund(&shop, &id, "unknown").await["amount"], 4_000);

    let webhook = refunded(&shop, &id, 4_000);
    let body: Value = serde_json::from_slice(&webhook.body).expect("it is JSON");
    let taken = shop.deliver("/webhooks/phonepe", &webhook).await;
    assert_eq!(taken.body["events"][0]["outcome"], "applied", "{taken:?}");
    let request = format!("GET /payments/v2/refund/{id}/status ");
    reply_with(asked(&mut provider, &request).await, answer(&body));
    until_refund(&shop, &id, "succeeded").await;
    assert_eq!(money(&shop, &payment).await.2, 5_000, "each once");
    assert!(provider.try_next().is_none());
    shop.close().await;
}

/// A shop whose order over 100.00 is paid at CardCom, whose reports prove nothing until it was asked.
async fn paid_at_cardcom(provider: &mut Handler, database: &Database) -> (Shop, String, Value) {
    let shop = shop_at(provider, CARDCOM, database).await;
    let payment = ordered(&shop, "cardcom", "ILS").await;
    let webhook = shop.sample("cardcom", "R-1", "one", ("ILS", 10_000));
    let body: Value = serde_json::from_slice(&webhook.body).expect("it is JSON");
    let taken = shop.deliver("/webhooks/cardcom", &webhook).await;
    assert_eq!(taken.body["events"][0]["outcome"], "queued", "{taken:?}");
    let question = asked(provider, "POST /api/v11/LowProfile/GetLpResult ").await;
    assert_eq!(question.0.json()["LowProfileId"], body["LowProfileId"]);
    reply_with(question, answer(&body));
    let completed = |order: &Value| order["status"] == "completed";
    until(&shop, "/v1/orders/R-1", completed).await;
    (shop, payment, body["TranzactionId"].clone())
}

const REFUND_AT_CARDCOM: &str = "POST /api/v11/Transactions/RefundByTransactionId ";

/// CardCom's answer is the end of a refund; what it refuses is dead, what it leaves open is `unknown`, and goes out
/// once more only because a person says so.
#[tokio::test]
async fn cardcom_is_sent_a_refund_once_and_once_more_by_hand() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let (shop, payment, transaction) = paid_at_cardcom(&mut provider, &database).await;
    let order = |amount: f64, again: bool| {
        json!({
            "ApiName": "name", "ApiPassword": "pass", "TransactionId": transaction,
            "PartialSum": amount, "CancelOnly": false, "AllowMultipleRefunds": again,
        })
    };

    let id = refunding(&shop, &payment, 4_000).await;
    let ordered = asked(&mut provider, REFUND_AT_CARDCOM).await;
    assert_eq!(ordered.0.json(), order(40.0, false));
    reply_with(
        ordered,
        answer(&json!({ "ResponseCode": 0, "Description": "", "NewTranzactionId": 777 })),
    );
    let refund = until_refund(&shop, &id, "succeeded").await;
    assert_eq!(refund["provider_refund_id"], "777");
    assert_eq!(
        money(&shop, &payment).await,
        ("partially_refunded".to_owned(), 10_000, 4_000)
    );

    let id = refunding(&shop, &payment, 6_000).await;
    let ordered = asked(&mut provider, REFUND_AT_CARDCOM).await;
    assert_eq!(ordered.0.json(), order(60.0, true), "there was one before");
    reply_with(
        ordered,
        answer(&json!({ "ResponseCode": 605, "Description": "not open for it" })),
    );
    until_refund(&shop, &id, "failed").await;
    let effect = effect_of(&shop, &id).await;
    let reason = effect["reason"].as_str().unwrap_or_default();
    assert!(
        effect["state"] == "dead" && reason.contains("605 not open for it"),
        "{effect:#}"
    );

    let id = refunding(&shop, &payment, 6_000).await;
    let ordered = asked(&mut provider, REFUND_AT_CARDCOM).await;
    reply_with(ordered, status("500 Internal Server Error"));
    until_refund(&shop, &id, "unknown").await;
    assert_eq!(money(&shop, &payment).await.2, 4_000);
    let effect = effect_of(&shop, &id).await;
    assert_eq!(effect["state"], "unknown", "{effect:#}");
    assert!(provider.try_next().is_none(), "it is not sent again");

    let effect = effect["id"].as_str().expect("it has an id");
    let retry = format!("/v1/effects/{effect}/retry");
    assert_eq!(shop.post(&retry, &json!({})).await.status, 202);
    let ordered = asked(&mut provider, REFUND_AT_CARDCOM).await;
    assert_eq!(ordered.0.json(), order(60.0, true));
    reply_with(
        ordered,
        answer(&json!({ "ResponseCode": 0, "Description": "", "NewTranzactionId": 778 })),
    );
    until_refund(&shop, &id, "succeeded").await;
    assert_eq!(
        money(&shop, &payment).await,
        ("refunded".to_owned(), 10_000, 10_000)
    );
    let order = shop.get("/v1/orders/R-1").await.body;
    assert_eq!(order["status"], "refunded", "{order:#}");
    shop.close().await;
}

/// A person who has looked at the provider says what became of it, and nothing is sent.
#[tokio::test]
async fn an_unknown_refund_is_settled_by_a_person() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let (shop, payment, _) = paid_at_cardcom(&mut provider, &database).await;
    for (said, state, refunded) in [("dead", "failed", 0), ("done", "succeeded", 10_000)] {
        let id = refunding(&shop, &payment, 10_000).await;
        drop(asked(&mut provider, REFUND_AT_CARDCOM).await);
        until_refund(&shop, &id, "unknown").await;
        let effect = effect_of(&shop, &id).await;
        let effect = effect["id"].as_str().expect("it has an id");
        let settle = format!("/v1/effects/{effect}/settle");
        let word = json!({ "as": said, "reason": "seen at CardCom" });
        let settled = shop.post(&settle, &word).await;
        assert_eq!(settled.body["state"], said, "{settled:?}");
        until_refund(&shop, &id, state).await;
        assert_eq!(money(&shop, &payment).await.2, refunded, "{said}");
    }
    assert!(provider.try_next().is_none());
    shop.close().await;
}

/// A14: an order that is refused although its money has come. The refusal says so, a person's attention is
/// asked for, and the money is ordered back at the provider, once, under the name of its effect.
#[tokio::test]
async fn money_for_an_order_that_was_refused_goes_back_by_itself() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let shop = Shop::asking(provider.address, &database).await;
    shop.put_stock("shirt", 0).await;
    let webhook = shop.webhook("A-14", "one", 10_000);
    let body: Value = serde_json::from_slice(&webhook.body).expect("it is JSON");
    let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
    assert_eq!(taken.body["events"][0]["outcome"], "parked", "{taken:?}");
    let order = json!({
        "code": "A-14", "currency": "IDR",
        "lines": [{ "sku": "shirt", "quantity": 1, "unit_amount": 10_000 }],
        "payment": { "source": "midtrans", "reference": "A-14" },
    });
    let refused = shop.post("/v1/orders", &order).await;
    assert_eq!((refused.status, refused.code()), (409, "out_of_stock"));
    assert_eq!(refused.body["payment_waiting"], true, "{refused:?}");
    // The payment stands alone from now on: its money never pays another order.
    let again = shop.post("/v1/orders", &order).await;
    assert_eq!((again.status, again.code()), (409, "already_exists"));
    let payment = again.body["id"].as_str().expect("it is named").to_owned();
    let (ordered, reply) = loop {
        let (asked, reply) = provider.next().await;
        if asked.head.starts_with("POST ") {
            break (asked, reply);
        }
        reply.send(answer(&body)).expect("the worker waits for it");
    };
    assert!(
        ordered.head.starts_with("POST /v2/A-14/refund "),
        "{ordered:?}"
    );
    let list = shop
        .get(&format!("/v1/refunds?payment={payment}"))
        .await
        .body;
    let refunds = list["data"].as_array().expect("it is a list");
    assert_eq!(refunds.len(), 1, "{list:#}");
    assert_eq!(refunds[0]["ordered_by"], "tollgate", "{list:#}");
    let key = &refunds[0]["id"];
    assert_eq!(
        (&ordered.json()["refund_key"], &ordered.json()["amount"]),
        (key, &json!(100))
    );
    let taken = json!({
        "status_code": "200", "transaction_status": "refund", "refund_key": key,
    });
    reply.send(answer(&taken)).expect("the worker waits for it");
    let key = key.as_str().expect("it has an id");
    until_refund(&shop, key, "succeeded").await;
    assert_eq!(
        money(&shop, &payment).await,
        ("refunded".to_owned(), 10_000, 10_000)
    );
    let by_hand = refund(&shop, &payment, 10_000).await;
    assert_eq!(
        (by_hand.status, by_hand.code()),
        (409, "refund_exceeds_captured")
    );
    shop.close().await;
}
