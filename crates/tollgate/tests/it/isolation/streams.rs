//! What happens in a shop is heard by that shop's listeners, whatever position they go on from.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tollgate_proto::v1::WatchOrdersRequest;

use super::filled::Filled;
use super::rpc::client;
use crate::shop::{KEY, Shop, order};
use crate::tickets::hear_on;

/// Opens the live stream; what came with the head of the answer with it.
async fn listen(shop: &Shop, query: &str, headers: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(shop.address).await.expect("it listens");
    let request = format!("GET /v1/stream{query} HTTP/1.1\r\nhost: shop\r\n{headers}\r\n");
    let written = stream.write_all(request.as_bytes()).await;
    written.expect("it reads");
    let heard = hear_on(String::new(), &mut stream, "\r\n\r\n").await;
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
    (stream, heard)
}

/// Main goes on, and tea hears of its own only, from wherever it listens.
#[tokio::test]
async fn nothing_is_told_by_streams() {
    let main = Filled::open().await;
    let [keyed, signed_in] = main.tea().await;
    let newest = main.shop.get("/v1/audit?limit=1").await;
    let position = newest.body["data"][0]["position"]
        .as_i64()
        .expect("it has one");
    let mut streams = Vec::new();
    for headers in [&keyed, &signed_in] {
        let (name, value) = &headers[0];
        for last in [0, position / 2, position] {
            let headers = format!("{name}: {value}\r\nlast-event-id: {last}\r\n");
            streams.push(listen(&main.shop, "", &headers).await);
        }
        streams.push(listen(&main.shop, "", &format!("{name}: {value}\r\n")).await);
    }
    let bearer = [("authorization", keyed[0].1.as_str())];
    let made = main
        .shop
        .send("POST", "/v1/stream/tickets", &bearer, b"")
        .await;
    let ticket = made.body["ticket"].as_str().expect("it is shown");
    streams.push(listen(&main.shop, &format!("?ticket={ticket}&last_event_id=0"), "").await);
    let mut rpc = client(&main, &keyed);
    let mut watched = Vec::new();
    for after_position in [None, Some(0), Some(position)] {
        let asked = rpc.ask(WatchOrdersRequest { after_position });
        watched.push(
            rpc.orders
                .watch_orders(asked)
                .await
                .expect("it is watched")
                .into_inner(),
        );
    }

    let headers = format!("authorization: Bearer {KEY}\r\n");
    let (mut of_main, _) = listen(&main.shop, "", &headers).await;
    let more = order("zebra-3", "zebra-shirt", 1);
    assert_eq!(main.shop.post("/v1/orders", &more).await.status, 201);
    let mut own = order("kettle-1", "tea", 1);
    own["lines"][0]["stocked"] = json!(false);
    let headers = [bearer[0], ("idempotency-key", "kettle")];
    let own = main
        .shop
        .send("POST", "/v1/orders", &headers, own.to_string().as_bytes())
        .await;
    assert_eq!(own.status, 201, "{own:?}");
    for (stream, heard) in &mut streams {
        heard.push_str(&hear_on(String::new(), stream, "kettle-1").await);
        assert_eq!(main.said(heard, &[]), None, "{heard}");
    }
    for stream in &mut watched {
        let mut heard = String::new();
        while !heard.contains("kettle-1") {
            let said = tokio::time::timeout(Duration::from_secs(30), stream.message()).await;
            let said = said.expect("it comes in time").expect("it goes on");
            heard.push_str(&format!("{said:?}"));
        }
        assert_eq!(main.said(&heard, &[]), None, "{heard}");
    }
    // What tea did not hear was there to be heard.
    hear_on(String::new(), &mut of_main, "zebra-3").await;
    drop((streams, watched, of_main));
    main.shop.close().await;
}
