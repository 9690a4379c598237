//! API keys: what each may do, how they are made and taken back, and whose things they open.

use serde_json::json;

use crate::harness::{
    ADMIN_KEY, Home, Request, Said, Tollgate, command, finish, hmac_sha256, sign_bank,
};

/// Makes a key by the command line, against the running server.
fn make_key(home: &Home, server: &Tollgate, name: &str, scope: &str) -> String {
    let mut create = command();
    create
        .args(["keys", "create", name, "--scopes", scope])
        .args([
            "--url",
            &format!("http://{}", server.address()),
            "--key",
            ADMIN_KEY,
        ])
        .arg("--config")
        .arg(home.write_config())
        .current_dir(home.path());
    let ended = finish(&mut create);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let key = ended
        .stdout
        .split_whitespace()
        .find(|word| word.starts_with("tg_"));
    key.unwrap_or_else(|| panic!("no key in {ended:?}"))
        .to_owned()
}

/// Which of these a key may do: read an order, read a raw body, create, look at deliveries.
fn allowed(server: &Tollgate, key: &str, event: &str) -> [u16; 4] {
    let mut client = server.client_as(Some(key));
    let order = json!({
        "currency": "IDR",
        "lines": [{ "sku": "t", "stocked": false, "quantity": 1, "unit_amount": 1000 }],
    });
    [
        client.call(&Request::get("/v1/orders")).status,
        client.call(&Request::create("/v1/orders", &order)).status,
        client
            .call(&Request::get("/v1/deliveries?verdict=rejected"))
            .status,
        client
            .call(&Request::post(
                format!("/v1/events/{event}/replay"),
                &json!({}),
            ))
            .status,
    ]
}

/// docs/api.md, Keys and scopes.
#[test]
fn a_key_may_do_what_its_scope_says_and_no_more() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let webhook = home.webhook(Said::paid("standard", "keys", 1000));
    let event = client.deliver("standard", &webhook).event().0;

    for (scope, expected) in [
        ("read", [200, 403, 403, 403]),
        ("write", [200, 201, 403, 403]),
        ("admin", [200, 201, 200, 202]),
    ] {
        let key = make_key(&home, &server, &format!("of {scope}"), scope);
        assert_eq!(allowed(&server, &key, &event), expected, "{scope}");
        let mut client = server.client_as(Some(&key));
        let shown = client.get(&format!("/v1/events/{event}"));
        let raw = shown["body"].is_string() || shown["raw"].is_object();
        assert_eq!(
            raw,
            scope == "admin",
            "raw bodies are for admins: {shown:#}"
        );
    }
    let refused = server
        .client_as(Some("tg_nobody"))
        .call(&Request::get("/v1/orders"));
    assert_eq!(refused.refused(401), "key_invalid");
    let refused = server.client_as(None).call(&Request::get("/v1/orders"));
    assert_eq!(refused.refused(401), "key_missing");
}

/// A key that was taken back opens nothing from then on, and a restart does not bring it back.
#[test]
fn a_revoked_key_opens_nothing() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let key = make_key(&home, &server, "short-lived", "read");
    let orders = Request::get("/v1/orders");
    assert_eq!(server.client_as(Some(&key)).call(&orders).status, 200);

    let keys = |arguments: &[&str]| {
        let mut keys = command();
        keys.arg("keys")
            .args(arguments)
            .args([
                "--url",
                &format!("http://{}", server.address()),
                "--key",
                ADMIN_KEY,
            ])
            .arg("--config")
            .arg(home.write_config())
            .current_dir(home.path());
        let ended = finish(&mut keys);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout
    };
    let listed = keys(&["list"]);
    assert!(!listed.contains(&key), "a key is shown once");
    let line = listed.lines().find(|line| line.contains("short-lived"));
    let line = line.unwrap_or_else(|| panic!("it is not listed: {listed}"));
    let id = line
        .split(|c: char| c.is_whitespace() || c == '|' || c == '│')
        .find(|word| word.starts_with("key_"));
    keys(&["revoke", id.expect("a key has an id")]);
    assert_eq!(
        server.client_as(Some(&key)).call(&orders).refused(401),
        "key_invalid"
    );
    assert!(server.stop().success());
    let server = Tollgate::start(&home);
    assert_eq!(
        server.client_as(Some(&key)).call(&orders).refused(401),
        "key_invalid"
    );
}

/// Without a server the command line opens the file itself.
#[test]
fn a_key_can_be_made_before_the_server_runs() {
    let home = Home::new();
    let mut create = command();
    create
        .args(["keys", "create", "first", "--scopes", "admin", "--config"])
        .arg(home.write_config())
        .current_dir(home.path());
    let ended = finish(&mut create);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let key = ended
        .stdout
        .split_whitespace()
        .find(|word| word.starts_with("tg_"));
    let key = key
        .unwrap_or_else(|| panic!("no key in {ended:?}"))
        .to_owned();
    let server = Tollgate::start(&home);
    assert_eq!(
        server
            .client_as(Some(&key))
            .call(&Request::get("/v1/orders"))
            .status,
        200
    );
}

/// The command line refuses what the API refuses, and names the place.
#[test]
fn a_key_without_a_server_is_refused_as_with_one() {
    let home = Home::new();
    let config = home.write_config();
    let refused = |arguments: &[&str]| {
        let mut create = command();
        create
            .args(["keys", "create"])
            .args(arguments)
            .arg("--config")
            .arg(&config)
            .current_dir(home.path());
        let ended = finish(&mut create);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        ended.stderr
    };
    let long = "x".repeat(201);
    for name in ["", "a\nb", &long] {
        let message = refused(&[name]);
        assert!(message.contains("/name"), "{message}");
    }
    let message = refused(&["first", "--shop", "nowhere"]);
    assert!(
        message.contains("no shop nowhere") && message.contains("main"),
        "{message}"
    );
}

/// The bootstrap key stands above the shops: with it keys of any shop are made, listed and revoked. A key of
/// a shop opens only its own.
#[test]
fn the_bootstrap_key_lists_and_revokes_keys_of_any_shop() {
    let mut home = Home::new();
    home.config
        .insert("shops".to_owned(), json!({ "tea": {}, "books": {} }));
    let server = Tollgate::start(&home);
    let url = format!("http://{}", server.address());
    let keys = |key: &str, arguments: &[&str]| {
        let mut keys = command();
        keys.arg("keys")
            .args(arguments)
            .args(["--url", &url, "--key", key, "--config"]);
        finish(
            keys.arg(home.path().join("tollgate.toml"))
                .current_dir(home.path()),
        )
    };
    let made = keys(
        ADMIN_KEY,
        &["create", "of-tea", "--scopes", "admin", "--shop", "tea"],
    );
    assert_eq!(made.code, Some(0), "{made:?}");
    let of_tea = made.stdout.trim().to_owned();

    let of_main = keys(ADMIN_KEY, &["list"]);
    assert!(!of_main.stdout.contains("of-tea"), "{of_main:?}");
    let listed = keys(ADMIN_KEY, &["list", "--shop", "tea", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).expect("it is JSON");
    assert_eq!(listed["data"][0]["name"], "of-tea", "{listed}");
    assert_eq!(listed["data"][0]["shop"], "tea", "{listed}");
    let id = listed["data"][0]["id"].as_str().expect("it has an id");
    assert!(
        keys(&of_tea, &["list"]).stdout.contains("of-tea"),
        "its own shop's"
    );
    let table = keys(ADMIN_KEY, &["list", "--shop", "tea"]).stdout;
    assert!(table.contains("tea") && table.contains("shop"), "{table}");

    for (key, arguments, code) in [
        (&*of_tea, &["list", "--shop", "main"][..], "shop"),
        (&of_tea, &["revoke", id, "--shop", "main"], "shop"),
        (ADMIN_KEY, &["list", "--shop", "nowhere"], "shop"),
        (ADMIN_KEY, &["revoke", id], "not_found"),
    ] {
        let refused = keys(key, arguments);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(code), "{refused:?}");
    }
    let revoked = keys(ADMIN_KEY, &["revoke", id, "--shop", "tea"]);
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    let refused = server
        .client_as(Some(&of_tea))
        .call(&Request::get("/v1/orders"));
    assert_eq!(refused.refused(401), "key_invalid");

    // Without a server the file is opened, and all shops are listed, each by its name.
    assert!(server.stop().success());
    let mut list = command();
    list.args(["keys", "list", "--config"])
        .arg(home.path().join("tollgate.toml"));
    let all = finish(list.current_dir(home.path()));
    let line = all.stdout.lines().find(|line| line.contains("of-tea"));
    assert!(line.is_some_and(|line| line.contains(" tea ")), "{all:?}");

    // Whoever names a shop means it: a key of another one is not revoked.
    let here = |arguments: &[&str]| {
        let mut keys = command();
        keys.arg("keys").args(arguments).arg("--config");
        finish(
            keys.arg(home.path().join("tollgate.toml"))
                .current_dir(home.path()),
        )
    };
    for (shop, why) in [
        ("books", "there is no key"),
        ("nowhere", "there is no shop"),
    ] {
        let refused = here(&["revoke", id, "--shop", shop]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(why), "{refused:?}");
    }
    assert_eq!(here(&["revoke", id, "--shop", "tea"]).code, Some(0));
}

/// Another shop's things are not there: sources, orders, codes, references, skus.
#[test]
fn shops_do_not_see_each_other() {
    let mut home = Home::new();
    home.config.insert(
        "shops".to_owned(),
        json!({ "tea": { "sources": { "pay": {
            "provider": "hmac", "secrets": ["literal:secret-of-the-tea-shop"],
            "header": "x-signature", "id": "/id",
        } } } }),
    );
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let order = json!({
        "code": "MINE",
        "currency": "IDR",
        "lines": [{ "sku": "t", "stocked": false, "quantity": 1, "unit_amount": 1000 }],
    });
    let id = client.create("/v1/orders", &order).expect(201)["id"].clone();
    let id = id.as_str().expect("an id");
    let webhook = sign_bank(br#"{"id":"e"}"#);
    let refused = client.deliver("pay", &webhook);
    assert_eq!(
        refused.refused(404),
        "source_unknown",
        "it is the other shop's source"
    );
    let mut request = Request::webhook("tea/pay", &webhook);
    assert_eq!(client.call(&request).refused(401), "signature_missing");
    let of_tea = hex::encode(hmac_sha256(b"secret-of-the-tea-shop", &[br#"{"id":"e"}"#]));
    request.headers = vec![("x-signature".to_owned(), of_tea)];
    let event = client.call(&request).event().0;
    assert_eq!(
        client
            .call(&Request::get(format!("/v1/events/{event}")))
            .refused(404),
        "not_found"
    );
    assert!(
        client.list("/v1/events").is_empty(),
        "the admin of main sees main"
    );
    client.get(&format!("/v1/orders/{id}"));
}
