//! Claimed effects over real rows (the queue museum, F1 to F15): taken once, never lost, never in the
//! wrong order, and nothing of one that cannot be done stands in the way of the others.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use tollgate_core::command::{
    Action, Forward, Health, RefundPayment, SettleEffect, Settlement, TakeEvent,
};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::{
    AnswerContent, EffectContent, EffectState, Lease, StoredEffect, TargetKind,
};
use tollgate_core::event::Policy;
use tollgate_core::id::{EffectId, PaymentId};
use tollgate_core::payment::RefundProgress;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;
use tollgate_store::{Claim, Claimed, EffectFilter, Level, Renew, Seek, SubmitError};

use crate::rows;
use crate::words::{
    BANK, DOUBTED, TRUSTED, by_code, create, event, fact, hear, order, paid_by, register_alone,
    root_id, stock, take_at,
};
use crate::world::{SHOP, START, World, server, submission};

pub(crate) const KINDS: &[TargetKind] = TargetKind::ALL;

/// How long a claim has without being renewed, and in any case.
const LEASE_FOR: Span = Span::seconds(60);
const LEASE_MAX: Span = Span::seconds(150);

pub(crate) fn claim_under(lease: u128) -> Claim {
    Claim {
        shop: SHOP,
        lease: Lease(lease),
        lease_for: LEASE_FOR,
        lease_max: LEASE_MAX,
        room: 1000,
        room_of_target: 1000,
        room_of_kind: 1000,
        rooms_of_kinds: BTreeMap::new(),
        rooms: BTreeMap::new(),
        kinds: KINDS.to_vec(),
        asks_per_second: 5,
    }
}

pub(crate) async fn claim(world: &World, lease: u128) -> Claimed {
    let claimed = world.store.claim(claim_under(lease)).await;
    claimed.expect("it takes writes")
}

pub(crate) fn keys(claimed: &Claimed) -> Vec<&str> {
    let effects = claimed.effects.iter();
    effects.map(|(_, effect)| effect.key.as_str()).collect()
}

pub(crate) fn settled(
    (id, effect): &(EffectId, StoredEffect),
    lease: u128,
    settlement: Settlement,
) -> Action {
    let health = match settlement {
        Settlement::Retry { .. } => Health::Failing,
        Settlement::Done
        | Settlement::Issued(_)
        | Settlement::Answered(_)
        | Settlement::RefundChecked(_)
        | Settlement::Voided
        | Settlement::Refunded { .. } => Health::Well,
        Settlement::Released | Settlement::Dead { .. } | Settlement::Unknown { .. } => {
            Health::Unsaid
        }
    };
    Action::SettleEffect(Box::new(SettleEffect {
        effect: *id,
        target: effect.content.target(),
        lease: Lease(lease),
        attempt: None,
        settlement,
        health,
        chance: 0,
    }))
}

fn dead(skip: bool) -> Settlement {
    let reason = "refused".to_owned();
    Settlement::Dead { reason, skip }
}

fn later(at: Timestamp) -> Settlement {
    let reason = "it answered 503".to_owned();
    Settlement::Retry { at, reason }
}

/// The state of an effect, and when it is looked at next, in seconds from the start.
async fn state(world: &World, id: EffectId) -> (EffectState, Option<i64>) {
    let line = world.store.effect(SHOP, id).await.expect("it reads");
    let effect = line.expect("it is there").effect;
    let due_at = effect
        .due_at
        .map(|at| (at.as_millis() - START.as_millis()) / 1000);
    (effect.state, due_at)
}

/// An event of a document that is handed on, in an order or not.
pub(crate) fn hand_on(number: u64, order_by: Option<&str>) -> Action {
    handed_on(number, &format!("document-{number}"), "", TRUSTED, order_by)
}

fn handed_on(
    number: u64,
    key: &str,
    words: &str,
    policy: Policy,
    order_by: Option<&str>,
) -> Action {
    let names: &[&str] = if words.is_empty() { &[] } else { &["R1"] };
    match take_at(START, number, event(key, names, words), policy) {
        Action::TakeEvent(taken) => Action::TakeEvent(TakeEvent {
            forwards: vec![Forward {
                route: "documents".to_owned(),
                order_by: order_by.map(str::to_owned),
            }],
            ..taken
        }),
        other => other,
    }
}

/// The numbers of the documents that were claimed.
fn documents(claimed: &Claimed) -> Vec<u64> {
    let number = |id: EffectId, effect: &StoredEffect| match &effect.content {
        tollgate_core::effect::EffectContent::Forward { event, .. } => {
            (1..10_000).find(|number| event.root() == root_id(*number))
        }
        other => panic!("{id}: {other:?}"),
    };
    let effects = claimed.effects.iter();
    effects
        .map(|(id, effect)| number(*id, effect).expect("a document of the test"))
        .collect()
}

/// A payment of 100 that is captured: its receipt is due.
async fn captured(world: &World, number: u64) {
    let reference = format!("R{number}");
    world.act(register_alone(number, &reference, 100)).await;
    let key = format!("paid-{number}");
    world
        .act(hear(5000 + number, &key, &reference, "paid 100"))
        .await;
}

/// A store whose writer stops when it comes to `stock("HOLD", 0)`: what is handed to it meanwhile is one
/// batch.
struct Halted {
    world: World,
    entered: Receiver<()>,
    release: Sender<()>,
}

impl Halted {
    fn new() -> Halted {
        let (enter, entered) = channel();
        let (release, released) = channel();
        let halt = Mutex::new((enter, released));
        let world = World::with(|options| {
            options.decide = Arc::new(move |now, rules, command, known| {
                if matches!(&command.action, Action::PutStock { sku, .. } if sku == "HOLD") {
                    let halt = halt.lock().expect("no holder panics");
                    // Anyone who has gone away waits for nothing.
                    let _ = halt.0.send(());
                    let _ = halt.1.recv();
                }
                tollgate_core::decide::decide(now, rules, command, known)
            });
        });
        Halted {
            world,
            entered,
            release,
        }
    }

    /// Decides commands and a claim behind them in one batch.
    async fn at_once(&self, commands: Vec<Action>, lease: u128) -> Claimed {
        let store = &self.world.store;
        let commands = commands.into_iter().map(submission).collect();
        let batches = store.figures().batches;
        let (_, claimed, ()) = tokio::join!(
            store.submit(submission(stock("HOLD", 0))),
            async {
                self.entered.recv().expect("the writer comes to it");
                let (replies, claimed) =
                    tokio::join!(store.submit_all(commands), store.claim(claim_under(lease)));
                assert!(replies.iter().all(Result::is_ok), "{replies:?}");
                claimed.expect("it takes writes")
            },
            async { self.release.send(()).expect("the writer waits") },
        );
        assert_eq!(store.figures().batches, batches + 2, "they were one batch");
        claimed
    }
}

#[tokio::test]
async fn what_is_due_is_claimed_once_and_again_when_its_lease_has_ended() {
    let world = World::new();
    captured(&world, 1).await;
    let first = claim(&world, 1).await;
    assert_eq!(first.effects.len(), 1);
    assert_eq!(first.next, Some(START.plus(LEASE_FOR)));
    assert_eq!(keys(&claim(&world, 2).await), [""; 0]);
    world.clock.advance(Span::millis(LEASE_FOR.as_millis() - 1));
    assert_eq!(keys(&claim(&world, 3).await), [""; 0]);
    world.clock.advance(Span::millis(1));
    let again = claim(&world, 4).await;
    assert_eq!((keys(&again), again.rescued), (keys(&first), 1));
    assert_eq!(again.effects[0].1.tries, 2);
}

/// F1, and F7 where the one that is waited for is settled at the same moment.
#[tokio::test]
async fn a_claim_sees_what_its_own_batch_has_settled() {
    let halted = Halted::new();
    for number in 1..=3 {
        halted.world.act(hand_on(number, Some("A"))).await;
    }
    let head = claim(&halted.world, 1).await;
    assert_eq!(documents(&head), [1]);
    halted.world.clock.advance(LEASE_FOR);
    let done = settled(&head.effects[0], 1, Settlement::Done);
    let claimed = halted.at_once(vec![done], 2).await;
    assert_eq!((documents(&claimed), claimed.rescued), (vec![2], 0));
}

/// F2: whatever was under way when everything stopped is found when its lease ends.
#[tokio::test]
async fn nothing_stays_leased_past_its_deadline() {
    let world = World::new();
    captured(&world, 1).await;
    let payment = PaymentId::on(root_id(1), 0);
    let refund = Action::RefundPayment(RefundPayment {
        payment,
        minor: 40,
        reason: "returned".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: false,
    });
    world.act(refund).await;
    let claimed = claim(&world, 1).await;
    assert_eq!(claimed.effects.len(), 2);
    for (effect, _) in &claimed.effects {
        let effect = *effect;
        let lease = Lease(1);
        world.act(Action::StartEffect { effect, lease }).await;
    }
    let world = world.reopen();
    world.clock.advance(LEASE_FOR);
    let found = claim(&world, 2).await;
    assert_eq!(found.rescued, 2);
    assert_eq!(keys(&found), [format!("receipt:sale:{payment}:tx")]);
    // The refund may have happened: it is not done again, and an alarm is raised.
    let (refund, _) = claimed
        .effects
        .iter()
        .find(|(id, _)| *id != found.effects[0].0)
        .expect("there were two");
    assert_eq!(state(&world, *refund).await, (EffectState::Unknown, None));
    let waiting = world.store.needs_person(SHOP).await.expect("it reads");
    let lost: Vec<_> = waiting.effects.iter().map(|line| line.id).collect();
    assert_eq!((lost, waiting.is_cut), (vec![*refund], false));
    let root = world.store.root(SHOP, root_id(1)).await.expect("it reads");
    let refunds = root.expect("it is there").refunds;
    assert_eq!(refunds[0].state, RefundProgress::Unknown);
    let timeline = world
        .store
        .timeline(SHOP, root_id(1))
        .await
        .expect("it reads");
    assert!(timeline.iter().any(|line| line.kind == "effect.unknown"));
    world.clock.advance(Span::hours(1));
    let later = claim(&world, 3).await;
    let sent = keys(&later)
        .into_iter()
        .filter(|key| key.starts_with("refund:"));
    assert_eq!(sent.count(), 0, "it is asked about, and not sent again");
}

/// Targets that hang take the room of their kind, and no other's.
#[tokio::test]
async fn a_claim_takes_no_more_of_a_kind_than_there_is_room_for() {
    let world = World::new();
    for number in 1..=9 {
        world.act(hand_on(number, None)).await;
    }
    captured(&world, 10).await;
    let of_kind = |claimed: &Claimed, kind: &str| {
        let keys = keys(claimed).into_iter();
        keys.filter(|key| key.starts_with(kind)).count()
    };
    let narrow = |lease: u128, forwards: Option<usize>| Claim {
        room_of_kind: 4,
        rooms_of_kinds: forwards
            .map(|room| (TargetKind::Forward, room))
            .into_iter()
            .collect(),
        ..claim_under(lease)
    };
    let store = &world.store;
    let first = store.claim(narrow(1, None)).await.expect("it takes writes");
    assert_eq!(of_kind(&first, "forward:"), 4);
    assert_eq!(
        of_kind(&first, "receipt:"),
        1,
        "another kind has its own room"
    );
    for (lease, room) in [(2, 2), (3, 0)] {
        let claimed = store.claim(narrow(lease, Some(room))).await;
        let claimed = claimed.expect("it takes writes");
        assert_eq!(of_kind(&claimed, "forward:"), room);
    }
    assert_eq!(claim(&world, 4).await.effects.len(), 3, "the rest");
}

/// F3: rows that cannot be read or wait for their order, hundreds of them, before one that can be done.
#[tokio::test]
async fn a_page_of_rows_that_cannot_be_done_does_not_hide_the_rest() {
    let world = World::new();
    let waiting = (1..=400).map(|number| submission(hand_on(number, Some("A"))));
    let unreadable = (401..=700).map(|number| submission(hand_on(number, None)));
    let commands: Vec<_> = waiting.chain(unreadable).collect();
    for reply in world.store.submit_all(commands).await {
        assert!(reply.is_ok(), "{reply:?}");
    }
    let place = &world.options.place;
    rows::run(
        place,
        "update effects set content = '{' where order_key is null",
    );
    world.clock.advance(Span::seconds(1));
    world.act(hand_on(701, None)).await;
    captured(&world, 702).await;
    let (mut found, mut claims) = (Vec::new(), 0);
    loop {
        let narrow = Claim {
            room_of_target: 5,
            ..claim_under(1)
        };
        let claimed = world.store.claim(narrow).await.expect("it takes writes");
        claims += 1;
        assert!(claims < 10, "the rest is hidden");
        let receipts = claimed
            .effects
            .iter()
            .filter(|(_, e)| e.key.starts_with("receipt:"));
        assert_eq!(
            receipts.count(),
            usize::from(claims == 1),
            "no target waits for another"
        );
        let next = claimed.next.expect("there is a lease at least");
        found.extend(claimed.effects);
        // More is due now: the claimer comes again at once.
        if world.clock.now() < next {
            break;
        }
    }
    found.retain(|(_, effect)| effect.key.starts_with("forward:"));
    assert!((2..=6).contains(&claims), "{claims} claims");
    let claimed = Claimed {
        effects: found,
        ..Claimed::default()
    };
    assert_eq!(documents(&claimed), [1, 701]);
    // F9: those that cannot be read are looked at again when somebody may have mended them.
    let valid = "update effects set content = '{\"route\":\"documents\",\"event\":\"' || \
                 substr(key, 19) || '\"}' where content = '{'";
    rows::run(place, valid);
    world.clock.advance(Span::hours(1));
    let mended = claim(&world, 2).await;
    assert!(1 < mended.effects.len(), "{}", mended.effects.len());
}

/// F4: slow but alive work is not rescued, but not for ever.
#[tokio::test]
async fn a_lease_is_renewed_up_to_its_hard_end() {
    let world = World::new();
    captured(&world, 1).await;
    let (id, _) = claim(&world, 1).await.effects.remove(0);
    let renew = async |lease| {
        let renew = Renew {
            shop: SHOP,
            lease: Lease(lease),
            effects: vec![id],
            lease_for: LEASE_FOR,
        };
        world.store.renew(renew).await.expect("it takes writes")
    };
    for seconds in [50, 100] {
        world.clock.advance(Span::seconds(50));
        assert_eq!(renew(9).await, [], "only under its own claim");
        assert_eq!(renew(1).await, [id]);
        let until = (seconds + 60).min(LEASE_MAX.as_millis() / 1000);
        assert_eq!(state(&world, id).await, (EffectState::Leased, Some(until)));
        assert_eq!(keys(&claim(&world, 2).await), [""; 0]);
    }
    world.clock.advance(Span::seconds(50));
    assert_eq!(renew(1).await, [], "its hard end has come");
    assert_eq!(claim(&world, 3).await.rescued, 1);
    assert_eq!(renew(1).await, []);
}

/// F5, F6, F10, E2: a worker that was thought dead comes back with what it holds no more.
#[tokio::test]
async fn a_lease_that_was_lost_changes_nothing() {
    let world = World::new();
    captured(&world, 1).await;
    let old = claim(&world, 1).await;
    world.clock.advance(LEASE_FOR);
    let new = claim(&world, 2).await;
    let table = async || world.rows().table_lines("effects");
    let before = table().await;
    let (effect, lease) = (old.effects[0].0, Lease(1));
    let late = [
        Action::StartEffect { effect, lease },
        settled(&old.effects[0], 1, Settlement::Done),
        settled(&old.effects[0], 1, Settlement::Released),
        settled(&old.effects[0], 1, dead(false)),
        settled(&old.effects[0], 1, later(START)),
    ];
    for action in late.clone() {
        let outcome = world.act(action).await;
        assert_eq!(outcome, Outcome::Refused(Refusal::LeaseLost));
    }
    assert_eq!(table().await, before);
    world
        .act(settled(&new.effects[0], 2, Settlement::Done))
        .await;
    let done = table().await;
    for action in late {
        let outcome = world.act(action).await;
        assert_eq!(outcome, Outcome::Refused(Refusal::LeaseLost));
    }
    assert_eq!(table().await, done);
    assert!(
        rows::count(&world.options.place, "targets") == 0,
        "no failure was noted"
    );
}

/// What lets go of money is written, claimed and read like everything else. When its worker is lost its end is
/// not known, so an alarm stands until the provider has said that the money is let go.
#[tokio::test]
async fn what_lets_go_of_money_is_claimed_and_is_unknown_without_its_worker() {
    let world = World::new();
    world.act(create(paid_by(order(1, "C1"), "R1"))).await;
    world.act(hear(2, "e1", "R1", "authorized 100")).await;
    world.act(Action::CancelOrder(by_code("C1"))).await;
    world.clock.advance(Span::minutes(3));
    world.act(Action::RootDue(root_id(1))).await;
    let voids = |lease| Claim {
        kinds: vec![TargetKind::Void],
        ..claim_under(lease)
    };
    let claimed = world.store.claim(voids(1)).await.expect("it takes writes");
    let [(effect, stored)] = claimed.effects.as_slice() else {
        panic!("there is one: {claimed:?}");
    };
    let payment = PaymentId::on(root_id(1), 1);
    let wanted = EffectContent::Void {
        payment,
        source: BANK.to_owned(),
        object: "tx".to_owned(),
    };
    assert_eq!(
        (&stored.content, &stored.key),
        (&wanted, &format!("void:{payment}:tx"))
    );

    let (effect, lease) = (*effect, Lease(1));
    world.act(Action::StartEffect { effect, lease }).await;
    world.clock.advance(LEASE_FOR);
    let again = world.store.claim(voids(2)).await.expect("it takes writes");
    assert_eq!(keys(&again), [""; 0], "no other worker may do it again");
    assert_eq!(state(&world, effect).await, (EffectState::Unknown, None));
    let open = async || {
        let root = world.store.root(SHOP, root_id(1)).await.expect("it reads");
        let root = root.expect("it is there");
        root.open_attention()
            .map(|open| open.code.word())
            .collect::<Vec<_>>()
    };
    let given_up = async || {
        let report = world.store.verify().await.expect("it reads");
        let mut checks = report.checks.iter();
        checks.any(|check| check.name == "effect.given_up" && check.level != Level::Ok)
    };
    assert_eq!(open().await, ["authorization_open"]);
    assert!(given_up().await);
    world.act(hear(3, "e2", "R1", "voided")).await;
    assert_eq!(open().await, [""; 0]);
    assert!(!given_up().await);
}

/// F7: parked behind its order, and woken whenever the one before it ends.
#[tokio::test]
async fn an_effect_that_waits_for_its_order_is_woken() {
    let halted = Halted::new();
    let world = &halted.world;
    for number in 1..=3 {
        world.act(hand_on(number, Some("A"))).await;
    }
    let head = claim(world, 1).await;
    assert_eq!(
        (documents(&head), head.next),
        (vec![1], Some(START.plus(LEASE_FOR)))
    );
    world
        .act(settled(&head.effects[0], 1, Settlement::Done))
        .await;
    let second = claim(world, 2).await;
    assert_eq!(documents(&second), [2]);
    // A new one joins behind those that wait.
    let done = settled(&second.effects[0], 2, Settlement::Done);
    let claimed = halted.at_once(vec![hand_on(4, Some("A")), done], 3).await;
    assert_eq!(documents(&claimed), [3]);
    world
        .act(settled(&claimed.effects[0], 3, Settlement::Done))
        .await;
    assert_eq!(documents(&claim(world, 4).await), [4]);
}

/// E7, F13.
#[tokio::test]
async fn an_order_is_kept_within_its_key_and_others_go_on() {
    let world = World::new();
    for (number, key) in [(1, "A"), (2, "B"), (3, "A"), (4, "B"), (5, "A")] {
        world.act(hand_on(number, Some(key))).await;
    }
    let heads = claim(&world, 1).await;
    assert_eq!(documents(&heads), [1, 2]);
    // The first is tried again later; the other key goes on.
    let at = START.plus(Span::seconds(10));
    world.act(settled(&heads.effects[0], 1, later(at))).await;
    world
        .act(settled(&heads.effects[1], 1, Settlement::Done))
        .await;
    let next = claim(&world, 2).await;
    assert_eq!(documents(&next), [4]);
    world
        .act(settled(&next.effects[0], 2, Settlement::Done))
        .await;
    world.clock.advance(Span::seconds(10));
    let head = claim(&world, 3).await;
    assert_eq!(documents(&head), [1]);
    // A dead one stops its key; by hand it goes on from there.
    world.act(settled(&head.effects[0], 3, dead(false))).await;
    world.clock.advance(Span::hours(1));
    assert_eq!(documents(&claim(&world, 4).await), [0; 0]);
    let waits = world
        .store
        .effects(SHOP, EffectFilter::default(), Seek::first(10))
        .await;
    for line in waits.expect("it reads").items {
        if line.effect.state == EffectState::Pending {
            // What waits for its turn waits on, also when a person wants it tried.
            world.act(Action::RetryEffect(line.id)).await;
        }
    }
    assert_eq!(documents(&claim(&world, 5).await), [0; 0]);
    world.act(Action::RetryEffect(head.effects[0].0)).await;
    let head = claim(&world, 6).await;
    assert_eq!(documents(&head), [1]);
    // Skipped, it lets its key go on.
    world.act(settled(&head.effects[0], 6, dead(true))).await;
    let next = claim(&world, 7).await;
    assert_eq!(documents(&next), [3]);
    world
        .act(settled(&next.effects[0], 7, Settlement::Done))
        .await;
    assert_eq!(documents(&claim(&world, 8).await), [5]);
}

/// One answer of the provider confirms several events, and all are handed on in one decision.
#[tokio::test]
async fn effects_of_one_decision_keep_their_order_too() {
    let world = World::new();
    world.act(create(paid_by(order(1, "C1"), "R1"))).await;
    for number in 2..=4 {
        let key = format!("callback-{number}");
        world
            .act(handed_on(number, &key, "paid 100", DOUBTED, Some("A")))
            .await;
    }
    let asked = claim(&world, 1).await;
    let said = AnswerContent::Facts {
        method: None,
        unreadable: false,
        names: vec!["R1".to_owned()],
        facts: vec![fact("paid 100")],
        provider_payment_id: None,
    };
    world
        .act(settled(&asked.effects[0], 1, Settlement::Answered(said)))
        .await;
    for number in 2..=4 {
        let forwards = Claim {
            kinds: vec![TargetKind::Forward],
            ..claim_under(2)
        };
        let claimed = world.store.claim(forwards).await.expect("it takes writes");
        assert_eq!(documents(&claimed), [number]);
        world
            .act(settled(&claimed.effects[0], 2, Settlement::Done))
            .await;
    }
}

/// F15: who has nothing to do asks the database for nothing, and begins at once when there is something.
#[tokio::test]
async fn nothing_is_written_while_nothing_is_due() {
    let world = World::new();
    captured(&world, 1).await;
    let claimed = claim(&world, 1).await;
    let mut wake = world.store.effects_wake();
    world
        .act(settled(&claimed.effects[0], 1, Settlement::Done))
        .await;
    assert_eq!(claim(&world, 2).await.next, None);
    wake.mark_unchanged();
    let before = world.store.figures();
    for _ in 0..24 {
        world.clock.advance(Span::hours(1));
        world.store.nudge();
        let next = world
            .store
            .next_effect(SHOP, KINDS)
            .await
            .expect("it reads");
        assert_eq!(next, None);
    }
    assert_eq!(world.store.figures().swept, before.swept);
    assert!(!wake.has_changed().expect("the store is there"));
    let number = 2;
    world.act(register_alone(number, "R2", 100)).await;
    assert!(!wake.has_changed().expect("the store is there"));
    world.act(hear(9, "paid-2", "R2", "paid 100")).await;
    assert!(wake.has_changed().expect("the store is there"));
    let next = world
        .store
        .next_effect(SHOP, KINDS)
        .await
        .expect("it reads");
    assert_eq!(next, Some(world.clock.now()));
    let other = &[TargetKind::Mail];
    let unknown = world
        .store
        .next_effect(SHOP, other)
        .await
        .expect("it reads");
    assert_eq!(unknown, None, "of other kinds it knows nothing");
}

/// E8, of a size that a build for tests gets through in seconds: two workers in each other's way do every
/// effect once. A third of them keep the order of a key, so claims go round often.
#[tokio::test]
async fn two_workers_do_everything_once() {
    let world = World::new();
    let documents: u64 = match server() {
        Some(_) => 10_000,
        None => 30_000,
    };
    let commands: Vec<_> = (1..=documents)
        .map(|number| {
            let order_by = (number % 3 == 0).then(|| format!("key-{}", number % 97));
            submission(hand_on(number, order_by.as_deref()))
        })
        .collect();
    for delivery in commands.chunks(5_000) {
        for reply in world.store.submit_all(delivery.to_vec()).await {
            assert!(reply.is_ok(), "{reply:?}");
        }
    }
    let work = async |worker: u128| {
        let mut done = Vec::new();
        for round in 0.. {
            let lease = worker << 64 | round;
            let claim = Claim {
                room: 200,
                ..claim_under(lease)
            };
            let claimed = world.store.claim(claim).await.expect("it takes writes");
            if claimed.effects.is_empty() && claimed.next.is_none() {
                return done;
            }
            let commands = claimed.effects.iter().map(|effect| {
                done.push(effect.0);
                submission(settled(effect, lease, Settlement::Done))
            });
            for reply in world.store.submit_all(commands.collect()).await {
                assert!(matches!(crate::world::outcome(reply), Outcome::Effect(..)));
            }
        }
        done
    };
    let (one, two) = tokio::join!(work(1), work(2));
    let shares = [one.len(), two.len()];
    let mut all = [one, two].concat();
    all.sort_unstable();
    all.dedup();
    let documents = usize::try_from(documents).expect("it is small");
    assert_eq!((shares.iter().sum(), all.len()), (documents, documents));
    assert!(
        shares.iter().all(|share| documents / 10 < *share),
        "both had work: {shares:?}"
    );
    let place = &world.options.place;
    let counts = ["effects", "effects where state = 'done'"].map(|rows| rows::count(place, rows));
    assert_eq!(counts, [documents; 2]);
}

/// Its state is a row: a restart does not forget that a target fails, nor that one attempt is under way.
#[tokio::test]
async fn a_breaker_survives_a_restart() {
    let world = World::with(|options| options.rules.breaker_failures = 3);
    for number in 1..=5 {
        world.act(hand_on(number, None)).await;
    }
    let claimed = claim(&world, 1).await;
    for effect in &claimed.effects[..3] {
        world.act(settled(effect, 1, later(START))).await;
    }
    for effect in &claimed.effects[3..] {
        world.act(settled(effect, 1, Settlement::Released)).await;
    }
    let world = world.reopen();
    let failing = world.store.failing_targets(SHOP).await.expect("it reads");
    assert_eq!(failing.len(), 1);
    assert_eq!(
        (failing[0].0.as_str(), failing[0].1.failures),
        ("forward:documents", 3)
    );
    let open_until = START.plus(Span::seconds(30));
    let none = claim(&world, 2).await;
    assert_eq!((keys(&none), none.next), (vec![], Some(open_until)));
    world.clock.advance(Span::seconds(30));
    let probe = claim(&world, 3).await;
    assert_eq!(probe.effects.len(), 1);
    let world = world.reopen();
    let none = claim(&world, 4).await;
    assert_eq!(
        (keys(&none), none.next),
        (vec![], Some(open_until.plus(LEASE_FOR)))
    );
    // It fails: twice as long, from then on. Then it is well, and all the rest is sent.
    world.clock.advance(Span::seconds(10));
    let at = world.clock.now();
    world.act(settled(&probe.effects[0], 3, later(START))).await;
    let none = claim(&world, 5).await;
    assert_eq!(
        (keys(&none), none.next),
        (vec![], Some(at.plus(Span::seconds(60))))
    );
    world.clock.advance(Span::seconds(60));
    let probe = claim(&world, 6).await;
    world
        .act(settled(&probe.effects[0], 6, Settlement::Done))
        .await;
    assert_eq!(claim(&world, 7).await.effects.len(), 4);
    assert_eq!(
        world.store.failing_targets(SHOP).await.expect("it reads"),
        []
    );
}

/// A source is asked so often a second and no oftener, no matter who asks.
#[tokio::test]
async fn the_rate_of_questions_holds_across_claimers() {
    let world = World::new();
    for number in 1..=12 {
        let reference = format!("R{number}");
        world.act(register_alone(number, &reference, 100)).await;
        world
            .act(Action::CheckPayment(PaymentId::on(root_id(number), 0)))
            .await;
    }
    assert_eq!(claim(&world, 1).await.effects.len(), 5);
    let none = claim(&world, 2).await;
    assert_eq!(
        (keys(&none), none.next),
        (vec![], Some(START.plus(Span::millis(200))))
    );
    world.clock.advance(Span::millis(400));
    let world = world.reopen();
    assert_eq!(claim(&world, 3).await.effects.len(), 2);
    assert_eq!(claim(&world, 4).await.effects.len(), 0);
    world.clock.advance(Span::hours(1));
    assert_eq!(
        claim(&world, 5).await.effects.len(),
        5,
        "what was not used is not saved up"
    );
}

/// That a question is put off stands in its row: anyone who asks later does not wait for it.
#[tokio::test]
async fn a_question_that_is_put_off_is_known_as_such() {
    let world = World::new();
    world.act(register_alone(1, "R1", 100)).await;
    let check = Action::CheckPayment(PaymentId::on(root_id(1), 0));
    world.act(check.clone()).await;
    for lease in 1..=2 {
        let asked = claim(&world, lease).await;
        let (effect, lease_of) = (asked.effects[0].0, Lease(lease));
        world
            .act(Action::StartEffect {
                effect,
                lease: lease_of,
            })
            .await;
        let weak = Settlement::Answered(AnswerContent::Weak);
        world.act(settled(&asked.effects[0], lease, weak)).await;
        world.clock.advance(Span::seconds(6));
    }
    assert_eq!(keys(&claim(&world, 3).await), [""; 0], "in 24 s");
    world.act(check).await;
    assert_eq!(keys(&claim(&world, 4).await), ["ask:bank:R1:4"]);
}

/// F12: what one worker says cannot be written down; its neighbours' words are.
#[tokio::test]
async fn a_settling_that_cannot_be_decided_goes_alone() {
    let world = World::with(|options| {
        options.decide = Arc::new(|now, rules, command, known| {
            if let Action::SettleEffect(settled) = &command.action {
                assert!(
                    !matches!(settled.settlement, Settlement::Unknown { .. }),
                    "boom"
                );
            }
            tollgate_core::decide::decide(now, rules, command, known)
        });
    });
    for number in 1..=3 {
        world.act(hand_on(number, None)).await;
    }
    let claimed = claim(&world, 1).await;
    let endings = [
        Settlement::Done,
        Settlement::Unknown {
            reason: "boom".to_owned(),
        },
        Settlement::Done,
    ];
    let commands = claimed.effects.iter().zip(endings);
    let commands = commands.map(|(effect, ending)| submission(settled(effect, 1, ending)));
    let replies = world.store.submit_all(commands.collect()).await;
    assert_eq!(replies[1], Err(SubmitError::Quarantined));
    for (place, expected) in [EffectState::Done, EffectState::Unknown, EffectState::Done]
        .into_iter()
        .enumerate()
    {
        assert_eq!(state(&world, claimed.effects[place].0).await.0, expected);
    }
}
