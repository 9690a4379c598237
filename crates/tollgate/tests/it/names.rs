//! Names as catalogues have them: skus, calendars and order codes of any script, in bodies and in paths.

use serde_json::{Value, json};

use crate::shop::{Shop, order};

/// Percent-encodes everything but letters and digits.
fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}

const NAMES: &[&str] = &[
    "SHIRT/M #2",
    "100% cotton?",
    "Батик 42 +",
    "कुर्ता & \"दुपट्टा\"",
    "خُبز/كبير",
    "炒飯。大",
    "a%2Fb",
    "it's; drop table stock--",
    "👕🏽",
];

#[tokio::test]
async fn a_sku_of_any_script_is_put_ordered_and_found_by_its_path() {
    let shop = Shop::open().await;
    for (number, sku) in NAMES.iter().enumerate() {
        let path = format!("/v1/stock/{}", encoded(sku));
        let put = shop.call("PUT", &path, &json!({ "on_hand": 5 })).await;
        assert_eq!(
            (put.status, &put.body["sku"]),
            (200, &json!(sku)),
            "{put:?}"
        );
        let adjust = format!("{path}/adjust");
        let adjusted = shop.post(&adjust, &json!({ "delta": -1 })).await;
        assert_eq!(adjusted.body["on_hand"], 4, "{adjusted:?}");
        let code = format!("{sku} / {number}");
        let created = shop.post("/v1/orders", &order(&code, sku, 2)).await;
        assert_eq!(created.status, 201, "{created:?}");
        assert_eq!(created.body["lines"][0]["sku"], *sku);
        let order = format!("/v1/orders/{}", encoded(&code));
        let shown = shop.get(&order).await;
        assert_eq!(shown.body["code"], code, "{shown:?}");
        let timeline = shop.get(&format!("{order}/timeline")).await;
        assert_eq!(
            timeline.body["data"][0]["detail"]["code"], code,
            "{timeline:?}"
        );
        let found = shop
            .get(&format!("/v1/orders?code={}", encoded(&code)))
            .await;
        assert_eq!(found.body["data"][0]["code"], code, "{found:?}");
        let cancelled = shop.post(&format!("{order}/cancel"), &json!({})).await;
        assert_eq!(cancelled.body["status"], "cancelled", "{cancelled:?}");
        assert_eq!(shop.get(&path).await.body["held"], 0);
    }
    // Page by page, whatever letters a name has.
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = shop.get(&format!("/v1/stock?limit=2{cursor}")).await;
        let skus = page.body["data"].as_array().expect("a list").iter();
        found.extend(skus.map(|stock| stock["sku"].as_str().expect("a text").to_owned()));
        match &page.body["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => break,
        }
    }
    let mut all: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    all.sort();
    assert_eq!(found, all);
    shop.close().await;
}

#[tokio::test]
async fn two_spellings_of_a_name_are_one_name() {
    let shop = Shop::open().await;
    let (composed, apart) = ("caf\u{e9} no. 1", "cafe\u{301}\u{a0}no. 1");
    let path = format!("/v1/stock/{}", encoded(apart));
    let put = shop.call("PUT", &path, &json!({ "on_hand": 3 })).await;
    assert_eq!(put.body["sku"], composed, "{put:?}");
    assert_eq!(
        shop.get("/v1/stock").await.body["data"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let created = shop.post("/v1/orders", &order(apart, composed, 2)).await;
    assert_eq!(created.body["code"], composed, "{created:?}");
    let again = shop.post("/v1/orders", &order(composed, apart, 1)).await;
    assert_eq!((again.status, again.code()), (409, "already_exists"));
    let found = shop.get(&format!("/v1/orders/{}", encoded(apart))).await;
    assert_eq!(found.body["id"], created.body["id"]);
    assert_eq!(shop.get(&path).await.body["held"], 2);
    shop.close().await;
}

#[tokio::test]
async fn a_calendar_of_any_name_has_its_slots() {
    let shop = Shop::open().await;
    let calendar = json!({ "unit": "orders", "capacity": 2 });
    let slots = json!({ "slots": [
        { "starts_at": "2099-01-01T10:00:00Z", "ends_at": "2099-01-01T11:00:00Z" },
    ] });
    for name in ["кухня/1", "a/slots", "#1"] {
        let path = format!("/v1/calendars/{}", encoded(name));
        let put = shop.call("PUT", &path, &calendar).await;
        assert_eq!(
            (put.status, &put.body["name"]),
            (200, &json!(name)),
            "{put:?}"
        );
        let put = shop.call("PUT", &format!("{path}/slots"), &slots).await;
        assert_eq!(put.status, 200, "{put:?}");
        let code = format!("at {name}");
        let wanted = json!({
            "code": code, "currency": "IDR", "slot": { "calendar": name },
            "lines": [{ "sku": "any", "quantity": 1, "unit_amount": 5, "stocked": false }],
        });
        let created = shop.post("/v1/orders", &wanted).await;
        assert_eq!(created.body["slot"]["calendar"], name, "{created:?}");
        let listed = shop.get(&format!("{path}/slots")).await;
        assert_eq!(listed.body["data"][0]["held"], 1, "{listed:?}");
    }
    shop.close().await;
}

/// A webhook that comes before its order waits under the code, however the provider spells it.
#[tokio::test]
async fn a_code_out_of_a_reference_leads_to_its_order_in_either_spelling() {
    let database = crate::database::Database::fleeting();
    let pattern = "paths = [\"/old/midtrans\"]\norder_code_pattern = '^(?P<code>.+)-[0-9]+$'";
    let changes = [("paths = [\"/old/midtrans\"]", pattern)];
    let shop = Shop::changed(&changes, &database).await;
    shop.put_stock("A", 3).await;
    let early = shop.webhook("cafe\u{301}/7-1", "t1", 10_000);
    let parked = shop.deliver("/webhooks/midtrans", &early).await;
    assert_eq!(parked.body["events"][0]["outcome"], "parked", "{parked:?}");
    let created = shop.post("/v1/orders", &order("caf\u{e9}/7", "A", 2)).await;
    assert_eq!(
        (created.status, &created.body["status"]),
        (201, &json!("paid")),
        "{created:?}"
    );
    shop.close().await;
}

#[tokio::test]
async fn a_name_that_none_can_read_is_refused_with_what_was_found() {
    let shop = Shop::open().await;
    for (sku, found) in [
        ("a ", r#""a ""#),
        ("a\u{200b}b", r#""a\u{200b}b""#),
        ("\u{7}", r#""\u{7}""#),
        ("\u{202e}gpj", r#""\u{202e}gpj""#),
    ] {
        let path = format!("/v1/stock/{}", encoded(sku));
        let refused = shop.call("PUT", &path, &json!({ "on_hand": 1 })).await;
        assert_eq!((refused.status, refused.pointers()), (400, vec!["{sku}"]));
        let detail = refused.body["errors"][0]["detail"]
            .as_str()
            .expect("a text");
        assert!(
            detail.contains(found) && detail.contains("1 to 128"),
            "{detail}"
        );
        assert_eq!(shop.get(&path).await.status, 404);
        let ordered = shop.post("/v1/orders", &order("C", sku, 1)).await;
        let detail = ordered.body["errors"][0]["detail"]
            .as_str()
            .expect("a text");
        assert!(detail.contains(found), "{detail}");
    }
    let mut wanted = order("C", "A", 1);
    wanted["currency"] = json!("XYZ");
    let unknown = shop.post("/v1/orders", &wanted).await;
    let place =
        json!({ "pointer": "/currency", "code": "currency_unknown", "detail": "found \"XYZ\"" });
    assert_eq!(
        (unknown.status, &unknown.body["errors"]),
        (422, &json!([place]))
    );
    let payment = json!({ "order": "nobody/1", "source": "manual", "reference": "r" });
    let unknown = shop.post("/v1/payments", &payment).await;
    assert_eq!(
        unknown.body["errors"][0]["detail"], r#"found "nobody/1""#,
        "{unknown:?}"
    );
    let filtered = shop.get("/v1/orders?status=payed").await;
    let detail = filtered.body["errors"][0]["detail"]
        .as_str()
        .expect("a text");
    assert!(
        detail.contains(r#"found "payed""#) && detail.contains("awaiting_payment"),
        "{detail}"
    );
    shop.close().await;
}

#[tokio::test]
async fn what_people_are_called_is_taken_as_they_wrote_it() {
    let shop = Shop::open().await;
    let long = "n".repeat(500);
    let mut wanted = json!({
        "code": "N-1", "currency": "IDR",
        "lines": [{ "sku": "a/b", "quantity": 1, "unit_amount": 5, "stocked": false,
                    "name": "Batik shirt,\r\n  long sleeves\n" }],
        "customer": { "name": long, "phone": "+62 812-3456 (ext. 7)\nor the neighbour", "email": "Dewi <d@x>" },
    });
    let created = shop.post("/v1/orders", &wanted).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(
        created.body["lines"][0]["name"],
        "Batik shirt, long sleeves"
    );
    assert_eq!(
        created.body["customer"],
        json!({ "name": long, "phone": "+62 812-3456 (ext. 7) or the neighbour", "email": "Dewi <d@x>" })
    );
    wanted["code"] = json!("N-2");
    wanted["customer"]["name"] = json!("n".repeat(501));
    let refused = shop.post("/v1/orders", &wanted).await;
    assert_eq!(refused.pointers(), ["/customer/name"]);
    let detail = refused.body["errors"][0]["detail"]
        .as_str()
        .expect("a text");
    assert!(
        detail.contains("(501 characters)") && detail.contains("up to 500"),
        "{detail}"
    );
    shop.close().await;
}
