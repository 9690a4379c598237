//! Connections that are cut before each round trip of a batch: all of it is decided, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tollgate_store::Submission;

use crate::lane::{Lane, Standing, said};
use crate::server::{Session, database};
use crate::shops::Shops;
use crate::table::{LATER, TABLE, in_shop};
use crate::world::TestClock;

/// Every command of the table, each in a shop of its own; the shops begin here.
pub(crate) fn all_commands(from: u32) -> Vec<Submission> {
    let shops = from..;
    TABLE
        .iter()
        .zip(shops)
        .map(|(entry, shop)| in_shop(entry, shop))
        .collect()
}

#[test]
fn a_batch_whose_connection_is_cut_before_any_journey_is_decided_once() {
    let url = database("cut");
    let clock = TestClock::new();
    let lane = Lane::open(&url, "gate-1", &clock, |_| {});
    let session = Arc::new(Session::open(&url));
    let mut shops = Shops::new(&lane, &session);
    clock.advance(LATER);

    let alone = shops.fill(&session, TABLE.len());
    let expected = said(&lane.decide(all_commands(*alone.start())));
    let round_trips = lane.words().len();
    assert_eq!(lane.words().last(), Some(&"commit"));
    let rows = shops.sums(&session, &alone);
    for cut_before in 0..round_trips {
        let filled = shops.fill(&session, TABLE.len());
        let cut = Arc::clone(&session);
        lane.act(Some(Arc::new(move |number, _| {
            if number == cut_before {
                cut.cut("gate-1");
            }
        })));
        let before = lane.store.figures();
        let answers = said(&lane.decide(all_commands(*filled.start())));
        let after = lane.store.figures();
        assert_eq!(answers, expected, "cut before pipeline {cut_before}");
        assert!(
            shops.sums(&session, &filled).values().eq(rows.values()),
            "cut before round trip {cut_before} of {round_trips}"
        );
        assert_eq!(
            [
                after.reconnects - before.reconnects,
                after.batches - before.batches
            ],
            [1, 1]
        );
        assert_eq!(
            [
                after.unavailable,
                after.in_doubt,
                after.halved,
                after.quarantined
            ],
            [0; 4]
        );
    }
}

/// The one that waits goes first then.
#[test]
fn what_waits_for_a_batch_whose_connection_is_cut_goes_first() {
    let url = database("cut_between");
    let clock = TestClock::new();
    let lanes = ["gate-1", "gate-2"].map(|name| Lane::open(&url, name, &clock, |_| {}));
    let [first, second] = &lanes;
    let session = Session::open(&url);
    let mut shops = Shops::new(first, &session);
    clock.advance(LATER);
    // Each command with itself and with three others.
    let pairs: Vec<(usize, usize)> = [0, 1, 7, 20]
        .into_iter()
        .flat_map(|by| (0..TABLE.len()).map(move |one| (one, (one + by) % TABLE.len())))
        .collect();
    let commands = |place: usize, from: u32| -> Vec<Submission> {
        let with_shops = pairs.iter().zip(from..);
        with_shops
            .map(|((one, other), shop)| in_shop(&TABLE[[*one, *other][place]], shop))
            .collect()
    };

    let alone = shops.fill(&session, pairs.len());
    let seconds = said(&second.decide(commands(1, *alone.start())));
    let firsts = said(&first.decide(commands(0, *alone.start())));
    let rows = shops.sums(&session, &alone);
    let mut after = 1;
    loop {
        let filled = shops.fill(&session, pairs.len());
        first.submit(commands(0, *filled.start()));
        first.allow(after);
        if first.stands(&session) == Standing::Done {
            break;
        }
        second.submit(commands(1, *filled.start()));
        second.release();
        assert_eq!(second.stands(&session), Standing::Waits);
        session.cut("gate-1");
        assert_eq!(said(&second.finish()), seconds, "cut after {after}");
        first.release();
        assert_eq!(said(&first.finish()), firsts, "cut after {after}");
        let same = shops.sums(&session, &filled).values().eq(rows.values());
        assert!(same, "cut after {after} round trips");
        after += 1;
    }
    assert!(8 < after, "{after} round trips are too few");
    for lane in &lanes {
        let figures = lane.store.figures();
        assert_eq!(
            [
                figures.unavailable,
                figures.in_doubt,
                figures.halved,
                figures.conflicts
            ],
            [0; 4]
        );
    }
}

/// No caller is answered that nothing was stored when the server is gone for good only after its COMMIT.
#[test]
fn a_server_that_is_gone_takes_nothing_and_says_so() {
    let url = database("gone");
    let proxy = crate::proxy::Proxy::to(&url);
    let clock = TestClock::new();
    let lane = Lane::open(&proxy.url(&url), "gate-1", &clock, |_| {});
    let session = Session::open(&url);
    let mut shops = Shops::new(&lane, &session);
    let filled = shops.fill(&session, TABLE.len());
    let rows = shops.sums(&session, &filled);
    let gone = Arc::new(AtomicBool::new(false));
    let (noted, broken) = (Arc::clone(&gone), proxy.clone());
    lane.act(Some(Arc::new(move |_, word| {
        if word == "write" && !noted.swap(true, Ordering::SeqCst) {
            broken.set(crate::proxy::Fault::Refuse);
        }
    })));
    for answer in lane.decide(all_commands(*filled.start())) {
        assert!(
            matches!(answer, Err(tollgate_store::SubmitError::Unavailable { .. })),
            "{answer:?}"
        );
    }
    assert_eq!(shops.sums(&session, &filled), rows);
    proxy.set(crate::proxy::Fault::None);
    // The server is dialled again after a pause of up to a second.
    let since = std::time::Instant::now();
    let answers = loop {
        let answers = lane.decide(all_commands(*filled.start()));
        let is_away = answers
            .iter()
            .all(|answer| matches!(answer, Err(tollgate_store::SubmitError::Unavailable { .. })));
        if !is_away || std::time::Duration::from_secs(30) < since.elapsed() {
            break answers;
        }
    };
    for answer in answers {
        assert!(answer.is_ok(), "{answer:?}");
    }
}
