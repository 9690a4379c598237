//! Idempotency-Keys at several instances (docs/idempotency.md, K6 to K11).

use std::collections::BTreeSet;

use serde_json::json;

use crate::fleet::{Fleet, order};
use crate::harness::Request;
use crate::invariants;

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
