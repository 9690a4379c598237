//! `kill -9` of instances under load (D9, B4); instances that come and go.

use crate::fleet::Fleet;
use crate::harness::Tollgate;
use crate::load::{Load, check_fleet};

const KILLS: usize = 12;
const CLIENTS: usize = 6;

#[test]
fn whatever_was_answered_survives_the_kills_of_instances_one_after_the_other() {
    let mut fleet = Fleet::start(3);
    Load::prepare(&mut fleet.client(0));
    let Fleet { servers, homes, .. } = &mut fleet;
    let addresses = servers.iter().map(Tollgate::address).collect();
    let load = Load::new(&homes[0], addresses);
    let played = load.while_playing(CLIENTS, "KILL", || {
        for round in 0..KILLS {
            load.wait_for_more(20 + round * 13 % 40);
            let number = round % servers.len();
            // One comes for the one that goes.
            let fresh = match round % 3 {
                2 => {
                    // Killed while it comes up, too.
                    Tollgate::start(&homes[number]).kill();
                    Tollgate::start(&homes[number])
                }
                _ => Tollgate::start(&homes[number]),
            };
            load.moved(number, fresh.address());
            std::mem::replace(&mut servers[number], fresh).kill();
        }
        load.wait_for_more(50);
    });
    eprintln!(
        "{} stories, {KILLS} kills, {} requests unheard, {} refused",
        played.len(),
        load.unheard.into_inner(),
        load.refused.into_inner()
    );
    check_fleet(&fleet, &played);
}

/// One that is asked to stop does what it has taken; its work goes on elsewhere.
#[test]
fn instances_that_come_and_go_in_good_order_lose_nothing() {
    let mut fleet = Fleet::start(2);
    Load::prepare(&mut fleet.client(0));
    let Fleet { servers, homes, .. } = &mut fleet;
    let addresses = servers.iter().map(Tollgate::address).collect();
    let load = Load::new(&homes[0], addresses);
    let played = load.while_playing(4, "COME", || {
        for round in 0..6 {
            load.wait_for_more(30);
            let number = round % 2;
            let fresh = Tollgate::start(&homes[number]);
            load.moved(number, fresh.address());
            let gone = std::mem::replace(&mut servers[number], fresh);
            assert_eq!(gone.stop().code(), Some(0), "it ends in good order");
        }
        load.wait_for_more(30);
    });
    check_fleet(&fleet, &played);
}
