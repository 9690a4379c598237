//! COMMITs whose end the store does not see: what it says about them is true, and `OutcomeUnknown` is
//! said only where it cannot be known.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use tollgate_store::{Options, SubmitError};

use crate::broken::all_commands;
use crate::lane::{Answers, Lane, said};
use crate::proxy::{Fault, Proxy};
use crate::server::{Session, database};
use crate::shops::Shops;
use crate::table::{LATER, TABLE};
use crate::world::TestClock;

/// A store behind a network, and what every command of the table comes to when nothing happens.
struct Far {
    proxy: Proxy,
    lane: Lane,
    session: Session,
    shops: Shops,
    said: Vec<String>,
    rows: BTreeMap<u32, String>,
}

impl Far {
    fn open(name: &str) -> Far {
        Far::open_with(name, |_| {})
    }

    fn open_with(name: &str, change: impl FnOnce(&mut Options)) -> Far {
        let url = database(name);
        let clock = TestClock::new();
        let session = Session::open(&url);
        let proxy = Proxy::to(&url);
        let near = Lane::open(&url, "near", &clock, |_| {});
        let mut shops = Shops::new(&near, &session);
        clock.advance(LATER);
        let alone = shops.fill(&session, TABLE.len());
        let said = said(&near.decide(all_commands(*alone.start())));
        Far {
            lane: Lane::open(&proxy.url(&url), "far", &clock, change),
            rows: shops.sums(&session, &alone),
            proxy,
            session,
            shops,
            said,
        }
    }

    /// A batch that goes well, so that what is in doubt is not the first that the lane commits.
    fn warm_up(&mut self) {
        let filled = self.shops.fill(&self.session, TABLE.len());
        let answers = self.lane.decide(all_commands(*filled.start()));
        assert_eq!(said(&answers), self.said);
    }

    /// Decides every command of the table while something happens to the network.
    fn decide(&mut self, fault: Fault) -> (RangeInclusive<u32>, Answers) {
        let filled = self.shops.fill(&self.session, TABLE.len());
        self.proxy.set(fault);
        let answers = self.lane.decide(all_commands(*filled.start()));
        (filled, answers)
    }

    /// Decides them when the network is back: the server is dialled a second later at the latest, and until then
    /// everything is refused.
    fn decide_when_back(&mut self, shops: &RangeInclusive<u32>) -> Answers {
        self.proxy.set(Fault::None);
        let since = Instant::now();
        loop {
            let answers = self.lane.decide(all_commands(*shops.start()));
            let refused = |answer: &_| matches!(answer, Err(SubmitError::Unavailable { .. }));
            if !answers.iter().all(refused) {
                return answers;
            }
            assert!(since.elapsed() < Duration::from_secs(30), "it is not back");
        }
    }

    /// What was said is what is said when nothing happens, and so is what is stored.
    fn assert_decided_once(&self, shops: &RangeInclusive<u32>, answers: &Answers) {
        assert_eq!(said(answers), self.said);
        self.assert_stored(shops);
    }

    fn assert_stored(&self, shops: &RangeInclusive<u32>) {
        let now = self.shops.sums(&self.session, shops);
        if now.values().eq(self.rows.values()) {
            return;
        }
        for ((shop, now), (alone, then)) in now.iter().zip(&self.rows) {
            if now != then {
                let differences = self.shops.differences(&self.session, *shop, *alone);
                eprintln!("{}", differences.join("\n"));
            }
        }
        panic!("what is stored differs");
    }

    fn assert_unknown(&self, answers: &Answers) {
        for answer in answers {
            let unknown = matches!(answer, Err(SubmitError::OutcomeUnknown { .. }));
            assert!(unknown, "{answer:?}");
        }
    }
}

#[test]
fn a_commit_that_never_arrived_is_done_again() {
    let mut far = Far::open("lost_commit");
    for _ in 0..2 {
        let before = far.lane.store.figures();
        let (shops, answers) = far.decide(Fault::LoseCommit);
        assert_eq!(far.proxy.seen(), 1);
        far.assert_decided_once(&shops, &answers);
        let after = far.lane.store.figures();
        assert_eq!(
            [after.tries - before.tries, after.batches - before.batches],
            [2, 1]
        );
    }
    assert_eq!(far.lane.store.figures().in_doubt, 0);
}

#[test]
fn a_commit_whose_answer_was_lost_is_not_done_again() {
    let mut far = Far::open("lost_answer");
    for _ in 0..2 {
        let before = far.lane.store.figures();
        let (shops, answers) = far.decide(Fault::LoseAnswer);
        assert_eq!(far.proxy.seen(), 1);
        far.assert_decided_once(&shops, &answers);
        let after = far.lane.store.figures();
        assert_eq!(
            [after.tries - before.tries, after.batches - before.batches],
            [1, 1]
        );
    }
    assert_eq!(far.lane.store.figures().in_doubt, 0);
}

#[test]
fn where_no_one_can_look_after_a_commit_the_outcome_is_unknown_and_kept() {
    let mut far = Far::open("lost_server");
    far.warm_up();
    let (shops, answers) = far.decide(Fault::LoseAnswerAndServer);
    far.assert_unknown(&answers);
    assert_eq!(far.lane.store.figures().in_doubt, 1);
    far.assert_stored(&shops);
    let filled = far.shops.fill(&far.session, TABLE.len());
    let answers = far.decide_when_back(&filled);
    assert_eq!(said(&answers), far.said);
}

/// It took up to five seconds: what had come behind the commit waited for the end of it.
#[test]
fn what_comes_while_no_one_can_look_is_refused_at_once() {
    let mut far = Far::open("lost_server_and_others");
    far.warm_up();
    let filled = far.shops.fill(&far.session, TABLE.len());
    let others = far.shops.fill(&far.session, TABLE.len());
    far.proxy.set(Fault::LoseAnswerAndServer);
    far.lane.submit(all_commands(*filled.start()));
    far.lane.release();
    while far.proxy.seen() == 0 {
        std::thread::yield_now();
    }
    for _ in 0..3 {
        for answer in far.lane.beside(all_commands(*others.start())) {
            let refused = matches!(answer, Err(SubmitError::Unavailable { .. }));
            assert!(refused, "{answer:?}");
        }
    }
    assert!(!far.lane.has_answered(), "the first is looked for still");
    far.assert_unknown(&far.lane.finish());
    far.assert_stored(&filled);
    let answers = far.decide_when_back(&others);
    far.assert_decided_once(&others, &answers);
}

#[test]
fn where_no_one_can_look_after_a_commit_that_never_arrived_the_outcome_is_unknown() {
    let mut far = Far::open("lost_commit_and_server");
    far.warm_up();
    let (shops, answers) = far.decide(Fault::LoseCommitAndServer);
    far.assert_unknown(&answers);
    assert_eq!(far.lane.store.figures().in_doubt, 1);
    // Repeated, it is the first time.
    let again = far.decide_when_back(&shops);
    far.assert_decided_once(&shops, &again);
}

#[test]
fn a_commit_whose_answer_stays_on_the_way_is_found_done() {
    let mut far = Far::open("held_answer");
    far.warm_up();
    let before = far.lane.store.figures();
    let (shops, answers) = far.decide(Fault::HoldAnswer);
    far.proxy.set(Fault::None);
    far.assert_decided_once(&shops, &answers);
    assert_eq!(far.lane.store.figures().tries - before.tries, 1);
}

/// A COMMIT that takes long, because it waits for a standby or a disk: here it waits for a lock that
/// the test has.
const SLOW_COMMIT: &str = "
    create function wait_for_the_test() returns trigger language plpgsql as $$
    begin
        perform set_config('lock_timeout', '0', true);
        perform pg_advisory_xact_lock(1);
        return null;
    end $$;
    create constraint trigger slow_commit after insert or update on gate_lanes
        deferrable initially deferred for each row execute function wait_for_the_test();
    select pg_advisory_lock(1)";

/// The connection breaks while the server commits. The lane's row is still written by that
/// transaction, and anyone who reads it has to wait.
fn a_connection_breaks_while_the_server_commits(far: &mut Far) {
    let filled = far.shops.fill(&far.session, TABLE.len());
    far.session.script(SLOW_COMMIT);
    far.proxy.set(Fault::BreakAtCommit);
    far.lane.submit(all_commands(*filled.start()));
    far.lane.release();
    let waits_for_the_row = "
        select count(*)
          from pg_stat_activity
         where datname = current_database() and application_name = 'far'
           and query like '%gate_lanes%' and wait_event_type = 'Lock'";
    let begins = |lane: &Lane| lane.words().iter().filter(|word| **word == "begin").count();
    while far.session.text(waits_for_the_row) == "0" && begins(&far.lane) < 2 {
        std::thread::yield_now();
    }
    far.session.script("select pg_advisory_unlock(1)");
    let answers = far.lane.finish();
    far.assert_decided_once(&filled, &answers);
}

#[test]
fn a_connection_that_breaks_while_the_server_commits_is_waited_for() {
    let mut far = Far::open("slow_commit");
    far.warm_up();
    a_connection_breaks_while_the_server_commits(&mut far);
}

/// There is no row yet that could be locked.
#[test]
fn the_first_commit_of_a_lane_is_waited_for_when_its_connection_breaks() {
    let mut far = Far::open("slow_first_commit");
    a_connection_breaks_while_the_server_commits(&mut far);
}

/// The server ends the transaction itself when it has heard nothing for so long; then it is done again.
#[test]
fn a_commit_that_stays_on_the_way_is_given_up_by_the_server() {
    let mut far = Far::open("held_commit");
    let before = far.lane.store.figures();
    let (shops, answers) = far.decide(Fault::HoldCommit);
    far.assert_decided_once(&shops, &answers);
    assert_eq!(far.lane.store.figures().tries - before.tries, 2);
    far.proxy.set(Fault::None);
}

#[test]
fn a_server_that_answers_nothing_is_given_up() {
    let mut far = Far::open("held_all");
    far.warm_up();
    let since = Instant::now();
    let (shops, answers) = far.decide(Fault::HoldAll);
    for answer in &answers {
        let refused = matches!(answer, Err(SubmitError::Unavailable { .. }));
        assert!(refused, "{answer:?}");
    }
    assert!(
        since.elapsed() < Duration::from_secs(30),
        "{:?}",
        since.elapsed()
    );
    let again = far.decide_when_back(&shops);
    far.assert_decided_once(&shops, &again);
}

/// Without steps: a batch's writes and its COMMIT travel together, and may be lost together, on their way
/// there or back.
#[test]
fn a_commit_that_travels_with_its_writes_is_decided_once() {
    let mut far = Far::open_with("together", |options| options.pause = None);
    for fault in [
        Fault::LoseCommit,
        Fault::BreakAtCommit,
        Fault::LoseAnswer,
        Fault::HoldAnswer,
    ] {
        far.warm_up();
        let before = far.lane.store.figures();
        let (shops, answers) = far.decide(fault);
        assert!(1 <= far.proxy.seen(), "{fault:?} met no COMMIT");
        far.proxy.set(Fault::None);
        far.assert_decided_once(&shops, &answers);
        let after = far.lane.store.figures();
        assert!(
            before.reconnects < after.reconnects,
            "{fault:?} was not felt"
        );
        assert_eq!(after.in_doubt, 0, "{fault:?}");
    }
}

/// The same where the end cannot be looked up afterwards.
#[test]
fn where_no_one_can_look_after_a_commit_that_travelled_with_its_writes_the_outcome_is_unknown() {
    let mut far = Far::open_with("together_and_gone", |options| options.pause = None);
    far.warm_up();
    let (shops, answers) = far.decide(Fault::LoseCommitAndServer);
    far.assert_unknown(&answers);
    let again = far.decide_when_back(&shops);
    far.assert_decided_once(&shops, &again);
}
