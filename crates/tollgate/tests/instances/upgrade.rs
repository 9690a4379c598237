//! Instances of an earlier release beside the schema of a later one, under load (docs/adr/0023).
//!
//! A step of the later one is what its migration would do, in SQL. `TOLLGATE_EARLIER` names a binary of an earlier
//! release (`scripts/storm upgrade` builds one); without it this one is the earlier one, too.

use std::sync::Arc;

use crate::fleet::Fleet;
use crate::harness::{
    Client, Database, Home, Request, Tollgate, assert_names, one_line, serve, server_needed,
    serving, until,
};
use crate::load::{Load, check, check_fleet};

const FENCE: &str = include_str!("../../../tollgate-store/migrations/postgres/fence.sql");

/// Notes a step of a later release, after which programs that know version `oldest` go on writing.
fn noted(oldest: &str) -> String {
    format!(
        "insert into migrations (version, name, checksum, at)
         select max(version) + 1, 'later', 'x', 0 from migrations;
         insert into migration_writers (version, oldest_writer)
         select max(version), {oldest} from migrations"
    )
}

fn readiness(client: &mut Client) -> (u16, String) {
    let answer = client.call(&Request::get("/readyz"));
    (answer.status, answer.text())
}

#[test]
fn earlier_instances_work_on_and_start_again_beside_a_step_that_only_adds() {
    let mut fleet = Fleet::start(2);
    Load::prepare(&mut fleet.client(0));
    let Fleet {
        servers,
        homes,
        database,
    } = &mut fleet;
    let addresses = servers.iter().map(Tollgate::address).collect();
    let load = Load::new(&homes[0], addresses);
    let played = load.while_playing(4, "ADD", || {
        database.change(&format!(
            "alter table roots add column later text default 'kept';
             alter table stock add column later text default 'kept';
             {}",
            noted("max(version) - 1")
        ));
        load.wait_for_more(30);
        let fresh = Tollgate::start(&homes[1]);
        load.moved(1, fresh.address());
        let gone = std::mem::replace(&mut servers[1], fresh);
        assert_eq!(gone.stop().code(), Some(0));
        load.wait_for_more(60);
    });
    check_fleet(&fleet, &played);
    let lost = "select count(*) from roots where later is distinct from 'kept'";
    assert_eq!(fleet.database.number(lost), 0);
}

/// They drain: nothing is written by them any more, they say so where a balancer asks, and one that is started says why
/// it does not. What was refused is repeated, and done once.
#[test]
fn earlier_instances_write_nothing_after_a_step_that_shuts_them_out() {
    let fleet = Fleet::start(2);
    Load::prepare(&mut fleet.client(0));
    let Fleet {
        servers,
        homes,
        database,
    } = &fleet;
    let addresses = servers.iter().map(Tollgate::address).collect();
    let load = Load::new(&homes[0], addresses);
    let played = load.while_playing(4, "SHUT", || {
        let known = database.number("select max(version) from migrations");
        let fence = FENCE.replace("{oldest}", &(known + 1).to_string());
        database.change(&format!("{fence} {}", noted("max(version)")));
        let heads = "select coalesce(sum(position), 0) from shop_heads";
        let roots = "select coalesce(sum(version), 0) from roots";
        let before = [heads, roots].map(|sum| database.number(sum));
        for server in servers {
            let mut client = server.client();
            let reason = until("it is not ready", || {
                let (status, text) = readiness(&mut client);
                (status == 503).then_some(text)
            });
            let wanted = format!("schema version {}", known + 1);
            assert!(reason.contains(&wanted), "{reason}");
            for path in ["/healthz", "/v1/orders?limit=1"] {
                let answer = client.call(&Request::get(path));
                assert_eq!(answer.status, 200, "{path}: it lives on, and reads");
            }
        }
        let ended = serve(&homes[0]);
        let wanted = format!("only programs that know version {} write", known + 1);
        assert_names(one_line(&ended), &[&wanted]);
        assert_eq!([heads, roots].map(|sum| database.number(sum)), before);

        // As if programs that may write had come.
        database.change(&format!(
            "{} delete from migration_writers where version = {known} + 1;
             delete from migrations where version = {known} + 1",
            FENCE.replace("{oldest}", "0")
        ));
        load.wait_for_more(60);
    });
    assert!(0 < load.refused.into_inner());
    check_fleet(&fleet, &played);
}

/// A server of the earlier release.
fn start_earlier(home: &Home) -> Tollgate {
    let Some(binary) = std::env::var_os("TOLLGATE_EARLIER") else {
        return Tollgate::start(home);
    };
    let this = serving(home);
    let mut serve = std::process::Command::new(binary);
    serve.args(this.get_args()).current_dir(home.path());
    serve.env("TZ", "UTC").stdin(std::process::Stdio::null());
    Tollgate::spawn(serve)
}

/// The schema is the earlier release's; the later one comes under load, one instance after the other.
#[test]
fn instances_of_an_earlier_release_are_replaced_under_load() {
    let database = Arc::new(Database::empty(&server_needed()));
    let homes = [(); 2].map(|()| Home::on(&database));
    let mut servers: Vec<Tollgate> = homes.iter().map(start_earlier).collect();
    Load::prepare(&mut servers[0].client());
    let addresses = servers.iter().map(Tollgate::address).collect();
    let load = Load::new(&homes[0], addresses);
    let played = load.while_playing(4, "ROLL", || {
        for number in 0..servers.len() {
            load.wait_for_more(60);
            let fresh = Tollgate::start(&homes[number]);
            load.moved(number, fresh.address());
            // Both releases write side by side, until the earlier one is shut out or ended.
            load.wait_for_more(60);
            let gone = std::mem::replace(&mut servers[number], fresh);
            assert_eq!(gone.stop().code(), Some(0));
        }
        load.wait_for_more(60);
    });
    eprintln!(
        "{} stories, {} requests unheard, {} refused",
        played.len(),
        load.unheard.into_inner(),
        load.refused.into_inner()
    );
    check(&database, &mut servers[0].client(), &played);
}
