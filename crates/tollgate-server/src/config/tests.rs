//! What a configuration is taken for, and what is said of a wrong one.

mod log;
mod sections;

use std::path::Path;

use secrecy::ExposeSecret;
use tollgate_core::command::Rules;
use tollgate_store::Limits;

use super::masked::masked_url;
use super::{Config, ConfigError};

fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Config::from_layers(text, Path::new(""), &environment)
}

fn refusal(text: &str) -> String {
    read(text, &[]).expect_err("it is refused").to_string()
}

#[test]
fn the_defaults_are_a_configuration_and_name_the_stores_defaults() {
    let config = read("", &[]).expect("the defaults are right");
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.rules, Rules::default());
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.shops.len(), 1);
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\nbody_bytes_max = 2048";
    let environment = [
        ("TOLLGATE__SERVER__LISTEN", "127.0.0.1:2"),
        ("TOLLGATE__GATE__BATCH_MS_MAX", "7"),
        ("TOLLGATE__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
    ];
    let config = read(file, &environment).expect("it is right");
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.server.body_bytes_max, 2048);
    assert_eq!(config.limits.batch_ms_max, 7);
    assert_eq!(config.server.trusted_proxies.len(), 2);
}

#[test]
fn a_source_may_come_from_the_environment() {
    let environment = [
        ("TOLLGATE__SOURCES__PAY__PROVIDER", "standard_webhooks"),
        ("TOLLGATE__SOURCES__PAY__SECRETS", r#"["env:PAY_SECRET"]"#),
        ("TOLLGATE__SOURCES__PAY__TOLERANCE_SECONDS", "60"),
        ("PAY_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ];
    let config = read("", &environment).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.shops[0].sources[0].source.name(), "pay");
}

#[test]
fn what_is_wrong_is_one_line_with_key_found_and_wanted() {
    for (text, wanted) in [
        (
            "[server]\nlisen = \"x\"",
            "server.lisen: found an unknown key, wanted a known key; did you mean listen?",
        ),
        (
            "[kitchen]\nurl = \"x\"",
            "kitchen: found an unknown key, wanted a known key (tollgate config default lists them)",
        ),
        ("server = 3", "server: found a whole number, wanted a table"),
        (
            "[server]\nbody_bytes_max = 12",
            "server.body_bytes_max: found 12, wanted a whole number from 1024 to 67108864",
        ),
        (
            "[server]\nbodies_bytes_max = 4194303",
            "server.bodies_bytes_max: found 4194303, wanted at least 4194304: four times server.body_bytes_max, which is 1048576",
        ),
        (
            "[retention]\nkeys_days = 7",
            "retention.keys_days: found 7, wanted a whole number from 35 to 36500",
        ),
        (
            "[server]\nbody_bytes_max = \"12\"",
            "server.body_bytes_max: found a text, wanted a whole number from 1024 to 67108864",
        ),
        (
            "[store]\nurl = \"mysql://u:s3cret@h/d\"",
            "store.url: found \"mysql://u:***@h/d\", wanted sqlite:FILE, sqlite::memory: or postgres://USER@HOST:PORT/DATABASE",
        ),
        (
            "[store]\nurl = \"postgres://h/d\"\nisolation = \"snapshot\"",
            "store.isolation: found \"snapshot\", wanted \"read_committed\" or \"serializable\"",
        ),
        (
            "timezone = \"Mars/Base\"",
            "timezone: found \"Mars/Base\", wanted a time zone as \"Europe/Moscow\" or \"UTC\"",
        ),
        (
            "[api]\nbootstrap_key = \"env:NOBODY_SET_THIS\"",
            "api.bootstrap_key: found the variable NOBODY_SET_THIS, which is not set, wanted a variable that holds the secret",
        ),
        (
            "[api]\nbootstrap_key = \"verysecret\"",
            "api.bootstrap_key: found a secret as it is, wanted env:NAME, file:PATH or literal:…",
        ),
        (
            "[sources.x]\nprovider = \"midtrans\"\nsecret = [\"literal:k\"]",
            "sources.x.secret: found an unknown key",
        ),
        (
            "[sources.manual]\nprovider = \"midtrans\"",
            "sources.manual: found a source named manual, wanted another name: manual is always there",
        ),
        ("[server\nx", "read the configuration: line 1: "),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with(wanted), "{refusal:?} is not {wanted:?}");
        assert!(!refusal.contains('\n'), "{refusal}");
    }
}

#[test]
fn what_cannot_be_together_is_refused() {
    for (text, wanted) in [
        (
            "[gate]\nwal_bytes_restart = 536870912",
            "gate.wal_bytes_alert: found 268435456, wanted at least gate.wal_bytes_restart, which is 536870912",
        ),
        (
            "[gate]\nwal_bytes_max = 134217728",
            "gate.wal_bytes_max: found 134217728, wanted at least gate.wal_bytes_alert, which is 268435456",
        ),
        (
            "[orders]\nparked_ask_minutes = 60\nparked_orphan_hours = 1",
            "orders.parked_ask_minutes: found 60, wanted less than the 60 minutes of orders.parked_orphan_hours",
        ),
        (
            "[server]\nadmin_listen = \"127.0.0.1:8080\"",
            "server.admin_listen: found \"127.0.0.1:8080\", where server.listen = ",
        ),
        (
            "[server]\nadmin_listen = \"0.0.0.0:8080\"",
            "server.admin_listen: found \"0.0.0.0:8080\", where server.listen = ",
        ),
        (
            "[server]\ngrpc_listen = \"[::1]:9090\"\nadmin_listen = \"[::1]:9090\"",
            "server.grpc_listen: found \"[::1]:9090\", where server.admin_listen = ",
        ),
        (
            "[store]\nurl = \"sqlite:///srv/t.db\"",
            "store.url: found \"sqlite:///srv/t.db\", wanted sqlite:FILE, as ",
        ),
        (
            "[store]\nurl = \"sqlite:file:t.db\"",
            "store.url: found \"sqlite:file:t.db\", wanted sqlite:FILE, as ",
        ),
        (
            "[store]\nurl = \"sqlite:t.db?mode=rwc\"",
            "store.url: found \"sqlite:t.db?mode=rwc\", wanted sqlite:FILE without ?",
        ),
        (
            "[sources.x]\nprovider = 3",
            "sources.x.provider: found a number, wanted one of ",
        ),
        (
            "[sources.x]\nsecrets = [\"literal:k\"]",
            "sources.x.provider: found nothing, wanted one of ",
        ),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with(wanted), "{refusal:?} is not {wanted:?}");
    }
    let text = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
                grpc_listen = \"127.0.0.1:0\"";
    read(text, &[]).expect("free ports are several");
}

#[test]
fn an_unknown_variable_is_refused_with_what_is_near_it() {
    for (variable, wanted) in [
        ("TOLLGATE__SERVER__LISEN", "did you mean listen?"),
        ("TOLLGATE__SEVER__LISTEN", "did you mean server?"),
        ("TOLLGATE__SOURCE__PAY__PROVIDER", "did you mean sources?"),
        (
            "TOLLGATE__SOURCES__PAY",
            "wanted TOLLGATE__SOURCES__NAME__KEY",
        ),
        ("TOLLGATE__SERVER__LISTEN__X", "found a part of a value"),
    ] {
        let refusal = read("", &[(variable, "x")]).expect_err("it is refused");
        let refusal = refusal.to_string();
        assert!(refusal.starts_with(variable), "{refusal}");
        assert!(refusal.contains(wanted), "{refusal:?} is not {wanted:?}");
    }
}

#[test]
fn a_secrets_file_is_looked_for_beside_the_configuration() {
    let folder = tempfile::tempdir().expect("there is room");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("it can be written");
    };
    write("api.key", "0123456789abcdef\n");
    write("t.toml", "[api]\nbootstrap_key = \"file:api.key\"");
    let config = Config::load(Some(&folder.path().join("t.toml"))).expect("it is found");
    let key = config.bootstrap_key.expect("it has a key");
    assert_eq!(key.expose_secret(), "0123456789abcdef");
}

/// What stands around a secret unseen would make every signature a wrong one.
#[test]
fn a_secret_is_taken_without_what_stands_around_it_unseen() {
    let folder = tempfile::tempdir().expect("there is room");
    let secret = |written: &str| {
        std::fs::write(folder.path().join("key"), written).expect("there is room");
        let text = "[api]\nbootstrap_key = \"file:key\"";
        let config = Config::from_layers(text, folder.path(), &Default::default());
        config.map(|config| {
            let key = config.bootstrap_key.expect("it is there");
            key.expose_secret().to_owned()
        })
    };
    for around in [
        "{}",
        "{}\n",
        "{}\r\n",
        "\u{feff}{}",
        " {}\t",
        "\u{a0}{}\u{200b}\n\n",
    ] {
        let written = around.replace("{}", "0123456789abcdef");
        assert_eq!(
            secret(&written).expect("it is right"),
            "0123456789abcdef",
            "{written:?}"
        );
    }
    for (written, wanted) in [
        ("\u{feff}\n", "api.bootstrap_key: found an empty secret"),
        (
            "01234567\n89abcdef",
            "api.bootstrap_key: found a secret with a line break",
        ),
        (
            "01234567\u{0}9abcdef",
            "api.bootstrap_key: found a secret with a line break",
        ),
    ] {
        let error = secret(written).expect_err(written).to_string();
        assert!(
            error.starts_with(wanted) && !error.contains("01234567"),
            "{error}"
        );
    }
    let environment = [("PAY_SECRET", " \u{feff}server-key\r\n")];
    let text = "[sources.x]\nprovider = \"midtrans\"\nsecrets = [\"env:PAY_SECRET\"]";
    read(text, &environment).expect("it is taken off");
}

/// Two paths that differ in a slash at the end are one.
#[test]
fn a_path_with_a_slash_at_its_end_is_no_second_path() {
    let source = |name: &str, paths: &str| {
        format!(
            "[sources.{name}]\nprovider = \"midtrans\"\nsecrets = [\"literal:k\"]\npaths = {paths}\n"
        )
    };
    let both = source("a", "[\"/hook\"]") + &source("b", "[\"/hook/\"]");
    assert!(
        refusal(&both).contains("a path of its own"),
        "{}",
        refusal(&both)
    );
    let twice = source("a", "[\"/hook\", \"/hook/\"]");
    assert!(
        refusal(&twice).contains("every path once"),
        "{}",
        refusal(&twice)
    );
    read(&source("a", "[\"/webhooks/a/\"]"), &[]).expect("it is its own");
}

const MIDTRANS: &str = "provider = \"midtrans\"\nsecrets = [\"literal:server-key-1\"]\n";

#[test]
fn a_path_belongs_to_one_source_and_never_to_us() {
    let twice = format!(
        "[sources.a]\n{MIDTRANS}paths = [\"/hook\"]\n[sources.b]\n{MIDTRANS}paths = [\"/hook\"]"
    );
    assert!(refusal(&twice).starts_with("sources.b.paths: found \"/hook\", which source a"));
    let twice = format!("[sources.a]\n{MIDTRANS}paths = [\"/hook\", \"/hook\"]");
    assert!(refusal(&twice).starts_with("sources.a.paths: found \"/hook\" twice"));
    for path in [
        "/",
        "/v1/orders",
        "/metrics",
        "/webhooks/b",
        "/orders",
        "/orders/",
        "/payments/midtrans",
        "/sign-in",
        "/assets/midtrans",
    ] {
        let text = format!("[sources.a]\n{MIDTRANS}paths = [\"{path}\"]");
        assert!(refusal(&text).contains("which is ours"), "{path}");
    }
    let text = format!("[sources.a]\n{MIDTRANS}paths = [\"/webhooks/a\", \"/hook\"]");
    let config = read(&text, &[]).expect("its own path may be named");
    assert_eq!(config.shops[0].sources[0].paths, ["/webhooks/a", "/hook"]);
}

#[test]
fn secrets_never_show() {
    let text = format!(
        "[api]\nbootstrap_key = \"literal:0123456789abcdef\"\n[sources.a]\n{MIDTRANS}\
         [shops.tea.sources.b]\n{MIDTRANS}\
         [store]\nurl = \"postgres://shop:hunter2@db/orders\""
    );
    let config = read(&text, &[]).expect("it is right");
    for shown in [config.show(), format!("{config:?}")] {
        for secret in ["0123456789abcdef", "server-key-1", "hunter2"] {
            assert!(!shown.contains(secret), "{secret}");
        }
    }
    assert_eq!(config.show().matches("***").count(), 4);
    assert_eq!(config.shops[1].sources[0].paths, ["/webhooks/tea/b"]);
}

#[test]
fn a_url_is_shown_without_its_password() {
    let table = [
        ("sqlite:t.db", "sqlite:t.db"),
        ("postgres://db/x", "postgres://db/x"),
        ("postgres://u@db/x", "postgres://u@db/x"),
        ("postgres://u:p@ss@db,db2/x", "postgres://u:***@db,db2/x"),
        (
            "postgres://u:p@db/x?a=1&password=p",
            "postgres://u:***@db/x?a=1&password=***",
        ),
    ];
    for (url, shown) in table {
        assert_eq!(masked_url(url), shown);
    }
}
