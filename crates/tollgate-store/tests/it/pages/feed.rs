//! The timeline of a root, the feed of a shop, and effects of a root.

use std::collections::BTreeSet;

use tollgate_core::command::Action;
use tollgate_core::decision::{Decision, Entry, Outcome};
use tollgate_core::effect::{Effect, EffectContent, EffectState};
use tollgate_core::id::{PaymentId, RootId, ShopId};
use tollgate_core::time::Span;
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;

use super::seven_orders;
use crate::words::{create, event_id, hear, order, order_of, paid_by, root_id, root_id_at, stock};
use crate::world::{SHOP, START, World};

#[tokio::test]
async fn a_timeline_is_read_from_its_beginning_and_the_feed_from_anywhere() {
    let world = World::new();
    world.act(stock("A", 1)).await;
    world
        .act(create(paid_by(order_of(1, "C1", "A", 1), "R1")))
        .await;
    world.act(create(order(2, "C2"))).await;
    world.act(hear(3, "e-1", "R1", "paid 100")).await;
    world.act(hear(4, "e-2", "R1", "paid 100")).await;
    let timeline = world
        .store
        .timeline(SHOP, root_id(1))
        .await
        .expect("it reads");
    let kinds: Vec<&str> = timeline.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds[0], "order.created");
    assert!(kinds.contains(&"order.paid"), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"event.stale"));
    assert_eq!(
        timeline.last().and_then(|line| line.event),
        Some(event_id(4))
    );
    assert_eq!(
        timeline.last().map(|line| &line.detail["reason"]),
        Some(&"known_fact".into())
    );
    assert!(
        timeline
            .iter()
            .all(|line| line.root == Some(root_id(1)) && line.at == START)
    );

    let feed = world.store.feed(SHOP, 0, 1000).await.expect("it reads");
    let positions: Vec<i64> = feed.iter().map(|line| line.position).collect();
    let head = world.store.feed_head(SHOP).await.expect("it reads");
    assert_eq!(positions, (1..=head).collect::<Vec<i64>>(), "without a gap");
    let on_root: Vec<_> = feed
        .iter()
        .filter(|line| line.root == Some(root_id(1)))
        .cloned()
        .collect();
    let positions: BTreeSet<i64> = on_root.iter().map(|line| line.position).collect();
    assert!(
        timeline
            .iter()
            .all(|line| positions.contains(&line.position))
    );
    // However it is cut, it is the same feed.
    for limit in [1, 2, 3] {
        let mut pieces = Vec::new();
        loop {
            let after = pieces
                .last()
                .map_or(0, |line: &tollgate_store::TimelineEntry| line.position);
            let piece = world
                .store
                .feed(SHOP, after, limit)
                .await
                .expect("it reads");
            assert!(piece.len() <= limit as usize);
            if piece.is_empty() {
                break;
            }
            pieces.extend(piece);
        }
        assert_eq!(pieces, feed);
    }
    assert!(
        world
            .store
            .feed(SHOP, head, 10)
            .await
            .expect("it reads")
            .is_empty()
    );
    assert!(
        world
            .store
            .timeline(SHOP, root_id(99))
            .await
            .expect("it reads")
            .is_empty()
    );
}

#[tokio::test]
async fn effects_of_a_root_are_its_own() {
    let world = World::new();
    for number in [1, 2] {
        let reference = format!("R{number}");
        world
            .act(create(paid_by(
                order(number, &format!("C{number}")),
                &reference,
            )))
            .await;
        world
            .act(hear(
                10 + number,
                &format!("e-{number}"),
                &reference,
                "paid 100",
            ))
            .await;
    }
    let effects = world
        .store
        .effects_of(SHOP, root_id(1))
        .await
        .expect("it reads");
    let payment = PaymentId::on(root_id(1), 1).to_string();
    let receipts: Vec<_> = effects
        .iter()
        .filter(|effect| effect.kind == "receipt")
        .collect();
    assert_eq!(receipts.len(), 1, "{effects:?}");
    assert_eq!(receipts[0].effect.state, EffectState::Pending);
    assert_eq!(receipts[0].content["payment"], payment.as_str());
    let key = &receipts[0].effect.key;
    assert!(key.contains(&payment), "{key}");
}

/// One decision may have entries of a root, of another and of the first again; the root names them once.
#[tokio::test]
async fn a_root_names_the_entries_of_a_decision_once() {
    let (one, other) = (root_id(1), root_id(2));
    let world = World::with(|options| {
        options.decide = crate::world::decide_or(move |command| match &command.action {
            Action::RootDue(_) => {
                let mut decision = Decision::unchanged(Outcome::Done);
                decision.entries = [one, other, one]
                    .map(|root| Entry {
                        kind: EntryKind::QuestionAsked,
                        root: Some(root),
                        event: None,
                        detail: Vec::new(),
                        is_counted: true,
                        moved: Vec::new(),
                    })
                    .into();
                Some(decision)
            }
            _ => None,
        });
    });
    world.act(create(order(1, "C1"))).await;
    world.act(create(order(2, "C2"))).await;
    let before = world.store.feed_head(SHOP).await.expect("it reads");
    world.act(Action::RootDue(one)).await;
    let lines = world.store.timeline(SHOP, one).await.expect("it reads");
    let positions: Vec<i64> = lines
        .iter()
        .filter(|line| line.kind == EntryKind::QuestionAsked.word())
        .map(|line| line.position)
        .collect();
    assert_eq!(positions, [before + 1, before + 3]);
    let root = world.store.root(SHOP, one).await.expect("it reads");
    assert_eq!(root.map(|root| root.timeline.len()), Some(2));
}

/// An entry that is without a root belongs to none, also where it stands in a row with one that has.
#[tokio::test]
async fn an_entry_without_a_root_is_no_other_roots() {
    let one = root_id(1);
    let world = World::with(|options| {
        options.decide = crate::world::decide_or(move |command| match &command.action {
            Action::RootDue(_) => {
                let mut decision = Decision::unchanged(Outcome::Done);
                decision.entries = [Some(one), None]
                    .map(|root| Entry {
                        kind: EntryKind::QuestionAsked,
                        root,
                        event: None,
                        detail: Vec::new(),
                        is_counted: true,
                        moved: Vec::new(),
                    })
                    .into();
                Some(decision)
            }
            _ => None,
        });
    });
    world.act(create(order(1, "C1"))).await;
    let before = world.store.feed_head(SHOP).await.expect("it reads");
    world.act(Action::RootDue(one)).await;
    let places = |lines: Vec<tollgate_store::TimelineEntry>| -> Vec<(i64, Option<RootId>)> {
        let lines = lines
            .into_iter()
            .filter(|line| line.kind == EntryKind::QuestionAsked.word());
        lines.map(|line| (line.position, line.root)).collect()
    };
    let feed = world.store.feed(SHOP, before, 10).await.expect("it reads");
    assert_eq!(places(feed), [(before + 1, Some(one)), (before + 2, None)]);
    let timeline = world.store.timeline(SHOP, one).await.expect("it reads");
    assert_eq!(places(timeline), [(before + 1, Some(one))]);
}

/// I4: the same money is asked back once, whether for an event that found no order or for an order.
#[tokio::test]
async fn one_key_is_one_effect_whatever_it_is_dated_by() {
    let effect = |number: u64, days: i64, key: &str| Effect {
        shop: SHOP,
        key: key.to_owned(),
        dated_by: root_id_at(START.plus(Span::hours(24 * days)), number),
        root: None,
        content: EffectContent::RefundRequest {
            payment: None,
            source: "bank".to_owned(),
            reference: "R1".to_owned(),
            money: None,
        },
        due_at: START,
        order_key: None,
    };
    let world = World::with(|options| {
        options.decide = crate::world::decide_or(move |command| match &command.action {
            Action::RootDue(root) => {
                let mut decision = Decision::unchanged(Outcome::Done);
                let days = if *root == root_id(1) { 0 } else { 31 };
                decision.effects = vec![
                    effect(1, days, "refund_request:bank:R1:"),
                    effect(2, days, "refund_request:bank:R1:"),
                    effect(3, days, &format!("refund_request:bank:R2:{days}")),
                ];
                Some(decision)
            }
            _ => None,
        });
    });
    for number in [1, 2] {
        world.act(Action::RootDue(root_id(number))).await;
    }
    let keys = world.rows().texts("select key from effects order by key");
    assert_eq!(
        keys,
        [
            "refund_request:bank:R1:",
            "refund_request:bank:R2:0",
            "refund_request:bank:R2:31",
        ]
    );
}

#[tokio::test]
async fn the_feed_says_where_a_time_begins() {
    let world = seven_orders().await;
    let lines = world.store.feed(SHOP, 0, 1000).await.expect("it reads");
    let head = lines.last().expect("much has happened").position;
    for minutes in (-60..9 * 60).step_by(30) {
        let since = START.plus(Span::minutes(minutes));
        let first = lines.iter().find(|line| since <= line.at);
        let expected = first.map_or(head + 1, |line| line.position);
        let found = world.store.feed_since(SHOP, since).await;
        assert_eq!(found.expect("it reads"), expected, "{minutes}");
    }
    let nothing = world.store.feed_since(ShopId(7), START).await;
    assert_eq!(nothing.expect("it reads"), 1);
}
