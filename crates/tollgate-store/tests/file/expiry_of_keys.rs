//! Idempotency keys that are old: in a file a sweep forgets them, a thousand at a time. (On a server they
//! go with the day they were made on.)

use std::sync::Arc;

use tollgate_core::command::Action;
use tollgate_core::id::HoldId;
use tollgate_core::idempotency::Idempotency;
use tollgate_core::time::Span;
use tollgate_store::{Answer, Reply, Submission};

use crate::words::root_id;
use crate::world::{SHOP, World, submission};

fn keyed(key: &str) -> Submission {
    Submission {
        idempotency: Some(Idempotency {
            shop: SHOP,
            operation: "POST /v1/holds",
            key: key.to_owned(),
            fingerprint: [1; 32],
        }),
        render: Some(Arc::new(|_| Answer {
            code: 404,
            body: Vec::new(),
        })),
        ..submission(Action::ReleaseHold(HoldId::on(root_id(9), 0)))
    }
}

/// K12: kept for 72 hours, and as long as it is not deleted.
#[tokio::test]
async fn keys_are_dropped_after_three_days_and_not_before() {
    let world = World::new();
    let is_known = async || {
        let reply = world.store.submit(keyed("k")).await;
        matches!(reply.expect("it is decided"), Reply::Replayed(_))
    };
    assert!(!is_known().await);
    world.pass(Span::hours(71)).await;
    assert!(is_known().await);
    world.pass(Span::minutes(71)).await;
    assert!(!is_known().await);
}

/// However many there are: what one sweep leaves, the next one takes.
#[tokio::test]
async fn many_old_keys_are_dropped_at_once() {
    let world = World::new();
    let commands = (0..2500).map(|number| keyed(&format!("k{number}")));
    for reply in world.store.submit_all(commands.collect()).await {
        assert!(reply.is_ok(), "{reply:?}");
    }
    world.pass(Span::hours(73)).await;
    assert_eq!(world.rows().number("select count(*) from idempotency"), 0);
}
