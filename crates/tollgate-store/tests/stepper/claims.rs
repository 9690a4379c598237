//! A claim and a command of another Gate on the same shop, in every interleaving: anyone who has the shop's
//! head first is done first, and a claim takes nothing that is settled under its hands, nor leaves what is
//! decided before it.

use tollgate_core::id::ShopId;
use tollgate_store::Claim;

use crate::lane::{Answers, Lane, said};
use crate::server::{Session, database};
use crate::shops::Shops;
use crate::table::{Entry, LATER, TABLE, first_claim, in_shop};
use crate::world::TestClock;

/// Commands that settle what is claimed, whose claim has just run out, or decide something to be done.
const COMMANDS: &[&str] = &[
    "begin to ask about R1",
    "the provider is asked and knows R1",
    "nobody can be asked about R1",
    "the receipt of R5 is issued",
    "the receipt of R5 is put off",
    "try the receipt of R5 again",
    "webhook paid R1",
    "webhook refund R5",
    "check R1",
    "ask for a refund",
];

/// Two Gates, of which one claims and one decides.
struct Pair {
    session: Session,
    lanes: [Lane; 2],
    shops: Shops,
}

/// Hands a lane the claim or the command of a shop.
fn hand(lane: &Lane, is_claim: bool, entry: &Entry, shop: u32) {
    if is_claim {
        lane.claim(Claim {
            shop: ShopId(shop),
            lease: tollgate_core::effect::Lease(2),
            ..first_claim()
        });
    } else {
        lane.submit(vec![in_shop(entry, shop)]);
    }
}

fn end(lane: &Lane) -> Answers {
    lane.release();
    lane.finish()
}

impl Pair {
    /// One after the other in one shop, and then, in a shop for each of the first's round trips, the second
    /// let go after so many of them; what differs.
    fn step(&mut self, entry: &Entry, claim_first: bool) -> (usize, Vec<String>) {
        let [first, second] = &self.lanes;
        let filled = self.shops.fill(&self.session, 1);
        let serial = *filled.start();
        hand(first, claim_first, entry, serial);
        let mut alone = vec![said(&end(first))];
        let round_trips = first.words().len();
        hand(second, !claim_first, entry, serial);
        alone.push(said(&end(second)));
        let wanted = self.shops.sums(&self.session, &filled)[&serial].clone();
        let shops = self.shops.fill(&self.session, round_trips - 1);
        let mut wrong = Vec::new();
        for (after, shop) in (1..round_trips).zip(shops.clone()) {
            let [first, second] = &self.lanes;
            hand(first, claim_first, entry, shop);
            first.allow(after);
            first.stands(&self.session);
            hand(second, !claim_first, entry, shop);
            second.release();
            second.stands(&self.session);
            let both = vec![said(&end(first)), said(&end(second))];
            let found = self.shops.sums(&self.session, &(shop..=shop));
            if both != alone || found[&shop] != wanted {
                let rows = self.shops.differences(&self.session, shop, serial);
                let name = entry.name;
                wrong.push(format!(
                    "{name}, claim first: {claim_first}, after {after}: {both:?}\nalone {alone:?}\n{}",
                    rows.join("\n")
                ));
            }
        }
        (round_trips - 1, wrong)
    }
}

#[test]
fn a_claim_and_a_command_are_serial_in_every_interleaving() {
    let url = database("claims");
    let clock = TestClock::new();
    let lanes = ["gate-1", "gate-2"].map(|name| Lane::open(&url, name, &clock, |_| {}));
    let session = Session::open(&url);
    let shops = Shops::new(&lanes[0], &session);
    let mut pair = Pair {
        session,
        lanes,
        shops,
    };
    clock.advance(LATER);
    let (mut cases, mut wrong) = (0, Vec::new());
    for name in COMMANDS {
        let entry = TABLE.iter().find(|entry| entry.name == *name);
        let entry = entry.unwrap_or_else(|| panic!("{name} is not in the table"));
        for claim_first in [true, false] {
            let (count, found) = pair.step(entry, claim_first);
            cases += count;
            wrong.extend(found);
        }
    }
    let some = &wrong[..wrong.len().min(5)];
    assert!(
        some.is_empty(),
        "{} of {cases}\n\n{}",
        wrong.len(),
        some.join("\n\n")
    );
    eprintln!("claims: {cases} cases");
    for lane in &pair.lanes {
        lane.assert_untroubled();
        lane.store.close();
    }
    assert_eq!(pair.session.deadlocks(), "0");
}
