//! Opening a database: its schema is made once, and that of another program is refused.

use tollgate_store::{OpenError, Place, Step, Store};

use crate::world::{Database, Shut, World};

/// What opening would do to the schema.
fn pending(place: &Place) -> Result<Vec<Step>, OpenError> {
    match place {
        Place::File(path) => Store::pending_migrations(path),
        Place::Memory => Ok(Store::all_migrations()),
        Place::Server(server) => Store::pending_migrations_on(server),
    }
}

/// Opens the database; the error and its message, which names the database without a password.
fn refused(shut: &Shut) -> (OpenError, String) {
    match Store::open(shut.options.clone()) {
        Ok(_) => panic!("it opens"),
        Err(error) => {
            let message = error.to_string();
            let name = shut.database.name().replace("tollgate@", "");
            assert!(message.contains(&name), "{message}");
            (error, message)
        }
    }
}

#[test]
fn migrations_run_once() {
    let world = World::over(Database::empty(), |_| {});
    let steps: Vec<i64> = world
        .store
        .migrated()
        .iter()
        .map(|step| step.version)
        .collect();
    assert_eq!(steps.first(), Some(&1));
    world.store.close();
    let pending = pending(&world.options.place).expect("it is a database");
    assert_eq!(pending, []);
    let world = world.reopen();
    assert_eq!(world.store.migrated(), []);
}

#[test]
fn a_schema_of_a_newer_program_is_refused() {
    let shut = World::new().shut();
    let rows = shut.database.rows();
    rows.run("insert into migrations values (99, 'later', 'x', 0)");
    let (error, message) = refused(&shut);
    assert!(
        matches!(error, OpenError::Newer { found: 99, .. }),
        "{error:?}"
    );
    assert!(
        message.contains("install the version that wrote it"),
        "{message}"
    );
}

#[test]
fn a_migration_that_was_changed_after_it_ran_is_refused() {
    let shut = World::new().shut();
    let rows = shut.database.rows();
    rows.run("update migrations set checksum = 'x' where version = 1");
    let (error, message) = refused(&shut);
    assert!(
        matches!(error, OpenError::Changed { version: 1, .. }),
        "{error:?}"
    );
    assert!(message.contains("migration 1 was changed"), "{message}");
}

#[test]
fn shops_keep_their_numbers() {
    let mut world = World::new();
    let main = world.store.shop("main");
    assert!(main.is_some());
    world.options.shops = vec!["first".to_owned(), "other".to_owned(), "main".to_owned()];
    let world = world.reopen();
    assert_eq!(world.store.shop("main"), main);
    assert_ne!(world.store.shop("first"), main);
    assert_eq!(world.store.shop("nobody"), None);
}
