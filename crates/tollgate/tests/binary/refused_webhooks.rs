//! A webhook that is refused is everyone's first problem: the log, `doctor` and `tollgate deliveries` say which,
//! why, and what is most likely wrong, and what was refused is not lost.

use serde_json::{Value, json};

use crate::harness::{
    ADMIN_KEY, Client, Ended, Home, Request, Said, Tollgate, command, finish, hmac_sha256, until,
};

/// A home whose log is for machines.
fn home() -> Home {
    let mut home = Home::new();
    home.set("log", "format", "json");
    home
}

/// The fields of the lines that say this.
fn lines(log: &str, message: &str) -> Vec<Value> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines
        .filter(|line: &Value| line["fields"]["message"] == message)
        .inspect(|line| assert_eq!(line["level"], "WARN", "{line}"))
        .map(|line| line["fields"].clone())
        .collect()
}

const REFUSED: &str = "a webhook was refused";

/// What was refused and is still, once so many are kept: the sender's answer does not wait for that.
fn kept(client: &mut Client, count: usize) -> Vec<Value> {
    until("they are kept", || {
        let kept = client.rejected();
        (kept.len() == count).then_some(kept)
    })
}

/// Each refusal's line has the source, the reason and the likely cause, and no secret.
#[test]
fn a_refused_webhook_is_a_warning_with_its_likely_cause() {
    let mut home = home();
    home.set_source(
        "bank",
        "secrets",
        json!(["one-of-the-tests", "two-of-the-tests"]),
    );
    let said = Said::paid("bank", "R-1", 1_000);
    let genuine = home.webhook(said.clone());
    let server = Tollgate::start(&home);
    let mut client = server.client();

    let mut changed = genuine.clone();
    changed.body.push(b'\n');
    assert_eq!(
        client.deliver("bank", &changed).refused(401),
        "signature_invalid"
    );
    // It was meant for another source: a path of ours, and one that there is not.
    let elsewhere = home.webhook(Said::paid("standard", "R-1", 1_000));
    assert_eq!(
        client.deliver("midtrans", &elsewhere).refused(401),
        "signature_missing"
    );
    assert_eq!(
        client.deliver("midtrnas", &elsewhere).refused(404),
        "source_unknown"
    );
    let get = Request::get("/webhooks/phonepe");
    assert_eq!(client.call(&get).refused(405), "method_not_allowed");

    let kept = kept(&mut client, 2);
    let log = server.stop_and_read_log();
    let refused = lines(&log, REFUSED);
    let of = |source: &str| {
        let found = refused.iter().find(|line| line["source"] == source);
        found.unwrap_or_else(|| panic!("nothing of {source} in {log}"))
    };
    let line = of("bank");
    assert_eq!(line["reason"], "it is signed with none of our 2 secrets");
    assert_eq!(
        (&line["code"], &line["refused"]),
        (&json!("signature_invalid"), &json!(1))
    );
    let likely = line["likely"].as_str().expect("it is said");
    assert!(
        likely.contains("without the line break at its end"),
        "{likely}"
    );
    let kept_of_bank = kept
        .iter()
        .find(|kept| kept["source"] == "bank")
        .expect("it is kept");
    assert_eq!(line["delivery"], kept_of_bank["id"]);
    let detail = kept_of_bank["detail"].as_str().expect("it is a text");
    assert!(
        detail.ends_with(likely),
        "what is kept says it too: {detail}"
    );

    let likely = of("midtrans")["likely"].as_str().expect("it is said");
    assert!(
        likely.contains("source standard") && likely.contains("/webhooks/standard"),
        "{likely}"
    );
    assert!(
        refused.iter().all(|line| line["source"] != "phonepe"),
        "who looks in with GET sends no webhook"
    );
    let unknown = &lines(&log, "a webhook came to a path of no source")[0];
    assert_eq!(
        (&unknown["path"], &unknown["likely"]),
        (
            &json!("/webhooks/midtrnas"),
            &json!("/webhooks/midtrans was meant")
        )
    );
    assert!(!log.contains("of-the-tests"), "a secret is shown");
}

/// The log is the operator's, who has all shops; what a shop can read names sources of no other one.
#[test]
fn a_shop_is_not_told_of_another_shops_sources() {
    let mut home = home();
    let tea = json!({ "sources": { "secret_blend": {
        "provider": "hmac", "secrets": ["literal:secret-of-the-blend"], "header": "x-bank-signature",
        "reference": "/order", "status": "/status",
    }}});
    home.config
        .insert("shops".to_owned(), json!({ "tea": tea }));
    let mut elsewhere = home.webhook(Said::paid("bank", "R-1", 1_000));
    let signature = hex::encode(hmac_sha256(b"secret-of-the-blend", &[&elsewhere.body]));
    for (name, value) in &mut elsewhere.headers {
        if name == "x-bank-signature" {
            *value = signature.clone();
        }
    }
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let answer = client.deliver("bank", &elsewhere);
    assert_eq!(answer.refused(401), "signature_invalid");
    let kept = kept(&mut client, 1);
    let detail = kept[0]["detail"].as_str().expect("it is a text");
    assert!(detail.contains("; likely: "), "{detail}");
    assert!(!detail.contains("blend"), "{detail}");
    let log = server.stop_and_read_log();
    let likely = lines(&log, REFUSED)[0]["likely"].to_string();
    assert!(
        likely.contains("source tea/secret_blend") && likely.contains("/webhooks/tea/secret_blend"),
        "{likely}"
    );
}

/// What a stranger sent reaches a terminal as text: nothing in it moves the cursor or hides a line.
#[test]
fn what_a_stranger_sent_is_shown_as_text() {
    let home = home();
    let server = Tollgate::start(&home);
    let mut changed = home.webhook(Said::paid("bank", "R-1", 1_000));
    changed.body = b"{\"a\":\"\x1b]0;title\x07\x1b[2J\xe2\x80\xaeb\"}".to_vec();
    let mut client = server.client();
    assert_eq!(
        client.deliver("bank", &changed).refused(401),
        "signature_invalid"
    );
    let id = kept(&mut client, 1)[0]["id"].to_string();
    let shown = deliveries(&home, &server, &["show", id.trim_matches('"')]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(
        shown
            .stdout
            .contains(r"\u{1b}]0;title\u{7}\u{1b}[2J\u{202e}b"),
        "{shown:?}"
    );
    assert!(!shown.stdout.contains('\u{1b}'), "{shown:?}");
}

/// The sender is answered the reason and not the likely cause, which is about our configuration.
#[test]
fn the_sender_is_not_told_the_likely_cause() {
    let home = home();
    let server = Tollgate::start(&home);
    let mut changed = home.webhook(Said::paid("bank", "R-1", 1_000));
    changed.body.push(b'\n');
    let answer = server.client().deliver("bank", &changed);
    assert_eq!(answer.refused(401), "signature_invalid");
    assert!(!answer.text().contains("line break"), "{}", answer.text());
}

/// Many are a line a second, which says how many there were; none is left out.
#[test]
fn many_refused_webhooks_are_counted_into_a_line_a_second() {
    const MANY: u64 = 300;
    let home = home();
    let server = Tollgate::start(&home);
    let begun = std::time::Instant::now();
    let mut client = server.client();
    let mut forged = home.webhook(Said::paid("bank", "R-1", 1_000));
    forged.body[0] = b'[';
    for _ in 0..MANY {
        assert_eq!(
            client.deliver("bank", &forged).refused(401),
            "signature_invalid"
        );
    }
    let log = server.stop_and_read_log();
    let seconds = begun.elapsed().as_secs();
    let refused = lines(&log, REFUSED);
    let counted: u64 = refused
        .iter()
        .map(|line| line["refused"].as_u64().expect("it counts"))
        .sum();
    assert_eq!(counted, MANY, "{refused:#?}");
    let count = u64::try_from(refused.len()).expect("it is small");
    assert!(count <= seconds + 2, "{count} lines in {seconds} s");
}

/// Runs `tollgate deliveries` against a server.
fn deliveries(home: &Home, server: &Tollgate, arguments: &[&str]) -> Ended {
    let url = format!("http://{}", server.address());
    let mut deliveries = command();
    deliveries
        .arg("deliveries")
        .args(arguments)
        .args(["--url", &url, "--key", ADMIN_KEY, "--config"])
        .arg(home.path().join("tollgate.toml"))
        .current_dir(home.path());
    finish(&mut deliveries)
}

/// What `doctor` says of refused webhooks.
fn doctor(home: &Home) -> Value {
    let mut doctor = command();
    doctor.args(["doctor", "--json", "--config"]);
    let ended = finish(doctor.arg(home.write_config()).current_dir(home.path()));
    let report: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    let checks = report["checks"].as_array().expect("it is a list");
    let check = checks.iter().find(|check| check["name"] == "refused");
    check.expect("it is a check").clone()
}

/// From the first refusal to the mended secret: nothing that was refused is lost.
#[test]
fn what_was_refused_is_listed_shown_and_taken_once_the_secret_is_mended() {
    let mut home = home();
    let right = "secret-of-the-bank";
    home.set_source("bank", "secrets", json!([right]));
    let webhooks =
        ["R-1", "R-2"].map(|reference| home.webhook(Said::paid("bank", reference, 1_000)));
    home.set_source("bank", "secrets", json!(["another-of-the-tests"]));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    assert_eq!(doctor(&home)["status"], "ok");
    for webhook in &webhooks {
        assert_eq!(
            client.deliver("bank", webhook).refused(401),
            "signature_invalid"
        );
    }
    let ids: Vec<Value> = kept(&mut client, 2)
        .iter()
        .map(|kept| kept["id"].clone())
        .collect();
    let newest = ids[0].as_str().expect("it is an id");

    let check = doctor(&home);
    assert_eq!(check["status"], "warn", "{check}");
    let seen = check["seen"].to_string();
    for word in [
        "source bank of shop main: 2 refused in the last day",
        " min ago: signature_invalid",
        "another secret than ours",
        "likely: the sender has another secret",
    ] {
        assert!(seen.contains(word), "{word:?} is not in {seen:?}");
    }

    let listed = deliveries(&home, &server, &["list", "--source", "bank"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    assert!(listed.stdout.contains("signature_invalid") && listed.stdout.contains(newest));
    assert!(
        listed.stdout.contains("the sender has another secret"),
        "{}",
        listed.stdout
    );
    let shown = deliveries(&home, &server, &["show", newest]);
    assert!(shown.stdout.contains("R-2"), "{shown:?}");
    let still = deliveries(&home, &server, &["verify", newest]);
    assert_eq!(still.code, Some(1), "{still:?}");
    assert!(still.stderr.contains("signature_invalid"), "{still:?}");
    let nobody = deliveries(&home, &server, &["list", "--source", "nobody"]);
    assert_eq!(
        (nobody.code, nobody.stdout.contains("dlv_")),
        (Some(0), false)
    );
    assert!(server.stop().success());

    home.set_source("bank", "secrets", json!([right]));
    let server = Tollgate::start(&home);
    let taken = deliveries(&home, &server, &["verify", "--source", "bank"]);
    assert_eq!(taken.code, Some(0), "{taken:?}");
    let oldest_first: Vec<&str> = taken.stdout.split_whitespace().collect();
    let oldest = ids[1].as_str().expect("it is an id");
    assert_eq!(oldest_first, [oldest, "parked", newest, "parked"]);
    assert_eq!(server.client().list("/v1/events?source=bank").len(), 2);
    let again = deliveries(&home, &server, &["verify", "--source", "bank", "--json"]);
    let again: Value = serde_json::from_str(&again.stdout).expect("it is JSON");
    assert_eq!(again, json!({ "taken": [], "refused": [] }));
    assert_eq!(doctor(&home)["status"], "ok");

    // One that is refused is no finding any more once another one was taken.
    let mut client = server.client();
    let mut forged = webhooks[0].clone();
    forged.body.push(b'x');
    assert_eq!(
        client.deliver("bank", &forged).refused(401),
        "signature_invalid"
    );
    kept(&mut client, 1);
    assert_eq!(doctor(&home)["status"], "warn");
    let later = home.webhook(Said::paid("bank", "R-3", 1_000));
    assert_eq!(client.deliver("bank", &later).outcome(), "parked");
    let check = doctor(&home);
    assert_eq!(check["status"], "ok", "{check}");
    assert!(
        check["seen"][0]
            .as_str()
            .is_some_and(|seen| seen.ends_with("others were taken since"))
    );
}
