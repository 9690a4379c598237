//! Bodies that are in memory at one time: one budget, and nobody is kept out by those that are never ended.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::connections::frame;
use crate::database::Database;
use crate::effects::PATIENCE;
use crate::shop::{KEY, Shop};

/// Half of it is that of webhooks.
const BUDGET: usize = 400_000;

/// Bodies that are begun over HTTP/1.1, each on a connection of its own, and what of each is sent.
const BY_HTTP_1: usize = 400;
const BEGUN_BYTES: usize = 8_000;

/// Connections of HTTP/2, and bodies that are begun on each.
const CONNECTIONS: usize = 10;
const STREAMS: u32 = 40;
const STREAM_BYTES: usize = 3_000;

async fn server(database: &Database) -> Shop {
    let budget = format!("bodies_bytes_max = {BUDGET}\n[store]\n");
    let patient = ("body_timeout_ms = 300\n", "body_timeout_ms = 60000\n");
    Shop::changed(&[("[store]\n", &budget), patient], database).await
}

/// A request that is begun over HTTP/1.1 and not ended.
async fn begun(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let mut said = format!(
        "POST {path} HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {KEY}\r\ncontent-length: 20000\r\n\r\n"
    )
    .into_bytes();
    said.resize(said.len() + BEGUN_BYTES, b' ');
    stream.write_all(&said).await.expect("it reads");
    stream
}

/// A connection of HTTP/2 with many webhooks that are begun and not ended.
async fn begun_together(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let mut said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    said.extend(frame(4, 0, 0, &[]));
    for number in 0..STREAMS {
        let id = 2 * number + 1;
        let head = b"\x83\x86\x04\x12/webhooks/midtrans\x01\x04shop";
        said.extend(frame(1, 4, id, head));
        said.extend(frame(0, 0, id, &[b' '; STREAM_BYTES]));
    }
    stream.write_all(&said).await.expect("it reads");
    stream
}

/// A figure of one share of the budget.
async fn figure(shop: &Shop, name: &str, share: &str) -> usize {
    let figures = shop.get("/metrics").await.text;
    let begin = format!("tollgate_{name}{{share=\"{share}\"}} ");
    let line = figures.lines().find_map(|line| line.strip_prefix(&begin));
    let value = line.and_then(|value| value.parse().ok());
    value.unwrap_or_else(|| panic!("no {begin} in {figures}"))
}

/// Waits until what has arrived fills a share.
async fn filled(shop: &Shop, share: &str) {
    let is_full = async {
        while figure(shop, "body_bytes", share).await + BEGUN_BYTES < BUDGET / 2 {
            tokio::task::yield_now().await;
        }
    };
    let is_full = tokio::time::timeout(PATIENCE, is_full).await;
    assert!(is_full.is_ok(), "they do not fill it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_never_ended_keep_no_good_webhook_out_and_are_bounded() {
    let database = Database::fleeting();
    let shop = server(&database).await;
    let mut begun_ones = Vec::new();
    for _ in 0..BY_HTTP_1 {
        begun_ones.push(begun(shop.address, "/webhooks/midtrans").await);
    }
    for _ in 0..CONNECTIONS {
        begun_ones.push(begun_together(shop.address).await);
    }
    filled(&shop, "webhooks").await;
    for number in 0..3 {
        let webhook = shop.webhook(&format!("R-{number}"), &format!("t{number}"), 100);
        let taken = shop.deliver("/webhooks/midtrans", &webhook);
        // Every provider waits longer, and this machine may have much else to do.
        let taken = tokio::time::timeout(Duration::from_secs(30), taken).await;
        let taken = taken.expect("it is answered in time");
        assert_eq!(taken.status, 200, "{taken:?}");
        let held = figure(&shop, "body_bytes", "webhooks").await;
        assert!(held <= BUDGET / 2, "{held} bytes are in memory");
    }
    assert!(0 < figure(&shop, "bodies_refused_total", "webhooks").await);
    assert_eq!(figure(&shop, "bodies_refused_total", "others").await, 0);
    drop(begun_ones);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_calls_take_no_room_of_webhooks() {
    let database = Database::fleeting();
    let shop = server(&database).await;
    let mut begun_ones = Vec::new();
    for _ in 0..60 {
        begun_ones.push(begun(shop.address, "/v1/orders").await);
    }
    filled(&shop, "others").await;
    for number in 0..20 {
        let webhook = shop.webhook(&format!("R-{number}"), &format!("t{number}"), 100);
        let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
        assert_eq!(taken.status, 200, "{taken:?}");
    }
    assert_eq!(figure(&shop, "bodies_refused_total", "webhooks").await, 0);
    drop(begun_ones);
    shop.close().await;
}

/// Whoever waits for room in vain is told when to come again: what is here is whole and has not been decided about.
#[tokio::test]
async fn a_body_that_gave_way_is_told_to_come_again() {
    let database = Database::fleeting();
    let shop = server(&database).await;
    let mut first = begun(shop.address, "/webhooks/midtrans").await;
    let mut others = Vec::new();
    for _ in 0..40 {
        others.push(begun(shop.address, "/webhooks/midtrans").await);
    }
    let told = crate::shop::read_answer(&mut first).await;
    assert_eq!((told.status, told.code()), (503, "overloaded"), "{told:?}");
    assert_eq!(told.header("retry-after"), Some("1"));
    let detail = told.body["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("server.bodies_bytes_max"), "{detail}");
    drop(others);
    shop.close().await;
}
