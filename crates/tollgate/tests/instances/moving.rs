//! `tollgate move`: from a file to a server and back; every row, id, receipt and answer stays what it is.

use serde_json::{Value, json};

use crate::harness::{
    Client, Database, Ended, Home, Request, Said, Tollgate, command, finish, server_needed, until,
};

/// Tables whose rows are the same on both databases.
const COMPARED: [&str; 12] = [
    "shops",
    "roots",
    "events",
    "event_keys",
    "names",
    "codes",
    "effects",
    "receipts",
    "endpoints",
    "idempotency",
    "users",
    "audit",
];

fn run(home: &Home, arguments: &[&str]) -> Ended {
    let mut run = command();
    run.args(arguments).arg("--config").arg(home.write_config());
    finish(run.current_dir(home.path()))
}

fn order(code: &str) -> Value {
    let line = json!({ "sku": "TEA", "quantity": 1, "unit_amount": 1000 });
    json!({
        "code": code, "currency": "IDR", "lines": [line],
        "customer": { "name": "D\u{e9}wi", "email": "dewi@example.com" },
        "payment": { "source": "standard", "reference": code },
    })
}

fn keyed() -> Request {
    Request::post("/v1/orders", &order("A-1")).keyed("the-first-order-of-the-tests")
}

/// A shop with an order that is completed, one that waits, an event that came too early, an endpoint and more rows than go
/// in one commit.
fn fill(home: &Home) -> (Value, String, Vec<u8>) {
    let server = Tollgate::start(home);
    let mut client = server.client();
    client.put("/v1/stock/TEA", &json!({ "on_hand": 1000 }));
    let endpoint = json!({ "url": "https://shop.example/hook", "events": ["stock.low"] });
    client.create("/v1/endpoints", &endpoint).expect(201);
    let answer = client.call(&keyed()).expect(201);
    for source in [("standard", "A-1"), ("standard", "EARLY")] {
        let webhook = home.webhook(Said::paid(source.0, source.1, 1_000));
        client.deliver(source.0, &webhook);
    }
    for number in 0..250 {
        client
            .create("/v1/orders", &order(&format!("B-{number}")))
            .expect(201);
    }
    let receipt = until("its receipt is issued", || {
        let listed = client.list("/v1/receipts");
        let issued = listed
            .into_iter()
            .find(|receipt| receipt["state"] == "issued");
        Some(issued?["id"].as_str()?.to_owned())
    });
    let pdf = pdf_of(&mut client, &receipt);
    assert!(server.stop().success());
    (answer, receipt, pdf)
}

fn pdf_of(client: &mut Client, receipt: &str) -> Vec<u8> {
    let answer = client.call(&Request::get(format!("/v1/receipts/{receipt}.pdf")));
    assert_eq!(answer.status, 200);
    answer.body
}

/// The shop goes on there as it was.
fn look_at(home: &Home, (answer, receipt, pdf): &(Value, String, Vec<u8>)) {
    let server = Tollgate::start(home);
    let mut client = server.client();
    assert_eq!(&client.call(&keyed()).expect(201), answer);
    assert_eq!(&pdf_of(&mut client, receipt), pdf);
    let paid = home.webhook(Said::paid("standard", "B-7", 1_000));
    client.deliver("standard", &paid);
    until("a new one is completed", || {
        let shown = client.call(&Request::get("/v1/orders/B-7"));
        (shown.json()["status"] == "completed").then_some(())
    });
    // What came too early before is applied now.
    client.create("/v1/orders", &order("EARLY")).expect(201);
    let shown = client.get("/v1/orders/EARLY");
    assert_ne!(shown["status"], "awaiting_payment", "{shown:#}");
    assert!(server.stop().success());
    let verified = run(home, &["verify"]);
    assert_ne!(verified.code, Some(2), "{verified:?}");
}

fn counts(database: &Database) -> Vec<i64> {
    let count = |table: &&str| database.number(&format!("select count(*) from {table}"));
    COMPARED.iter().map(count).collect()
}

#[test]
fn a_file_goes_to_a_server_and_back_with_every_row() {
    let file = Home::on_file();
    let shop = fill(&file);
    let key = std::fs::read(file.path().join("tollgate.db.key")).expect("it was made");
    let database = std::sync::Arc::new(Database::empty(&server_needed()));
    let mut on_server = Home::on(&database);
    on_server.config = file.config.clone();
    on_server.set("store", "url", database.url());
    let to = database.url();

    // Not while somebody serves it.
    let server = Tollgate::start(&file);
    let refused = run(&file, &["move", "--to", &to]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains(&server.pid().to_string()),
        "{refused:?}"
    );
    assert!(server.stop().success());

    let moved = run(&file, &["move", "--to", &to, "--json"]);
    assert_eq!(moved.code, Some(0), "{moved:?}");
    let said: Value = serde_json::from_str(&moved.stdout).expect("it is JSON");
    assert_eq!(said["tables"]["roots"], 252 - 1, "{said:#}");
    assert_eq!(counts(file.database()), counts(&database));
    let veiled = database.ask("select encode(value, 'hex') from secrets where name = 'veil'");
    assert_eq!(veiled, hex::encode(&key));
    // There is something in it now.
    let refused = run(&file, &["move", "--to", &to]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("name an empty database"),
        "{refused:?}"
    );

    look_at(&on_server, &shop);

    let back = Home::on_file();
    let from = database.url();
    let to = format!("sqlite:{}", back.database_file().display());
    let server = Tollgate::start(&on_server);
    let refused = run(&back, &["move", "--from", &from, "--to", &to]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("stop every instance"),
        "{refused:?}"
    );
    assert!(server.stop().success());
    let moved = run(&back, &["move", "--from", &from, "--to", &to]);
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert_eq!(counts(back.database()), counts(&database));
    let put_back = std::fs::read(back.path().join("tollgate.db.key")).expect("it was written");
    assert_eq!(put_back, key);
    let mut again = back;
    again.config = file.config.clone();
    again.set("store", "url", to);
    let server = Tollgate::start(&again);
    assert_eq!(server.client().call(&keyed()).expect(201), shop.0);
}

/// What was ended in the midst is no database, and the same command goes on.
#[test]
fn a_move_that_was_ended_in_the_midst_is_gone_on_with() {
    let file = Home::on_file();
    let shop = fill(&file);
    let database = std::sync::Arc::new(Database::empty(&server_needed()));
    let mut on_server = Home::on(&database);
    on_server.config = file.config.clone();
    on_server.set("store", "url", database.url());
    // As if it had been killed after some of a table: the mark is there, and a part of the rows.
    let moved = run(&file, &["move", "--to", &database.url()]);
    assert_eq!(moved.code, Some(0), "{moved:?}");
    let name = std::fs::canonicalize(file.database_file()).expect("it is there");
    database.change("create table moving (source text not null, begun_at bigint not null)");
    database.change(&format!(
        "insert into moving values ('sqlite:{}', 0)",
        name.display()
    ));
    database.change("delete from timeline where 100 < position");
    database.change(
        "delete from roots where id > (select id from roots order by id offset 60 limit 1)",
    );
    database.change("delete from slots; delete from targets; delete from users");

    let refused = run(&on_server, &["serve"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("run `tollgate move` again"),
        "{refused:?}"
    );
    let other = Home::on_file();
    drop(Tollgate::start(&other));
    let refused = run(&other, &["move", "--to", &database.url()]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("has not come to its end"),
        "{refused:?}"
    );

    let moved = run(&file, &["move", "--to", &database.url(), "--json"]);
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert!(moved.stdout.contains("\"resumed\":true"), "{moved:?}");
    assert_eq!(counts(file.database()), counts(&database));
    look_at(&on_server, &shop);
}
