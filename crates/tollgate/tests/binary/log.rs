//! The log is read by people at night: every decision is a line in plain words, a crowd is not a crowd of lines, and
//! nothing secret or personal stands in it.

use std::time::Instant;

use serde_json::{Value, json};
use tollgate_providers::SampleStatus;

use crate::harness::{
    ADMIN_KEY, Home, Request, Said, Tollgate, at_once, command, finish, sign_bank, until,
};

const TOTAL: i64 = 15_000_000;

fn order(code: &str, quantity: i64) -> Value {
    json!({
        "code": code,
        "currency": "IDR",
        "lines": [{ "sku": "BATIK-M", "quantity": quantity, "unit_amount": TOTAL / quantity }],
        "payment": { "source": "midtrans", "reference": format!("{code}-77") },
    })
}

/// The fields of the lines about decisions, in a log of JSON lines.
fn decisions(log: &str) -> Vec<Value> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines
        .filter(|line: &Value| line["target"] == "tollgate::decisions")
        .map(|mut line| {
            let level = line["level"].take();
            let mut fields = line["fields"].take();
            fields["level"] = level;
            fields
        })
        .collect()
}

/// A text in which ids and times are as they are in every run.
fn usual(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_matches(['(', ')', ',', ':', '"']);
        match bare.split_once('_') {
            Some((kind @ ("evt" | "pay" | "ep"), id)) if 20 < id.len() => {
                word.replace(bare, &format!("{kind}_…"))
            }
            _ => word.to_owned(),
        }
    });
    let words: Vec<String> = words.collect();
    let text = words.join(" ");
    match (text.find(" early by "), text.find(", applied")) {
        (Some(from), Some(to)) => format!("{} early by …{}", &text[..from], &text[to..]),
        _ => text,
    }
}

/// Has webhooks taken at their word, as in a trial.
fn ask_nobody(home: &mut Home) {
    home.set_source("midtrans", "live", false);
    if let Some(Value::Object(midtrans)) = home.config["sources"].get_mut("midtrans") {
        midtrans.remove("api_url");
    }
}

/// Plays the story of an order, and gives back what was logged of it.
fn story(home: &mut Home) -> String {
    ask_nobody(home);
    let server = Tollgate::start(home);
    let mut client = server.client();
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 3 }));
    let paid = home.webhook(Said::paid("midtrans", "ZVR-1-77", TOTAL));
    assert_eq!(client.deliver("midtrans", &paid).event().1, "parked");
    let create = Request::create("/v1/orders", &order("ZVR-1", 2)).header("x-request-id", "shop-7");
    client.call(&create).expect(201);
    assert_eq!(client.deliver("midtrans", &paid).event().1, "duplicate");
    until("its receipt is written", || {
        let order = client.call(&Request::get("/v1/orders/ZVR-1")).expect(200);
        (order["status"] == "completed").then_some(())
    });
    assert_eq!(
        client.create("/v1/orders", &order("ZVR-2", 2)).refused(409),
        "out_of_stock"
    );
    client.create("/v1/orders", &order("ZVR-3", 1)).expect(201);
    let expired = Said::paid("midtrans", "ZVR-1-77", TOTAL).status(SampleStatus::Expired);
    let expired = home.webhook(expired);
    assert_eq!(client.deliver("midtrans", &expired).event().1, "stale");
    let half = Said::paid("midtrans", "ZVR-3-77", TOTAL / 2);
    let half = home.webhook(half);
    client.deliver("midtrans", &half).event();
    server.stop_and_read_log()
}

#[test]
fn an_orders_story_reads_as_it_happened() {
    let mut home = Home::new();
    home.set("log", "format", "json");
    let log = story(&mut home);
    let told = decisions(&log);
    // Whether the last order's receipt is written before the server stops is chance.
    let is_last = |line: &Value| line["kind"] == "receipt.issued" && line["order"] == "ZVR-3";
    let words: Vec<String> = told
        .iter()
        .filter(|line| !is_last(line))
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {}",
                text("level"),
                text("kind"),
                usual(&text("message"))
            )
        })
        .collect();
    let number = told.iter().find(|line| line["kind"] == "receipt.issued");
    let number = number.expect("it has a receipt")["message"].as_str();
    let number = number
        .and_then(|text| text.split(' ').nth(1))
        .unwrap_or("?");
    let receipt =
        format!("INFO receipt.issued receipt {number} issued over 150 000.00 IDR for order ZVR-1");
    assert_eq!(
        words,
        [
            "INFO event.early event midtrans transaction.settlement ZVR-1-77 (evt_…) early: it waits for its payment",
            "INFO event.waited event midtrans transaction.settlement ZVR-1-77 (evt_…) was early by …, applied now to order ZVR-1",
            "INFO order.created order ZVR-1 created over 150 000.00 IDR by key bootstrap_key",
            "INFO order.paid order ZVR-1 paid 150 000.00 IDR by midtrans transaction.settlement ZVR-1-77 (evt_…)",
            "INFO event.duplicate event midtrans transaction.settlement ZVR-1-77 duplicate of evt_…",
            &receipt,
            "INFO order.completed order ZVR-1 completed",
            "INFO stock.refused order ZVR-2 refused: out of stock: BATIK-M (1 left, 2 wanted)",
            "INFO order.created order ZVR-3 created over 150 000.00 IDR by key bootstrap_key",
            "INFO event.stale event midtrans transaction.expire ZVR-1-77 (evt_…) stale: late",
            "INFO order.partially_paid order ZVR-3 partly paid: 75 000.00 IDR of 150 000.00 IDR by midtrans transaction.settlement ZVR-3-77 (evt_…)",
        ]
    );
    let paid = told.iter().find(|line| line["kind"] == "order.paid");
    let paid = paid.expect("it was paid");
    let request: Vec<&Value> = ["shop", "source", "reference", "order", "request_id"]
        .iter()
        .map(|name| &paid[name])
        .collect();
    assert_eq!(request, ["main", "midtrans", "ZVR-1-77", "ZVR-1", "shop-7"]);
    assert!(
        paid["event"]
            .as_str()
            .is_some_and(|id| id.starts_with("evt_")),
        "{paid}"
    );
    assert!(
        paid["duration_ms"].as_f64().is_some_and(|ms| 0.0 < ms),
        "{paid}"
    );
    let stale = told.iter().find(|line| line["kind"] == "event.stale");
    assert_eq!(stale.expect("it was stale")["reason"], "late");
}

/// Nothing is a terminal here, so what is for one has no colours.
#[test]
fn the_story_is_told_in_the_form_that_is_configured() {
    let paid =
        "order ZVR-1 paid 150 000.00 IDR by midtrans transaction.settlement ZVR-1-77 (evt_…)";
    for (format, level, expected, count) in [
        (
            "auto",
            "info",
            format!("level=info target=tollgate::decisions msg=\"{paid}\" kind=order.paid"),
            1,
        ),
        ("pretty", "info", format!(" {paid} "), 1),
        (
            "text",
            "info",
            format!("INFO tollgate::decisions: {paid} kind=\"order.paid\""),
            1,
        ),
        (
            "logfmt",
            "info,tollgate::decisions=warn",
            paid.to_owned(),
            0,
        ),
    ] {
        let mut home = Home::new();
        home.set("log", "format", format);
        home.set("log", "level", level);
        let log = story(&mut home);
        assert!(!log.contains('\x1b'), "{log}");
        let found = log.lines().filter(|line| usual(line).contains(&expected));
        assert_eq!(found.count(), count, "{format}, {level}: {log}");
    }
}

/// A provider that has lost its way sends one event again and again.
#[test]
fn thousands_of_duplicates_are_some_lines_a_second() {
    const CALLERS: usize = 8;
    const EACH: usize = 250;
    let mut home = Home::new();
    home.set("log", "format", "json");
    home.set("log", "decision_lines_per_second", 5);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 3 }));
    client.create("/v1/orders", &order("ZVR-1", 2)).expect(201);
    let paid = home.webhook(Said::paid("midtrans", "ZVR-1-77", TOTAL));
    assert_eq!(client.deliver("midtrans", &paid).event().1, "applied");
    let begun = Instant::now();
    at_once(&server, CALLERS, |_, client| {
        for _ in 0..EACH {
            assert_eq!(client.deliver("midtrans", &paid).event().1, "duplicate");
        }
    });
    let log = server.stop_and_read_log();
    let seconds = begun.elapsed().as_secs() as usize;
    let told: Vec<Value> = decisions(&log);
    let duplicates: Vec<&Value> = told
        .iter()
        .filter(|line| line["kind"] == "event.duplicate")
        .collect();
    let all: u64 = duplicates
        .iter()
        .map(|line| line["count"].as_u64().unwrap_or(1))
        .sum();
    assert_eq!(all, (CALLERS * EACH) as u64, "{duplicates:#?}");
    let most = (seconds + 2) * (5 + 1);
    assert!(
        duplicates.len() <= most,
        "{} lines, {most} at the most",
        duplicates.len()
    );
    let crowd = duplicates.iter().find(|line| line["count"].is_u64());
    let crowd = crowd.expect("most are counted")["message"]
        .as_str()
        .expect("it is a text");
    assert!(
        crowd.starts_with("and ") && crowd.ends_with(" more of event.duplicate"),
        "{crowd}"
    );
}

/// Two deliveries of one event at once: one is applied, and the line of each other one says so, with a counter.
#[test]
fn whoever_won_of_two_at_once_is_said_and_counted() {
    let mut home = Home::new();
    home.set("log", "format", "json");
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 300 }));
    for number in 0..20 {
        let code = format!("WON-{number}");
        client.create("/v1/orders", &order(&code, 2)).expect(201);
        let paid = home.webhook(Said::paid("midtrans", &format!("{code}-77"), TOTAL));
        at_once(&server, 4, |_, client| {
            _ = client.deliver("midtrans", &paid).event()
        });
    }
    let counted = client.figure("tollgate_gate_events_at_once_total");
    let waited = client.figure("tollgate_gate_events_waited_total");
    let log = server.stop_and_read_log();
    let told = decisions(&log);
    let won = told.iter().filter(|line| line["kind"] == "event.at_once");
    let lines: u64 = won
        .inspect(|line| {
            let words = usual(line["message"].as_str().unwrap_or_default());
            let is_crowd = line["count"].is_u64();
            let says_so =
                words.ends_with("duplicate of evt_…, which came at the same time and won");
            assert!(is_crowd || says_so, "{words}");
        })
        .map(|line| line["count"].as_u64().unwrap_or(1))
        .sum();
    assert!(0 < counted, "of 20 times four at once none met another");
    assert_eq!(lines, counted);
    assert_eq!(waited, 0, "nothing came early");
}

/// What is somebody's, in every place where the program takes it, and every secret that it has.
const NAME: &str = "Zebrastreifen";
const EMAIL: &str = "zebramail@example.com";
const PHONE: &str = "+6281200099912";
const FREE_TEXT: &str = "zebranote";
const PASSWORD: &str = "zebra password of staff";
const STAFF: &str = "zebrastaff@example.com";
const MAIL_PASSWORD: &str = "zebramailpassword";

/// What is personal, as it must not stand in a line from info up.
const PERSONAL: [&str; 5] = [NAME, "zebramail@", "81200099912", FREE_TEXT, "zebrastaff@"];

#[test]
fn nothing_secret_or_personal_is_logged() {
    for (format, level) in [
        ("json", "info"),
        ("logfmt", "info"),
        ("pretty", "info"),
        ("text", "info"),
        ("logfmt", "debug"),
    ] {
        let mut home = Home::new();
        home.set("log", "format", format);
        home.set("log", "level", level);
        home.set("outgoing", "allow_networks", json!(["127.0.0.0/8"]));
        home.set("mail", "url", "smtp://shop@127.0.0.1:1");
        home.set("mail", "password", format!("literal:{MAIL_PASSWORD}"));
        home.set("mail", "from", "Batik <shop@shop.example>");
        let (log, mut secrets) = customers_story(&mut home);
        secrets.extend(
            [
                "server-key-of-the-tests",
                "secret-of-the-bank",
                "MDEyMzQ1Njc4OWFi",
            ]
            .map(str::to_owned),
        );
        secrets
            .extend([ADMIN_KEY, PASSWORD, MAIL_PASSWORD, "name-of-the-tests"].map(str::to_owned));
        secrets.push("099eb0cd-02cf-4e2a-8aca-3e6c6aff0399".to_owned());
        assert!(log.contains("ZVR-1"), "{log}");
        for secret in &secrets {
            assert!(
                !log.contains(secret.as_str()),
                "{format}, {level}: {secret} is in\n{log}"
            );
        }
        for personal in PERSONAL {
            let is_in = log.contains(personal);
            assert!(
                level == "debug" || !is_in,
                "{format}: {personal} is in\n{log}"
            );
        }
    }
}

/// An order from its making to its refund with everything that goes wrong on its way; the log, and the secrets that
/// were given out.
fn customers_story(home: &mut Home) -> (String, Vec<String>) {
    ask_nobody(home);
    std::fs::write(home.path().join("password.txt"), PASSWORD).expect("it is ours");
    let made = finish(
        command()
            .args([
                "users",
                "create",
                STAFF,
                "--role",
                "admin",
                "--password-file",
                "password.txt",
            ])
            .arg("--config")
            .arg(home.write_config())
            .current_dir(home.path()),
    );
    assert_eq!(made.code, Some(0), "{made:?}");
    let server = Tollgate::start(home);
    let mut client = server.client();
    let mut secrets = Vec::new();

    // Somebody signs in, wrongly and rightly.
    let mut staff = server.client_as(None);
    for password in ["zebra wrong password", PASSWORD] {
        let body = json!({ "email": STAFF, "password": password });
        let answer = staff.call(&Request::post("/v1/session", &body));
        if answer.status == 201 {
            let cookie = answer.header("set-cookie").expect("it has a cookie");
            let value = cookie.split(['=', ';']).nth(1).expect("it has a value");
            secrets.push(value.to_owned());
            secrets.push(
                answer.json()["csrf_token"]
                    .as_str()
                    .expect("it has one")
                    .to_owned(),
            );
        }
    }
    let key = json!({ "name": "till", "scopes": ["write"] });
    let key = client.create("/v1/keys", &key).expect(201);
    secrets.push(key["key"].as_str().expect("it is given once").to_owned());
    let mut stranger = server.client_as(Some("tg_test_zebrazebrazebrazebrazebrazebra00"));
    assert_eq!(stranger.call(&Request::get("/v1/orders")).status, 401);
    secrets.push("tg_test_zebrazebra".to_owned());

    // Nobody listens at its endpoint, nor at the mail server.
    let endpoint = json!({ "url": "http://127.0.0.1:1/zebra", "events": ["*"] });
    let endpoint = client.create("/v1/endpoints", &endpoint).expect(201);
    let secret = endpoint["secret"].as_str().expect("it is given once");
    secrets.push(secret.trim_start_matches("whsec_").to_owned());

    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 10 }));
    let customer = json!({ "name": NAME, "email": EMAIL, "phone": PHONE });
    let mut wanted = order("ZVR-1", 2);
    wanted["customer"] = customer;
    wanted["metadata"] = json!({ "remark": FREE_TEXT });
    client.create("/v1/orders", &wanted).expect(201);
    // What is wrong with a request is shown to its sender alone.
    wanted["customer"]["email"] = json!(format!("{FREE_TEXT} {EMAIL}"));
    wanted["customer"]["wrong"] = json!(NAME);
    assert_eq!(client.create("/v1/orders", &wanted).status, 400);

    // A report with everything in it that providers send along, rightly and wrongly signed.
    let body = json!({ "id": "b-1", "order": "ZVR-1-78", "payment": "p-1", "amount": "150000.00",
        "currency": "IDR", "status": "paid", "mode": "live",
        "customer": { "name": NAME, "email": EMAIL, "phone": PHONE } });
    let mut report = sign_bank(body.to_string().as_bytes());
    client.deliver("bank", &report);
    client.deliver("bank", &report);
    report.body.push(b' ');
    assert_eq!(client.deliver("bank", &report).status, 401);

    let paid = home.webhook(Said::paid("midtrans", "ZVR-1-77", TOTAL));
    assert_eq!(client.deliver("midtrans", &paid).event().1, "applied");
    let done = until("it is completed", || {
        let order = client.call(&Request::get("/v1/orders/ZVR-1")).expect(200);
        (order["status"] == "completed").then_some(order)
    });
    let payment = done["payments"][0]["id"]
        .as_str()
        .expect("it has a payment");
    let refund = json!({ "amount": TOTAL, "reason": format!("{FREE_TEXT} of {NAME}") });
    client.create(&format!("/v1/payments/{payment}/refunds"), &refund);
    until("its mail and its endpoint were tried", || {
        let effects = client.list("/v1/effects");
        let tried = |kind: &str| {
            let mut of_kind = effects.iter().filter(|effect| effect["kind"] == kind);
            of_kind.any(|effect| effect["tries"].as_i64().is_some_and(|tries| 0 < tries))
        };
        (tried("mail") && tried("notify")).then_some(())
    });
    let log = server.stop_and_read_log();
    (log, secrets)
}
