//! Papers and mails as a customer and an accountant get them, from a server with its own worker.

use std::net::SocketAddr;

use mail_parser::MimeHeaders;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::database::Database;
use crate::effects::{PATIENCE, until};
use crate::shop::Shop;

/// A mail server of the tests: takes every mail and passes its content on.
async fn mail_server() -> (SocketAddr, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let (sender, mails) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take_mail(stream, sender.clone()));
        }
    });
    (address, mails)
}

async fn take_mail(stream: TcpStream, sender: mpsc::UnboundedSender<Vec<u8>>) {
    let mut stream = tokio::io::BufReader::new(stream);
    let say = async |stream: &mut tokio::io::BufReader<TcpStream>, line: &str| {
        let _ = stream.write_all(format!("{line}\r\n").as_bytes()).await;
    };
    say(&mut stream, "220 tests").await;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let command = line.trim_end().to_ascii_uppercase();
        if command.starts_with("DATA") {
            say(&mut stream, "354 go on").await;
            let mut mail = Vec::new();
            while !mail.ends_with(b"\r\n.\r\n") {
                if stream.read_until(b'\n', &mut mail).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            mail.truncate(mail.len() - 3);
            let _ = sender.send(mail);
            say(&mut stream, "250 taken").await;
        } else if command.starts_with("QUIT") {
            say(&mut stream, "221 bye").await;
            return;
        } else {
            say(&mut stream, "250 well").await;
        }
    }
}

/// A shop in Indonesian that writes mails, with more in its `[mail]`.
async fn writing(address: SocketAddr, more: &str, database: &Database) -> Shop {
    let mail = format!(
        "[mail]\nurl = \"smtp://{address}\"\nfrom = \"Batik Shop <orders@shop.example>\"\n{more}\n"
    );
    let receipts = "[receipts]\nnumber = \"INV/{year}/{shop}/{n:04}\"\nfooter = \"Buka setiap hari\"\n\
                    taxes = [{ name = \"PPN\", percent = \"11\" }]\n";
    let changes = [
        ("\n[server]", "\nlocale = \"id\"\n[server]"),
        (
            "[server]\n",
            "[server]\npublic_url = \"https://pay.shop.example\"\n",
        ),
        ("[receipts]\n", receipts),
        ("[outgoing]\n", &format!("{mail}[outgoing]\n")),
    ];
    Shop::changed(&changes, database).await
}

/// An order of 1 050.00 less 150.00 with 100.00 for shipping, by a customer without a language.
fn order(code: &str) -> Value {
    json!({
        "code": code, "currency": "IDR",
        "lines": [{ "sku": "t", "name": "Kain", "quantity": 1, "unit_amount": 105_000, "stocked": false }],
        "discount_amount": 15_000, "shipping_amount": 10_000,
        "customer": {
            "name": "Siti", "email": "siti@example.com",
            "address": "Jl. Kaliurang 7\nSleman", "tax_id": "09.876",
        },
    })
}

/// What a customer has got: the subject, the text, and the file that was attached.
struct Got {
    subject: String,
    text: String,
    file: Option<(String, Vec<u8>)>,
}

async fn next(mails: &mut mpsc::UnboundedReceiver<Vec<u8>>) -> Got {
    let mail = tokio::time::timeout(PATIENCE, mails.recv()).await;
    let mail = mail.expect("a mail comes").expect("the server listens");
    let parser = mail_parser::MessageParser::default();
    let mail = parser.parse(mail.as_slice()).expect("it is a mail");
    let to = mail.to().and_then(|to| to.first());
    assert_eq!(to.and_then(|to| to.address()), Some("siti@example.com"));
    let from = mail.from().and_then(|from| from.first());
    assert_eq!(from.and_then(|from| from.name()), Some("Batik Shop"));
    let file = mail.attachments().next().map(|part| {
        let name = part.attachment_name().unwrap_or_default().to_owned();
        (name, part.contents().to_vec())
    });
    Got {
        subject: mail.subject().unwrap_or_default().to_owned(),
        text: mail
            .body_text(0)
            .unwrap_or_default()
            .replace('\u{a0}', " ")
            .replace("\r\n", "\n"),
        file,
    }
}

async fn manual_payment(shop: &Shop, code: &str) -> String {
    let body = json!({ "order": code, "source": "manual", "reference": format!("cash-{code}") });
    let key = format!("payment-of-{code}");
    let payment = shop.keyed("/v1/payments", &key, &body).await;
    payment.body["id"]
        .as_str()
        .expect("it has an id")
        .to_owned()
}

/// All that was frozen of an order's receipts, oldest first, once there are so many and all are issued.
async fn receipts(shop: &Shop, code: &str, count: usize) -> Vec<Value> {
    let all_issued = |listed: &Value| {
        let data = listed["data"].as_array().expect("it is a list");
        data.len() == count && data.iter().all(|receipt| receipt["state"] == "issued")
    };
    let listed = until(shop, &format!("/v1/orders/{code}/receipts"), all_issued).await;
    let mut frozen = Vec::new();
    for receipt in listed["data"].as_array().into_iter().flatten().rev() {
        let id = receipt["id"].as_str().expect("it has an id");
        frozen.push(shop.get(&format!("/v1/receipts/{id}")).await.body);
    }
    frozen
}

/// The figures of docs/money.md, on paper and in the mails.
#[tokio::test]
async fn an_order_in_parts_adds_up_on_paper_and_in_mails() {
    let (address, mut mails) = mail_server().await;
    let database = Database::fleeting();
    let shop = writing(address, "", &database).await;
    assert_eq!(shop.post("/v1/orders", &order("M-1")).await.status, 201);
    let payment = manual_payment(&shop, "M-1").await;
    let capture = format!("/v1/payments/{payment}/capture");
    let cash = json!({ "amount": 40_000, "note": "cash" });
    assert_eq!(shop.post(&capture, &cash).await.status, 200);
    let first = next(&mut mails).await;
    for line in [
        "Kain × 1: Rp 1.050\nDiskon: \u{2212}Rp 150\nOngkos kirim: Rp 100\nTotal: Rp 1.000\n",
        "Total: Rp 1.000\nJumlah dibayar: Rp 400\nSisa yang harus dibayar: Rp 600\nDibayar melalui: Tunai\n",
        "Buka setiap hari",
    ] {
        assert!(first.text.contains(line), "{line} in {}", first.text);
    }
    let transfer = json!({ "amount": 60_000, "note": "bank transfer: BCA" });
    assert_eq!(shop.post(&capture, &transfer).await.status, 200);
    let second = next(&mut mails).await;
    assert_eq!(
        second.subject,
        "main: pembayaran pesanan M-1 telah diterima"
    );
    let lines = "Total: Rp 1.000\nDibayar sebelumnya: Rp 400\nJumlah dibayar: Rp 600\n\
                 Dibayar melalui: Transfer bank BCA\n";
    assert!(second.text.contains(lines), "{}", second.text);
    let refund = json!({ "amount": 25_000, "reason": "sobek" });
    let refunded = shop
        .post(&format!("/v1/payments/{payment}/refund"), &refund)
        .await;
    assert_eq!(refunded.status, 201, "{refunded:?}");
    let third = next(&mut mails).await;
    let lines =
        "Total: Rp 1.000\nJumlah dikembalikan: Rp 250\nTetap dibayar: Rp 750\nAlasan: sobek\n";
    assert!(third.text.contains(lines), "{}", third.text);

    let papers = receipts(&shop, "M-1", 3).await;
    let figures: Vec<Value> = papers
        .iter()
        .map(|paper| {
            let part = &paper["part"];
            json!([
                paper["amount"],
                paper["taxes"][0]["amount"],
                part["lines_amount"],
                part["discount_amount"],
                part["shipping_amount"],
                part["before_amount"],
                part["left_amount"],
            ])
        })
        .collect();
    assert_eq!(
        json!(figures),
        json!([
            [40_000, 3_964, 42_000, 6_000, 4_000, 0, 60_000],
            [60_000, 5_946, 63_000, 9_000, 6_000, 40_000, 0],
            [25_000, 2_478, 26_250, 3_750, 2_500, 100_000, 25_000],
        ])
    );
    let year = papers[0]["number"].as_str().expect("it is numbered")[4..8].to_owned();
    let number = |n: u32| format!("INV/{year}/main/{n:04}");
    for (paper, n) in papers.iter().zip(1..) {
        assert_eq!(paper["number"], number(n));
        assert_eq!(paper["locale"], "id", "the shop's language");
        assert_eq!(paper["buyer"]["address"], "Jl. Kaliurang 7\nSleman");
        assert_eq!(paper["buyer"]["tax_id"], "09.876");
    }
    assert_eq!(papers[2]["original_number"], number(1));
    assert_eq!(papers[2]["reason"], "sobek");
    assert_eq!(papers[0]["payment"]["method"], json!({ "kind": "cash" }));
    // Each mail has carried the very file of its receipt, under a name that leads nowhere.
    for ((mail, paper), n) in [first, second, third].iter().zip(&papers).zip(1..) {
        let (name, file) = mail.file.as_ref().expect("it carries one");
        assert_eq!(*name, format!("INV-{year}-main-{n:04}.pdf"));
        assert_eq!(
            paper["sha256"],
            hex::encode(Sha256::digest(file)),
            "byte for byte"
        );
    }
    let id = papers[0]["id"].as_str().expect("it has an id");
    let file = shop.get(&format!("/v1/receipts/{id}.pdf")).await;
    let name = format!("inline; filename=\"INV-{year}-main-0001.pdf\"");
    assert_eq!(file.header("content-disposition"), Some(name.as_str()));
    // Anybody who has the paper sees its figures in its own form.
    let url = papers[2]["verification_url"].as_str().expect("it has one");
    let path = &url[url.find("/r/").expect("it is ours")..];
    let page = shop
        .send("GET", path, &[("accept", "text/html")], b"")
        .await
        .text;
    for part in [
        "<html lang=\"id\" dir=\"ltr\">",
        "<h1>Bukti Pengembalian Dana</h1>",
        "<dt>Jumlah dikembalikan</dt><dd><bdi>Rp\u{a0}250</bdi></dd>",
        &format!("<bdi>{}</bdi>", number(3)),
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("Siti") && !page.contains("sobek"), "{page}");
    shop.close().await;
}

/// One mail says that an order is paid and carries its receipt; a shop may want two.
#[tokio::test]
async fn a_customer_is_written_to_once_or_twice_as_the_shop_likes() {
    for (more, count) in [("", 1), ("receipt = \"own\"", 2)] {
        let (address, mut mails) = mail_server().await;
        let database = Database::fleeting();
        let shop = writing(address, more, &database).await;
        let mut wanted = order("M-1");
        wanted["payment"] = json!({ "source": "midtrans", "reference": "M-1-x" });
        wanted["customer"]["locale"] = "en".into();
        assert_eq!(shop.post("/v1/orders", &wanted).await.status, 201);
        let webhook = shop.webhook("M-1-x", "one", 100_000);
        let answer = shop.deliver("/webhooks/midtrans", &webhook).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut got = Vec::new();
        for _ in 0..count {
            got.push(next(&mut mails).await);
        }
        let files: Vec<bool> = got.iter().map(|mail| mail.file.is_some()).collect();
        assert_eq!(files.iter().filter(|has| **has).count(), 1, "{files:?}");
        let paid = got
            .iter()
            .find(|mail| mail.subject == "main: order M-1 is paid")
            .expect("one says so");
        assert!(
            paid.text
                .contains("We have received IDR 1,000 for order M-1"),
            "{}",
            paid.text
        );
        let papers = receipts(&shop, "M-1", 1).await;
        assert_eq!(
            papers[0]["payment"]["method"],
            json!({ "kind": "virtual_account", "detail": "BCA" })
        );
        // Nothing else is to be sent.
        let done = |effects: &Value| {
            let data = effects["data"].as_array().expect("it is a list");
            data.len() == count && data.iter().all(|effect| effect["state"] == "done")
        };
        until(&shop, "/v1/effects?kind=mail", done).await;
        let shown = shop.get("/v1/orders/M-1").await.body;
        assert_eq!(
            shown["payments"][0]["method"],
            json!({ "kind": "virtual_account", "detail": "BCA" })
        );
        shop.close().await;
    }
}

/// A number keeps the form in which it was given, and goes on without a gap in another.
#[tokio::test]
async fn a_number_never_changes_when_the_form_does() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let mut numbers = Vec::new();
    for (code, format) in [("M-1", "{n}.{year}"), ("M-2", "INV/{year}/{n:03}")] {
        let receipts_of = format!("[receipts]\nnumber = \"{format}\"\n");
        let shop = Shop::changed(&[("[receipts]\n", &receipts_of)], &database).await;
        // Each server draws its keys of idempotency anew, and both have one database.
        let made = shop.keyed("/v1/orders", code, &order(code)).await;
        assert_eq!(made.status, 201, "{made:?}");
        let payment = manual_payment(&shop, code).await;
        let cash = json!({ "amount": 100_000 });
        let path = format!("/v1/payments/{payment}/capture");
        let taken = shop.keyed(&path, &format!("cash-for-{code}"), &cash).await;
        assert_eq!(taken.status, 200, "{taken:?}");
        receipts(&shop, code, 1).await;
        numbers.clear();
        for code in ["M-1", "M-2"] {
            let listed = shop.get(&format!("/v1/orders/{code}/receipts")).await;
            numbers.push(listed.body["data"][0]["number"].clone());
        }
        shop.close().await;
    }
    let first = numbers[0].as_str().expect("it is numbered");
    let year = first.strip_prefix("1.").expect("it is as it was");
    assert_eq!(numbers[1], format!("INV/{year}/002"));
}

/// An address that no mail reaches ends the mail with its reason: the worker goes on, and nothing is unknown.
#[tokio::test]
async fn a_mail_to_an_address_that_is_none_ends_with_its_reason() {
    let (address, mut mails) = mail_server().await;
    let mail = format!(
        "[mail]\nurl = \"smtp://{address}\"\nfrom = \"Batik Shop <orders@shop.example>\"\n"
    );
    let database = Database::fleeting();
    let shop = Shop::with(&mail, &database).await;
    let paid = async |code: &str, email: &str| {
        let reference = format!("{code}-x");
        let order = json!({
            "code": code, "currency": "IDR",
            "lines": [{ "sku": "t", "quantity": 1, "unit_amount": 10_000, "stocked": false }],
            "payment": { "source": "midtrans", "reference": reference },
            "customer": { "name": "Kay", "email": email },
        });
        assert_eq!(shop.post("/v1/orders", &order).await.status, 201);
        let webhook = shop.webhook(&reference, &reference, 10_000);
        let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
        assert_eq!(taken.status, 200);
    };
    paid("M-1", "k@[x]").await;
    let path = "/v1/effects?kind=mail&state=dead";
    let dead = until(&shop, path, |body| {
        body["data"].as_array().is_some_and(|data| data.len() == 1)
    });
    let dead = dead.await;
    for effect in dead["data"].as_array().expect("a list") {
        let error = effect["reason"].as_str().unwrap_or_default();
        assert!(error.contains("k@[x]"), "{effect}");
    }
    let unknown = shop.get("/v1/effects?kind=mail&state=unknown").await;
    assert_eq!(unknown.body["data"], json!([]));
    // The next is written to.
    paid("M-2", "siti@example.com").await;
    let mail = tokio::time::timeout(PATIENCE, mails.recv()).await;
    mail.expect("a mail comes").expect("the server listens");
    shop.close().await;
}
