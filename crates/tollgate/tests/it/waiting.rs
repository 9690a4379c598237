//! Before the database is there and after the order to stop: who asks is told how it stands.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tollgate_server::{Config, Listeners, Role};

use crate::effects::PATIENCE;
use crate::shop::{Answer, Shop, read_answer};

/// A server of which nobody listens at the address of its database; the port is reserved.
const AWAY: &str = "\
[server]
listen = \"127.0.0.1:0\"
[store]
url = \"postgres://tollgate:s3cret@127.0.0.1:1/tollgate\"
";

async fn get(address: std::net::SocketAddr, path: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: shop\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    read_answer(&mut stream).await
}

#[tokio::test]
async fn a_database_that_is_away_at_the_start_is_waited_for_and_said() {
    let config = Config::from_toml_str(AWAY).expect("it is right");
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let listeners = Listeners::with(listener, &config.server).await;
    let listeners = listeners.unwrap_or_else(|error| panic!("{error}"));
    let asking = async {
        let alive = get(address, "/healthz").await;
        assert_eq!(alive.status, 200, "{alive:?}");
        for path in ["/readyz", "/v1/orders", "/webhooks/midtrans"] {
            let told = get(address, path).await;
            assert_eq!((told.status, told.code()), (503, "unavailable"), "{path}");
            assert_eq!(told.header("retry-after"), Some("2"));
            assert!(!told.text.contains("s3cret"), "{told:?}");
        }
    };
    tokio::select! {
        opened = listeners.open(config, Role::All) => {
            panic!("it is not waited for: {:?}", opened.map(drop));
        }
        asked = tokio::time::timeout(PATIENCE, asking) => asked.expect("it answers"),
    }
}

#[tokio::test]
async fn a_server_that_is_to_stop_says_first_that_it_is_not_ready() {
    let mut shop = Shop::set("drain_ms = 3000").await;
    assert_eq!(shop.get("/readyz").await.status, 200);
    shop.ask_to_stop();
    let until_told = async {
        loop {
            let told = shop.get("/readyz").await;
            if told.status == 503 {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, until_told).await;
    let told = told.expect("it is said");
    assert_eq!(told.code(), "unavailable", "{told:?}");
    // What still comes is taken.
    let webhook = shop.webhook("R-1", "t1", 100);
    let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(shop.get("/healthz").await.status, 200);
    let closed = tokio::time::timeout(PATIENCE + Duration::from_secs(3), shop.close()).await;
    assert!(closed.is_ok(), "it stops after that");
}
