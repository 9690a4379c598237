//! `tollgate effects`: what is to be done outside, from the command line.

use serde_json::Value;
use tollgate_core::command::Settlement;

use crate::harness::{ADMIN_KEY, Ended, Home, Tollgate, Workshop, command, finish};

/// Runs `tollgate effects` against a server.
fn effects(home: &Home, server: &Tollgate, arguments: &[&str]) -> Ended {
    let url = format!("http://{}", server.address());
    let mut effects = command();
    effects
        .arg("effects")
        .args(arguments)
        .args(["--url", &url, "--key", ADMIN_KEY, "--config"])
        .arg(home.path().join("tollgate.toml"))
        .current_dir(home.path());
    finish(&mut effects)
}

#[track_caller]
fn document(ended: &Ended) -> Value {
    let read = serde_json::from_str(&ended.stdout);
    read.unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

/// Receipts that were given up: three of them, and one whose outcome is unknown.
fn give_up(home: &Home) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().expect("it can be started");
    runtime.block_on(async {
        let workshop = Workshop::open(home.database());
        let mut ids = Vec::new();
        for reference in ["cash-1", "cash-2", "cash-3", "cash-4"] {
            workshop.cash(reference, 5000).await;
            let claimed = workshop.claim_receipts().await;
            let reason = "the printer is out of paper".to_owned();
            let settlement = match reference {
                "cash-4" => Settlement::Unknown { reason },
                _ => Settlement::Dead {
                    reason,
                    skip: false,
                },
            };
            workshop.settle(&claimed[0], settlement).await;
            ids.push(claimed[0].0.to_string());
        }
        workshop.close().await;
        ids
    })
}

#[test]
fn what_was_given_up_is_found_and_tried_again_from_the_command_line() {
    let home = Home::new();
    let ids = give_up(&home);
    let server = Tollgate::start(&home);

    let listed = effects(
        &home,
        &server,
        &["list", "--kind", "receipt", "--state", "dead"],
    );
    assert_eq!(listed.code, Some(0), "{listed:?}");
    for id in &ids[..3] {
        assert!(listed.stdout.contains(id), "{id} in {listed:?}");
    }
    assert!(!listed.stdout.contains(&ids[3]), "{listed:?}");
    assert!(listed.stdout.contains("out of paper"), "{listed:?}");
    let listed = effects(&home, &server, &["list", "--limit", "3", "--json"]);
    assert_eq!(document(&listed)["data"].as_array().map(Vec::len), Some(3));
    let none = effects(&home, &server, &["list", "--order", "Z 1&x"]);
    assert_eq!(none.code, Some(0), "{none:?}");

    let shown = effects(&home, &server, &["show", &ids[0]]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for part in ["dead", "out of paper", "12 ms", "what they said"] {
        assert!(shown.stdout.contains(part), "{part} in {shown:?}");
    }

    let all = ["retry", "--state", "dead", "--kind", "receipt"];
    let trial = effects(&home, &server, &[&all[..], &["--dry-run"]].concat());
    assert_eq!(trial.code, Some(0), "{trial:?}");
    let lines: Vec<&str> = trial.stdout.lines().collect();
    assert_eq!(lines, ids[..3], "in the order they were decided in");
    let one = effects(
        &home,
        &server,
        &["retry", &ids[1], "eff_01j5h5q2rsfzk9n8x0t3q4w5e6"],
    );
    assert_eq!(one.code, Some(1), "one of them is not there: {one:?}");
    assert!(one.stdout.starts_with(&ids[1]), "{one:?}");
    assert!(one.stderr.contains("not_found"), "{one:?}");
    let rest = effects(&home, &server, &[&all[..], &["--json"]].concat());
    assert_eq!(rest.code, Some(0), "{rest:?}");
    let rest = document(&rest);
    assert_eq!(rest["ids"], serde_json::json!([ids[0], ids[2]]), "{rest:#}");
    let left = effects(&home, &server, &["list", "--state", "dead", "--json"]);
    assert_eq!(document(&left)["data"], serde_json::json!([]));
    let unknown = effects(&home, &server, &["list", "--state", "unknown", "--json"]);
    assert_eq!(
        document(&unknown)["data"][0]["id"],
        serde_json::json!(ids[3])
    );
    let usage = effects(&home, &server, &["retry"]);
    assert_eq!(usage.code, Some(2), "{usage:?}");
}
