//! A primary with a synchronous standby: the primary is gone, the standby is promoted, the instances
//! find it by themselves.

use std::sync::Arc;

use crate::harness::{Cluster, Database, Home, Tollgate, in_parallel, try_to_ask, until};
use crate::load::{Load, check};

const CLIENTS: usize = 6;

#[test]
fn whatever_was_answered_survives_the_loss_of_the_primary() {
    let primary = Cluster::start();
    let database = Database::on(primary.url());
    let standby = Cluster::standby(&primary);
    let say = |statement: &str| try_to_ask(primary.url(), statement).expect("the primary answers");
    // From here a commit is answered when the standby has it on its disk.
    say("alter system set synchronous_standby_names = 'standby'");
    say("select pg_reload_conf()");
    until("the standby is synchronous", || {
        let state = say("select sync_state from pg_stat_replication");
        (state == "sync").then_some(())
    });

    let url = database.url();
    let (_, name) = url.rsplit_once('/').expect("a URL has a path");
    let hosts = format!("{},{}", primary.host(), standby.host());
    let url = format!("postgres://tollgate@{hosts}/{name}");
    let database = Arc::new(database);
    let homes: Vec<Home> = (0..2)
        .map(|_| {
            let mut home = Home::on(&database);
            home.set("store", "url", url.clone());
            home
        })
        .collect();
    let servers = in_parallel(2, |number| Tollgate::start(&homes[number]));
    Load::prepare(&mut servers[0].client());
    let addresses = servers.iter().map(Tollgate::address).collect();
    let load = Load::new(&homes[0], addresses);
    let mut before = 0;
    let played = load.while_playing(CLIENTS, "HA", || {
        load.wait_for_more(150);
        primary.stop();
        before = load.answered();
        let refused = load.refused.load(std::sync::atomic::Ordering::Relaxed);
        // No instance takes writes: every client is answered to come back.
        until("they are refused for now", || {
            let now = load.refused.load(std::sync::atomic::Ordering::Relaxed);
            (refused + 20 < now).then_some(())
        });
        standby.promote();
        load.wait_for_more(200);
    });
    eprintln!(
        "{} stories, {before} requests answered before, {} after, {} refused, {} unheard",
        played.len(),
        load.answered() - before,
        load.refused.load(std::sync::atomic::Ordering::Relaxed),
        load.unheard.load(std::sync::atomic::Ordering::Relaxed),
    );
    let promoted = Database::Server {
        server: standby.url().to_owned(),
        name: name.to_owned(),
    };
    check(&promoted, &mut servers[0].client(), &played);
    check(&promoted, &mut servers[1].client(), &played);
}
