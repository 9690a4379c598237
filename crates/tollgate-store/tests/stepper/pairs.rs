//! Every pair of commands that share something, in every interleaving that can happen, ends as one of
//! them after the other.
//!
//! Two Gates decide them: the first begins with the one, the second with the other. Anyone who locks the
//! head first is called the first here; that the other one is first is another ordered pair. When the
//! first has made some of its round trips (`begin` locks the head, a `load` for every lookup batch of look-ups, a
//! `write` for every statement, `commit`), the second is let go. It comes as far as the lock of the
//! head, and there it waits: the test asks the server at each of these places whether it does. So
//! there is one place at which the second's only round trip before the first's COMMIT can be, for each
//! round trip of the first, and all that the second does besides comes after. That is every interleaving;
//! a Gate that did not make the second wait would have more, of which this tries the one in which the
//! second goes as far as it can.
//!
//! The second looks for free heads before it waits for one. Between the two the first may commit: that
//! is stepped through at the first and the last place.
//!
//! A case has a shop of its own, and shops do not meet in any row; so one batch of the first command in
//! as many shops as there are second commands is as many cases, and the first's round trips are those it
//! would make alone.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use tollgate_core::time::Span;
use tollgate_store::{Isolation, Place, ServerPlace, Submission};

use crate::lane::{Lane, Standing, said};
use crate::server::{Session, database};
use crate::shops::Shops;
use crate::table::{Entry, LATER, NOW, TABLE, in_shop};
use crate::world::{SHOP, TestClock};

/// A first command and the seconds that it is paired with.
struct Block {
    first: &'static Entry,
    seconds: Vec<&'static Entry>,
    /// The shops in which the one was decided after the other, and what was said there.
    serial: RangeInclusive<u32>,
    said: [Vec<String>; 2],
    /// How many round trips the first makes.
    round_trips: usize,
}

/// Where the second is let go, and how.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// After so many round trips of the first.
    after: usize,
    /// It looks for free heads then, and waits for its own only after the first's COMMIT.
    looks_before: bool,
}

/// What was stepped through.
#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    batches: usize,
    conflicts: u64,
    tries: u64,
    failures: Vec<String>,
}

impl Block {
    fn new(first: &'static Entry, seconds: Vec<&'static Entry>) -> Block {
        Block {
            first,
            seconds,
            serial: SHOP.0..=SHOP.0,
            said: [Vec::new(), Vec::new()],
            round_trips: 0,
        }
    }

    /// As many shops as there are seconds.
    fn take_shops(&self, free: &mut RangeInclusive<u32>) -> RangeInclusive<u32> {
        let from = *free.start();
        let count = u32::try_from(self.seconds.len()).expect("a few");
        *free = from + count..=*free.end();
        from..=from + count - 1
    }

    /// The commands of one side, a shop each.
    fn commands(&self, place: usize, shops: &RangeInclusive<u32>) -> Vec<Submission> {
        let commands = shops.clone().zip(&self.seconds);
        commands
            .map(|(shop, second)| in_shop([self.first, *second][place], shop))
            .collect()
    }

    fn ways(&self) -> Vec<Way> {
        let places = 1..self.round_trips;
        let at_once = places.clone().map(|after| Way {
            after,
            looks_before: false,
        });
        let later = [1, self.round_trips - 1].map(|after| Way {
            after,
            looks_before: true,
        });
        at_once.chain(later).collect()
    }
}

/// Two Gates and what they work on.
struct Pair {
    session: Session,
    lanes: [Lane; 2],
    clock: TestClock,
    shops: Shops,
}

impl Pair {
    fn open(name: &str, isolation: Isolation) -> Pair {
        let url = database(name);
        let clock = TestClock::new();
        let lanes = ["gate-1", "gate-2"].map(|name| {
            Lane::open(&url, name, &clock, |options| {
                if let Place::Server(place) = &mut options.place {
                    *place = ServerPlace {
                        isolation,
                        ..place.clone()
                    };
                }
            })
        });
        let session = Session::open(&url);
        let shops = Shops::new(&lanes[0], &session);
        Pair {
            session,
            lanes,
            clock,
            shops,
        }
    }

    /// Steps through the pairs of these first commands with all others.
    fn step(&mut self, firsts: &[&'static Entry]) -> Tally {
        let mut tally = Tally::default();
        for later in [NOW, LATER] {
            self.clock.advance(later);
            let blocks = self.serial(firsts, later);
            let ways: Vec<(usize, Way)> = blocks
                .iter()
                .enumerate()
                .flat_map(|(number, block)| block.ways().into_iter().map(move |way| (number, way)))
                .collect();
            let count = ways.iter().map(|(block, _)| blocks[*block].seconds.len());
            let filled = self.shops.fill(&self.session, count.sum());
            let mut free = filled.clone();
            let mut shops_of_ways = Vec::new();
            for (number, way) in ways {
                let block = &blocks[number];
                let shops = block.take_shops(&mut free);
                self.interleave(block, way, &shops, &mut tally);
                shops_of_ways.push((number, way, shops));
            }
            self.compare(&blocks, &shops_of_ways, &filled, &mut tally);
        }
        for lane in &self.lanes {
            lane.assert_untroubled();
            let figures = lane.store.figures();
            tally.conflicts += figures.conflicts;
            tally.tries += figures.tries;
            lane.store.close();
        }
        assert_eq!(self.session.deadlocks(), "0");
        tally
    }

    /// The one command after the other, in all pairs that are decided at this time.
    fn serial(&mut self, firsts: &[&'static Entry], later: Span) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        for first in firsts {
            let is_now = |second: &&Entry| first.later.max(second.later) == later;
            let seconds: Vec<_> = TABLE.iter().filter(is_now).collect();
            if !seconds.is_empty() {
                blocks.push(Block::new(first, seconds));
            }
        }
        let count = blocks.iter().map(|block| block.seconds.len()).sum();
        let mut filled = self.shops.fill(&self.session, count);
        for block in &mut blocks {
            block.serial = block.take_shops(&mut filled);
            for (place, lane) in self.lanes.iter().enumerate() {
                block.said[place] = said(&lane.decide(block.commands(place, &block.serial)));
                if place == 0 {
                    block.round_trips = lane.words().len();
                }
            }
        }
        blocks
    }

    /// The two at once.
    fn interleave(&self, block: &Block, way: Way, shops: &RangeInclusive<u32>, tally: &mut Tally) {
        let [first, second] = &self.lanes;
        let Pair { session, .. } = self;
        first.submit(block.commands(0, shops));
        first.allow(way.after);
        let stands = first.stands(session);
        assert!(
            matches!(stands, Standing::At(_)),
            "{}: {stands:?}",
            block.first.name
        );
        second.submit(block.commands(1, shops));
        if way.looks_before {
            second.allow(1);
        } else {
            second.release();
        }
        let met = second.stands(session);
        let waits = match met {
            Standing::Waits => true,
            Standing::At(word) => way.looks_before && word == "wait",
            Standing::Done => false,
        };
        first.release();
        let firsts = said(&first.finish());
        second.release();
        let said = [firsts, said(&second.finish())];
        if !waits {
            tally.failures.push(format!(
                "{}, {way:?}: another command does not wait for its shop ({met:?})",
                block.first.name
            ));
        }
        for (place, said) in said.iter().enumerate() {
            for (number, (now, then)) in said.iter().zip(&block.said[place]).enumerate() {
                if now != then {
                    tally.failures.push(format!(
                        "{}, then {}, {way:?}: number {place} was answered {now}\nand alone {then}",
                        block.first.name, block.seconds[number].name
                    ));
                }
            }
        }
        tally.batches += 2;
        tally.cases += block.seconds.len();
    }

    /// Every shop ends as the one in which the same was decided one after the other.
    fn compare(
        &self,
        blocks: &[Block],
        ways: &[(usize, Way, RangeInclusive<u32>)],
        filled: &RangeInclusive<u32>,
        tally: &mut Tally,
    ) {
        let sums = self.shops.sums(&self.session, filled);
        let serial: Vec<BTreeMap<u32, String>> = blocks
            .iter()
            .map(|block| self.shops.sums(&self.session, &block.serial))
            .collect();
        for (number, way, shops) in ways {
            let block = &blocks[*number];
            for ((shop, alone), second) in
                shops.clone().zip(block.serial.clone()).zip(&block.seconds)
            {
                if sums[&shop] == serial[*number][&alone] {
                    continue;
                }
                let differences = match tally.failures.len() {
                    0..10 => self.shops.differences(&self.session, shop, alone),
                    _ => Vec::new(),
                };
                tally.failures.push(format!(
                    "{}, then {}, {way:?}:\n{}",
                    block.first.name,
                    second.name,
                    differences.join("\n")
                ));
            }
        }
    }
}

impl Tally {
    fn check(&self, what: &str) {
        let some = &self.failures[..self.failures.len().min(10)];
        assert!(
            some.is_empty(),
            "{} of {} cases are not serial\n\n{}",
            self.failures.len(),
            self.cases,
            some.join("\n\n")
        );
        eprintln!(
            "{what}: {} cases in {} batches, {} of {} tries met another transaction",
            self.cases, self.batches, self.conflicts, self.tries
        );
    }
}

/// Some of the table's commands: every so many, from one on.
fn every(step: usize, from: usize) -> Vec<&'static Entry> {
    TABLE.iter().skip(from).step_by(step).collect()
}

/// In halves, so that two cores are busy.
fn every_pair(half: usize) {
    let mut pair = Pair::open(&format!("pairs_{half}"), Isolation::ReadCommitted);
    let tally = pair.step(&every(2, half));
    assert_eq!(tally.conflicts, 0);
    tally.check("read committed");
}

#[test]
fn every_interleaving_of_every_pair_is_serial_first_half() {
    every_pair(0);
}

#[test]
fn every_interleaving_of_every_pair_is_serial_second_half() {
    every_pair(1);
}

/// The same code, proved by the database: conflicts are tried again and the end is serial all the
/// same. How often is printed.
#[test]
fn a_sample_of_pairs_is_serial_where_the_server_sees_to_it() {
    let mut pair = Pair::open("serializable", Isolation::Serializable);
    let tally = pair.step(&every(6, 1));
    assert!(0 < tally.conflicts, "nothing has met");
    tally.check("serializable");
}
