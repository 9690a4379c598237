//! Keys and sessions at several instances: what one ends the others refuse within five seconds (docs/access.md).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fleet::Fleet;
use crate::harness::{Request, until};

const PASSWORD: &str = "correct horse battery";

/// How long an instance may go on with what another one has ended, and a little for a busy machine.
const BOUND: Duration = Duration::from_secs(5 + 3);

/// Asks the other instance until it refuses; how long that took.
fn ends_elsewhere(fleet: &Fleet, look: &Request, code: &str, end: impl FnOnce()) {
    let bearer: Option<&str> = None;
    let mut other = fleet.servers[1].client_as(bearer);
    assert_eq!(other.call(look).status, 200, "it is remembered there");
    end();
    let ended = Instant::now();
    let mut here = fleet.servers[0].client_as(bearer);
    assert_eq!(
        here.call(look).refused(401),
        code,
        "at once where it was ended"
    );
    let refused = until("the other instance refuses it", || {
        let answer = other.call(look);
        (answer.status != 200).then(|| answer.refused(401))
    });
    assert_eq!(refused, code);
    assert!(ended.elapsed() < BOUND, "it took {:?}", ended.elapsed());
}

#[test]
fn a_key_that_one_instance_revokes_opens_nothing_at_the_others() {
    let fleet = Fleet::start(2);
    let body = json!({ "name": "till", "scopes": ["read"] });
    let made = fleet.client(0).create("/v1/keys", &body).expect(201);
    let text = |value: &Value| value.as_str().expect("it is a text").to_owned();
    let (id, bearer) = (text(&made["id"]), format!("Bearer {}", text(&made["key"])));
    let look = Request::get("/v1/orders").header("authorization", &bearer);
    ends_elsewhere(&fleet, &look, "key_invalid", || {
        let revoke = Request::new("DELETE", format!("/v1/keys/{id}"));
        assert_eq!(fleet.client(0).call(&revoke).status, 204);
    });
}

#[test]
fn a_user_whom_one_instance_disables_is_out_at_the_others() {
    let fleet = Fleet::start(2);
    let body = json!({
        "email": "dewi@example.com", "name": "Dewi", "role": "viewer", "password": PASSWORD,
    });
    let made = fleet.client(0).create("/v1/users", &body).expect(201);
    let id = made["id"].as_str().expect("it has an id").to_owned();
    let body = json!({ "email": "dewi@example.com", "password": PASSWORD });
    let answer = fleet.client(0).call(&Request::post("/v1/session", &body));
    let cookie = answer.header("set-cookie").expect("it has a cookie");
    let cookie = cookie.split(';').next().expect("it has a value").to_owned();
    let look = Request::get("/v1/orders").header("cookie", &cookie);
    let mut other = fleet.servers[1].client_as(None);
    assert_eq!(
        other.call(&look).status,
        200,
        "a session is every instance's"
    );
    ends_elsewhere(&fleet, &look, "session_invalid", || {
        let path = format!("/v1/users/{id}");
        let disable = Request {
            method: "PATCH",
            ..Request::post(path, &json!({ "disabled": true }))
        };
        assert_eq!(fleet.client(0).call(&disable).status, 200);
    });
}

/// Tries are counted where all instances see them: spread over several they are no more.
#[test]
fn lock_out_holds_over_instances() {
    let fleet = Fleet::start(3);
    let body = json!({ "email": "dewi@example.com", "password": "not the password" });
    let answers = fleet.at_once(9, |_, client| {
        client.call(&Request::post("/v1/session", &body)).status
    });
    let let_in = answers.iter().filter(|status| **status == 401).count();
    let locked = answers.iter().filter(|status| **status == 429).count();
    // Of tries that are judged at once one may be refused early; none is let in beyond the bound.
    assert!((1..=5).contains(&let_in), "{answers:?}");
    assert_eq!(let_in + locked, 9, "{answers:?}");
}
