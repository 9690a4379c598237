//! Batches of several shops on several Gates: whatever the order of their steps, none waits in a
//! circle, everybody comes to an end, and every shop is written to by one after the other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tollgate_core::command::Action;
use tollgate_core::id::ShopId;
use tollgate_store::Submission;

use crate::lane::{Lane, Standing, said};
use crate::server::{Session, database};
use crate::shops::Shops;
use crate::words::{create, order_of, paid_by};
use crate::world::{TestClock, submission};

/// The shops that each Gate's batch names, of four. Two name all of them, so that both may wait for
/// what the other one waits for.
const SHOPS: [&[usize]; 3] = [&[0, 1, 2, 3], &[3, 2, 1, 0], &[2, 0, 3]];

/// How many orders of steps are tried.
const SEEDS: u64 = 150;

/// Beyond what a Gate waits before it loses patience.
const IMPATIENT: Duration = Duration::from_millis(110);

/// What a Gate asks of a shop: all three want the code, and two of three units.
fn command(gate: usize, shop: u32) -> Submission {
    let number = 200 + gate as u64;
    let mut submission = submission(create(paid_by(
        order_of(number, "SHARED", "A", 2),
        &format!("RS{gate}"),
    )));
    submission.command.shop = ShopId(shop);
    submission
}

fn commands(gate: usize, from: u32) -> Vec<Submission> {
    let shops = SHOPS[gate].iter();
    shops
        .map(|shop| command(gate, from + u32::try_from(*shop).expect("a small number")))
        .collect()
}

/// Every order in which three can come.
const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

/// The next number of a sequence without a pattern.
fn draw(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 40).expect("24 bits")
}

#[test]
fn three_gates_that_share_shops_never_wait_in_a_circle() {
    let url = database("circle");
    let clock = TestClock::new();
    let lanes = ["gate-1", "gate-2", "gate-3"].map(|name| Lane::open(&url, name, &clock, |_| {}));
    let session = Session::open(&url);
    let mut shops = Shops::new(&lanes[0], &session);

    // What a shop comes to, by who wrote to it in which order, and what they were answered.
    let mut serial: Vec<BTreeMap<usize, (String, [String; 3])>> = vec![BTreeMap::new(); 4];
    for (number, order) in ORDERS.iter().enumerate() {
        let filled = shops.fill(&session, 4);
        let mut answers: [Vec<String>; 3] = Default::default();
        for gate in order {
            answers[*gate] = said(&lanes[*gate].decide(commands(*gate, *filled.start())));
        }
        let sums = shops.sums(&session, &filled);
        for (shop, sum) in sums.values().enumerate() {
            let answers_here = [0, 1, 2].map(|gate| answer_in(&answers, gate, shop));
            serial[shop].insert(number, (sum.clone(), answers_here));
        }
    }

    let mut longest = 0;
    let mut waits_at: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..SEEDS {
        let filled = shops.fill(&session, 4);
        let from = *filled.start();
        let mut random = seed;
        let since = Instant::now();
        for (gate, lane) in lanes.iter().enumerate() {
            lane.submit(commands(gate, from));
        }
        let mut steps = 0;
        loop {
            let stands = [0, 1, 2].map(|gate: usize| lanes[gate].stands(&session));
            let can_go: Vec<usize> = (0..3)
                .filter(|gate| matches!(stands[*gate], Standing::At(_)))
                .collect();
            if stands == [Standing::Done; 3] {
                break;
            }
            if can_go.is_empty() {
                // One that waited may have gone on while the others were looked at.
                let again = [0, 1, 2].map(|gate: usize| lanes[gate].stands(&session));
                let all_wait = again
                    .iter()
                    .all(|stands| matches!(stands, Standing::Waits | Standing::Done));
                let some_waits = again.contains(&Standing::Waits);
                assert!(
                    !(all_wait && some_waits && again == stands),
                    "seed {seed}: {stands:?}"
                );
                continue;
            }
            for (lane, stands) in lanes.iter().zip(stands) {
                if stands == Standing::Waits {
                    *waits_at
                        .entry(lane.words().pop().unwrap_or_default())
                        .or_default() += 1;
                }
            }
            let goes = can_go[draw(&mut random) % can_go.len()];
            if seed % 10 == 0 && stands[goes] == Standing::At("commit") {
                // What this batch has left out is old enough then for its Gate to lose patience.
                std::thread::sleep(IMPATIENT.saturating_sub(since.elapsed()));
            }
            lanes[goes].allow(1);
            steps += 1;
            assert!(
                steps < 500,
                "seed {seed}: somebody gets nowhere: {stands:?}"
            );
        }
        longest = longest.max(steps);
        let answers = [0, 1, 2].map(|gate: usize| said(&lanes[gate].finish()));
        for (shop, sum) in shops.sums(&session, &filled).into_values().enumerate() {
            let here = (sum, [0, 1, 2].map(|gate| answer_in(&answers, gate, shop)));
            let is_serial = serial[shop].values().any(|end| *end == here);
            assert!(is_serial, "seed {seed}, shop {shop}: {here:?}");
        }
    }
    for lane in &lanes {
        lane.assert_untroubled();
        assert_eq!(lane.store.figures().conflicts, 0);
        lane.store.close();
    }
    eprintln!("{SEEDS} orders of steps, the longest of {longest}; waited before {waits_at:?}");
    // Waiting for all of them from the start, and for all where none was free.
    assert!(
        waits_at.contains_key("begin") && waits_at.contains_key("wait"),
        "{waits_at:?}"
    );
    assert_eq!(session.deadlocks(), "0");
}

/// What a Gate was answered about a shop; nothing if its batch does not name it.
fn answer_in(answers: &[Vec<String>; 3], gate: usize, shop: usize) -> String {
    let place = SHOPS[gate].iter().position(|named| *named == shop);
    place.map_or_else(String::new, |place| answers[gate][place].clone())
}

/// Nothing is held up: three Gates send batches of all shops for a while, and one of them waits for what
/// the others never let lie.
#[test]
fn no_one_starves_among_gates_that_are_always_busy() {
    let url = database("busy");
    let clock = TestClock::new();
    let lanes = ["gate-1", "gate-2", "gate-3"]
        .map(|name| Lane::open(&url, name, &clock, |options| options.pause = None));
    let session = Session::open(&url);
    let mut shops = Shops::new(&lanes[0], &session);
    let filled = shops.fill(&session, 4);
    let adjust = |shop: u32| {
        let mut submission = submission(Action::AdjustStock {
            sku: "A".to_owned(),
            delta: 1,
            reason: "found".to_owned(),
        });
        submission.command.shop = ShopId(shop);
        submission
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let since = Instant::now();
    let of_gate = async |gate: usize| {
        let mut sent = 0_u64;
        let mut slowest = Duration::ZERO;
        while since.elapsed() < Duration::from_secs(3) {
            // One wants all of them, the others turn the order about.
            let mut wanted: Vec<u32> = filled.clone().collect();
            if 0 < gate {
                wanted.rotate_left(gate);
                wanted.pop();
            }
            let began = Instant::now();
            let count = wanted.len() as u64;
            let answers = lanes[gate]
                .store
                .submit_all(wanted.into_iter().map(adjust).collect())
                .await;
            for answer in answers {
                assert!(answer.is_ok(), "{answer:?}");
            }
            slowest = slowest.max(began.elapsed());
            sent += count;
        }
        (sent, slowest)
    };
    let ends = runtime.block_on(async {
        let (one, two, three) = tokio::join!(of_gate(0), of_gate(1), of_gate(2));
        [one, two, three]
    });
    eprintln!("sent and slowest: {ends:?}");
    for (_, slowest) in ends {
        assert!(slowest < Duration::from_millis(2500), "{ends:?}");
    }
    let sent: u64 = ends.iter().map(|(sent, _)| sent).sum();
    let found = session.text(&format!(
        "select sum(on_hand - 5) from stock where sku = 'A' and shop_id between {} and {}",
        filled.start(),
        filled.end()
    ));
    assert_eq!(found, sent.to_string());
    for lane in &lanes {
        lane.assert_untroubled();
        assert_eq!(lane.store.figures().conflicts, 0);
        lane.store.close();
    }
    assert_eq!(session.deadlocks(), "0");
}
