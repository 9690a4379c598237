//! How mail is sent; the section `[mail]`.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use secrecy::SecretString;
use url::{Host, Url};

use super::message::read_address;
use crate::SettingError;

/// A checked section `[mail]`.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Who takes the mail.
    pub server: MailServer,
    /// Who it comes from.
    pub from: Mailbox,
    /// Who an answer goes to, if not there.
    pub reply_to: Option<Mailbox>,
    /// A folder whose files take the place of the templates that come with the program.
    pub templates: Option<PathBuf>,
    /// A PEM file with certificates to trust besides the system's.
    pub root_certificate: Option<PathBuf>,
    /// From the look-up of the name to the end of the login.
    pub connect_timeout: Duration,
    /// For each command, and for the whole message.
    pub timeout: Duration,
    /// What its keys begin with: `mail`, or `shops.NAME.mail`.
    pub(super) section: String,
}

/// The server that takes mail from us.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// User and password.
    pub login: Option<(String, SecretString)>,
}

/// How a connection is encrypted. Wherever it is, the certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// From its first byte.
    Whole,
    /// After STARTTLS, and not used without.
    Required,
    /// After STARTTLS where the server has it; a password is sent only then.
    Offered,
    /// Not at all.
    None,
}

/// What was typed.
#[derive(Debug, Clone)]
pub struct Typed<'a> {
    /// `smtp://` or `smtps://`, user, host, port.
    pub url: &'a str,
    /// The user's password.
    pub password: Option<SecretString>,
    /// An address, with or without a name.
    pub from: &'a str,
    /// An address, with or without a name; empty: none.
    pub reply_to: &'a str,
    /// A folder.
    pub templates: Option<PathBuf>,
    /// A PEM file.
    pub root_certificate: Option<PathBuf>,
    /// 100 ms to 10 minutes.
    pub connect_timeout: Duration,
    /// 100 ms to 10 minutes.
    pub timeout: Duration,
}

/// Where a server takes mail of programs (RFC 6409), whatever encryption it has; port 25 is for mail between
/// servers, and has to be named.
const SMTP_PORT: u16 = 587;

/// The same with TLS from the first byte (RFC 8314).
const SMTPS_PORT: u16 = 465;

const WANTED_URL: &str = "smtp://HOST:PORT or smtps://USER@HOST, with ?tls=required or ?tls=none \
                          behind an smtp one if the usual does not fit";

impl MailSettings {
    /// Checks what was typed in `section`, which is `mail` or `shops.NAME.mail`.
    pub fn new(section: &str, typed: Typed<'_>) -> Result<MailSettings, SettingError> {
        let wrong = |key: &str, found: &str, wanted: &str| SettingError {
            key: format!("{section}.{key}"),
            found: found.to_owned(),
            wanted: wanted.to_owned(),
        };
        let mailbox = |key: &str, text: &str| {
            let wanted = "an address as \"orders@shop.example\" or \
                          \"Batik Shop <orders@shop.example>\"";
            read_mailbox(text).ok_or_else(|| wrong(key, &format!("{text:?}"), wanted))
        };
        for (key, time) in [
            ("connect_timeout_ms", typed.connect_timeout),
            ("timeout_ms", typed.timeout),
        ] {
            let millis = time.as_millis();
            if !(100..=600_000).contains(&millis) {
                return Err(wrong(key, &millis.to_string(), "100 to 600000"));
            }
        }
        let (mut server, user) =
            server(typed.url).map_err(|found| wrong("url", &found, WANTED_URL))?;
        server.login = match (user, typed.password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            (Some(_), None) => {
                let wanted = "the secret of the user in the url, as \"env:MAIL_PASSWORD\"";
                return Err(wrong("password", "nothing", wanted));
            }
            (None, Some(_)) => {
                return Err(wrong(
                    "url",
                    "no user for the password",
                    "smtps://USER@HOST",
                ));
            }
        };
        Ok(MailSettings {
            server,
            from: mailbox("from", typed.from)?,
            reply_to: match typed.reply_to {
                "" => None,
                text => Some(mailbox("reply_to", text)?),
            },
            templates: typed.templates,
            root_certificate: typed.root_certificate,
            connect_timeout: typed.connect_timeout,
            timeout: typed.timeout,
            section: section.to_owned(),
        })
    }
}

/// Reads `Name <address>` or an address.
fn read_mailbox(text: &str) -> Option<Mailbox> {
    if text.contains(char::is_control) {
        return None;
    }
    let mailbox: Mailbox = text.parse().ok()?;
    let email = read_address(mailbox.email.as_ref())?;
    let mailbox = Mailbox::new(mailbox.name, email);
    // Every mail has it in a header, where it must be read as what it is.
    let reads_alike = mailbox.to_string().parse::<Mailbox>() == Ok(mailbox.clone());
    reads_alike.then_some(mailbox)
}

/// Reads a URL; else says what was found, without a password that stands in it.
fn server(text: &str) -> Result<(MailServer, Option<String>), String> {
    let url = Url::parse(text).map_err(|error| format!("no URL ({error})"))?;
    if url.password().is_some() {
        return Err("a password in the URL; its place is the key password".to_owned());
    }
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err("something behind the host and port".to_owned());
    }
    let host = match url.host() {
        None | Some(Host::Domain("")) => return Err("no host".to_owned()),
        // The reader of such URLs leaves addresses as they are.
        Some(Host::Domain(name)) => Host::parse(name).map_err(|_| format!("the host {name:?}"))?,
        Some(Host::Ipv4(address)) => Host::Ipv4(address),
        Some(Host::Ipv6(address)) => Host::Ipv6(address),
    };
    let is_loopback = match &host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let encryption = match (url.scheme(), url.query()) {
        ("smtps", None) => Encryption::Whole,
        ("smtp", Some("tls=required")) => Encryption::Required,
        ("smtp", Some("tls=none")) => Encryption::None,
        // A server on the same machine rarely has a certificate that can be checked.
        ("smtp", None) if is_loopback => Encryption::None,
        ("smtp", None) => Encryption::Offered,
        ("smtp" | "smtps", Some(query)) => return Err(format!("?{query}")),
        (scheme, _) => return Err(format!("a URL that begins with {scheme}:")),
    };
    let user = match url.username() {
        "" => None,
        user => Some(decode(user).ok_or("a user that is no text")?),
    };
    let server = MailServer {
        host: match host {
            Host::Domain(name) => name,
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        },
        port: url.port().unwrap_or(match encryption {
            Encryption::Whole => SMTPS_PORT,
            Encryption::Required | Encryption::Offered | Encryption::None => SMTP_PORT,
        }),
        encryption,
        login: None,
    };
    Ok((server, user))
}

/// Takes the percent signs out of a user: `orders%40shop.example`.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                bytes.extend(hex::decode([*high, *low]).ok()?);
                rest = after;
            }
            (byte, after) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(url: &str) -> Typed<'_> {
        Typed {
            url,
            password: None,
            from: "Batik Shop <orders@shop.example>",
            reply_to: "",
            templates: None,
            root_certificate: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
        }
    }

    #[test]
    fn a_url_says_where_and_how() {
        use Encryption::{None as Open, Offered, Required, Whole};
        for (url, host, port, encryption) in [
            ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, Open),
            ("smtp://[::1]", "::1", 587, Open),
            ("smtp://localhost/", "localhost", 587, Open),
            ("smtp://localhost?tls=required", "localhost", 587, Required),
            ("smtp://mail.example", "mail.example", 587, Offered),
            ("smtp://mail.example:25?tls=none", "mail.example", 25, Open),
            (
                "smtp://mail.example?tls=required",
                "mail.example",
                587,
                Required,
            ),
            ("smtps://mail.example", "mail.example", 465, Whole),
            ("smtps://192.0.2.1:2465", "192.0.2.1", 2465, Whole),
        ] {
            let server = MailSettings::new("mail", typed(url)).expect(url).server;
            let found = (server.host.as_str(), server.port, server.encryption);
            assert_eq!(found, (host, port, encryption), "{url}");
        }
    }

    #[test]
    fn user_and_password_come_together_and_the_password_does_not_print() {
        let secret = || Some(SecretString::from("pa55"));
        let with = |url, password| {
            MailSettings::new(
                "mail",
                Typed {
                    password,
                    ..typed(url)
                },
            )
        };
        let settings =
            with("smtps://orders%40shop.example@mail.example", secret()).expect("both are there");
        assert!(!format!("{settings:?}").contains("pa55"));
        let (user, _) = settings.server.login.expect("both are there");
        assert_eq!(user, "orders@shop.example");
        for (url, password, expected) in [
            (
                "smtps://user@mail.example",
                None,
                "mail.password: found nothing",
            ),
            ("smtps://mail.example", secret(), "mail.url: found no user"),
            (
                "smtps://user:pa55@mail.example",
                None,
                "mail.url: found a password",
            ),
            (
                "smtps://u%0a@mail.example",
                secret(),
                "mail.url: found a user that",
            ),
        ] {
            let error = with(url, password).expect_err(url).to_string();
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains("pa55"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_key() {
        let good = typed("smtp://127.0.0.1");
        let second = Duration::from_secs(1);
        for (typed, expected) in [
            (typed(""), "mail.url: found no URL"),
            (typed("mail.example:25"), "mail.url: found "),
            (
                typed("http://mail.example"),
                "mail.url: found a URL that begins with http:",
            ),
            (typed("smtp://"), "mail.url: found no"),
            (
                typed("smtp://mail.example/path"),
                "mail.url: found something behind",
            ),
            (
                typed("smtp://mail.example?tls=no"),
                "mail.url: found ?tls=no",
            ),
            (
                typed("smtps://mail.example?tls=none"),
                "mail.url: found ?tls=none",
            ),
            (
                Typed {
                    from: "orders",
                    ..good.clone()
                },
                "mail.from: found \"orders\"",
            ),
            (
                Typed {
                    from: "a@b.example\r\nBcc: c@d.example",
                    ..good.clone()
                },
                "mail.from: ",
            ),
            (
                Typed {
                    reply_to: "@",
                    ..good.clone()
                },
                "mail.reply_to: found \"@\"",
            ),
            (
                Typed {
                    timeout: 601 * second,
                    ..good.clone()
                },
                "mail.timeout_ms: found 601000",
            ),
            (
                Typed {
                    connect_timeout: Duration::ZERO,
                    ..good.clone()
                },
                "mail.connect_timeout_ms: found 0",
            ),
        ] {
            let error = MailSettings::new("mail", typed)
                .expect_err(expected)
                .to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let of_shop = MailSettings::new("shops.tea.mail", Typed { from: "", ..good });
        let error = of_shop.expect_err("there is no address").to_string();
        assert!(error.starts_with("shops.tea.mail.from"), "{error}");
    }
}
