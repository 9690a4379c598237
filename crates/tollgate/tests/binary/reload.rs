//! SIGHUP: the configuration is read again, and nothing is lost by it; and what a service manager is told.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{
    ADMIN_KEY, Client, Home, Request, Said, Tollgate, in_parallel, serving, until,
};

const TAKEN_OVER: &str = "the configuration was read again";

/// Asks it to read its configuration again.
fn hang_up(server: &Tollgate) {
    let sent = std::process::Command::new("kill")
        .args(["-HUP", &server.pid().to_string()])
        .status();
    assert!(sent.expect("kill can be run").success());
}

/// Has it go by the home's configuration.
#[track_caller]
fn reload(server: &Tollgate, home: &Home) -> String {
    home.write_config();
    hang_up(server);
    server.says(TAKEN_OVER)
}

fn paid(client: &mut Client, home: &Home, reference: &str) -> u16 {
    let said = home.webhook(Said::paid("bank", reference, 10_000));
    client.call(&Request::webhook("bank", &said)).status
}

#[test]
fn a_reload_takes_over_secrets_sources_keys_and_the_log_s_level() {
    let mut home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    assert_eq!(paid(&mut client, &home, "R-1"), 200);
    let before = home.webhook(Said::paid("bank", "R-2", 10_000));

    home.set_source("bank", "secrets", json!(["another-secret-of-the-bank"]));
    home.set_source("house", "provider", "hmac");
    let house = home.config["sources"]["bank"].clone();
    home.config["sources"]["house"] = house;
    home.config["sources"]
        .as_object_mut()
        .expect("they are a table")
        .remove("phonepe");
    home.set("log", "level", "info,tollgate=debug");
    let line = reload(&server, &home);
    for key in [
        "sources.bank",
        "sources.house",
        "sources.phonepe",
        "log.level",
    ] {
        assert!(line.contains(key), "{key}: {line}");
    }
    assert!(!line.contains("another-secret"), "{line}");

    // Over the connection that was open before.
    assert_eq!(client.call(&Request::webhook("bank", &before)).status, 401);
    assert_eq!(paid(&mut client, &home, "R-2"), 200);
    let said = home.webhook(Said::paid("house", "R-3", 10_000));
    assert_eq!(client.call(&Request::webhook("house", &said)).status, 200);
    let gone = Request::post("/webhooks/phonepe", &json!({}));
    assert_eq!(client.call(&gone).status, 404);

    let key = format!("{}{}", &ADMIN_KEY[..ADMIN_KEY.len() - 1], "Q");
    home.set("api", "bootstrap_key", format!("literal:{key}"));
    assert!(reload(&server, &home).contains("api.bootstrap_key"));
    assert_eq!(client.call(&Request::get("/v1/orders")).status, 401);
    let mut client = server.client_as(Some(&key));
    let audit = until("it is recorded", || {
        let listed = client.get("/v1/audit?operation=reload_configuration");
        let items = listed["data"].as_array().cloned().unwrap_or_default();
        (items.len() == 2).then_some(items)
    });
    assert_eq!(
        audit[0]["detail"]["changed"], "api.bootstrap_key",
        "{audit:#?}"
    );
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_bad_configuration_is_refused_and_the_one_before_goes_on() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let path = home.write_config();
    let good = std::fs::read_to_string(&path).expect("it was written");
    for (bad, named) in [
        ("[server\n", "line 1"),
        (
            "[sources.bank]\nprovider = \"hmac\"\nsecret = \"x\"\n",
            "sources.bank",
        ),
    ] {
        std::fs::write(&path, bad).expect("it is written");
        hang_up(&server);
        let line = server.says("the configuration was not taken over");
        assert!(line.contains(named) && line.contains("SIGHUP"), "{line}");
        assert_eq!(paid(&mut client, &home, named), 200, "{line}");
    }
    std::fs::write(&path, good).expect("it is written");
    hang_up(&server);
    server.says(TAKEN_OVER);
}

#[test]
fn what_is_read_at_a_start_only_is_named() {
    let mut home = Home::new();
    let server = Tollgate::start(&home);
    home.set("server", "listen", "127.0.0.1:1");
    home.set("server", "drain_ms", 10);
    home.write_config();
    hang_up(&server);
    for key in ["server.drain_ms", "server.listen"] {
        let line = server.says("read at a start only");
        assert!(line.contains(key), "{key}: {line}");
    }
    server.says(TAKEN_OVER);
    assert_eq!(server.client().get("/v1/orders")["data"], json!([]));
}

/// Under load: every request is answered by the one configuration or the other, none is refused and none is lost.
#[test]
fn requests_and_streams_go_on_through_reloads_and_paces_are_not_begun_anew() {
    const CLIENTS: usize = 4;
    const EACH: usize = 60;
    let mut home = Home::new();
    home.config.insert(
        "limits".to_owned(),
        json!({ "per_key_per_second": 1, "per_key_burst": 100_000 }),
    );
    let server = Tollgate::start(&home);
    let mut stream = server.client();
    let opened = Request::get("/v1/stream").header("accept", "text/event-stream");
    stream.write(&opened).expect("it is asked for");
    in_parallel(CLIENTS + 1, |number| {
        if number == CLIENTS {
            for _ in 0..5 {
                hang_up(&server);
                server.says(TAKEN_OVER);
            }
            return;
        }
        let mut client = server.client();
        for turn in 0..EACH {
            assert_eq!(paid(&mut client, &home, &format!("R-{number}-{turn}")), 200);
            client.put(
                &format!("/v1/stock/S-{number}"),
                &json!({ "on_hand": turn }),
            );
        }
    });
    let last = server.client().call(&Request::get("/v1/stock"));
    let allowance = last.header("ratelimit").expect("it is limited").to_owned();
    let left = allowance.split_once("r=").map(|(_, left)| left);
    let left = left.and_then(|left| left.split(';').next()?.parse::<u32>().ok());
    // A few come back in the seconds that this takes.
    assert!(left.is_some_and(|left| left < 99_900), "{allowance}");
    assert_eq!(server.client().figure("tollgate_stream_connections"), 1);
    assert_eq!(server.stop().code(), Some(0));
}

/// A service manager's socket: what it is told.
struct Manager {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Manager {
        let folder = tempfile::tempdir().expect("there is room");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("it is bound");
        let patience = Some(Duration::from_secs(30));
        socket.set_read_timeout(patience).expect("it can be set");
        Manager { socket, folder }
    }

    fn start(&self, home: &Home, watchdog: Duration) -> Tollgate {
        let mut serve = serving(home);
        serve
            .env("NOTIFY_SOCKET", self.folder.path().join("notify"))
            .env("WATCHDOG_USEC", watchdog.as_micros().to_string());
        Tollgate::spawn(serve)
    }

    fn next(&self) -> String {
        let mut bytes = [0; 4096];
        let count = self.socket.recv(&mut bytes).expect("it is told");
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    }

    /// The next word that begins so, whatever comes before it.
    fn hears(&self, wanted: &str) -> String {
        let begun = Instant::now();
        loop {
            let said = self.next();
            if said.lines().any(|line| line.starts_with(wanted)) {
                return said;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{wanted} is not said"
            );
        }
    }
}

#[test]
fn a_service_manager_is_told_of_start_reload_progress_and_end() {
    let manager = Manager::new();
    let home = Home::new();
    let server = manager.start(&home, Duration::from_millis(400));
    let ready = manager.hears("READY=1");
    let status = format!("STATUS=taking requests at {}", server.address());
    assert!(ready.contains(&status), "{ready}");
    for _ in 0..3 {
        manager.hears("WATCHDOG=1");
    }
    hang_up(&server);
    let reloading = manager.hears("RELOADING=1");
    let at = reloading
        .lines()
        .find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
    assert!(
        at.is_some_and(|at| at.parse::<u64>().is_ok()),
        "{reloading}"
    );
    manager.hears("READY=1");
    manager.hears("WATCHDOG=1");
    server.ask_to_stop();
    manager.hears("STOPPING=1");
    assert_eq!(server.stop().code(), Some(0));
}
