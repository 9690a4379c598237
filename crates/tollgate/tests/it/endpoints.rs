//! Merchants' endpoints: made, changed, given new secrets, tried, deleted.

use axum::http::HeaderMap;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::access::key;
use crate::database::Database;
use crate::shop::{Answer, Shop};
use crate::tls;

/// Another server: answers one request and returns what it was sent.
async fn listen(answer: &'static str) -> (String, JoinHandle<(HeaderMap, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody calls");
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = stream.read(&mut buffer).await.expect("it can be read");
            assert_ne!(
                count,
                0,
                "it ended after {:?}",
                String::from_utf8_lossy(&bytes)
            );
            bytes.extend_from_slice(&buffer[..count]);
            if let Some(request) = whole(&bytes) {
                stream
                    .write_all(answer.as_bytes())
                    .await
                    .expect("it is read");
                return request;
            }
        }
    });
    (format!("http://{address}/hook"), heard)
}

fn whole(bytes: &[u8]) -> Option<(HeaderMap, Vec<u8>)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).expect("it is text");
    let mut headers = HeaderMap::new();
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(':').expect("it is a header");
        let name: axum::http::HeaderName = name.parse().expect("it is a name");
        headers.append(name, value.trim().parse().expect("it is a value"));
    }
    let length = headers
        .get("content-length")?
        .to_str()
        .ok()?
        .parse::<usize>()
        .ok()?;
    let body = bytes.get(end + 4..end + 4 + length)?.to_vec();
    Some((headers, body))
}

fn text<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let value = answer.body[name].as_str();
    value.unwrap_or_else(|| panic!("no {name} in {answer:?}"))
}

#[tokio::test]
async fn an_endpoint_is_made_changed_and_deleted_and_its_secret_shown_once() {
    let shop = Shop::neighbourly().await;
    let body = json!({
        "url": "http://127.0.0.1:9/hook", "events": ["order.*", "stock.low", "order.*"],
        "description": "the books",
    });
    let made = shop.post("/v1/endpoints", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let secret = text(&made, "secret");
    assert!(secret.starts_with("whsec_"), "{made:?}");
    let id = text(&made, "id");
    assert!(id.starts_with("ep_"), "{id}");
    let path = format!("/v1/endpoints/{id}");
    let shown = shop.get(&path).await;
    assert_eq!(shown.body["events"], json!(["order.*", "stock.low"]));
    assert_eq!(shown.body["description"], "the books");
    assert_eq!(shown.body["enabled"], true);
    for name in [
        "disabled_at",
        "disabled_reason",
        "failing_since",
        "old_secret_until",
    ] {
        assert_eq!(shown.body[name], Value::Null, "{name}");
    }
    let listed = shop.get("/v1/endpoints").await;
    assert_eq!(listed.body["data"][0], shown.body);
    assert!(!shown.text.contains("whsec_") && !listed.text.contains("whsec_"));

    let change = json!({ "events": ["*"], "enabled": false, "description": "" });
    let changed = shop.call("PATCH", &path, &change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["events"], json!(["*"]));
    assert_eq!(changed.body["enabled"], false);
    assert_eq!(changed.body["description"], "");
    assert!(changed.body["disabled_reason"].is_string(), "{changed:?}");
    assert_eq!(changed.body["url"], "http://127.0.0.1:9/hook");
    assert!(!changed.text.contains("whsec_"));
    let changed = shop.call("PATCH", &path, &json!({ "enabled": true })).await;
    assert_eq!(changed.body["enabled"], true);
    assert_eq!(changed.body["disabled_at"], Value::Null);
    assert_eq!(shop.get(&path).await.body, changed.body);

    let (_, writer) = key(&shop, &["write"], None).await;
    let (_, tea) = key(&shop, &["admin"], Some("tea")).await;
    for (bearer, status) in [(&writer, 403), (&tea, 404)] {
        let headers = [("authorization", bearer.as_str())];
        for method in ["GET", "DELETE"] {
            let refused = shop.send(method, &path, &headers, b"").await;
            assert_eq!(refused.status, status, "{method}");
        }
        let refused = shop.send("PATCH", &path, &headers, b"{}").await;
        assert_eq!(refused.status, status);
    }
    assert_eq!(shop.call("DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(shop.call("DELETE", &path, &Value::Null).await.status, 404);
    assert_eq!(shop.get(&path).await.status, 404);
    shop.close().await;
}

/// E5.
#[tokio::test]
async fn an_endpoint_that_could_never_be_called_or_notified_is_refused_with_its_place() {
    let shop = Shop::open().await;
    for url in [
        "http://127.0.0.1/hook",
        "http://localhost/hook",
        "http://10.0.0.7/",
        "http://[::1]:8080/",
        "http://169.254.169.254/latest/meta-data",
        "http://0x7f.1/",
        "ftp://shop.example/",
        "https://user:password@shop.example/",
        "shop.example",
        "",
    ] {
        let body = json!({ "url": url, "events": ["*"] });
        let refused = shop.post("/v1/endpoints", &body).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "request_invalid"),
            "{url}"
        );
        assert_eq!(refused.pointers(), ["/url"], "{url}");
    }
    let body = json!({ "url": "https://shop.example/hook", "events": ["order.paid", "orders.*"] });
    let refused = shop.post("/v1/endpoints", &body).await;
    assert_eq!(refused.pointers(), ["/events/1"]);
    let body = json!({ "url": "https://shop.example/hook", "events": ["order.paid"] });
    let made = shop.post("/v1/endpoints", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("/v1/endpoints/{}", text(&made, "id"));
    let inside = json!({ "url": "http://192.168.0.1/" });
    let refused = shop.call("PATCH", &path, &inside).await;
    assert_eq!((refused.status, refused.pointers()), (400, vec!["/url"]));
    assert_eq!(
        shop.get(&path).await.body["url"],
        "https://shop.example/hook"
    );
    shop.close().await;
}

#[tokio::test]
async fn a_test_is_signed_and_both_secrets_check_while_a_rotation_overlaps() {
    let shop = Shop::neighbourly().await;
    let (url, heard) = listen("HTTP/1.1 202 Accepted\r\ncontent-length: 6\r\n\r\nthanks").await;
    let body = json!({ "url": url, "events": ["*"] });
    let made = shop.post("/v1/endpoints", &body).await;
    let old = text(&made, "secret").to_owned();
    let path = format!("/v1/endpoints/{}", text(&made, "id"));
    let rotated = shop.post(&format!("{path}/rotate"), &json!({})).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    let new = text(&rotated, "secret").to_owned();
    assert_ne!(old, new);
    assert!(rotated.body["old_secret_until"].is_string(), "{rotated:?}");

    let tested = shop.post(&format!("{path}/test"), &json!({})).await;
    assert_eq!(tested.status, 200, "{tested:?}");
    assert_eq!(tested.body["status"], 202);
    assert_eq!(tested.body["error"], Value::Null);
    assert!(tested.body["duration_ms"].is_u64(), "{tested:?}");
    let head = text(&tested, "response_head");
    assert!(head.contains("202") && head.contains("thanks"), "{head}");
    let (headers, body) = heard.await.expect("it was called");
    for secret in [&old, &new] {
        let webhook = Webhook::new(secret).expect("it is a secret");
        webhook
            .verify(&body, &headers)
            .unwrap_or_else(|error| panic!("{error}"));
    }
    let body: Value = serde_json::from_slice(&body).expect("it is JSON");
    assert_eq!(body["type"], "endpoint.test");
    assert!(body["timestamp"].is_string(), "{body:#}");

    // Nothing listens there any more.
    let tested = shop.post(&format!("{path}/test"), &json!({})).await;
    assert_eq!(tested.status, 200, "{tested:?}");
    assert_eq!(tested.body["status"], Value::Null);
    assert!(!text(&tested, "error").is_empty());
    assert_eq!(tested.body["response_head"], Value::Null);
    let effects = shop.get("/v1/effects").await;
    assert_eq!(effects.body["data"], json!([]), "a test is no effect");
    shop.close().await;
}

#[tokio::test]
async fn changes_at_once_lose_no_secret_that_was_shown() {
    let shop = Shop::neighbourly().await;
    let (url, heard) = listen("HTTP/1.1 204 No Content\r\n\r\n").await;
    let body = json!({ "url": url, "events": ["*"] });
    let made = shop.post("/v1/endpoints", &body).await;
    let path = format!("/v1/endpoints/{}", text(&made, "id"));
    let (rotate, empty) = (format!("{path}/rotate"), json!({}));
    let descriptions: Vec<Value> = (0..4)
        .map(|number| json!({ "description": format!("number {number}") }))
        .collect();
    let (first, second, ..) = tokio::join!(
        shop.post(&rotate, &empty),
        shop.post(&rotate, &empty),
        shop.call("PATCH", &path, &descriptions[0]),
        shop.call("PATCH", &path, &descriptions[1]),
        shop.call("PATCH", &path, &descriptions[2]),
        shop.call("PATCH", &path, &descriptions[3]),
    );
    let tested = shop.post(&format!("{path}/test"), &empty).await;
    assert_eq!(tested.body["status"], 204, "{tested:?}");
    let (headers, body) = heard.await.expect("it was called");
    for answer in [&made, &first, &second] {
        let webhook = Webhook::new(text(answer, "secret")).expect("it is a secret");
        webhook
            .verify(&body, &headers)
            .unwrap_or_else(|error| panic!("{error}"));
    }
    shop.close().await;
}

#[tokio::test]
async fn a_shop_has_so_many_endpoints_and_no_more() {
    let shop = Shop::open().await;
    let at = |number: usize| json!({ "url": format!("https://shop.example/{number}"), "events": ["stock.low"] });
    for number in 0..100 {
        let made = shop.post("/v1/endpoints", &at(number)).await;
        assert_eq!(made.status, 201, "{number}: {made:?}");
        // A repetition whose first answer was lost makes no second one.
        let again = shop.post("/v1/endpoints", &at(number)).await;
        assert_eq!((again.status, again.code()), (409, "already_exists"));
        assert_eq!(again.body["id"], made.body["id"]);
    }
    let refused = shop.post("/v1/endpoints", &at(100)).await;
    assert_eq!(
        (refused.status, refused.code()),
        (422, "too_many_endpoints")
    );
    let listed = shop.get("/v1/endpoints?limit=60").await;
    let next = text(&listed, "next_cursor");
    let rest = shop
        .get(&format!("/v1/endpoints?limit=60&cursor={next}"))
        .await;
    assert_eq!(rest.body["data"].as_array().map(Vec::len), Some(40));
    assert_eq!(rest.body["next_cursor"], Value::Null);
    shop.close().await;
}

/// From the configuration to the connection.
#[tokio::test]
async fn a_configured_root_certificate_is_trusted_and_no_other() {
    let url = format!("https://{}/", tls::start().await);
    for (root, status) in [(tls::ROOT, json!(200)), ("", Value::Null)] {
        let outgoing = format!(
            "[outgoing]\nallow_networks = [\"127.0.0.0/8\"]\nroot_certificate = \"{root}\"\n"
        );
        let database = Database::fleeting();
        let shop = Shop::changed(&[("[outgoing]\n", outgoing.as_str())], &database).await;
        let endpoint = json!({ "url": url, "events": ["*"] });
        let made = shop.post("/v1/endpoints", &endpoint).await;
        let id = made.body["id"].as_str().expect("it has an id");
        let path = format!("/v1/endpoints/{id}/test");
        let tried = shop.post(&path, &json!({})).await;
        assert_eq!(tried.body["status"], status, "{root}: {tried:?}");
        shop.close().await;
    }
}
