//! What people read in a terminal: every command that lists, shows or changes, against a shop with something in it.

use serde_json::json;

use crate::harness::{
    ADMIN_KEY, Client, Ended, Home, Request, Said, Tollgate, assert_snapshot, command, finish,
    made_plain, until,
};

/// Runs a command against a server.
fn run(home: &Home, server: &Tollgate, arguments: &[&str]) -> Ended {
    let url = format!("http://{}", server.address());
    let mut run = command();
    run.args(arguments)
        .args(["--url", &url, "--key", ADMIN_KEY])
        .current_dir(home.path());
    finish(&mut run)
}

/// A shop with an order that is completed, one that waits and one whose words are hostile; an event that came too
/// early, and a webhook that was refused.
fn a_shop() -> (Home, Tollgate) {
    let mut home = Home::new();
    let refused = home.webhook(Said::paid("bank", "B-1", 1_000).at(1_769_076_000_000));
    home.set_source("bank", "secrets", json!(["another-of-the-tests"]));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 10, "low_at": 2 }));
    client.put("/v1/stock/SHIRT%2FM%20%232", &json!({ "on_hand": 3 }));
    let order = |code: &str, name: &str, lines: &serde_json::Value| {
        json!({
            "code": code, "currency": "IDR", "lines": lines,
            "customer": { "name": name, "email": "dewi@example.com" },
            "payment": { "source": "standard", "reference": format!("{code}-77") },
        })
    };
    let batik = json!([{ "sku": "BATIK-M", "name": "Batik shirt M", "quantity": 2, "unit_amount": 7_500_000 }]);
    client
        .create("/v1/orders", &order("ZVR-1", "Dewi", &batik))
        .expect(201);
    let paid = home.webhook(Said::paid("standard", "ZVR-1-77", 15_000_000));
    assert_eq!(client.deliver("standard", &paid).outcome(), "applied");
    let is_completed = || {
        // `get` shows it as paid.
        let answer = client.call(&Request::get("/v1/orders/ZVR-1"));
        (answer.json()["status"] == "completed").then_some(())
    };
    until("its receipt is issued", is_completed);
    let shirt = json!([{ "sku": "SHIRT/M #2", "quantity": 1, "unit_amount": 5_000_050 }]);
    client
        .create("/v1/orders", &order("ZVR-2", "Budi", &shirt))
        .expect(201);
    let hostile = "\u{202e}<script>";
    client
        .create("/v1/orders", &order("ZVR 3/#", hostile, &shirt))
        .expect(201);
    let early = home.webhook(Said::paid("standard", "EARLY-1", 2_000));
    assert_eq!(client.deliver("standard", &early).outcome(), "parked");
    assert_eq!(client.deliver("bank", &refused).status, 401);
    until("it is kept", || {
        (client.rejected().len() == 1).then_some(())
    });
    (home, server)
}

/// What is typed, and under which name it was looked at. PAYMENT, EVENT, EFFECT and DELIVERY stand for ids.
const TYPED: &str = "
    orders-list             orders list
    orders-list-some        orders list --status completed,paid --search zvr --limit 1
    orders-list-none        orders list --attention
    orders-show             orders show ZVR-1
    orders-show-hostile     orders show 'ZVR 3/#'
    orders-why              orders why ZVR-1
    orders-why-waiting      orders why ZVR-2
    orders-unknown          orders show ZVR-9
    orders-wrong            orders list --since yesterday
    orders-cancel-refused   orders cancel ZVR-1 --yes
    orders-cancel-asks      orders cancel ZVR-2
    orders-cancel           orders cancel ZVR-2 --yes
    payments-list           payments list
    payments-list-some      payments list --reference ZVR-1-77 --status paid
    payments-show           payments show PAYMENT
    payments-check-refused  payments check PAYMENT
    events-list             events list
    events-list-some        events list --state parked --source standard
    events-replay           events replay EVENT
    events-replay-trial     events replay --state parked --dry-run
    events-replay-nothing   events replay
    stock-list              stock list
    stock-set               stock set 'SHIRT/M #2' 7 --low-at 2
    stock-adjust            stock adjust 'SHIRT/M #2' -2 --reason broken
    stock-adjust-refused    stock adjust 'SHIRT/M #2' -9 --reason broken
    receipts-list           receipts list --kind sale
    receipts-unknown        receipts show R-1
    effects-list            effects list --kind receipt
    effects-show            effects show EFFECT
    deliveries-list         deliveries list
    deliveries-show         deliveries show DELIVERY
    errors-list             errors --code signature_invalid
    keys-list               keys list
    users-list              users list
    payments-refund         payments refund PAYMENT --amount 500000 --recorded --reason scratched --idempotency-key once --yes
    payments-show-refunded  payments show PAYMENT
    orders-refund-none      orders refund ZVR-2 --yes
    orders-refund           orders refund ZVR-1 --recorded --yes
    orders-refund-again     orders refund ZVR-1 --recorded --yes
    payments-refund-once    payments refund PAYMENT --amount 500000 --recorded --reason scratched --idempotency-key once --yes
";

/// The words of a line; quotes keep one together.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    parts
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

/// Each on its own: what it prints, both ways, and how it ends.
#[test]
fn every_command_prints_what_was_looked_at() {
    let (home, server) = a_shop();
    let mut client = server.client();
    until("what was refused is told", || {
        (client.list("/v1/errors?code=signature_invalid").len() == 1).then_some(())
    });
    let id = |path: &str, client: &mut Client| {
        let listed = client.list(path);
        listed[0]["id"].as_str().expect("it has an id").to_owned()
    };
    let ids = [
        (
            "PAYMENT",
            id("/v1/payments?reference=ZVR-1-77", &mut client),
        ),
        ("EVENT", id("/v1/events?reference=EARLY-1", &mut client)),
        ("EFFECT", id("/v1/effects?kind=receipt", &mut client)),
        ("DELIVERY", id("/v1/deliveries", &mut client)),
    ];
    for line in TYPED.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, typed) = line.split_once(' ').expect("a name and a command");
        let mut typed = typed.trim().to_owned();
        for (word, id) in &ids {
            typed = typed.replace(word, id);
        }
        let arguments = words(&typed);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let Ended {
            code,
            stdout,
            stderr,
        } = run(&home, &server, &arguments);
        let code = code.expect("it ends by itself");
        let text = format!("$ tollgate {typed}\n{stdout}{stderr}ends with {code}\n");
        let text = text.replace(&server.address().to_string(), "127.0.0.1:8080");
        assert_snapshot(&format!("shown/{name}"), &made_plain(&text));
    }
    let listed = client.list("/v1/receipts?kind=sale");
    let receipt = listed[0]["number"].as_str().expect("it has a number");
    let (_, event) = &ids[1];
    for (arguments, parts) in [
        (
            ["events", "show", event],
            ["EARLY-1", "webhook-id: ", "parked"],
        ),
        (
            ["receipts", "show", receipt],
            [receipt, "IDR 150,000", "issued"],
        ),
        (
            ["receipts", "show", receipt],
            ["Batik shirt M", "IDR 75,000", "Dewi, dewi@example.com"],
        ),
    ] {
        let ended = run(&home, &server, &arguments);
        for part in parts {
            assert!(ended.stdout.contains(part), "{part} in {ended:?}");
        }
    }
}

/// A machine gets the API's documents.
#[test]
fn with_json_every_command_prints_a_document() {
    let (home, server) = a_shop();
    for (arguments, pointer, value) in [
        (
            &["orders", "list", "--search", "ZVR-1"][..],
            "/data/0/code",
            json!("ZVR-1"),
        ),
        (
            &["orders", "show", "ZVR-1"],
            "/total_amount",
            json!(15_000_000),
        ),
        (
            &["orders", "why", "ZVR-2"],
            "/waits_for/0/what",
            json!("money"),
        ),
        (
            &["orders", "cancel", "ZVR-2", "--yes"],
            "/code",
            json!("ZVR-2"),
        ),
        (
            &["payments", "list", "--reference", "ZVR-1-77"],
            "/data/0/status",
            json!("paid"),
        ),
        (
            &["events", "list", "--state", "parked"],
            "/data/0/outcome",
            json!("parked"),
        ),
        (
            &["events", "replay", "--source", "standard", "--dry-run"],
            "/events",
            json!(2),
        ),
        (&["stock", "set", "TEA", "4"], "/on_hand", json!(4)),
        (
            &["stock", "adjust", "TEA", "3", "--reason", "found"],
            "/on_hand",
            json!(7),
        ),
        (&["stock", "list"], "/data/0/sku", json!("BATIK-M")),
        (&["receipts", "list"], "/data/0/kind", json!("sale")),
    ] {
        let ended = run(&home, &server, &[arguments, &["--json"]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let document: serde_json::Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
        assert_eq!(
            document.pointer(pointer),
            Some(&value),
            "{arguments:?}: {document:#}"
        );
    }
}

/// A receipt is found by its number, and its file is the one that was issued.
#[test]
fn a_receipt_is_written_as_a_file() {
    let (home, server) = a_shop();
    let listed = server.client().list("/v1/receipts");
    let number = listed[0]["number"].as_str().expect("it has a number");
    let ended = run(&home, &server, &["receipts", "get", number]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, format!("{number}.pdf\n"));
    let named = home.path().join("named.pdf");
    let output = named.display().to_string();
    let id = listed[0]["id"].as_str().expect("it has an id");
    let ended = run(&home, &server, &["receipts", "get", id, "-o", &output]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let piped = command()
        .args(["receipts", "get", id, "-o", "-", "--key", ADMIN_KEY])
        .args(["--url", &format!("http://{}", server.address())])
        .current_dir(home.path())
        .output()
        .expect("the binary can be started");
    assert!(piped.status.success(), "{:?}", piped.stderr);
    assert!(!home.path().join("-").exists(), "it is no name of a file");
    let by_number = std::fs::read(home.path().join(format!("{number}.pdf"))).expect("it is there");
    assert!(by_number.starts_with(b"%PDF-"));
    assert_eq!(std::fs::read(named).expect("it is there"), by_number);
    assert!(piped.stdout == by_number, "{} bytes", piped.stdout.len());
    let nowhere = run(
        &home,
        &server,
        &["receipts", "get", id, "-o", "no/folder/x.pdf"],
    );
    assert_eq!(nowhere.code, Some(1), "{nowhere:?}");
    assert!(nowhere.stderr.contains("no/folder/x.pdf"), "{nowhere:?}");
}
