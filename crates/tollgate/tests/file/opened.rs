//! A database that an earlier version has written is opened, reads as it read, and knows its requests.
//!
//! `tests/fixtures/earlier/` holds such a file and what its version was asked and answered (README.md
//! there). Nothing in it is ever written again: a version that needs other rows migrates these.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Home, Request, Tollgate, command, finish};

const RECORDS: &str = include_str!("../fixtures/earlier/records.json");

/// A home with the earlier version's database, its answers to keys as old as they may be.
fn home() -> Home {
    let mut home = Home::on_file();
    // However old the file is by now, nothing of it has had its time.
    home.set("retention", "keys_days", 0);
    let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/earlier");
    for (kept, name) in [
        ("database.sqlite", "tollgate.db"),
        ("database.key", "tollgate.db.key"),
    ] {
        std::fs::copy(fixture.join(kept), home.path().join(name)).expect("it can be copied");
    }
    // Answers are kept for days; the file is older than that.
    let status = Command::new("sqlite3")
        .arg(home.database_file())
        .arg("update idempotency set at = unixepoch() * 1000")
        .status();
    assert!(status.expect("sqlite3 is installed").success());
    home
}

fn records() -> Value {
    serde_json::from_str(RECORDS).expect("the fixture is JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("it is a list")
}

fn text<'a>(record: &'a Value, name: &str) -> &'a str {
    record[name].as_str().expect("it is a text")
}

/// A request of the earlier version's, with another body perhaps.
fn repeated(record: &Value, body: &str) -> Request {
    let mut request = Request::new("POST", text(record, "path"))
        .keyed(text(record, "key"))
        .header("content-type", "application/json");
    request.body = body.as_bytes().to_vec();
    request
}

/// K5, K7: fingerprints are what they were. Each request is known again, also where the same is said in
/// other words, and is answered with the bytes that were kept; another one is refused.
#[test]
fn requests_to_an_earlier_version_are_known_again() {
    let home = home();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let records = records();
    for record in list(&records["requests"]) {
        let bodies = [record["body"].as_str(), record["same"].as_str()];
        for body in bodies.into_iter().flatten() {
            let answer = client.call(&repeated(record, body));
            let again = (
                answer.status,
                answer.text(),
                answer.header("idempotency-replayed"),
            );
            let first = (record["status"].as_u64(), text(record, "answer"));
            assert_eq!(
                (Some(u64::from(again.0)), again.1.as_str()),
                first,
                "{record}\n{body}"
            );
            assert_eq!(again.2, Some("true"), "{record}\n{body}");
        }
        let other = other_body(text(record, "body"));
        let answer = client.call(&repeated(record, &other));
        if answer.status != 400 {
            assert_eq!(answer.refused(422), "idempotency_key_reused", "{record}");
        }
    }
}

/// The body with its first number one higher, or with a member more.
fn other_body(body: &str) -> String {
    fn raise(value: &mut Value) -> bool {
        match value {
            Value::Number(number) => {
                let raised = number.as_i64().map(|number| number + 1);
                raised.is_some_and(|raised| {
                    *value = raised.into();
                    true
                })
            }
            Value::Array(list) => list.iter_mut().any(raise),
            Value::Object(members) => members.values_mut().any(raise),
            _ => false,
        }
    }
    let mut tree: Value =
        serde_json::from_str(body).unwrap_or_else(|_| Value::Object(Default::default()));
    if !raise(&mut tree) {
        tree["note"] = "another".into();
    }
    tree.to_string()
}

/// Everything a shop reads is there and says the same.
#[test]
fn what_an_earlier_version_has_written_reads_as_it_did() {
    let home = home();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let records = records();
    let reads = records["reads"].as_object().expect("it is an object");
    assert!(10 < reads.len());
    for (path, then) in reads {
        let now = client.call(&Request::get(path.as_str())).expect(200);
        assert_says(&now, then, path);
    }
    drop(server);
    let mut verify = command();
    verify
        .arg("verify")
        .arg("--config")
        .arg(home.write_config());
    let ended = finish(&mut verify);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// Members may have come; none has gone or changed. What is told in words may be told in others.
#[track_caller]
fn assert_says(now: &Value, then: &Value, at: &str) {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            for (name, then) in then {
                let now = now
                    .get(name)
                    .unwrap_or_else(|| panic!("{at}/{name} has gone"));
                match (name.as_str(), now) {
                    ("summary", Value::String(words)) => {
                        assert!(!words.is_empty() && !words.contains('?'), "{at}: {words}");
                    }
                    _ => assert_says(now, then, &format!("{at}/{name}")),
                }
            }
        }
        (Value::Array(now), Value::Array(then)) => {
            assert_eq!(now.len(), then.len(), "{at}");
            for (index, (now, then)) in now.iter().zip(then).enumerate() {
                assert_says(now, then, &format!("{at}/{index}"));
            }
        }
        (Value::String(now), Value::String(then)) => {
            assert_eq!(*now, to_the_millisecond(then), "{at}")
        }
        _ => assert_eq!(now, then, "{at}"),
    }
}

/// A text with its times as they are written now: the earlier version wrote no more decimals than there were.
fn to_the_millisecond(then: &str) -> String {
    let word = |word: &str| {
        let (text, comma) = match word.strip_suffix(',') {
            Some(text) => (text, ","),
            None => (word, ""),
        };
        let bytes = text.as_bytes();
        let is_time = bytes.get(4) == Some(&b'-') && bytes.get(10) == Some(&b'T');
        match text.strip_suffix('Z').filter(|_| is_time) {
            None => word.to_owned(),
            Some(time) => {
                let (seconds, decimals) = time.split_once('.').unwrap_or((time, ""));
                format!("{seconds}.{decimals:0<3}Z{comma}")
            }
        }
    };
    then.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
