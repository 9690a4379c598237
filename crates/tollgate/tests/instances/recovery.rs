//! The recovery of what a lost worker had in hand, while the server itself comes and goes.

use std::time::Duration;

use crate::crew::{Asked, Crew};
use crate::harness::{Cluster, Database, until};

/// Stories that are played before anything happens.
const STORIES: usize = 24;

/// The endpoints take so long, so that a worker has its hands full.
const DAWDLES: Duration = Duration::from_millis(150);

/// F11: a worker is killed with its hands full; the server ends as by a power cut just before the first
/// of its leases ends, and once more when the recovery has begun. Recovery is no event that happens
/// once: the other worker comes back by itself, to everything.
#[test]
fn what_a_lost_worker_had_is_recovered_although_the_server_restarts_meanwhile() {
    let cluster = Cluster::start();
    let database = Database::on(cluster.url());
    let mut crew = Crew::on(database, 0, DAWDLES, |home| {
        home.set("worker", "lease_ms", 3000);
    });
    crew.subscribe(&["order.paid", "receipt.issued"]);
    let mut client = crew.api.client();
    let mut asked = Asked::default();
    for turn in 0..STORIES {
        crew.play(&mut client, 0, turn, &mut asked);
    }
    crew.hire(|_| ());
    let in_hand = "select count(*) from effects where state = 'leased'";
    until("a worker has its hands full", || {
        (16 <= crew.database.number(in_hand)).then_some(())
    });
    crew.workers.remove(0).kill();
    let connected = "select count(*) from pg_stat_activity where application_name = 'worker'";
    until("the server has seen it go", || {
        (crew.database.number(connected) == 0).then_some(())
    });
    crew.database.ask(
        "create table held as select shop_id, id, due_at, tries from effects where state = 'leased'",
    );
    let held = crew.database.number("select count(*) from held");
    assert!(0 < held, "it was killed with something in its hands");
    let ends = "select count(*) from held
                 where due_at < extract(epoch from clock_timestamp()) * 1000 + 200";
    let begun_again = "select count(*) from effects
                         join held using (shop_id, id)
                        where held.tries < effects.tries";

    crew.hire(|_| ());
    until("the first lease is about to end", || {
        (0 < crew.database.number(ends)).then_some(())
    });
    cluster.stop();
    cluster.start_again();
    let recovered = until("the recovery has begun", || {
        let count = crew.database.number(begun_again);
        (0 < count).then_some(count)
    });
    let open = "select count(*) from effects where state <> 'done'";
    let open = crew.database.number(open);
    cluster.stop();
    cluster.start_again();
    crew.wait_until_done();
    let all = crew.database.number(begun_again);
    eprintln!(
        "{held} were held by the lost worker, {recovered} of them begun again and {open} effects open \
         when the server restarted for the second time; {all} begun again in all"
    );
    assert!(0 < open, "there was something left to do");
    assert_eq!(all, held, "each was taken from the lost one");
    crew.workers[0].assert_runs();
    crew.check(&asked);
}
