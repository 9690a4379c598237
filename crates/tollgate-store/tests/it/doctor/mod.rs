//! Doctor says nothing but ok of what is healthy, finds what is planted, and what it says mends it.

mod clusters;
mod faults;
mod running;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tollgate_core::time::Timestamp;
use tollgate_store::{Clock, Examination, Level, Place, Report, Store};

use crate::rows;
use crate::words::{create, order_of, root_id_at, stock};
use crate::world::World;

/// This machine's clock, set forward by so many milliseconds.
fn clock(ahead: i64) -> Clock {
    Arc::new(move || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = since.expect("it is after 1970").as_millis();
        Timestamp::from_millis(i64::try_from(millis).expect("it is before the end") + ahead)
    })
}

fn world() -> World {
    let world = World::with(|options| options.clock = clock(0));
    if let Place::Server(place) = &world.options.place {
        // What a new session begins with, wherever the server stands.
        rows::on_server(
            &place.url,
            "do $$ begin execute format('alter database %I set timezone = ''UTC''',
                                         current_database()); end $$",
        );
        // A database of the suite has the months of its own clock too.
        rows::on_server(
            &place.url,
            "do $$ declare later text; begin
               for later in
                   select cast(inhrelid as regclass) from pg_inherits
                    where cast(inhrelid as regclass)::text ~ '_[0-9]{4}_[0-9]{2}$'
                      and right(cast(inhrelid as regclass)::text, 7)
                          > to_char(now() at time zone 'UTC' + interval '3 months', 'YYYY_MM')
               loop execute 'drop table ' || later; end loop;
             end $$",
        );
    }
    world
}

fn examine(place: &Place) -> Report {
    Store::doctor_at(place, &Examination::new(clock(0)))
}

fn bad(report: &Report) -> Vec<(&'static str, Level)> {
    let checks = report.checks.iter();
    let bad = checks.filter(|check| check.level != Level::Ok);
    bad.map(|check| (check.name, check.level)).collect()
}

#[track_caller]
fn assert_healthy(report: &Report) {
    let checks = report.checks.iter();
    let bad: Vec<_> = checks.filter(|check| check.level != Level::Ok).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(report.checks.iter().all(|check| check.fix.is_empty()));
}

/// The disk of anyone who runs the suite may be nearly full.
fn but_the_disk(mut report: Report) -> Report {
    report.checks.retain(|check| check.name != "disk");
    report
}

/// The same of a server that many suites share: it may be one that does not wait for its disk and is not
/// vacuumed (`scripts/cluster start --fast`).
fn healthy_but_fast(report: Report) -> Report {
    let mut report = but_the_disk(report);
    let fast = ["fsync", "full_page_writes", "autovacuum"];
    for check in &mut report.checks {
        let count = check.seen.len();
        check
            .seen
            .retain(|seen| !fast.iter().any(|name| *seen == format!("{name} is off")));
        if check.seen.len() == count {
            continue;
        }
        let fix = check.fix.lines();
        let kept: Vec<&str> = fix
            .filter(|line| !line.starts_with("alter system"))
            .collect();
        check.fix = kept.join("\n");
        if check.seen.is_empty() {
            check.level = Level::Ok;
        }
    }
    report
}

#[tokio::test]
async fn a_healthy_store_is_ok_while_it_is_open_and_when_it_is_not() {
    let world = world();
    world.act(stock("A", 5)).await;
    world
        .act(create(tollgate_core::command::CreateOrder {
            fresh: root_id_at((world.options.clock)(), 1),
            ..order_of(1, "C1", "A", 1)
        }))
        .await;
    let report = world.store.doctor().await.expect("it is open");
    assert!(report.check("disk").is_some());
    assert_healthy(&healthy_but_fast(report));
    let place = world.options.place.clone();
    assert_healthy(&healthy_but_fast(examine(&place)));
    let _shut = world.shut();
    assert_healthy(&healthy_but_fast(examine(&place)));
}

/// Partitions of `events`: of this month, and the last that was made, with its bounds.
fn with_months(statements: &str, place: &Place) -> String {
    let ask = |query: &str| rows::text(place, query).expect("it is there");
    let this = ask("select 'events_' || to_char(now() at time zone 'UTC', 'YYYY_MM')");
    let last = ask(
        "select 'events_' || to_char((now() at time zone 'UTC') + interval '3 months',
                                                'YYYY_MM')",
    );
    let bound = |months: i32| {
        ask(&format!(
            "select '''\\x' || lpad(to_hex(cast(extract(epoch from
                 date_trunc('month', now() at time zone 'UTC') + interval '{months} months') * 1000
                 as bigint)), 12, '0') || repeat('0', 20) || ''''"
        ))
    };
    statements
        .replace("LAST_FROM", &bound(3))
        .replace("LAST_BELOW", &bound(4))
        .replace("THIS", &this)
        .replace("LAST", &last)
}
