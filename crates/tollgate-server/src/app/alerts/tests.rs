//! Rounds: what one part cannot read silences no other, and nothing that is still so is told as ended.

use super::*;

use tollgate_core::command::AlertSeen;
use tollgate_core::id::{ErrorId, first_id};
use tollgate_store::{ErrorLevel, ErrorRow, NO_SHOP};

use crate::config::Config;

const EVERY: Span = Span::minutes(1);

/// Keeps so many errors of one kind; `cause` tells apart what has the same code.
async fn keep(app: &App, shop: ShopId, (code, cause): (&str, &str), count: u64) {
    let at = back(app.now(), Span::seconds(5));
    let mark = cause.bytes().map(u128::from).sum::<u128>();
    let row = ErrorRow {
        shop,
        id: ErrorId::from_u128(first_id(at) | mark),
        level: ErrorLevel::Warn,
        code: code.to_owned(),
        cause: cause.to_owned(),
        operation: "POST /webhooks/bank".to_owned(),
        source: Some("bank".to_owned()),
        key: None,
        key_name: None,
        status: 401,
        count,
        at,
        last_at: at,
        request_id: None,
        last_request_id: None,
        about: None,
        detail: String::new(),
    };
    let kept = app.inner.store.keep_errors(shop, vec![row]).await;
    kept.expect("they are kept");
}

async fn open(app: &App, shop: ShopId) -> Vec<String> {
    let alerts = app.inner.store.alerts(shop).await.expect("it reads");
    let open = alerts.iter().filter(|alert| alert.is_open());
    open.map(Alert::key).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_of_one_shop_silences_neither_the_others_nor_the_server() {
    let text = "[store]\nurl = \"sqlite::memory:\"\n[shops.second]\n";
    let config = Config::from_toml_str(text).expect("it is right");
    let opened = tokio::task::spawn_blocking(|| App::open(config)).await;
    let app = opened.expect("opening does not panic").expect("it opens");
    let (main, second) = (app.shops()[0], app.shops()[1]);
    // More than the sum of them can be read.
    let crowd = u64::try_from(i64::MAX).expect("it is positive");
    for cause in ["a", "b"] {
        keep(&app, main, ("signature_invalid", cause), crowd).await;
    }
    keep(&app, second, ("signature_invalid", "a"), 20).await;
    keep(&app, NO_SHOP, ("gate_quarantined", "a"), 1).await;
    let mut rounds = Rounds::default();
    for _ in 0..2 {
        app.look_for_alerts(EVERY, &mut rounds).await;
        assert_eq!(open(&app, second).await, ["signatures_rejected:bank"]);
        assert_eq!(open(&app, main).await, ["check_fired"]);
        assert_eq!(rounds.failing, BTreeSet::from([Part::Shop(main)]));
        assert!(rounds.claimed.has_failed);
    }
    app.close().await;
}

fn seen(subjects: impl Iterator<Item = usize>) -> Seen {
    let found = |subject: usize| {
        let seen = AlertSeen {
            count: 1,
            what: "it is silent".to_owned(),
            remedy: "look".to_owned(),
        };
        ((AlertRule::SourceSilent, format!("s{subject:03}")), seen)
    };
    subjects.map(found).collect()
}

fn is_open(subject: usize) -> Alert {
    let at = Timestamp::from_millis(1_769_076_000_000);
    Alert {
        rule: AlertRule::SourceSilent,
        subject: format!("s{subject:03}"),
        since: at,
        last_seen_at: at,
        ended_at: None,
        count: 1,
        times: 1,
        what: "it is silent".to_owned(),
        remedy: "look".to_owned(),
    }
}

/// Those that are said to be so, and those that are said to be so no more.
fn told(subjects: impl Iterator<Item = usize>, known: Vec<Alert>) -> (Vec<String>, Vec<String>) {
    let config = Config::from_toml_str("").expect("the defaults are right");
    let commands = commands(&config.alerts, seen(subjects), known);
    let (so, over): (Vec<_>, Vec<_>) = commands.into_iter().partition(|told| told.seen.is_some());
    let subjects = |commands: Vec<WatchAlert>| {
        let subjects = commands.into_iter().map(|told| told.subject);
        subjects.collect()
    };
    (subjects(so), subjects(over))
}

#[test]
fn a_rule_opens_a_bounded_number_of_subjects_and_ends_none_that_is_still_so() {
    let (so, over) = told(0..200, Vec::new());
    assert_eq!((so.len(), over.len()), (OF_RULE_MAX, 0));
    // It is among those that are cut by their place, but it is open.
    let (so, over) = told(0..200, vec![is_open(199), is_open(500)]);
    assert_eq!(over, ["s500"]);
    assert!(so.contains(&"s199".to_owned()), "{so:?}");
    // The one that was not seen is open until it has been quiet for long enough.
    assert_eq!(so.len(), OF_RULE_MAX - 1);
    let (so, over) = told(0..200, (100..150).map(is_open).collect());
    assert_eq!((so.len(), over.len()), (OF_RULE_MAX, 0));
    assert_eq!((so[0].as_str(), so[49].as_str()), ("s100", "s149"));
}
