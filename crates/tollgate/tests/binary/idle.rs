//! A server that has nothing to do costs next to nothing.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Home, Said, Tollgate, pause};

/// Resident memory in KiB. What the process has allocated and touched. The pages of its program come on
/// top: they are shared, and those of a build without optimisation are twice as many as users have
/// (`tollgate bench` shows all of it).
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status
        .lines()
        .find(|line| line.starts_with("RssAnon:"))
        .expect("Linux says it");
    let number = line.split_whitespace().nth(1).expect("a number follows");
    number.parse().expect("it is a number")
}

/// Processor time used up to now, in ticks of 10 ms.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let (_, fields) = stat.rsplit_once(')').expect("the name stands in brackets");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // utime and stime are the fields 14 and 15, counted from the pid.
    let number = |place: usize| fields[place - 3].parse::<u64>().expect("it is a number");
    number(14) + number(15)
}

/// docs/performance.md: under 40 MB and close to no processor time; F15 in small.
#[test]
fn an_idle_server_is_small_and_quiet() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    // Not quite fresh: it has worked a little, and something waits for its time.
    let order = json!({
        "code": "IDLE",
        "currency": "IDR",
        "lines": [{ "sku": "t", "stocked": false, "quantity": 1, "unit_amount": 1000 }],
        "hold_seconds": 86_400,
    });
    client.create("/v1/orders", &order).expect(201);
    for number in 0..50 {
        let reference = format!("idle-{number}");
        let webhook = home.webhook(Said::paid("standard", &reference, 1000));
        assert_eq!(client.deliver("standard", &webhook).outcome(), "parked");
    }
    let resident = resident_kib(server.pid());
    assert!(resident < 20 * 1024, "{resident} KiB are resident");

    let interval = Duration::from_secs(3);
    let before = ticks(server.pid());
    pause(interval);
    let used = ticks(server.pid()) - before;
    eprintln!("{resident} KiB resident, {used} ticks of 10 ms in {interval:?}");
    assert!(
        used <= 3,
        "{used} ticks of 10 ms in {interval:?} of doing nothing"
    );

    // And work after that starts at once.
    let webhook = home.webhook(Said::paid("standard", "after", 1000));
    assert_eq!(client.deliver("standard", &webhook).outcome(), "parked");
}
