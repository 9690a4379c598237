//! Writing an operator a mail about an alert. Like any mail it is not repeated where it may have been taken.

use tollgate_core::alert::AlertMail;
use tollgate_core::command::Health;
use tollgate_core::word::Word;
use tollgate_outbound::mail::{Note, Sending};

use super::{Acted, Context, Work};
use crate::time_text::rfc3339;

/// Sends one mail.
pub(super) async fn act(context: &Context, work: &Work, alert: &AlertMail) -> Acted {
    let Some(mailer) = context.mailer(work.shop) else {
        return Acted::dead("mail is no longer configured for its shop");
    };
    let shop = context.shop_name(work.shop);
    let (subject, text) = words(alert, shop, context.public_url());
    let note = Note {
        shop,
        key: &work.effect.key,
        to: &alert.to,
        date: alert.at,
        subject: &subject,
        text: &text,
    };
    let message = match mailer.compose_note(&note) {
        Ok(message) => message,
        Err(error) => return Acted::dead(error.to_string()),
    };
    match mailer.send(&message).await {
        Sending::Sent { reply } => Acted::done().answered(250, reply),
        Sending::NotSent {
            error,
            permanent: true,
        } => Acted::dead(error),
        Sending::NotSent {
            error,
            permanent: false,
        } => Acted::again(error, Health::Failing),
        Sending::Unclear { error } => Acted::unknown(error),
    }
}

/// The subject and the text.
fn words(alert: &AlertMail, shop: &str, url: Option<&str>) -> (String, String) {
    let rule = alert.rule.word();
    let about = match alert.subject.as_str() {
        "" => rule.to_owned(),
        subject => format!("{rule} {subject}"),
    };
    let since = rfc3339(alert.since);
    let all = url.map_or(String::new(), |url| {
        format!("\nAll alerts: {url}/v1/alerts\n")
    });
    match alert.is_over {
        false => (
            format!("[{}] {about} ({shop})", alert.rule.level().word()),
            format!(
                "{}.\n\nWhat to do: {}.\n\nSince {since}. docs/alerts.md has more about {rule}.\n{all}",
                alert.what, alert.remedy
            ),
        ),
        true => (
            format!("[ended] {about} ({shop})"),
            format!(
                "It is so no more. It was since {since}, and ended at {}.\n\nThe last that was seen: {}.\n{all}",
                rfc3339(alert.at),
                alert.what
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::alert::AlertRule;
    use tollgate_core::time::Timestamp;

    #[test]
    fn a_mail_says_what_is_so_what_to_do_and_since_when() {
        let mut mail = AlertMail {
            to: "ops@shop.example".to_owned(),
            rule: AlertRule::SourceSilent,
            subject: "bank".to_owned(),
            is_over: false,
            since: Timestamp::from_millis(1_769_076_000_000),
            at: Timestamp::from_millis(1_769_076_600_000),
            what: "Source bank says nothing".to_owned(),
            remedy: "Look at its console".to_owned(),
        };
        let (subject, text) = words(&mail, "main", Some("https://pay.example"));
        assert_eq!(subject, "[page] source_silent bank (main)");
        for part in [
            "Source bank says nothing.",
            "What to do: Look at its console.",
            "Since 2026-01-22T10:00:00.000Z",
            "https://pay.example/v1/alerts",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        mail.is_over = true;
        let (subject, text) = words(&mail, "main", None);
        assert_eq!(subject, "[ended] source_silent bank (main)");
        assert!(text.contains("ended at 2026-01-22T10:10:00.000Z"), "{text}");
        assert!(!text.contains("http"), "{text}");
    }
}
