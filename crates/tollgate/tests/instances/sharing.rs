//! What instances share besides the data: a schema, keys, secrets.

use serde_json::json;
use tollgate_providers::Webhook;

use crate::fleet::Fleet;
use crate::harness::{
    Database, Home, Request, Said, Tollgate, assert_names, one_line, serve, server_needed, until,
};

/// Two that start on an empty database at once make it together.
#[test]
fn instances_that_start_at_once_make_one_schema_and_one_key() {
    let fleet = Fleet::on(Database::empty(&server_needed()), 3, |_| ());
    let database = &fleet.database;
    assert_eq!(database.number("select count(*) from secrets"), 1);
    assert_eq!(
        database.number("select octet_length(value) from secrets"),
        32
    );
    let twice = "select version from migrations group by 1 having 1 < count(*)";
    assert_eq!(database.ask(twice), "");
    for number in 0..3 {
        let code = format!("START-{number}");
        fleet
            .client(number)
            .create_order(&code, "standard", "IDR", 100);
        let webhook = fleet.home().webhook(Said::paid("standard", &code, 100));
        let outcome = fleet.client((number + 1) % 3).deliver("standard", &webhook);
        assert_eq!(outcome.outcome(), "applied");
    }
}

/// A delivery that one instance has refused is verified again by another: they redact its secret under one
/// key.
#[test]
fn a_delivery_refused_by_one_instance_is_verified_by_another() {
    let database = Database::on(&server_needed());
    let credentials = |passwords: &[&str]| {
        let credentials: Vec<_> = passwords
            .iter()
            .map(|password| json!({ "username": "shop_hooks", "password": password }))
            .collect();
        json!({ "provider": "phonepe", "version": "v2", "credentials": credentials })
    };
    let mut fleet = Fleet::on(database, 1, |home| {
        home.config["sources"]["phonepe"] = credentials(&["new1password"]);
    });
    let mut mended = Home::on(&fleet.database);
    mended.config["sources"]["phonepe"] = credentials(&["new1password", "old1password"]);
    fleet.servers.push(Tollgate::start(&mended));
    fleet.homes.push(mended);

    let mut sender = Home::on(&fleet.database);
    sender.config["sources"]["phonepe"] = credentials(&["old1password"]);
    let webhook: Webhook = sender.webhook(Said::paid("phonepe", "REDACTED", 1000));
    let refused = fleet.client(0).deliver("phonepe", &webhook).refused(401);
    assert_eq!(refused, "signature_invalid");
    let kept = until("the refused delivery is kept", || {
        fleet.client(1).rejected().pop()
    });
    let id = kept["id"].as_str().expect("a delivery has an id");
    let verify = Request::post(format!("/v1/deliveries/{id}/verify"), &json!({}));
    assert_eq!(fleet.client(1).call(&verify).outcome(), "parked");
}

/// A key that is revoked at one instance ends at the others.
#[test]
fn a_key_revoked_at_one_instance_ends_at_the_others() {
    let fleet = Fleet::start(2);
    let made = json!({ "name": "till", "scopes": ["read"] });
    let made = fleet.client(0).create("/v1/keys", &made).expect(201);
    let key = made["key"].as_str().expect("it is shown once").to_owned();
    let mut elsewhere = fleet.servers[1].client_as(Some(&key));
    let orders = Request::get("/v1/orders");
    assert_eq!(elsewhere.call(&orders).status, 200, "it is good everywhere");
    let id = made["id"].as_str().expect("a key has an id");
    let revoke = Request::new("DELETE", format!("/v1/keys/{id}"));
    assert_eq!(fleet.client(0).call(&revoke).status, 204);
    let mut here = fleet.servers[0].client_as(Some(&key));
    assert_eq!(here.call(&orders).refused(401), "key_invalid", "at once");
    let begun = std::time::Instant::now();
    until("the other instance knows it, too", || {
        (elsewhere.call(&orders).status == 401).then_some(())
    });
    eprintln!("a revoked key was good elsewhere for {:?}", begun.elapsed());
}

/// Stock and calendars are not kept in a process: what one changes the others sell.
#[test]
fn what_one_instance_changes_the_others_know_at_once() {
    let fleet = Fleet::start(2);
    for round in 1..=20 {
        let (one, other) = (round % 2, (round + 1) % 2);
        fleet
            .client(one)
            .put("/v1/stock/A", &json!({ "on_hand": round }));
        assert_eq!(fleet.client(other).get("/v1/stock/A")["on_hand"], round);
    }
}

/// D10: starts that must not succeed are one line with the remedy, and no password.
#[test]
fn a_start_that_fails_is_one_line_with_the_remedy() {
    let database = Database::on(&server_needed());
    let good = database.url();
    let (begin, name) = good.rsplit_once('/').expect("a URL has a path");
    let host = begin.split('@').nth(1).expect("a URL names its user");
    let cases: [(String, &[&str]); 3] = [
        (
            format!("postgres://tollgate:s3cret@{host}/{name}_none"),
            &["no such database", "createdb"],
        ),
        (
            format!("postgres://nobody_here:s3cret@{host}/{name}"),
            &["log in to", "[store] url"],
        ),
        (
            format!("{good}?sslmode=sometimes&password=s3cret"),
            &["[store] url"],
        ),
    ];
    for (url, words) in cases {
        let mut home = Home::on_file();
        home.set("store", "url", url.clone());
        let ended = serve(&home);
        let line = one_line(&ended);
        assert_names(line, words);
        assert!(!line.contains("s3cret"), "{line}");
    }
}

/// A database of another program is left alone.
#[test]
fn a_database_of_another_program_is_left_alone() {
    let database = std::sync::Arc::new(Database::empty(&server_needed()));
    database.ask("create table orders (id bigint); create table events (id bigint)");
    let home = Home::on(&database);
    let ended = serve(&home);
    assert_names(one_line(&ended), &["another program"]);
    let tables = "select count(*) from pg_tables where schemaname = 'public'";
    assert_eq!(database.number(tables), 2, "nothing was made");
}
