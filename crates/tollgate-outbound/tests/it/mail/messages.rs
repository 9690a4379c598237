//! What is in a mail.

use mail_parser::MimeHeaders;
use tollgate_outbound::mail::{
    Attachment, BadLetter, Letter, MailContext, MailKind, Message, Typed,
};

use super::{compose, context, letter, mailer, parse, pdf, typed};

#[test]
fn every_mail_is_written_in_every_language() {
    let context = context();
    let table = "
        paid     en     Batik & Co: order ZVR-1 is paid
        paid     id-ID  Batik & Co: pembayaran pesanan ZVR-1 telah diterima
        paid     hi     Batik & Co: ऑर्डर ZVR-1 का भुगतान प्राप्त हुआ
        paid     iw     Batik & Co: התקבל תשלום עבור הזמנה ZVR-1
        paid     ru_RU  Batik & Co: заказ ZVR-1 оплачен
        paid     fr     Batik & Co: order ZVR-1 is paid
        receipt  en-US  Batik & Co: receipt R-2026-000042 for order ZVR-1
        receipt  in     Batik & Co: kuitansi R-2026-000042 untuk pesanan ZVR-1
        receipt  hi-IN  Batik & Co: ऑर्डर ZVR-1 की रसीद R-2026-000042
        receipt  he     Batik & Co: קבלה R-2026-000042 עבור הזמנה ZVR-1
        receipt  ru     Batik & Co: квитанция R-2026-000042 по заказу ZVR-1
        refunded en     Batik & Co: refund for order ZVR-1
        refunded id     Batik & Co: pengembalian dana untuk pesanan ZVR-1
        refunded hi     Batik & Co: ऑर्डर ZVR-1 का रिफ़ंड
        refunded he-IL  Batik & Co: החזר כספי עבור הזמנה ZVR-1
        refunded ru     Batik & Co: возврат по заказу ZVR-1
    ";
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let mut words = row.splitn(2, ' ');
        let kind = match words.next().expect("a kind") {
            "paid" => MailKind::Paid,
            "receipt" => MailKind::Receipt,
            _ => MailKind::Refunded,
        };
        let rest = words.next().expect("a language").trim_start();
        let (locale, subject) = rest.split_once(' ').expect("a subject");
        let message = compose(&Letter {
            kind,
            locale,
            ..letter(&context, None)
        });
        let read = parse(&message);
        assert_eq!(read.subject(), Some(subject.trim()));
        assert_eq!((read.text_body_count(), read.html_body_count()), (1, 1));
        let text = read.body_text(0).expect("there is a text");
        let html = read.body_html(0).expect("there is HTML");
        assert!(message.bytes().is_ascii(), "any server takes it");
        for part in [
            "ZVR-1",
            "Rp\u{a0}150.000",
            "Rp\u{a0}60.000",
            "Siti Nurhaliza",
        ] {
            assert!(text.contains(part), "{text}");
            assert!(html.contains(part), "{html}");
        }
        assert!(
            text.contains("Batik <b>M</b> × 2: Rp\u{a0}140.000\r\nOngkir: "),
            "{text:?}"
        );
        // The total is the lines'; what was paid stands under it, by its own name.
        let below =
            ": Rp\u{a0}150.000\r\nAmount paid: Rp\u{a0}60.000\r\nLeft to pay: Rp\u{a0}90.000\r\n";
        assert!(text.contains(below), "{text}");
        assert!(text.trim_end().ends_with("\r\nOpen every day."), "{text}");
        assert!(
            text.contains("https://shop.example/o/ZVR-1?a=1&b=2"),
            "{text}"
        );
        assert!(html.contains("Batik &lt;b&gt;M&lt;&#x2f;b&gt;"), "{html}");
        assert!(html.contains("Batik &amp; Co"), "{html}");
        let direction = match subject.contains('ה') {
            true => "dir=\"rtl\"",
            false => "dir=\"ltr\"",
        };
        assert!(html.contains(direction), "{html}");
    }
}

#[test]
fn the_same_letter_is_the_same_mail() {
    let context = context();
    let receipt = pdf(10_000);
    let one = letter(&context, Some(&receipt));
    let message = compose(&one);
    assert_eq!(message.bytes(), compose(&one).bytes());
    let read = parse(&message);
    let id = read.message_id().expect("it has one");
    assert_eq!(format!("<{id}>"), message.id());
    assert!(id.ends_with("@shop.example"), "{id}");
    assert_eq!(
        read.date().expect("it has one").to_rfc3339(),
        "2026-01-22T10:00:00Z"
    );
    for other in [
        Letter {
            key: "mail:paid:ord_2",
            ..one.clone()
        },
        Letter {
            shop: "tea",
            ..one.clone()
        },
        Letter {
            shop: "mainm",
            key: "ail:paid:ord_1",
            ..one.clone()
        },
    ] {
        assert_ne!(compose(&other).id(), message.id());
    }
}

#[test]
fn a_receipt_goes_along_byte_for_byte() {
    let context = context();
    let receipt = pdf(200_000);
    let message = compose(&letter(&context, Some(&receipt)));
    let read = parse(&message);
    assert_eq!(read.attachment_count(), 1);
    let part = read.attachment(0).expect("there is one");
    assert_eq!(part.attachment_name(), Some("R-2026-000042.pdf"));
    let kind = part.content_type().expect("it says what it is");
    assert_eq!((kind.ctype(), kind.subtype()), ("application", Some("pdf")));
    assert!(part.contents() == receipt.bytes, "the bytes differ");
    assert!(read.body_text(0).is_some() && read.body_html(0).is_some());
    let odd = Attachment {
        name: "../a\r\nb\"ש.pdf".to_owned(),
        ..pdf(1)
    };
    let message = compose(&letter(&context, Some(&odd)));
    let read = parse(&message);
    let name = read.attachment(0).expect("there is one").attachment_name();
    assert_eq!(name, Some("..-a b-ש.pdf"));
    let unknown = Attachment {
        content_type: "pdf".to_owned(),
        ..pdf(1)
    };
    let mailer = mailer(typed("smtp://127.0.0.1"));
    let error = mailer.compose(&letter(&context, Some(&unknown)));
    assert_eq!(error, Err(BadLetter::Attachment("pdf".to_owned())));
}

#[test]
fn no_name_adds_a_header() {
    let evil = "Siti\r\nBcc: all@customer.example\r\n\r\n<script>\u{2028}\0";
    let context = MailContext {
        shop: evil.to_owned(),
        order: evil.to_owned(),
        customer: Some(evil.to_owned()),
        ..context()
    };
    let message = compose(&letter(&context, None));
    assert_eq!(count(&message, "bcc"), 0);
    for (name, times) in [
        ("to", 1),
        ("from", 1),
        ("subject", 1),
        ("message-id", 1),
        ("date", 1),
    ] {
        assert_eq!(count(&message, name), times, "{name}");
    }
    let read = parse(&message);
    let to = read.to().and_then(|to| to.first()).expect("there is one");
    assert_eq!(to.address(), Some("siti@customer.example"));
    assert_eq!(to.name(), Some("Siti Bcc: all@customer.example <script>"));
    assert!(
        !read
            .body_html(0)
            .expect("there is HTML")
            .contains("<script>")
    );
    assert_eq!(
        read.header_raw("Auto-Submitted").map(str::trim),
        Some("auto-generated")
    );
}

#[test]
fn an_address_is_one_address_or_none() {
    let context = context();
    let long = format!("{}@customer.example", "a".repeat(250));
    let mailer = mailer(typed("smtp://127.0.0.1"));
    let to = |to| {
        mailer.compose(&Letter {
            to,
            ..letter(&context, None)
        })
    };
    for address in [
        "",
        "siti",
        "siti@",
        "a@b.example, c@d.example",
        "a@b.example\r\nRCPT TO:<c@d.example>",
        "Siti <siti@customer.example>",
        "\"a b\"@customer.example",
        "\"a>\"@customer.example",
        "k@[x]",
        "k@[]",
        "k@[192.0.2.1",
        "k@x]",
        "k@[IPv6:x]",
        &long,
    ] {
        assert!(
            matches!(to(address), Err(BadLetter::Address(_))),
            "{address:?}"
        );
    }
    for (address, expected) in [
        (" siti@customer.example ", "siti@customer.example"),
        ("siti+shop@customer.example", "siti+shop@customer.example"),
        ("siti@münchen.example", "siti@xn--mnchen-3ya.example"),
        ("сити@customer.example", "сити@customer.example"),
    ] {
        let message = to(address).expect("it is one");
        let read = parse(&message);
        let found = read
            .to()
            .and_then(|to| to.first())
            .and_then(|to| to.address());
        assert_eq!(found, Some(expected));
    }
}

/// Whatever letters a name has, the mail is written to its address, and nothing panics.
#[test]
fn any_name_is_written_beside_its_address() {
    for name in [
        "[x]",
        "a, b; c:",
        "<a@b.example>",
        "\"",
        "\\",
        "(",
        "=?utf-8?q?a?=",
        "\u{202e}evil",
        "ö\u{0301}\u{fffd}",
        "@",
        ".",
        &"長".repeat(300),
    ] {
        let context = MailContext {
            customer: Some(name.to_owned()),
            shop: name.to_owned(),
            order: name.to_owned(),
            ..context()
        };
        let message = compose(&letter(&context, None));
        let read = parse(&message);
        let to = read.to().and_then(|to| to.first()).expect("there is one");
        assert_eq!(to.address(), Some("siti@customer.example"), "{name:?}");
        assert_eq!(count(&message, "to"), 1, "{name:?}");
    }
}

#[test]
fn an_answer_goes_where_the_operator_says() {
    let context = context();
    let reply_to = "Помощь <help@shop.example>";
    let mailer = mailer(Typed {
        reply_to,
        ..typed("smtp://127.0.0.1")
    });
    let message = mailer
        .compose(&letter(&context, None))
        .expect("it can be written");
    let read = parse(&message);
    let to = read
        .reply_to()
        .and_then(|to| to.first())
        .expect("there is one");
    assert_eq!(
        (to.name(), to.address()),
        (Some("Помощь"), Some("help@shop.example"))
    );
    let from = read
        .from()
        .and_then(|from| from.first())
        .expect("there is one");
    assert_eq!(
        (from.name(), from.address()),
        (Some("Batik Shop"), Some("orders@shop.example"))
    );
}

/// How many headers of this name the mail itself has.
fn count(message: &Message, name: &str) -> usize {
    let text = String::from_utf8_lossy(message.bytes()).to_ascii_lowercase();
    let (head, _) = text.split_once("\r\n\r\n").expect("there is a body");
    head.lines()
        .filter(|line| line.starts_with(&format!("{name}:")))
        .count()
}
