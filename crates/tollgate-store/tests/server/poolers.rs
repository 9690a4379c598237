//! PgBouncer between the program and the server: one that shares connections by transaction is refused by
//! name, and other programs' sessions through it stay as they were; one that keeps sessions is as good as the
//! server itself, and what we have set is not found by whoever comes next.

use tollgate_core::order::OrderStatus;
use tollgate_core::time::Span;
use tollgate_store::{
    Examination, Level, Month, OpenError, Options, Place, PruneError, ServerPlace, Store,
};

use crate::pooler::Pooler;
use crate::words::{create, hear, order_of, paid_by, stock};
use crate::world::{Database, SHOP, START, Session, Table, TestClock, World, options, place};

/// All that a statement may have left in a connection of the server.
const SESSION: &[&str] = &[
    "select name, setting from pg_settings where source = 'session' and name <> 'application_name'
      order by name",
    "select name from pg_prepared_statements",
    "select locktype from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
    "show default_transaction_read_only",
];

fn state(session: &Session) -> Vec<Vec<Vec<String>>> {
    let asked = SESSION.iter().map(|sql| session.ask(sql).rows);
    asked.collect()
}

fn name_of(database: &Database) -> &str {
    match database {
        Database::Server { name, .. } => name,
        Database::File { .. } => panic!("this suite is about servers"),
    }
}

fn server_place(place: Place) -> ServerPlace {
    match place {
        Place::Server(place) => place,
        Place::File(_) | Place::Memory => panic!("this suite is about servers"),
    }
}

/// Everything that begins with a connection, and what it is refused with.
fn ways_in(url: &str) -> Vec<(&'static str, Option<OpenError>)> {
    let clock = TestClock::new();
    let examination = Examination::new(std::sync::Arc::new(|| START));
    let pruned = Store::look_at_prune(
        &place(url),
        Month::of(START.plus(Span::hours(-9000))),
        START,
    );
    let pruned = match pruned {
        Err(PruneError::Open(error)) => Some(error),
        Err(error) => panic!("{error}"),
        Ok(_) => None,
    };
    let report = Store::doctor_at(&place(url), &examination);
    let reach = &report.checks[0];
    assert_eq!((reach.name, reach.level), ("reach", Level::Fail));
    assert_names_it(&reach.seen.join(" "));
    vec![
        ("open", Store::open(options(place(url), &clock)).err()),
        (
            "pending migrations",
            Store::pending_migrations_on(&server_place(place(url))).err(),
        ),
        ("verify", Store::verify_at(&place(url), START).err()),
        ("prune", pruned),
    ]
}

fn assert_names_it(message: &str) {
    for words in ["PgBouncer", "pool_mode = session", "[store] url"] {
        assert!(message.contains(words), "{words:?} is not in {message:?}");
    }
    assert!(!message.contains('\n'), "{message}");
}

/// The pool has one connection, so that the other program has it again whatever we have done in it.
#[test]
fn a_pooler_by_transactions_or_statements_is_refused_and_its_connections_left_as_they_were() {
    crate::server();
    let database = Database::new();
    for mode in ["transaction", "statement"] {
        let pooler = Pooler::start(mode, &crate::server(), &["default_pool_size = 1"]);
        let url = pooler.url(name_of(&database));
        let other = Session::open(&url);
        let process = other.ask("select pg_backend_pid()").rows;
        let before = state(&other);
        for (way, error) in ways_in(&url) {
            let Some(OpenError::SharedSessions { .. }) = &error else {
                panic!("{mode}: {way}: {error:?}");
            };
            assert_names_it(&error.expect("it is one").to_string());
            assert_eq!(state(&other), before, "{mode}: {way}");
        }
        assert_eq!(other.ask("select pg_backend_pid()").rows, process);
    }
}

/// The connections of a larger pool take turns, or the one that was used last comes first.
#[test]
fn a_pooler_by_transactions_is_seen_whichever_connection_it_gives_next() {
    crate::server();
    let database = Database::new();
    for round_robin in ["server_round_robin = 0", "server_round_robin = 1"] {
        for size in [2, 3, 4] {
            let settings = [round_robin, &format!("default_pool_size = {size}")];
            let pooler = Pooler::start("transaction", &crate::server(), &settings);
            let url = pooler.url(name_of(&database));
            let others: Vec<Session> = (0..size).map(|_| Session::open(&url)).collect();
            // As many connections as there may be, all free.
            others.iter().for_each(|other| drop(other.ask("begin")));
            others.iter().for_each(|other| drop(other.ask("commit")));
            for error in [
                Store::open(options(place(&url), &TestClock::new())).err(),
                Store::verify_at(&place(&url), START).err(),
            ] {
                assert!(
                    matches!(error, Some(OpenError::SharedSessions { .. })),
                    "{settings:?}: {error:?}"
                );
            }
        }
    }
}

/// Whom PgBouncer lets ask about itself is told its version too; whatever it does not know at all has no name.
#[test]
fn the_pooler_is_named_as_it_names_itself() {
    crate::server();
    let database = Database::new();
    let named = |settings: &[&str]| {
        let pooler = Pooler::start("transaction", &crate::server(), settings);
        let url = pooler.url(name_of(&database));
        match Store::open(options(place(&url), &TestClock::new())) {
            Err(OpenError::SharedSessions { pooler, .. }) => pooler,
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("it opens"),
        }
    };
    assert_eq!(named(&[]), "PgBouncer");
    let version = named(&["stats_users = tollgate"]);
    assert!(version.starts_with("PgBouncer 1."), "{version}");
}

/// A store behind a pooler that keeps sessions does what it does at the server itself.
#[tokio::test]
async fn a_pooler_by_sessions_is_as_good_as_the_server_and_gets_clean_sessions_back() {
    crate::server();
    let database = Database::new();
    let pooler = Pooler::start("session", &crate::server(), &["default_pool_size = 40"]);
    let url = pooler.url(name_of(&database));
    let before = state(&Session::open(&url));
    let direct = Session::open(&database.name());
    let connected = move || -> Table {
        direct.ask(
            "select pid from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid()",
        )
    };

    let through = |options: &mut Options| options.place = place(&url);
    let world = World::over(database, through);
    world.act(stock("A", 5)).await;
    let order = paid_by(order_of(1, "C1", "A", 2), "R1");
    world.act(create(order)).await;
    world.act(hear(2, "k", "R1", "paid 200")).await;
    let ours = connected().rows;
    assert!(1 < ours.len(), "{ours:?}");
    let root = world
        .store
        .root_by_code(SHOP, "C1")
        .await
        .expect("it reads");
    let paid = root.and_then(|root| root.order).map(|order| order.status);
    assert_eq!(paid, Some(OrderStatus::Paid));
    let stock = world.store.stock(SHOP, "A").await.expect("it reads");
    assert_eq!(stock.map(|stock| (stock.on_hand, stock.held)), Some((3, 0)));
    let report = Store::verify_at(&place(&url), world.clock.now()).expect("it can be verified");
    let found = report
        .checks
        .iter()
        .filter(|check| check.level != Level::Ok);
    assert_eq!(
        found.map(|check| check.name).collect::<Vec<_>>(),
        Vec::<&str>::new()
    );
    let examination = Examination::new(world.options.clock.clone());
    let report = Store::doctor_at(&place(&url), &examination);
    let reach = report.checks.iter().find(|check| check.name == "reach");
    assert_eq!(reach.map(|check| check.level), Some(Level::Ok));
    let shut = world.shut();

    // The others that come are given what we have had.
    let mut again = 0;
    let others: Vec<Session> = ours.iter().map(|_| Session::open(&url)).collect();
    for other in &others {
        again += usize::from(ours.contains(&other.ask("select pg_backend_pid()").rows[0]));
        assert_eq!(state(other), before);
    }
    assert!(0 < again, "none of {ours:?}");
    drop(shut);
}

/// A session for each connection is needed, so a pool of one is told apart from a server that is away.
#[test]
fn a_pooler_by_sessions_that_has_one_is_refused_as_too_small() {
    crate::server();
    let database = Database::new();
    let pooler = Pooler::start("session", &crate::server(), &["default_pool_size = 1"]);
    let url = pooler.url(name_of(&database));
    let error = Store::open(options(place(&url), &TestClock::new())).err();
    let Some(OpenError::OneSession { .. }) = &error else {
        panic!("{error:?}");
    };
    let message = error.expect("it is one").to_string();
    assert!(message.contains("default_pool_size"), "{message}");
}
