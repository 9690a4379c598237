//! Reads back what the measured server has kept: a fast bench with wrong results is a failure.

use serde_json::Value;

use super::BenchError;
use super::measure::{Ledger, Shape};
use super::plan::Name;
use super::requests::{CALENDARS, HOT, PLENTY, calendar};
use crate::load::client::{Client, ClientError};

/// What was read back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) events: u64,
    pub(super) orders: u64,
    pub(super) orders_paid: u64,
    pub(super) pieces_on_hand: i64,
    pub(super) pieces_held: i64,
    /// Skus whose stock was read.
    pub(super) skus: i64,
    pub(super) slots_held: i64,
    pub(super) slots_sold: i64,
    /// Effects that are still to be done.
    pub(super) pending: u64,
}

impl Truth {
    /// Adds another shop's.
    pub(super) fn add(&mut self, other: Truth) {
        self.events += other.events;
        self.orders += other.orders;
        self.orders_paid += other.orders_paid;
        self.pieces_on_hand += other.pieces_on_hand;
        self.pieces_held += other.pieces_held;
        self.skus += other.skus;
        self.slots_held += other.slots_held;
        self.slots_sold += other.slots_sold;
        self.pending += other.pending;
    }
}

/// Reads it through the API.
pub(super) async fn read(client: &Client, shape: &Shape) -> Result<Truth, BenchError> {
    let because = |error: ClientError| BenchError(format!("read the results back: {error}"));
    let mut truth = Truth {
        events: client
            .count("/v1/events", &mut |_| ())
            .await
            .map_err(because)?,
        ..Truth::default()
    };
    let mut paid = 0;
    let mut count_paid = |order: &Value| {
        // Its receipt may have completed it.
        paid += u64::from(order["status"] == "paid" || order["status"] == "completed");
    };
    truth.orders = client
        .count("/v1/orders", &mut count_paid)
        .await
        .map_err(because)?;
    truth.orders_paid = paid;
    for stock in client.list("/v1/stock").await.map_err(because)? {
        truth.skus += 1;
        truth.pieces_on_hand += stock["on_hand"].as_i64().unwrap_or(0);
        truth.pieces_held += stock["held"].as_i64().unwrap_or(0);
    }
    if shape.pending > 0 {
        truth.pending = client
            .count("/v1/effects?kind=forward&state=pending", &mut |_| ())
            .await
            .map_err(because)?;
    }
    let calendars: Vec<String> = match shape.name {
        Name::Ingest
        | Name::Duplicates
        | Name::HotSku
        | Name::Effects
        | Name::Flood
        | Name::Server => Vec::new(),
        Name::HotSlot => vec![HOT.to_owned()],
        Name::Apply | Name::Orders | Name::Early => (0..CALENDARS).map(calendar).collect(),
    };
    for name in calendars {
        let slots = client
            .list(&format!("/v1/calendars/{name}/slots"))
            .await
            .map_err(because)?;
        for slot in slots {
            truth.slots_held += slot["held"].as_i64().unwrap_or(0);
            truth.slots_sold += slot["sold"].as_i64().unwrap_or(0);
        }
    }
    Ok(truth)
}

/// One figure that must be another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) what: &'static str,
    pub(super) found: i64,
    pub(super) wanted: i64,
}

/// Lays what was answered beside what is kept.
pub(super) fn checks(shape: &Shape, ledger: &Ledger, truth: &Truth) -> Vec<Check> {
    let check = |what, found: i64, wanted: i64| Check {
        what,
        found,
        wanted,
    };
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let orders = count(ledger.prepared + ledger.created);
    let applied = count(ledger.applied);
    let mut checks = vec![
        check("events stored", count(truth.events), count(ledger.events)),
        check("orders stored", count(truth.orders), orders),
        check("orders paid", count(truth.orders_paid), applied),
    ];
    if shape.pending > 0 {
        checks.push(check(
            "effects pending",
            count(truth.pending),
            count(shape.pending),
        ));
    }
    match shape.name {
        Name::Ingest | Name::Duplicates | Name::Effects | Name::Flood | Name::Server => {}
        Name::Apply | Name::Orders | Name::Early => checks.extend([
            check("pieces held", truth.pieces_held, 2 * (orders - applied)),
            check(
                "pieces sold",
                truth.skus * PLENTY - truth.pieces_on_hand,
                2 * applied,
            ),
            check("bookings held", truth.slots_held, orders - applied),
            check("bookings sold", truth.slots_sold, applied),
        ]),
        Name::HotSlot => checks.push(check("bookings held", truth.slots_held, orders)),
        Name::HotSku => checks.push(check("pieces held", truth.pieces_held, orders)),
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::super::webhook::Provider;
    use super::*;
    use crate::load::Door;

    fn shape(name: Name) -> Shape {
        Shape {
            name,
            seconds: 1,
            connections: 1,
            calls_per_connection: 1,
            rate: None,
            sold_out: false,
            pending: 0,
            provider: Provider::Hmac,
            door: Door::Rest,
        }
    }

    fn wrong(name: Name, ledger: &Ledger, truth: &Truth) -> Vec<&'static str> {
        let checks = checks(&shape(name), ledger, truth);
        checks
            .iter()
            .filter(|c| c.found != c.wanted)
            .map(|c| c.what)
            .collect()
    }

    #[test]
    fn a_lost_event_an_oversold_piece_and_a_forgotten_hold_are_found() {
        let ledger = Ledger {
            used: 10,
            prepared: 10,
            events: 6,
            applied: 6,
            ..Ledger::default()
        };
        let good = Truth {
            events: 6,
            orders: 10,
            orders_paid: 6,
            skus: 2,
            pieces_on_hand: 2 * PLENTY - 12,
            pieces_held: 8,
            slots_held: 4,
            slots_sold: 6,
            pending: 0,
        };
        assert_eq!(wrong(Name::Apply, &ledger, &good), [] as [&str; 0]);
        let lost = Truth { events: 5, ..good };
        assert_eq!(wrong(Name::Apply, &ledger, &lost), ["events stored"]);
        let held = Truth {
            pieces_held: 9,
            ..good
        };
        assert_eq!(wrong(Name::Apply, &ledger, &held), ["pieces held"]);
        let sold_twice = Truth {
            pieces_on_hand: 2 * PLENTY - 13,
            ..good
        };
        assert_eq!(wrong(Name::Apply, &ledger, &sold_twice), ["pieces sold"]);
        let unpaid = Truth {
            orders_paid: 5,
            slots_sold: 5,
            ..good
        };
        assert_eq!(
            wrong(Name::Apply, &ledger, &unpaid),
            ["orders paid", "bookings sold"]
        );
        let beside = Shape {
            pending: 9,
            ..shape(Name::Apply)
        };
        let done = checks(&beside, &ledger, &good);
        assert!(
            done.iter()
                .any(|check| check.what == "effects pending" && check.found != check.wanted)
        );
    }
}
