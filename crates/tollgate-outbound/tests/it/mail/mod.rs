//! Mails, read back by another library's parser, and handed to a server that answers by a script.

use std::time::Duration;

use mail_parser::MessageParser;
use tollgate_core::time::Timestamp;
use tollgate_outbound::mail::{
    Attachment, Letter, MailContext, MailFact, MailKind, MailLine, MailSettings, Mailer, Message,
    Typed,
};

mod messages;
mod templates;
mod server;
mod sending;

fn typed(url: &str) -> Typed<'_> {
    Typed {
        url,
        password: None,
        from: "Batik Shop <orders@shop.example>",
        reply_to: "",
        templates: None,
        root_certificate: None,
        connect_timeout: Duration::from_secs(10),
        timeout: Duration::from_secs(10),
    }
}

fn mailer(typed: Typed<'_>) -> Mailer {
    let settings = MailSettings::new("mail", typed).expect("they are possible");
    Mailer::new(settings).expect("the templates are good")
}

fn context() -> MailContext {
    MailContext {
        shop: "Batik & Co".to_owned(),
        order: "ZVR-1".to_owned(),
        customer: Some("Siti Nurhaliza".to_owned()),
        amount: "Rp\u{a0}60.000".to_owned(),
        total: "Rp\u{a0}150.000".to_owned(),
        facts: vec![
            MailFact {
                name: "Amount paid".to_owned(),
                value: "Rp\u{a0}60.000".to_owned(),
            },
            MailFact {
                name: "Left to pay".to_owned(),
                value: "Rp\u{a0}90.000".to_owned(),
            },
        ],
        currency: "IDR".to_owned(),
        lines: vec![
            MailLine {
                name: "Batik <b>M</b>".to_owned(),
                quantity: Some(2),
                amount: "Rp\u{a0}140.000".to_owned(),
            },
            MailLine {
                name: "Ongkir".to_owned(),
                quantity: None,
                amount: "Rp\u{a0}10.000".to_owned(),
            },
        ],
        receipt: Some("R-2026-000042".to_owned()),
        link: Some("https://shop.example/o/ZVR-1?a=1&b=2".to_owned()),
        footer: Some("Open every day.".to_owned()),
    }
}

fn letter<'a>(context: &'a MailContext, attachment: Option<&'a Attachment>) -> Letter<'a> {
    Letter {
        shop: "main",
        key: "mail:paid:ord_1",
        kind: MailKind::Paid,
        locale: "en",
        to: "siti@customer.example",
        // 2026-01-22T10:00:00Z.
        date: Timestamp::from_millis(1_769_076_000_123),
        context,
        attachment,
    }
}

fn pdf(bytes: usize) -> Attachment {
    // Every byte there is, line ends and full stops at the start of lines among them.
    let mut content: Vec<u8> = (0..bytes).map(|at| (at % 256) as u8).collect();
    content.extend_from_slice(b"\r\n.\r\n..\n.\n\r");
    Attachment {
        name: "R-2026-000042.pdf".to_owned(),
        content_type: "application/pdf".to_owned(),
        bytes: content,
    }
}

fn compose(letter: &Letter<'_>) -> Message {
    let mailer = mailer(typed("smtp://127.0.0.1"));
    mailer.compose(letter).expect("it can be written")
}

fn parse(message: &Message) -> mail_parser::Message<'_> {
    MessageParser::default()
        .parse(message.bytes())
        .expect("it is a mail")
}
