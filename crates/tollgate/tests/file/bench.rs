//! The command that makes load, on files of its own: `bench`.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Home, command, finish, finish_within};

/// A bench works all the time; beside other tests it may get a small part of a processor.
const BENCH_MAX: Duration = Duration::from_secs(180);

/// A bench measures against the ceiling of its own run, reads the database back and shows both.
#[test]
fn a_bench_shows_its_ratio_and_what_it_read_back() {
    for (arguments, checked) in [
        (&["ingest", "--connections", "8"][..], "events stored"),
        (
            &["ingest", "--connections", "8", "--rate", "200"],
            "events stored",
        ),
        (&["hot-sku", "--connections", "8", "--sold-out"], "refused"),
        (
            &["orders", "--connections", "8", "--door", "grpc"],
            "orders stored",
        ),
        (
            &["hot-slot", "--connections", "8", "--door", "grpc"],
            "bookings held",
        ),
        (
            &["apply", "--connections", "8", "--pending", "40"],
            "effects pending",
        ),
        (
            &["effects", "--connections", "8", "--pending", "40"],
            "delivered and settled",
        ),
    ] {
        let mut bench = command();
        bench
            .arg("bench")
            .args(arguments)
            .args(["--seconds", "1", "--rounds", "1", "--json"]);
        let ended = finish_within(BENCH_MAX, &mut bench);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let line: Value = serde_json::from_str(&ended.stdout).expect("one line of JSON");
        for figure in ["rate", "ceiling", "ratio", "p50_us", "p99_us", "p999_us"] {
            assert!(
                line[figure].as_f64().is_some_and(|found| found > 0.0),
                "{figure} in {line}"
            );
        }
        assert_eq!(line["rounds"].as_array().map(Vec::len), Some(1));
        assert!(
            line["checked"][checked]
                .as_u64()
                .is_some_and(|found| found > 0),
            "{line}"
        );
    }
}

/// For people there is a table, what each of its figures means, and what it all comes to; no JSON.
#[test]
fn a_bench_explains_its_figures_to_people() {
    let mut bench = command();
    bench.args([
        "bench",
        "ingest",
        "--connections",
        "8",
        "--seconds",
        "1",
        "--rounds",
        "1",
    ]);
    let ended = finish_within(BENCH_MAX, &mut bench);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let names = [
        "ceiling/s",
        "store/s",
        "ratio",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "server cpu s",
    ];
    for name in names {
        let lines: Vec<&str> = ended
            .stdout
            .lines()
            .filter(|line| line.contains(name))
            .collect();
        // In the head of the table, and with its meaning below it.
        let explained = lines.iter().any(|line| line.trim_start().starts_with(name));
        assert!(explained && 2 <= lines.len(), "{name}: {}", ended.stdout);
    }
    assert!(ended.stdout.contains("in short: "), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("read back and right: "),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains('{'), "{}", ended.stdout);
}

/// A bench never writes into a database that is there, and its server serves no one else.
#[test]
fn a_bench_touches_nothing_that_is_not_its_own() {
    let home = Home::on_file();
    std::fs::write(home.database_file(), b"somebody's").expect("it can be written");
    let url = format!("sqlite:{}", home.database_file().display());
    let ended = finish(command().args(["bench", "ingest", "--store", &url]));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("is there already"), "{ended:?}");
    let kept = std::fs::read(home.database_file()).expect("it is there");
    assert_eq!(kept, b"somebody's");

    let ended = finish(command().args(["bench", "server"]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("not by hand"), "{ended:?}");
}

/// The measured server ends with the bench, however that ends: its input is closed then.
#[test]
fn the_measured_server_ends_when_its_bench_has_gone() {
    let mut server = command()
        .args(["bench", "server"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary can be started");
    let role =
        r#"{"database":null,"shops":1,"provider":"hmac","key":"tg_0123456789abcdef","secret":"s"}"#;
    let mut input = server.stdin.take().expect("it was asked for");
    writeln!(input, "{role}").expect("it reads its role");
    drop(input);
    assert!(server.wait().expect("it is our child").success());
}
