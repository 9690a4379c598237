//! Opening a database on a server, and every way in which that is refused: one message that names the
//! place and the remedy, and never the password.

use tollgate_store::{OpenError, Options, Place, Store};

use crate::words::stock;
use crate::world::{Database, Rows, Session, TestClock, World, options, place, submission, url};

const PASSWORD: &str = "s3cret-of-the-test";

fn options_for(url: &str) -> Options {
    options(place(url), &TestClock::new())
}

/// Opens what a URL names; the error and its message.
fn refused(url: &str) -> (OpenError, String) {
    match Store::open(options_for(url)) {
        Ok(_) => panic!("it opens"),
        Err(error) => {
            let message = error.to_string();
            assert!(!message.contains(PASSWORD), "{message}");
            assert!(!format!("{error:?}").contains(PASSWORD), "{error:?}");
            assert!(!message.contains('\n'), "{message}");
            (error, message)
        }
    }
}

/// The URL with another user, who has this password.
fn as_user(url: &str, user: &str) -> String {
    let (_, rest) = url.split_once('@').expect("a URL names a user");
    format!("postgres://{user}:{PASSWORD}@{rest}")
}

/// The place as messages name it.
fn shown(url: &str) -> String {
    let (_, rest) = url.split_once('@').expect("a URL names a user");
    format!("postgres://{rest}")
}

/// A user of this test's own, with a password.
struct User {
    name: String,
    database: Database,
}

impl User {
    fn new(database: Database, name: &str) -> User {
        let name = format!("{name}_{}", std::process::id());
        let rows = Session::open(&crate::server());
        rows.ask(&format!("drop role if exists {name}"));
        rows.ask(&format!("create role {name} login password '{PASSWORD}'"));
        User { name, database }
    }

    fn url(&self) -> String {
        as_user(&self.database.name(), &self.name)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let (database, name) = (&self.database, &self.name);
        database.rows().run(&format!("drop owned by {name}"));
        Session::open(&crate::server()).ask(&format!("drop role {name}"));
    }
}

#[test]
fn a_url_that_cannot_be_read_is_refused() {
    for url in [
        format!("postgres://shop:{PASSWORD}@db:port/shop"),
        format!("postgres://shop:{PASSWORD}@db/shop?sslmode=often"),
        format!("postgres:///shop?password={PASSWORD}"),
    ] {
        let (error, message) = refused(&url);
        assert!(matches!(error, OpenError::BadUrl { .. }), "{error:?}");
        assert!(
            message.contains("write postgres://USER@HOST:PORT/DATABASE"),
            "{message}"
        );
    }
}

/// A port of this machine at which nothing listens: one that was bound and closed again may be another's
/// by now, so it stays bound and is not listened at.
#[test]
fn a_server_that_does_not_answer_is_refused() {
    let folder = crate::world::folder();
    let socket = folder.path().display().to_string().replace('/', "%2F");
    let url = format!("postgres://shop:{PASSWORD}@{socket}/shop");
    let (error, message) = refused(&url);
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
    assert!(message.contains("start the server"), "{message}");
    assert!(
        message.contains(&folder.path().display().to_string()),
        "{message}"
    );
}

#[test]
fn a_database_that_is_not_there_is_refused() {
    let url = url(&crate::server(), "nobody_made_this");
    let (error, message) = refused(&url);
    assert!(matches!(error, OpenError::NoDatabase { .. }), "{error:?}");
    assert!(message.contains(&shown(&url)), "{message}");
    assert!(message.contains("create it with `createdb`"), "{message}");
}

#[test]
fn a_user_that_the_server_does_not_know_is_refused() {
    let url = as_user(&crate::server(), "nobody_knows_this");
    let (error, message) = refused(&url);
    assert!(matches!(error, OpenError::Login { .. }), "{error:?}");
    assert!(message.contains(&shown(&url)), "{message}");
    assert!(message.contains("check user and password"), "{message}");
}

#[test]
fn a_wrong_password_is_refused() {
    crate::server();
    let user = User::new(Database::empty(), "has_a_password");
    let rows = Session::open(&crate::server());
    // The server's own rules ask anyone who is of this role.
    let _ = rows.try_ask("create role with_password nologin");
    rows.ask(&format!("grant with_password to {}", user.name));
    rows.ask(&format!("alter role {} password 'another'", user.name));
    let (error, message) = refused(&user.url());
    assert!(matches!(error, OpenError::Login { .. }), "{error:?}");
    assert!(message.contains(&shown(&user.url())), "{message}");
    assert!(message.contains("check user and password"), "{message}");
    rows.ask(&format!("alter role {} password '{PASSWORD}'", user.name));
}

#[test]
fn a_user_who_may_not_create_is_refused_while_there_is_something_to_migrate() {
    crate::server();
    let user = User::new(Database::empty(), "may_not_create");
    let (error, message) = refused(&user.url());
    assert!(matches!(error, OpenError::Privilege { .. }), "{error:?}");
    assert!(message.contains(&shown(&user.url())), "{message}");
    assert!(message.contains("run `tollgate migrate`"), "{message}");
}

/// A user who may read and write rows, and nothing else, can do all the program does once the schema is
/// there; also when the views are another program's.
#[tokio::test]
async fn a_user_who_may_only_write_rows_can_start_and_work() {
    crate::server();
    let user = User::new(Database::new(), "may_write");
    let rows = user.database.rows();
    let name = &user.name;
    rows.run(&format!(
        "grant select, insert, update, delete on all tables in schema public to {name};
         update view_marks set mark = 'another'"
    ));
    let store = Store::open(options_for(&user.url())).expect("nothing is pending");
    let reply = store.submit(submission(stock("A", 1))).await;
    assert!(reply.is_ok(), "{reply:?}");
    store.close();
    assert_eq!(rows.texts("select mark from view_marks"), ["another"]);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    crate::server();
    for schema in [
        "create table migrations (id bigint primary key, applied text)",
        "create table events (text text)",
    ] {
        let database = Database::empty();
        let rows = database.rows();
        rows.run(schema);
        let (error, message) = refused(&database.name());
        assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
        assert!(message.contains(&shown(&database.name())), "{message}");
        assert_eq!(rows.tables().len() + count(&rows, "migrations"), 1);
    }
}

fn count(rows: &Rows, table: &str) -> usize {
    let sql = format!("select 1 from pg_class where relname = '{table}' and relkind = 'r'");
    rows.texts(&sql).len()
}

/// Each step is run by whoever comes first, and the others wait for it and find it done.
#[test]
fn instances_that_find_an_empty_database_together_make_its_schema_once() {
    crate::server();
    let database = Database::empty();
    let stores: Vec<Store> = std::thread::scope(|scope| {
        let open = || Store::open(options_for(&database.name())).expect("it opens");
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        let opened = threads.into_iter().map(|thread| thread.join());
        opened.map(|store| store.expect("it opens")).collect()
    });
    let migrated = stores.iter().map(|store| store.migrated().len());
    assert_eq!(migrated.sum::<usize>(), Store::all_migrations().len());
    let numbers: Vec<_> = stores.iter().map(|store| store.shop("other")).collect();
    assert!(numbers.iter().all(|number| *number == numbers[0]));
    let rows = database.rows();
    let steps = Store::all_migrations().len() as i64;
    assert_eq!(rows.number("select count(*) from migrations"), steps);
    assert_eq!(rows.number("select count(*) from view_marks"), 1);
}

/// What would be migrated is shown without making anything.
#[test]
fn looking_at_what_would_be_migrated_writes_nothing() {
    crate::server();
    let database = Database::empty();
    let Place::Server(place) = database.place() else {
        panic!("this suite is about servers");
    };
    let steps = Store::pending_migrations_on(&place).expect("an empty database is one");
    assert_eq!(steps, Store::all_migrations());
    assert_eq!(database.rows().tables(), Vec::<String>::new());
    let world = World::new();
    let Place::Server(place) = &world.options.place else {
        panic!("this suite is about servers");
    };
    let steps = Store::pending_migrations_on(place).expect("it is up to date");
    assert_eq!(steps, []);
}
