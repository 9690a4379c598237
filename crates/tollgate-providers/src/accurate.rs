//! Accurate Online (Indonesia, accounting): unsigned envelopes of changed documents.
//!
//! They are about the merchant's books, not about payments of ours: no facts, only forwarding.
//! The payload is described nowhere officially; what integrators saw and what is uncertain is
//! said in `docs/providers/accurate.md`.

use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use tollgate_core::event::Event;
use tollgate_core::time::Timestamp;

use crate::delivery::{Delivery, Element, Identity, ItemError, RejectCode, Rejection};
use crate::json::{Object, quote, range_in};
use crate::provider::{Console, Covers, Field, Kind, Provider, Reply, Setup, StatusQuery};
use crate::question::{Answer, AskBy, CannotAsk, HttpRequest, HttpResponse, Question, Token};
use crate::refund::Refunds;
use crate::sample::{NotInProvider, Sample, Webhook};
use crate::settings::{ConfigError, Settings};
use crate::signature::{Algorithm, Encoding, HmacKey, sha256_hex};
use crate::wording::{guid_of, key, millis, path_segment};

pub(crate) const PROVIDER: Provider = Provider {
    name: "accurate",
    title: "Accurate Online",
    payments: false,
    fields: &[
        Field {
            name: "database_ids",
            kind: Kind::List,
            required: false,
            doc: "the databases that are ours; documents of others are refused",
        },
        Field {
            name: "api_token",
            kind: Kind::Secret,
            required: false,
            doc: "an API token, with which documents are read again before they are forwarded",
        },
        Field {
            name: "signature_secret",
            kind: Kind::Secret,
            required: false,
            doc: "the signature secret of the application that issued the token",
        },
    ],
    asks_with: &["api_token"],
    usual_currency: "IDR",
    secret_headers: &[],
    takes_get: false,
    reply: Reply::Json,
    console: Console {
        place: "Developer Area › Webhook",
        url_field: "Webhook URL",
        secrets: &[
            ("api_token", "API Token"),
            ("signature_secret", "Signature Secret"),
        ],
        reference: None,
    },
    docs: "docs/providers/accurate.md",
    configure,
};

struct Accurate {
    database_ids: Vec<String>,
    api: Option<Api>,
}

struct Api {
    token: SecretString,
    signature_key: HmacKey,
    url: String,
}

fn configure(settings: &Settings<'_>) -> Result<Box<dyn Setup>, ConfigError> {
    let url = settings.api_url()?;
    let token = settings.secret("api_token")?;
    let secret = settings.secret("signature_secret")?;
    let api = match (token, secret, url) {
        (None, None, None) => None,
        (Some(token), Some(secret), Some(url)) => {
            let secret = secret.expose_secret().as_bytes();
            Some(Api {
                token,
                signature_key: HmacKey::new(Algorithm::Sha256, secret),
                url,
            })
        }
        (None, _, _) => {
            return Err(settings.absent("api_token", "the token that api_url is asked with"));
        }
        (_, None, _) => {
            let wanted = "the signature secret of the application that issued api_token";
            return Err(settings.absent("signature_secret", wanted));
        }
        (_, _, None) => {
            let wanted = "the database's own host, like https://zeus.accurate.id";
            return Err(settings.absent("api_url", wanted));
        }
    };
    Ok(Box::new(Accurate {
        database_ids: settings.list("database_ids")?,
        api,
    }))
}

impl Setup for Accurate {
    fn covers(&self) -> Covers {
        Covers::Nothing
    }

    fn verify(&self, delivery: &Delivery<'_>) -> Result<Vec<Element>, Rejection> {
        let unreadable =
            |error: serde_json::Error| Rejection::unreadable(format!("it is no JSON: {error}"));
        let body: &RawValue = serde_json::from_slice(delivery.body).map_err(unreadable)?;
        let envelopes: Vec<&RawValue> = match body.get().as_bytes().first() {
            Some(b'[') => serde_json::from_str(body.get()).map_err(unreadable)?,
            Some(b'{') => vec![body],
            Some(_) | None => {
                return Err(Rejection::unreadable(
                    "it is neither an array nor an object",
                ));
            }
        };
        let mut elements = Vec::with_capacity(envelopes.len());
        for envelope in &envelopes {
            self.read_envelope(delivery.body, envelope, &mut elements);
        }
        let foreign = |element: &Element| match &element.event {
            Err(error) => error.code == RejectCode::AccountMismatch,
            Ok(_) => false,
        };
        if !elements.is_empty() && elements.iter().all(foreign) {
            let detail = "databaseId is none of database_ids";
            return Err(Rejection::new(RejectCode::AccountMismatch, detail));
        }
        Ok(elements)
    }

    fn status_query(&self) -> Option<&dyn StatusQuery> {
        self.api.as_ref().map(|_| self as &dyn StatusQuery)
    }

    fn refunds(&self) -> Option<&dyn Refunds> {
        None
    }

    fn sample(&self, sample: &Sample) -> Result<Webhook, NotInProvider> {
        let database = self.database_ids.first().map_or("1", String::as_str);
        let database = match database.parse::<u64>() {
            Ok(number) => number.to_string(),
            Err(_) => quote(database),
        };
        let document = sample.id.bytes().fold(4001_u64, |id, byte| {
            (id * 31 + u64::from(byte)) % 1_000_000_000
        });
        Ok(Webhook::json(format!(
            r#"[{{"databaseId":{database},"type":"SALES_INVOICE","timestamp":{millis},"uuid":"{uuid}","data":[{{"salesInvoiceId":{document},"salesInvoiceNo":{number},"action":"WRITE"}}]}}]"#,
            millis = sample.now.as_millis(),
            uuid = guid_of(&sample.id),
            number = quote(&sample.reference),
        )))
    }
}

impl Accurate {
    /// An envelope with several documents is as many events; one that cannot be read is one error.
    fn read_envelope(&self, body: &[u8], raw: &RawValue, elements: &mut Vec<Element>) {
        let bytes = range_in(body, raw.get());
        let refuse = |error: ItemError| Element {
            identity: Identity::None,
            event: Err(error),
            live: None,
            bytes: bytes.clone(),
            part: bytes.clone(),
        };
        let Some(envelope) = Object::from_raw(raw) else {
            elements.push(refuse(ItemError::unreadable("the envelope is no object")));
            return;
        };
        let database = envelope.text("databaseId");
        let ours = |id: &str| self.database_ids.iter().any(|known| known == id);
        if !self.database_ids.is_empty() && !database.as_deref().is_some_and(ours) {
            elements.push(refuse(ItemError {
                code: RejectCode::AccountMismatch,
                detail: "its databaseId is none of database_ids".to_owned(),
            }));
            return;
        }
        let Some(kind) = envelope.text("type") else {
            elements.push(refuse(ItemError::unreadable("the envelope has no type")));
            return;
        };
        let Some(documents) = envelope.array("data") else {
            elements.push(refuse(ItemError::unreadable(
                "the envelope has no list of data",
            )));
            return;
        };
        let sent_at = envelope.text("timestamp").and_then(|text| millis(&text));
        // Without a uuid the time distinguishes two changes of one document; without either nothing
        // does, and losing a change is worse than forwarding it twice (D2).
        let name = match (envelope.text("uuid"), sent_at) {
            (Some(uuid), _) => Some(uuid.into_owned()),
            (None, Some(_)) => Some(sha256_hex(raw.get().as_bytes())),
            (None, None) => None,
        };
        for (index, raw_document) in documents.iter().enumerate() {
            let part = range_in(body, raw_document.get());
            let Some(document) = Object::from_raw(raw_document) else {
                let error = ItemError::unreadable("the document is no object");
                elements.push(Element {
                    part,
                    ..refuse(error)
                });
                continue;
            };
            let place = index.to_string();
            let identity = match &name {
                Some(name) => Identity::Sure(key(&[database.as_deref(), Some(name), Some(&place)])),
                None => Identity::None,
            };
            let event = Event {
                occurred_at: sent_at,
                ..read_document(&kind, &document)
            };
            elements.push(Element {
                identity,
                event: Ok(event),
                live: None,
                bytes: bytes.clone(),
                part,
            });
        }
    }
}

/// Fields are named after the type: `salesInvoiceId` and `salesInvoiceNo` in a `SALES_INVOICE`.
fn read_document(kind: &str, document: &Object<'_>) -> Event {
    let stem = camel_case(kind);
    let id = document
        .text(&format!("{stem}Id"))
        .or_else(|| document.text("id"));
    // A type that is no document of its own (ITEM_QUANTITY) only mentions others.
    let number = document
        .text(&format!("{stem}No"))
        .or_else(|| document.text("number"));
    let action = document.text("action");
    Event {
        kind: format!("{kind}.{}", action.as_deref().unwrap_or("None")),
        names: number
            .map(|number| number.into_owned())
            .into_iter()
            .collect(),
        provider_payment_id: id.map(|id| id.into_owned()),
        ..Event::default()
    }
}

/// `SALES_INVOICE` as `salesInvoice`.
fn camel_case(kind: &str) -> String {
    let mut name = String::with_capacity(kind.len());
    let mut begins = false;
    for letter in kind.chars() {
        match letter {
            '_' => begins = true,
            letter if begins => {
                name.extend(letter.to_uppercase());
                begins = false;
            }
            letter => name.extend(letter.to_lowercase()),
        }
    }
    name
}

impl StatusQuery for Accurate {
    fn asks_by(&self) -> AskBy {
        AskBy::ProviderId
    }

    fn asks_with_signing_secret(&self) -> bool {
        false
    }

    fn token_request(&self) -> Option<HttpRequest> {
        None
    }

    fn read_token(&self, _: &HttpResponse<'_>, _: Timestamp) -> Result<Token, String> {
        Err("Accurate takes the API token of the configuration".to_owned())
    }

    /// Reads the document again.
    fn request(
        &self,
        question: &Question,
        _: Option<&Token>,
        now: Timestamp,
    ) -> Result<HttpRequest, CannotAsk> {
        let Some(api) = &self.api else {
            return Err(CannotAsk("there is no api_token".to_owned()));
        };
        let (kind, action) = question
            .kind
            .split_once('.')
            .unwrap_or((&question.kind, ""));
        if action == "DELETE" {
            return Err(CannotAsk("a deleted document cannot be read".to_owned()));
        }
        let Some(id) = question
            .provider_payment_id
            .as_deref()
            .filter(|_| !kind.is_empty())
        else {
            return Err(CannotAsk(
                "the document's type or id is not known".to_owned(),
            ));
        };
        let seconds = now.as_millis().div_euclid(1000).to_string();
        let signature = Encoding::Hex.write(&api.signature_key.sign(&[seconds.as_bytes()]));
        let kind = path_segment(&kind.to_ascii_lowercase().replace('_', "-"));
        let id = path_segment(id);
        Ok(HttpRequest {
            method: "GET",
            url: format!("{}/accurate/api/{kind}/detail.do?id={id}", api.url),
            headers: vec![
                (
                    "authorization",
                    format!("Bearer {}", api.token.expose_secret()),
                ),
                ("x-api-timestamp", seconds),
                ("x-api-signature", signature),
                ("accept", "application/json".to_owned()),
            ],
            body: Vec::new(),
        })
    }

    /// `{"s":true,"d":{…}}` is the document; it says nothing about a payment.
    fn read(&self, question: &Question, response: &HttpResponse<'_>) -> Answer {
        if let Some(trouble) = response.trouble() {
            return trouble;
        }
        let Ok(body) = Object::from_slice(response.body) else {
            return Answer::Unreadable("it is no JSON object".to_owned());
        };
        match body.get("s").map(RawValue::get) {
            Some("true") => {}
            Some("false") => return Answer::NotFound("it answered s: false".to_owned()),
            Some(_) | None => return Answer::Unreadable("there is no s".to_owned()),
        }
        let Some(document) = body.object("d") else {
            return Answer::Unreadable("there is no document".to_owned());
        };
        let id = document.text("id");
        if id.as_deref() != question.provider_payment_id.as_deref() {
            return Answer::Mismatch("it is about another document".to_owned());
        }
        Answer::Final(Box::new(Event {
            kind: question.kind.clone(),
            names: document
                .text("number")
                .map(|text| text.into_owned())
                .into_iter()
                .collect(),
            provider_payment_id: id.map(|id| id.into_owned()),
            ..Event::default()
        }))
    }
}
