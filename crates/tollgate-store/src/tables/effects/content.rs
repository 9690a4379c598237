//! What an effect has to do, as the document in its row.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tollgate_core::alert::AlertMail;
use tollgate_core::effect::{EffectContent, ReceiptKind};
use tollgate_core::money::Money;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::Corrupt;
use crate::tables::document::{
    Read, currency, currency_of, from_json, id, minor_of, money, to_json, word,
};

#[derive(Serialize, Deserialize)]
struct ReceiptContent {
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    #[serde(default = "sale")]
    of: String,
    payment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

fn sale() -> String {
    ReceiptKind::Sale.word().to_owned()
}

#[derive(Serialize, Deserialize)]
struct MailContent {
    about: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
}

/// What a mail is about, whatever else is said of it.
#[derive(Deserialize)]
struct About {
    about: String,
}

/// What the mails to customers are about has other words.
const ALERT: &str = "alert";

#[derive(Serialize, Deserialize)]
struct AlertMailContent {
    about: String,
    to: String,
    rule: String,
    subject: String,
    is_over: bool,
    since: i64,
    at: i64,
    what: String,
    remedy: String,
}

#[derive(Serialize, Deserialize)]
struct NotifyContent {
    endpoint: String,
    position: i64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Serialize, Deserialize)]
struct ForwardContent {
    route: String,
    event: String,
}

#[derive(Serialize, Deserialize)]
struct AskContent {
    source: String,
    object: String,
    #[serde(default)]
    n: u32,
    names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    version: i64,
    why: String,
    /// It names no payment of ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unknown: bool,
}

#[derive(Serialize, Deserialize)]
struct RefundRequestContent {
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<String>,
    source: String,
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RefundCheckContent {
    refund: String,
    payment: String,
    source: String,
    n: u32,
}

#[derive(Serialize, Deserialize)]
struct RefundContent {
    refund: String,
    payment: String,
    source: String,
    minor: i64,
    currency: String,
}

#[derive(Serialize, Deserialize)]
struct VoidContent {
    payment: String,
    source: String,
    object: String,
}

pub(super) fn write_content(content: &EffectContent) -> String {
    match content {
        EffectContent::Receipt {
            receipt,
            kind,
            payment,
            money,
        } => to_json(&ReceiptContent {
            receipt: receipt.map(|receipt| receipt.to_string()),
            of: kind.word().to_owned(),
            payment: payment.to_string(),
            minor: minor_of(money),
            currency: currency_of(money).map(Cow::into_owned),
        }),
        EffectContent::Mail { kind, receipt } => to_json(&MailContent {
            about: kind.word().to_owned(),
            receipt: receipt.map(|receipt| receipt.to_string()),
        }),
        EffectContent::AlertMail(mail) => to_json(&AlertMailContent {
            about: ALERT.to_owned(),
            to: mail.to.clone(),
            rule: mail.rule.word().to_owned(),
            subject: mail.subject.clone(),
            is_over: mail.is_over,
            since: mail.since.as_millis(),
            at: mail.at.as_millis(),
            what: mail.what.clone(),
            remedy: mail.remedy.clone(),
        }),
        EffectContent::Notify {
            endpoint,
            position,
            kind,
        } => to_json(&NotifyContent {
            endpoint: endpoint.to_string(),
            position: *position,
            kind: kind.clone(),
        }),
        EffectContent::Forward { route, event } => to_json(&ForwardContent {
            route: route.clone(),
            event: event.to_string(),
        }),
        EffectContent::Ask {
            source,
            object,
            n,
            names,
            event,
            version,
            why,
            known,
        } => to_json(&AskContent {
            source: source.clone(),
            object: object.clone(),
            n: *n,
            names: names.clone(),
            event: event.map(|event| event.to_string()),
            version: *version,
            why: why.word().to_owned(),
            unknown: !*known,
        }),
        EffectContent::RefundRequest {
            payment,
            source,
            reference,
            money,
        } => to_json(&RefundRequestContent {
            payment: payment.map(|payment| payment.to_string()),
            source: source.clone(),
            reference: reference.clone(),
            minor: minor_of(money),
            currency: currency_of(money).map(Cow::into_owned),
        }),
        EffectContent::Refund {
            refund,
            payment,
            source,
            money,
        } => to_json(&RefundContent {
            refund: refund.to_string(),
            payment: payment.to_string(),
            source: source.clone(),
            minor: money.minor,
            currency: money.currency.to_string(),
        }),
        EffectContent::RefundCheck {
            refund,
            payment,
            source,
            n,
        } => to_json(&RefundCheckContent {
            refund: refund.to_string(),
            payment: payment.to_string(),
            source: source.clone(),
            n: *n,
        }),
        EffectContent::Void {
            payment,
            source,
            object,
        } => to_json(&VoidContent {
            payment: payment.to_string(),
            source: source.clone(),
            object: object.clone(),
        }),
    }
}

pub(crate) fn read_content(kind: &str, key: &str, content: &str) -> Read<EffectContent> {
    Ok(match kind {
        "receipt" => {
            let doc: ReceiptContent = from_json("effect", content)?;
            EffectContent::Receipt {
                receipt: doc.receipt.as_deref().map(id).transpose()?,
                kind: word(&doc.of)?,
                payment: id(&doc.payment)?,
                money: money(doc.minor, doc.currency.as_deref())?,
            }
        }
        "mail" => {
            let about: About = from_json("effect", content)?;
            if about.about == ALERT {
                return alert_mail(content);
            }
            let doc: MailContent = from_json("effect", content)?;
            EffectContent::Mail {
                kind: word(&doc.about)?,
                receipt: doc.receipt.as_deref().map(id).transpose()?,
            }
        }
        "notify" => {
            let doc: NotifyContent = from_json("effect", content)?;
            EffectContent::Notify {
                endpoint: id(&doc.endpoint)?,
                position: doc.position,
                kind: doc.kind,
            }
        }
        "forward" => {
            let doc: ForwardContent = from_json("effect", content)?;
            EffectContent::Forward {
                route: doc.route,
                event: id(&doc.event)?,
            }
        }
        "ask" => {
            let doc: AskContent = from_json("effect", content)?;
            // The key always ends with the question's number; the document has it since effects are done.
            let in_key = || key.rsplit(':').next().and_then(|n| n.parse().ok());
            EffectContent::Ask {
                n: if doc.n == 0 {
                    in_key().unwrap_or(0)
                } else {
                    doc.n
                },
                source: doc.source,
                object: doc.object,
                names: doc.names,
                event: doc.event.as_deref().map(id).transpose()?,
                version: doc.version,
                why: word(&doc.why)?,
                known: !doc.unknown,
            }
        }
        "refund_request" => {
            let doc: RefundRequestContent = from_json("effect", content)?;
            EffectContent::RefundRequest {
                payment: doc.payment.as_deref().map(id).transpose()?,
                source: doc.source,
                reference: doc.reference,
                money: money(doc.minor, doc.currency.as_deref())?,
            }
        }
        "refund" => {
            let doc: RefundContent = from_json("effect", content)?;
            EffectContent::Refund {
                refund: id(&doc.refund)?,
                payment: id(&doc.payment)?,
                source: doc.source,
                money: Money {
                    minor: doc.minor,
                    currency: currency(&doc.currency)?,
                },
            }
        }
        "refund_check" => {
            let doc: RefundCheckContent = from_json("effect", content)?;
            EffectContent::RefundCheck {
                refund: id(&doc.refund)?,
                payment: id(&doc.payment)?,
                source: doc.source,
                n: doc.n,
            }
        }
        "void" => {
            let doc: VoidContent = from_json("effect", content)?;
            EffectContent::Void {
                payment: id(&doc.payment)?,
                source: doc.source,
                object: doc.object,
            }
        }
        other => {
            return Err(Corrupt::new(
                "effect",
                format!("{other:?} is no kind we know"),
            ));
        }
    })
}

fn alert_mail(content: &str) -> Read<EffectContent> {
    let doc: AlertMailContent = from_json("effect", content)?;
    Ok(EffectContent::AlertMail(Box::new(AlertMail {
        to: doc.to,
        rule: word(&doc.rule)?,
        subject: doc.subject,
        is_over: doc.is_over,
        since: Timestamp::from_millis(doc.since),
        at: Timestamp::from_millis(doc.at),
        what: doc.what,
        remedy: doc.remedy,
    })))
}
