//! One order of which its provider speaks for ever: what a decision reads and writes for it has a bound.

use tollgate_core::decision::Outcome;
use tollgate_core::snapshot::EventOutcome;
use tollgate_store::TimelineEntry;

use crate::words::{create, event, order_of, paid_by, stock, take};
use crate::world::World;

/// From so many decisions on events that change nothing are not named.
const STORY_MAX: usize = 100;

#[tokio::test]
async fn what_is_written_for_an_order_does_not_grow_with_events_that_change_nothing() {
    let world = World::with(|options| options.rules.story_max = STORY_MAX);
    world.act(stock("A", 10)).await;
    let order = create(paid_by(order_of(1, "C1", "A", 1), "R1"));
    let Outcome::Root(root) = world.act(order).await else {
        panic!("it is an order");
    };
    world.act(take(2, event("paid", &["R1"], "paid 100"))).await;
    let written = || world.rows().number("select max(length(doc)) from roots");
    let mut lengths = Vec::new();
    for number in 0..3 * STORY_MAX as u64 {
        let said = event(&format!("again-{number}"), &["R1"], "paid 100");
        let outcome = world.act(take(10 + number, said)).await;
        let Outcome::Event { outcome, .. } = outcome else {
            panic!("it is an event: {outcome:?}");
        };
        assert_eq!(outcome, EventOutcome::Stale);
        if number % STORY_MAX as u64 == 0 {
            lengths.push(written());
        }
    }
    assert!(lengths[0] < lengths[1], "it is told at first: {lengths:?}");
    assert_eq!(lengths[1], lengths[2], "and then its own row tells it");
    let story = world.store.timeline(crate::world::SHOP, root.id).await;
    let story = story.expect("it reads");
    let told = story.len();
    assert!(told <= STORY_MAX + 8, "{told} entries");
    let last = |story: &[TimelineEntry]| story.last().map(|entry| entry.kind.clone());
    assert_eq!(last(&story).as_deref(), Some("events.left_out"));
    let stale = "select count(*) from events where state = 'stale' and root is not null";
    assert_eq!(world.rows().number(stale), 3 * STORY_MAX as i64);

    // What changes the order is told however long its story is.
    world
        .act(take(9000, event("back", &["R1"], "refund r1 100")))
        .await;
    let story = world.store.timeline(crate::world::SHOP, root.id).await;
    let story = story.expect("it reads");
    assert!(told < story.len(), "{:?}", last(&story));
    let report = world.store.verify().await.expect("it reads");
    assert_ne!(report.worst(), tollgate_store::Level::Fail, "{report:#?}");
}
