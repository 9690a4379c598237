//! Others that write to the same shop.

use tollgate_core::time::Span;
use tollgate_store::SubmitError;

use crate::words::{create, hold, order, stock};
use crate::world::{SHOP, World, submission};

/// The first command of a shop finds nothing that it could lock; it is no shop that somebody else has.
#[tokio::test]
async fn the_first_commands_of_two_shops_are_one_batch() {
    crate::server();
    let world = World::new();
    world.store.ready().await.expect("it takes writes");
    let before = world.store.figures();
    let commands = [1, 2].map(|shop| {
        let mut put = submission(stock("A", 1));
        put.command.shop = tollgate_core::id::ShopId(shop);
        put
    });
    for reply in world.store.submit_all(commands.into()).await {
        assert!(reply.is_ok(), "{reply:?}");
    }
    let after = world.store.figures();
    assert_eq!(after.batches - before.batches, 1);
    assert_eq!(after.tries - before.tries, 1);
}

/// Anyone who keeps a shop locked for long has its commands refused, and those of no other shop; what is
/// due then is done when it lets go.
#[tokio::test]
async fn a_shop_that_somebody_keeps_locked_is_refused_and_goes_on_afterwards() {
    crate::server();
    let world = World::new();
    world.act(stock("A", 5)).await;
    world.act(hold(1, "A", 2)).await;
    let mut other_shop = submission(create(order(2, "C2")));
    other_shop.command.shop = tollgate_core::id::ShopId(2);
    let somebody = world.rows();
    somebody.run("begin; select from shop_heads where shop_id = 1 for update");
    world.clock.advance(Span::hours(25));
    let refused = world.store.submit(submission(stock("B", 1)));
    let elsewhere = world.store.submit(other_shop);
    let (refused, elsewhere) = tokio::join!(refused, elsewhere);
    assert!(
        matches!(&refused, Err(SubmitError::Unavailable { reason })
            if reason == "another instance keeps the shop locked"),
        "{refused:?}"
    );
    assert!(elsewhere.is_ok(), "{elsewhere:?}");
    somebody.run("rollback");
    world.pass(Span::seconds(5)).await;
    let stock = world.store.stock(SHOP, "A").await.expect("it reads");
    assert_eq!(stock.map(|stock| stock.held), Some(0));
}
