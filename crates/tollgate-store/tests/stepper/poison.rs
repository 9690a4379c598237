//! Commands that cannot be decided and rows that cannot be written, a month that is missing, and a shop
//! that somebody keeps: each alone, its neighbours not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core::command::Action;
use tollgate_core::decision::{Change, Outcome, Verdict};
use tollgate_core::id::ShopId;
use tollgate_core::time::Span;
use tollgate_store::{Options, Reply, Submission, SubmitError};

use crate::lane::{Answers, Lane};
use crate::server::{Session, database};
use crate::shops::Shops;
use crate::table::LATER;
use crate::words::{TRUSTED, event};
use crate::words::{create, order, root_id_at, stock, take_at};
use crate::world::{TestClock, submission};

fn in_shop(shop: u32, action: Action) -> Submission {
    let mut submission = submission(action);
    submission.command.shop = ShopId(shop);
    submission
}

/// A lane, and three shops that are filled.
fn open(name: &str, change: impl FnOnce(&mut Options)) -> (Lane, Session, TestClock) {
    let url = database(name);
    let clock = TestClock::new();
    let lane = Lane::open(&url, "gate-1", &clock, change);
    let session = Session::open(&url);
    Shops::new(&lane, &session).fill(&session, 2);
    clock.advance(LATER);
    (lane, session, clock)
}

fn assert_only_refused(answers: &Answers, refused: usize, with: &SubmitError) {
    for (place, answer) in answers.iter().enumerate() {
        if place == refused {
            assert_eq!(answer.as_ref(), Err(with), "at {place}");
        } else {
            let decided = matches!(
                answer,
                Ok(Reply::Decided { outcome, .. }) if !matches!(outcome, Outcome::Refused(_))
            );
            assert!(decided, "at {place}: {answer:?}");
        }
    }
}

/// Seven orders with new codes and numbers, or what a test wants instead at one place.
fn orders_but(from: u64, place: usize, instead: Action) -> Vec<Submission> {
    let mut commands: Vec<Submission> = (from..from + 7)
        .map(|number| submission(create(order(number, &format!("N{number}")))))
        .collect();
    commands[place] = submission(instead);
    commands
}

#[test]
fn a_command_that_panics_is_quarantined_and_its_neighbours_are_committed() {
    let (lane, session, _clock) = open("panics", |options| {
        options.decide = Arc::new(|now, rules, command, known| {
            if let Action::TakeEvent(take) = &command.action {
                assert_ne!(take.event.key, "boom");
            }
            tollgate_core::decide::decide(now, rules, command, known)
        });
    });
    let boom = take_at(
        crate::world::START,
        90,
        event("boom", &["R1"], "paid 100"),
        TRUSTED,
    );
    let answers = lane.decide(orders_but(100, 3, boom));
    assert_only_refused(&answers, 3, &SubmitError::Quarantined);
    let figures = lane.store.figures();
    assert_eq!([figures.quarantined, figures.halved], [1, 0]);
    let dead = "select count(*) from events where state = 'dead'";
    assert_eq!(session.text(dead), "1");
}

/// What the server refuses, whichever way: by a CHECK, in a look-up already, or because it is too long
/// for an index. All of a batch travels together, so that what follows the refused statement fails too.
#[test]
fn a_row_that_cannot_be_written_goes_alone() {
    let (lane, session, _clock) = open("poison", |options| {
        options.decide = Arc::new(|now, rules, command, known| {
            let mut verdict = tollgate_core::decide::decide(now, rules, command, known);
            if let Verdict::Decided(decision) = &mut verdict {
                for change in &mut decision.changes {
                    if let Change::Stock(stock) = change
                        && stock.sku == "POISON"
                    {
                        stock.held = stock.on_hand + 1;
                    }
                }
            }
            verdict
        });
        // As in production: a statement does not wait for the one before it.
        options.pause = None;
    });
    // Bytes that no compression makes short.
    let long: String = (0..600_u64)
        .map(|n| format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    let poisons = [
        stock("POISON", 1),
        stock("N\0L", 1),
        create(order(9000, &long)),
    ];
    let mut from = 1000;
    for poison in poisons {
        for place in 0..7 {
            let before = lane.store.figures();
            let answers = lane.decide(orders_but(from, place, poison.clone()));
            assert_only_refused(&answers, place, &SubmitError::Quarantined);
            let after = lane.store.figures();
            let halved = after.halved - before.halved;
            assert!((2..=3).contains(&halved), "halved {halved} times");
            assert_eq!(after.quarantined - before.quarantined, 1);
            from += 7;
        }
    }
    let orders = "select count(*) from codes where code like 'N%'";
    assert_eq!(session.text(orders), (3 * 7 * 6).to_string());
    assert_eq!(lane.store.figures().reconnects, 0);
}

/// The month of an order that is made after the server was away from its maintenance for long.
#[test]
fn a_month_that_is_missing_is_made_and_the_batch_decided_once() {
    let (lane, session, clock) = open("month", |_| {});
    clock.advance(Span::hours(24 * 200));
    let late = create(tollgate_core::command::CreateOrder {
        fresh: root_id_at(clock.now(), 1),
        ..order(1, "LATE")
    });
    let mut keyed = submission(late);
    keyed.idempotency = Some(tollgate_core::idempotency::Idempotency {
        shop: keyed.command.shop,
        operation: "POST /v1/orders",
        key: "late".to_owned(),
        fingerprint: [1; 32],
    });
    keyed.render = Some(Arc::new(|_| tollgate_store::Answer {
        code: 201,
        body: Vec::new(),
    }));
    let mut commands = orders_but(100, 3, stock("Z", 1));
    commands.push(keyed.clone());
    let answers = lane.decide(commands);
    assert_only_refused(&answers, 99, &SubmitError::Quarantined);
    let figures = lane.store.figures();
    assert_eq!(
        [figures.months_missed, figures.halved, figures.quarantined],
        [1, 0, 0]
    );
    let orders = "select count(*) from codes where code like 'N%' or code = 'LATE'";
    assert_eq!(session.text(orders), "7");
    let again = lane.decide(vec![keyed]).remove(0);
    assert!(matches!(again, Ok(Reply::Replayed(_))), "{again:?}");
}

/// A head that is kept locked holds up the commands of its shop and no other's, and not for ever.
#[test]
fn a_shop_that_somebody_keeps_holds_up_no_other() {
    let (lane, session, _clock) = open("kept", |options| options.pause = None);
    let adjust = |shop: u32| {
        let action = Action::AdjustStock {
            sku: "A".to_owned(),
            delta: 1,
            reason: "found".to_owned(),
        };
        in_shop(shop, action)
    };
    let keep = "begin; select position from shop_heads where shop_id = 2 for update";
    session.script(keep);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let since = Instant::now();
        let kept = lane.store.submit(adjust(2));
        let others = async {
            let mut count = 0;
            while since.elapsed() < Duration::from_secs(3) {
                let began = Instant::now();
                let reply = lane.store.submit(adjust(3)).await;
                assert!(reply.is_ok(), "{reply:?}");
                let took = began.elapsed();
                assert!(took < Duration::from_millis(1500), "it took {took:?}");
                count += 1;
            }
            count
        };
        let (kept, others) = tokio::join!(kept, others);
        let waited = since.elapsed();
        let refused = matches!(kept, Err(SubmitError::Unavailable { .. }));
        assert!(refused, "{kept:?}");
        assert!(
            (Duration::from_secs(4)..Duration::from_secs(6)).contains(&waited),
            "{waited:?}"
        );
        assert!(2 < others, "{others} others");
    });
    session.script("rollback");
    let reply = lane.decide(vec![adjust(2)]).remove(0);
    assert!(reply.is_ok(), "{reply:?}");
    assert_eq!(
        session.text("select on_hand from stock where shop_id = 2 and sku = 'A'"),
        "6"
    );
    let figures = lane.store.figures();
    assert_eq!(
        [figures.halved, figures.quarantined, figures.reconnects],
        [0; 3]
    );
}
