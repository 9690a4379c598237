//! Starts that must not succeed: one line that names the place and the remedy.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::harness::{Home, Request, Tollgate, assert_names, command, finish, one_line, serving};

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
        assert!(!home.database_file().exists(), "nothing was made");
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

/// With port 0 no one could register the address in the configuration.
#[test]
fn the_urls_to_register_have_the_port_that_was_found() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let url = format!("http://{}/webhooks/", server.address());
    let log = server.stop_and_read_log();
    assert!(
        log.lines()
            .any(|line| line.starts_with("register at ") && line.contains(&url)),
        "{log}"
    );
    assert!(!log.contains(":0/"), "{log}");
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

/// A port that is taken is said before anything else: no warning, no log, and no database that is opened for
/// nothing.
#[test]
fn a_port_that_is_taken_is_said_first_and_nothing_is_made() {
    let other = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let taken = other.local_addr().expect("it is bound").to_string();
    for key in ["listen", "admin_listen"] {
        let mut home = Home::on_file();
        home.set("server", key, taken.as_str());
        // Something to warn of.
        let unasked = json!({
            "provider": "phonepe", "version": "v2",
            "credentials": [{ "username": "u", "password": "password-of-the-tests" }],
        });
        home.config["sources"]["unasked"] = unasked;
        let ended = finish(&mut serving(&home));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert_names(one_line(&ended), &[&taken, "in use", "--listen", key]);
        assert!(!home.database_file().exists(), "nothing was made");
    }
}

#[test]
fn another_address_can_be_named_for_one_start() {
    let other = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let taken = other.local_addr().expect("it is bound").to_string();
    let mut home = Home::new();
    home.set("server", "listen", taken.as_str());
    let mut serve = serving(&home);
    serve.args(["--listen", "127.0.0.1:0"]);
    let server = Tollgate::spawn(serve);
    assert_ne!(server.address().to_string(), taken);
    assert_eq!(server.client().call(&Request::get("/readyz")).status, 200);
    assert!(server.stop().success());

    home.set("server", "admin_listen", taken.as_str());
    let mut serve = serving(&home);
    let ended = finish(serve.args(["--listen", &taken]));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_names(one_line(&ended), &["server.admin_listen", "another port"]);
}

/// Where nothing is configured the program says what it is and what to do, and makes nothing.
#[test]
fn a_start_without_any_configuration_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ended = finish(command().arg("serve").current_dir(folder.path()));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_names(
        &ended.stderr,
        &[
            "nothing is configured",
            "webhooks",
            "tollgate init",
            "tollgate demo",
        ],
    );
    let left = std::fs::read_dir(folder.path()).expect("it can be read");
    assert_eq!(left.count(), 0, "nothing was made");

    // A variable is a configuration.
    let mut serve = command();
    serve
        .arg("serve")
        .env("TOLLGATE__SERVER__LISTEN", "127.0.0.1:0")
        .env("TOLLGATE__STORE__URL", "sqlite::memory:")
        .current_dir(folder.path());
    assert!(Tollgate::spawn(serve).stop().success());
}

/// In pairs, too, nothing else stands among the lines.
#[test]
fn in_logfmt_the_lines_of_the_start_are_pairs_too() {
    let mut home = Home::new();
    home.set("log", "format", "logfmt");
    let server = Tollgate::start(&home);
    let taken = server.address().to_string();
    let ended = finish(serving(&home).args(["--listen", &taken]));
    let log = server.stop_and_read_log();
    assert!(log.contains("msg=\"register at Midtrans\""), "{log}");
    for line in log.lines().chain([one_line(&ended)]) {
        assert!(line.starts_with("ts="), "{line}");
    }
}

/// So is the end of a start that cannot be.
#[test]
fn in_json_a_start_that_cannot_be_is_a_line_of_json() {
    let other = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let taken = other.local_addr().expect("it is bound").to_string();
    let mut home = Home::new();
    home.set("log", "format", "json");
    let ended = finish(serving(&home).args(["--listen", &taken]));
    let line: Value = serde_json::from_str(one_line(&ended)).expect("it is JSON");
    assert_eq!((ended.code, &line["level"]), (Some(1), &json!("ERROR")));
    let message = line["fields"]["message"].to_string();
    assert_names(&message, &[&taken, "in use"]);
}

/// A log for machines is JSON from its first line on.
#[test]
fn in_json_the_lines_of_the_start_are_json_too() {
    let mut home = Home::new();
    home.set("log", "format", "json");
    home.set_source("midtrans", "live", false);
    home.config["sources"]["midtrans"]
        .as_object_mut()
        .expect("it is a table")
        .remove("api_url");
    let server = Tollgate::start(&home);
    let url = format!("http://{}/webhooks/midtrans", server.address());
    let log = server.stop_and_read_log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let registered = lines
        .iter()
        .find(|line| line["fields"]["url"] == url.as_str());
    let fields = &registered.expect("the URL is said")["fields"];
    assert_eq!(
        (&fields["shop"], &fields["source"], &fields["message"]),
        (
            &json!("main"),
            &json!("midtrans"),
            &json!("register at Midtrans")
        )
    );
}
