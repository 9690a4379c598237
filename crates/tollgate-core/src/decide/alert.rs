//! Alerts: whether what was looked at opens one, keeps it open or ends it, and who is told.

use crate::alert::{Alert, AlertMail, alert_key};
use crate::command::WatchAlert;
use crate::decision::{Detail, Outcome};
use crate::effect::EffectContent;
use crate::id::{RootId, first_id};
use crate::timeline::EntryKind;
use crate::word::Word;

use super::draft::{Draft, Reply, Step, text};

/// What was looked at is so, or is not. It is told once when it opens and once when it ends; one that comes again
/// before it has been quiet for long enough has never ended.
pub(super) fn watch(draft: &mut Draft, wanted: &WatchAlert) -> Step<Reply> {
    let key = alert_key(wanted.rule, &wanted.subject);
    let known = draft.alert(&key)?.cloned();
    let now = draft.now;
    let times = known.as_ref().map_or(0, |alert| alert.times);
    let open = known.filter(Alert::is_open);
    match (&wanted.seen, open) {
        (Some(seen), Some(open)) => draft.put_alert(Alert {
            last_seen_at: now,
            count: seen.count,
            what: seen.what.clone(),
            remedy: seen.remedy.clone(),
            ..open
        }),
        (Some(seen), None) => {
            let alert = Alert {
                rule: wanted.rule,
                subject: wanted.subject.clone(),
                since: now,
                last_seen_at: now,
                ended_at: None,
                count: seen.count,
                times: times.saturating_add(1),
                what: seen.what.clone(),
                remedy: seen.remedy.clone(),
            };
            tell(draft, &alert, &wanted.mail_to);
            draft.put_alert(alert);
        }
        (None, Some(open)) if open.last_seen_at.plus(wanted.quiet) <= now => {
            let alert = Alert {
                ended_at: Some(now),
                ..open
            };
            tell(draft, &alert, &wanted.mail_to);
            draft.put_alert(alert);
        }
        (None, Some(_) | None) => {}
    }
    Ok(Reply::Plain(Outcome::Done))
}

/// An entry of the feed, for the stream and for endpoints, and a mail to each address.
fn tell(draft: &mut Draft, alert: &Alert, mail_to: &[String]) {
    let kind = match alert.is_open() {
        true => EntryKind::AlertOpened,
        false => EntryKind::AlertEnded,
    };
    let of = match alert.rule.is_of_server() {
        true => "server",
        false => "shop",
    };
    let detail = vec![
        ("rule", text(alert.rule.word())),
        ("subject", text(alert.subject.as_str())),
        ("level", text(alert.rule.level().word())),
        ("of", text(of)),
        ("what", text(alert.what.as_str())),
        ("remedy", text(alert.remedy.as_str())),
        ("count", Detail::Integer(alert.count)),
    ];
    draft.entry(kind, None, None, detail);
    let (key, times) = (alert.key(), alert.times);
    for (number, to) in mail_to.iter().enumerate() {
        let mail = AlertMail {
            to: to.clone(),
            rule: alert.rule,
            subject: alert.subject.clone(),
            is_over: !alert.is_open(),
            since: alert.since,
            at: draft.now,
            what: alert.what.clone(),
            remedy: alert.remedy.clone(),
        };
        // What is forgotten and comes again begins to count anew, so the time stands there, too.
        let since = alert.since.as_millis();
        // Anybody who may read effects sees their keys, so the address has a number there.
        let word = kind.word();
        let key = format!("mail:alert:{key}:{times}:{since}:{word}:{number}");
        let dated_by = RootId::new(first_id(draft.now));
        draft.effect(
            key,
            dated_by,
            None,
            EffectContent::AlertMail(Box::new(mail)),
        );
    }
}
