//! What a migration needs of a server, and what it meets there.

use tollgate_store::{Store, SubmitError};

use crate::words::{create, order};
use crate::world::{Database, TestClock, World, options, submission};

/// What a server is told before a step after which only programs that know it write.
const FENCE: &str = include_str!("../../migrations/postgres/fence.sql");

/// Where a publication is for all tables, the server updates no row of a table that has no key.
#[tokio::test]
async fn a_publication_of_all_tables_stops_no_migration() {
    crate::server();
    let database = Database::empty();
    let rows = database.rows();
    rows.run("create publication everything for all tables");
    let clock = TestClock::new();
    let opened = || Store::open(options(database.place(), &clock)).expect("it migrates");
    let store = opened();
    assert!(
        store
            .submit(submission(create(order(1, "C1"))))
            .await
            .is_ok()
    );
    store.close();
    // Views are made again under it, too.
    rows.run("update view_marks set mark = 'another'");
    opened().close();
    assert_ne!(rows.texts("select mark from view_marks"), ["another"]);
}

#[tokio::test]
async fn every_table_has_a_primary_key() {
    crate::server();
    let world = World::new();
    let without = world.rows().texts(
        "select cast(relname as text)
           from pg_class
          where relkind in ('r', 'p') and relnamespace = cast('public' as regnamespace)
            and not exists (select from pg_index where indrelid = pg_class.oid and indisprimary)",
    );
    assert_eq!(without, Vec::<String>::new());
}

/// A batch has asked for the head before the migration ends, and gets it afterwards: it is judged by the row as it is then.
#[tokio::test]
async fn a_batch_that_waits_for_a_migration_finds_itself_shut_out() {
    crate::server();
    let world = World::new();
    assert!(
        world
            .store
            .submit(submission(create(order(1, "C1"))))
            .await
            .is_ok()
    );
    let later = world.rows();
    later.run("begin");
    // The row only: the batch gets as far as waiting for it.
    let update = FENCE
        .split_inclusive(";\n")
        .nth(1)
        .expect("rows are the second statement");
    later.run(&update.replace("{oldest}", "16"));
    let looking = world.rows();
    let migrating = tokio::task::spawn_blocking(move || {
        let waiting = "select count(*) from pg_stat_activity
                        where wait_event_type = 'Lock' and query like '%shop_heads%'
                          and datname = current_database()";
        while looking.number(waiting) == 0 {
            std::thread::yield_now();
        }
        later.run("commit");
    });
    let refused = world.store.submit(submission(create(order(2, "C2")))).await;
    migrating.await.expect("it ends");
    assert!(
        matches!(&refused, Err(SubmitError::Unavailable { reason }) if reason.contains("schema version 16")),
        "{refused:?}"
    );
    assert_eq!(world.rows().number("select count(*) from roots"), 1);
}

/// A shop that is configured later has a head of its own, and is no way round.
#[tokio::test]
async fn a_new_shop_is_shut_out_like_the_others() {
    crate::server();
    let world = World::new();
    let rows = world.rows();
    for statement in FENCE.replace("{oldest}", "16").split_inclusive(";\n") {
        rows.run(statement);
    }
    rows.run("delete from shop_heads");
    let refused = world.store.submit(submission(create(order(1, "C1")))).await;
    assert!(
        matches!(&refused, Err(SubmitError::Unavailable { reason }) if reason.contains("schema version 16")),
        "{refused:?}"
    );
    assert_eq!(rows.number("select count(*) from shop_heads"), 1);
}

/// A large shop is counted for minutes.
#[tokio::test]
async fn a_shop_goes_on_while_what_it_has_sold_is_counted() {
    crate::server();
    let world = World::new();
    world.act(create(order(1, "C1"))).await;
    let shut = world.shut();
    let (rows, somebody) = (shut.database.rows(), shut.database.rows());
    rows.run(
        "alter table stock drop column sold; alter table sessions drop column address;
         drop table instances; drop table endpoint_figures; drop index events_waiting;
         drop index roots_attention;
         create index roots_attention on roots (shop_id, attention) where attention > 0;
         drop index audit_failed_sign_ins;
         drop table if exists lineage; drop table if exists lost_commits;
         delete from migrations where 13 <= version;
         delete from migration_writers where 13 <= version;",
    );
    // Who counts waits for this one, as it would be busy with many orders.
    somebody.run("begin; lock table roots in access exclusive mode");
    let options = shut.options.clone();
    let opening = tokio::task::spawn_blocking(move || Store::open(options));
    let counting = "select count(*) from pg_stat_activity
                     where wait_event_type = 'Lock' and query like '%units_sold%'
                       and datname = current_database()";
    while rows.number(counting) == 0 {
        assert!(!opening.is_finished(), "nothing is counted");
        tokio::task::yield_now().await;
    }
    rows.run("begin; select from shop_heads for update nowait; rollback");
    somebody.run("rollback");
    opening.await.expect("it ends").expect("it opens").close();
}

/// What it deleted would be gone for the programs that are let in, too.
#[tokio::test]
async fn a_program_that_is_shut_out_retires_nothing() {
    crate::server();
    let world = World::new();
    world.act(create(order(1, "C1"))).await;
    let rows = world.rows();
    let lanes = "select count(*) from gate_lanes";
    rows.run("insert into migrations (version, name, checksum, at) values (16, 'later', 'x', 0)");
    rows.run("insert into migration_writers (version, oldest_writer) values (16, 16)");
    let look = async || {
        let refused = world.store.look_after_tables().await;
        let said = refused.expect_err("it is shut out").to_string();
        assert!(said.contains("schema version 16"), "{said}");
    };
    // The round that it makes when it starts may have begun before; behind this one it has ended.
    look().await;
    rows.run("update gate_lanes set at = 0");
    let before = rows.number(lanes);
    look().await;
    assert!(0 < before && rows.number(lanes) == before);
    // The same is done by one that is let in.
    rows.run("delete from migration_writers where version = 16");
    rows.run("delete from migrations where version = 16");
    world.store.look_after_tables().await.expect("it may");
    assert_eq!(rows.number(lanes), 0);
}
