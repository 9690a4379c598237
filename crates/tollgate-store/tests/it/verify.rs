//! Every invariant is asked of the live data: nothing is found after work, and each planted fault is.

use tollgate_core::command::{Action, CreateOrder, RefundPayment, Settlement};
use tollgate_core::effect::TargetKind;
use tollgate_core::event::Strength;
use tollgate_core::id::{HoldId, PaymentId, RefundId};
use tollgate_core::time::Span;
use tollgate_store::{Level, Report, Store};

use crate::effects::{claim, claim_under, hand_on, settled};
use crate::endpoints::endpoint;
use crate::receipts::issued;
use crate::rows;
use crate::words::{
    DOUBTED, TRUSTED, by_code, calendar, create, event, hear, hold, in_slot, order, order_of,
    paid_by, put_calendar, register_alone, root_id, root_id_at, slots, stock, take, take_at,
};
use crate::world::{World, submission};

/// The checks that are not ok, each with its level and what it has seen.
pub(crate) fn found(report: &Report) -> Vec<String> {
    report
        .checks
        .iter()
        .filter(|check| check.level != Level::Ok)
        .map(|check| format!("{} {}: {:?}", check.level.word(), check.name, check.seen))
        .collect()
}

fn names(report: &Report) -> Vec<&'static str> {
    let bad = report
        .checks
        .iter()
        .filter(|check| check.level != Level::Ok);
    bad.map(|check| check.name).collect()
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// One of the things that shops and providers do, about few enough orders that they meet.
fn anything(dice: &mut Dice, world: &World, number: u64) -> Action {
    let now = world.clock.now();
    let which = dice.below(40);
    let reference = format!("R{which}");
    let fresh = root_id_at(now, number);
    let amount = dice.below(4) * 100;
    let event = |key: &str, words: String, policy| {
        let key = format!("{key}-{which}-{amount}");
        take_at(now, number, event(&key, &[&reference], &words), policy)
    };
    match dice.below(13) {
        0..3 => create(CreateOrder {
            fresh,
            hold: Span::minutes(30 + dice.below(90) as i64),
            ..paid_by(
                order_of(0, &format!("C{which}"), "A", 1 + dice.below(3) as i64),
                &reference,
            )
        }),
        3 => create(CreateOrder {
            fresh,
            ..in_slot(order(0, &format!("S{number}")), "kitchen")
        }),
        4 => create(CreateOrder {
            fresh,
            take_over: Some(HoldId::on(root_id_at(now, dice.below(number + 1)), 0)),
            ..order_of(0, &format!("T{number}"), "A", 2)
        }),
        5 => match hold(0, "A", 2) {
            Action::TakeHold(taken) => {
                Action::TakeHold(tollgate_core::command::TakeHold { fresh, ..taken })
            }
            other => other,
        },
        6 => event("paid", format!("paid {amount}"), TRUSTED),
        7 => event("paid", format!("paid {amount}"), DOUBTED),
        8 => event("pending", "pending".to_owned(), TRUSTED),
        9 => event("refund", format!("refund back {amount}"), TRUSTED),
        10 => event("expire", "expire".to_owned(), TRUSTED),
        11 => Action::CancelOrder(by_code(&format!("C{which}"))),
        _ => event("authorized", format!("authorized {amount}"), TRUSTED),
    }
}

/// What a shop has at the start.
async fn furnish(world: &World) {
    world.act(stock("A", 60)).await;
    world
        .act(put_calendar(calendar("kitchen", 2), slots(0..40)))
        .await;
}

/// Hundreds of commands in batches, and the clock goes on between them.
async fn work(world: &World, seed: u64) {
    let mut dice = Dice(seed);
    furnish(world).await;
    for round in 0..12 {
        let commands = (0..60)
            .map(|n| submission(anything(&mut dice, world, 1000 + round * 60 + n)))
            .collect();
        for reply in world.store.submit_all(commands).await {
            assert!(reply.is_ok(), "{reply:?}");
        }
        world.pass(Span::minutes(7)).await;
    }
}

#[tokio::test]
async fn nothing_is_found_after_a_busy_day() {
    for seed in [0x9e37_79b9, 0x2545_f491, 77] {
        let world = World::new();
        work(&world, seed).await;
        let report = world.store.verify().await.expect("it reads");
        assert_eq!(found(&report), [""; 0], "seed {seed}");
        assert!(rows::count(&world.options.place, "timeline") > 200);
        let outside = Store::verify_at(&world.options.place, world.clock.now());
        assert_eq!(outside.expect("it reads beside the store"), report);
    }
}

#[tokio::test]
async fn nothing_is_found_while_others_write() {
    let world = World::new();
    furnish(&world).await;
    let mut dice = Dice(4242);
    for round in 0..8 {
        let commands = (0..40)
            .map(|n| submission(anything(&mut dice, &world, 1000 + round * 40 + n)))
            .collect();
        let (replies, report) =
            tokio::join!(world.store.submit_all(commands), world.store.verify());
        assert!(replies.iter().all(Result::is_ok));
        assert_eq!(found(&report.expect("it reads")), [""; 0]);
    }
}

/// An order that waits, one that is paid with a slot, one that was over-refunded, a cart, an event that
/// waits and a payment without an order.
pub(crate) async fn small_world() -> World {
    let world = World::new();
    furnish(&world).await;
    world
        .act(create(paid_by(order_of(1, "WAITS", "A", 2), "R1")))
        .await;
    world
        .act(create(paid_by(
            in_slot(order_of(2, "PAID", "A", 1), "kitchen"),
            "R2",
        )))
        .await;
    world.act(hear(3, "e-2", "R2", "paid 100")).await;
    world
        .act(create(paid_by(order_of(4, "BACK", "A", 1), "R4")))
        .await;
    world.act(hear(5, "e-4", "R4", "paid 100")).await;
    world.act(hear(6, "e-5", "R4", "refund back 170")).await;
    world.act(hold(7, "A", 3)).await;
    world.act(hear(8, "e-9", "R9", "paid 100")).await;
    world.act(register_alone(9, "R10", 500)).await;
    world
        .act(create(in_slot(order(10, "SLOT"), "kitchen")))
        .await;
    // The first receipt is issued, two documents are handed on in one order, and someone is notified.
    let claimed = claim(&world, 1).await;
    for effect in &claimed.effects {
        let settlement = match effect.1.root == Some(root_id(2)) {
            true => issued(1),
            false => Settlement::Released,
        };
        world.act(settled(effect, 1, settlement)).await;
    }
    world.act(hand_on(11, Some("A"))).await;
    world.act(hand_on(12, Some("A"))).await;
    let forwards = tollgate_store::Claim {
        kinds: vec![TargetKind::Forward],
        ..claim_under(2)
    };
    let claimed = world.store.claim(forwards).await.expect("it takes writes");
    assert_eq!(claimed.effects.len(), 1, "the other one waits");
    world
        .act(settled(&claimed.effects[0], 2, Settlement::Released))
        .await;
    let listener = endpoint(90, &["*"]);
    world
        .store
        .put_endpoint(listener, None)
        .await
        .expect("it is kept");
    world.act(create(order(13, "NOTIFIED"))).await;
    world
}

/// A breach of each law of money, with the checks that find it.
#[tokio::test]
async fn a_breach_of_each_law_is_found() {
    let payment = PaymentId::on(root_id(2), 1);
    let id = RefundId::on(root_id(2), 1);
    let with_refund = |minor: i64, state: &str, created_at: i64| {
        format!(
            "update roots set doc = replace(doc, '\"holds\":[', '\"refunds\":[{{\"id\":\"{id}\",\
             \"payment\":\"{payment}\",\"minor\":{minor},\"currency\":\"IDR\",\"state\":\"{state}\",\
             \"ordered_by\":\"tollgate\",\"created_at\":{created_at}}}],\"holds\":[')
              where code = 'PAID'"
        )
    };
    let now = World::new().clock.now().as_millis();
    let request = format!(
        "update effects set kind = 'refund_request', state = 'done', due_at = null,
                content = '{{\"payment\":\"{payment}\",\"source\":\"bank\",\"reference\":\"R2\",\
                           \"minor\":100,\"currency\":\"IDR\"}}'
          where key like 'receipt:refund:%'"
    );
    let breaches: [(String, &[&str]); 9] = [
        (with_refund(150, "sent", now), &["money.ordered_back"]),
        (
            "update roots set doc = replace(doc, '\"minor\":100,\"currency\":\"IDR\",\"bought\"',
                                            '\"minor\":90,\"currency\":\"IDR\",\"bought\"')
              where code = 'PAID'"
                .to_owned(),
            &["money.papers"],
        ),
        (request, &["money.unrecorded"]),
        (
            "update slots set capacity = capacity + 1, by_hand = 2
              where starts_at = (select max(starts_at) from slots)"
                .to_owned(),
            &["slot.overlap"],
        ),
        (with_refund(40, "failed", now), &["money.stranded"]),
        (
            "update events set state = 'queued', received_at = 1, due_at = null
              where state = 'parked'"
                .to_owned(),
            &["question.waits"],
        ),
        (with_refund(40, "sent", 1), &["money.refund_open"]),
        (
            "update roots set updated_at = updated_at + 3600000 where code = 'PAID'".to_owned(),
            &["time.ahead"],
        ),
        (
            "update roots set doc = replace(doc, '\"state\":\"captured\",\"minor\":100,\"currency\":\"IDR\"',
                                            '\"state\":\"captured\"')
              where code = 'PAID'"
                .to_owned(),
            // It is completed, and nothing is left of its money.
            &["money.papers", "money.stranded", "money.unread"],
        ),
    ];
    for (statement, expected) in breaches {
        let world = small_world().await;
        rows::run(&world.options.place, &statement);
        let report = world.store.verify().await.expect("it reads");
        let names = names(&report);
        let are_found = expected.iter().all(|name| names.contains(name));
        assert!(are_found, "{statement}: {:#?}", found(&report));
        let seen = report.check(expected[0]).expect("it is one of the table");
        assert!(!seen.fix.is_empty(), "{seen:?}");
    }
}

/// 100 came and were given back; then the provider proves better that it was 40. That is shown to a person, and is no
/// breach: when it was ordered back it was there.
#[tokio::test]
async fn what_was_given_back_before_its_amount_turned_out_smaller_is_no_breach() {
    let world = World::new();
    world.act(stock("A", 3)).await;
    world.act(create(paid_by(order(2, "PAID"), "R2"))).await;
    world.act(hear(3, "e-3", "R2", "paid 100")).await;
    world
        .act(Action::RefundPayment(RefundPayment {
            payment: PaymentId::on(root_id(2), 1),
            minor: 100,
            reason: String::new(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        }))
        .await;
    let mut later = event("e-4", &["R2"], "paid 40");
    for fact in &mut later.facts {
        fact.strength = Strength::Asked;
    }
    world.act(take(4, later)).await;
    let report = world.store.verify().await.expect("it reads");
    let ordered_back = report.check("money.ordered_back");
    assert_eq!(ordered_back.map(|check| check.level), Some(Level::Ok));
}

/// It is not known what became of the call, until the provider says that the money has gone back.
#[tokio::test]
async fn a_refund_that_has_gone_through_needs_no_one() {
    let world = small_world().await;
    let payment = PaymentId::on(root_id(2), 1);
    world
        .act(Action::RefundPayment(RefundPayment {
            payment,
            minor: 40,
            reason: String::new(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        }))
        .await;
    let refunds = tollgate_store::Claim {
        kinds: vec![TargetKind::Refund],
        ..claim_under(3)
    };
    let claimed = world.store.claim(refunds).await.expect("it takes writes");
    let [effect] = claimed.effects.as_slice() else {
        panic!("there is one: {claimed:?}");
    };
    let reason = "it broke off".to_owned();
    world
        .act(settled(effect, 3, Settlement::Unknown { reason }))
        .await;
    let report = world.store.verify().await.expect("it reads");
    assert_eq!(names(&report), ["effect.given_up"]);
    let words = format!("refund {} 40", RefundId::on(root_id(2), 1));
    world.act(hear(30, "e-30", "R2", &words)).await;
    let report = world.store.verify().await.expect("it reads");
    assert_eq!(found(&report), [""; 0]);
}

/// A server that has not run for long has things that came due: they are reported as late, not as wrong.
#[tokio::test]
async fn what_is_late_is_a_warning() {
    let world = small_world().await;
    let later = world.clock.now().plus(Span::hours(26));
    let report = Store::verify_at(&world.options.place, later).expect("it reads");
    assert_eq!(names(&report), ["event.late", "effect.late", "root.late"]);
    assert_eq!(report.worst(), Level::Warn);
}

/// Whatever a shop's number of rows is, every chunk is read.
#[tokio::test]
async fn a_fault_beyond_the_first_chunk_is_found() {
    let world = World::new();
    world.act(stock("A", 5000)).await;
    let orders = (1..=450).map(|number| {
        let code = format!("C{number}");
        submission(create(paid_by(
            order_of(number, &code, "A", 1),
            &format!("R{number}"),
        )))
    });
    for reply in world.store.submit_all(orders.collect()).await {
        assert!(reply.is_ok(), "{reply:?}");
    }
    let report = world.store.verify().await.expect("it reads");
    assert_eq!(found(&report), [""; 0]);
    let place = &world.options.place;
    rows::run(place, "update roots set attention = 1 where code = 'C449'");
    rows::run(place, "update names set payment = null where name = 'R447'");
    rows::run(
        place,
        "update codes set order_id = null where code = 'C448'",
    );
    let report = world.store.verify().await.expect("it reads");
    assert_eq!(names(&report), ["columns", "names", "codes"]);
}

/// With the 65th fact a payment drops those that others of the same object have overtaken; the events that told them
/// are there still, and so is what the feed says of them.
#[tokio::test]
async fn facts_that_others_have_overtaken_are_not_missed() {
    let world = small_world().await;
    let reports = (1..=70).map(|n| {
        let key = format!("much-{n}");
        submission(hear(100 + n, &key, "R2", &format!("authorized {n}")))
    });
    for reply in world.store.submit_all(reports.collect()).await {
        assert!(reply.is_ok(), "{reply:?}");
    }
    let kept = "select count(*) from roots where doc like '%\"minor\":33,%'";
    assert_eq!(world.rows().number(kept), 0, "nothing was dropped");
    let report = world.store.verify().await.expect("it reads");
    assert_eq!(found(&report), [""; 0]);
    // One that the payment would come to something else with is missed as ever.
    let place = &world.options.place;
    let paid =
        "update roots set doc = replace(doc, '\"minor\":100', '\"minor\":101') where code = 'PAID'";
    rows::run(place, paid);
    let report = world.store.verify().await.expect("it reads");
    assert!(
        names(&report).contains(&"event.facts"),
        "{:?}",
        found(&report)
    );
}
