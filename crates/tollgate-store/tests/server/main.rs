//! What only a PostgreSQL server has: how it is reached, who may do what, plans, and locks of others.
//!
//! `TOLLGATE_TEST_POSTGRES` holds the URL of a server whose superuser the suite is; `scripts/cluster`
//! starts one.

#[allow(
    dead_code,
    reason = "three suites share them, and none needs all of them"
)]
#[path = "../it/words.rs"]
mod words;
#[allow(dead_code, reason = "three suites share it, and none needs all of it")]
#[path = "../it/world.rs"]
mod world;

/// Clusters of a test's own; the program's suites have the same.
#[allow(dead_code, reason = "the program's suites use the rest of it")]
#[path = "../../../tollgate/tests/harness/cluster.rs"]
mod cluster;
mod failover;
mod locks;
mod moving;
mod opening;
mod pooler;
mod poolers;
#[allow(
    dead_code,
    reason = "how a statement becomes one for many rows is the store's own"
)]
#[path = "../../src/db/postgres/sets.rs"]
mod sets;
#[path = "../file/sources.rs"]
#[allow(dead_code, reason = "two suites share it, and neither needs all of it")]
mod sources;
mod standing;
mod statements;
mod upgrade;
mod views;
mod words_left;

/// The server that the suite runs on.
fn server() -> String {
    world::server().expect(
        "this suite needs a server: TOLLGATE_TEST_POSTGRES=$(scripts/cluster start --fast FOLDER)",
    )
}
