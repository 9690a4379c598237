//! Starts that must not succeed: one line that names the place and the remedy.

use crate::harness::{Home, Tollgate, assert_names, command, finish, one_line};

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
