//! Receipts, mail, routes, workers: their defaults, whose they are, and what is refused.

use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use tollgate_core::command::{ReceiptMail, Rules};
use tollgate_core::time::Span;
use tollgate_receipt::Locale;

use super::super::{Config, FontPlace, MissingGlyphs, OnDead};
use super::{MIDTRANS, read, refusal};

#[test]
fn what_is_done_beside_the_commits_has_its_defaults() {
    let config = read("", &[]).expect("the defaults are right");
    let shop = &config.shops[0];
    assert_eq!(
        shop.receipts.directory.as_deref(),
        Some(Path::new("receipts"))
    );
    assert_eq!(shop.receipts.seller.name, "main");
    assert!(shop.receipts.taxes.is_empty() && shop.mail.is_none() && shop.routes.is_empty());
    let outgoing = &config.outgoing;
    assert_eq!(outgoing.timeout, Duration::from_secs(15));
    assert_eq!(outgoing.retry.len(), 8);
    assert_eq!(outgoing.retry[7], Span::hours(20));
    assert_eq!(
        config.rules,
        Rules::default(),
        "what the core has by itself"
    );
    assert_eq!(config.worker.lease_max, Span::minutes(5));
    assert_eq!(config.asking.silent, Some(Span::hours(2)));
    assert_eq!(config.stream.kept, Some(Span::hours(7 * 24)));
    let off = "[outgoing]\ndisable_after_hours = 0\n[asking]\nsilent_minutes = 0\n[stream]\nkept_days = 0";
    let config = read(off, &[]).expect("0 is never");
    assert_eq!(config.rules.disable_after, None);
    assert_eq!(config.asking.silent, None);
    assert_eq!(config.stream.kept, None);
}

/// A target is left alone as it is configured, not as the core would by itself.
#[test]
fn what_is_configured_about_targets_reaches_the_decisions() {
    let text = "[outgoing]\ndisable_after_hours = 2\n[worker]\nbreaker_failures = 3\n\
                breaker_open_seconds = 4\nbreaker_open_seconds_max = 50";
    let rules = read(text, &[]).expect("it is right").rules;
    assert_eq!(rules.disable_after, Some(Span::hours(2)));
    assert_eq!(rules.breaker_failures, 3);
    assert_eq!(rules.breaker_open, Span::seconds(4));
    assert_eq!(rules.breaker_open_max, Span::seconds(50));
}

/// The servers that are called and the mail server may have a private CA's certificate.
#[test]
fn certificates_of_the_house_reach_who_calls() {
    let text = "[outgoing]\nroot_certificate = \"/etc/house.pem\"\n[mail]\nurl = \"smtps://mail.example\"\n\
                from = \"shop@example.com\"\nroot_certificate = \"/etc/mail.pem\"";
    let config = read(text, &[]).unwrap_or_else(|error| panic!("{error}"));
    let calls = config.outgoing.calls();
    assert_eq!(
        calls.root_certificate.as_deref(),
        Some(Path::new("/etc/house.pem"))
    );
    let mail = config.shops[0].mail.as_ref().expect("there is a server");
    assert_eq!(
        mail.root_certificate.as_deref(),
        Some(Path::new("/etc/mail.pem"))
    );
}

const ACCURATE: &str = "provider = \"accurate\"\ni_accept_unverified = true\n";

#[test]
fn a_route_has_its_sources_name_and_its_own_where_there_are_two() {
    let text = format!(
        "[[routes]]\nsource = \"books\"\nurl = \"http://127.0.0.1:9000/handle\"\n\
         order_by = \"/databaseId\"\ntypes = [\"SALES_*\"]\n\
         [[routes]]\nname = \"rest\"\nsource = \"books\"\nurl = \"https://shop.example/\"\n\
         on_dead = \"skip\"\ntimeout_ms = 2000\n\
         [sources.books]\n{ACCURATE}"
    );
    let config = read(&text, &[]).unwrap_or_else(|error| panic!("{error}"));
    let [first, second] = &config.shops[0].routes[..] else {
        panic!("there are two");
    };
    assert_eq!(
        (first.name.as_str(), first.on_dead),
        ("books", OnDead::Stop)
    );
    assert_eq!(first.order_by.as_deref(), Some("/databaseId"));
    assert!(first.takes("SALES_INVOICE") && !first.takes("PURCHASE"));
    assert_eq!(
        (second.name.as_str(), second.on_dead),
        ("rest", OnDead::Skip)
    );
    assert_eq!(second.timeout, Some(Duration::from_secs(2)));
    assert!(second.takes("PURCHASE"));
    let twice = text.replace("name = \"rest\"\n", "");
    assert_eq!(
        refusal(&twice),
        "routes[1].name: found \"books\", which routes[0] has too, wanted another name = \"…\"; \
         without one it is the source's"
    );
    let environment = [(
        "TOLLGATE__ROUTES",
        r#"[{ source = "books", url = "http://localhost:9/" }]"#,
    )];
    let text = format!("[sources.books]\n{ACCURATE}");
    let config = read(&text, &environment).expect("a list may come from the environment");
    assert_eq!(config.shops[0].routes[0].url, "http://localhost:9/");
}

#[test]
fn a_shop_has_what_it_says_itself_and_the_rest_of_the_top_level() {
    let text = format!(
        "timezone = \"Europe/Moscow\"\nlocale = \"ru-RU\"\n\
         [receipts]\nnumber = \"{{shop}}/{{year}}/{{n:06}}\"\ncolour = \"#A01C30\"\nfooter = \"Open daily\"\n\nseller = {{ name = \"Main\", address = \"Moscow\", tax_id = \"7\" }}\n\
         taxes = [{{ name = \"VAT\", percent = \"20\" }}]\n\
         [mail]\nurl = \"smtps://me@mail.example\"\npassword = \"literal:hunter2\"\n\
         from = \"Main <main@shop.example>\"\nreceipt = \"own\"\n\
         [[routes]]\nsource = \"books\"\nurl = \"http://main/\"\n\
         [[routes]]\nsource = \"pay\"\nurl = \"http://main/pay\"\n\
         [sources.books]\n{ACCURATE}[sources.pay]\n{MIDTRANS}\
         [shops.cups.sources.books]\n{ACCURATE}\
         [shops.tea]\ntimezone = \"Asia/Kolkata\"\nlocale = \"hi\"\n\
         [shops.tea.receipts]\nseller = {{ name = \"Tea House\" }}\n\
         [shops.tea.mail]\nurl = \"smtp://127.0.0.1:1025\"\n\
         [[shops.tea.routes]]\nsource = \"ledger\"\nurl = \"http://tea/\"\n\
         [shops.tea.sources.ledger]\n{ACCURATE}\
         [shops.mute.mail]\nurl = \"\"\n"
    );
    let config = read(&text, &[]).unwrap_or_else(|error| panic!("{error}"));
    let shop = |name: &str| {
        let found = config.shops.iter().find(|shop| shop.name == name);
        found.expect("it is configured")
    };
    let targets = |name: &str| {
        let urls = shop(name).routes.iter().map(|route| route.url.as_str());
        urls.collect::<Vec<_>>()
    };
    let login = |name: &str| {
        let mail = shop(name).mail.as_ref().expect("it has mail");
        let login = mail.server.login.as_ref();
        login.map(|(user, password)| (user.as_str(), password.expose_secret()))
    };
    assert_eq!(targets("main"), ["http://main/", "http://main/pay"]);
    assert_eq!(login("main"), Some(("me", "hunter2")));

    assert_eq!(shop("cups").timezone, "Europe/Moscow");
    let number = |name: &str| shop(name).receipts.number.number(2026, 7).to_string();
    assert_eq!(number("main"), "main/2026/000007");
    assert_eq!(
        number("cups"),
        "cups/2026/000007",
        "no two shops say the same"
    );
    assert_eq!(shop("cups").receipts.seller, shop("main").receipts.seller);
    assert_eq!(shop("cups").receipts.look, shop("main").receipts.look);
    let look = shop("main").receipts.look.clone().expect("it has a look");
    assert_eq!(look.colour.as_deref(), Some("#a01c30"));
    assert_eq!(look.footer.as_deref(), Some("Open daily"));
    assert_eq!(shop("cups").locale, Locale::Ru);
    assert_eq!(shop("cups").receipt_mail, ReceiptMail::Own);
    assert_eq!(targets("cups"), ["http://main/"]);
    assert_eq!(login("cups"), Some(("me", "hunter2")));

    let tea = shop("tea");
    assert_eq!(tea.timezone, "Asia/Kolkata");
    assert_eq!(tea.receipts.seller.name, "Tea House");
    assert_eq!(
        (
            tea.receipts.seller.address.as_deref(),
            tea.receipts.seller.tax_id.as_deref()
        ),
        (None, None)
    );
    assert_eq!(tea.receipts.taxes, shop("main").receipts.taxes);
    assert_eq!(tea.receipts.look, None, "another's colour and last word");
    assert_eq!(tea.locale, Locale::Hi);
    assert_eq!(targets("tea"), ["http://tea/"]);
    assert_eq!(login("tea"), None);
    let from = &tea.mail.as_ref().expect("it has mail").from;
    assert_eq!(from.email.to_string(), "main@shop.example");

    assert!(shop("mute").mail.is_none());
    let shown = config.show();
    assert!(!shown.contains("hunter2"), "{shown}");
    read(&shown, &[("TOLLGATE__MAIL__PASSWORD", "literal:x")])
        .expect_err("masks of the sources are no secrets");
}

#[test]
fn two_shops_of_one_seller_are_told_that_they_number_alike() {
    let shops = |receipts: &str, tea: &str| {
        let text = format!(
            "[receipts]\nseller = {{ name = \"House\" }}\n{receipts}\n[shops.tea.receipts]\n{tea}\n"
        );
        read(&text, &[]).expect("it is right").warnings()
    };
    let warned = shops("", "");
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(
        warned[0].starts_with("shops main and tea are of one seller"),
        "{warned:?}"
    );
    for (receipts, tea) in [
        ("number = \"{shop}-{year}-{n}\"", ""),
        ("", "number = \"T-{year}-{n}\""),
        ("", "seller = { name = \"Tea\" }"),
    ] {
        assert_eq!(shops(receipts, tea), [""; 0], "{receipts} {tea}");
    }
}

#[test]
fn what_is_wrong_with_receipts_mail_work_and_routes_is_named() {
    let books = format!("[sources.books]\n{ACCURATE}[[routes]]\nsource = \"books\"\n");
    let route = |rest: &str| format!("{books}{rest}");
    let to = "url = \"http://localhost/\"\n";
    for (text, wanted) in [
        (
            "[receipts]\ntaxes = [{ name = \"PPN\", percent = 11 }]".to_owned(),
            "receipts.taxes[0].percent: found 11, wanted a text from \"0\" to \"100\"",
        ),
        (
            "[receipts]\ntaxes = [{ percent = \"11\" }]".to_owned(),
            "receipts.taxes[0].name: found no name, wanted ",
        ),
        (
            "[receipts]\ntaxes = [{ name = \"PPN\", percnt = \"11\" }]".to_owned(),
            "receipts.taxes[0].percnt: found an unknown key, wanted a known key; did you mean percent?",
        ),
        (
            "[receipts]\nfonts = \"a.ttf\"".to_owned(),
            "receipts.fonts: found a text, wanted a list of files as \"fonts/NotoSansThai.ttf\" and of names as",
        ),
        (
            "[receipts]\nfonts = [\"a.ttf\", \" \"]".to_owned(),
            "receipts.fonts[1]: found an empty text, wanted a list of files",
        ),
        (
            "[receipts]\nfonts = [7]".to_owned(),
            "receipts.fonts[0]: found a whole number, wanted a list of files",
        ),
        (
            format!("[receipts]\nfonts = [{}]", "\"a\",".repeat(33)),
            "receipts.fonts: found 33 fonts, wanted at most 32",
        ),
        (
            "[alerts]\nmail_to = [\"ops\"]".to_owned(),
            "alerts.mail_to: found \"ops\", wanted a list of up to 10 addresses as \"ops@shop.example\"",
        ),
        (
            "[alerts]\nmail_to = [\"ops@shop.example\"]".to_owned(),
            "alerts.mail_to: found [\"ops@shop.example\"], wanted an empty list, or a [mail] url by which they",
        ),
        (
            "[alerts]\nslots_percent = 101".to_owned(),
            "alerts.slots_percent: found 101, wanted a whole number from 0 to 100",
        ),
        (
            "[receipts]\nmissing_glyphs = \"box\"".to_owned(),
            "receipts.missing_glyphs: found \"box\", wanted \"wait\" or \"print\"",
        ),
        (
            "[receipts]\ntaxes = [{ name = \"PPN\", percent = \"11\", included = false }]"
                .to_owned(),
            "receipts.taxes[0].included: found false, wanted true: a tax is on receipts only where customers \
             are charged it, so put it into the prices of orders, and shipping's",
        ),
        (
            "[receipts]\nnumber = \"R-{n:06}\"".to_owned(),
            "receipts.number: found no {year}, wanted a form as \"R-{year}-{n:06}\": ",
        ),
        (
            "[receipts]\ncolour = \"#ffd700\"".to_owned(),
            "receipts.colour: found \"#ffd700\", whose contrast to white is 1.40, wanted a colour as ",
        ),
        (
            "[receipts]\nfooter = \"a\\nb\\nc\\nd\\ne\\nf\\ng\"".to_owned(),
            "receipts.footer: found 13 characters in 7 lines, wanted up to 500 characters in up to 6 lines",
        ),
        (
            "[receipts]\nlogo = \"nowhere/logo.png\"".to_owned(),
            "receipts.logo: found nowhere/logo.png: No such file or directory",
        ),
        (
            // It is there, and is no picture.
            "[receipts]\nlogo = \"Cargo.toml\"".to_owned(),
            "receipts.logo: found Cargo.toml: neither a PNG nor a JPEG, wanted a PNG or JPEG of up to 204800 bytes",
        ),
        (
            "[mail]\nreceipt = \"twice\"".to_owned(),
            "mail.receipt: found \"twice\", wanted \"with_paid\" or \"own\"",
        ),
        (
            "locale = \"fr\"".to_owned(),
            "locale: found \"fr\", wanted one of id, en, he, hi, ru, with or without a country",
        ),
        (
            "[receipts]\ntaxes = [11]".to_owned(),
            "receipts.taxes[0]: found a whole number, wanted a table",
        ),
        (
            "[receipts]\nseller = { nam = \"x\" }".to_owned(),
            "receipts.seller.nam: found an unknown key, wanted a known key; did you mean name?",
        ),
        (
            "[receipts]\nseller = { name = \"a\\nb\" }".to_owned(),
            "receipts.seller.name: found \"a\\nb\", wanted a text of one line",
        ),
        (
            "[mail]\nurl = \"smtp://mail\"".to_owned(),
            "mail.from: found an empty text, wanted an address as \"Batik Shop <orders@shop.example>\", because mail.url is set",
        ),
        (
            "[mail]\nurl = \"smtps://u:s3cret@mail\"\nfrom = \"a@b\"".to_owned(),
            "mail.url: found a password in the URL; its place is the key password, wanted smtp://HOST:PORT",
        ),
        (
            "[mail]\nurl = \"smtps://u@mail\"\nfrom = \"a@b\"".to_owned(),
            "mail.password: found nothing, wanted the secret of the user in the url",
        ),
        (
            "[mail]\nurl = \"smtp://mail\"\npassword = \"literal:x\"\nfrom = \"a@b\"".to_owned(),
            "mail.url: found no user for the password, wanted smtps://USER@HOST",
        ),
        (
            "[mail]\npassword = \"s3cret\"".to_owned(),
            "mail.password: found a secret as it is, wanted env:NAME, file:PATH or literal:…",
        ),
        (
            "[mail]\ntemplates = \"nowhere/at/all\"".to_owned(),
            "mail.templates: found nowhere/at/all, which is no folder, wanted ",
        ),
        (
            "[mail]\nurl = \"smtp://mail\"\nfrom = \"a@b.example\"\nreply_to = \"nobody\""
                .to_owned(),
            "mail.reply_to: found \"nobody\", wanted an address as ",
        ),
        (
            "[outgoing]\nretry_seconds = []".to_owned(),
            "outgoing.retry_seconds: found a list of 0, wanted a list of 1 to 32 whole numbers from 1 to 2592000",
        ),
        (
            "[outgoing]\nretry_seconds = [5, 0]".to_owned(),
            "outgoing.retry_seconds: found 0, wanted a list of 1 to 32 ",
        ),
        (
            "[outgoing]\nretry_seconds = [5, \"6\"]".to_owned(),
            "outgoing.retry_seconds: found a text in the list, wanted a list of 1 to 32 ",
        ),
        (
            "[outgoing]\ntimeout_ms = 300000".to_owned(),
            "outgoing.timeout_ms: found 300000, wanted less than worker.lease_ms_max, which is 300000",
        ),
        (
            "[worker]\nlease_ms_max = 15001\nlease_ms = 15001\n[asking]\ntimeout_ms = 20000"
                .to_owned(),
            "asking.timeout_ms: found 20000, wanted less than worker.lease_ms_max, which is 15001",
        ),
        (
            "[worker]\nlease_ms = 300001".to_owned(),
            "worker.lease_ms_max: found 300000, wanted at least worker.lease_ms, which is 300001",
        ),
        (
            "[worker]\nbreaker_open_seconds = 901".to_owned(),
            "worker.breaker_open_seconds_max: found 900, wanted at least worker.breaker_open_seconds, which is 901",
        ),
        (
            "[[routes]]\nsource = \"books\"".to_owned(),
            "routes[0].source: found \"books\", wanted a source of this shop, which has none",
        ),
        (
            route("url = \"http://u:s3cret@localhost/\""),
            "routes[0].url: found \"http://u:***@localhost/\", wanted an http or https URL without user and fragment",
        ),
        (
            route("").replace("source = \"books\"", "source = \"boks\""),
            "routes[0].source: found \"boks\", wanted a source of this shop: \"books\"",
        ),
        (
            route(&format!("{to}types = [\"*A\"]")),
            "routes[0].types: found \"*A\", wanted a list of types, where * may stand at the end",
        ),
        (
            route(&format!("{to}types = []")),
            "routes[0].types: found an empty list, wanted ",
        ),
        (
            route(&format!("{to}order_by = \"databaseId\"")),
            "routes[0].order_by: found \"databaseId\", wanted a JSON pointer (RFC 6901) as \"/data/id\"",
        ),
        (
            route(&format!("{to}order_by = \"/a~2\"")),
            "routes[0].order_by: found \"/a~2\", wanted a JSON pointer",
        ),
        (
            route(&format!("{to}on_dead = \"wait\"")),
            "routes[0].on_dead: found \"wait\", wanted \"stop\" or \"skip\"",
        ),
        (
            route(&format!("{to}timeout_ms = 99")),
            "routes[0].timeout_ms: found 99, wanted a whole number from 100 to 600000",
        ),
        (
            route(&format!("{to}timeout_ms = 400000")),
            "routes[0].timeout_ms: found 400000, wanted less than worker.lease_ms_max, which is 300000",
        ),
        (
            route(&format!("{to}type = [\"*\"]")),
            "routes[0].type: found an unknown key, wanted a known key; did you mean types?",
        ),
        (
            "routes = 3".to_owned(),
            "routes: found a whole number, wanted a list of tables",
        ),
        (
            "[shops.tea.mail]\nfrm = \"x\"".to_owned(),
            "shops.tea.mail.frm: found an unknown key, wanted a known key; did you mean from?",
        ),
        (
            "[shops.tea.mail]\nurl = \"smtp://mail\"".to_owned(),
            "shops.tea.mail.from: found an empty text, wanted ",
        ),
        (
            "[shops.tea]\nreceipts = \"x\"".to_owned(),
            "shops.tea.receipts: found a text, wanted a table",
        ),
        (
            "[shops.tea]\noutgoing = {}".to_owned(),
            "shops.tea.outgoing: found an unknown key, wanted a known key",
        ),
        (
            format!("{books}{to}[[shops.tea.routes]]\nsource = \"books\"\n{to}"),
            "shops.tea.routes[0].source: found \"books\", wanted a source of this shop, which has none",
        ),
    ] {
        let refusal = refusal(&text);
        assert!(refusal.starts_with(wanted), "{refusal:?} is not {wanted:?}");
        assert!(!refusal.contains("s3cret"), "{refusal}");
    }
}

#[test]
fn lists_of_numbers_may_come_with_commas() {
    let environment = [
        ("TOLLGATE__OUTGOING__RETRY_SECONDS", "5, 60"),
        ("TOLLGATE__OUTGOING__ALLOW_NETWORKS", "10.0.0.0/8"),
    ];
    let config = read("", &environment).expect("it is right");
    assert_eq!(config.outgoing.retry, [Span::seconds(5), Span::minutes(1)]);
    assert_eq!(config.outgoing.allow_networks.len(), 1);
    let wrong = [("TOLLGATE__OUTGOING__RETRY_SECONDS", "5, soon")];
    let refusal = read("", &wrong).expect_err("it is refused").to_string();
    assert!(refusal.contains("found a text in the list"), "{refusal}");
}

#[test]
fn a_font_is_a_file_or_the_name_of_a_family() {
    let text = "[receipts]\nfonts = [\"Noto Sans Thai\", \"a.ttf\", \"sub/b\", \"/opt/c.TTC#2\", \"C# Sans\"]\n\
                [shops.tea.receipts]\nfonts = [\"Tea\"]\nmissing_glyphs = \"print\"\n[shops.cups]";
    let config = Config::from_toml_in(text, Path::new("/etc/tollgate"));
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    let file = |path: &str, face| FontPlace::File {
        path: path.into(),
        face,
    };
    let places = |shop: usize| -> Vec<FontPlace> {
        let fonts = config.shops[shop].receipts.fonts.iter();
        fonts.map(|font| font.place.clone()).collect()
    };
    let main = [
        FontPlace::Named("Noto Sans Thai".to_owned()),
        file("/etc/tollgate/a.ttf", 0),
        file("/etc/tollgate/sub/b", 0),
        file("/opt/c.TTC", 2),
        FontPlace::Named("C# Sans".to_owned()),
    ];
    assert_eq!(places(0), main);
    let at = |name: &str| {
        let at = config.shops.iter().position(|shop| shop.name == name);
        at.expect("it is configured")
    };
    assert_eq!(places(at("cups")), main, "what a shop leaves out is main's");
    assert_eq!(places(at("tea")), [FontPlace::Named("Tea".to_owned())]);
    assert_eq!(
        config.shops[at("tea")].receipts.missing_glyphs,
        MissingGlyphs::Print
    );
    assert_eq!(config.shops[0].receipts.missing_glyphs, MissingGlyphs::Wait);
    assert_eq!(config.shops[0].receipts.fonts[3].key, "receipts.fonts[3]");
}
