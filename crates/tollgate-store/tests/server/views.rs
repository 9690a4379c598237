//! The views for a person with `psql`: when they are made again, and what docs/queries.md asks them.

use tollgate_store::Store;

use crate::world::World;

#[test]
fn views_of_another_program_are_replaced() {
    crate::server();
    let world = World::new();
    let rows = world.rows();
    rows.run("drop view v_slots; update view_marks set mark = 'another'");
    let world = world.reopen();
    assert_eq!(
        rows.number("select count(*) from pg_views where viewname = 'v_slots'"),
        1
    );
    let mark = rows.texts("select mark from view_marks");
    assert_eq!(mark.len(), 1);
    assert_ne!(mark, ["another"]);
    drop(world);
}

/// Somebody's own view upon one of ours keeps it from being replaced, and nothing else.
#[test]
fn a_view_that_another_is_built_upon_keeps_no_one_from_starting() {
    crate::server();
    let world = World::new();
    let rows = world.rows();
    rows.run(
        "create view of_a_person as select code from v_orders;
         update view_marks set mark = 'another'",
    );
    let world = world.reopen();
    assert_eq!(rows.texts("select mark from view_marks"), ["another"]);
    rows.run("select code from of_a_person; drop view of_a_person");
    let again = Store::open(world.options.clone()).expect("it opens");
    again.close();
    assert_ne!(rows.texts("select mark from view_marks"), ["another"]);
}
