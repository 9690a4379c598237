//! Several instances on one database.

use std::sync::{Arc, Barrier};

use serde_json::{Value, json};

use crate::harness::{Client, Database, Home, Tollgate, in_parallel, server_needed};

/// Instances on one database. They go before it does.
pub(crate) struct Fleet {
    pub(crate) servers: Vec<Tollgate>,
    pub(crate) homes: Vec<Home>,
    pub(crate) database: Arc<Database>,
}

impl Fleet {
    /// So many of them, on a database of their own.
    pub(crate) fn start(count: usize) -> Fleet {
        Fleet::on(Database::on(&server_needed()), count, |_| ())
    }

    /// So many of them on this database, each with its home changed.
    pub(crate) fn on(database: Database, count: usize, change: impl Fn(&mut Home)) -> Fleet {
        let database = Arc::new(database);
        let homes: Vec<Home> = (0..count)
            .map(|_| {
                let mut home = Home::on(&database);
                change(&mut home);
                home
            })
            .collect();
        // All at once: whatever is made at a start is made by one of them.
        let servers = in_parallel(count, |number| Tollgate::start(&homes[number]));
        Fleet {
            servers,
            homes,
            database,
        }
    }

    pub(crate) fn home(&self) -> &Home {
        &self.homes[0]
    }

    pub(crate) fn client(&self, number: usize) -> Client {
        self.servers[number].client()
    }

    /// Lets so many clients, connected beforehand and shared out among the instances, act at once;
    /// their results in order of number.
    pub(crate) fn at_once<T: Send>(
        &self,
        count: usize,
        act: impl Fn(usize, &mut Client) -> T + Sync,
    ) -> Vec<T> {
        let barrier = Barrier::new(count);
        in_parallel(count, |number| {
            let mut client = self.client(number % self.servers.len());
            client.connect().expect("the server takes connections");
            barrier.wait();
            act(number, &mut client)
        })
    }

    /// A figure of `/metrics`, of all instances together.
    pub(crate) fn figure(&self, name: &str) -> u64 {
        let figures = self
            .servers
            .iter()
            .map(|server| server.client().figure(name));
        figures.sum()
    }

    /// The bound below which half of a histogram lies, of all instances together.
    pub(crate) fn median(&self, name: &str) -> f64 {
        let mut buckets: Vec<(f64, u64)> = Vec::new();
        for server in &self.servers {
            let of_one = server.client().buckets(name);
            match buckets.is_empty() {
                true => buckets = of_one,
                false => {
                    for (sum, one) in buckets.iter_mut().zip(of_one) {
                        sum.1 += one.1;
                    }
                }
            }
        }
        let all = buckets.last().map_or(0, |last| last.1);
        let half = buckets.iter().find(|(_, below)| all <= below * 2);
        half.map_or(f64::INFINITY, |(bound, _)| *bound)
    }

    /// None of the figures that are alarms has moved, and no transaction was in another's way.
    #[track_caller]
    pub(crate) fn assert_calm(&self) {
        for server in &self.servers {
            server.client().assert_calm();
        }
        assert_eq!(self.figure("tollgate_gate_conflicts_total"), 0);
    }
}

/// An order of single pieces of these skus at 100.00 each, paid at source `standard` under its code.
pub(crate) fn order(code: &str, skus: &[&str]) -> Value {
    let lines: Vec<Value> = skus
        .iter()
        .map(|sku| json!({ "sku": sku, "quantity": 1, "unit_amount": 10_000 }))
        .collect();
    json!({
        "code": code,
        "currency": "IDR",
        "lines": lines,
        "hold_seconds": 86_400,
        "payment": { "source": "standard", "reference": code },
    })
}

/// Slots far ahead, a quarter of an hour each, counted in orders or amounts.
pub(crate) fn put_slots(client: &mut Client, unit: &str, capacity: i64, count: usize) {
    client.put(
        "/v1/calendars/kitchen",
        &json!({ "unit": unit, "capacity": capacity, "slot_minutes": 15, "weekly": [],
                 "timezone": "UTC", "days_ahead": 1, "visible_lead_minutes": 0,
                 "currency": if unit == "amount" { json!("RUB") } else { Value::Null } }),
    );
    let time = |quarter: usize| {
        format!(
            "2099-01-{:02}T{:02}:{:02}:00Z",
            1 + quarter / 96,
            quarter / 4 % 24,
            quarter % 4 * 15
        )
    };
    let slots: Vec<Value> = (0..count)
        .map(|quarter| {
            json!({ "starts_at": time(quarter), "ends_at": time(quarter + 1), "capacity": capacity })
        })
        .collect();
    client.put("/v1/calendars/kitchen/slots", &json!({ "slots": slots }));
}
