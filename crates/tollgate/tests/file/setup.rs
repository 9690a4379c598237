//! The first five minutes, on a file: a configuration, a schema, a server, a key that works.

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
