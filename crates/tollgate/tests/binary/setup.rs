//! The first five minutes: a configuration, a schema, a server, a key that works.

use crate::harness::{Home, Request, Tollgate, command, finish};

/// A file in another folder is written and read there, however it is named.
#[test]
fn init_writes_the_configuration_that_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("etc")).expect("it can be made");
    let run = |arguments: &[&str]| {
        let mut run = command();
        run.args(arguments)
            .env("TOLLGATE_CONFIG", "etc/shop.toml")
            .current_dir(folder.path());
        finish(&mut run)
    };
    let ended = run(&["init"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(folder.path().join("etc/shop.toml").exists(), "{ended:?}");
    assert!(folder.path().join("etc/shop.key").exists(), "{ended:?}");
    let ended = run(&["config", "check"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// The health that a service manager and a balancer ask for, without a key.
#[test]
fn health_is_shown_without_a_key() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut keyless = server.client_as(None);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(keyless.call(&Request::get(path)).status, 200, "{path}");
    }
}
