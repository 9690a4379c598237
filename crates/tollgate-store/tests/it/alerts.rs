//! Alerts as they are kept, the claim of a round, and the figures that rules go by.

use tollgate_core::alert::{Alert, AlertRule};
use tollgate_core::command::{Action, AlertSeen, Settlement, WatchAlert};
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{EffectContent, TargetKind};
use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;
use tollgate_store::{Claim, ErrorsOf, NO_SHOP};

use crate::effects::{claim_under, hand_on, settled};
use crate::endpoints::endpoint;
use crate::words::error;
use crate::world::{SHOP, World};

const NO_FONT: &str = "no font has letters of ";

pub(crate) fn watch(
    rule: AlertRule,
    subject: &str,
    seen: Option<&str>,
    mail_to: &[&str],
) -> Action {
    Action::WatchAlert(Box::new(WatchAlert {
        rule,
        subject: subject.to_owned(),
        seen: seen.map(|what| AlertSeen {
            count: 3,
            what: what.to_owned(),
            remedy: "look".to_owned(),
        }),
        quiet: Span::minutes(10),
        mail_to: mail_to.iter().map(|to| (*to).to_owned()).collect(),
    }))
}

async fn alerts(world: &World, shop: ShopId) -> Vec<Alert> {
    world.store.alerts(shop).await.expect("it reads")
}

/// An alert, its notice and its mail are one commit, and outlive the process; what is forgotten is gone.
#[tokio::test]
async fn an_alert_is_kept_with_all_that_is_told_of_it() {
    let world = World::new();
    let hook = endpoint(1, &["alert.*"]);
    let put = world.store.put_endpoint(hook, None);
    put.await.expect("it is written");
    let to = ["ops@shop.example"];
    let opens = watch(AlertRule::SourceSilent, "bank", Some("it is silent"), &to);
    assert_eq!(world.act(opens.clone()).await, Outcome::Done);
    world.clock.advance(Span::minutes(1));
    world.act(opens).await;
    let world = world.reopen();
    let kept = alerts(&world, SHOP).await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(
        (kept[0].times, kept[0].count, kept[0].is_open()),
        (1, 3, true)
    );
    assert_eq!(kept[0].last_seen_at, kept[0].since.plus(Span::minutes(1)));
    assert_eq!(kept[0].what, "it is silent");
    let effects = world
        .store
        .claim(claim_under(7))
        .await
        .expect("it takes writes")
        .effects;
    let mut mails = effects
        .iter()
        .filter_map(|(_, effect)| match &effect.content {
            EffectContent::AlertMail(mail) => Some(mail),
            _ => None,
        });
    let mail = mails.next().expect("it is written");
    assert_eq!(
        (mail.to.as_str(), mail.rule, mail.is_over),
        (to[0], AlertRule::SourceSilent, false)
    );
    assert_eq!((mail.subject.as_str(), mail.at), ("bank", kept[0].since));
    assert!(mails.next().is_none(), "once");
    let notices = effects.iter().filter(|(_, effect)| {
        matches!(&effect.content, EffectContent::Notify { kind, .. } if kind == "alert.opened")
    });
    assert_eq!(notices.count(), 1);

    world.clock.advance(Span::minutes(10));
    world
        .act(watch(AlertRule::SourceSilent, "bank", None, &to))
        .await;
    let ended_at = alerts(&world, SHOP).await[0]
        .ended_at
        .expect("it has ended");
    let forget = world.store.forget_alerts(SHOP, ended_at);
    forget.await.expect("it is written");
    assert_eq!(alerts(&world, SHOP).await.len(), 1, "it ended no earlier");
    let forget = world
        .store
        .forget_alerts(SHOP, ended_at.plus(Span::millis(1)));
    forget.await.expect("it is written");
    assert_eq!(alerts(&world, SHOP).await, []);
}

/// A version that knows no alerts cannot read the row: it must not claim it, for it would put it off for an hour.
#[tokio::test]
async fn a_worker_that_knows_no_alerts_leaves_their_mails_to_one_that_does() {
    let world = World::new();
    let to = ["ops@shop.example"];
    world
        .act(watch(AlertRule::SourceSilent, "bank", Some("silent"), &to))
        .await;
    let others = TargetKind::ALL.iter().copied();
    let earlier = Claim {
        kinds: others.filter(|kind| *kind != TargetKind::Alert).collect(),
        ..claim_under(7)
    };
    let claimed = world.store.claim(earlier).await.expect("it takes writes");
    assert!(claimed.effects.is_empty() && claimed.next.is_none());
    let claimed = world.store.claim(claim_under(8)).await;
    let effects = claimed.expect("it takes writes").effects;
    assert_eq!(effects.len(), 1, "it is due as it was");
    assert_eq!(effects[0].1.content.target(), "alert");
    assert!(!effects[0].1.key.contains('@'), "{}", effects[0].1.key);
}

#[tokio::test]
async fn a_round_is_one_instances_until_its_time_is_over() {
    let world = World::new();
    let claim = async |holder: &str| {
        let until = world.clock.now().plus(Span::minutes(3));
        let claimed = world.store.claim_alert_round(SHOP, holder, until).await;
        claimed.expect("it is written")
    };
    assert!(claim("a").await);
    assert!(!claim("b").await);
    world.clock.advance(Span::minutes(1));
    assert!(claim("a").await, "it goes on");
    world.clock.advance(Span::minutes(3));
    assert!(!claim("b").await, "until the end of it");
    world.clock.advance(Span::millis(1));
    assert!(claim("b").await);
    assert!(!claim("a").await);
}

#[tokio::test]
async fn errors_are_added_up_by_code_source_and_status_since_a_time() {
    let world = World::new();
    let now = world.clock.now();
    let since = |at: Timestamp| world.store.errors_since(SHOP, at);
    let rows = vec![error(SHOP, now, 1, 3), error(SHOP, now, 2, 4)];
    let (code, status) = (rows[0].code.clone(), rows[0].status);
    let source = rows[0].source.clone().unwrap_or_default();
    for (shop, rows) in [(SHOP, rows), (NO_SHOP, vec![error(NO_SHOP, now, 1, 9)])] {
        world
            .store
            .keep_errors(shop, rows)
            .await
            .expect("they are kept");
    }
    let found = since(now.plus(Span::minutes(-1))).await.expect("it reads");
    assert_eq!(
        found.iter().map(|errors| errors.count).sum::<u64>(),
        7,
        "{found:?}"
    );
    let wanted = |errors: &&ErrorsOf| {
        (&errors.code, &errors.source, errors.status) == (&code, &source, status)
    };
    assert!(found.iter().any(|errors| wanted(&errors)), "{found:?}");
    assert_eq!(since(now.plus(Span::hours(1))).await.expect("it reads"), []);
}

#[tokio::test]
async fn effects_say_how_long_they_are_due_and_what_was_given_up_lately() {
    let world = World::new();
    let watched = async |lately| {
        let watched = world.store.effects_watched(SHOP, lately, NO_FONT).await;
        watched.expect("it reads")
    };
    world.act(hand_on(1, None)).await;
    let begun = world.clock.now();
    world.clock.advance(Span::minutes(5));
    let due = watched(begun).await.due_since.expect("it is due");
    assert!(due <= begun);
    let claimed = world
        .store
        .claim(claim_under(7))
        .await
        .expect("it takes writes");
    let reason = "refused".to_owned();
    let dead = Settlement::Dead {
        reason,
        skip: false,
    };
    world.act(settled(&claimed.effects[0], 7, dead)).await;
    let now = world.clock.now();
    let then = watched(now).await;
    assert_eq!(
        (then.due_since, then.dead_lately, then.dead_since),
        (None, 1, Some(now))
    );
    world.clock.advance(Span::hours(25));
    let later = watched(now.plus(Span::hours(1))).await;
    assert_eq!((later.dead_lately, later.dead_since), (0, Some(now)));
    assert_eq!((later.receipts_waiting, later.targets_left_alone), (0, 0));
}

/// A breaker stays open until an attempt succeeds, and where nothing is left to send there is none.
#[tokio::test]
async fn a_target_is_left_alone_while_its_pause_lasts_or_something_for_it_waits() {
    let world = World::with(|options| options.rules.breaker_failures = 1);
    let left_alone = async || {
        let now = world.clock.now();
        let watched = world.store.effects_watched(SHOP, now, NO_FONT).await;
        watched.expect("it reads").targets_left_alone
    };
    world.act(hand_on(1, None)).await;
    assert_eq!(left_alone().await, 0);
    let claimed = world.store.claim(claim_under(7)).await;
    let claimed = claimed.expect("it takes writes");
    let again = Settlement::Retry {
        at: world.clock.now().plus(Span::hours(1)),
        reason: "it answered 503".to_owned(),
    };
    world.act(settled(&claimed.effects[0], 7, again)).await;
    assert_eq!(left_alone().await, 1, "its pause lasts");
    world.clock.advance(Span::minutes(30));
    assert_eq!(left_alone().await, 1, "what waits for it waits still");
    world.clock.advance(Span::minutes(30));
    let claimed = world.store.claim(claim_under(8)).await;
    let claimed = claimed.expect("it takes writes");
    let dead = Settlement::Dead {
        reason: "it is gone".to_owned(),
        skip: false,
    };
    world.act(settled(&claimed.effects[0], 8, dead)).await;
    assert_eq!(
        left_alone().await,
        1,
        "the attempt is under way until its time is over"
    );
    world.clock.advance(Span::hours(1));
    assert_eq!(left_alone().await, 0, "nothing is to be sent to it");
    let failing = world.store.failing_targets(SHOP).await.expect("it reads");
    assert!(failing[0].1.open_until.is_some(), "it was never well again");
}

#[tokio::test]
async fn a_source_has_spoken_where_an_event_of_it_came() {
    let world = World::new();
    world.act(hand_on(1, None)).await;
    let now = world.clock.now();
    let spoke = async |source: &str, minutes: i64| {
        let time = (
            now.plus(Span::minutes(minutes)),
            now.plus(Span::minutes(minutes + 10)),
        );
        let spoke = world.store.source_spoke(SHOP, source, time).await;
        spoke.expect("it reads")
    };
    let event = world
        .store
        .events(SHOP, Default::default(), tollgate_store::Seek::first(1))
        .await;
    let source = event.expect("it reads").items[0].1.source.clone();
    assert_eq!(spoke(&source, -5).await, Some(1));
    assert_eq!(spoke(&source, -60).await, Some(0), "not then");
    assert_eq!(spoke("another", -5).await, Some(0));
    // Among so many of others it may have spoken, or not.
    copy_rows(&world, "events", 4_998);
    assert_eq!(spoke("another", -5).await, Some(0));
    copy_rows(&world, "events", 1);
    assert_eq!(spoke("another", -5).await, None);
    assert_eq!(spoke(&source, -5).await, Some(5_000));
    assert_eq!(spoke("another", -60).await, Some(0), "nobody spoke then");
}

/// Copies the first row of a table so many times, with ids of the same time.
fn copy_rows(world: &World, table: &str, count: u32) {
    let rows = world.rows();
    let begun = rows.number(&format!("select count(*) from {table}"));
    let id = rows.either(
        "cast(substr(id, 1, 8) || printf('%08d', n) as blob)",
        "substring(id from 1 for 8) || convert_to(lpad(n::text, 8, '0'), 'UTF8')",
    );
    let columns = rows.columns(table);
    let copied = columns.iter().map(|column| match column.as_str() {
        "id" => id.to_owned(),
        "key" => "key || '/' || n".to_owned(),
        other => other.to_owned(),
    });
    let copied: Vec<String> = copied.collect();
    rows.run(&format!(
        "with recursive numbers(n) as
             (select {begun} union all select n + 1 from numbers where n + 1 < {begun} + {count})
         insert into {table} ({})
         select {}
           from numbers, (select * from {table} order by id desc limit 1) as one",
        columns.join(", "),
        copied.join(", ")
    ));
}

/// Whatever has piled up of one kind, nothing of the other and nothing new is lost sight of.
#[tokio::test]
async fn a_crowd_of_dead_effects_hides_neither_a_new_one_nor_one_that_is_unknown() {
    let world = World::new();
    world.act(hand_on(1, None)).await;
    let claimed = world.store.claim(claim_under(7)).await;
    let claimed = claimed.expect("it takes writes");
    let reason = "refused".to_owned();
    let dead = Settlement::Dead {
        reason,
        skip: false,
    };
    world.act(settled(&claimed.effects[0], 7, dead)).await;
    let begun = world.clock.now();
    copy_rows(&world, "effects", 10_002);
    world.clock.advance(Span::hours(25));
    let now = world.clock.now();
    let rows = world.rows();
    for (state, ending) in [("dead", "/3"), ("unknown", "/4")] {
        rows.run(&format!(
            "update effects set state = '{state}', settled_at = {} where key like '%{ending}'",
            now.as_millis()
        ));
    }
    let lately = now.plus(Span::hours(-24));
    let watched = world.store.effects_watched(SHOP, lately, NO_FONT).await;
    let watched = watched.expect("it reads");
    assert_eq!(
        (
            watched.dead_lately,
            watched.dead_since,
            watched.unknown_since
        ),
        (1, Some(begun), Some(now))
    );
    let open = world.store.open_now(SHOP).await.expect("it reads");
    let lost = |state: &str| open.effects_lost.get(state).copied();
    assert_eq!((lost("dead"), lost("unknown")), (Some(10_000), Some(1)));
}

/// A file has neither months nor standbys; a server has months for now, and none in ten years.
#[tokio::test]
async fn months_and_standbys_are_a_servers() {
    let world = World::new();
    let on_server = crate::world::server().is_some();
    let now = world.clock.now();
    let reach = async |at| world.store.months_reach(at).await.expect("it reads");
    assert!(reach(now).await);
    assert_eq!(reach(now.plus(Span::hours(24 * 3650))).await, !on_server);
    let standbys = world.store.standbys().await.expect("it reads");
    let following = standbys.map(|standbys| (standbys.is_synchronous, standbys.following));
    assert_eq!(following, on_server.then_some((false, 0)));
    let taken = world
        .store
        .calendars_taken(SHOP, (now, now.plus(Span::hours(24))))
        .await;
    assert_eq!(taken.expect("it reads"), []);
}
