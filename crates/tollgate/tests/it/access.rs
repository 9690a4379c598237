//! Keys, scopes, shops and the doors that need no key.

use serde_json::{Value, json};

use crate::shop::{KEY, Shop, order};

pub(crate) async fn key(shop: &Shop, scopes: &[&str], of: Option<&str>) -> (String, String) {
    let body = json!({ "name": "test", "scopes": scopes, "shop": of });
    let made = shop.call("POST", "/v1/keys", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let text = |name: &str| made.body[name].as_str().expect("it is shown").to_owned();
    (text("id"), format!("Bearer {}", text("key")))
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_until_it_is_revoked() {
    let shop = Shop::open().await;
    let (id, reader) = key(&shop, &["read"], None).await;
    let headers = [("authorization", reader.as_str()), ("idempotency-key", "k")];
    assert_eq!(
        shop.send("GET", "/v1/orders", &headers, b"").await.status,
        200
    );
    let body = order("Z-1", "A", 1).to_string();
    let refused = shop
        .send("POST", "/v1/orders", &headers, body.as_bytes())
        .await;
    assert_eq!((refused.status, refused.code()), (403, "scope_missing"));
    assert_eq!(refused.body["scope"], "write");
    let refused = shop.send("GET", "/v1/keys", &headers, b"").await;
    assert_eq!(
        (refused.status, &refused.body["scope"]),
        (403, &json!("admin"))
    );
    let revoked = shop
        .call("DELETE", &format!("/v1/keys/{id}"), &Value::Null)
        .await;
    assert_eq!(revoked.status, 204);
    let gone = shop.send("GET", "/v1/orders", &headers, b"").await;
    assert_eq!((gone.status, gone.code()), (401, "key_invalid"));
    let list = shop.get("/v1/keys").await;
    assert!(list.body["data"][0]["revoked_at"].is_string());
    assert!(!list.text.contains("tg_"));
    shop.close().await;
}

/// Methods, paths and scopes, as the tables of docs/api.md have them; a row may have several calls.
fn documented() -> Vec<(&'static str, String, &'static str)> {
    let document = include_str!("../../../../docs/api.md");
    let mut found = Vec::new();
    for line in document.lines() {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (Some(calls), Some(scope)) = (cells.next(), cells.next()) else {
            continue;
        };
        if !["read", "write", "admin"].contains(&scope) {
            continue;
        }
        for call in calls.split('`').skip(1).step_by(2) {
            let (method, path) = call.split_once(' ').expect("a call has a method");
            found.push((method, path.replace(['{', '}'], ""), scope));
        }
    }
    found
}

#[tokio::test]
async fn every_operation_wants_the_scope_that_is_documented() {
    let shop = Shop::open().await;
    let (_, reader) = key(&shop, &["read"], None).await;
    let (_, writer) = key(&shop, &["write"], None).await;
    let rows = documented();
    assert!(40 < rows.len(), "{rows:?}");
    for (method, path, scope) in rows {
        // A good answer of the stream has no end.
        let short = [(&reader, "write"), (&reader, "admin"), (&writer, "admin")];
        for (key, _) in short.iter().filter(|(_, wanted)| *wanted == scope) {
            let headers = [
                ("authorization", key.as_str()),
                ("content-type", "text/plain"),
            ];
            let refused = shop.send(method, &path, &headers, b"no JSON").await;
            let found = (refused.status, refused.code(), &refused.body["scope"]);
            assert_eq!(
                found,
                (403, "scope_missing", &json!(scope)),
                "{method} {path}"
            );
        }
        let headers = [("authorization", reader.as_str())];
        if scope == "read" && path != "/v1/stream" {
            let read = shop.send(method, &path, &headers, b"").await;
            assert!(
                ![401, 403].contains(&read.status),
                "{method} {path}: {read:?}"
            );
        }
    }
    shop.close().await;
}

#[tokio::test]
async fn another_shops_things_are_not_there() {
    let shop = Shop::open().await;
    shop.put_stock("A", 5).await;
    let made = shop.post("/v1/orders", &order("Z-1", "A", 1)).await;
    let id = made.body["id"].as_str().expect("it has an id");
    let (_, tea) = key(&shop, &["admin"], Some("tea")).await;
    let headers = [("authorization", tea.as_str())];
    for path in [
        format!("/v1/orders/{id}"),
        "/v1/orders/Z-1".into(),
        "/v1/stock/A".into(),
    ] {
        assert_eq!(
            shop.send("GET", &path, &headers, b"").await.status,
            404,
            "{path}"
        );
    }
    let beyond = json!({ "name": "x", "scopes": ["admin"], "shop": "main" }).to_string();
    let refused = shop
        .send("POST", "/v1/keys", &headers, beyond.as_bytes())
        .await;
    assert_eq!(refused.pointers(), ["/shop"]);
    shop.close().await;
}

#[tokio::test]
async fn without_a_key_there_is_nothing_but_health() {
    let shop = Shop::open().await;
    let refused = shop.send("GET", "/v1/orders", &[], b"").await;
    assert_eq!((refused.status, refused.code()), (401, "key_missing"));
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    for path in ["/healthz", "/readyz"] {
        assert_eq!(shop.send("GET", path, &[], b"").await.status, 200, "{path}");
    }
    shop.close().await;
}

/// Each figure has a name as Prometheus wants it, a line of help and a row in docs/metrics.md.
#[tokio::test]
async fn figures_have_names_and_units_as_documented() {
    let shop = Shop::open().await;
    let text = shop.send("GET", "/metrics", &[], b"").await.text;
    let documented = include_str!("../../../../docs/metrics.md");
    let types: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    assert!(35 < types.len(), "{text}");
    for (name, kind) in types {
        let sample = match kind {
            "counter" => format!("{name}_total"),
            _ => name.to_owned(),
        };
        let row = format!("| `{sample}` | {kind} |");
        assert!(documented.contains(&row), "docs/metrics.md lacks {row}");
        assert!(name.starts_with("tollgate_"), "{name}");
        assert!(text.contains(&format!("# HELP {name} ")), "{name}");
        for part in name.split('_') {
            let odd = ["us", "ms", "microseconds", "milliseconds", "kb", "minutes"];
            assert!(!odd.contains(&part), "{name} is in no base unit");
        }
    }
    shop.close().await;
}

#[tokio::test]
async fn figures_are_for_loopback_keys_and_the_admin_door() {
    let shop = Shop::open().await;
    let text = shop.send("GET", "/metrics", &[], b"").await.text;
    assert!(
        text.contains("tollgate_gate_batches_total") && text.ends_with("# EOF\n"),
        "{text}"
    );
    let proxied = [("x-forwarded-for", "203.0.113.9")];
    let refused = shop.send("GET", "/metrics", &proxied, b"").await;
    assert_eq!((refused.status, refused.code()), (401, "key_missing"));
    let bearer = format!("Bearer {KEY}");
    let keyed = [
        ("x-forwarded-for", "203.0.113.9"),
        ("authorization", bearer.as_str()),
    ];
    assert_eq!(shop.send("GET", "/metrics", &keyed, b"").await.status, 200);
    shop.close().await;
    let shop = Shop::set("admin_listen = \"127.0.0.1:0\"").await;
    assert_eq!(shop.send("GET", "/metrics", &[], b"").await.status, 404);
    shop.close().await;
}
