//! What is taken at one time and in a second: places of classes, paces of keys and sources; and what every
//! answer tells a browser.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::access::key;
use crate::database::Database;
use crate::effects::PATIENCE;
use crate::shop::{KEY, Shop, read_answer};

/// A server with these `[limits]`.
async fn limited(limits: &str, database: &Database) -> Shop {
    let section = format!("[limits]\n{limits}\n[store]\n");
    let patient = ("body_timeout_ms = 300\n", "body_timeout_ms = 60000\n");
    Shop::changed(&[("[store]\n", &section), patient], database).await
}

/// A call of the API that has begun and waits for its body.
async fn begun(shop: &Shop) -> TcpStream {
    let mut stream = TcpStream::connect(shop.address).await.expect("it listens");
    let head = format!(
        "POST /v1/keys HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {KEY}\r\n\
         content-length: 2\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("it reads");
    let mut asked = [0; 25];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut asked)
        .await
        .expect("it asks for the body");
    stream
}

/// Whoever sends the body of a call slowly has no place: others are answered meanwhile.
#[tokio::test]
async fn a_call_has_no_place_while_its_body_is_awaited() {
    let database = Database::fleeting();
    let shop = limited("api_max = 1", &database).await;
    let mut slow = begun(&shop).await;
    let read = shop.get("/v1/orders").await;
    assert_eq!(read.status, 200, "{read:?}");
    slow.write_all(b"{}").await.expect("it reads");
    assert_eq!(read_answer(&mut slow).await.status, 400);
    shop.close().await;
}

/// However many read, and however much: each is answered or told when to come again, and webhooks are taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_reads_takes_nothing_from_webhooks() {
    let database = Database::fleeting();
    let shop = Arc::new(limited("api_max = 2", &database).await);
    let is_over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..12)
        .map(|_| {
            let (shop, is_over) = (Arc::clone(&shop), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut shed = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let read = shop.get("/v1/events?limit=200").await;
                    match read.status {
                        200 => {}
                        503 => {
                            assert_eq!(read.code(), "overloaded");
                            assert_eq!(read.header("retry-after"), Some("1"));
                            let detail = read.body["detail"].as_str().unwrap_or_default();
                            assert!(detail.contains("limits.api_max"), "{detail}");
                            shed += 1;
                        }
                        _ => panic!("{read:?}"),
                    }
                }
                shed
            })
        })
        .collect();
    let since = Instant::now();
    let mut sent = 0;
    loop {
        let webhook = shop.webhook(&format!("R-{sent}"), &format!("t{sent}"), 100);
        let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
        assert_eq!(taken.status, 200, "{taken:?}");
        sent += 1;
        for path in ["/healthz", "/docs/errors"] {
            assert_eq!(shop.get(path).await.status, 200, "{path}");
        }
        let figures = shop.get("/metrics").await;
        let is_shed = !figures
            .text
            .contains("requests_shed_total{class=\"api\"} 0");
        if 40 <= sent && is_shed || PATIENCE < since.elapsed() {
            break;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    let mut shed = 0;
    for reader in readers {
        shed += reader.await.expect("it is answered rightly");
    }
    assert!(0 < shed, "no read was refused beside {sent} webhooks");
    let Ok(shop) = Arc::try_unwrap(shop) else {
        panic!("the readers are over")
    };
    shop.close().await;
}

/// Whoever sends a webhook slowly has no place: others are taken meanwhile.
#[tokio::test]
async fn a_webhook_takes_its_place_once_its_body_is_here() {
    let database = Database::fleeting();
    let shop = limited("webhooks_max = 1", &database).await;
    let mut slow = TcpStream::connect(shop.address).await.expect("it listens");
    let head = "POST /webhooks/midtrans HTTP/1.1\r\nhost: shop\r\ncontent-length: 9\r\n\
                expect: 100-continue\r\n\r\n";
    slow.write_all(head.as_bytes()).await.expect("it reads");
    let mut asked = [0; 25];
    let read = tokio::io::AsyncReadExt::read_exact(&mut slow, &mut asked).await;
    read.expect("it asks for the body");
    let webhook = shop.webhook("R-1", "t1", 100);
    let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    drop(slow);
    shop.close().await;
}

#[tokio::test]
async fn a_key_has_its_pace_and_is_told_what_is_left() {
    let database = Database::fleeting();
    let shop = limited("per_key_per_second = 1\nper_key_burst = 3", &database).await;
    let made = key(&shop, &["read"], None).await;
    let headers = [("authorization", made.1.as_str())];
    let call = || shop.send("GET", "/v1/orders", &headers, b"");
    let first = call().await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("ratelimit-policy"), Some("\"key\";q=3;w=3"));
    assert_eq!(first.header("ratelimit"), Some("\"key\";r=2;t=1"));
    let mut refused = call().await;
    for _ in 0..50 {
        if refused.status != 200 {
            break;
        }
        refused = call().await;
    }
    assert_eq!((refused.status, refused.code()), (429, "rate_limited"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.header("ratelimit"), Some("\"key\";r=0;t=1"));
    assert!(refused.body["retry_after_ms"].as_i64() <= Some(1000));
    // Another key has a pace of its own, and who has none is not counted.
    assert_eq!(shop.get("/v1/orders").await.status, 200);
    let none = shop.send("GET", "/v1/orders", &[], b"").await;
    assert_eq!((none.status, none.header("ratelimit")), (401, None));
    shop.close().await;
}

/// A key that has two secrets for a while has no two paces.
#[tokio::test]
async fn a_key_has_one_pace_with_both_of_its_secrets() {
    let database = Database::fleeting();
    let shop = limited("per_key_per_second = 1\nper_key_burst = 3", &database).await;
    let (id, first) = key(&shop, &["read"], None).await;
    let rotate = format!("/v1/keys/{id}/rotate");
    let rotated = shop.call("POST", &rotate, &json!({})).await;
    let second = rotated.body["key"].as_str().expect("it is shown once");
    let second = format!("Bearer {second}");
    let began = Instant::now();
    let mut taken = 0;
    for bearer in [&first, &second].into_iter().cycle().take(100) {
        let headers = [("authorization", bearer.as_str())];
        let answer = shop.send("GET", "/v1/orders", &headers, b"").await;
        if answer.status != 200 {
            assert_eq!(answer.code(), "rate_limited");
            break;
        }
        taken += 1;
    }
    let most = 3 + began.elapsed().as_secs() + 1;
    assert!(taken <= most, "{taken} calls, {most} are allowed");
    shop.close().await;
}

/// Only what is verified counts: who forges webhooks uses up nothing of the provider's.
#[tokio::test]
async fn a_source_has_its_pace_which_forgers_do_not_use_up() {
    let database = Database::fleeting();
    let midtrans = "[sources.midtrans]\n";
    let paced = format!("{midtrans}per_second = 1\nburst = 1\n");
    let shop = Shop::changed(&[(midtrans, &paced)], &database).await;
    let mut forged = shop.webhook("R-1", "t1", 100);
    let body = String::from_utf8(forged.body).expect("it is text");
    forged.body = body
        .replace("\"signature_key\":\"", "\"signature_key\":\"0")
        .into_bytes();
    for _ in 0..5 {
        let refused = shop.deliver("/webhooks/midtrans", &forged).await;
        assert_eq!(refused.status, 401, "{refused:?}");
    }
    let deliver = async |id: &str| {
        let webhook = shop.webhook("R-1", id, 100);
        shop.deliver("/webhooks/midtrans", &webhook).await
    };
    assert_eq!(deliver("t1").await.status, 200);
    let mut refused = deliver("t2").await;
    for number in 3..50 {
        if refused.status != 200 {
            break;
        }
        refused = deliver(&format!("t{number}")).await;
    }
    assert_eq!((refused.status, refused.code()), (503, "overloaded"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    shop.close().await;
}

/// A delivery that is verified again came long ago, and asks for nothing of its source's pace.
#[tokio::test]
async fn deliveries_that_are_verified_again_have_no_pace() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let secret = "[\"literal:server-key\"]";
    let wrong = (secret, "[\"literal:wrong\"]");
    let shop = Shop::changed(&[wrong], &database).await;
    let mut webhooks = Vec::new();
    let bearer = format!("Bearer {KEY}");
    let right = Shop::open().await;
    for id in ["t1", "t2", "t3"] {
        let webhook = right.webhook("R-1", id, 100);
        let refused = shop.deliver("/webhooks/midtrans", &webhook).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        webhooks.push(webhook);
    }
    right.close().await;
    let since = Instant::now();
    let kept = loop {
        let kept = shop.get("/v1/deliveries").await.body["data"].clone();
        if kept
            .as_array()
            .is_some_and(|kept| kept.len() == webhooks.len())
        {
            break kept;
        }
        assert!(since.elapsed() < PATIENCE, "{kept}");
    };
    shop.close().await;
    let midtrans = "[sources.midtrans]\n";
    let paced = format!("{midtrans}per_second = 1\nburst = 1\n");
    let shop = Shop::changed(&[(midtrans, &paced)], &database).await;
    for delivery in kept.as_array().expect("it is a list") {
        let id = delivery["id"].as_str().expect("it has one");
        let path = format!("/v1/deliveries/{id}/verify");
        let headers = [("authorization", bearer.as_str())];
        let verified = shop.send("POST", &path, &headers, b"").await;
        assert_eq!(verified.status, 200, "{verified:?}");
    }
    shop.close().await;
}

/// Methods and paths of every page and every call, as the documentation has them.
fn documented() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in include_str!("../../../../docs/api.md").lines() {
        let Some(cell) = line.split('|').nth(1) else {
            continue;
        };
        for call in cell.split('`').skip(1).step_by(2) {
            if let Some((method, path)) = call.split_once(' ')
                && ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method)
                && path.starts_with('/')
            {
                found.push((method.to_owned(), path.replace(['{', '}'], "")));
            }
        }
    }
    found
}

#[tokio::test]
async fn every_answer_tells_a_browser_what_it_is() {
    let shop = Shop::open().await;
    let bearer = format!("Bearer {KEY}");
    let mut calls = documented();
    assert!(50 < calls.len(), "{calls:?}");
    for path in [
        "/",
        "/nowhere",
        "/healthz",
        "/metrics",
        "/docs/errors",
        "/r/none",
        "/r/style.css",
    ] {
        calls.push(("GET".to_owned(), path.to_owned()));
    }
    calls.push(("POST".to_owned(), "/webhooks/midtrans".to_owned()));
    for (method, path) in calls {
        for headers in [&[][..], &[("authorization", bearer.as_str())]] {
            // A key that is made or a stream that is open says as much as a refusal does.
            let answer = shop.send(&method, &path, headers, b"").await;
            let header = |name| answer.header(name).unwrap_or_default();
            let at = format!("{method} {path}: {}", answer.head);
            assert_eq!(header("x-content-type-options"), "nosniff", "{at}");
            // A form of a page says where it is from, and the address of a page tells nobody else anything.
            let referrer = if path == "/" {
                "same-origin"
            } else {
                "no-referrer"
            };
            assert_eq!(header("referrer-policy"), referrer, "{at}");
            assert_eq!(header("x-frame-options"), "DENY", "{at}");
            assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{at}");
            assert_eq!(
                header("cross-origin-resource-policy"),
                "same-origin",
                "{at}"
            );
            let policy = header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{at}");
            assert!(policy.contains("frame-ancestors 'none'"), "{at}");
            // What is the same for everybody any cache may keep.
            let is_document = path.starts_with("/docs") || path == "/openapi.json";
            let is_public = answer.status == 200 && (is_document || path == "/r/style.css");
            let is_kept = !header("cache-control").contains("no-store");
            assert_eq!(is_kept, is_public, "{at}");
            assert_eq!(answer.header("strict-transport-security"), None, "{at}");
            if [429, 503].contains(&answer.status) {
                assert_ne!(header("retry-after"), "", "{at}");
            }
        }
    }
    shop.close().await;
}

/// What asks to come again says when, wherever it is refused.
#[test]
fn every_code_that_may_be_tried_again_later_says_when() {
    for code in tollgate_server::CODES {
        if [429, 503].contains(&code.status) {
            assert!(code.retryable && 0 < code.retry_after_ms, "{}", code.code);
            let after = Duration::from_millis(code.retry_after_ms.into());
            assert!(after <= Duration::from_secs(60), "{}", code.code);
        }
    }
}
