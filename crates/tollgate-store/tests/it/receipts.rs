//! Receipts over real rows: numbers without gaps, in the commit that decides them; and one file each.

use std::sync::Arc;

use sha2::Digest;
use tollgate_core::command::{Action, Settlement};
use tollgate_core::decision::{Change, Outcome, Refusal, Verdict};
use tollgate_core::effect::{EffectState, IssuedReceipt, TargetKind};
use tollgate_core::id::ReceiptId;
use tollgate_core::order::OrderStatus;
use tollgate_core::receipt_number::NumberFormat;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::SubmitError;

use crate::effects::{claim, settled};
use crate::rows;
use crate::words::{create, hear, order, paid_by, register_alone, root_id};
use crate::world::{SHOP, START, World, outcome, submission};

pub(crate) fn issued(byte: u8) -> Settlement {
    let pdf = vec![byte; 3];
    Settlement::Issued(IssuedReceipt {
        at: START,
        document: format!("{{\"byte\":{byte}}}"),
        sha256: sha2::Sha256::digest(&pdf).into(),
        pdf: pdf.into(),
        token: format!("token-{byte}"),
    })
}

/// The numbers of a root's receipts.
async fn numbers(world: &World, number: u64) -> Vec<String> {
    let root = world
        .store
        .root(SHOP, root_id(number))
        .await
        .expect("it reads");
    let receipts = root.expect("it is there").receipts;
    let numbers = receipts
        .iter()
        .map(|receipt| receipt.number.clone().expect("it was given"));
    numbers.map(|number| number.to_string()).collect()
}

fn paid(number: u64) -> Action {
    let reference = format!("R{number}");
    hear(
        5000 + number,
        &format!("paid-{number}"),
        &reference,
        "paid 100",
    )
}

/// A batch that is rolled back gives its numbers back: the poison goes, and the others have no gap.
#[tokio::test]
async fn numbers_have_no_gaps_although_batches_are_rolled_back() {
    let world = World::with(|options| {
        options.decide = Arc::new(|now, rules, command, known| {
            let mut verdict = tollgate_core::decide::decide(now, rules, command, known);
            if let (Action::TakeEvent(taken), Verdict::Decided(decision)) =
                (&command.action, &mut verdict)
                && taken.event.key == "paid-4"
            {
                // A sku that no table takes: its row is refused when the batch is written.
                decision
                    .changes
                    .push(Change::Stock(tollgate_core::capacity::Stock {
                        sku: "POISON".to_owned(),
                        on_hand: 0,
                        held: 1,
                        sold: 0,
                        version: 1,
                        low_at: None,
                    }));
            }
            verdict
        });
    });
    for number in 1..=7 {
        world
            .act(register_alone(number, &format!("R{number}"), 100))
            .await;
    }
    let commands = (1..=7).map(|number| submission(paid(number))).collect();
    let replies = world.store.submit_all(commands).await;
    assert_eq!(replies[3], Err(SubmitError::Quarantined));
    let mut given = Vec::new();
    for number in [1, 2, 3, 5, 6, 7] {
        given.extend(numbers(&world, number).await);
    }
    let expected: Vec<String> = (1..=6).map(|n| format!("R-2026-{n:06}")).collect();
    assert_eq!(given, expected);
    assert_eq!(world.store.figures().quarantined, 1);
}

/// Numbers begin again with the year of the shop's time zone, and no clock takes them back.
#[tokio::test]
async fn a_year_begins_again_and_never_goes_back() {
    let year_of = |now: Timestamp| match (now.as_millis() - START.as_millis()) / 3_600_000 {
        1 => 2027,
        _ => 2026,
    };
    let world = World::with(|options| {
        options.receipt_year = Arc::new(move |shop, now| {
            assert_eq!(shop, "main");
            year_of(now)
        });
    });
    for number in 1..=6 {
        world
            .act(register_alone(number, &format!("R{number}"), 100))
            .await;
    }
    let mut given = Vec::new();
    for number in 1..=6 {
        if number == 3 || number == 5 {
            // The third hour is one of the year before, for anyone who goes by a clock that is wrong.
            world.clock.advance(Span::hours(1));
        }
        world.act(paid(number)).await;
        given.extend(numbers(&world, number).await);
    }
    let expected = [
        "2026-000001",
        "2026-000002",
        "2027-000001",
        "2027-000002",
        "2027-000003",
        "2027-000004",
    ];
    assert_eq!(given, expected.map(|number| format!("R-{number}")));
}

/// What a number is called is decided with it, and kept with its root and its receipt.
#[tokio::test]
async fn a_shop_numbers_in_its_own_form() {
    let format = NumberFormat::parse("INV/{year}/{shop}/{n:03}", "main").expect("it is one");
    let world = World::with(|options| {
        options.number_formats = vec![("main".to_owned(), format.clone())];
    });
    for number in 1..=2 {
        let alone = register_alone(number, &format!("R{number}"), 100);
        world.act(alone).await;
        world.act(paid(number)).await;
        let expected = format!("INV/2026/main/{number:03}");
        assert_eq!(numbers(&world, number).await, [expected]);
    }
    let claimed = claim(&world, 1).await;
    for (one, byte) in claimed.effects.iter().zip(1..) {
        world.act(settled(one, 1, issued(byte))).await;
    }
    let root = world.store.root(SHOP, root_id(1)).await.expect("it reads");
    let receipt = root.expect("it is there").receipts[0].id;
    let row = world.store.receipt(SHOP, receipt).await.expect("it reads");
    assert_eq!(row.expect("it is issued").number, "INV/2026/main/001");
}

/// Anyone who issues first has issued: a second one changes no byte, whatever it brings.
#[tokio::test]
async fn a_receipt_that_is_settled_twice_keeps_the_first_bytes() {
    let world = World::new();
    world.act(create(paid_by(order(1, "C1"), "R1"))).await;
    world.act(paid(1)).await;
    let first = claim(&world, 1).await;
    world.clock.advance(Span::seconds(60));
    let second = claim(&world, 2).await;
    assert_eq!(second.rescued, 1);
    let replies = world
        .store
        .submit_all(vec![
            submission(settled(&second.effects[0], 2, issued(2))),
            submission(settled(&first.effects[0], 1, issued(1))),
            submission(settled(&second.effects[0], 2, issued(3))),
        ])
        .await;
    let outcomes: Vec<Outcome> = replies.into_iter().map(outcome).collect();
    assert!(
        matches!(&outcomes[0], Outcome::Effect(_, effect) if effect.state == EffectState::Done)
    );
    for late in &outcomes[1..] {
        assert_eq!(*late, Outcome::Refused(Refusal::LeaseLost));
    }
    let id = ReceiptId::on(root_id(1), 1);
    let pdf = world.store.receipt_pdf(SHOP, id).await.expect("it reads");
    assert_eq!(pdf, Some(vec![2; 3]));
    let row = world.store.receipt_of_token("token-2".to_owned()).await;
    let row = row.expect("it reads").expect("it is there");
    assert_eq!((row.id, row.year, row.sequence), (id, 2026, 1));
    assert_eq!(rows::count(&world.options.place, "receipts"), 1);
    let root = world.store.root(SHOP, root_id(1)).await.expect("it reads");
    let order = root.and_then(|root| root.order).expect("an order");
    assert_eq!(order.status, OrderStatus::Completed);
}

/// F12: a word that was drawn before, and all else of the batch is kept.
#[tokio::test]
async fn a_receipt_that_cannot_be_written_goes_alone() {
    let world = World::new();
    for number in 1..=3 {
        world
            .act(register_alone(number, &format!("R{number}"), 100))
            .await;
        world.act(paid(number)).await;
    }
    let claimed = claim(&world, 1).await;
    let commands = claimed.effects.iter().zip([1, 1, 3]);
    let commands = commands.map(|(effect, byte)| submission(settled(effect, 1, issued(byte))));
    let replies = world.store.submit_all(commands.collect()).await;
    assert_eq!(replies[1], Err(SubmitError::Quarantined));
    assert!(replies[0].is_ok() && replies[2].is_ok());
    assert_eq!(rows::count(&world.options.place, "receipts"), 2);
    let (id, _) = claimed.effects[1];
    let line = world.store.effect(SHOP, id).await.expect("it reads");
    assert_eq!(
        line.expect("it is there").effect.state,
        EffectState::Unknown
    );
    // A person tries it again, and it has its number still.
    world.act(Action::RetryEffect(id)).await;
    let again = claim(&world, 2).await;
    world.act(settled(&again.effects[0], 2, issued(2))).await;
    assert_eq!(rows::count(&world.options.place, "receipts"), 3);
    assert_eq!(numbers(&world, 2).await.len(), 1);
}

/// What waits to be tried again is due at once, and nothing else is touched: not what a worker has, not what is
/// done, not what is addressed to others.
#[tokio::test]
async fn receipts_that_wait_are_due_again_and_nothing_else_is() {
    let world = World::new();
    for number in 1..=3 {
        world
            .act(register_alone(number, &format!("R{number}"), 100))
            .await;
        world.act(paid(number)).await;
    }
    let claimed = claim(&world, 1).await;
    let later = Settlement::Retry {
        at: START.plus(Span::hours(1)),
        reason: "there is no font".to_owned(),
    };
    let receipts: Vec<_> = claimed
        .effects
        .iter()
        .filter(|(_, effect)| effect.content.target() == "receipt")
        .collect();
    world.act(settled(receipts[0], 1, later)).await;
    world.act(settled(receipts[1], 1, issued(1))).await;
    let due = async |effect: &(tollgate_core::id::EffectId, _)| {
        let line = world.store.effect(SHOP, effect.0).await.expect("it reads");
        let effect = line.expect("it is there").effect;
        (effect.state, effect.due_at)
    };
    let leased = due(receipts[2]).await;
    assert_eq!(leased.0, EffectState::Leased);
    world.clock.advance(Span::seconds(1));
    let now = START.plus(Span::seconds(1));
    world
        .store
        .due_again(SHOP, TargetKind::Receipt)
        .await
        .expect("it takes writes");
    assert_eq!(due(receipts[0]).await, (EffectState::Pending, Some(now)));
    assert_eq!(due(receipts[1]).await, (EffectState::Done, None));
    assert_eq!(due(receipts[2]).await, leased);
    let again = claim(&world, 2).await;
    let ids: Vec<_> = again.effects.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [receipts[0].0]);
}

/// The letters of recent orders, each with the newest that has it; and receipts that wait.
#[tokio::test]
async fn letters_are_those_of_the_newest_orders() {
    let world = World::new();
    for number in 1..=2 {
        world
            .act(register_alone(number, &format!("R{number}"), 100))
            .await;
        world.act(paid(number)).await;
    }
    let claimed = claim(&world, 1).await;
    let receipt = claimed.effects.iter();
    let mut receipt = receipt.filter(|(_, effect)| effect.content.target() == "receipt");
    let first = receipt.next().expect("it was decided");
    let later = Settlement::Retry {
        at: START.plus(Span::hours(1)),
        reason: "there is no font".to_owned(),
    };
    world.act(settled(first, 1, later)).await;
    let found = world.store.recent_letters().await.expect("it reads");
    let main = found.iter().find(|shop| shop.shop == "main");
    let main = main.expect("it is a shop");
    assert_eq!(main.letters.get(&'R').map(String::as_str), Some("R2"));
    assert_eq!(main.letters.get(&'1').map(String::as_str), Some("R1"));
    assert_eq!(main.waiting.len(), 1);
    assert_eq!(main.waiting[0].effect, first.0);
    assert_eq!(main.waiting[0].reason, "there is no font");
}
