//! Idempotency-Keys at several instances (docs/idempotency.md, K6 to K11).

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::json;
use tollgate_proto::v1::CreateOrderRequest;

use crate::fleet::{Fleet, order};
use crate::harness::{ADMIN_KEY, Database, Request, server_needed};
use crate::invariants;
use crate::rpc::{self, Rpc};

/// K11, K13: the same request at once at several instances is done once and answered alike.
#[test]
fn one_key_at_several_instances_is_one_order() {
    let fleet = Fleet::start(3);
    fleet
        .client(0)
        .put("/v1/stock/A", &json!({ "on_hand": 100 }));
    for round in 0..20 {
        let create = Request::create("/v1/orders", &order(&format!("K11-{round}"), &["A"]));
        let answers = fleet.at_once(9, |_, client| client.call(&create));
        let answered: BTreeSet<String> = answers
            .iter()
            .map(|answer| format!("{} {}", answer.status, answer.text()))
            .collect();
        assert_eq!(answered.len(), 1, "{answered:?}");
        assert_eq!(answers[0].status, 201, "{answered:?}");
        let replayed = answers
            .iter()
            .filter(|answer| answer.header("idempotency-replayed") == Some("true"));
        assert_eq!(replayed.count(), 8);
    }
    assert_eq!(fleet.client(0).get("/v1/stock/A")["held"], 20);
    invariants::check(&fleet.database);
}

/// K4, K11: so it is where some of them come over HTTP and some over gRPC.
#[test]
fn one_key_at_several_instances_through_both_doors_is_one_order() {
    let fleet = Fleet::on(Database::on(&server_needed()), 3, |home| {
        home.set("server", "grpc_listen", "127.0.0.1:0");
    });
    fleet
        .client(0)
        .put("/v1/stock/A", &json!({ "on_hand": 100 }));
    for round in 0..20 {
        let code = format!("K4-{round}");
        let asked = rpc::order(&code, "A", 1);
        let same = json!({
            "code": code, "currency": "IDR",
            "lines": [{ "sku": "A", "quantity": 1, "unit_amount": 5000 }],
        });
        let answers = fleet.at_once(12, |number, client| match number / 3 % 2 {
            0 => {
                let answer = client.call(&Request::post("/v1/orders", &same).keyed(&code));
                assert_eq!(answer.status, 201, "{}", answer.text());
                let replayed = answer.header("idempotency-replayed") == Some("true");
                (
                    answer.json()["id"].as_str().unwrap_or_default().to_owned(),
                    replayed,
                )
            }
            _ => {
                let address = fleet.servers[number % 3].grpc_address();
                over_grpc(address, &asked, &code)
            }
        });
        assert!(
            answers.iter().all(|(id, _)| *id == answers[0].0),
            "{answers:?}"
        );
        let fresh = answers.iter().filter(|(_, replayed)| !replayed).count();
        assert_eq!(fresh, 1, "{answers:?}");
    }
    assert_eq!(fleet.client(0).get("/v1/stock/A")["held"], 20);
    invariants::check(&fleet.database);
}

/// The id of an order that is made over gRPC, and whether it was told again.
fn over_grpc(address: SocketAddr, order: &CreateOrderRequest, key: &str) -> (String, bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system gives what it needs");
    runtime.block_on(async {
        let mut rpc = Rpc::new(address, ADMIN_KEY);
        let asked = rpc.keyed(order.clone(), key);
        let made = rpc.orders.create_order(asked).await.expect("it is made");
        let replayed = made.metadata().contains_key("idempotency-replayed");
        (made.into_inner().id, replayed)
    })
}

/// K6: another request under the key is refused, whichever instance took the first.
#[test]
fn another_request_under_a_key_is_refused_by_every_instance() {
    let fleet = Fleet::start(2);
    fleet
        .client(0)
        .put("/v1/stock/A", &json!({ "on_hand": 100 }));
    for round in 0..20 {
        let key = format!("k6-{round}");
        let answers = fleet.at_once(2, |number, client| {
            let order = order(&format!("K6-{round}-{number}"), &["A"]);
            client.call(&Request::post("/v1/orders", &order).keyed(&key))
        });
        let (made, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 201);
        assert_eq!((made.len(), refused.len()), (1, 1));
        assert_eq!(refused[0].refused(422), "idempotency_key_reused");
    }
}

/// K7, K8, K10: what one instance has answered the others repeat, refusals too, also when it is gone.
#[test]
fn an_answer_outlives_the_instance_that_gave_it() {
    let mut fleet = Fleet::start(2);
    fleet.client(0).put("/v1/stock/A", &json!({ "on_hand": 1 }));
    let good = Request::create("/v1/orders", &order("K10-1", &["A"]));
    let bad = Request::create("/v1/orders", &order("K10-2", &["A"]));
    let made = fleet.client(0).call(&good);
    let refused = fleet.client(0).call(&bad);
    assert_eq!((made.status, refused.status), (201, 409));
    fleet.servers.remove(0).kill();
    let mut client = fleet.client(0);
    client.put("/v1/stock/A", &json!({ "on_hand": 5 }));
    for (request, first) in [(&good, &made), (&bad, &refused)] {
        let again = client.call(request);
        assert_eq!((again.status, again.text()), (first.status, first.text()));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }
}
