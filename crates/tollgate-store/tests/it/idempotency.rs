//! Idempotency keys in the store: key, answer and rows are one commit (K7).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_core::command::Action;
use tollgate_core::decision::Outcome;
use tollgate_core::idempotency::Idempotency;
use tollgate_core::time::Span;
use tollgate_store::{Answer, Reply, Store, Submission, SubmitError};

use crate::words::{create, order, order_of, root_id, stock};
use crate::world::{SHOP, World, submission};

/// A command under a key; `rendered` counts how often its answer was written.
pub(crate) fn keyed(
    action: Action,
    key: &str,
    fingerprint: u8,
    rendered: &Arc<AtomicU64>,
) -> Submission {
    let rendered = Arc::clone(rendered);
    Submission {
        idempotency: Some(Idempotency {
            shop: SHOP,
            operation: "POST /v1/orders",
            key: key.to_owned(),
            fingerprint: [fingerprint; 32],
        }),
        render: Some(Arc::new(move |outcome: &Outcome| {
            let n = rendered.fetch_add(1, Ordering::SeqCst);
            match outcome {
                Outcome::Refused(refusal) => Answer {
                    code: 409,
                    body: format!("{n}: {refusal:?}").into_bytes(),
                },
                _ => Answer {
                    code: 201,
                    body: format!("{n}: made").into_bytes(),
                },
            }
        })),
        ..submission(action)
    }
}

/// What a reply is in a word: `201 0: made`, `again 201 0: made`, `reused`.
fn said(reply: Result<Reply, SubmitError>) -> String {
    let text =
        |answer: Answer| format!("{} {}", answer.code, String::from_utf8_lossy(&answer.body));
    match reply {
        Ok(Reply::Decided { answer, .. }) => text(answer.expect("it can write its answer")),
        Ok(Reply::Replayed(answer)) => format!("again {}", text(answer)),
        Ok(Reply::KeyReused) => "reused".to_owned(),
        Ok(reply @ (Reply::Claimed(_) | Reply::Renewed(_))) => format!("{reply:?}"),
        Err(error) => error.to_string(),
    }
}

/// Submits the commands together or one after the other; what each was answered.
async fn answers(store: &Store, commands: Vec<Submission>, together: bool) -> Vec<String> {
    if together {
        store.ready().await.expect("it takes writes");
        let batches = store.figures().batches;
        let replies = store.submit_all(commands).await;
        assert_eq!(store.figures().batches, batches + 1, "it is one batch");
        return replies.into_iter().map(said).collect();
    }
    let mut answers = Vec::new();
    for command in commands {
        answers.push(said(store.submit(command).await));
    }
    answers
}

#[tokio::test]
async fn the_same_key_is_the_same_answer_in_one_batch_and_in_two() {
    for together in [true, false] {
        let world = World::new();
        let rendered = Arc::new(AtomicU64::new(0));
        let commands = vec![
            keyed(create(order(1, "C1")), "k", 1, &rendered),
            keyed(create(order(2, "C1")), "k", 1, &rendered),
            keyed(create(order(3, "C3")), "k", 2, &rendered),
            keyed(create(order(4, "C4")), "other", 1, &rendered),
            keyed(create(order(5, "C5")), "k", 1, &rendered),
        ];
        assert_eq!(
            answers(&world.store, commands, together).await,
            [
                "201 0: made",
                "again 201 0: made",
                "reused",
                "201 1: made",
                "again 201 0: made"
            ],
        );
        let counts = world.store.counts(SHOP).await.expect("it reads");
        assert_eq!(counts.orders.values().sum::<u64>(), 2);
        assert_eq!(
            world.store.root(SHOP, root_id(2)).await.expect("it reads"),
            None
        );
    }
}

/// K8: the same refusal although stock came back.
#[tokio::test]
async fn a_refusal_sticks_to_its_key() {
    for together in [true, false] {
        let world = World::new();
        let rendered = Arc::new(AtomicU64::new(0));
        world.act(stock("A", 1)).await;
        let two = |number, key| {
            let code = format!("C{number}");
            keyed(create(order_of(number, &code, "A", 2)), key, 1, &rendered)
        };
        let commands = vec![
            two(1, "k"),
            submission(stock("A", 5)),
            two(1, "k"),
            two(2, "new"),
        ];
        let commands = commands.into_iter().map(|command| match command.render {
            Some(_) => command,
            None => Submission {
                render: Some(Arc::new(|_| Answer {
                    code: 200,
                    body: Vec::new(),
                })),
                ..command
            },
        });
        let answers = answers(&world.store, commands.collect(), together).await;
        let refusal = r#"409 0: OutOfStock { skus: [("A", 1, 2)], payment_waiting: false }"#;
        assert_eq!(
            answers,
            [refusal, "200 ", &format!("again {refusal}"), "201 1: made"]
        );
    }
}

#[tokio::test]
async fn keys_of_other_shops_and_operations_are_other_keys() {
    let world = World::new();
    let rendered = Arc::new(AtomicU64::new(0));
    let first = keyed(create(order(1, "C1")), "k", 1, &rendered);
    let mut other_shop = keyed(create(order(2, "C2")), "k", 2, &rendered);
    other_shop.command.shop = tollgate_core::id::ShopId(2);
    if let Some(idempotency) = &mut other_shop.idempotency {
        idempotency.shop = tollgate_core::id::ShopId(2);
    }
    let mut other_operation = keyed(create(order(3, "C3")), "k", 3, &rendered);
    if let Some(idempotency) = &mut other_operation.idempotency {
        idempotency.operation = "POST /v1/holds";
    }
    assert_eq!(
        answers(&world.store, vec![first, other_shop, other_operation], true).await,
        ["201 0: made", "201 1: made", "201 2: made"]
    );
}

/// K9: what was not decided takes no key.
#[tokio::test]
async fn a_quarantined_command_leaves_its_key_free() {
    let world = World::with(|options| {
        options.decide = crate::world::decide_or(|command| match &command.action {
            Action::CreateOrder(order) if order.code == "BOOM" => panic!("boom"),
            _ => None,
        });
    });
    let rendered = Arc::new(AtomicU64::new(0));
    let boom = keyed(create(order(1, "BOOM")), "k", 1, &rendered);
    assert_eq!(
        world.store.submit(boom).await,
        Err(SubmitError::Quarantined)
    );
    let well = keyed(create(order(1, "C1")), "k", 1, &rendered);
    assert_eq!(said(world.store.submit(well).await), "201 0: made");
}

#[tokio::test]
async fn keys_survive_a_restart() {
    let world = World::new();
    let rendered = Arc::new(AtomicU64::new(0));
    let command = keyed(create(order(1, "C1")), "k", 1, &rendered);
    assert_eq!(
        said(world.store.submit(command.clone()).await),
        "201 0: made"
    );
    let world = world.reopen();
    assert_eq!(said(world.store.submit(command).await), "again 201 0: made");
}

/// K12: kept for 72 hours.
#[tokio::test]
async fn keys_are_not_dropped_before_three_days() {
    let world = World::new();
    let rendered = Arc::new(AtomicU64::new(0));
    let command = |number: u64| {
        keyed(
            create(order(number, &format!("C{number}"))),
            "k",
            1,
            &rendered,
        )
    };
    assert_eq!(said(world.store.submit(command(1)).await), "201 0: made");
    world.pass(Span::hours(71)).await;
    assert_eq!(
        said(world.store.submit(command(2)).await),
        "again 201 0: made"
    );
}
