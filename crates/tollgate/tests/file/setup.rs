//! The first five minutes, on a file: a configuration, a schema, a server, a key that works.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::json;

use crate::harness::{Home, Request, Tollgate, command, finish};

/// What `init` writes is served as it is, with the key it made.
#[test]
fn what_init_writes_is_served_as_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut init = command();
    init.arg("init").current_dir(folder.path());
    let ended = finish(&mut init);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let key = std::fs::read_to_string(folder.path().join("tollgate.key")).expect("it was made");
    assert!(!ended.stderr.contains(key.trim()) && !ended.stdout.contains(key.trim()));

    let mut serve = command();
    // The usual port may be taken here.
    serve
        .arg("serve")
        .env("TOLLGATE__SERVER__LISTEN", "127.0.0.1:0")
        .current_dir(folder.path());
    let server = Tollgate::spawn(serve);
    let mut client = server.client_as(Some(key.trim()));
    client.put("/v1/stock/A", &json!({ "on_hand": 1 }));
    assert!(folder.path().join("tollgate.db").exists());

    // Nothing that exists is written over.
    let again = finish(&mut init);
    assert_eq!(again.code, Some(1), "{again:?}");
    let kept = std::fs::read_to_string(folder.path().join("tollgate.key"));
    assert_eq!(kept.expect("it is there"), key);
}

/// `migrate` says what it would do, does it once, and leaves a database in use alone.
#[test]
fn the_schema_is_brought_up_to_date_once() {
    let home = Home::on_file();
    let config = home.write_config();
    let migrate = |arguments: &[&str]| {
        let mut migrate = command();
        migrate
            .arg("migrate")
            .args(arguments)
            .arg("--config")
            .arg(&config);
        finish(migrate.current_dir(home.path()))
    };
    let dry = migrate(&["--dry-run"]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(!home.database_file().exists(), "nothing was made");
    assert!(dry.stdout.starts_with("0001 "), "{dry:?}");

    let done = migrate(&["--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let steps: serde_json::Value = serde_json::from_str(&done.stdout).expect("it is JSON");
    assert_eq!(steps[0]["version"], 1, "{steps}");
    let again = migrate(&["--json"]);
    assert_eq!((again.code, again.stdout.trim()), (Some(0), "[]"));

    let server = Tollgate::start(&home);
    let refused = migrate(&[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains(&server.pid().to_string()),
        "{}",
        refused.stderr
    );
    let dry = migrate(&["--dry-run"]);
    assert_eq!(dry.code, Some(0), "reading is allowed: {dry:?}");
    assert_eq!(server.client().call(&Request::get("/readyz")).status, 200);
}

/// The database, its log and the log's index are for their owner alone as soon as they are there. A file
/// that was there keeps its mode; doctor reports it, and what it says mends it.
#[test]
fn a_new_file_is_for_its_owner_alone_and_one_that_was_there_keeps_its_mode() {
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    server.client().put("/v1/stock/A", &json!({ "on_hand": 1 }));
    let files = ["tollgate.db", "tollgate.db-wal", "tollgate.db-shm"];
    assert_eq!(files.map(|name| mode(&home, name)), [0o600; 3]);
    assert_eq!(check_of_the_file(&home)["status"], "ok");
    assert!(server.stop().success());

    let file = home.database_file();
    let shared = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(&file, shared).expect("it is ours");
    let server = Tollgate::start(&home);
    assert_eq!(files.map(|name| mode(&home, name)), [0o640; 3]);
    let check = check_of_the_file(&home);
    assert_eq!(check["status"], "warn", "{check}");
    let fix = check["fix"].as_str().expect("it is a text");
    let mended = Command::new("sh").args(["-ec", fix]).status();
    assert!(mended.expect("there is a shell").success(), "{fix}");
    assert_eq!(check_of_the_file(&home)["status"], "ok");
    let mut client = server.client();
    client.put("/v1/stock/A", &json!({ "on_hand": 2 }));
    assert!(server.stop().success());
}

/// A name may be a link to where the database is to be: what is made there is for its owner alone, too.
#[test]
fn a_file_behind_a_link_is_for_its_owner_alone() {
    let home = Home::on_file();
    std::os::unix::fs::symlink("real.db", home.database_file()).expect("the folder is ours");
    let server = Tollgate::start(&home);
    assert_eq!(mode(&home, "real.db"), 0o600);
    assert!(server.stop().success());
}

fn mode(home: &Home, name: &str) -> u32 {
    let file = std::fs::metadata(home.path().join(name)).expect("it is there");
    file.permissions().mode() & 0o777
}

/// What `doctor` says of the file.
fn check_of_the_file(home: &Home) -> serde_json::Value {
    let mut doctor = command();
    doctor.args(["doctor", "--json", "--config"]);
    let ended = finish(doctor.arg(home.write_config()).current_dir(home.path()));
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    let checks = report["checks"].as_array().expect("it is a list");
    let check = checks.iter().find(|check| check["name"] == "file");
    check.expect("it is a check").clone()
}
