//! Effects as the documents that stand in their rows: what to do, and what was tried.

use serde::{Deserialize, Serialize};
use tollgate_core::effect::{Attempt, EffectContent, Receipt, ReceiptKind};
use tollgate_core::money::Money;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::Corrupt;
use crate::tables::doc::{Read, currency, from_json, id, to_json, word};

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

fn minor_of(money: &Option<Money>) -> Option<i64> {
    money.map(|money| money.minor)
}

fn currency_of(money: &Option<Money>) -> Option<String> {
    money.map(|money| money.currency.to_string())
}

fn money(minor: Option<i64>, code: Option<&str>) -> Read<Option<Money>> {
    match (minor, code) {
        (Some(minor), Some(code)) => Ok(Some(Money {
            minor,
            currency: currency(code)?,
        })),
        _ => Ok(None),
    }
}

/// Writes what an effect has to do.
pub(crate) fn write_effect(content: &EffectContent) -> String {
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
            currency: currency_of(money),
        }),
        EffectContent::Mail { kind, receipt } => to_json(&MailContent {
            about: kind.word().to_owned(),
            receipt: receipt.map(|receipt| receipt.to_string()),
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
            currency: currency_of(money),
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

/// Reads what an effect has to do.
pub(crate) fn read_effect(kind: &str, key: &str, content: &str) -> Read<EffectContent> {
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

#[derive(Serialize, Deserialize)]
struct AttemptDoc {
    at: i64,
    took_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
}

/// Writes what was tried; nothing where nothing was.
pub(crate) fn write_attempts(attempts: &[Attempt]) -> Option<String> {
    let docs: Vec<AttemptDoc> = attempts
        .iter()
        .map(|attempt| AttemptDoc {
            at: attempt.at.as_millis(),
            took_ms: attempt.took_ms,
            status: attempt.status,
            error: attempt.error.clone(),
            head: attempt.head.clone(),
        })
        .collect();
    (!docs.is_empty()).then(|| to_json(&docs))
}

/// Reads what was tried.
pub(crate) fn read_attempts(text: Option<&str>) -> Read<Vec<Attempt>> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let docs: Vec<AttemptDoc> = from_json("attempts", text)?;
    Ok(docs
        .into_iter()
        .map(|doc| Attempt {
            at: Timestamp::from_millis(doc.at),
            took_ms: doc.took_ms,
            status: doc.status,
            error: doc.error,
            head: doc.head,
        })
        .collect())
}

/// A receipt on its root.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReceiptDoc {
    id: String,
    kind: String,
    payment: String,
    object: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The kind that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<String>,
    /// Year and sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<(i32, i64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<i64>,
}

pub(crate) fn write_receipt(receipt: &Receipt) -> ReceiptDoc {
    ReceiptDoc {
        id: receipt.id.to_string(),
        kind: receipt.kind.word().to_owned(),
        payment: receipt.payment.to_string(),
        object: receipt.object.clone(),
        minor: minor_of(&receipt.money),
        currency: currency_of(&receipt.money),
        corrects: receipt.corrects.map(|kind| kind.word().to_owned()),
        number: receipt.number.map(|number| (number.year, number.sequence)),
        issued_at: receipt.issued_at.map(Timestamp::as_millis),
    }
}

pub(crate) fn read_receipt(doc: ReceiptDoc) -> Read<Receipt> {
    Ok(Receipt {
        id: id(&doc.id)?,
        kind: word(&doc.kind)?,
        payment: id(&doc.payment)?,
        object: doc.object,
        money: money(doc.minor, doc.currency.as_deref())?,
        corrects: doc.corrects.as_deref().map(word).transpose()?,
        number: doc
            .number
            .map(|(year, sequence)| tollgate_core::effect::ReceiptNumber { year, sequence }),
        issued_at: doc.issued_at.map(Timestamp::from_millis),
    })
}
