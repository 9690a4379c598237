//! Templates of the operator's.

use std::path::Path;

use tollgate_outbound::mail::{MailSettings, Mailer, Typed};

use super::{context, letter, parse, typed};

fn with_templates(files: &[(&str, &str)], check: impl FnOnce(&Path, Result<Mailer, String>)) {
    let folder = tempfile::tempdir().expect("there is room");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("there is room");
    }
    let templates = Some(folder.path().to_owned());
    let settings = MailSettings::new(
        "mail",
        Typed {
            templates,
            ..typed("smtp://127.0.0.1")
        },
    )
    .expect("they are possible");
    check(
        folder.path(),
        Mailer::new(settings).map_err(|error| error.to_string()),
    );
}

#[test]
fn a_file_of_the_operators_takes_the_place_of_ours() {
    let files = [
        ("paid.en.subject", "Paid: {{ order }}\n"),
        (
            "paid.en.txt",
            "{% for line in lines %}{{ line.name }} {% endfor %}{{ amount }}\n",
        ),
        ("README.md", "{{ never read }}"),
        (".paid.en.txt.swp", "{{"),
    ];
    with_templates(&files, |_, mailer| {
        let mailer = mailer.expect("they are good");
        let context = context();
        let message = mailer
            .compose(&letter(&context, None))
            .expect("it can be written");
        let read = parse(&message);
        assert_eq!(read.subject(), Some("Paid: ZVR-1"));
        let text = read.body_text(0).expect("there is a text");
        assert_eq!(text.trim(), "Batik <b>M</b> Ongkir Rp\u{a0}60.000");
        let html = read.body_html(0).expect("there is HTML");
        assert!(html.contains("Thank you."), "ours stays: {html}");
    });
}

#[test]
fn a_template_that_cannot_be_filled_ends_the_start_with_its_file_and_line() {
    for (name, text, expected) in [
        (
            "paid.en.txt",
            "a\n{{ amout }}\n",
            "paid.en.txt, line 2: undefined value",
        ),
        (
            "paid.en.txt",
            "a\n\n{% if %}",
            "paid.en.txt, line 3: syntax error",
        ),
        (
            "paid.en.subject",
            "{{ customer }}",
            "it is not there in every mail; put {% if … %}",
        ),
        (
            "paid.en.html",
            "{% extends \"base.html\" %}",
            "paid.en.html",
        ),
        (
            "layout.txt",
            "\n{{ shope }}",
            "layout.txt, line 2: undefined value",
        ),
        (
            "refunded.he.html",
            "{{ lines[0].price }}",
            "refunded.he.html, line 1: undefined value",
        ),
        ("payd.en.txt", "", "did you mean paid.en.txt?"),
        ("paid.fr.html", "", "did you mean paid."),
        ("welcome.txt", "", "wanted KIND.LANGUAGE.PART"),
    ] {
        with_templates(&[(name, text)], |folder, mailer| {
            let error = mailer.expect_err(name);
            let file = folder.join(name).display().to_string();
            assert!(
                error.starts_with(&format!("mail.templates: found {file}")),
                "{error}"
            );
            assert!(error.contains(expected), "{error}");
        });
    }
    let templates = Some("/nowhere/at/all".into());
    let settings = MailSettings::new(
        "mail",
        Typed {
            templates,
            ..typed("smtp://127.0.0.1")
        },
    )
    .expect("they are possible");
    let error = Mailer::new(settings)
        .expect_err("there is no folder")
        .to_string();
    assert!(
        error.starts_with("mail.templates: found /nowhere/at/all: "),
        "{error}"
    );
}
