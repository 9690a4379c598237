//! Money that is only set aside when its order ends: it is let go at the provider, once, and what the
//! provider says meanwhile is heard.

use serde_json::{Value, json};
use tollgate_providers::SampleStatus;

use crate::database::Database;
use crate::effects::{Handled, Handler, answer, kinds, until};
use crate::shop::{Shop, order};

/// A shop that ends its orders at once, and asks Midtrans at this address.
async fn shop_at(provider: &Handler, database: &Database) -> Shop {
    let at = format!("http://{}", provider.address);
    let orders = "[orders]\nclosing_grace_seconds = 0\n[shops.tea]\n";
    let changes = [("{midtrans}", at.as_str()), ("[shops.tea]\n", orders)];
    let shop = Shop::changed(&changes, database).await;
    shop.put_stock("shirt", 1).await;
    shop
}

/// What Midtrans says of payment V-1.
fn said(shop: &Shop, status: SampleStatus) -> Value {
    let webhook = shop.said(status, "midtrans", ("V-1", "one"), ("IDR", 5000));
    serde_json::from_slice(&webhook.body).expect("it is JSON")
}

async fn deliver(shop: &Shop, status: SampleStatus) -> String {
    let webhook = shop.said(status, "midtrans", ("V-1", "one"), ("IDR", 5000));
    let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let outcome = &taken.body["events"][0]["outcome"];
    outcome.as_str().unwrap_or_default().to_owned()
}

/// An order whose card is authorised, and that is cancelled then.
async fn cancelled(provider: &Handler, database: &Database) -> Shop {
    let shop = shop_at(provider, database).await;
    let mut wanted = order("V-1", "shirt", 1);
    wanted["payment"] = json!({ "source": "midtrans", "reference": "V-1" });
    let made = shop.post("/v1/orders", &wanted).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(deliver(&shop, SampleStatus::Authorized).await, "applied");
    let ended = shop.post("/v1/orders/V-1/cancel", &json!({})).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    shop
}

/// The next order to the provider. Until it comes, questions are answered with this.
async fn ordered(provider: &mut Handler, says: &Value) -> Handled {
    loop {
        let (asked, reply) = provider.next().await;
        if asked.head.starts_with("POST ") {
            assert!(asked.head.starts_with("POST /v2/V-1/cancel "), "{asked:?}");
            return (asked, reply);
        }
        assert!(asked.head.starts_with("GET /v2/V-1/status "), "{asked:?}");
        reply.send(answer(says)).expect("the worker waits for it");
    }
}

/// Answers questions with this until the order is as it is waited for. Nothing else is asked for.
async fn answering(
    provider: &mut Handler,
    says: &Value,
    shop: &Shop,
    holds: impl Fn(&Value) -> bool,
) -> Value {
    let ended = until(shop, "/v1/orders/V-1", holds);
    tokio::pin!(ended);
    loop {
        tokio::select! {
            order = &mut ended => return order,
            (asked, reply) = provider.next() => {
                assert!(asked.head.starts_with("GET /v2/V-1/status "), "{asked:?}");
                reply.send(answer(says)).expect("the worker waits for it");
            }
        }
    }
}

/// Nothing more was ordered.
fn was_asked_only(provider: &mut Handler) {
    while let Some((asked, _)) = provider.try_next() {
        assert!(asked.head.starts_with("GET "), "{asked:?}");
    }
}

fn payment_is(order: &Value, status: &str) -> bool {
    order["payments"][0]["status"] == status
}

fn attention(order: &Value) -> Vec<&str> {
    let open = order["attention"].as_array().expect("it is a list");
    open.iter().filter_map(Value::as_str).collect()
}

/// The one effect that lets money go, with what was tried.
async fn the_void(shop: &Shop) -> Value {
    let list = shop.get("/v1/effects?kind=void").await.body;
    let effects = list["data"].as_array().expect("it is a list");
    assert_eq!(effects.len(), 1, "{list:#}");
    let id = effects[0]["id"].as_str().expect("it has an id");
    shop.get(&format!("/v1/effects/{id}")).await.body
}

fn let_go() -> Value {
    json!({ "status_code": "200", "transaction_status": "cancel", "order_id": "V-1" })
}

/// Midtrans is sure that it does not do it.
fn too_late() -> Value {
    json!({ "status_code": "412", "status_message": "Transaction status cannot be updated." })
}

#[tokio::test]
async fn a_cancelled_orders_authorised_card_is_let_go_once() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let shop = cancelled(&provider, &database).await;
    let set_aside = said(&shop, SampleStatus::Authorized);
    let (asked, reply) = ordered(&mut provider, &set_aside).await;
    let basic = Some("Basic c2VydmVyLWtleTo=");
    assert_eq!(asked.header("authorization"), basic);
    assert_eq!(asked.body, b"");
    reply
        .send(answer(&let_go()))
        .expect("the worker waits for it");
    let called_off = said(&shop, SampleStatus::Cancelled);
    let order = answering(&mut provider, &called_off, &shop, |order| {
        payment_is(order, "cancelled")
    })
    .await;
    assert_eq!(
        (&order["status"], attention(&order)),
        (&json!("cancelled"), vec![])
    );
    let entries = kinds(&shop, "V-1").await;
    for kind in ["payment.void_requested", "payment.cancelled"] {
        let times = entries.iter().filter(|known| *known == kind).count();
        assert_eq!(times, 1, "{kind} in {entries:?}");
    }
    assert!(
        !entries.contains(&"order.attention".to_owned()),
        "{entries:?}"
    );
    let effect = the_void(&shop).await;
    assert_eq!(
        (&effect["state"], &effect["content"]["source"]),
        (&json!("done"), &json!("midtrans"))
    );
    // The provider reports it itself: nothing new.
    assert_ne!(deliver(&shop, SampleStatus::Cancelled).await, "applied");
    assert_ne!(deliver(&shop, SampleStatus::Authorized).await, "applied");
    let order = shop.get("/v1/orders/V-1").await.body;
    assert!(payment_is(&order, "cancelled") && attention(&order).is_empty());
    assert_eq!(
        the_void(&shop).await["attempts"].as_array().map(Vec::len),
        Some(1)
    );
    was_asked_only(&mut provider);
    shop.close().await;
}

#[tokio::test]
async fn what_the_provider_does_not_let_go_is_shown_or_was_taken() {
    for (stands, status, open) in [
        (SampleStatus::Authorized, "authorized", "authorization_open"),
        (SampleStatus::Paid, "paid", "paid_unfulfillable"),
    ] {
        let mut provider = Handler::start().await;
        let database = Database::fleeting();
        let shop = cancelled(&provider, &database).await;
        let set_aside = said(&shop, SampleStatus::Authorized);
        let (_, reply) = ordered(&mut provider, &set_aside).await;
        reply
            .send(answer(&too_late()))
            .expect("the worker waits for it");
        let stands = said(&shop, stands);
        let order = answering(&mut provider, &stands, &shop, |order| {
            !attention(order).is_empty()
        })
        .await;
        assert_eq!(
            (payment_is(&order, status), attention(&order)),
            (true, vec![open])
        );
        was_asked_only(&mut provider);
        shop.close().await;
    }
}

/// The line breaks. It may have arrived, so the provider is asked before anything is sent once more.
#[tokio::test]
async fn what_may_have_arrived_is_asked_about_before_it_is_sent_again() {
    for arrived in [true, false] {
        let mut provider = Handler::start().await;
        let database = Database::fleeting();
        let shop = cancelled(&provider, &database).await;
        let set_aside = said(&shop, SampleStatus::Authorized);
        drop(ordered(&mut provider, &set_aside).await);
        let stands = match arrived {
            true => said(&shop, SampleStatus::Cancelled),
            false => set_aside,
        };
        let effect = the_void(&shop).await;
        let path = format!(
            "/v1/effects/{}",
            effect["id"].as_str().expect("it has an id")
        );
        let broken = |effect: &Value| effect["attempts"] != json!([]);
        until(&shop, &path, broken).await;
        // Its time may have come already.
        let retried = shop.post(&format!("{path}/retry"), &json!({})).await;
        assert!(matches!(retried.status, 202 | 409), "{retried:?}");
        if !arrived {
            let (asked, reply) = provider.next().await;
            assert!(asked.head.starts_with("GET /v2/V-1/status "), "{asked:?}");
            reply
                .send(answer(&stands))
                .expect("the worker waits for it");
            let (_, reply) = ordered(&mut provider, &stands).await;
            reply
                .send(answer(&let_go()))
                .expect("the worker waits for it");
        }
        let order = answering(&mut provider, &stands, &shop, |order| {
            payment_is(order, "cancelled")
        })
        .await;
        assert_eq!(attention(&order), [""; 0]);
        was_asked_only(&mut provider);
        shop.close().await;
    }
}
