//! Another program that writes to the file.

use tollgate_core::time::Span;

use crate::words::{hold, stock};
use crate::world::{SHOP, World};

/// What was found due while the database took no writes is done when it takes them again.
#[tokio::test]
async fn what_is_due_while_the_database_is_locked_is_done_a_moment_later() {
    let world = World::new();
    world.act(stock("A", 5)).await;
    world.act(hold(1, "A", 2)).await;
    let other = world.rows();
    other.run("begin immediate");
    world.clock.advance(Span::hours(25));
    let ready = world.store.ready().await;
    assert!(
        matches!(ready, Err(tollgate_store::SubmitError::Unavailable { .. })),
        "{ready:?}"
    );
    other.run("rollback");
    world.pass(Span::seconds(1)).await;
    let stock = world.store.stock(SHOP, "A").await.expect("it reads");
    assert_eq!(stock.map(|stock| stock.held), Some(0));
}
