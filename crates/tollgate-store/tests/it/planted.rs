//! A table of everything that somebody may change by hand, row by row and member by member: `verify` finds each, and
//! says where it is.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tollgate_core::alert::AlertRule;
use tollgate_core::command::{Action, CreateOrder, RefundPayment};
use tollgate_core::id::{DeliveryId, HoldId, PaymentId};
use tollgate_core::order::Customer;
use tollgate_core::time::Span;
use tollgate_store::{Level, Place, Rejected, Store};

use crate::access::{key, record, session, user};
use crate::alerts::watch;
use crate::idempotency::keyed;
use crate::planted_rows::PLANTED;
use crate::rows;
use crate::verify::{found, small_world};
use crate::words::{
    DOUBTED, create, error, event, hear, hold, order, order_of, paid_by, root_id, root_id_at,
    take_at,
};
use crate::world::{SHOP, START, World, outcome, place};

/// Everything that is kept, at least once: what the small world has, and besides a customer who is searched for, a
/// question, refunds, a cart that became an order, answers, records, people, alerts and errors.
async fn everything() -> World {
    let world = small_world().await;
    world
        .act(create(CreateOrder {
            customer: Customer {
                name: Some("Dewi Lestari".to_owned()),
                email: Some("dewi@example.com".to_owned()),
                ..Customer::default()
            },
            ..paid_by(order_of(20, "ASKED", "A", 1), "R20")
        }))
        .await;
    let doubted = event("e-20", &["R20"], "paid 100");
    world.act(take_at(START, 21, doubted, DOUBTED)).await;
    for (number, code, reference, recorded) in
        [(22, "GIVES", "R22", false), (24, "GAVE", "R24", true)]
    {
        world
            .act(create(paid_by(order_of(number, code, "A", 2), reference)))
            .await;
        let key = format!("e-{number}");
        world
            .act(hear(number + 1, &key, reference, "paid 200"))
            .await;
        world
            .act(Action::RefundPayment(RefundPayment {
                payment: PaymentId::on(root_id(number), 1),
                minor: 40,
                reason: "late".to_owned(),
                restock: vec![("A".to_owned(), 1)],
                release_slot: false,
                recorded,
            }))
            .await;
    }
    world.act(hold(30, "A", 2)).await;
    world
        .act(create(CreateOrder {
            take_over: Some(HoldId::on(root_id(30), 0)),
            ..order_of(31, "CART", "A", 2)
        }))
        .await;
    world.act(create(paid_by(order(32, "HALF"), "R32"))).await;
    world.act(hear(33, "e-33", "R32", "paid 40")).await;
    world.act(create(paid_by(order(34, "ENDED"), "R34"))).await;
    world.act(hear(35, "e-35", "R34", "expire")).await;
    world
        .act(Action::CancelOrder(crate::words::by_code("ENDED")))
        .await;
    let rendered = Arc::new(AtomicU64::new(0));
    let kept = keyed(create(order(36, "KEPT")), "key-36", 7, &rendered);
    assert!(world.store.submit(kept).await.is_ok());
    let store = &world.store;
    store
        .create_key(key(40), record("create_key", "key_40"))
        .await
        .expect("it is kept");
    assert_eq!(
        store.create_user(user(41, "dewi@example.com"), None).await,
        Ok(true)
    );
    assert_eq!(
        store.begin_session(session(41, 9, START), None).await,
        Ok(true)
    );
    world
        .act(watch(AlertRule::SourceSilent, "bank", Some("silent"), &[]))
        .await;
    let rows = vec![error(SHOP, START, 1, 2), error(SHOP, START, 2, 3)];
    store.keep_errors(SHOP, rows).await.expect("they are kept");
    store.keep_rejected(Rejected {
        shop: SHOP,
        delivery: DeliveryId::on(root_id(42), 0),
        source: "bank".to_owned(),
        at: START,
        code: "signature_invalid".to_owned(),
        detail: "not ours".to_owned(),
        peer: None,
        headers: "[]".to_owned(),
        body: vec![1],
    });
    // Two quarters of an hour later there are figures that all lines of the feed are there for.
    world.pass(Span::minutes(31)).await;
    let later = create(CreateOrder {
        fresh: root_id_at(world.clock.now(), 43),
        ..order(43, "LATER")
    });
    outcome(world.store.submit(crate::world::submission(later)).await);
    world.pass(Span::minutes(16)).await;
    world
}

/// A row of the table.
type Planted = (&'static str, &'static str, &'static str, &'static str);

/// The statement as a database says it: bytes are written alike in the table, as SQLite has them.
fn portable(statement: &str, place: &Place) -> String {
    match place {
        Place::File(_) | Place::Memory => statement.to_owned(),
        Place::Server(_) => {
            let mut text = String::new();
            let mut rest = statement;
            while let Some((before, after)) = rest.split_once("X'") {
                // A text may end in this letter.
                if !before.ends_with([' ', '(', '=']) {
                    text.push_str(&format!("{before}X'"));
                    rest = after;
                    continue;
                }
                let (bytes, behind) = after.split_once('\'').expect("bytes are closed");
                text.push_str(&format!("{before}decode('{bytes}', 'hex')"));
                rest = behind;
            }
            text + rest
        }
    }
}

/// Lets a database keep what its constraints would refuse; a file is told so in `rows::run`.
fn let_it_be(place: &Place) {
    if let Place::Server(_) = place {
        rows::run(
            place,
            "alter table stock drop constraint stock_never_oversold;
             alter table slots drop constraint slot_never_overbooked;
             alter table users drop constraint users_id_length",
        );
    }
}

/// Of how many rows one is planted on a server, where a copy takes a moment: every one only where this is said.
const ALL: &str = "TOLLGATE_TEST_ALL_PLANTED";
const ONE_OF: usize = 6;

/// Plants every row of a part of the table, each in a copy of its own.
async fn plant(part: impl Iterator<Item = &'static Planted>) {
    let world = everything().await;
    let now = world.clock.now();
    let shut = world.shut();
    let healthy = Store::verify_at(&shut.options.place, now).expect("it reads");
    assert_eq!(found(&healthy), [""; 0]);
    let mut missed = Vec::new();
    let is_some = matches!(shut.options.place, Place::Server(_)) && std::env::var_os(ALL).is_none();
    let part = part.step_by(if is_some { ONE_OF } else { 1 });
    for (what, statement, check, names) in part {
        let copy = shut.database.copy();
        let at = place(&copy.name());
        let_it_be(&at);
        rows::run(&at, &portable(statement, &at));
        let report = Store::verify_at(&at, now).expect("it reads");
        let seen = report.check(check).expect("it is an invariant");
        let is_named = seen.seen.iter().any(|line| line.contains(names));
        if seen.level == Level::Ok || !is_named || seen.fix.is_empty() {
            missed.push(format!("{what}: {:#?}", found(&report)));
        }
    }
    assert_eq!(missed, [""; 0]);
}

#[tokio::test]
async fn what_is_changed_of_orders_and_money_is_found() {
    plant(PLANTED.iter().step_by(3)).await;
}

#[tokio::test]
async fn what_is_changed_of_events_and_effects_is_found() {
    plant(PLANTED.iter().skip(1).step_by(3)).await;
}

#[tokio::test]
async fn what_is_changed_of_all_else_is_found() {
    plant(PLANTED.iter().skip(2).step_by(3)).await;
}

/// The page for operators has every check, and the table at least one row for each that rows can be planted for.
#[tokio::test]
async fn every_check_is_told_of_to_operators() {
    let world = World::new();
    let report = world.store.verify().await.expect("it reads");
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operating.md");
    let page = std::fs::read_to_string(page).expect("it is there");
    for check in &report.checks {
        assert!(
            page.contains(&format!("`{}`", check.name)),
            "{}",
            check.name
        );
    }
}

#[test]
fn each_row_is_named_once() {
    let names: std::collections::BTreeSet<&str> = PLANTED.iter().map(|(what, ..)| *what).collect();
    assert_eq!(names.len(), PLANTED.len());
    assert!(62 <= PLANTED.len(), "{}", PLANTED.len());
}
