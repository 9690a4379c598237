//! Lists as staff uses them: several statuses, a search, from either end.

use serde_json::{Value, json};

use crate::shop::{Shop, order};

/// The codes of a list of orders, page by page.
async fn codes(shop: &Shop, query: &str) -> Vec<String> {
    texts(shop, &format!("/v1/orders?{query}"), "code").await
}

async fn texts(shop: &Shop, path: &str, member: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = shop.get(&format!("{path}&limit=2{cursor}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let items = page.body["data"].as_array().expect("a list").iter();
        found.extend(items.map(|item| item[member].as_str().expect("a text").to_owned()));
        match &page.body["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return found,
        }
    }
}

#[tokio::test]
async fn orders_are_found_by_several_statuses_by_parts_and_from_either_end() {
    let shop = Shop::open().await;
    shop.put_stock("A", 50).await;
    for (number, name) in ["Dewi Sartika", "Ёжик", "DEWI", "Budi", "Sri"]
        .into_iter()
        .enumerate()
    {
        let mut wanted = order(&format!("Café-{number}"), "A", 1);
        wanted["customer"] = json!({ "name": name, "email": format!("{number}@Example.com") });
        wanted["payment"] = json!({ "source": "midtrans", "reference": format!("Ref-{number}") });
        assert_eq!(shop.post("/v1/orders", &wanted).await.status, 201);
    }
    let paid = shop.webhook("Ref-1", "t1", 5000);
    assert_eq!(shop.deliver("/webhooks/midtrans", &paid).await.status, 200);
    let paths = ["Caf%C3%A9-2", "Caf%C3%A9-3"];
    for path in paths {
        shop.post(&format!("/v1/orders/{path}/cancel"), &json!({}))
            .await;
    }
    let all = ["Café-4", "Café-3", "Café-2", "Café-1", "Café-0"];
    assert_eq!(codes(&shop, "sort=desc").await, all);
    let oldest: Vec<&str> = all.iter().rev().copied().collect();
    assert_eq!(codes(&shop, "sort=asc").await, oldest);
    // Cancelled ones are closing while their payments are open.
    let several = ["Café-3", "Café-2", "Café-1"];
    assert_eq!(codes(&shop, "status=paid,closing").await, several);
    assert_eq!(codes(&shop, "status=paid&status=closing").await, several);
    assert_eq!(
        codes(&shop, "status=paid,%20closing&sort=asc&search=dewi").await,
        ["Café-2"]
    );
    assert_eq!(codes(&shop, "customer=dewi").await, ["Café-2", "Café-0"]);
    assert_eq!(codes(&shop, "search=%D1%91%D0%B6").await, ["Café-1"]);
    assert_eq!(codes(&shop, "search=cafe%CC%81-4").await, ["Café-4"]);
    assert_eq!(codes(&shop, "search=REF-3").await, ["Café-3"]);
    assert_eq!(codes(&shop, "search=%40example").await, all);
    // A part of an address is another person's.
    assert_eq!(codes(&shop, "customer=example").await, Vec::<String>::new());
    assert_eq!(codes(&shop, "search=nobody").await, Vec::<String>::new());

    let references = texts(
        &shop,
        "/v1/payments?status=pending,paid&sort=asc",
        "reference",
    )
    .await;
    assert_eq!(references, ["Ref-0", "Ref-1", "Ref-2", "Ref-3", "Ref-4"]);
    let applied = texts(
        &shop,
        "/v1/events?type=transaction.*&state=applied,parked",
        "state",
    )
    .await;
    assert_eq!(applied, ["applied"]);
    assert_eq!(
        texts(&shop, "/v1/events?type=trans", "state").await,
        Vec::<String>::new()
    );
    assert_eq!(
        texts(&shop, "/v1/events?search=Ref-1&sort=asc", "state").await,
        ["applied"]
    );

    // A cursor that holds no name: nothing at all, and what no database keeps.
    for cursor in ["AA", "IA", "LgAu", "%"] {
        let refused = shop.get(&format!("/v1/stock?cursor={cursor}")).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "request_invalid"),
            "{cursor}"
        );
    }
    for query in [
        "status=paid,payed",
        "sort=up",
        "sort=asc&sort=asc",
        "search=a&search=b",
    ] {
        let refused = shop.get(&format!("/v1/orders?{query}")).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "request_invalid"),
            "{query}"
        );
    }
    shop.close().await;
}
