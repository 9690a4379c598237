//! Starts that must not succeed: one line that names the place and the remedy.

use std::process::Command;

use serde_json::json;

use crate::harness::{Ended, Home, Tollgate, command, finish};

/// Serves on the home and expects it to end by itself.
fn serve(home: &Home) -> Ended {
    finish(&mut serving(home))
}

fn serving(home: &Home) -> Command {
    let mut serve = command();
    serve
        .arg("serve")
        .arg("--config")
        .arg(home.write_config())
        .current_dir(home.path());
    serve
}

/// What it says: one line on stderr, nothing on stdout, no success.
#[track_caller]
fn one_line(ended: &Ended) -> &str {
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert!(ended.code.is_some(), "it ends, it is not ended: {ended:?}");
    assert_eq!(ended.stdout, "", "only data goes to stdout");
    let lines: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    assert_eq!(lines.len(), 1, "{}", ended.stderr);
    lines[0]
}

#[track_caller]
fn assert_names(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word:?} is not in {line:?}");
    }
}

/// gate.md, One writer on SQLite.
#[test]
fn a_second_server_on_the_same_file_names_the_first() {
    let home = Home::new();
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
    let home = Home::new();
    let content = b"This is a shopping list, and it is precious.\n".repeat(200);
    std::fs::write(home.database(), &content).expect("it can be written");
    let ended = serve(&home);
    assert_names(one_line(&ended), &["tollgate.db", "not a SQLite database"]);
    assert_eq!(
        std::fs::read(home.database()).expect("it is there"),
        content
    );
    assert!(
        !home.path().join("tollgate.db.key").exists(),
        "no key is made beside a file that is not ours"
    );
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let home = Home::new();
    assert!(Tollgate::start(&home).stop().success());
    let newer = "insert into migrations (version, name, checksum, at) values (999, 'later', '', 0)";
    let status = Command::new("sqlite3")
        .arg(home.database())
        .arg(newer)
        .status();
    assert!(status.expect("sqlite3 is installed").success());
    let ended = serve(&home);
    assert_names(one_line(&ended), &["tollgate.db", "999"]);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let mut home = Home::new();
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
    let mut home = Home::new();
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

/// Each line names the key, what was found and what is wanted.
#[test]
fn a_configuration_with_a_mistake_is_one_line() {
    let cases: [(&str, &[&str]); 8] = [
        (
            "[server]\nlisten = \"127.0.0.1:0\"\nlisen = \"x\"\n",
            &["server.lisen", "unknown", "listen"],
        ),
        (
            "[server]\nbody_bytes_max = 12\n",
            &["server.body_bytes_max", "12", "1024"],
        ),
        (
            "[server]\nlisten = 8080\n",
            &["server.listen", "number", "wanted"],
        ),
        (
            "[store]\nurl = \"mysql://x\"\n",
            &["store.url", "mysql", "sqlite:"],
        ),
        (
            "[api]\nbootstrap_key = \"env:TOLLGATE_TEST_NOT_SET\"\n",
            &["api.bootstrap_key", "TOLLGATE_TEST_NOT_SET", "variable"],
        ),
        (
            "[sources.pay]\nprovider = \"midtrnas\"\n",
            &["sources.pay.provider", "midtrnas", "midtrans"],
        ),
        (
            "[sources.pay]\nprovider = \"midtrans\"\nsecret = [\"literal:x\"]\n",
            &["sources.pay.secret", "unknown", "secrets"],
        ),
        (
            "[sources.pay]\nprovider = \"cardcom\"\nterminal_number = 1\nconfirm = \"never\"\naddresses = [\"127.0.0.1\"]\n",
            &["sources.pay.confirm", "never", "before"],
        ),
    ];
    for (text, words) in cases {
        let home = Home::new();
        let path = home.path().join("wrong.toml");
        std::fs::write(&path, text).expect("it can be written");
        for arguments in [&["serve"][..], &["config", "check"]] {
            let mut command = command();
            command
                .args(arguments)
                .arg("--config")
                .arg(&path)
                .current_dir(home.path());
            let ended = finish(&mut command);
            assert_names(one_line(&ended), words);
        }
        assert!(!home.database().exists(), "nothing was made");
    }
}

/// A secret that is not as it should be is never shown.
#[test]
fn a_mistake_about_a_secret_does_not_show_it() {
    let home = Home::new();
    let path = home.path().join("wrong.toml");
    let text = "[sources.pay]\nprovider = \"midtrans\"\nsecrets = [\"SB-Mid-server-precious\"]\n";
    std::fs::write(&path, text).expect("it can be written");
    let mut check = command();
    check
        .args(["config", "check", "--config"])
        .arg(&path)
        .current_dir(home.path());
    let ended = finish(&mut check);
    let line = one_line(&ended);
    assert_names(line, &["sources.pay.secrets", "env:"]);
    assert!(!line.contains("precious"), "{line}");
}

/// With port 0 nobody could register what the configuration says.
#[test]
fn the_urls_to_register_have_the_port_that_was_found() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let url = format!("http://{}/webhooks/", server.address());
    let told = server.stop_and_tell();
    assert!(
        told.lines()
            .any(|line| line.starts_with("register at ") && line.contains(&url)),
        "{told}"
    );
    assert!(!told.contains(":0/"), "{told}");
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let home = Home::new();
    let mut serve = command();
    serve
        .args(["serve", "--config", "nobody.toml"])
        .current_dir(home.path());
    assert_names(one_line(&finish(&mut serve)), &["nobody.toml"]);
}

/// The defaults are a configuration, and the environment wins over the file.
#[test]
fn what_the_configuration_comes_to_is_shown_without_its_secrets() {
    let home = Home::new();
    let mut default = command();
    default.args(["config", "default"]).current_dir(home.path());
    let ended = finish(&mut default);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("body_bytes_max = 1048576"),
        "{}",
        ended.stdout
    );

    let mut show = command();
    show.args(["config", "show", "--config"])
        .arg(home.write_config())
        .env("TOLLGATE__SERVER__BODY_BYTES_MAX", "4096")
        .current_dir(home.path());
    let shown = finish(&mut show);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(
        shown.stdout.contains("body_bytes_max = 4096"),
        "{}",
        shown.stdout
    );
    for secret in [
        "server-key-of-the-tests",
        "secret-of-the-bank",
        "tg_test_",
        "099eb0cd",
    ] {
        assert!(!shown.stdout.contains(secret), "{secret} is shown");
    }
}
