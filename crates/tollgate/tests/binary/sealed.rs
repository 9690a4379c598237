//! Secrets of endpoints, sealed in the database under the configuration's key.

use serde_json::{Value, json};

use crate::harness::{Home, Request, Said, Sink, Tollgate, command, finish, until};

const TOTAL: i64 = 15_000_000;

fn key(letter: char) -> String {
    format!("literal:{}", letter.to_string().repeat(64))
}

fn run(home: &Home, arguments: &[&str]) -> crate::harness::Ended {
    let config = home.write_config();
    let mut run = command();
    run.args(arguments).arg("--config").arg(&config);
    finish(run.current_dir(home.path()))
}

fn paid(home: &Home, server: &Tollgate, code: &str) {
    let mut client = server.client();
    client.create_order(code, "standard", "IDR", TOTAL);
    let webhook = home.webhook(Said::paid("standard", code, TOTAL));
    assert_eq!(client.deliver("standard", &webhook).outcome(), "applied");
    assert_eq!(
        client.get(&format!("/v1/orders/{code}"))["captured_amount"],
        TOTAL
    );
}

fn secrets_check(report: &Value) -> Value {
    let checks = report["checks"].as_array().expect("a list").iter();
    let mut found = checks.filter(|check| check["name"] == "secrets");
    found.next().expect("it is looked at").clone()
}

#[test]
fn a_key_that_is_missing_costs_notices_for_a_while_and_no_webhook() {
    let mut home = Home::new();
    let sink = Sink::open();
    home.set("outgoing", "allow_networks", json!(["127.0.0.0/8"]));
    home.set("store", "secrets_key", key('a'));
    let server = Tollgate::start(&home);
    let endpoint = json!({ "url": sink.url(), "events": ["payment.paid"] });
    let made = server
        .client()
        .create("/v1/endpoints", &endpoint)
        .expect(201);
    let id = made["id"]
        .as_str()
        .expect("an endpoint has an id")
        .to_owned();
    let secret = made["secret"]
        .as_str()
        .expect("it is shown once")
        .to_owned();
    paid(&home, &server, "BEFORE");
    until("the notice comes", || (sink.count() == 1).then_some(()));
    assert!(server.stop().success());
    let stored = home.database().ask("select secrets from endpoints");
    assert!(
        stored.contains("sealed:1:") && !stored.contains(&secret[6..]),
        "{stored}"
    );

    // Another key, and the right one is forgotten.
    home.set("store", "secrets_key", key('b'));
    let server = Tollgate::start(&home);
    paid(&home, &server, "MEANWHILE");
    let mut client = server.client();
    let waiting = until("the notice has been tried", || {
        let effects = client.list("/v1/effects?kind=notify&state=pending");
        effects
            .into_iter()
            .find(|effect| effect.to_string().contains("cannot be opened"))
    });
    let tried = client.call(&Request::post(
        format!("/v1/endpoints/{id}/test"),
        &json!({}),
    ));
    assert!(
        tried.text().contains("cannot be opened"),
        "{}",
        tried.text()
    );
    let report = client.get("/v1/doctor");
    assert_eq!(secrets_check(&report)["status"], "fail", "{report}");
    let told = server.stop_and_read_log();
    let line = told
        .lines()
        .find(|line| line.contains("store.secrets_keys_also"));
    let line = line.expect("it is said at the start");
    let missing = secrets_check(&report)["seen"][0]
        .as_str()
        .expect("a text")
        .to_owned();
    let name = missing.split("its key ").nth(1).expect("it is named");
    let name = name.split(' ').next().expect("a word");
    assert!(line.contains(name), "{name}: {line}");
    assert_eq!(sink.count(), 1);
    assert_eq!(run(&home, &["doctor"]).code, Some(2));
    assert_eq!(
        home.database().ask("select secrets from endpoints"),
        stored,
        "nothing is lost"
    );

    // It is back: what waits is sent, and what is new.
    home.set("store", "secrets_keys_also", json!([key('a')]));
    let server = Tollgate::start(&home);
    let retry = format!(
        "/v1/effects/{}/retry",
        waiting["id"].as_str().expect("an id")
    );
    server.client().call(&Request::post(retry, &json!({})));
    paid(&home, &server, "AFTER");
    until("both notices come", || (sink.count() == 3).then_some(()));
    let shown = run(&home, &["config", "show"]);
    assert!(shown.stdout.contains("secrets_key = \"***\""), "{shown:?}");
    assert!(
        !shown.stdout.contains("aaaaaaaa") && !shown.stdout.contains("bbbbbbbb"),
        "{shown:?}"
    );
    let log = server.stop_and_read_log();
    assert!(
        !log.contains("aaaaaaaa") && !log.contains("bbbbbbbb"),
        "{log}"
    );
}

#[test]
fn the_command_line_makes_keys_and_seals_what_there_is() {
    let mut home = Home::new();
    let server = Tollgate::start(&home);
    let endpoint = json!({ "url": "https://shop.example/hook", "events": ["*"] });
    server
        .client()
        .create("/v1/endpoints", &endpoint)
        .expect(201);
    assert!(server.stop().success());
    let without = run(&home, &["secrets", "rotate"]);
    assert_eq!(without.code, Some(1));
    assert!(
        without.stderr.contains("tollgate secrets key"),
        "{without:?}"
    );

    let made = run(&home, &["secrets", "key"]);
    let file = home.path().join("secrets.key");
    std::fs::write(&file, &made.stdout).expect("there is room");
    home.set("store", "secrets_key", "file:secrets.key");
    let shown = |arguments: &[&str], home: &Home| -> Value {
        let ended = run(home, arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str(&ended.stdout).expect("it is JSON")
    };
    let before = shown(&["secrets", "show", "--json"], &home);
    assert_eq!(before["sealed"], 0, "{before}");
    let clear = before["clear"].as_u64().expect("a number");
    let after = shown(&["secrets", "rotate", "--json"], &home);
    assert_eq!(
        (&after["sealed"], &after["clear"]),
        (&json!(clear), &json!(0))
    );
    assert!(
        home.database()
            .ask("select secrets from endpoints")
            .contains("sealed:1:")
    );
    assert_eq!(
        shown(&["secrets", "rotate", "--json"], &home),
        after,
        "done is done"
    );

    // And back, as before a return to an earlier version.
    home.set("store", "secrets_key", "");
    home.set("store", "secrets_keys_also", json!(["file:secrets.key"]));
    let back = shown(&["secrets", "rotate", "--in-clear", "--json"], &home);
    assert_eq!(
        (&back["sealed"], &back["clear"]),
        (&json!(0), &json!(clear))
    );
    assert!(
        home.database()
            .ask("select secrets from endpoints")
            .contains("whsec_")
    );

    home.set("store", "secrets_key", "literal:a-passphrase");
    let refused = run(&home, &["config", "check"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("store.secrets_key"), "{refused:?}");
    assert!(!refused.stderr.contains("passphrase"), "{refused:?}");
}
