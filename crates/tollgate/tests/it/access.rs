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
    let secret = reader.strip_prefix("Bearer ").expect("it is a key");
    assert!(!list.text.contains(secret));
    shop.close().await;
}

/// docs/access.md, Keys.
#[tokio::test]
async fn a_key_that_is_rotated_opens_with_both_secrets_until_the_overlap_ends() {
    let shop = Shop::open().await;
    let (id, first) = key(&shop, &["read"], None).await;
    let opens = async |bearer: &str| {
        let headers = [("authorization", bearer)];
        let answer = shop.send("GET", "/v1/orders", &headers, b"").await;
        answer.status
    };
    let rotate = async |body: &Value| {
        let path = format!("/v1/keys/{id}/rotate");
        let rotated = shop.call("POST", &path, body).await;
        assert_eq!(rotated.status, 200, "{rotated:?}");
        assert_eq!(rotated.body["id"], id.as_str(), "it is the same key");
        let key = rotated.body["key"].as_str().expect("it is shown once");
        assert_eq!(rotated.body["prefix"], key[..7]);
        (
            format!("Bearer {key}"),
            rotated.body["former_ends_at"].clone(),
        )
    };
    let (second, former_ends_at) = rotate(&json!({})).await;
    assert!(former_ends_at.is_string());
    assert_eq!((opens(&first).await, opens(&second).await), (200, 200));
    // A repetition, as after an answer that was lost, puts out no secret that is in use.
    let path = format!("/v1/keys/{id}/rotate");
    let again = shop.call("POST", &path, &json!({})).await;
    assert_eq!((again.status, again.code()), (409, "former_secret_good"));
    assert_eq!(again.body["former_ends_at"], former_ends_at);
    assert_eq!((opens(&first).await, opens(&second).await), (200, 200));
    let (third, former_ends_at) = rotate(&json!({ "overlap_hours": 0 })).await;
    assert_eq!(former_ends_at, Value::Null);
    let answers = (
        opens(&first).await,
        opens(&second).await,
        opens(&third).await,
    );
    assert_eq!(answers, (401, 401, 200));
    let headers = [("authorization", second.as_str())];
    let expired = shop.send("GET", "/v1/orders", &headers, b"").await;
    assert!(
        expired.body["detail"]
            .as_str()
            .is_some_and(|said| said.contains("expired"))
    );
    let (fourth, _) = rotate(&json!({ "overlap_hours": 720 })).await;
    assert_eq!((opens(&third).await, opens(&fourth).await), (200, 200));
    let path = format!("/v1/keys/{id}");
    assert_eq!(shop.call("DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!((opens(&third).await, opens(&fourth).await), (401, 401));
    assert_eq!(shop.call("DELETE", &path, &Value::Null).await.status, 204);
    let refused = shop
        .call("POST", &format!("{path}/rotate"), &json!({}))
        .await;
    assert_eq!((refused.status, refused.code()), (409, "key_ended"));
    let long = json!({ "overlap_hours": 721 });
    let refused = shop.call("POST", &format!("{path}/rotate"), &long).await;
    assert_eq!(refused.pointers(), ["/overlap_hours"]);
    shop.close().await;
}

#[tokio::test]
async fn a_key_says_how_it_is_called_when_it_ends_and_when_it_was_used() {
    let shop = Shop::open().await;
    for (expires_at, why) in [
        ("2020-01-01T00:00:00Z", "passed"),
        ("2100-01-01T00:00:00Z", "ten years"),
    ] {
        let body = json!({ "name": "x", "scopes": ["read"], "expires_at": expires_at });
        let refused = shop.call("POST", "/v1/keys", &body).await;
        assert_eq!(refused.pointers(), ["/expires_at"]);
        assert!(refused.text.contains(why), "{refused:?}");
    }
    let (id, bearer) = key(&shop, &["read"], None).await;
    let path = format!("/v1/keys/{id}");
    let fresh = shop.get(&path).await;
    assert_eq!(fresh.body["last_used_at"], Value::Null);
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(
        shop.send("GET", "/v1/orders", &headers, b"").await.status,
        200
    );
    // What was noted is written by the time that something later is.
    shop.put_stock("A", 5).await;
    let used = shop.get(&path).await;
    assert!(used.body["last_used_at"].is_string(), "{used:?}");
    let renamed = shop.call("PATCH", &path, &json!({ "name": "till" })).await;
    assert_eq!(renamed.body["name"], "till");
    assert_eq!(shop.get("/v1/keys").await.body["data"][0]["name"], "till");
    assert_eq!(
        shop.get("/v1/keys/key_01j5h5q2rsfzk9n8x0t3q4w5e6")
            .await
            .status,
        404
    );
    shop.close().await;
}

/// A key ends at its time, also where it was used a moment before.
#[tokio::test]
async fn an_expired_key_opens_nothing_and_says_so() {
    let shop = Shop::open().await;
    // Where making it takes longer than it lives, it is refused, and a longer one is asked for.
    let mut lives = jiff::SignedDuration::from_millis(1500);
    let (made, ends_at) = loop {
        let ends_at = jiff::Timestamp::now() + lives;
        let body = json!({ "name": "x", "scopes": ["read"], "expires_at": ends_at.to_string() });
        let made = shop.call("POST", "/v1/keys", &body).await;
        if made.status == 201 {
            break (made, ends_at);
        }
        assert!(lives < jiff::SignedDuration::from_secs(60), "{}", made.body);
        lives *= 2;
    };
    let bearer = format!("Bearer {}", made.body["key"].as_str().expect("it is shown"));
    let headers = [("authorization", bearer.as_str())];
    let mut last = shop.send("GET", "/v1/orders", &headers, b"").await;
    while last.status == 200 {
        let late = ends_at + jiff::SignedDuration::from_secs(20);
        assert!(jiff::Timestamp::now() < late, "it goes on opening");
        last = shop.send("GET", "/v1/orders", &headers, b"").await;
    }
    assert_eq!((last.status, last.code()), (401, "key_invalid"));
    assert!(
        last.body["detail"]
            .as_str()
            .is_some_and(|said| said.contains("expired"))
    );
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
        // What every process says of itself has the name that it has in all programs.
        let is_ours = name.starts_with("tollgate_") || name.starts_with("process_");
        assert!(is_ours, "{name}");
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

/// A browser calls the origin of a form `null` where its page has the policy `no-referrer`.
#[tokio::test]
async fn pages_let_browsers_say_where_their_forms_come_from() {
    let shop = Shop::open().await;
    let page = shop.send("GET", "/sign-in", &[], b"").await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    let other = shop.get("/v1/orders").await;
    assert_eq!(other.header("referrer-policy"), Some("no-referrer"));
    shop.close().await;
}
