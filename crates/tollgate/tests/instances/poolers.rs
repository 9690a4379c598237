//! The binary behind PgBouncer: every command refuses one that shares connections by transaction, in one line
//! that names it and the remedy, and leaves the sessions of other programs as they were; behind one that keeps
//! sessions several instances work as at the server itself.

use crate::fleet::Fleet;
use crate::harness::{Database, Home, Session, assert_names, command, finish, server_needed};
use crate::load::{Load, check};
use crate::pooler::Pooler;

/// What another program finds in its connection.
const SESSION: &str = "\
    select name, setting from pg_settings where source = 'session' and name <> 'application_name'
     union all
    select 'prepared', name from pg_prepared_statements
     union all
    select 'read only', current_setting('default_transaction_read_only')
     union all
    select 'lock', locktype from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
     order by 1, 2";

fn name_of(database: &Database) -> &str {
    match database {
        Database::Server { name, .. } => name,
        Database::File(_) | Database::Memory => panic!("this suite is about servers"),
    }
}

#[test]
fn every_command_refuses_a_pooler_by_transactions_in_one_line_and_leaves_nothing_behind() {
    let server = server_needed();
    let database = std::sync::Arc::new(Database::on(&server));
    let pooler = Pooler::start("transaction", &server, &["default_pool_size = 1"]);
    let url = pooler.url(name_of(&database));
    let mut home = Home::on(&database);
    home.set("store", "url", url.clone());
    let config = home.write_config();
    let other = Session::open(&url).expect("the pooler answers");
    let before = other.ask(SESSION).expect("it answers");

    for arguments in [
        "serve",
        "doctor",
        "verify",
        "migrate",
        "migrate --dry-run",
        "prune --before 2020-01 --dry-run",
        "prune --before 2020-01 --yes",
        "keys list",
    ] {
        let mut tollgate = command();
        tollgate
            .args(arguments.split(' '))
            .arg("--config")
            .arg(&config);
        let ended = finish(tollgate.current_dir(home.path()));
        assert!(
            ended.code.is_some_and(|code| code != 0),
            "{arguments}: {ended:?}"
        );
        // `doctor` reports to stdout, whatever it has found.
        let said = format!("{}{}", ended.stdout, ended.stderr);
        let line = said.lines().find(|line| line.contains("PgBouncer"));
        let line = line.unwrap_or_else(|| panic!("{arguments}: {said}"));
        assert_names(line, &["pool_mode = session", "[store] url"]);
        let after = other.ask(SESSION).expect("it answers");
        assert_eq!(after, before, "{arguments}");
    }
}

#[test]
fn instances_behind_a_pooler_by_sessions_lose_and_double_nothing() {
    let server = server_needed();
    let database = Database::on(&server);
    let pooler = Pooler::start("session", &server, &["default_pool_size = 80"]);
    let url = pooler.url(name_of(&database));
    let first = Session::open(&url).expect("the pooler answers");
    let before = first.ask(SESSION).expect("it answers");
    let fleet = Fleet::on(database, 2, |home| home.set("store", "url", url.clone()));
    Load::prepare(&mut fleet.client(0));
    let addresses = fleet.servers.iter().map(crate::harness::Tollgate::address);
    let load = Load::new(fleet.home(), addresses.collect());
    let played = load.while_playing(4, "POOLED", || load.wait_for_more(100));
    check(&fleet.database, &mut fleet.client(1), &played);

    let ours = "select pid from pg_stat_activity
                 where datname = current_database() and application_name = 'tollgate'";
    let ours = fleet.database.ask(ours);
    let database = std::sync::Arc::clone(&fleet.database);
    drop(fleet);
    let mut again = 0;
    let others: Vec<Session> = ours
        .lines()
        .map(|_| Session::open(&url).expect("the pooler answers"))
        .collect();
    for other in &others {
        let process = other.ask("select pg_backend_pid()").expect("it answers");
        again += usize::from(ours.lines().any(|line| line == process));
        assert_eq!(other.ask(SESSION).expect("it answers"), before);
    }
    assert!(0 < again, "none of {ours:?}");
    drop(database);
}
