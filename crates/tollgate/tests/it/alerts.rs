//! What an operator is told: over the API, on the stream and at endpoints, once when it opens and once when it ends.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::access::key;
use crate::database::Database;
use crate::effects::{Handler, OK, PATIENCE, until};
use crate::shop::{KEY, Shop, order};
use crate::tickets::hear_on;

/// Rounds one after the other, and an end as soon as it is not so; more of `[alerts]` behind it.
const HURRIED: &str = "[alerts]\nevery_seconds = 1\nquiet_minutes = 0\n";

/// A calendar with one place, two hours from now.
async fn one_place(shop: &Shop) {
    let calendar = json!({ "unit": "orders", "capacity": 1 });
    let put = shop.call("PUT", "/v1/calendars/bar", &calendar).await;
    assert_eq!(put.status, 200, "{put:?}");
    let hours = |hours: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        at.to_string()
    };
    let slots = json!({ "slots": [{ "starts_at": hours(2), "ends_at": hours(3), "capacity": 1 }] });
    let put = shop.call("PUT", "/v1/calendars/bar/slots", &slots).await;
    assert_eq!(put.status, 200, "{put:?}");
}

/// An order that takes the place.
async fn take_it(shop: &Shop) {
    shop.put_stock("A", 9).await;
    let mut body = order("Z-1", "A", 1);
    body["slot"] = json!({ "calendar": "bar" });
    let made = shop.post("/v1/orders", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
}

/// The first of a list of alerts, once it has one of this key.
async fn alert(shop: &Shop, list: &str, key: &str) -> Value {
    let found = |body: &Value| {
        let alerts = body[list].as_array()?.iter();
        alerts
            .into_iter()
            .find(|alert| alert["key"] == key)
            .cloned()
    };
    let body = until(shop, "/v1/alerts", |body| found(body).is_some()).await;
    found(&body).expect("it was just there")
}

/// The next thing that comes.
async fn next<T>(coming: &mut mpsc::UnboundedReceiver<T>) -> T {
    let next = tokio::time::timeout(PATIENCE, coming.recv()).await;
    next.expect("something comes").expect("it is open")
}

/// What a listener with these headers hears of alerts from the beginning, up to a type.
async fn heard(shop: &Shop, authorization: &str, wanted: &str) -> String {
    let mut stream = TcpStream::connect(shop.address).await.expect("it listens");
    let request = format!(
        "GET /v1/stream?topics=alerts HTTP/1.1\r\nhost: shop\r\nauthorization: {authorization}\r\n\
         last-event-id: 0\r\n\r\n"
    );
    let written = stream.write_all(request.as_bytes()).await;
    written.expect("it reads");
    hear_on(String::new(), &mut stream, wanted).await
}

#[tokio::test]
async fn an_alert_is_told_once_when_it_opens_and_once_when_it_ends() {
    let merchant = Handler::start().await;
    let url = format!("http://{}/hook", merchant.address);
    let mut handed = merchant.answering(OK);
    let database = Database::fleeting();
    let networks = "[outgoing]\nallow_networks = [\"127.0.0.0/8\"]\n";
    let hurried = format!("{HURRIED}[api]\n");
    let changes = [("[outgoing]\n", networks), ("[api]\n", hurried.as_str())];
    let shop = Shop::changed(&changes, &database).await;
    let endpoint = json!({ "url": url, "events": ["alert.*"] });
    assert_eq!(shop.post("/v1/endpoints", &endpoint).await.status, 201);
    one_place(&shop).await;
    take_it(&shop).await;
    let open = alert(&shop, "open", "slots_nearly_full:bar").await;
    let what = "1 of 1 places of calendar bar in the next 24 hours are taken";
    assert_eq!(
        (&open["what"], &open["level"], &open["of"]),
        (&what.into(), &"warn".into(), &"shop".into())
    );
    assert_eq!(
        (&open["times"], &open["ended_at"]),
        (&json!(1), &Value::Null)
    );
    // It goes on being seen, and is told no more for that.
    let seen_again = |body: &Value| body["open"][0]["last_seen_at"] != open["last_seen_at"];
    until(&shop, "/v1/alerts", seen_again).await;
    assert_eq!(
        shop.post("/v1/orders/Z-1/cancel", &json!({})).await.status,
        200
    );
    let ended = alert(&shop, "ended", "slots_nearly_full:bar").await;
    assert_eq!(ended["since"], open["since"]);
    assert!(ended["ended_at"].is_string(), "{ended}");
    let mut kinds = Vec::new();
    while kinds.len() < 2 {
        let notice = next(&mut handed).await;
        assert!(notice.header("webhook-signature").is_some());
        let body = notice.json();
        assert_eq!(body["data"]["rule"], "slots_nearly_full", "{body}");
        kinds.push(body["type"].as_str().unwrap_or_default().to_owned());
    }
    kinds.sort_unstable();
    assert_eq!(kinds, ["alert.ended", "alert.opened"]);
    let streamed = heard(&shop, &format!("Bearer {KEY}"), "event: alert.ended\n").await;
    assert_eq!(
        streamed.matches("event: alert.opened\n").count(),
        1,
        "{streamed}"
    );
    assert!(streamed.contains(what), "{streamed}");
    let notices = shop.get("/v1/effects?kind=notify").await;
    assert_eq!(
        notices.body["data"].as_array().map(Vec::len),
        Some(2),
        "{notices:?}"
    );
    shop.close().await;
}

/// A disk that never has enough room is the operator's alone to know.
#[tokio::test]
async fn alerts_of_the_server_are_for_admins_of_main() {
    let folder = tempfile::tempdir().expect("it can be made");
    let database = Database::fleeting();
    let alerts = format!("{HURRIED}disk_free_mib = 1000000000\n[api]\n");
    let receipts = format!("directory = \"{}\"", folder.path().display());
    let changes = [
        ("[api]\n", alerts.as_str()),
        ("directory = \"\"", &receipts),
    ];
    let shop = Shop::changed(&changes, &database).await;
    one_place(&shop).await;
    take_it(&shop).await;
    // Both were there in one round, or the shop's came later.
    alert(&shop, "open", "slots_nearly_full:bar").await;
    let is_disk = |alert: &Value| alert["rule"] == "disk_low" && alert["of"] == "server";
    let has_disk = |body: &Value| {
        body["open"]
            .as_array()
            .is_some_and(|open| open.iter().any(is_disk))
    };
    until(&shop, "/v1/alerts", has_disk).await;
    let (_, reader) = key(&shop, &["read"], None).await;
    let (_, of_tea) = key(&shop, &["admin", "read"], Some("tea")).await;
    let rules = async |authorization: &str| {
        let headers = [("authorization", authorization)];
        let shown = shop.send("GET", "/v1/alerts", &headers, b"").await;
        let open = shown.body["open"].as_array().expect("it is a list").clone();
        let rules = open
            .iter()
            .map(|alert| alert["rule"].as_str().unwrap_or_default().to_owned());
        rules.collect::<Vec<String>>()
    };
    assert_eq!(rules(&reader).await, ["slots_nearly_full"]);
    assert!(rules(&of_tea).await.is_empty());
    // On the stream likewise: what comes behind it is heard, it is not.
    assert_eq!(
        shop.post("/v1/orders/Z-1/cancel", &json!({})).await.status,
        200
    );
    let theirs = heard(&shop, &reader, "event: alert.ended\n").await;
    assert!(
        !theirs.contains("disk_low") && theirs.contains("slots_nearly_full"),
        "{theirs}"
    );
    let ours = heard(&shop, &format!("Bearer {KEY}"), "event: alert.ended\n").await;
    assert!(ours.contains("disk_low"), "{ours}");
    shop.close().await;
}

/// What is written to the operator says no more to others than the list of alerts does.
#[tokio::test]
async fn mails_about_the_server_are_shown_to_admins_of_main() {
    let (address, _taken) = mail_server().await;
    let folder = tempfile::tempdir().expect("it can be made");
    let path = folder.path().display().to_string();
    let database = Database::fleeting();
    let alerts = format!(
        "{HURRIED}disk_free_mib = 1000000000\nmail_to = [\"ops@shop.example\"]\n[mail]\nurl = \"smtp://{address}\"\n\
         from = \"tollgate@shop.example\"\n[api]\n"
    );
    let receipts = format!("directory = \"{path}\"");
    let changes = [
        ("[api]\n", alerts.as_str()),
        ("directory = \"\"", &receipts),
    ];
    let shop = Shop::changed(&changes, &database).await;
    one_place(&shop).await;
    take_it(&shop).await;
    let is_whole = |list: &Value| {
        let mails = list["data"].as_array();
        let of = |whose: &str| {
            mails.is_some_and(|mails| mails.iter().any(|mail| mail["content"]["of"] == whose))
        };
        of("server") && of("shop")
    };
    let whole = until(&shop, "/v1/effects?kind=mail", is_whole).await;
    let (_, reader) = key(&shop, &["read"], None).await;
    let headers = [("authorization", reader.as_str())];
    let shown = shop
        .send("GET", "/v1/effects?kind=mail", &headers, b"")
        .await;
    let text = shown.body.to_string();
    for secret in ["ops@shop.example", path.as_str(), "disk_low"] {
        assert!(whole.to_string().contains(secret), "{secret}: {whole}");
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let mails = shown.body["data"].as_array().expect("it is a list");
    let of = |whose: &str| {
        let mut mails = mails.iter();
        mails
            .find(|mail| mail["content"]["of"] == whose)
            .expect("it is there")
    };
    let server = of("server");
    assert_eq!(
        (&server["target"], &server["key"]),
        (&"alert".into(), &"mail:alert:…".into())
    );
    assert_eq!(
        server["content"],
        json!({ "about": "alert", "of": "server", "ended": false })
    );
    assert_eq!(of("shop")["content"]["rule"], "slots_nearly_full");
    let one = format!("/v1/effects/{}", server["id"].as_str().expect("it has one"));
    let shown = shop.send("GET", &one, &headers, b"").await;
    let text = shown.body.to_string();
    assert!(
        shown.status == 200 && !text.contains(&path) && !text.contains('@'),
        "{text}"
    );
    shop.close().await;
}

/// Orders that are paid, late and early webhooks, a sold-out sku, a cancelled order: nobody is told of anything.
#[tokio::test]
async fn a_shop_that_is_well_has_no_alerts() {
    let database = Database::fleeting();
    let alerts = format!("{HURRIED}[api]\n");
    let shop = Shop::changed(&[("[api]\n", &alerts)], &database).await;
    shop.put_stock("A", 3).await;
    for number in 0..3 {
        let code = format!("W-{number}");
        let early = shop.webhook(&format!("{code}-1"), &format!("t-{number}"), 15_000_000);
        if number == 0 {
            assert_eq!(shop.deliver("/webhooks/midtrans", &early).await.status, 200);
        }
        let mut body = order(&code, "A", 1);
        body["payment"] = json!({ "source": "midtrans", "reference": format!("{code}-1") });
        assert_eq!(shop.post("/v1/orders", &body).await.status, 201);
        if number == 1 {
            assert_eq!(shop.deliver("/webhooks/midtrans", &early).await.status, 200);
            assert_eq!(shop.deliver("/webhooks/midtrans", &early).await.status, 200);
        }
    }
    assert_eq!(
        shop.post("/v1/orders", &order("W-9", "A", 1)).await.status,
        409
    );
    assert_eq!(
        shop.post("/v1/orders/W-2/cancel", &json!({})).await.status,
        200
    );
    // A round that sees something sees all there is.
    one_place(&shop).await;
    take_it(&shop).await;
    alert(&shop, "open", "slots_nearly_full:bar").await;
    let shown = shop.get("/v1/alerts").await.body;
    assert_eq!(shown["open"].as_array().map(Vec::len), Some(1), "{shown}");
    assert_eq!(shown["ended"], json!([]));
    shop.close().await;
}

/// A mail server that takes every mail and passes it on.
async fn mail_server() -> (std::net::SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let (sender, taken) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take_mail(stream, sender.clone()));
        }
    });
    (address, taken)
}

async fn take_mail(stream: TcpStream, sender: mpsc::UnboundedSender<String>) {
    let mut stream = BufReader::new(stream);
    let mut mail = String::new();
    let mut in_data = false;
    let mut reply = "220 mail";
    loop {
        if !reply.is_empty() {
            let written = stream.write_all(format!("{reply}\r\n").as_bytes()).await;
            if written.is_err() {
                return;
            }
        }
        let mut line = String::new();
        match stream.read_line(&mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let line = line.trim_end();
        reply = match (in_data, line) {
            (true, ".") => {
                in_data = false;
                // The test may have ended.
                let _ = sender.send(std::mem::take(&mut mail));
                "250 taken"
            }
            (true, line) => {
                mail.push_str(line);
                mail.push('\n');
                ""
            }
            (false, "DATA") => {
                in_data = true;
                "354 go on"
            }
            (false, "QUIT") => "221 bye",
            (false, _) => "250 well",
        };
    }
}

#[tokio::test]
async fn who_is_to_be_written_gets_one_mail_for_the_opening_and_one_for_the_end() {
    let (address, mut taken) = mail_server().await;
    let database = Database::fleeting();
    let mail = format!(
        "{HURRIED}mail_to = [\"ops@shop.example\"]\n[mail]\nurl = \"smtp://{address}\"\n\
         from = \"tollgate@shop.example\"\n[api]\n"
    );
    let shop = Shop::changed(&[("[api]\n", &mail)], &database).await;
    one_place(&shop).await;
    take_it(&shop).await;
    let opened = next(&mut taken).await;
    let subject = "Subject: [warn] slots_nearly_full bar (main)\n";
    assert!(opened.contains(subject), "{opened}");
    assert!(opened.contains("To: ops@shop.example"), "{opened}");
    assert!(opened.contains("1 of 1 places of calendar bar"), "{opened}");
    assert_eq!(
        shop.post("/v1/orders/Z-1/cancel", &json!({})).await.status,
        200
    );
    let ended = next(&mut taken).await;
    assert!(
        ended.contains("Subject: [ended] slots_nearly_full bar (main)\n"),
        "{ended}"
    );
    let is_done = |list: &Value| {
        list["data"].as_array().is_some_and(|mails| {
            mails.len() == 2 && mails.iter().all(|mail| mail["state"] == "done")
        })
    };
    let mails = until(&shop, "/v1/effects?kind=mail", is_done).await;
    assert_eq!(mails["data"][0]["content"]["about"], "alert", "{mails}");
    assert!(taken.try_recv().is_err(), "there are two");
    shop.close().await;
}
