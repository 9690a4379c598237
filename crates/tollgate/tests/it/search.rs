//! One field for whatever a person has at hand, over HTTP.

use serde_json::{Value, json};

use crate::access::key;
use crate::shop::{Shop, order};

/// What a search finds, page by page: kind, title and the member that matched.
async fn found(shop: &Shop, query: &str) -> Vec<[String; 3]> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/search?{query}&limit=2{cursor}");
        let page = shop.get(&path).await;
        assert_eq!(page.status, 200, "{page:?}");
        for hit in page.body["data"].as_array().expect("a list") {
            found.push(
                ["kind", "title", "matched"]
                    .map(|name| hit[name].as_str().expect("it is a text").to_owned()),
            );
        }
        match &page.body["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return found,
        }
    }
}

#[tokio::test]
async fn orders_payments_events_and_customers_are_found_by_one_field() {
    let shop = Shop::open().await;
    shop.put_stock("A", 50).await;
    for (number, name) in ["Dewi Sartika", "DEWI", "Budi"].into_iter().enumerate() {
        let mut wanted = order(&format!("Café-{number}"), "A", 1);
        wanted["customer"] = json!({ "name": name, "email": format!("{number}@Example.com") });
        wanted["payment"] = json!({ "source": "midtrans", "reference": format!("Ref-{number}") });
        assert_eq!(shop.post("/v1/orders", &wanted).await.status, 201);
    }
    let paid = shop.webhook("Ref-1", "trx-9", 5000);
    assert_eq!(shop.deliver("/webhooks/midtrans", &paid).await.status, 200);

    let customer = |title: &str| {
        [
            "customer".to_owned(),
            title.to_owned(),
            "customer.name".to_owned(),
        ]
    };
    assert_eq!(
        found(&shop, "q=dewi").await,
        [customer("DEWI · Café-1"), customer("Dewi Sartika · Café-0")]
    );
    let order = [["order", "Café-2 · Budi", "code"].map(str::to_owned)];
    for spelled in ["q=caf%C3%A9-2", "q=cafe%CC%81-2", "q=%20Caf%C3%A9-2%20"] {
        assert_eq!(found(&shop, spelled).await, order, "{spelled}");
    }
    let listed = shop.get("/v1/payments?reference=Ref-1").await.body;
    let own = listed["data"][0]["provider_payment_id"].as_str();
    let own = own.expect("its provider has named its id").to_owned();
    let payment = [
        "payment",
        "midtrans · Ref-1 · Café-1",
        "provider_payment_id",
    ];
    let beginning = &own[..own.len() - 1];
    for text in [own.as_str(), beginning] {
        let by_id = found(&shop, &format!("q={text}")).await;
        assert!(
            by_id.contains(&payment.map(str::to_owned)),
            "{text}: {by_id:?}"
        );
    }

    // What is shown leads on: an id finds itself.
    let hit = shop.get("/v1/search?q=ref-1").await.body["data"][0].clone();
    assert_eq!(
        (&hit["kind"], &hit["matched"]),
        (&json!("payment"), &json!("reference"))
    );
    let id = hit["id"].as_str().expect("it has an id");
    let itself = found(&shop, &format!("q={id}")).await;
    assert_eq!(
        itself,
        [["payment", "midtrans · Ref-1 · Café-1", "id"].map(str::to_owned)]
    );
    let order = hit["order_id"].as_str().expect("it is of an order");
    assert_eq!(
        shop.get(&format!("/v1/orders/{order}")).await.body["code"],
        "Café-1"
    );

    // Another shop has none of it.
    let (_, tea) = key(&shop, &["read"], Some("tea")).await;
    let headers = [("authorization", tea.as_str())];
    for text in ["dewi", own.as_str(), "caf%C3%A9-2", id] {
        let foreign = shop
            .send("GET", &format!("/v1/search?q={text}"), &headers, b"")
            .await;
        assert_eq!(foreign.body["data"], json!([]), "{text}");
    }
    shop.close().await;
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_refused_with_its_place() {
    let shop = Shop::open().await;
    let long = format!("q={}", "x".repeat(201));
    for (query, pointer) in [
        ("", "?q"),
        ("q=", "?q"),
        ("q=%20", "?q"),
        (long.as_str(), "?q"),
        ("q=a%00", "?q"),
        ("q=a&limit=51", "?limit"),
        ("q=a&limit=0", "?limit"),
        ("q=a&cursor=x", "?cursor"),
        ("q=a&sort=asc", "?sort"),
    ] {
        let refused = shop.get(&format!("/v1/search?{query}")).await;
        assert_eq!(
            (refused.status, refused.pointers()),
            (400, vec![pointer]),
            "{query}"
        );
    }
    let most = format!("/v1/search?q={}", "x".repeat(200));
    assert_eq!(shop.get(&most).await.status, 200);
    shop.close().await;
}
