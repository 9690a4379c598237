//! What comes of handing a mail to a server.

use std::time::Duration;

use secrecy::SecretString;
use tokio::net::TcpSocket;
use tollgate_outbound::mail::{
    Attachment, Encryption, Letter, MailSettings, Mailer, Message, Sending, Typed,
};

use super::server::{GOOD, Script, Server};
use super::{context, letter, mailer, pdf, typed};
use crate::tls;

async fn send(server: &Server, attachment: Option<&Attachment>) -> (Sending, Message) {
    let context = context();
    let mailer = mailer(typed(&server.url()));
    let message = mailer
        .compose(&letter(&context, attachment))
        .expect("it can be written");
    (mailer.send(&message).await, message)
}

#[tokio::test]
async fn a_mail_that_is_taken_arrives_as_it_was_written() {
    let server = Server::start(GOOD).await;
    let receipt = pdf(100_000);
    let (sending, message) = send(&server, Some(&receipt)).await;
    let reply = "250 queued as 1".to_owned();
    assert_eq!(sending, Sending::Sent { reply });
    let mut content = server.content();
    // The end of the content is a line of its own.
    assert!(content.ends_with(b"\r\n"));
    if content.len() != message.bytes().len() {
        content.truncate(content.len() - 2);
    }
    assert!(content == message.bytes(), "the bytes differ");
    let commands = server.commands();
    assert_eq!(
        commands[..4],
        [
            "EHLO shop.example",
            "MAIL FROM:<orders@shop.example>",
            "RCPT TO:<siti@customer.example>",
            "DATA"
        ]
    );
}

#[tokio::test]
async fn a_refusal_says_whether_it_is_for_good() {
    let table: [(Script, &str, bool); 10] = [
        (
            Script {
                greeting: Some("554 not you\r\n"),
                ..GOOD
            },
            "connect: ",
            false,
        ),
        (
            Script {
                mail: "451 later\r\n",
                ..GOOD
            },
            "MAIL: ",
            false,
        ),
        (
            Script {
                mail: "550 who are you\r\n",
                ..GOOD
            },
            "MAIL: ",
            false,
        ),
        (
            Script {
                rcpt: "450 4.2.0 greylisted\r\n",
                ..GOOD
            },
            "RCPT: ",
            false,
        ),
        (
            Script {
                rcpt: "550 no such user\r\n",
                ..GOOD
            },
            "RCPT: ",
            true,
        ),
        (
            Script {
                rcpt: "530 log in first\r\n",
                ..GOOD
            },
            "RCPT: ",
            false,
        ),
        (
            Script {
                data: "421 closing\r\n",
                ..GOOD
            },
            "DATA: ",
            false,
        ),
        (
            Script {
                data: "250 what\r\n",
                ..GOOD
            },
            "DATA: an answer out of turn: 250 what",
            false,
        ),
        (
            Script {
                end: Some("452 full\r\n"),
                ..GOOD
            },
            "message: ",
            false,
        ),
        (
            Script {
                end: Some("554 spam\r\n"),
                ..GOOD
            },
            "message: ",
            true,
        ),
    ];
    for (script, expected, is_permanent) in table {
        let server = Server::start(script).await;
        match send(&server, None).await.0 {
            Sending::NotSent { error, permanent } => {
                assert!(error.starts_with(expected), "{error}");
                assert_eq!(permanent, is_permanent, "{error}");
            }
            other @ (Sending::Sent { .. } | Sending::Unclear { .. }) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_mail_whose_answer_is_lost_is_unclear_and_not_before_its_end() {
    let lost = Server::start(Script { end: None, ..GOOD }).await;
    let (sending, _) = send(&lost, None).await;
    assert!(matches!(sending, Sending::Unclear { .. }), "{sending:?}");
    let odd = Server::start(Script {
        end: Some("hello\r\n"),
        ..GOOD
    })
    .await;
    let (sending, _) = send(&odd, None).await;
    assert!(matches!(sending, Sending::Unclear { .. }), "{sending:?}");
    // More than any buffer on the way holds, so the end is never sent.
    let early = Server::start(Script {
        reads: Some(100),
        ..GOOD
    })
    .await;
    let receipt = pdf(12 << 20);
    let (sending, _) = send(&early, Some(&receipt)).await;
    let Sending::NotSent {
        error,
        permanent: false,
    } = &sending
    else {
        panic!("{sending:?}");
    };
    assert!(error.starts_with("message: "), "{error}");
}

#[tokio::test]
async fn a_server_that_is_silent_is_given_up_in_time() {
    let context = context();
    let silent = Server::start(Script {
        greeting: None,
        ..GOOD
    })
    .await;
    let url = silent.url();
    let connect_timeout = Duration::from_millis(150);
    let waits = mailer(Typed {
        connect_timeout,
        ..typed(&url)
    });
    let message = waits
        .compose(&letter(&context, None))
        .expect("it can be written");
    let error = "connect: no answer within 150 ms".to_owned();
    assert_eq!(waits.check().await, Err(error.clone()));
    let sending = waits.send(&message).await;
    assert_eq!(
        sending,
        Sending::NotSent {
            error,
            permanent: false
        }
    );

    // It takes everything, and then says nothing: its answer's first line never ends.
    let mute = Server::start(Script {
        end: Some("250-wait"),
        ..GOOD
    })
    .await;
    let url = mute.url();
    let waits = mailer(Typed {
        timeout: Duration::from_millis(150),
        ..typed(&url)
    });
    let error = "message: no answer within 150 ms".to_owned();
    assert_eq!(waits.send(&message).await, Sending::Unclear { error });

    // Bound, so that no one else takes the port, and not listening.
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket
        .bind("127.0.0.1:0".parse().expect("it is one"))
        .expect("a port is free");
    let url = format!("smtp://{}", socket.local_addr().expect("it is bound"));
    let sending = mailer(typed(&url)).send(&message).await;
    let Sending::NotSent {
        error,
        permanent: false,
    } = &sending
    else {
        panic!("{sending:?}");
    };
    assert!(error.starts_with("connect: "), "{error}");
}

const LOGIN: &str = "250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n";
const STARTTLS: &str = "250-mail.example\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n";

/// A mailer with a user who has this password, that trusts the tests' root.
fn with_password(url: &str, password: &str) -> Mailer {
    let root_certificate = Some(tls::ROOT.into());
    let password = Some(SecretString::from(password));
    mailer(Typed {
        password,
        root_certificate,
        ..typed(url)
    })
}

fn has_login(server: &Server) -> bool {
    server
        .commands()
        .iter()
        .any(|command| command.starts_with("AUTH"))
}

#[tokio::test]
async fn a_password_is_sent_only_where_it_cannot_be_read_or_the_operator_says_so() {
    let server = Server::with_features(GOOD, LOGIN, false).await;
    let with =
        |query: &str| with_password(&format!("smtp://user@{}{query}", server.address), "pa55");
    let error = with("?tls=required")
        .check()
        .await
        .expect_err("there is no STARTTLS");
    assert!(error.starts_with("connect: "), "{error}");
    assert!(!has_login(&server));
    assert_eq!(with("").check().await, Ok(()), "it is this machine");
    assert!(has_login(&server));
}

#[tokio::test]
async fn where_encryption_is_offered_it_is_used_and_a_password_waits_for_it() {
    for (features, password, is_taken) in [
        (LOGIN, true, false),
        (LOGIN, false, true),
        (STARTTLS, true, true),
    ] {
        let server = Server::with_features(GOOD, features, false).await;
        let url = match password {
            true => format!("smtp://user@{}", server.address),
            false => server.url(),
        };
        let typed = Typed {
            password: password.then(|| SecretString::from("pa55")),
            root_certificate: Some(tls::ROOT.into()),
            ..typed(&url)
        };
        let mut settings = MailSettings::new("mail", typed).expect("they are possible");
        // What it is for a server elsewhere; this one is on this machine.
        settings.server.encryption = Encryption::Offered;
        let mailer = Mailer::new(settings).expect("the templates are good");
        assert_eq!(mailer.check().await.is_ok(), is_taken, "{features}");
        let commands = server.commands();
        assert_eq!(
            commands.contains(&"STARTTLS".to_owned()),
            features == STARTTLS
        );
        assert_eq!(has_login(&server), password && is_taken);
    }
}

#[tokio::test]
async fn a_wrong_password_is_nothing_about_the_mail() {
    let server = Server::with_features(GOOD, LOGIN, false).await;
    let mailer = with_password(&format!("smtp://user@{}", server.address), "wr0ng");
    let context = context();
    let message = mailer
        .compose(&letter(&context, None))
        .expect("it can be written");
    let sending = mailer.send(&message).await;
    let Sending::NotSent {
        error,
        permanent: false,
    } = &sending
    else {
        panic!("{sending:?}");
    };
    assert!(error.contains("535") && !error.contains("wr0ng"), "{error}");
}

#[tokio::test]
async fn a_mail_goes_encrypted_to_a_server_whose_certificate_is_trusted() {
    let context = context();
    for (scheme, query, features, whole) in [
        ("smtps", "", LOGIN, true),
        ("smtp", "?tls=required", STARTTLS, false),
    ] {
        let server = Server::with_features(GOOD, features, whole).await;
        let url = format!("{scheme}://user@{}{query}", server.address);
        let mailer = with_password(&url, "pa55");
        let message = mailer
            .compose(&letter(&context, None))
            .expect("it can be written");
        let sending = mailer.send(&message).await;
        assert!(
            matches!(sending, Sending::Sent { .. }),
            "{url}: {sending:?}"
        );
        assert!(server.content().starts_with(b"From: "), "{url}");

        let url = format!("{scheme}://{}{query}", server.address);
        let distrusts = super::mailer(typed(&url));
        let sending = distrusts.send(&message).await;
        let Sending::NotSent {
            error,
            permanent: false,
        } = &sending
        else {
            panic!("{url}: {sending:?}");
        };
        assert!(error.contains("certificate"), "{error}");
    }
}

#[tokio::test]
async fn letters_beyond_ascii_in_an_address_need_a_server_that_takes_them() {
    let context = context();
    for (features, is_sent) in [
        ("250 mail.example\r\n", false),
        ("250-mail.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n", true),
    ] {
        let server = Server::with_features(GOOD, features, false).await;
        let mailer = mailer(typed(&server.url()));
        let to = "сити@customer.example";
        let message = mailer
            .compose(&Letter {
                to,
                ..letter(&context, None)
            })
            .expect("it can be written");
        match mailer.send(&message).await {
            Sending::Sent { .. } => {
                assert!(is_sent);
                let commands = server.commands();
                assert_eq!(
                    commands[1],
                    "MAIL FROM:<orders@shop.example> SMTPUTF8 BODY=8BITMIME"
                );
                assert_eq!(commands[2], "RCPT TO:<сити@customer.example>");
            }
            Sending::NotSent { permanent, .. } => assert!(permanent && !is_sent),
            other @ Sending::Unclear { .. } => panic!("{other:?}"),
        }
    }
}
