//! Several Gates fight for one slot. It is never overbooked and everybody comes to an end, however
//! transactions are kept apart; and it reports how many tries were in vain.

use futures_util::future::join_all;
use tollgate_core::decision::Outcome;
use tollgate_store::{Isolation, Place, Store, SubmitError};

use crate::rows;
use crate::words::{calendar, create, in_slot, order, paid_by, put_calendar, slots};
use crate::world::{World, isolation, outcome, server, submission};

/// Orders of each Gate, and those that the slot has room for in all.
const ORDERS: u64 = 96;
const CAPACITY: i64 = 100;

/// Commands of one batch: so few that the Gates meet often.
const BATCH_MAX: usize = 8;

/// How often an order is tried that could not be decided.
const TRIES_MAX: u32 = 200;

/// What a Gate's orders came to.
#[derive(Default)]
struct Came {
    booked: usize,
    /// Commands whose batch was given up; nothing of it was stored.
    given_up: u64,
}

async fn book(store: &Store, number: u64) -> Came {
    let mut came = Came::default();
    let wish = in_slot(
        paid_by(order(number, &format!("C{number}")), &format!("R{number}")),
        "van",
    );
    for _ in 0..TRIES_MAX {
        match store.submit(submission(create(wish.clone()))).await {
            Err(SubmitError::Unavailable { .. }) => came.given_up += 1,
            reply => {
                came.booked = usize::from(matches!(outcome(reply), Outcome::Root(_)));
                return came;
            }
        }
    }
    panic!("order {number} was never decided about");
}

#[tokio::test(flavor = "multi_thread")]
async fn gates_that_fight_for_one_slot_never_overbook_it() {
    let world = World::with(|options| options.limits.batch_commands_max = BATCH_MAX);
    let room = put_calendar(calendar("van", CAPACITY), slots(1..2));
    world.act(room).await;
    // A file has one.
    let gates = if server().is_some() { 4 } else { 1 };
    let mut stores = vec![world.store.clone()];
    while stores.len() < gates {
        stores.push(Store::open(world.options.clone()).expect("one more instance"));
    }
    let orders = stores.iter().zip(0..).flat_map(|(store, gate)| {
        (0..ORDERS).map(move |number| book(store, 1000 * (gate + 1) + number))
    });
    let came = join_all(orders).await;
    let booked: usize = came.iter().map(|came| came.booked).sum();
    let wanted = (ORDERS as usize * gates).min(CAPACITY as usize);
    assert_eq!(booked, wanted);
    let held = rows::text(&world.options.place, "select cast(held as text) from slots");
    assert_eq!(held, Some(wanted.to_string()));

    let (mut tries, mut conflicts) = (0, 0);
    for store in &stores {
        let figures = store.figures();
        tries += figures.tries;
        conflicts += figures.conflicts;
    }
    let given_up: u64 = came.iter().map(|came| came.given_up).sum();
    let how = match (&world.options.place, isolation()) {
        (Place::Server(_), Isolation::Serializable) => "serializable",
        (Place::Server(_), Isolation::ReadCommitted) => "read committed",
        (Place::File(_) | Place::Memory, _) => "a file",
    };
    eprintln!(
        "{how}, {gates} Gates on one slot: {tries} tries, {conflicts} in vain ({:.0} %), {given_up} \
         commands given up and sent again",
        100.0 * conflicts as f64 / tries as f64
    );
    match how {
        "serializable" => assert!(0 < conflicts, "they have met"),
        _ => assert_eq!(conflicts, 0, "a batch that waits for a lock meets no other"),
    }
    for store in stores.into_iter().skip(1) {
        store.close();
    }
    let report = world.store.verify().await.expect("it reads");
    assert_eq!(report.worst(), tollgate_store::Level::Ok, "{report:#?}");
}
