//! What an operator asks: `doctor` and `verify`, beside a running server and without one.

use serde_json::{Value, json};

use crate::harness::{Home, Request, Tollgate, command, finish};

/// A healthy shop: what there may be is about a source, the disk of this machine, or a server that is set
/// for suites. A database that is not there is as bad as the worst that may be found.
#[test]
fn a_shop_is_looked_at_beside_its_server_and_without() {
    let home = Home::new();
    let config = home.write_config();
    let ask = |arguments: &[&str]| {
        let mut ask = command();
        ask.args(arguments).arg("--config").arg(&config);
        finish(ask.current_dir(home.path()))
    };
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/A", &json!({ "on_hand": 3 }));
    for path in ["/v1/doctor", "/v1/verify"] {
        let answer = client.call(&Request::get(path));
        assert_eq!(answer.status, 200, "{path}");
        let refused = server.client_as(None).call(&Request::get(path));
        assert_eq!(refused.status, 401, "{path}");
    }
    let verified = ask(&["verify", "--json"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let doctor = ask(&["doctor", "--json"]);
    let report: Value = serde_json::from_str(&doctor.stdout).expect("it is JSON");
    for check in report["checks"].as_array().expect("a list") {
        let may_warn = ["disk", "configuration", "locale", "durable", "vacuum"].map(Value::from);
        let is_fine = check["status"] == "ok" || may_warn.contains(&check["name"]);
        assert!(is_fine, "{check}");
    }
    drop(server);

    let people = ask(&["verify"]);
    assert_eq!(people.code, Some(0), "{people:?}");
    assert!(people.stdout.contains("stock.held"), "{people:?}");
    for name in ["verify", "doctor"] {
        let mut ask = command();
        ask.arg(name).arg("--config").arg(&config);
        ask.env("TOLLGATE__STORE__URL", "sqlite:no-such-folder/t.db");
        let ended = finish(ask.current_dir(home.path()));
        assert_eq!(ended.code, Some(2), "{ended:?}");
    }
}
