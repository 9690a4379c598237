//! Tickets of the live stream: one stream each, once, within a minute, as long as the key is good.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::access::key;
use crate::database::Database;
use crate::shop::{Answer, Shop, order, read_answer};

async fn ticket(shop: &Shop, body: &Value) -> String {
    let made = shop.call("POST", "/v1/stream/tickets", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(made.body["expires_at"].is_string(), "{made:?}");
    let ticket = made.body["ticket"].as_str().expect("it is shown");
    assert!(ticket.starts_with("tgs_") && 47 < ticket.len(), "{ticket}");
    ticket.to_owned()
}

/// Opens a stream as a browser does, without a key; the connection stays open.
async fn open(shop: &Shop, query: &str) -> (Answer, TcpStream) {
    let mut stream = TcpStream::connect(shop.address).await.expect("it listens");
    let request = format!("GET /v1/stream?{query} HTTP/1.1\r\nhost: shop\r\n\r\n");
    let written = stream.write_all(request.as_bytes()).await;
    written.expect("it reads");
    (read_answer(&mut stream).await, stream)
}

/// Reads a stream, behind what came with the head of its answer, until this is said.
async fn hear(opened: &Answer, stream: &mut TcpStream, wanted: &str) -> String {
    hear_on(opened.text.clone(), stream, wanted).await
}

/// Reads a stream on from what was heard already, until this is said.
pub(crate) async fn hear_on(mut heard: String, stream: &mut TcpStream, wanted: &str) -> String {
    let mut buffer = [0; 4096];
    while !heard.contains(wanted) {
        let read = tokio::io::AsyncReadExt::read(stream, &mut buffer);
        let read = tokio::time::timeout(crate::effects::PATIENCE, read).await;
        let count = read.expect("something is said").expect("it is open");
        assert_ne!(count, 0, "it ended after {heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    heard
}

#[tokio::test]
async fn a_ticket_opens_one_stream_once() {
    let shop = Shop::open().await;
    let ticket = ticket(&shop, &json!({ "topics": ["orders"] })).await;
    let query = format!("ticket={ticket}");
    // What is wrong with the request does not use it up.
    let (wrong, _) = open(&shop, &format!("{query}&topics=orders")).await;
    assert_eq!((wrong.status, wrong.code()), (400, "request_invalid"));
    let (wrong, _) = open(&shop, &format!("{query}&last_event_id=x")).await;
    assert_eq!(
        (wrong.status, wrong.pointers()),
        (400, vec!["?last_event_id"])
    );
    let (opened, mut stream) = open(&shop, &query).await;
    assert_eq!(opened.status, 200, "{opened:?}");
    shop.put_stock("A", 5).await;
    let made = shop.post("/v1/orders", &order("Z-1", "A", 1)).await;
    assert_eq!(made.status, 201, "{made:?}");
    hear(&opened, &mut stream, "event: order.created").await;
    // What cannot be a ticket is told so before anything else; an empty one is none.
    for bad in [
        ticket.as_str(),
        "tgs_1_x",
        "x",
        "tgs_99_x",
        "x&topics=orders",
    ] {
        let (refused, _) = open(&shop, &format!("ticket={bad}")).await;
        assert_eq!(
            (refused.status, refused.code()),
            (401, "ticket_invalid"),
            "{bad}"
        );
    }
    drop(stream);
    shop.close().await;
}

/// Where there is no room to listen, the ticket is good for another try.
#[tokio::test]
async fn a_ticket_is_not_used_up_where_there_is_no_room() {
    let database = Database::fleeting();
    let narrow = ("[store]\n", "[stream]\nconnections_max = 1\n[store]\n");
    let shop = Shop::changed(&[narrow], &database).await;
    let (id, bearer) = key(&shop, &["read"], None).await;
    let ticket = ticket(&shop, &json!({})).await;
    let mut listener = TcpStream::connect(shop.address).await.expect("it listens");
    let request =
        format!("GET /v1/stream HTTP/1.1\r\nhost: shop\r\nauthorization: {bearer}\r\n\r\n");
    let written = listener.write_all(request.as_bytes()).await;
    written.expect("it reads");
    assert_eq!(read_answer(&mut listener).await.status, 200);
    let query = format!("ticket={ticket}");
    let (full, _) = open(&shop, &query).await;
    assert_eq!((full.status, full.code()), (503, "overloaded"));
    let path = format!("/v1/keys/{id}");
    let revoked = shop.call("DELETE", &path, &Value::Null).await;
    assert!(revoked.status < 300, "{revoked:?}");
    let since = std::time::Instant::now();
    loop {
        let (answer, _stream) = open(&shop, &query).await;
        if answer.status == 200 {
            break;
        }
        // The place is free once the server has seen that the listener's key is revoked.
        assert_eq!((answer.status, answer.code()), (503, "overloaded"));
        assert!(since.elapsed() < crate::effects::PATIENCE, "{answer:?}");
    }
    shop.close().await;
}

/// A page that opens a stream anew goes on where it was.
#[tokio::test]
async fn a_stream_of_a_ticket_goes_on_behind_an_id() {
    let shop = Shop::open().await;
    shop.put_stock("A", 5).await;
    shop.post("/v1/orders", &order("Z-1", "A", 1)).await;
    let ticket = ticket(&shop, &json!({})).await;
    let (opened, mut stream) = open(&shop, &format!("ticket={ticket}&last_event_id=0")).await;
    assert_eq!(opened.status, 200, "{opened:?}");
    hear(&opened, &mut stream, "event: order.created").await;
    drop(stream);
    shop.close().await;
}

#[tokio::test]
async fn a_ticket_is_worth_no_more_than_its_key() {
    let database = Database::fleeting();
    let few = [("[outgoing]\n", "[stream]\ntickets_max = 2\n[outgoing]\n")];
    let shop = Shop::changed(&few, &database).await;
    let (id, reader) = key(&shop, &["read"], None).await;
    let headers = [("authorization", reader.as_str())];
    let made = async || {
        let made = shop.send("POST", "/v1/stream/tickets", &headers, b"").await;
        (made.status, made)
    };
    let (status, first) = made().await;
    assert_eq!(status, 201, "{first:?}");
    assert_eq!(made().await.0, 201);
    let (_, refused) = made().await;
    assert_eq!((refused.status, refused.code()), (503, "overloaded"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    let path = format!("/v1/keys/{id}");
    let revoked = shop.call("DELETE", &path, &Value::Null).await;
    assert_eq!(revoked.status, 204);
    let ticket = first.body["ticket"].as_str().expect("it is shown");
    let (refused, _) = open(&shop, &format!("ticket={ticket}")).await;
    assert_eq!((refused.status, refused.code()), (401, "ticket_invalid"));
    let none = shop.send("POST", "/v1/stream/tickets", &[], b"").await;
    assert_eq!((none.status, none.code()), (401, "key_missing"));
    shop.close().await;
}
