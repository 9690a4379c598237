//! Targets that are down (E3): left alone for longer and longer, in no other's way, and served in order
//! when they are back.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::database::Database;
use crate::effects::{Handed, Handler, OK, PATIENCE, until};
use crate::shop::Shop;

/// A target that is alone with its port: connections are refused until something listens there.
struct Down {
    socket: TcpSocket,
    address: SocketAddr,
}

impl Down {
    fn new() -> Down {
        let socket = TcpSocket::new_v4().expect("there is a socket");
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(nowhere).expect("a port is free");
        let address = socket.local_addr().expect("it is bound");
        Down { socket, address }
    }

    fn comes_back(self) -> Handler {
        Handler::at(self.socket.listen(64).expect("it is bound"))
    }
}

/// Tries come at once, and a target that has failed twice is left alone for a second, then for two.
const IMPATIENT: &[(&str, &str)] = &[
    (
        "retry_seconds = [1, 1, 1, 1]\n",
        "retry_seconds = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n\
         allow_networks = [\"127.0.0.0/8\"]\n",
    ),
    (
        "[receipts]\n",
        "[worker]\nbreaker_failures = 2\nbreaker_open_seconds = 1\nbreaker_open_seconds_max = 2\n\
         [receipts]\n",
    ),
];

/// Documents of two branches, by turns.
async fn hand_on(shop: &Shop, numbers: std::ops::Range<usize>) {
    let documents: Vec<Value> = numbers
        .flat_map(|number| ["a", "b"].map(|branch| (branch, format!("{branch}-{number}"))))
        .map(|(branch, id)| {
            json!({
                "databaseId": 7, "type": "SALES_INVOICE", "timestamp": "22/01/2026 10:00:00",
                "uuid": id, "data": [{ "salesInvoiceNo": id, "branch": branch }],
            })
        })
        .collect();
    let body = Value::from(documents).to_string();
    let headers = [("content-type", "application/json")];
    let taken = shop
        .send("POST", "/webhooks/accurate", &headers, body.as_bytes())
        .await;
    assert_eq!(taken.status, 200, "{taken:?}");
}

fn number_of(handed: &Handed) -> String {
    let heard = handed.json();
    let number = heard.pointer("/data/0/salesInvoiceNo");
    let number = number.and_then(Value::as_str);
    number.expect("it is a document").to_owned()
}

/// What arrives next, so many.
async fn arrive(
    arriving: &mut tokio::sync::mpsc::UnboundedReceiver<Handed>,
    count: usize,
) -> Vec<String> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let next = tokio::time::timeout(PATIENCE, arriving.recv()).await;
        let next = next.unwrap_or_else(|_| panic!("nothing comes after {numbers:?}"));
        numbers.push(number_of(&next.expect("the handler listens")));
    }
    numbers
}

/// How many effects of a target are in a state.
fn count(list: &Value, target: &str, state: &str) -> usize {
    let effects = list["data"].as_array().into_iter().flatten();
    effects
        .filter(|effect| effect["target"] == target && effect["state"] == state)
        .count()
}

/// When a target was tried, in milliseconds, in order.
async fn tries(shop: &Shop, target: &str) -> Vec<i64> {
    let list = shop.get("/v1/effects?kind=forward").await.body;
    let mut tries = Vec::new();
    for effect in list["data"].as_array().into_iter().flatten() {
        if effect["target"] != target || effect["tries"] == 0 {
            continue;
        }
        let id = effect["id"].as_str().expect("it has an id");
        let shown = shop.get(&format!("/v1/effects/{id}")).await.body;
        for attempt in shown["attempts"].as_array().into_iter().flatten() {
            let error = attempt["error"].as_str().unwrap_or_default();
            assert!(error.starts_with("connect: "), "{attempt:#}");
            let at: jiff::Timestamp = attempt["at"]
                .as_str()
                .and_then(|at| at.parse().ok())
                .expect("it is a time");
            tries.push(at.as_millisecond());
        }
    }
    tries.sort_unstable();
    tries
}

/// E3: what is handed to a dead handler waits, for longer after each probe; the other handler has all of it
/// meanwhile; and when the dead one is back it gets everything once, each branch's in order.
#[tokio::test]
async fn what_waits_for_a_dead_handler_is_in_no_others_way_and_drains_in_order() {
    const DOWN: &str = "forward:books";
    const UP: &str = "forward:till";
    let down = Down::new();
    let up = Handler::start().await;
    let routes = format!(
        "\n[[routes]]\nname = \"books\"\nsource = \"accurate\"\ntypes = [\"*\"]\n\
         url = \"http://{}/books\"\norder_by = \"/data/0/branch\"\n\
         [[routes]]\nname = \"till\"\nsource = \"accurate\"\ntypes = [\"*\"]\n\
         url = \"http://{}/till\"\norder_by = \"/data/0/branch\"\n[sources.accurate]\n",
        down.address, up.address
    );
    let mut changes = IMPATIENT.to_vec();
    changes.push(("\n[sources.accurate]\n", &routes));
    let database = Database::fleeting();
    let shop = Shop::changed(&changes, &database).await;
    let mut till = up.answering(OK);

    hand_on(&shop, 1..4).await;
    assert_eq!(arrive(&mut till, 6).await.len(), 6);
    let doctor = until(&shop, "/v1/doctor", |doctor| {
        doctor.to_string().contains(DOWN)
    })
    .await;
    assert!(
        doctor.to_string().contains("; it is tried again in "),
        "{doctor:#}"
    );
    assert!(!doctor.to_string().contains(UP), "{doctor:#}");

    // It is known to be down; that costs the others nothing.
    hand_on(&shop, 4..7).await;
    assert_eq!(arrive(&mut till, 6).await.len(), 6);
    let path = "/v1/effects?kind=forward&limit=100";
    let all_up = |list: &Value| count(list, UP, "done") == 12;
    let list = until(&shop, path, all_up).await;
    assert_eq!(count(&list, DOWN, "done"), 0);
    assert_eq!(count(&list, DOWN, "dead"), 0);
    let heads = list["data"].as_array().into_iter().flatten();
    let heads = heads.filter(|effect| effect["target"] == DOWN && effect["tries"] != 0);
    assert_eq!(heads.count(), 2, "one of each branch is tried: {list:#}");

    // Both branches' first are tried at once, or nearly; each try after that is a probe, a second and then two after
    // the one before.
    let since = Instant::now();
    loop {
        let tried = tries(&shop, DOWN).await;
        assert!(
            tried.len() <= 6 && since.elapsed() < PATIENCE,
            "it is tried too often, or no more: {tried:?}"
        );
        let pauses: Vec<i64> = tried.windows(2).map(|two| two[1] - two[0]).collect();
        if let [.., first, second] = pauses[..]
            && 1000 <= first
            && 2000 <= second
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let mut books = down.comes_back().answering(OK);
    let came = arrive(&mut books, 12).await;
    for branch in ["a", "b"] {
        let of_branch = came.iter().filter(|number| number.starts_with(branch));
        let of_branch: Vec<&str> = of_branch.map(String::as_str).collect();
        let expected: Vec<String> = (1..7).map(|number| format!("{branch}-{number}")).collect();
        assert_eq!(of_branch, expected, "{came:?}");
    }
    let all = |list: &Value| count(list, DOWN, "done") == 12;
    until(&shop, path, all).await;
    let well = shop.get("/v1/doctor").await;
    assert!(!well.text.contains(DOWN), "{}", well.text);
    assert!(
        books.try_recv().is_err() && till.try_recv().is_err(),
        "once"
    );
    shop.close().await;
}

/// E3, of a merchant's endpoint: it shows since when it fails, others are notified meanwhile, and it gets
/// all that it has missed when it is back.
#[tokio::test]
async fn an_endpoint_that_is_down_says_so_and_misses_nothing() {
    let down = Down::new();
    let up = Handler::start().await;
    let database = Database::fleeting();
    let shop = Shop::changed(IMPATIENT, &database).await;
    let mut paths = Vec::new();
    for address in [down.address, up.address] {
        let url = format!("http://{address}/hook");
        let endpoint = json!({ "url": url, "events": ["order.created"] });
        let made = shop.post("/v1/endpoints", &endpoint).await;
        assert_eq!(made.status, 201, "{made:?}");
        let id = made.body["id"].as_str().expect("it has an id");
        paths.push(format!("/v1/endpoints/{id}"));
    }
    let mut heard = up.answering(OK);
    let codes = ["D-1", "D-2", "D-3"];
    for code in codes {
        let order = json!({
            "code": code, "currency": "IDR",
            "lines": [{ "sku": "t", "quantity": 1, "unit_amount": 5, "stocked": false }],
        });
        assert_eq!(shop.post("/v1/orders", &order).await.status, 201);
    }
    let codes_sent = async |heard: &mut tokio::sync::mpsc::UnboundedReceiver<Handed>| {
        let mut known = Vec::new();
        while known.len() < codes.len() {
            let next = tokio::time::timeout(PATIENCE, heard.recv()).await;
            let next = next.expect("it is called").expect("it listens");
            let code = next.json()["data"]["code"].as_str().map(str::to_owned);
            known.push(code.expect("it is about an order"));
        }
        known.sort();
        known
    };
    assert_eq!(codes_sent(&mut heard).await, codes);
    let failing = |endpoint: &Value| endpoint["failing_since"].is_string();
    let shown = until(&shop, &paths[0], failing).await;
    assert_eq!(shown["enabled"], true);
    let well = shop.get(&paths[1]).await.body;
    assert_eq!(well["failing_since"], Value::Null);

    let mut late = down.comes_back().answering(OK);
    assert_eq!(codes_sent(&mut late).await, codes);
    until(&shop, &paths[0], |endpoint| {
        endpoint["failing_since"] == Value::Null
    })
    .await;
    assert!(late.try_recv().is_err(), "each once");
    shop.close().await;
}
