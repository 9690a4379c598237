//! A server's database that its own programs have put back: the recipes of docs/backup.md, as they stand there.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::json;

use crate::harness::{
    Client, Cluster, Database, Home, Request, Tollgate, command, finish, server_needed, try_to_ask,
    until,
};

/// The lines of a block of the page that begin with one of these words.
fn recipe(words: &[&str]) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/backup.md");
    let text = std::fs::read_to_string(page).expect("it can be read");
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    let found = lines.filter(|line| words.iter().any(|word| line.starts_with(word)));
    found.map(str::to_owned).collect()
}

fn make(client: &mut Client, code: &str) {
    let line = json!({ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": 1000 });
    let order = json!({ "code": code, "currency": "IDR", "lines": [line] });
    client.create("/v1/orders", &order).expect(201);
}

fn is_there(client: &mut Client, code: &str) -> bool {
    let answer = client.call(&Request::get(format!("/v1/orders/{code}")));
    assert!([200, 404].contains(&answer.status), "{}", answer.text());
    answer.status == 200
}

/// Does what follows, and starts a server; which goes on behind what may have been told.
fn go_on(database: Database, position: i64) -> (Home, Tollgate) {
    let home = Home::on(&Arc::new(database));
    let mut follow = command();
    follow
        .args(["restore", "--in-place", "--config"])
        .arg(home.write_config());
    let ended = finish(follow.current_dir(home.path()));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let head = home.number("select position from shop_heads where shop_id = 1");
    assert!(position + 1_000_000 <= head, "{position} {head}");
    let server = Tollgate::start(&home);
    make(&mut server.client(), "NEW");
    (home, server)
}

#[test]
fn a_dump_is_put_back_and_gone_on_with() {
    let database = Arc::new(Database::empty(&server_needed()));
    let home = Home::on(&database);
    let server = Tollgate::start(&home);
    make(&mut server.client(), "BEFORE");
    let lines = recipe(&["pg_dump ", "createdb ", "pg_restore "]);
    assert_eq!(lines.len(), 3, "{lines:?}");
    let url = database.url();
    let (base, name) = url.rsplit_once('/').expect("a URL has a path");
    let restored = format!("{name}_restored");
    let script = lines.join("\n").replace("shop_restored", &restored);
    // Beside a server that runs.
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(home.path())
        .env("DATABASE", &url)
        .env("SERVER", server_needed())
        .env("RESTORED", format!("{base}/{restored}"));
    let ended = finish(&mut shell);
    assert_eq!(ended.code, Some(0), "{script}\n{ended:?}");
    make(&mut server.client(), "AFTER");
    let position = database.number("select position from shop_heads where shop_id = 1");
    // It is dropped with the test.
    let restored = Database::Server {
        server: server_needed(),
        name: restored,
    };
    let (_home, server) = go_on(restored, position - 1);
    assert!(is_there(&mut server.client(), "BEFORE"));
    assert!(!is_there(&mut server.client(), "AFTER"));
}

#[test]
fn a_server_goes_back_to_a_point_in_time() {
    let archive = tempfile::tempdir().expect("a temporary folder");
    // The server's own user writes there.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(archive.path(), open).expect("it is ours");
    let settings = |words: &[&str], time: &str| -> Vec<String> {
        let lines = recipe(words).into_iter();
        let lines = lines.map(|line| {
            let line = line.replace("ARCHIVE", &archive.path().display().to_string());
            let (name, value) = line.split_once(" = ").expect("a setting");
            match name {
                "recovery_target_time" => format!("{name}='{time}'"),
                _ => format!("{name}={value}"),
            }
        });
        lines.collect()
    };
    let primary = Cluster::start_with(&settings(&["archive_"], ""));
    let database = Arc::new(Database::empty(primary.url()));
    let home = Home::on(&database);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    make(&mut client, "BEFORE");
    let base = Cluster::copy(&primary);
    make(&mut client, "KEPT");
    let position = database.number("select position from shop_heads where shop_id = 1");
    let say = |statement: &str| try_to_ask(primary.url(), statement).expect("it answers");
    let time = say("select clock_timestamp()");
    make(&mut client, "LOST");
    let last = say("select pg_walfile_name(pg_switch_wal())");
    until("the log is archived", || {
        archive.path().join(&last).exists().then_some(())
    });
    assert!(server.stop().success());

    let recovered = Cluster::recover(base, &settings(&["restore_command", "recovery_"], &time));
    until("it is promoted", || {
        let is_recovering = try_to_ask(recovered.url(), "select pg_is_in_recovery()");
        (is_recovering.ok()? == "f").then_some(())
    });
    let url = database.url();
    let (_, name) = url.rsplit_once('/').expect("a URL has a path");
    let restored = Database::Server {
        server: recovered.url().to_owned(),
        name: name.to_owned(),
    };
    let (_home, server) = go_on(restored, position);
    let there = ["BEFORE", "KEPT", "LOST"].map(|code| is_there(&mut server.client(), code));
    assert_eq!(there, [true, true, false]);
}
