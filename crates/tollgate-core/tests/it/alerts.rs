//! Alerts: told once when they open and once when they end, however often they are seen.

use tollgate_core::alert::{Alert, AlertRule, alert_key};
use tollgate_core::command::{Action, AlertSeen, WatchAlert};
use tollgate_core::decision::Outcome;
use tollgate_core::effect::EffectContent;
use tollgate_core::time::Span;
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;

use crate::store::{START, Store};

const RULE: AlertRule = AlertRule::SourceSilent;
const QUIET: Span = Span::minutes(10);

/// One look after another: minutes since the beginning, and how many are seen; none: it is not so.
fn look(store: &mut Store, minute: i64, seen: Option<i64>) {
    store.now = START.plus(Span::minutes(minute));
    let seen = seen.map(|count| AlertSeen {
        count,
        what: format!("{count} were seen"),
        remedy: "look".to_owned(),
    });
    let outcome = store.act(Action::WatchAlert(Box::new(WatchAlert {
        rule: RULE,
        subject: "bank".to_owned(),
        seen,
        quiet: QUIET,
        mail_to: vec!["ops@shop.example".to_owned()],
    })));
    assert_eq!(outcome, Outcome::Done);
}

fn alert(store: &Store) -> &Alert {
    &store.rows.alerts[&alert_key(RULE, "bank")]
}

fn told(store: &Store) -> Vec<&'static str> {
    store
        .entries
        .iter()
        .map(|entry| entry.kind.word())
        .collect()
}

/// `minute and what is seen -> what was told by then`
#[test]
fn an_alert_is_told_when_it_opens_and_when_it_was_quiet_for_long_enough() {
    let mut store = Store::new();
    let (opened, ended) = (EntryKind::AlertOpened.word(), EntryKind::AlertEnded.word());
    for (minute, seen, expected) in [
        (0, None, vec![]),
        (1, Some(1), vec![opened]),
        (2, Some(5), vec![opened]),
        // It flaps: what is quiet for less than ten minutes goes on.
        (3, None, vec![opened]),
        (11, None, vec![opened]),
        (11, Some(2), vec![opened]),
        (20, None, vec![opened]),
        (21, None, vec![opened, ended]),
        (22, None, vec![opened, ended]),
        (23, Some(3), vec![opened, ended, opened]),
    ] {
        look(&mut store, minute, seen);
        assert_eq!(told(&store), expected, "minute {minute}");
    }
    let alert = alert(&store);
    assert_eq!((alert.count, alert.times), (3, 2));
    assert_eq!(alert.since, START.plus(Span::minutes(23)));
    assert!(alert.is_open());
}

#[test]
fn what_is_seen_again_keeps_since_when_it_is_so_and_says_how_it_is_now() {
    let mut store = Store::new();
    look(&mut store, 1, Some(1));
    look(&mut store, 4, Some(7));
    let open = alert(&store).clone();
    assert_eq!(open.since, START.plus(Span::minutes(1)));
    assert_eq!(open.last_seen_at, START.plus(Span::minutes(4)));
    assert_eq!((open.count, open.what.as_str()), (7, "7 were seen"));
    look(&mut store, 14, None);
    let ended = alert(&store);
    assert_eq!(ended.ended_at, Some(START.plus(Span::minutes(14))));
    assert_eq!(ended.last_seen_at, open.last_seen_at);
}

/// A mail for each opening and each end, each decided once.
#[test]
fn who_is_to_be_written_is_written_once_for_each_opening_and_end() {
    let mut store = Store::new();
    for (minute, seen) in [
        (1, Some(1)),
        (2, Some(1)),
        (12, None),
        (13, Some(1)),
        (23, None),
    ] {
        look(&mut store, minute, seen);
    }
    let mut mails: Vec<_> = store
        .rows
        .effects
        .values()
        .filter_map(|effect| match &effect.content {
            EffectContent::AlertMail(mail) => {
                let minute = (mail.at.as_millis() - START.as_millis()) / 60_000;
                Some((minute, mail.is_over, mail.to.as_str()))
            }
            _ => None,
        })
        .collect();
    mails.sort_unstable();
    let to = "ops@shop.example";
    assert_eq!(
        mails,
        [
            (1, false, to),
            (12, true, to),
            (13, false, to),
            (23, true, to)
        ]
    );
}
