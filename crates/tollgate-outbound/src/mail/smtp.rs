//! Hands mails to the operator's server, step by step, so that at every point it is known whether the
//! server can have taken the mail.
//!
//! RFC 5321, 4.1.1.4: a mail is taken when the server has answered the end of its content with 2xx. Before
//! that end is sent it cannot have been taken; from there until the answer it is unknown, and a second try
//! could be a second mail.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use super::message::{BadLetter, Letter, Message, Note};
use super::settings::{Encryption, MailSettings};
use super::templates::Templates;
use crate::SettingError;
use crate::calls::{printable, read_certificates};

/// What came of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// The server has taken it.
    Sent {
        /// What it said.
        reply: String,
    },
    /// The server has not taken it.
    NotSent {
        /// Why, in words.
        error: String,
        /// It is this mail that it does not want, now or later. Otherwise another try may do better,
        /// perhaps after the operator has mended something.
        permanent: bool,
    },
    /// The whole mail was sent and no answer came: it may have been taken.
    Unclear {
        /// Why, in words.
        error: String,
    },
}

/// Writes and sends mail. One connection a mail.
#[derive(Debug)]
pub struct Mailer {
    settings: MailSettings,
    templates: Templates,
    tls: Option<TlsParametersHeld>,
}

/// TLS parameters have nothing to show.
struct TlsParametersHeld(TlsParameters);

impl std::fmt::Debug for TlsParametersHeld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TLS")
    }
}

/// How long a task in the background waits for a server's answer to QUIT.
const FAREWELL_MAX: Duration = Duration::from_secs(5);

/// Replies that are about how we speak or log in, not about the mail, although they are 5xx.
const ABOUT_US: [u16; 10] = [500, 501, 502, 503, 504, 521, 530, 534, 535, 538];

impl Mailer {
    /// Reads and tries the templates. Fails with the key that is wrong.
    pub fn new(settings: MailSettings) -> Result<Mailer, SettingError> {
        let key = |name: &str| format!("{}.{name}", settings.section);
        let templates = Templates::load(&key("templates"), settings.templates.as_deref())?;
        let tls = match settings.server.encryption {
            Encryption::None => None,
            Encryption::Whole | Encryption::Required | Encryption::Offered => Some(tls(&settings)?),
        };
        Ok(Mailer {
            settings,
            templates,
            tls,
        })
    }

    /// Writes a letter; the same letter is the same bytes.
    pub fn compose(&self, letter: &Letter<'_>) -> Result<Message, BadLetter> {
        Message::write(&self.settings, &self.templates, letter)
    }

    /// Writes a note; the same note is the same bytes.
    pub fn compose_note(&self, note: &Note<'_>) -> Result<Message, BadLetter> {
        Message::write_note(&self.settings, note)
    }

    /// Connects and logs in, and sends nothing: whether the server is there for us. Says why not.
    pub async fn check(&self) -> Result<(), String> {
        match self.connect_in_time().await {
            Ok(connection) => {
                part(connection);
                Ok(())
            }
            Err(failure) => Err(failure.text("connect")),
        }
    }

    /// Sends a mail. Takes at most the time for connecting and four times the other one.
    pub async fn send(&self, message: &Message) -> Sending {
        let mut connection = match self.connect_in_time().await {
            Ok(connection) => connection,
            Err(failure) => return failure.not_sent("connect", false),
        };
        let Some(parameters) = parameters(&connection, message) else {
            let error = "MAIL: the server does not take the letters in the customer's address";
            return Sending::NotSent {
                error: error.to_owned(),
                permanent: true,
            };
        };
        let mail = Mail::new(Some(message.from.clone()), parameters).to_string();
        let rcpt = Rcpt::new(message.to.clone(), Vec::new()).to_string();
        // What is wrong with the sender is for the operator to mend; the mail can wait.
        for (name, command, is_about_mail) in [
            ("MAIL", mail, false),
            ("RCPT", rcpt, true),
            ("DATA", Data.to_string(), true),
        ] {
            let answer = self.within(connection.command(command)).await;
            let goes_on = |reply: &Response| (name == "DATA") == reply.has_code(354);
            match answer {
                Ok(reply) if goes_on(&reply) => {}
                Ok(reply) => return Failure::of_reply(&reply).not_sent(name, false),
                Err(failure) => {
                    let sending = failure.not_sent(name, is_about_mail);
                    failure.part(connection);
                    return sending;
                }
            }
        }
        let ended = AtomicBool::new(false);
        let content = std::iter::once(message.bytes()).chain(std::iter::from_fn(|| {
            // Asked for more, it has written all there is, and sends the end next.
            ended.store(true, Ordering::Relaxed);
            None
        }));
        let answer = self.within(connection.message_iter(content)).await;
        match answer {
            Ok(reply) if reply.code().severity == Severity::PositiveCompletion => {
                part(connection);
                Sending::Sent {
                    reply: text_of(&reply),
                }
            }
            Ok(reply) => Failure::of_reply(&reply).unclear(),
            Err(failure) if failure.status.is_none() && ended.load(Ordering::Relaxed) => {
                failure.unclear()
            }
            Err(failure) => {
                let sending = failure.not_sent("message", true);
                failure.part(connection);
                sending
            }
        }
    }

    async fn connect_in_time(&self) -> Result<AsyncSmtpConnection, Failure> {
        let limit = self.settings.connect_timeout;
        match timeout(limit, self.connect()).await {
            Ok(connected) => connected,
            Err(_) => Err(Failure::too_long(limit)),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let server = &self.settings.server;
        let us = ClientId::Domain(self.settings.from.email.domain().to_owned());
        let tls = || self.tls.as_ref().map(|held| held.0.clone());
        let whole = tls().filter(|_| server.encryption == Encryption::Whole);
        let limit = Some(self.settings.connect_timeout);
        let place = (server.host.as_str(), server.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(place, limit, &us, whole, None).await?;
        let begins_tls = match server.encryption {
            Encryption::Whole | Encryption::None => None,
            Encryption::Required => tls(),
            Encryption::Offered => tls().filter(|_| connection.can_starttls()),
        };
        if let Some(tls) = begins_tls {
            connection.starttls(tls, &us).await?;
        }
        if let Some((user, password)) = &server.login {
            // Said by ?tls=none, or a server on this machine.
            let may_be_read = server.encryption == Encryption::None;
            if !connection.is_encrypted() && !may_be_read {
                return Err(Failure::new(
                    "the server offers no STARTTLS, and the password is not sent in the open; \
                     ?tls=none behind the URL would allow it",
                ));
            }
            let password = password.expose_secret().to_owned();
            let credentials = Credentials::new(user.clone(), password);
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &credentials).await?;
        }
        Ok(connection)
    }

    async fn within<T>(&self, step: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        let limit = self.settings.timeout;
        match timeout(limit, step).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(Failure::too_long(limit)),
        }
    }
}

/// Trusts the system's certificates and those of a file.
fn tls(settings: &MailSettings) -> Result<TlsParametersHeld, SettingError> {
    let key = |name: &str| format!("{}.{name}", settings.section);
    let unusable = |error: Error| SettingError {
        key: key("url"),
        found: error.to_string(),
        wanted: "a host that TLS can be spoken to".to_owned(),
    };
    let mut builder = TlsParameters::builder(settings.server.host.clone());
    if let Some(path) = &settings.root_certificate {
        for certificate in read_certificates(&key("root_certificate"), path)? {
            let certificate = Certificate::from_der(certificate.to_vec()).map_err(unusable)?;
            builder = builder.add_root_certificate(certificate);
        }
    }
    let tls = builder.build().map_err(unusable)?;
    Ok(TlsParametersHeld(tls))
}

/// The extensions that the letters of a mail need; `None` if it cannot take them. Only an address has other
/// than ASCII ones, everything else is encoded.
fn parameters(connection: &AsyncSmtpConnection, message: &Message) -> Option<Vec<MailParameter>> {
    if message.bytes().is_ascii() {
        return Some(Vec::new());
    }
    let info = connection.server_info();
    let takes = |extension| info.supports_feature(extension);
    (takes(Extension::SmtpUtfEight) && takes(Extension::EightBitMime)).then(|| {
        vec![
            MailParameter::SmtpUtfEight,
            MailParameter::Body(MailBodyParameter::EightBitMime),
        ]
    })
}

/// Says QUIT to a server, without waiting for its answer.
fn part(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move {
        let _ = timeout(FAREWELL_MAX, connection.abort()).await;
    });
}

fn text_of(reply: &Response) -> String {
    let words: Vec<&str> = reply.message().collect();
    printable(&format!("{} {}", reply.code(), words.join(" ")))
}

/// Why a step failed.
#[derive(Debug)]
struct Failure {
    reason: String,
    /// The server's refusal, if it was one.
    status: Option<u16>,
}

impl Failure {
    fn new(reason: &str) -> Failure {
        Failure {
            reason: printable(reason),
            status: None,
        }
    }

    fn too_long(limit: Duration) -> Failure {
        Failure::new(&format!("no answer within {} ms", limit.as_millis()))
    }

    /// A reply that is no refusal, but not the one that is due either.
    fn of_reply(reply: &Response) -> Failure {
        Failure::new(&format!("an answer out of turn: {}", text_of(reply)))
    }

    fn text(&self, step: &str) -> String {
        format!("{step}: {}", self.reason)
    }

    fn not_sent(&self, step: &str, is_about_mail: bool) -> Sending {
        let refuses = |status: u16| 500 <= status && !ABOUT_US.contains(&status);
        Sending::NotSent {
            error: self.text(step),
            permanent: is_about_mail && self.status.is_some_and(refuses),
        }
    }

    fn unclear(&self) -> Sending {
        Sending::Unclear {
            error: self.text("message"),
        }
    }

    /// Takes leave where the server still listens.
    fn part(&self, connection: AsyncSmtpConnection) {
        if self.status.is_some() {
            part(connection);
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure {
            reason: printable(&error.to_string()),
            status: error.status().map(u16::from),
        }
    }
}
