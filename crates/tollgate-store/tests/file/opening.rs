//! Opening a file: what is done to it, and every way in which it is refused.

use std::path::Path;

use tollgate_store::{OpenError, Place, Store};

use crate::world::{Rows, TestClock, World, folder, options};

fn connect(path: &Path) -> Rows {
    Rows::open(&path.display().to_string())
}

/// Opens the file; the error and its message.
fn refused(path: &Path) -> (OpenError, String) {
    match Store::open(options(Place::File(path.to_owned()), &TestClock::new())) {
        Ok(_) => panic!("it opens"),
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains(&path.display().to_string()), "{message}");
            (error, message)
        }
    }
}

#[test]
fn what_would_be_migrated_is_shown_without_doing_it() {
    let folder = folder();
    let path = folder.path().join("empty.db");
    connect(&path).run("");
    let pending = Store::pending_migrations(&path).expect("an empty file is a database");
    assert_eq!(pending.first().map(|step| step.name), Some("foundation"));
    let again = Store::pending_migrations(&path).expect("an empty file is a database");
    assert_eq!(pending, again);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("letter.txt");
    let text = "Dear customer, ".repeat(400);
    std::fs::write(&path, &text).expect("it can be written");
    let (error, message) = refused(&path);
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
    assert!(
        message.contains("name another file in [store] url"),
        "{message}"
    );
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    for schema in [
        "create table migrations (id integer primary key, applied text)",
        "create table notes (text text)",
    ] {
        let folder = folder();
        let path = folder.path().join("theirs.db");
        connect(&path).run(schema);
        let before = std::fs::read(&path).expect("it is there");
        let (error, message) = refused(&path);
        assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
        assert!(message.contains("name another file"), "{message}");
        assert!(std::fs::read(&path).expect("it is there") == before);
    }
}

#[test]
fn a_damaged_database_is_refused_with_what_can_be_done() {
    let file = World::new().shut();
    // A page that also stands in the log would be read there.
    connect(crate::path(&file.database)).run("pragma wal_checkpoint(truncate)");
    let mut bytes = std::fs::read(crate::path(&file.database)).expect("it is there");
    bytes[100..4096].fill(0xA5);
    std::fs::write(crate::path(&file.database), bytes).expect("it can be written");
    let (error, message) = refused(crate::path(&file.database));
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert!(message.contains("restore it from a backup"), "{message}");
}

#[test]
fn looking_at_what_would_be_migrated_writes_nothing() {
    let folder = folder();
    let missing = folder.path().join("missing.db");
    let steps = Store::pending_migrations(&missing).expect("it would be made");
    assert_eq!(steps, Store::all_migrations());
    let path = folder.path().join("a %3f#?.db");
    connect(&path).run("pragma journal_mode = wal");
    let before = std::fs::read(&path).expect("it is there");
    Store::pending_migrations(&path).expect("an empty database is one");
    assert!(std::fs::read(&path).expect("it is there") == before);
    let files = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(files, 1, "nothing beside the database");
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let folder = folder();
    let (error, message) = refused(&folder.path().join("none").join("tollgate.db"));
    assert!(matches!(error, OpenError::CannotOpen { .. }), "{error:?}");
    assert!(
        message.contains("check that its folder exists"),
        "{message}"
    );
}

#[test]
fn a_folder_in_place_of_the_file_is_refused() {
    let folder = folder();
    let path = folder.path().join("tollgate.db");
    std::fs::create_dir(&path).expect("a folder");
    let (error, _) = refused(&path);
    assert!(matches!(error, OpenError::CannotOpen { .. }), "{error:?}");
}

/// The first file system at hand where no user may make a file, not even the superuser.
#[test]
fn a_folder_that_may_not_be_written_is_refused() {
    let (error, message) = refused(Path::new("/sys/tollgate.db"));
    assert!(matches!(error, OpenError::ReadOnly { .. }), "{error:?}");
    assert!(message.contains("write access"), "{message}");
}

/// To the superuser every file may be written, so the file itself says that it may not: a newer
/// format, which SQLite reads and does not write.
#[test]
fn a_file_that_may_not_be_written_is_refused() {
    let file = World::new().shut();
    let mut bytes = std::fs::read(crate::path(&file.database)).expect("it is there");
    assert_eq!(bytes[18], 2, "the write version of a database with a log");
    bytes[18] = 9;
    std::fs::write(crate::path(&file.database), bytes).expect("it can be written");
    let (error, message) = refused(crate::path(&file.database));
    assert!(matches!(error, OpenError::ReadOnly { .. }), "{error:?}");
    assert!(message.contains("write access"), "{message}");
}

#[test]
fn a_file_that_is_open_already_is_refused_with_the_holder() {
    let world = World::new();
    let (error, message) = refused(crate::path(&world.database));
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    let holder = format!("process {} holds", std::process::id());
    assert!(message.contains(&holder), "{message}");
    let file = world.shut();
    Store::open(file.options).expect("its holder has let go");
}

#[test]
fn a_file_that_another_program_writes_to_is_refused() {
    let file = World::new().shut();
    let other = connect(crate::path(&file.database));
    other.run("begin immediate");
    let (error, message) = refused(crate::path(&file.database));
    assert!(matches!(error, OpenError::Busy { .. }), "{error:?}");
    assert!(message.contains("close that one first"), "{message}");
}

/// A link's name is another name, and the file behind it the same.
#[test]
fn a_file_that_is_open_already_is_refused_by_the_name_of_a_link_too() {
    let world = World::new();
    let folder = folder();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(crate::path(&world.database), &link).expect("a link");
    let (error, _) = refused(&link);
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
}
