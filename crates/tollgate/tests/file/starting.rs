//! Starts that must not succeed on a file: one line that names the place and the remedy.

use std::process::Command;

use serde_json::json;

use crate::harness::{Home, Tollgate, assert_names, finish, one_line, serve, serving};

/// docs/gate.md, One writer on SQLite.
#[test]
fn a_second_server_on_the_same_file_names_the_first() {
    let home = Home::on_file();
    let first = Tollgate::start(&home);
    let ended = serve(&home);
    let line = one_line(&ended);
    assert_names(line, &[&first.pid().to_string(), "tollgate.db"]);
    let mut client = first.client();
    client.put("/v1/stock/A", &json!({ "on_hand": 1 }));
    assert!(first.stop().success());

    // The lock goes with its holder, however it ended.
    let second = Tollgate::start(&home);
    assert_eq!(second.client().get("/v1/stock/A")["on_hand"], 1);
    second.kill();
    let third = Tollgate::start(&home);
    assert_eq!(third.client().get("/v1/stock/A")["on_hand"], 1);
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let home = Home::on_file();
    let content = b"This is a shopping list, and it is precious.\n".repeat(200);
    std::fs::write(home.database_file(), &content).expect("it can be written");
    let ended = serve(&home);
    assert_names(one_line(&ended), &["tollgate.db", "not a SQLite database"]);
    assert_eq!(
        std::fs::read(home.database_file()).expect("it is there"),
        content
    );
    assert!(
        !home.path().join("tollgate.db.key").exists(),
        "no key is made beside a file that is not ours"
    );
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let home = Home::on_file();
    assert!(Tollgate::start(&home).stop().success());
    let newer = "insert into migrations (version, name, checksum, at) values (999, 'later', '', 0)";
    let status = Command::new("sqlite3")
        .arg(home.database_file())
        .arg(newer)
        .status();
    assert!(status.expect("sqlite3 is installed").success());
    let ended = serve(&home);
    assert_names(one_line(&ended), &["tollgate.db", "999"]);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let mut home = Home::on_file();
    home.set(
        "store",
        "url",
        format!("sqlite:{}", home.path().join("nowhere/t.db").display()),
    );
    assert_names(one_line(&serve(&home)), &["nowhere/t.db", "folder"]);
}

/// On a read-only file system, or by its mode where mounting is not allowed.
#[test]
fn a_database_that_cannot_be_written_says_so() {
    let mut home = Home::on_file();
    let folder = home.path().join("data");
    std::fs::create_dir(&folder).expect("it can be made");
    home.set(
        "store",
        "url",
        format!("sqlite:{}", folder.join("tollgate.db").display()),
    );
    assert!(Tollgate::start(&home).stop().success());
    let mut serve = serving(&home);
    let read_only = crate::disk::make_read_only(&folder);
    read_only.refuse(&mut serve);
    assert_names(one_line(&finish(&mut serve)), &["tollgate.db", "write"]);
}
