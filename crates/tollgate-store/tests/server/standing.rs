//! Readiness on a server that refuses what comes, and takes the write that tries it.

use tollgate_store::SubmitError;

use crate::words::{create, order, root_id};
use crate::world::{World, submission};

/// No room for another page: a row that stands already may still be written over, which is all that a probe
/// does.
const FULL: &str = "
    create function full_disk() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file: No space left on device'
                 using errcode = 'disk_full'; end $$;
    create trigger full_disk before insert on roots for each row execute function full_disk()";

#[tokio::test]
async fn a_full_server_is_not_ready_although_a_probe_succeeds() {
    crate::server();
    let world = World::new();
    assert!(world.store.readiness(root_id(1)).await.is_ok());
    let server = world.rows();
    server.run(FULL);
    let refused = world.store.submit(submission(create(order(1, "C1")))).await;
    assert!(
        matches!(&refused, Err(SubmitError::Unavailable { reason }) if reason.contains("No space left")),
        "{refused:?}"
    );
    assert!(world.store.ready().await.is_ok(), "a probe succeeds");
    let ready = world.store.readiness(root_id(1)).await;
    assert!(
        matches!(&ready, Err(SubmitError::Unavailable { reason }) if reason.contains("No space left")),
        "{ready:?}"
    );
    server.run("drop trigger full_disk on roots");
    world.act(create(order(2, "C2"))).await;
    assert!(
        world.store.readiness(root_id(1)).await.is_ok(),
        "it takes them again"
    );
}
