//! Commands that cannot be decided, and rows that cannot be written: each alone, its neighbours not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tollgate_core::command::{Action, Command};
use tollgate_core::decision::{Change, Outcome, Verdict};
use tollgate_core::id::EventId;
use tollgate_core::snapshot::{EventOutcome, EventState, Known, Snapshot, StoredEvent};
use tollgate_core::time::Span;
use tollgate_store::{EventFilter, Seek, Submission, SubmitError};

use crate::words::{create, event_id, hear, hold, order, paid_by, register_alone, root_id, stock};
use crate::world::{SHOP, World, outcome, submission};

/// A store whose `decide` panics over events of key `boom` while the switch is on.
fn world_that_panics() -> (World, Arc<AtomicBool>) {
    let broken = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&broken);
    let world = World::with(|options| {
        options.decide = Arc::new(move |now, rules, command, known| {
            if switch.load(Ordering::SeqCst) && is_boom(command, known) {
                panic!("boom");
            }
            tollgate_core::decide::decide(now, rules, command, known)
        });
    });
    (world, broken)
}

/// The command brings the event `boom`, or would drain the event `parked boom`.
fn is_boom(command: &Command, known: &Snapshot) -> bool {
    match &command.action {
        Action::TakeEvent(taken) => taken.event.key == "boom",
        Action::RegisterPayment(_) => known.parked_events().iter().any(|at| {
            matches!(known.events.get(at), Known::Found(event) if event.event.key == "parked boom")
        }),
        _ => false,
    }
}

async fn events(world: &World) -> Vec<(EventId, StoredEvent)> {
    let page = world
        .store
        .events(SHOP, EventFilter::default(), Seek::first(100))
        .await;
    page.expect("it reads").items
}

/// D11.
#[tokio::test]
async fn a_command_that_panics_is_quarantined_and_its_neighbours_are_committed() {
    let (world, broken) = world_that_panics();
    world.act(create(paid_by(order(1, "C1"), "R1"))).await;
    let batches = world.store.figures().batches;
    let replies = world
        .store
        .submit_all(vec![
            submission(stock("A", 3)),
            submission(hear(2, "boom", "R1", "paid 100")),
            submission(create(order(3, "C3"))),
        ])
        .await;
    assert_eq!(replies[1], Err(SubmitError::Quarantined));
    for reply in [&replies[0], &replies[2]] {
        assert!(reply.is_ok(), "{reply:?}");
    }
    assert_eq!(
        world.store.figures().batches,
        batches + 1,
        "they were one batch"
    );
    assert_eq!(world.store.figures().quarantined, 1);
    assert!(
        world
            .store
            .root(SHOP, root_id(3))
            .await
            .expect("it reads")
            .is_some()
    );
    let (id, kept) = events(&world).await.remove(0);
    assert_eq!((id, kept.state), (event_id(2), EventState::Dead));
    assert_eq!(kept.root, None);
    let raw = world
        .store
        .event(SHOP, id)
        .await
        .expect("it reads")
        .expect("it is there")
        .raw;
    assert!(raw.is_some_and(|raw| raw.body.starts_with(b"{\"key\":\"boom\"")));
    assert_eq!(
        world.store.settled_event(SHOP, "bank", "boom"),
        None,
        "it took no key"
    );

    broken.store(false, Ordering::SeqCst);
    let again = world.act(hear(4, "boom", "R1", "paid 100")).await;
    let Outcome::Event { id, outcome, state } = again else {
        panic!("{again:?}")
    };
    assert_eq!(
        (id, outcome, state),
        (event_id(4), EventOutcome::Applied, EventState::Applied)
    );
    let third = world.act(hear(5, "boom", "R1", "paid 100")).await;
    let Outcome::Event { id, outcome, .. } = third else {
        panic!("{third:?}")
    };
    assert_eq!((id, outcome), (event_id(4), EventOutcome::Duplicate));
}

#[tokio::test]
async fn the_same_delivery_again_while_decide_is_broken_is_kept_again() {
    let (world, _broken) = world_that_panics();
    for number in [1, 2] {
        let reply = world
            .store
            .submit(submission(hear(number, "boom", "R1", "paid 100")))
            .await;
        assert_eq!(reply, Err(SubmitError::Quarantined));
    }
    let states: Vec<EventState> = events(&world).await.iter().map(|(_, e)| e.state).collect();
    assert_eq!(states, [EventState::Dead, EventState::Dead]);
}

/// A parked event that cannot be decided never blocks the payment it waits for (docs/gate.md, Poison).
#[tokio::test]
async fn a_parked_event_that_panics_is_left_behind_and_its_payment_is_registered() {
    let (world, _broken) = world_that_panics();
    world.act(hear(1, "fine", "PARKED", "pending")).await;
    world
        .act(hear(2, "parked boom", "PARKED", "paid 100"))
        .await;
    let settled = |key| world.store.settled_event(SHOP, "bank", key);
    // On a server another instance may give up what waits, so none remembers it.
    let remembers = crate::world::server().is_none();
    assert_eq!(settled("parked boom").is_some(), remembers);
    let registered = world.act(register_alone(3, "PARKED", 100)).await;
    assert!(matches!(registered, Outcome::Payment(..)), "{registered:?}");
    assert_eq!(settled("parked boom"), None, "dead is not settled");
    assert_eq!(settled("fine").is_some(), remembers);
    let states: Vec<(EventId, EventState)> = events(&world)
        .await
        .iter()
        .map(|(id, e)| (*id, e.state))
        .collect();
    assert_eq!(
        states,
        [
            (event_id(2), EventState::Dead),
            (event_id(1), EventState::Applied)
        ]
    );
    assert_eq!(world.store.figures().quarantined, 1);
}

/// A command that leaves the CHECK of I6 to say no: only it goes, whatever its place.
#[tokio::test]
async fn a_row_that_cannot_be_written_goes_alone() {
    let world = World::with(|options| {
        options.decide = Arc::new(|now, rules, command, known| {
            let verdict = tollgate_core::decide::decide(now, rules, command, known);
            match (&command.action, verdict) {
                (Action::PutStock { sku, .. }, Verdict::Decided(mut decision))
                    if sku == "POISON" =>
                {
                    for change in &mut decision.changes {
                        if let Change::Stock(stock) = change {
                            stock.held = stock.on_hand + 1;
                        }
                    }
                    Verdict::Decided(decision)
                }
                (_, verdict) => verdict,
            }
        });
    });
    let mut number = 0;
    for place in 0..7 {
        let halved = world.store.figures().halved;
        let commands = (0..7)
            .map(|at| {
                number += 1;
                if at == place {
                    submission(stock("POISON", 1))
                } else {
                    submission(create(order(number, &format!("C{number}"))))
                }
            })
            .collect();
        let replies = world.store.submit_all(commands).await;
        for (at, reply) in replies.into_iter().enumerate() {
            if at == place {
                assert_eq!(reply, Err(SubmitError::Quarantined));
            } else {
                assert!(matches!(outcome(reply), Outcome::Root(_)));
            }
        }
        let halved = world.store.figures().halved - halved;
        assert!((2..=3).contains(&halved), "halved {halved} times");
    }
    assert_eq!(world.store.figures().quarantined, 7);
    assert_eq!(
        world.store.stock(SHOP, "POISON").await.expect("it reads"),
        None
    );
    let counts = world.store.counts(SHOP).await.expect("it reads");
    assert_eq!(counts.orders.values().sum::<u64>(), 42);
}

/// The sweep puts a row off that it cannot decide about, and goes on with the others.
#[tokio::test]
async fn a_due_row_that_cannot_be_decided_is_put_off() {
    let broken = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&broken);
    let world = World::with(|options| {
        options.decide = Arc::new(move |now, rules, command, known| {
            if let Action::RootDue(root) = &command.action
                && *root == root_id(1)
                && switch.load(Ordering::SeqCst)
            {
                panic!("boom");
            }
            tollgate_core::decide::decide(now, rules, command, known)
        });
    });
    world.act(stock("A", 10)).await;
    world.act(hold(1, "A", 1)).await;
    world.act(hold(2, "A", 1)).await;
    world.pass(Span::hours(25)).await;
    let held = async || {
        let stock = world.store.stock(SHOP, "A").await.expect("it reads");
        stock.expect("it was put").held
    };
    assert_eq!(held().await, 1, "the other one has expired");
    assert_eq!(world.store.figures().quarantined, 1);
    world.pass(Span::minutes(59)).await;
    assert_eq!(
        world.store.figures().quarantined,
        1,
        "it is left alone for an hour"
    );
    broken.store(false, Ordering::SeqCst);
    world.pass(Span::minutes(2)).await;
    assert_eq!(held().await, 0);
}

/// A bug in what the program writes its answers with ends the writer. Anyone who waits is answered, and so
/// is anyone who comes later.
#[tokio::test]
async fn every_caller_is_answered_when_the_writer_has_panicked() {
    let world = World::new();
    let broken = Submission {
        render: Some(Arc::new(|_| panic!("boom"))),
        ..submission(stock("A", 1))
    };
    let replies = async {
        let mut replies = world
            .store
            .submit_all(vec![broken, submission(stock("B", 1))])
            .await;
        replies.push(world.store.submit(submission(stock("C", 1))).await);
        replies
    };
    // It is no wait but for a fault that would go on for ever.
    let replies = tokio::time::timeout(std::time::Duration::from_secs(60), replies).await;
    for reply in replies.expect("everybody is answered") {
        assert!(reply.is_err(), "{reply:?}");
    }
}

/// Who looks on cannot take the writer with it, nor the answer.
#[tokio::test]
async fn an_observer_that_panics_costs_neither_the_commit_nor_its_answer() {
    let world = World::with(|options| {
        options.observer = Some(Arc::new(|_| panic!("it cannot be put into words")));
    });
    for at_hand in 1..=2 {
        let put = world.act(stock("A", at_hand)).await;
        let Outcome::Stock(put) = &put else {
            panic!("{put:?}");
        };
        assert_eq!(put.on_hand, at_hand);
    }
    let order = create(paid_by(order(1, "C1"), "R1"));
    let created = world.act(order).await;
    assert!(matches!(created, Outcome::Root(..)), "{created:?}");
    assert!(
        world
            .store
            .root(SHOP, root_id(1))
            .await
            .expect("it reads")
            .is_some()
    );
    let figures = world.store.figures();
    assert_eq!((figures.unobserved, figures.quarantined), (3, 0));
}
