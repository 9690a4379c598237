//! Connections: too large, too slow, half closed, and the order to stop (D8).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::shop::{Shop, read_answer};

const HEAD: &str = "POST /webhooks/midtrans HTTP/1.1\r\nhost: shop\r\n";

async fn connect(shop: &Shop) -> TcpStream {
    TcpStream::connect(shop.address).await.expect("it listens")
}

#[tokio::test]
async fn d8_a_body_that_is_announced_too_large_is_refused_unread() {
    let shop = Shop::open().await;
    let answer = shop
        .raw(format!("{HEAD}content-length: 20001\r\n\r\n").as_bytes())
        .await;
    assert_eq!((answer.status, answer.code()), (413, "body_too_large"));
    assert_eq!(answer.header("connection"), Some("close"));
    shop.close().await;
}

#[tokio::test]
async fn d8_a_body_that_grows_too_large_in_chunks_is_refused_and_never_cut() {
    let shop = Shop::open().await;
    let mut request = format!("{HEAD}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..21 {
        request.extend_from_slice(b"3e8\r\n");
        request.extend_from_slice(&[b' '; 1000]);
        request.extend_from_slice(b"\r\n");
    }
    let answer = shop.raw(&request).await;
    assert_eq!((answer.status, answer.code()), (413, "body_too_large"));
    let events = shop.get("/v1/events").await;
    assert_eq!(events.body["data"], serde_json::json!([]));
    shop.close().await;
}

#[tokio::test]
async fn a_body_in_chunks_is_a_body() {
    let shop = Shop::open().await;
    let webhook = shop.webhook("R-1", "t1", 100);
    let mut request = format!("{HEAD}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for chunk in webhook.body.chunks(7) {
        request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let answer = shop.raw(&request).await;
    assert_eq!(answer.body["events"][0]["outcome"], "parked", "{answer:?}");
    shop.close().await;
}

#[tokio::test]
async fn d8_a_slow_body_is_refused_when_its_time_is_up() {
    let shop = Shop::open().await;
    let answer = shop
        .raw(format!("{HEAD}content-length: 10\r\n\r\n{{").as_bytes())
        .await;
    assert_eq!((answer.status, answer.code()), (408, "body_slow"));
    assert_eq!(answer.header("connection"), Some("close"));
    shop.close().await;
}

#[tokio::test]
async fn slow_headers_and_silence_end_the_connection() {
    let shop = Shop::open().await;
    for said in ["", "P", "POST /webhooks/midtrans HTTP/1.1\r\nhost: "] {
        let mut stream = connect(&shop).await;
        stream.write_all(said.as_bytes()).await.expect("it reads");
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
        assert!(ended.is_ok(), "{said:?} was waited for");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_client_that_closes_its_side_is_still_answered() {
    let shop = Shop::open().await;
    let webhook = shop.webhook("R-1", "t1", 100);
    let mut stream = connect(&shop).await;
    let head = format!("{HEAD}content-length: {}\r\n\r\n", webhook.body.len());
    stream.write_all(head.as_bytes()).await.expect("it reads");
    stream.write_all(&webhook.body).await.expect("it reads");
    stream.shutdown().await.expect("it is open");
    let answer = read_answer(&mut stream).await;
    assert_eq!(answer.body["events"][0]["outcome"], "parked", "{answer:?}");
    shop.close().await;
}

#[tokio::test]
async fn a_connection_carries_many_requests() {
    let shop = Shop::open().await;
    let mut stream = connect(&shop).await;
    for _ in 0..3 {
        let request = b"GET /healthz HTTP/1.1\r\nhost: shop\r\n\r\n";
        stream.write_all(request).await.expect("it reads");
        assert_eq!(read_answer(&mut stream).await.status, 200);
    }
    shop.close().await;
}

#[tokio::test]
async fn the_order_to_stop_lets_a_running_request_come_to_its_end() {
    let mut shop = Shop::set("connections_max = 100").await;
    let webhook = shop.webhook("R-1", "t1", 100);
    let idle = connect(&shop).await;
    let mut stream = connect(&shop).await;
    let (first, second) = webhook.body.split_at(10);
    let head = format!(
        "{HEAD}content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        webhook.body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("it reads");
    // It asks for the body, so the request runs.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.expect("it answers");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(first).await.expect("it reads");
    shop.ask_to_stop();
    stream.write_all(second).await.expect("it reads");
    let answer = read_answer(&mut stream).await;
    assert_eq!(answer.body["events"][0]["outcome"], "parked", "{answer:?}");
    shop.close().await;
    drop(idle);
}

/// The head of a frame of HTTP/2 and what is in it.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("it is short");
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A client of HTTP/2 that has asked for a page and had it, and then answers to nothing.
async fn deaf(address: std::net::SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let mut said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    said.extend(frame(4, 0, 0, &[]));
    // GET, http and the authority by their numbers in the table of HPACK, the path in its letters.
    let head = b"\x82\x86\x04\x08/healthz\x01\x04shop";
    said.extend(frame(1, 5, 1, head));
    stream.write_all(&said).await.expect("it reads");
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.expect("it answers");
        let [_, long, short, kind, flags, .., stream_id] = head;
        let mut payload = vec![0; usize::from(u16::from_be_bytes([long, short]))];
        stream.read_exact(&mut payload).await.expect("it answers");
        let is_last = flags & 1 == 1;
        if kind <= 1 && stream_id == 1 && is_last {
            return stream;
        }
    }
}

/// Waits until the server ends a connection.
async fn ended(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest);
    let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
    assert!(ended.is_ok(), "it is open still");
}

#[tokio::test]
async fn an_idle_connection_of_http_2_ends_like_one_of_http_1() {
    let shop = Shop::open().await;
    for address in [shop.address, shop.grpc] {
        ended(deaf(address).await).await;
    }
    shop.close().await;
}

#[tokio::test]
async fn a_client_of_http_2_that_hears_nothing_does_not_keep_the_server_from_its_end() {
    let database = crate::database::Database::fleeting();
    let patient = [
        ("header_timeout_ms = 1000\n", "header_timeout_ms = 600000\n"),
        ("[store]\n", "shutdown_timeout_ms = 600000\n[store]\n"),
    ];
    let shop = Shop::changed(&patient, &database).await;
    let clients = [deaf(shop.address).await, deaf(shop.grpc).await];
    let closed = tokio::time::timeout(Duration::from_secs(30), shop.close()).await;
    assert!(
        closed.is_ok(),
        "it is waited for a client with nothing to do"
    );
    drop(clients);
}

/// Whoever sends the message of a call slowly has no place: others are answered meanwhile.
#[tokio::test]
async fn a_call_of_grpc_has_no_place_while_its_message_is_awaited() {
    let database = crate::database::Database::fleeting();
    let narrow = [
        ("[store]\n", "[limits]\napi_max = 1\n[store]\n"),
        ("body_timeout_ms = 300\n", "body_timeout_ms = 60000\n"),
    ];
    let shop = Shop::changed(&narrow, &database).await;
    let mut slow = deaf(shop.grpc).await;
    let path = b"/tollgate.v1.OrderService/GetOrder";
    let mut head = b"\x83\x86\x04\x22".to_vec();
    head.extend_from_slice(path);
    head.extend_from_slice(b"\x01\x04shop\x0f\x10\x10application/grpc");
    let mut said = frame(1, 4, 3, &head);
    // What is said behind it is answered when it was read.
    said.extend(frame(6, 0, 0, b"12345678"));
    slow.write_all(&said).await.expect("it reads");
    let heard = async {
        let mut heard = Vec::new();
        while !heard.ends_with(b"12345678") {
            heard.push(slow.read_u8().await.expect("it answers"));
        }
    };
    heard.await;
    for _ in 0..20 {
        let read = shop.get("/v1/orders").await;
        assert_eq!(read.status, 200, "{read:?}");
    }
    drop(slow);
    shop.close().await;
}
