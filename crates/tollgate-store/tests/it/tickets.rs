//! Tickets of the live stream, and the names of requests beside effects.

use std::sync::Arc;

use tollgate_core::id::ShopId;
use tollgate_core::time::Span;
use tollgate_store::{Origin, TicketRow};

use tollgate_core::effect::TargetKind;
use tollgate_store::Claim;

use crate::effects::claim_under;
use crate::endpoints::endpoint;
use crate::words::{create, order};
use crate::world::{SHOP, START, World, submission};

fn ticket(shop: ShopId, number: u8, seconds: i64) -> TicketRow {
    TicketRow {
        shop,
        hash: [number; 32],
        key_hash: [99; 32],
        topics: 5,
        expires_at: START.plus(Span::seconds(seconds)),
    }
}

#[tokio::test]
async fn a_ticket_is_taken_once_within_its_time_and_there_are_never_many() {
    let world = World::new();
    let store = &world.store;
    let keep = async |row: TicketRow| store.create_ticket(row, 2).await.expect("it is written");
    let take = async |number: u8| {
        let taken = store.take_ticket(SHOP, [number; 32]).await;
        taken.expect("it is written")
    };
    assert!(keep(ticket(SHOP, 1, 60)).await);
    assert!(keep(ticket(SHOP, 2, 60)).await);
    assert!(!keep(ticket(SHOP, 3, 60)).await, "there are two");
    assert!(
        keep(ticket(ShopId(2), 3, 60)).await,
        "another shop has its own"
    );
    let read = store.ticket(SHOP, [1; 32]).await.expect("it is read");
    assert_eq!(read, Some(ticket(SHOP, 1, 60)));
    assert!(take(1).await);
    assert!(!take(1).await, "it was taken");
    assert!(!take(3).await, "it is another shop's");
    world.clock.advance(Span::seconds(60));
    assert!(!take(2).await, "it is too old");
    assert!(keep(ticket(SHOP, 4, 120)).await);
    let old = store.ticket(SHOP, [2; 32]).await.expect("it is read");
    assert_eq!(old, None, "what is too old goes with the next");
    assert!(take(4).await);
}

#[tokio::test]
async fn an_effect_knows_the_request_it_goes_back_to() {
    let world = World::new();
    let store = &world.store;
    store
        .put_endpoint(endpoint(1, &["order.*"]), None)
        .await
        .expect("it is written");
    let origin = Arc::new(Origin {
        request_id: Some("r-1".into()),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        unsampled: true,
    });
    let named = submission(create(order(1, "C1"))).caused_by(Some(Arc::clone(&origin)));
    store.submit(named).await.expect("it is decided");
    let claim = async |lease| {
        let claim = Claim {
            kinds: vec![TargetKind::Notify],
            ..claim_under(lease)
        };
        store.claim(claim).await.expect("it takes writes")
    };
    let claimed = claim(7).await;
    assert!(!claimed.effects.is_empty());
    for (effect, _) in &claimed.effects {
        assert_eq!(claimed.origins.get(effect), Some(&origin));
    }
    world.act(create(order(2, "C2"))).await;
    let claimed = claim(8).await;
    assert!(!claimed.effects.is_empty() && claimed.origins.is_empty());
}
