//! A machine whose clock is not the database's (docs/gate.md, Clocks).

use serde_json::json;

use crate::fleet::{Fleet, order};
use crate::harness::{Database, Request, server_needed, until};

/// The database's clock as every session of it sees it: so much ahead.
fn set_ahead(database: &Database, seconds: i64) {
    database.ask(&format!(
        "create or replace function ahead.clock_timestamp() returns timestamptz language sql as
         'select pg_catalog.clock_timestamp() + interval ''{seconds} seconds'''"
    ));
}

/// Over two seconds apart: an error in the log, a figure, and nothing expires here until it is mended;
/// everything else goes on, by the database's time.
#[test]
fn an_instance_whose_clock_is_wrong_expires_nothing_until_it_is_mended() {
    let database = Database::on(&server_needed());
    database.ask("create schema ahead");
    set_ahead(&database, 3600);
    let url = database.url();
    let (_, name) = url.rsplit_once('/').expect("a URL has a path");
    database.ask(&format!(
        "alter database {name} set search_path = ahead, pg_catalog, public"
    ));
    let fleet = Fleet::on(database, 1, |_| ());
    let mut client = fleet.client(0);
    assert_eq!(fleet.figure("tollgate_gate_sweeps_paused"), 1);
    client.put("/v1/stock/A", &json!({ "on_hand": 10 }));
    let mut wanted = order("CLOCK", &["A"]);
    // Without a payment that its end would have to wait for.
    wanted
        .as_object_mut()
        .expect("it is an object")
        .remove("payment");
    wanted["hold_seconds"] = json!(30);
    let made = client.create("/v1/orders", &wanted).expect(201);
    // It goes by the database's clock all the same.
    let today = fleet.database.ask(
        "select case when created_at between
                extract(epoch from pg_catalog.clock_timestamp()) * 1000 + 3540000
            and extract(epoch from pg_catalog.clock_timestamp()) * 1000 + 3660000
           then 'ahead' end from roots",
    );
    assert_eq!(today, "ahead", "{made:#}");
    fleet.database.ask(
        "update roots set due_at = 0, doc = cast(jsonb_set(cast(doc as jsonb),
                '{holds,0,expires_at}', '0') as text)",
    );
    // Something else is decided meanwhile, and the hold is still there.
    for number in 0..20 {
        client
            .create("/v1/orders", &order(&format!("MORE-{number}"), &[]))
            .refused(422);
        client.put("/v1/stock/B", &json!({ "on_hand": number }));
    }
    assert_eq!(client.get("/v1/stock/A")["held"], 1);

    set_ahead(&fleet.database, 0);
    until("the clock is mended", || {
        (fleet.figure("tollgate_gate_sweeps_paused") == 0).then_some(())
    });
    until("what is due expires", || {
        (client.get("/v1/stock/A")["held"] == 0).then_some(())
    });
}

/// Its own clock is an hour ahead of the database's: ids are dated by the database's, so nothing is refused, and both
/// doctor and the log know.
#[test]
fn an_instance_whose_clock_is_ahead_takes_orders_by_the_databases_time() {
    let database = Database::on(&server_needed());
    database.ask("create schema ahead");
    set_ahead(&database, -3600);
    let url = database.url();
    let (_, name) = url.rsplit_once('/').expect("a URL has a path");
    database.ask(&format!(
        "alter database {name} set search_path = ahead, pg_catalog, public"
    ));
    let fleet = Fleet::on(database, 1, |_| ());
    let mut client = fleet.client(0);
    client.put("/v1/stock/A", &json!({ "on_hand": 10 }));
    client
        .create("/v1/orders", &order("AHEAD", &["A"]))
        .expect(201);
    assert_eq!(client.call(&Request::get("/readyz")).status, 200);
    let dated = fleet.database.ask(
        "select case when created_at between
                extract(epoch from pg_catalog.clock_timestamp()) * 1000 - 3660000
            and extract(epoch from pg_catalog.clock_timestamp()) * 1000 - 3540000
           then 'by the database' end from roots",
    );
    assert_eq!(dated, "by the database");
    assert_eq!(fleet.figure("tollgate_gate_sweeps_paused"), 1);
}
