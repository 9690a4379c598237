//! Stock: never sold twice, never lost, refused at once.

use serde_json::{Value, json};

use crate::harness::{Client, Home, Request, Response, Said, Tollgate, at_once, fresh_key};

fn put(client: &mut Client, sku: &str, on_hand: i64) {
    client.put(&format!("/v1/stock/{sku}"), &json!({ "on_hand": on_hand }));
}

/// On hand and held.
fn stock(client: &mut Client, sku: &str) -> (i64, i64) {
    let stock = client.get(&format!("/v1/stock/{sku}"));
    let number = |name: &str| stock[name].as_i64().expect("it is a number");
    assert_eq!(
        number("available"),
        number("on_hand") - number("held"),
        "{stock}"
    );
    assert!(
        0 <= number("held") && number("held") <= number("on_hand"),
        "{stock}"
    );
    (number("on_hand"), number("held"))
}

fn order(code: &str, lines: &[(&str, i64)]) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity, "unit_amount": 1000 }))
        .collect();
    json!({ "code": code, "currency": "IDR", "lines": lines })
}

fn won(answers: &[Response]) -> usize {
    answers.iter().filter(|answer| answer.status == 201).count()
}

/// The refusals, each of which has to be `out_of_stock` and name the sku.
#[track_caller]
fn assert_refused_for(answers: &[Response], sku: &str) {
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let problem = answer.expect(409);
        assert_eq!(problem["code"], "out_of_stock");
        assert!(
            problem.to_string().contains(sku),
            "{sku} is not named in {problem}"
        );
        assert_eq!(problem["retryable"], false);
    }
}

/// A6.
#[test]
fn the_last_piece_is_sold_to_one_of_many() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for round in 0..5 {
        let sku = format!("LAST-{round}");
        put(&mut client, &sku, 1);
        let answers = at_once(&server, 60, |number, client| {
            client.create(
                "/v1/orders",
                &order(&format!("{sku}-{number}"), &[(&sku, 1)]),
            )
        });
        assert_eq!(won(&answers), 1);
        assert_refused_for(&answers, &sku);
        assert_eq!(stock(&mut client, &sku), (1, 1));
    }
    assert_eq!(
        client.list("/v1/orders").len(),
        5,
        "refused orders leave no trace"
    );
}

/// A6: 200 customers, the last 10 pieces, and each pays at once.
#[test]
fn the_last_pieces_are_sold_once_each_while_they_are_paid() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "TEN", 10);
    let answers = at_once(&server, 200, |number, client| {
        let reference = format!("ten-{number}");
        let mut order = order(&reference, &[("TEN", 1)]);
        order["payment"] = json!({ "source": "standard", "reference": reference });
        let answer = client.create("/v1/orders", &order);
        if answer.status == 201 {
            let paid = home.webhook(Said::paid("standard", &reference, 1000));
            assert_eq!(client.deliver("standard", &paid).outcome(), "applied");
        }
        answer
    });
    assert_eq!(won(&answers), 10);
    assert_refused_for(&answers, "TEN");
    assert_eq!(stock(&mut client, "TEN"), (0, 0));
    let orders = client.list("/v1/orders");
    assert!(orders.iter().all(|order| order["status"] == "paid"));
    assert_eq!(orders.len(), 10);
    client.assert_calm();
}

/// B1.
#[test]
fn lines_of_one_sku_are_summed_before_the_check() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "A", 3);
    let refused = client.create("/v1/orders", &order("B1-MORE", &[("A", 2), ("A", 2)]));
    assert_refused_for(&[refused], "A");
    assert_eq!(stock(&mut client, "A"), (3, 0));
    client
        .create("/v1/orders", &order("B1-FITS", &[("A", 2), ("A", 1)]))
        .expect(201);
    assert_eq!(stock(&mut client, "A"), (3, 3));

    // A cart's hold is summed in the same way.
    put(&mut client, "C", 3);
    let lines = json!({ "lines": [{ "sku": "C", "quantity": 2 }, { "sku": "C", "quantity": 2 }] });
    assert_refused_for(&[client.create("/v1/holds", &lines)], "C");
    assert_eq!(stock(&mut client, "C"), (3, 0));
}

/// B1: all lines or nothing.
#[test]
fn an_order_that_lacks_one_line_holds_nothing() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "PLENTY", 10);
    put(&mut client, "NONE", 0);
    let refused = client.create(
        "/v1/orders",
        &order("B1-HALF", &[("PLENTY", 1), ("NONE", 1)]),
    );
    assert_refused_for(&[refused], "NONE");
    assert_eq!(stock(&mut client, "PLENTY"), (10, 0));
}

/// B2.
#[test]
fn baskets_in_opposite_order_never_block_each_other() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "A", 50);
    put(&mut client, "B", 50);
    let answers = at_once(&server, 80, |number, client| {
        let lines = match number % 2 {
            0 => [("A", 1), ("B", 1)],
            _ => [("B", 1), ("A", 1)],
        };
        client.create("/v1/orders", &order(&format!("B2-{number}"), &lines))
    });
    assert_eq!(won(&answers), 50);
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 201 || answer.status == 409)
    );
    assert_eq!(stock(&mut client, "A"), (50, 50));
    assert_eq!(stock(&mut client, "B"), (50, 50));
    client.assert_calm();
}

/// B3.
#[test]
fn a_customer_who_asks_again_gets_her_order_again() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "ONE", 1);
    let hers = order("HERS", &[("ONE", 1)]);
    let key = fresh_key();
    let first = client.call(&Request::post("/v1/orders", &hers).keyed(&key));
    let id = first.expect(201)["id"].clone();

    let again = client.call(&Request::post("/v1/orders", &hers).keyed(&key));
    assert_eq!(
        (again.status, &again.body),
        (201, &first.body),
        "byte for byte"
    );
    assert_eq!(again.header("idempotency-replayed"), Some("true"));

    // Another key for the same order is answered that it is there, not that its own hold is in the way.
    let problem = client.create("/v1/orders", &hers).expect(409);
    assert_eq!(problem["code"], "already_exists");
    assert!(
        problem.to_string().contains(id.as_str().expect("an id")),
        "{problem} lacks {id}"
    );

    // Really another order: there is nothing left.
    let other = client.create("/v1/orders", &order("ANOTHER", &[("ONE", 1)]));
    assert_refused_for(&[other], "ONE");
    assert_eq!(stock(&mut client, "ONE"), (1, 1));
}

/// B3, K11: the same key at once is one order, and everyone sees the same answer.
#[test]
fn the_same_key_at_once_is_one_order() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "ONE", 100);
    for round in 0..10 {
        let key = fresh_key();
        let body = order(&format!("SAME-KEY-{round}"), &[("ONE", 1)]);
        let request = Request::post("/v1/orders", &body).keyed(&key);
        let answers = at_once(&server, 8, |_, client| client.call(&request));
        for answer in &answers {
            assert_eq!((answer.status, &answer.body), (201, &answers[0].body));
        }
        let replayed = answers
            .iter()
            .filter(|a| a.header("idempotency-replayed").is_some());
        assert_eq!(replayed.count(), 7);
    }
    assert_eq!(stock(&mut client, "ONE"), (100, 10));
}

/// K10: a client that hung up before the answer came finds one order at the next try.
#[test]
fn an_order_whose_answer_was_never_read_is_made_once() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "ONE", 100);
    for round in 0..20 {
        let request = Request::create(
            "/v1/orders",
            &order(&format!("UNREAD-{round}"), &[("ONE", 1)]),
        );
        let mut impatient = server.client();
        impatient.write(&request).expect("it is sent");
        impatient.hang_up();
        client.call(&request).expect(201);
    }
    assert_eq!(stock(&mut client, "ONE"), (100, 20));
    assert_eq!(client.list("/v1/orders").len(), 20);
}

/// B11.
#[test]
fn stock_is_only_put_over_the_version_that_was_read() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "V", 5);
    let read = client.get("/v1/stock/V")["version"].to_string();
    let put_if = |on_hand: i64| {
        Request::put("/v1/stock/V", &json!({ "on_hand": on_hand }))
            .header("if-match", &format!("\"{read}\""))
    };
    let answers = at_once(&server, 20, |number, client| {
        client.call(&put_if(10 + number as i64))
    });
    let taken: Vec<usize> = (0..20)
        .filter(|number| answers[*number].status == 200)
        .collect();
    assert_eq!(taken.len(), 1, "one of them read what it wrote over");
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.refused(412), "version_mismatch");
        assert_eq!(answer.json()["retryable"], true);
    }
    assert_eq!(stock(&mut client, "V"), (10 + taken[0] as i64, 0));

    // What is held is no new version: the merchant did not count anything.
    let version = client.get("/v1/stock/V")["version"].clone();
    client
        .create("/v1/orders", &order("B11", &[("V", 1)]))
        .expect(201);
    assert_eq!(client.get("/v1/stock/V")["version"], version);
}

/// I6: the merchant counts while customers order; each is refused or fits, none is an error.
#[test]
fn counting_while_orders_come_never_oversells() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "COUNTED", 20);
    let answers = at_once(&server, 60, |number, client| match number % 3 {
        0 => client.call(&Request::put(
            "/v1/stock/COUNTED",
            &json!({ "on_hand": number / 2 }),
        )),
        1 => {
            let adjust = json!({ "delta": 3 - number as i64 % 7, "reason": "counted" });
            client.create("/v1/stock/COUNTED/adjust", &adjust)
        }
        _ => client.create(
            "/v1/orders",
            &order(&format!("COUNT-{number}"), &[("COUNTED", 1)]),
        ),
    });
    for (number, answer) in answers.iter().enumerate() {
        match (number % 3, answer.status) {
            (0 | 1, 200) | (2, 201) => {}
            (0 | 1, _) => assert_eq!(answer.refused(409), "below_held"),
            _ => assert_eq!(answer.refused(409), "out_of_stock"),
        }
    }
    let orders = client.list("/v1/orders").len() as i64;
    let (_, held) = stock(&mut client, "COUNTED");
    assert_eq!(held, orders);
    client.assert_calm();
}

/// I6: the merchant cannot count away what customers hold.
#[test]
fn stock_cannot_be_put_below_what_is_held() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "H", 5);
    client
        .create("/v1/orders", &order("HELD", &[("H", 3)]))
        .expect(201);
    let put = client.call(&Request::put("/v1/stock/H", &json!({ "on_hand": 2 })));
    assert_eq!(put.refused(409), "below_held");
    let adjust = json!({ "delta": -3, "reason": "counted" });
    assert_eq!(
        client.create("/v1/stock/H/adjust", &adjust).refused(409),
        "below_held"
    );
    assert_eq!(stock(&mut client, "H"), (5, 3));
    client
        .create(
            "/v1/stock/H/adjust",
            &json!({ "delta": -2, "reason": "counted" }),
        )
        .expect(200);
    assert_eq!(stock(&mut client, "H"), (3, 3));
}

/// B12.
#[test]
fn a_hold_released_twice_is_released_once() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "R", 10);
    for _ in 0..5 {
        let cart = json!({ "lines": [{ "sku": "R", "quantity": 4 }], "seconds": 600 });
        let hold = client.create("/v1/holds", &cart).expect(201);
        assert_eq!(hold["state"], "active");
        assert_eq!(stock(&mut client, "R"), (10, 4));
        let release = format!("/v1/holds/{}/release", hold["id"].as_str().expect("an id"));
        let answers = at_once(&server, 10, |_, client| {
            client
                .call(&Request::post(&release, &json!({})).keyed(&fresh_key()))
                .expect(200)
        });
        assert!(
            answers.iter().all(|hold| hold["state"] == "released"),
            "{answers:?}"
        );
        assert_eq!(stock(&mut client, "R"), (10, 0));
    }
}

/// A cart's hold becomes the order's, and cannot be taken over or released twice.
#[test]
fn a_carts_hold_is_taken_over_by_one_order() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "T", 1);
    let cart = json!({ "lines": [{ "sku": "T", "quantity": 1 }], "seconds": 600 });
    let hold = client.create("/v1/holds", &cart).expect(201)["id"].clone();
    let answers = at_once(&server, 8, |number, client| {
        let mut order = order(&format!("TAKE-{number}"), &[("T", 1)]);
        order["hold"] = hold.clone();
        client.create("/v1/orders", &order)
    });
    assert_eq!(won(&answers), 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.refused(409), "hold_not_active");
    }
    assert_eq!(stock(&mut client, "T"), (1, 1));
}

/// B12: an order cancelled many times at once gives back what it held once.
#[test]
fn an_order_cancelled_at_once_many_times_gives_its_stock_back_once() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    put(&mut client, "X", 10);
    client
        .create("/v1/orders", &order("KEPT", &[("X", 5)]))
        .expect(201);
    client
        .create("/v1/orders", &order("GONE", &[("X", 2)]))
        .expect(201);
    assert_eq!(stock(&mut client, "X"), (10, 7));
    let answers = at_once(&server, 10, |_, client| {
        client
            .create("/v1/orders/GONE/cancel", &json!({}))
            .expect(200)
    });
    assert!(
        answers.iter().all(|order| order["status"] == "cancelled"),
        "{answers:?}"
    );
    assert_eq!(stock(&mut client, "X"), (10, 5));
}
