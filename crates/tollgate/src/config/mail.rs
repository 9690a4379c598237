//! The server that mails leave by, and whom they are from.

use std::path::PathBuf;

use axum::http::uri::Authority;
use secrecy::SecretString;

use super::error::ConfigError;
use super::masked::masked_url;
use super::typed::{Typed, typed_port};

/// How a shop's mails are sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The server.
    pub server: MailServer,
    /// Whom mails are from.
    pub from: Mailbox,
    /// Where answers go, if not there.
    pub reply_to: Option<Mailbox>,
    /// A folder with templates that take the place of those that are built in.
    pub templates: Option<PathBuf>,
}

/// A server that takes mail.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// TLS from the first byte (`smtps`).
    pub is_tls: bool,
    /// Who logs in, with which password; `None`: nobody does.
    pub login: Option<(String, SecretString)>,
}

/// An address, with or without a name before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// `Batik Shop` of `Batik Shop <orders@shop.example>`.
    pub name: Option<String>,
    /// `orders@shop.example`.
    pub address: String,
}

impl Mailbox {
    /// Reads `NAME <LOCAL@DOMAIN>` or `LOCAL@DOMAIN`. The name may stand in quotes.
    pub fn parse(text: &str) -> Option<Mailbox> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>') {
            Some(rest) => {
                let (name, address) = rest.split_once('<')?;
                let name = name.trim();
                let quoted = name
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'));
                (quoted.unwrap_or(name), address)
            }
            None => ("", text),
        };
        let (local, domain) = address.split_once('@')?;
        let is_plain = |part: &str| {
            let forbidden = |byte: u8| b"<>()[],;:\\\"@".contains(&byte);
            let good = |byte: u8| byte.is_ascii_graphic() && !forbidden(byte);
            !part.is_empty() && part.bytes().all(good)
        };
        let is_name =
            |name: &str| !name.contains(|letter: char| letter.is_control() || letter == '"');
        if !is_plain(local) || !is_plain(domain) || !is_name(name) {
            return None;
        }
        Some(Mailbox {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address: address.to_owned(),
        })
    }
}

impl Typed<'_> {
    /// The section `mail` of a shop; `None` where no server is named.
    pub(super) fn mail(&self) -> Result<Option<Mail>, ConfigError> {
        // What is wrong is told whether or not there is a server yet.
        let from = self.mailbox("mail.from")?;
        let reply_to = self.mailbox("mail.reply_to")?;
        let templates = self.folder_of("mail.templates")?;
        let Some(server) = self.mail_server()? else {
            return Ok(None);
        };
        let Some(from) = from else {
            let wanted =
                "an address as \"Batik Shop <orders@shop.example>\", because mail.url is set";
            return Err(self.wrong("mail.from", "an empty text", wanted));
        };
        Ok(Some(Mail {
            server,
            from,
            reply_to,
            templates,
        }))
    }

    fn mail_server(&self) -> Result<Option<MailServer>, ConfigError> {
        let key = "mail.url";
        let text = self.text(key)?;
        let password = match self.text("mail.password")? {
            "" => None,
            typed => Some(self.secret(&format!("{}mail.password", self.prefix), typed)?),
        };
        if text.is_empty() {
            return Ok(None);
        }
        let found = format!("{:?}", masked_url(text));
        let wanted = "smtp://HOST:PORT or smtps://USER@HOST, without a path";
        let Some(url) = MailUrl::parse(text) else {
            return Err(self.wrong(key, found, wanted));
        };
        let login = match (url.user, password) {
            (Some(user), _) if user.contains(':') => {
                let wanted = "smtps://USER@HOST and the password in mail.password";
                return Err(self.wrong(key, found, wanted));
            }
            (Some(user), Some(password)) => Some((user, SecretString::from(password))),
            (Some(_), None) => {
                let wanted = "the secret of the user that mail.url names";
                return Err(self.wrong("mail.password", "an empty text", wanted));
            }
            (None, Some(_)) => {
                let wanted = "smtps://USER@HOST, because mail.password is set";
                return Err(self.wrong(key, found, wanted));
            }
            (None, None) => None,
        };
        Ok(Some(MailServer {
            host: url.host,
            port: url.port,
            is_tls: url.is_tls,
            login,
        }))
    }

    fn mailbox(&self, key: &str) -> Result<Option<Mailbox>, ConfigError> {
        let text = self.text(key)?;
        if text.is_empty() {
            return Ok(None);
        }
        Mailbox::parse(text).map(Some).ok_or_else(|| {
            let wanted = "an address as \"Batik Shop <orders@shop.example>\"";
            self.wrong(key, format!("{text:?}"), wanted)
        })
    }

    /// A folder that must be there, looked for from the file's.
    fn folder_of(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        let text = self.text(key)?;
        if text.is_empty() {
            return Ok(None);
        }
        let folder = self.folder.join(text);
        if !folder.is_dir() {
            let found = format!("{}, which is no folder", folder.display());
            return Err(self.wrong(key, found, "a folder that is there, or an empty text"));
        }
        Ok(Some(folder))
    }
}

/// The parts of `smtp://USER@HOST:PORT`.
struct MailUrl {
    is_tls: bool,
    user: Option<String>,
    host: String,
    port: u16,
}

impl MailUrl {
    fn parse(text: &str) -> Option<MailUrl> {
        let (scheme, rest) = text.split_once("://")?;
        let (is_tls, port) = match scheme {
            "smtp" => (false, 25),
            "smtps" => (true, 465),
            _ => return None,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(unescaped(user)?), place),
            None => (None, rest),
        };
        // A path, a query or a fragment makes it no authority of a URL.
        let place: Authority = place.parse().ok()?;
        let host = place.host().trim_start_matches('[').trim_end_matches(']');
        let port = typed_port(&place)?.unwrap_or(port);
        (!host.is_empty() && user.as_deref() != Some("")).then(|| MailUrl {
            is_tls,
            user,
            host: host.to_owned(),
            port,
        })
    }
}

/// A text with its `%40` and the like read as what they stand for.
fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.extend(hex::decode(code).ok()?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{MailUrl, Mailbox};

    #[test]
    fn a_mailbox_is_an_address_with_or_without_a_name() {
        for (text, name, address) in [
            ("orders@shop.example", None, "orders@shop.example"),
            ("<orders@shop.example>", None, "orders@shop.example"),
            ("Batik Shop <a@b>", Some("Batik Shop"), "a@b"),
            ("\"Tea, cups\" <a@b>", Some("Tea, cups"), "a@b"),
            ("Чай <a@b>", Some("Чай"), "a@b"),
        ] {
            let mailbox = Mailbox::parse(text).unwrap_or_else(|| panic!("{text} is a mailbox"));
            assert_eq!(mailbox.name.as_deref(), name, "{text}");
            assert_eq!(mailbox.address, address, "{text}");
        }
        for text in [
            "orders",
            "@b",
            "a@",
            "a b@c",
            "a@b@c",
            "a@b, c@d",
            "Shop a@b",
            "Shop <a@b",
            "S\r\nBcc: <a@b>",
        ] {
            assert_eq!(Mailbox::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_mail_url_has_a_scheme_a_host_and_perhaps_a_user_and_a_port() {
        for (text, is_tls, user, host, port) in [
            ("smtp://127.0.0.1:1025", false, None, "127.0.0.1", 1025),
            ("smtp://mail", false, None, "mail", 25),
            (
                "smtps://me@mail.example/",
                true,
                Some("me"),
                "mail.example",
                465,
            ),
            ("smtps://me%40shop@mail", true, Some("me@shop"), "mail", 465),
            (
                "smtps://me@shop@mail:587",
                true,
                Some("me@shop"),
                "mail",
                587,
            ),
            ("smtp://[::1]:25", false, None, "::1", 25),
            ("smtp://[::1]", false, None, "::1", 25),
        ] {
            let url = MailUrl::parse(text).unwrap_or_else(|| panic!("{text} is a URL"));
            assert_eq!(url.user.as_deref(), user, "{text}");
            assert_eq!(
                (url.is_tls, url.host.as_str(), url.port),
                (is_tls, host, port),
                "{text}"
            );
        }
        for text in [
            "mail:25",
            "http://mail",
            "smtp://",
            "smtp://:25",
            "smtp://mail:0",
            "smtp://mail:65536",
            "smtp://mail:",
            "smtp://mail/x",
            "smtp://mail?x",
            "smtps://@mail",
            "smtps://a%4@mail",
        ] {
            assert!(MailUrl::parse(text).is_none(), "{text:?}");
        }
    }
}
