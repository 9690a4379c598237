//! Every refusal says what to do next: try again, when, and whether under a new key.

use serde_json::{Value, json};
use tollgate_providers::Webhook;
use tollgate_server::CODES;

use crate::harness::{Client, Home, Request, Response, Tollgate, at_once, fresh_key};

/// A problem document with everything a caller decides by.
#[track_caller]
fn assert_refused(answer: &Response, status: u16, code: &str) {
    let problem = answer.expect(status);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{problem}"
    );
    assert_eq!(problem["code"], code, "{problem:#}");
    assert_eq!(problem["status"], status, "{problem:#}");
    assert_eq!(
        problem["type"],
        format!("/docs/errors#{code}"),
        "{problem:#}"
    );
    for member in ["title", "detail", "request_id"] {
        assert!(
            problem[member]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{member}"
        );
    }
    assert!(problem["new_key_required"].is_boolean(), "{problem:#}");
    let retryable = problem["retryable"]
        .as_bool()
        .expect("retryable is true or false");
    assert_eq!(problem["retry_after_ms"].is_u64(), retryable, "{problem:#}");
    assert_eq!(
        problem["retry_after_ms"].is_null(),
        !retryable,
        "{problem:#}"
    );
    let after = answer.header("retry-after").map(str::parse::<u64>);
    assert_eq!(
        matches!(after, Some(Ok(_))),
        retryable,
        "Retry-After: {after:?} of {problem}"
    );
}

fn line(sku: &str, quantity: i64) -> Value {
    json!({ "sku": sku, "quantity": quantity, "unit_amount": 1000 })
}

fn order(code: &str, line: Value) -> Value {
    json!({ "code": code, "currency": "IDR", "lines": [line] })
}

/// What the refusals below meet: one piece, one paid order, one full slot.
fn prepare(client: &mut Client) {
    client.put("/v1/stock/ONE", &json!({ "on_hand": 1 }));
    client.put(
        "/v1/calendars/kitchen",
        &json!({ "unit": "orders", "capacity": 1, "slot_minutes": 15, "weekly": [],
                 "timezone": "UTC", "days_ahead": 1, "visible_lead_minutes": 0 }),
    );
    let slot = json!({ "starts_at": "2099-01-22T10:00:00Z", "ends_at": "2099-01-22T10:15:00Z",
                       "capacity": 1 });
    client.put("/v1/calendars/kitchen/slots", &json!({ "slots": [slot] }));
    let mut taken = order("TAKEN", line("ONE", 1));
    taken["slot"] = json!({ "calendar": "kitchen" });
    taken["payment"] = json!({ "source": "manual", "reference": "taken-ref" });
    client.create("/v1/orders", &taken).expect(201);
    let mut free = order(
        "PAID",
        json!({ "sku": "x", "stocked": false, "quantity": 1, "unit_amount": 0 }),
    );
    free["discount_amount"] = json!(0);
    assert_eq!(
        client.create("/v1/orders", &free).expect(201)["status"],
        "completed"
    );
}

/// A8.
#[test]
fn every_refusal_says_what_to_do_next() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    prepare(&mut client);
    let paid = client.get("/v1/orders/PAID")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let slot = client
        .list("/v1/calendars/kitchen/slots?from=2099-01-01T00:00:00Z&to=2100-01-01T00:00:00Z");
    let slot = slot[0]["id"].clone();
    let free_line =
        || json!({ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": 1000 });
    let with = |name: &str, value: Value| {
        let mut order = order("R", free_line());
        order[name] = value;
        order
    };
    let refusals = [
        (409, "out_of_stock", order("R", line("ONE", 1))),
        (409, "slot_full", with("slot", json!({ "slot_id": slot }))),
        (
            409,
            "no_slot_with_room",
            with("slot", json!({ "calendar": "kitchen" })),
        ),
        (409, "already_exists", order("TAKEN", free_line())),
        (
            409,
            "already_exists",
            with(
                "payment",
                json!({ "source": "manual", "reference": "taken-ref" }),
            ),
        ),
        (422, "sku_unknown", order("R", line("NEVER-PUT", 1))),
        (
            422,
            "calendar_unknown",
            with("slot", json!({ "calendar": "garden" })),
        ),
        (
            422,
            "slot_unknown",
            with(
                "slot",
                json!({ "slot_id": "slt_01jhx6xyz0000000000000zzzz" }),
            ),
        ),
        (422, "currency_unknown", with("currency", json!("XXQ"))),
        (422, "lines_empty", with("lines", json!([]))),
        (422, "total_negative", with("discount_amount", json!(1001))),
        (400, "request_invalid", with("colour", json!("red"))),
    ];
    for (status, code, body) in refusals {
        assert_refused(&client.create("/v1/orders", &body), status, code);
    }
    let refused = client.call(&Request::get("/v1/orders/R"));
    assert_refused(&refused, 404, "not_found");

    let cancel = format!("/v1/orders/{paid}/cancel");
    assert_refused(&client.create(&cancel, &json!({})), 409, "order_paid");
    let payment = json!({ "order": "NOBODY", "source": "manual", "reference": "r" });
    assert_refused(
        &client.create("/v1/payments", &payment),
        422,
        "order_unknown",
    );
    let stale =
        Request::put("/v1/stock/ONE", &json!({ "on_hand": 5 })).header("if-match", "\"999\"");
    assert_refused(&client.call(&stale), 412, "version_mismatch");
    let below = Request::put("/v1/stock/ONE", &json!({ "on_hand": 0 }));
    assert_refused(&client.call(&below), 409, "below_held");

    let keyless = Request::post("/v1/orders", &order("R", free_line()));
    assert_refused(&client.call(&keyless), 400, "idempotency_key_required");
    assert_refused(
        &client.call(&keyless.clone().keyed("a b")),
        400,
        "idempotency_key_invalid",
    );
    let twice = keyless.clone().keyed("one").keyed("two");
    assert_refused(&client.call(&twice), 400, "idempotency_key_invalid");

    let mut text = Request::create("/v1/orders", &order("R", free_line()));
    text.headers.retain(|(name, _)| name != "content-type");
    assert_refused(
        &client.call(&text.clone().header("content-type", "text/plain")),
        415,
        "content_type_unsupported",
    );
    let mut keyless = server.client_as(None);
    assert_refused(
        &keyless.call(&Request::get("/v1/orders")),
        401,
        "key_missing",
    );
    let mut stranger = server.client_as(Some("tg_unknown"));
    assert_refused(
        &stranger.call(&Request::get("/v1/orders")),
        401,
        "key_invalid",
    );
    assert_refused(
        &client.call(&Request::new("DELETE", "/v1/orders")),
        405,
        "method_not_allowed",
    );
    let bytes = Webhook {
        headers: Vec::new(),
        body: b"{}".to_vec(),
    };
    assert_refused(&client.deliver("nobody", &bytes), 404, "source_unknown");
    assert_refused(&client.deliver("bank", &bytes), 401, "signature_missing");
}

/// A8: what is wrong is named by its place, all of it at once, and a typo is never silent.
#[test]
fn every_wrong_place_of_a_request_is_named_at_once() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let wrong = json!({
        "code": "space at its end ",
        "currency": "IDR",
        "lines": [
            { "sku": "tea", "quantity": 0, "unit_amount": 1 },
            { "sku": "tea", "quantity": 1, "unit_amount": -1, "colour": "red" },
        ],
        "shiping_amount": 5,
        "hold_seconds": 29,
    });
    let problem = client.create("/v1/orders", &wrong).expect(400);
    assert_eq!(problem["code"], "request_invalid");
    let errors = problem["errors"].as_array().expect("it has errors");
    let mut places: Vec<&str> = errors
        .iter()
        .filter_map(|e| e["pointer"].as_str())
        .collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "/code",
            "/hold_seconds",
            "/lines/0/quantity",
            "/lines/1/colour",
            "/lines/1/unit_amount",
            "/shiping_amount",
        ]
    );
}

/// A8, K8: a refusal sticks to its key, and says so.
#[test]
fn a_refusal_stays_with_its_key_and_a_new_key_tries_afresh() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/ONE", &json!({ "on_hand": 0 }));
    let body = order("STICKS", line("ONE", 1));
    let key = fresh_key();
    let request = Request::post("/v1/orders", &body).keyed(&key);
    let first = client.call(&request);
    assert_refused(&first, 409, "out_of_stock");
    assert_eq!(first.json()["new_key_required"], true);

    client.put("/v1/stock/ONE", &json!({ "on_hand": 1 }));
    let again = client.call(&request);
    assert_eq!(
        (again.status, &again.body),
        (409, &first.body),
        "byte for byte"
    );
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(client.get("/v1/stock/ONE")["held"], 0);
    client.create("/v1/orders", &body).expect(201);
}

/// K6, K2.
#[test]
fn a_key_stands_for_one_request_however_it_is_written() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/ONE", &json!({ "on_hand": 5 }));
    let body = order("KEYED", line("ONE", 1));
    let first = client.call(&Request::post("/v1/orders", &body).keyed("k-1"));
    first.expect(201);

    // Quoted, with its members in another order and its documented defaults written out.
    let same = r#"{"shipping_amount":0,"lines":[{"unit_amount":1000,"quantity":1,"sku":"ONE"}],
                   "currency":"IDR","code":"KEYED","discount_amount":0}"#;
    let mut quoted = Request::post("/v1/orders", &body).keyed("\"k-1\"");
    quoted.body = same.as_bytes().to_vec();
    let again = client.call(&quoted);
    assert_eq!((again.status, &again.body), (201, &first.body));

    let other = Request::post("/v1/orders", &order("OTHER", line("ONE", 1))).keyed("k-1");
    let reused = client.call(&other);
    assert_refused(&reused, 422, "idempotency_key_reused");
    assert!(
        !reused.text().contains("KEYED"),
        "nothing of the first is disclosed"
    );

    // The key belongs to its operation: elsewhere it is another one.
    let payment = json!({ "order": "KEYED", "source": "manual", "reference": "k-ref" });
    client
        .call(&Request::post("/v1/payments", &payment).keyed("k-1"))
        .expect(201);
    assert_eq!(client.get("/v1/stock/ONE")["held"], 1);
}

/// K9: what was answered before anything was decided leaves the key free.
#[test]
fn a_key_that_was_refused_for_its_shape_can_be_used_again() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let key = fresh_key();
    let wrong = Request::post("/v1/orders", &json!({ "code": "SHAPE" })).keyed(&key);
    assert_refused(&client.call(&wrong), 400, "request_invalid");
    let body = order(
        "SHAPE",
        json!({ "sku": "t", "stocked": false, "quantity": 1, "unit_amount": 1 }),
    );
    client
        .call(&Request::post("/v1/orders", &body).keyed(&key))
        .expect(201);
}

/// Whatever is sent, the answer is never an error of ours, and the server goes on.
#[test]
fn no_request_is_answered_with_an_error_of_ours() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    prepare(&mut client);
    let paths = [
        "/v1/orders",
        "/v1/orders/PAID/cancel",
        "/v1/payments",
        "/v1/payments/pay_x/capture",
        "/v1/holds",
        "/v1/holds/hld_x/release",
        "/v1/stock/ONE",
        "/v1/stock/ONE/adjust",
        "/v1/calendars/kitchen",
        "/v1/calendars/kitchen/slots",
        "/v1/events/evt_x/replay",
        "/v1/events/replay",
        "/v1/deliveries/dlv_x/verify",
        "/v1/keys",
        "/v1/orders/TAKEN/attention/overpaid/resolve",
    ];
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let bodies: [&[u8]; 14] = [
        b"", b"{", b"null", b"[]", b"{}", b"\xff", b"\"\\ud800\"", deep.as_bytes(),
        br#"{"code":"a\u0000b","currency":"IDR","lines":[{"sku":"s","quantity":1,"unit_amount":1}]}"#,
        br#"{"code":1e999,"currency":{},"lines":{},"seconds":-1,"on_hand":1.5,"delta":"x"}"#,
        br#"{"lines":[null,1,"x",[]],"slot":[],"payment":3,"capacity":-1,"weekly":[{}],"slots":[{}]}"#,
        br#"{"code":"x","code":"y","currency":"IDR","lines":[]}"#,
        br#"{"on_hand":-1}"#,
        br#"{"unit":"items","capacity":9223372036854775807,"slot_minutes":0,"weekly":[{"days":["x"],"opens":"99:99","closes":""}],"timezone":"Nowhere","days_ahead":1000000,"visible_lead_minutes":-1}"#,
    ];
    for path in paths {
        for method in ["POST", "PUT", "PATCH", "DELETE", "GET"] {
            for body in bodies {
                let mut request = Request::new(method, path)
                    .header("content-type", "application/json")
                    .keyed(&fresh_key());
                request.body = body.to_vec();
                let answer = client.call(&request);
                let shown = String::from_utf8_lossy(&body[..body.len().min(80)]);
                assert!(
                    answer.status < 500,
                    "{method} {path} {shown}: {}",
                    answer.text()
                );
                // A body that was not read ends its connection, which is no error.
            }
        }
    }
    for path in [
        "/v1/orders/%00",
        "/v1/orders/%ff%fe",
        "/v1/orders?cursor=%00",
        "/v1/orders?limit=-1",
        "/v1/orders?status=nothing",
        "/v1/events?search=%27%22%25_%5c",
        "/v1/events?reference=%00",
        "/v1/payments?reference=%00",
        "/v1/stock/%00",
        "/v1/calendars/%00/slots",
        "/v1/calendars/kitchen/slots?from=yesterday",
        "/v1/orders/../../metrics",
        "//",
        "/v1//",
        "/v1/orders?created_after=9999-99-99T99:99:99Z",
        "/webhooks/",
        "/webhooks/%2e%2e/bank",
    ] {
        let answer = client.call(&Request::get(path));
        assert!(answer.status < 500, "{path}: {}", answer.text());
    }
    assert_eq!(
        client.get("/v1/stock/ONE")["held"],
        1,
        "nothing of it was done"
    );
    client.assert_calm();
}

/// A8: more than the queue takes is refused at once, with the time to come back; nothing of it is
/// stored, and everything is taken in the end.
#[test]
fn overload_is_a_quick_503_and_nothing_is_lost_or_doubled() {
    const CALLERS: usize = 40;
    const ITEMS: usize = 60;
    let mut home = Home::new();
    home.set("gate", "queue_commands_max", 100);
    home.set("gate", "batch_commands_max", 8);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let batch = |round: usize, number: usize| {
        let items: Vec<Value> = (0..ITEMS)
            .map(|item| {
                json!({ "databaseId": 1, "type": "SALES_INVOICE",
                        "uuid": format!("{round}-{number}-{item}"),
                        "data": [{ "salesInvoiceId": item, "action": "WRITE" }] })
            })
            .collect();
        Webhook {
            headers: Vec::new(),
            body: json!(items).to_string().into_bytes(),
        }
    };
    let mut refused = 0;
    let mut rounds = 0;
    while refused == 0 {
        assert!(
            rounds < 5,
            "{rounds} rounds of {CALLERS} did not overload a queue of 100"
        );
        let results = at_once(&server, CALLERS, |number, client| {
            let webhook = batch(rounds, number);
            let mut refusals = 0;
            loop {
                let answer = client.deliver("accurate", &webhook);
                if answer.status == 200 {
                    return (refusals, answer.events());
                }
                assert_refused(&answer, 503, "overloaded");
                refusals += 1;
            }
        });
        for (refusals, events) in &results {
            refused += refusals;
            assert!(
                events.iter().all(|event| event["outcome"] == "stored"),
                "{events:?}"
            );
        }
        rounds += 1;
    }
    let stored = client.list("/v1/events?source=accurate").len();
    assert_eq!(stored, rounds * CALLERS * ITEMS, "after {refused} refusals");
    let metrics = client.call(&Request::get("/metrics"));
    assert_eq!(metrics.status, 200);
    eprintln!("{refused} deliveries were refused in {rounds} rounds, {stored} events were stored");
}

/// docs/errors.md: `type` leads to what the code means and what to do, for every code of the table, without
/// a key; where there is an admin door, only there.
#[test]
fn the_type_of_every_problem_leads_to_its_code_in_the_table() {
    let mut home = Home::new();
    let server = Tollgate::start(&home);
    let mut keyless = server.client_as(None);
    let refused = keyless.call(&Request::get("/v1/orders"));
    let problem = refused.expect(401);
    let leads_to = problem["type"].as_str().expect("it is a text");
    let (path, code) = leads_to.split_once('#').expect("it has an anchor");
    assert_eq!(code, "key_missing");

    let answer = keyless.call(&Request::get(path));
    assert_eq!(answer.status, 200);
    let media = answer.header("content-type");
    assert_eq!(media, Some("text/html; charset=utf-8"));
    let page = answer.text();
    for row in CODES {
        let anchor = format!("<section id=\"{}\">", row.code);
        let mut sections = page.split(&anchor).skip(1);
        let section = sections.next().unwrap_or_else(|| panic!("{anchor}"));
        assert!(sections.next().is_none(), "{anchor} stands twice");
        let (section, _) = section.split_once("</section>").expect("it ends");
        let status = format!("<dd>{}</dd>", row.status);
        let title = row.title.replace('\'', "&#39;");
        for part in [status, title] {
            assert!(section.contains(&part), "{part} in {section}");
        }
        // What is retried says so, and what is not says under which key it may be.
        let again = section.contains("May succeed");
        assert_eq!(again, row.retryable, "{section}");
    }
    assert_eq!(page.matches("<section ").count(), CODES.len());
    assert!(!page.contains('`'), "what is marked is marked up");
    drop(server);

    home.set("server", "admin_listen", "127.0.0.1:0");
    let server = Tollgate::start(&home);
    let refused = server.client().call(&Request::get(path));
    assert_refused(&refused, 404, "not_found");
}
