//! A mail as it is handed to a server: the same mail is the same bytes at every attempt and on every
//! instance, and no customer's name can add a header.

use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MessageBuilder, MultiPart, SinglePart};
use sha2::{Digest, Sha256};
use tollgate_core::time::Timestamp;
use url::Host;

use super::settings::MailSettings;
use super::templates::{MailContext, MailKind, Templates};

/// What is to be written to whom.
#[derive(Debug, Clone)]
pub struct Letter<'a> {
    /// The shop it is from; with the key it makes the Message-ID.
    pub shop: &'a str,
    /// The effect's key.
    pub key: &'a str,
    /// What it is about.
    pub kind: MailKind,
    /// The customer's language by BCP 47; empty: English.
    pub locale: &'a str,
    /// The customer's address.
    pub to: &'a str,
    /// When the effect was decided; the same at every try.
    pub date: Timestamp,
    /// What the templates are given.
    pub context: &'a MailContext,
    /// A receipt.
    pub attachment: Option<&'a Attachment>,
}

/// A few words to one who works here, in plain text.
#[derive(Debug, Clone)]
pub struct Note<'a> {
    /// The shop it is from; with the key it makes the Message-ID.
    pub shop: &'a str,
    /// The effect's key.
    pub key: &'a str,
    /// To whom.
    pub to: &'a str,
    /// When the effect was decided; the same at every try.
    pub date: Timestamp,
    /// What stands in a list of mails.
    pub subject: &'a str,
    /// What it says.
    pub text: &'a str,
}

/// A file that goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name: `R-2026-000042.pdf`.
    pub name: String,
    /// What it is: `application/pdf`.
    pub content_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A mail that can be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub(super) from: Address,
    pub(super) to: Address,
    id: String,
    bytes: Vec<u8>,
}

/// A letter that cannot be written, now or later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLetter {
    /// No mail can reach it.
    #[error("the address {0:?} is none that mail can be sent to")]
    Address(String),
    /// A template fails over what it is given.
    #[error("fill the mail template {0}")]
    Template(String),
    /// The attachment is of no known type.
    #[error("attach a file of type {0:?}")]
    Attachment(String),
    /// Something else in it has no place in a mail.
    #[error("write the mail: {0}")]
    Unwritable(String),
}

/// The longest address (RFC 5321, 4.5.3.1, less the brackets of a path).
const ADDRESS_BYTES_MAX: usize = 254;

/// The longest name of a person, subject or file, in letters.
const NAME_LETTERS_MAX: usize = 200;

/// The last second that a date can be written of.
const DATE_SECONDS_MAX: u64 = 253_402_300_799;

impl Message {
    /// Its Message-ID, brackets included.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The mail as a server is given it, headers and body, lines ended by CRLF.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes a letter.
    pub(super) fn write(
        settings: &MailSettings,
        templates: &Templates,
        letter: &Letter<'_>,
    ) -> Result<Message, BadLetter> {
        let to = read_address(letter.to)
            .ok_or_else(|| BadLetter::Address(one_line(letter.to, NAME_LETTERS_MAX)))?;
        let words = templates
            .words(letter.kind, letter.locale, letter.context)
            .map_err(BadLetter::Template)?;
        let hash = hash(letter.shop, letter.key);
        let name = letter.context.customer.as_deref().unwrap_or_default();
        let words_of_it = MultiPart::alternative()
            .boundary(format!("words-{hash}"))
            .singlepart(part(ContentType::TEXT_PLAIN, &words.text))
            .singlepart(part(ContentType::TEXT_HTML, &words.html));
        let content = match letter.attachment {
            None => words_of_it,
            Some(attachment) => MultiPart::mixed()
                .boundary(format!("mail-{hash}"))
                .multipart(words_of_it)
                .singlepart(attach(attachment)?),
        };
        Message::of(
            settings,
            (&hash, letter.date),
            (name, to),
            &words.subject,
            |builder| builder.multipart(content),
        )
    }

    /// Writes a note.
    pub(super) fn write_note(
        settings: &MailSettings,
        note: &Note<'_>,
    ) -> Result<Message, BadLetter> {
        let to = read_address(note.to)
            .ok_or_else(|| BadLetter::Address(one_line(note.to, NAME_LETTERS_MAX)))?;
        let hash = hash(note.shop, note.key);
        let content = part(ContentType::TEXT_PLAIN, note.text);
        Message::of(
            settings,
            (&hash, note.date),
            ("", to),
            note.subject,
            |builder| builder.singlepart(content),
        )
    }

    /// A mail with the headers that all have.
    fn of(
        settings: &MailSettings,
        (hash, date): (&str, Timestamp),
        (name, to): (&str, Address),
        subject: &str,
        finish: impl FnOnce(MessageBuilder) -> Result<lettre::Message, lettre::error::Error>,
    ) -> Result<Message, BadLetter> {
        let id = format!("<{hash}@{}>", settings.from.email.domain());
        let name = one_line(name, NAME_LETTERS_MAX);
        let from = settings.from.email.clone();
        let mut builder = lettre::Message::builder()
            .from(settings.from.clone())
            .to(Mailbox::new((!name.is_empty()).then_some(name), to.clone()))
            .subject(one_line(subject, NAME_LETTERS_MAX))
            .date(UNIX_EPOCH + seconds(date))
            .message_id(Some(id.clone()))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        // Read back out of the headers, an odd name or address would be lost.
        let unwritable = |error: lettre::error::Error| BadLetter::Unwritable(error.to_string());
        let envelope = Envelope::new(Some(from.clone()), vec![to.clone()]).map_err(unwritable)?;
        builder = builder.envelope(envelope);
        if let Some(reply_to) = &settings.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let message = finish(builder).map_err(unwritable)?;
        Ok(Message {
            from,
            to,
            id,
            bytes: message.formatted(),
        })
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.id, self.bytes.len())
    }
}

/// What makes one mail of a shop different from all others.
fn hash(shop: &str, key: &str) -> String {
    let mut hash = Sha256::new();
    // Neither holds a NUL, so they cannot run together (D3).
    for part in [shop.as_bytes(), b"\0", key.as_bytes()] {
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

fn seconds(date: Timestamp) -> Duration {
    let seconds = u64::try_from(date.as_millis().div_euclid(1000)).unwrap_or(0);
    Duration::from_secs(seconds.min(DATE_SECONDS_MAX))
}

/// Text in lines that end by LF; the encoder makes CRLF of it.
fn part(content_type: ContentType, text: &str) -> SinglePart {
    let text: String = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'))
        .collect();
    SinglePart::builder().header(content_type).body(text)
}

fn attach(attachment: &Attachment) -> Result<SinglePart, BadLetter> {
    let content_type = ContentType::parse(&attachment.content_type)
        .map_err(|_| BadLetter::Attachment(attachment.content_type.clone()))?;
    let name = one_line(&attachment.name, NAME_LETTERS_MAX).replace(['/', '\\', '"'], "-");
    let bytes = attachment.bytes.clone();
    let body = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64)
        .expect("any bytes are base64");
    Ok(lettre::message::Attachment::new(name).body(body, content_type))
}

/// One line without control characters, cut after so many letters.
fn one_line(text: &str, letters_max: usize) -> String {
    let breaks = |letter: char| letter.is_control() || letter.is_whitespace();
    let words: Vec<&str> = text.split(breaks).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(letters_max).collect()
}

/// Whether mail can be sent to an address.
pub fn is_address(text: &str) -> bool {
    read_address(text).is_some()
}

/// An address that can stand in a command and a header, and is read there as what it is. A domain in other
/// letters becomes what it is in DNS; a quoted name before the @, and brackets around anything but an IP
/// address, are refused: no mail reaches them.
pub(super) fn read_address(text: &str) -> Option<Address> {
    let text = text.trim();
    let odd = |letter: char| letter.is_control() || letter.is_whitespace() || letter == '"';
    if ADDRESS_BYTES_MAX < text.len() || text.contains(odd) {
        return None;
    }
    let address: Address = text.parse().ok()?;
    let address = match address.domain().is_ascii() {
        true => address,
        false => match Host::parse(address.domain()).ok()? {
            Host::Domain(domain) => Address::new(address.user(), domain).ok()?,
            Host::Ipv4(_) | Host::Ipv6(_) => return None,
        },
    };
    let literal = address.domain().strip_prefix('[');
    let is_literal = literal.and_then(|domain| domain.strip_suffix(']'));
    let is_reachable = match is_literal {
        Some(ip) => ip
            .strip_prefix("IPv6:")
            .unwrap_or(ip)
            .parse::<IpAddr>()
            .is_ok(),
        None => !address.domain().contains(['[', ']']),
    };
    // A header is read by other rules than an address alone.
    let in_header = || address.to_string().parse::<Mailbox>();
    let reads_alike = || in_header().is_ok_and(|read| read.email == address);
    (is_reachable && reads_alike()).then_some(address)
}
