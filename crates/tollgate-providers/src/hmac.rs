//! Any provider that signs its body with an HMAC: everything about it is configuration.

use secrecy::ExposeSecret;

use crate::delivery::{Delivery, Element, Identity, Rejection};
use crate::json::{Pointer, Walker, quote};
use crate::mapping::{Mapping, Usual, mapping_fields, optional_pointer};
use crate::provider::{Console, Covers, Field, Kind, Provider, Reply, Setup, StatusQuery};
use crate::refund::Refunds;
use crate::sample::{NotInProvider, Sample, Webhook};
use crate::settings::{ConfigError, Settings};
use crate::signature::{
    Algorithm, Encoding, HmacKey, check_time, none_of, read_tolerance, seconds,
};

pub(crate) const PROVIDER: Provider = Provider {
    name: "hmac",
    title: "HMAC",
    payments: true,
    fields: mapping_fields![
        Field {
            name: "secrets",
            kind: Kind::SecretList,
            required: true,
            doc: "the secrets, newest first; all are accepted",
        },
        Field {
            name: "header",
            kind: Kind::Text,
            required: true,
            doc: "the header with the signature",
        },
        Field {
            name: "algorithm",
            kind: Kind::Text,
            required: false,
            doc: "\"sha256\" (default) or \"sha512\"",
        },
        Field {
            name: "encoding",
            kind: Kind::Text,
            required: false,
            doc: "how the signature is written: \"hex\" (default), \"hex_upper\" or \"base64\"; hexadecimal is \
                  read in either case",
        },
        Field {
            name: "prefix",
            kind: Kind::Text,
            required: false,
            doc: "what stands before the signature in its header, as sha256=",
        },
        Field {
            name: "timestamp_header",
            kind: Kind::Text,
            required: false,
            doc: "the header with the time of signing, in seconds",
        },
        Field {
            name: "signed",
            kind: Kind::Text,
            required: false,
            doc: "what is signed, of {timestamp}, {id} and {body}; default {body}",
        },
        Field {
            name: "tolerance_seconds",
            kind: Kind::Integer,
            required: false,
            doc: "how far its clock may be from ours, both ways; default 300",
        },
        Field {
            name: "id",
            kind: Kind::Text,
            required: false,
            doc: "JSON pointer to the event's id",
        },
        Field {
            name: "id_header",
            kind: Kind::Text,
            required: false,
            doc: "the header with the event's id",
        },
    ],
    asks_with: &[],
    usual_currency: "EUR",
    secret_headers: &[],
    takes_get: false,
    reply: Reply::Json,
    console: Console {
        place: "Webhooks",
        url_field: "URL",
        secrets: &[("secrets", "Signing secret")],
        reference: None,
    },
    docs: "docs/providers/hmac.md",
    configure,
};

/// Nothing stands anywhere unless the configuration says so.
const USUAL: Usual = Usual {
    kind: Some("/type"),
    reference: None,
    payment_id: None,
    amount: None,
    currency: None,
    status: None,
    occurred_at: None,
};

/// How a signature may be written, and what the configuration calls it.
const ENCODINGS: [(Encoding, &str); 3] = [
    (Encoding::Hex, "hex"),
    (Encoding::HexUpper, "hex_upper"),
    (Encoding::Base64, "base64"),
];

struct HmacScheme {
    keys: Vec<HmacKey>,
    encoding: Encoding,
    header: String,
    prefix: String,
    timestamp_header: Option<String>,
    signed: Vec<Piece>,
    tolerance_seconds: i64,
    id: Option<Pointer>,
    id_header: Option<String>,
    mapping: Mapping,
}

/// A piece of what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Timestamp,
    Id,
    Body,
}

fn configure(settings: &Settings<'_>) -> Result<Box<dyn Setup>, ConfigError> {
    let algorithms = [("sha256", Algorithm::Sha256), ("sha512", Algorithm::Sha512)];
    let algorithm = settings
        .choice("algorithm", &algorithms)?
        .unwrap_or(Algorithm::Sha256);
    let keys = settings
        .secrets("secrets")?
        .iter()
        .map(|secret| HmacKey::new(algorithm, secret.expose_secret().as_bytes()))
        .collect();
    let header = header_name(settings, "header")?
        .ok_or_else(|| settings.absent("header", "the header with the signature"))?;
    let timestamp_header = header_name(settings, "timestamp_header")?;
    let id_header = header_name(settings, "id_header")?;
    let id = optional_pointer(settings, "id")?;
    if id.is_some() && id_header.is_some() {
        return Err(settings.error("id_header", "an id in the body too", "one of them"));
    }
    let template = settings.text("signed")?.unwrap_or("{body}");
    let signed = pieces(template);
    let refuse = |wanted: &str| Err(settings.error("signed", format!("{template:?}"), wanted));
    if let Some(unknown) = unknown_placeholder(&signed) {
        let found = format!("{template:?} with {unknown}");
        let wanted = "of placeholders only {timestamp}, {id} and {body}";
        return Err(settings.error("signed", found, wanted));
    }
    let count = |piece: Piece| signed.iter().filter(|known| **known == piece).count();
    if count(Piece::Body) != 1 {
        return refuse("{body} in it once: what is not signed is anybody's word");
    }
    if count(Piece::Timestamp) != usize::from(timestamp_header.is_some()) {
        return refuse("{timestamp} in it once if there is a timestamp_header, and else not");
    }
    if count(Piece::Id) != 0 && id_header.is_none() {
        return refuse("no {id}, or an id_header");
    }
    let values = |piece: &Piece| !matches!(piece, Piece::Text(_));
    if signed.windows(2).any(|pair| pair.iter().all(values)) {
        return refuse("something between two values, so that one cannot run into the other");
    }
    Ok(Box::new(HmacScheme {
        keys,
        encoding: settings
            .choice(
                "encoding",
                &ENCODINGS.map(|(encoding, name)| (name, encoding)),
            )?
            .unwrap_or(Encoding::Hex),
        header,
        prefix: settings.text("prefix")?.unwrap_or_default().to_owned(),
        timestamp_header,
        signed,
        tolerance_seconds: read_tolerance(settings)?,
        id,
        id_header,
        mapping: Mapping::configure(settings, &USUAL)?,
    }))
}

fn header_name(settings: &Settings<'_>, key: &str) -> Result<Option<String>, ConfigError> {
    let Some(name) = settings.text(key)? else {
        return Ok(None);
    };
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match name.bytes().all(token) {
        true => Ok(Some(name.to_ascii_lowercase())),
        false => Err(settings.error(key, format!("{name:?}"), "the name of a header")),
    }
}

fn pieces(template: &str) -> Vec<Piece> {
    let values = [
        ("{timestamp}", Piece::Timestamp),
        ("{id}", Piece::Id),
        ("{body}", Piece::Body),
    ];
    let mut pieces = Vec::new();
    let mut rest = template;
    while !rest.is_empty() {
        let next = values
            .iter()
            .filter_map(|(name, piece)| Some((rest.find(name)?, name, piece)));
        let Some((at, name, piece)) = next.min_by_key(|(at, _, _)| *at) else {
            pieces.push(Piece::Text(rest.to_owned()));
            break;
        };
        if 0 < at {
            pieces.push(Piece::Text(rest[..at].to_owned()));
        }
        pieces.push(piece.clone());
        rest = &rest[at + name.len()..];
    }
    pieces
}

/// What reads like a placeholder and is none: taken as plain text, nothing would ever verify.
fn unknown_placeholder(pieces: &[Piece]) -> Option<&str> {
    pieces.iter().find_map(|piece| {
        let Piece::Text(text) = piece else {
            return None;
        };
        let from = text.find('{')?;
        let length = text[from..].find('}')?;
        Some(&text[from..=from + length])
    })
}

impl HmacScheme {
    fn parts<'a>(&'a self, timestamp: &'a str, id: &'a str, body: &'a [u8]) -> Vec<&'a [u8]> {
        let part = |piece: &'a Piece| match piece {
            Piece::Text(text) => text.as_bytes(),
            Piece::Timestamp => timestamp.as_bytes(),
            Piece::Id => id.as_bytes(),
            Piece::Body => body,
        };
        self.signed.iter().map(part).collect()
    }
}

impl Setup for HmacScheme {
    fn covers(&self) -> Covers {
        Covers::WholeBody
    }

    fn verify(&self, delivery: &Delivery<'_>) -> Result<Vec<Element>, Rejection> {
        let given = delivery.signature_header(&self.header)?;
        let Some(given) = given.strip_prefix(self.prefix.as_str()) else {
            let detail = format!("the header {} does not begin with the prefix", self.header);
            return Err(Rejection::invalid(detail));
        };
        let timestamp = match &self.timestamp_header {
            Some(header) => delivery.signature_header(header)?,
            None => "",
        };
        let signs_id = self.signed.contains(&Piece::Id);
        let id_in_header = match &self.id_header {
            Some(header) if signs_id => Some(delivery.signature_header(header)?),
            Some(header) => delivery.header(header)?.filter(|id| !id.is_empty()),
            None => None,
        };
        let signed_at = match &self.timestamp_header {
            Some(_) => Some(seconds(timestamp).ok_or_else(|| {
                Rejection::unreadable("the timestamp is no plain number of seconds")
            })?),
            None => None,
        };
        let parts = self.parts(timestamp, id_in_header.unwrap_or_default(), delivery.signed);
        let expected: Vec<Vec<u8>> = self.keys.iter().map(|key| key.sign(&parts)).collect();
        if !self.encoding.any_matches(&expected, given) {
            let none = none_of(self.keys.len(), "secret", "secrets");
            return Err(Rejection::invalid(format!("it is signed with {none}")));
        }
        if let Some(signed_at) = signed_at {
            check_time(delivery.now_seconds(), signed_at, self.tolerance_seconds)?;
        }
        let mut walker = Walker::of(delivery.body)
            .map_err(|error| Rejection::unreadable(format!("it is no JSON object: {error}")))?;
        let (event, live) = self.mapping.read(&mut walker);
        let identity = match (&self.id, &self.id_header) {
            (Some(_), _) => {
                let id = walker.text(&self.id);
                id.map_or(Identity::None, |id| Identity::Sure(id.into_owned()))
            }
            (None, Some(_)) => match id_in_header {
                Some(id) if signs_id => Identity::Sure(id.to_owned()),
                Some(id) => Identity::Claimed(id.to_owned()),
                None => Identity::None,
            },
            // There is no id anywhere: the signed bytes themselves are one.
            (None, None) => Identity::Bytes,
        };
        Ok(vec![Element {
            live,
            ..Element::whole(delivery.body, identity, event)
        }])
    }

    /// The right code, written in another way or over other parts than the configuration says.
    fn signature_hint(&self, delivery: &Delivery<'_>) -> Option<String> {
        let given = delivery.header(&self.header).ok()??;
        let header = |name: &Option<String>| match name {
            Some(name) => delivery.header(name).ok().flatten().unwrap_or_default(),
            None => "",
        };
        let (timestamp, id) = (header(&self.timestamp_header), header(&self.id_header));
        let configured = self.parts(timestamp, id, delivery.body);
        let body_alone = vec![delivery.body];
        let over_another = "over {body} alone, and signed says otherwise";
        for (parts, over) in [(&configured, None), (&body_alone, Some(over_another))] {
            for key in &self.keys {
                let code = key.sign(parts);
                for (encoding, name) in &ENCODINGS {
                    let written = encoding.write(&code);
                    let Some(prefix) = given.strip_suffix(written.as_str()) else {
                        continue;
                    };
                    let mut wrong = Vec::new();
                    if *encoding != self.encoding {
                        wrong.push(format!("written as encoding = \"{name}\""));
                    }
                    if prefix != self.prefix {
                        wrong.push(format!("behind prefix = {prefix:?}"));
                    }
                    wrong.extend(over.map(str::to_owned));
                    if !wrong.is_empty() {
                        return Some(format!("the secret is right: it is {}", wrong.join(", ")));
                    }
                }
            }
        }
        None
    }

    fn status_query(&self) -> Option<&dyn StatusQuery> {
        None
    }

    fn refunds(&self) -> Option<&dyn Refunds> {
        None
    }

    fn sample(&self, sample: &Sample) -> Result<Webhook, NotInProvider> {
        let Some(key) = self.keys.first() else {
            return Err(NotInProvider("there is no secret".to_owned()));
        };
        let id = format!("{}-{}", sample.id, sample.status);
        let extra: Vec<(&Pointer, String)> = self
            .id
            .iter()
            .map(|pointer| (pointer, quote(&id)))
            .collect();
        let body = self.mapping.sample_body(sample, &extra)?;
        let timestamp = sample.now.as_millis().div_euclid(1000).to_string();
        let code = key.sign(&self.parts(&timestamp, &id, body.as_bytes()));
        let signature = format!("{}{}", self.prefix, self.encoding.write(&code));
        let mut webhook = Webhook::json(body).with(&self.header, signature);
        if let Some(header) = &self.timestamp_header {
            webhook = webhook.with(header, timestamp);
        }
        if let Some(header) = &self.id_header {
            webhook = webhook.with(header, id);
        }
        Ok(webhook)
    }
}
