//! What was refused and what has failed is kept, counted and found again (docs/errors.md, What is kept).

use serde_json::{Value, json};

use crate::harness::{
    ADMIN_KEY, Client, Ended, Home, Request, Said, Tollgate, command, finish, until,
};

/// The rows with this code, once there are as many of them in all.
fn kept(client: &mut Client, code: &str, count: u64) -> Vec<Value> {
    let path = format!("/v1/errors?code={code}");
    until(&format!("{count} of {code}"), || {
        let rows = client.list(&path);
        (counted(&rows) == count).then_some(rows)
    })
}

fn counted(rows: &[Value]) -> u64 {
    let counts = rows.iter().map(|row| row["count"].as_u64());
    counts.map(|count| count.expect("it is a number")).sum()
}

fn order(code: &str, quantity: i64) -> Value {
    json!({
        "code": code,
        "currency": "IDR",
        "lines": [{ "sku": "tea", "quantity": quantity, "unit_amount": 100 }],
        "customer": { "email": "ann@example.com" },
    })
}

/// Every way of being refused leaves its row, told apart by code and cause, with who has asked for what.
#[test]
fn each_refusal_leaves_a_row_that_says_why() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/tea", &json!({ "on_hand": 2 }));
    let answer = client.create("/v1/orders", &order("A", 3));
    assert_eq!(answer.refused(409), "out_of_stock");
    let request = answer
        .header("x-request-id")
        .expect("it has one")
        .to_owned();
    client.create("/v1/orders", &order("A", 2)).expect(201);
    assert_eq!(
        client.create("/v1/orders", &order("A", 1)).refused(409),
        "already_exists"
    );
    assert_eq!(
        client.create("/v1/orders", &order("B", 1)).refused(409),
        "out_of_stock"
    );
    let twice = client.call(&Request::create("/v1/orders", &order("C", 1)).keyed("twice"));
    assert_eq!(twice.refused(400), "idempotency_key_invalid");
    let wrong = client.create(
        "/v1/orders",
        &json!({ "currency": "IDR", "lines": [], "colour": 1 }),
    );
    assert_eq!(wrong.refused(400), "request_invalid");
    assert_eq!(
        client.call(&Request::get("/v1/orders/none")).refused(404),
        "not_found"
    );

    let stock = kept(&mut client, "out_of_stock", 2);
    let of = |cause: &str| {
        let found = stock.iter().find(|row| row["cause"] == cause);
        found.unwrap_or_else(|| panic!("no {cause} in {stock:#?}"))
    };
    let few = of("too_few");
    assert_eq!(few["detail"], "tea (2 of 3), /lines/0/sku out_of_stock");
    assert_eq!(few["request_id"], json!(request));
    assert_eq!(few["operation"], "POST /v1/orders");
    assert_eq!(
        (&few["status"], &few["level"]),
        (&json!(409), &json!("warn"))
    );
    assert_eq!(
        (&few["shop"], &few["key_name"]),
        (&json!("main"), &json!("bootstrap_key"))
    );
    assert_eq!(of("none_left")["count"], 1);
    assert_eq!(kept(&mut client, "already_exists", 1)[0]["cause"], "code");
    assert_eq!(
        kept(&mut client, "idempotency_key_invalid", 1)[0]["cause"],
        Value::Null
    );
    assert_eq!(
        kept(&mut client, "request_invalid", 1)[0]["operation"],
        "POST /v1/orders"
    );
    assert_eq!(
        kept(&mut client, "not_found", 1)[0]["operation"],
        "GET /v1/orders/{id}"
    );
    // Nothing of what a request said about a customer.
    let all = json!(client.list("/v1/errors")).to_string();
    assert!(!all.contains("example.com"), "{all}");

    // The words of one row are found, and what was asked for is all that is found.
    let found = client.list(&format!(
        "/v1/errors?search={}",
        &request[4..].to_uppercase()
    ));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["id"], few["id"]);
    assert_eq!(client.list("/v1/errors?cause=none_left").len(), 1);
    assert_eq!(client.list("/v1/errors?level=error").len(), 0);
    assert_eq!(
        client.list("/v1/errors?until=2020-01-01T00:00:00Z").len(),
        0
    );
    let since = few["at"].as_str().expect("it is a time");
    assert!(
        !client
            .list(&format!("/v1/errors?since={since}&code=out_of_stock"))
            .is_empty()
    );
    let page = client.get("/v1/errors?limit=1");
    assert!(page["next_cursor"].is_string(), "{page}");
    let wrong = client.call(&Request::get("/v1/errors?level=bad"));
    assert_eq!(wrong.refused(400), "request_invalid");
    assert_eq!(
        client.figure("tollgate_errors_total{code=\"out_of_stock\",level=\"warn\"}"),
        2
    );
}

/// The answer that is given again under a key is refused again.
#[test]
fn a_refusal_that_is_given_again_is_counted_again() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/tea", &json!({ "on_hand": 0 }));
    let request = Request::post("/v1/orders", &order("A", 1)).keyed("one-key");
    for _ in 0..3 {
        assert_eq!(client.call(&request).refused(409), "out_of_stock");
    }
    let rows = kept(&mut client, "out_of_stock", 3);
    assert!(
        rows.iter().all(|row| row["cause"] == "none_left"),
        "{rows:#?}"
    );
}

/// Strangers, however many, are a row a minute and kind; who may see them is the operator.
#[test]
fn a_crowd_of_strangers_is_a_row_a_minute() {
    const MANY: u64 = 200;
    let mut home = Home::new();
    home.config.insert("shops".to_owned(), json!({ "tea": {} }));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let mut forged = home.webhook(Said::paid("bank", "R-1", 1_000));
    forged.body.push(b'x');
    let begun = std::time::Instant::now();
    let mut strangers = server.client_as(Some("tg_of-nobody-at-all"));
    for number in 0..MANY {
        assert_eq!(
            client.deliver("bank", &forged).refused(401),
            "signature_invalid"
        );
        let lost = Request::get(format!("/nowhere/{number}"));
        assert_eq!(strangers.call(&lost).refused(404), "not_found");
        let orders = Request::get("/v1/orders");
        assert_eq!(strangers.call(&orders).refused(401), "key_invalid");
    }
    let rows_max = usize::try_from(begun.elapsed().as_secs() / 60 + 2).expect("it is small");
    for (code, shop, operation) in [
        (
            "signature_invalid",
            json!("main"),
            "POST /webhooks/{source}",
        ),
        ("not_found", Value::Null, "GET (unknown path)"),
        ("key_invalid", Value::Null, "GET /v1/orders"),
    ] {
        let rows = kept(&mut client, code, MANY);
        assert!(rows.len() <= rows_max, "{rows:#?}");
        for row in &rows {
            assert_eq!(
                (&row["shop"], &row["operation"]),
                (&shop, &json!(operation)),
                "{row}"
            );
        }
    }
    let forged = &kept(&mut client, "signature_invalid", MANY)[0];
    assert_eq!(forged["source"], "bank");
    let delivery = forged["delivery_id"].as_str().expect("it is kept");
    assert_eq!(
        client.get(&format!("/v1/deliveries/{delivery}"))["source"],
        "bank"
    );

    // Another shop's admin, and a reader of main, see nothing of them.
    for (shop, scope) in [("tea", "admin"), ("main", "read")] {
        let body = json!({ "name": "n", "scopes": [scope], "shop": shop });
        let key = client.call(&Request::post("/v1/keys", &body)).expect(201);
        let mut theirs = server.client_as(key["key"].as_str());
        let codes: Vec<Value> = theirs
            .list("/v1/errors")
            .iter()
            .map(|row| row["code"].clone())
            .collect();
        let expected: &[&str] = match shop {
            "main" => &["signature_invalid"],
            _ => &[],
        };
        let foreign = codes
            .iter()
            .find(|code| !expected.iter().any(|known| *code == known));
        assert_eq!(foreign, None, "{shop} {scope}");
        let total = theirs.get("/v1/errors/stats")["total"].as_u64();
        assert_eq!(total, Some(MANY * expected.len() as u64), "{shop} {scope}");
    }
}

/// docs/errors.md: figures by hand.
#[test]
fn statistics_count_what_there_was() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/tea", &json!({ "on_hand": 1 }));
    for (code, quantity) in [("A", 2), ("B", 2), ("C", 2)] {
        assert_eq!(
            client
                .create("/v1/orders", &order(code, quantity))
                .refused(409),
            "out_of_stock"
        );
    }
    client.put("/v1/stock/tea", &json!({ "on_hand": 0 }));
    assert_eq!(
        client.create("/v1/orders", &order("D", 1)).refused(409),
        "out_of_stock"
    );
    for _ in 0..2 {
        assert_eq!(
            client.call(&Request::get("/v1/orders/none")).refused(404),
            "not_found"
        );
    }
    let mut forged = home.webhook(Said::paid("bank", "R-1", 1_000));
    forged.body.push(b'x');
    assert_eq!(
        client.deliver("bank", &forged).refused(401),
        "signature_invalid"
    );
    let stats = until("all are counted", || {
        let stats = client.get("/v1/errors/stats?days=3");
        (stats["total"] == 7).then_some(stats)
    });
    assert_eq!(
        stats["by_code"],
        json!([
            { "code": "out_of_stock", "cause": "too_few", "level": "warn", "count": 3 },
            { "code": "not_found", "cause": null, "level": "warn", "count": 2 },
            { "code": "out_of_stock", "cause": "none_left", "level": "warn", "count": 1 },
            { "code": "signature_invalid", "cause": null, "level": "warn", "count": 1 },
        ])
    );
    assert_eq!(
        stats["by_operation"],
        json!([
            { "operation": "POST /v1/orders", "count": 4 },
            { "operation": "GET /v1/orders/{id}", "count": 2 },
            { "operation": "POST /webhooks/{source}", "count": 1 },
        ])
    );
    assert_eq!(
        stats["by_source"],
        json!([{ "source": "bank", "count": 1 }])
    );
    let sum = |name: &str| -> u64 { counted(stats[name].as_array().expect("it is a list")) };
    assert_eq!((sum("by_day"), sum("by_hour")), (7, 7), "{stats:#}");
    assert_eq!(stats["by_day"].as_array().map(Vec::len), Some(3));
    let by_command = errors(&home, &server, &["--stats"]);
    assert!(by_command.stdout.contains("7 in all"), "{by_command:?}");
    assert!(by_command.stdout.contains("too_few"), "{by_command:?}");
    let mut lines = by_command.stdout.lines();
    assert!(
        lines.all(|line| line == line.trim_end()),
        "no line ends with spaces: {by_command:?}"
    );
    for days in ["0", "91", "x"] {
        let wrong = Request::get(format!("/v1/errors/stats?days={days}"));
        assert_eq!(client.call(&wrong).refused(400), "request_invalid");
    }
}

/// An effect that fails, and one that is given up, are there with their effect.
#[test]
fn effects_that_fail_are_there() {
    let mut home = Home::new();
    home.set("outgoing", "retry_seconds", json!([1]));
    home.set("outgoing", "allow_networks", json!(["127.0.0.0/8"]));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    // Somebody who takes every call and answers none.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = silent.local_addr().expect("it has one");
    std::thread::spawn(move || silent.incoming().for_each(drop));
    let endpoint = json!({ "url": format!("http://{address}/hook"), "events": ["order.created"] });
    client.create("/v1/endpoints", &endpoint).expect(201);
    client.create_order("A", "standard", "IDR", 100);
    let failed = kept(&mut client, "effect_failed", 1);
    assert_eq!(failed[0]["operation"], "effect notify");
    assert_eq!(failed[0]["level"], "warn");
    let dead = kept(&mut client, "effect_dead", 1);
    assert_eq!(dead[0]["level"], "error");
    assert_eq!(dead[0]["effect_id"], failed[0]["effect_id"]);
    let effect = dead[0]["effect_id"].as_str().expect("it has one");
    assert_eq!(
        client.get(&format!("/v1/effects/{effect}"))["state"],
        "dead"
    );
}

/// What was refused last before a stop is there after the next start, and the command line lists it.
#[test]
fn what_was_refused_before_a_stop_is_kept() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/tea", &json!({ "on_hand": 0 }));
    assert_eq!(
        client.create("/v1/orders", &order("A", 1)).refused(409),
        "out_of_stock"
    );
    assert!(server.stop().success());
    let server = Tollgate::start(&home);
    let rows = server.client().list("/v1/errors?code=out_of_stock");
    assert_eq!(counted(&rows), 1, "{rows:#?}");
    let listed = errors(&home, &server, &["--code", "out_of_stock"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    for word in [
        "none_left",
        "POST /v1/orders",
        "bootstrap_key",
        "tea (0 of 1)",
    ] {
        assert!(
            listed.stdout.contains(word),
            "{word} is not in {}",
            listed.stdout
        );
    }
    let shown = errors(
        &home,
        &server,
        &["--json", "--since", "2020-01-01T00:00:00Z"],
    );
    let shown: Value = serde_json::from_str(&shown.stdout).expect("it is JSON");
    assert_eq!(shown["data"][0]["code"], "out_of_stock");
}

/// Runs `tollgate errors` against a server.
fn errors(home: &Home, server: &Tollgate, arguments: &[&str]) -> Ended {
    let url = format!("http://{}", server.address());
    let mut errors = command();
    errors
        .arg("errors")
        .args(arguments)
        .args(["--url", &url, "--key", ADMIN_KEY, "--config"])
        .arg(home.path().join("tollgate.toml"))
        .current_dir(home.path());
    finish(&mut errors)
}
