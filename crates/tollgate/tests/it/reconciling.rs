//! What no webhook reports: the provider is asked about open payments, about early events when they have
//! waited, and a source that has fallen silent is an alarm.

use std::time::Instant;

use serde_json::{Value, json};
use tollgate_core::command::{Action, CreateOrder};
use tollgate_core::decision::Outcome;
use tollgate_core::id::{RootId, first_id};
use tollgate_core::money::Currency;
use tollgate_core::order::{Customer, Line};
use tollgate_core::time::Span;

use crate::database::Database;
use crate::effects::{Handler, PATIENCE, answer, kinds, until};
use crate::log::Log;
use crate::shop::Shop;
use crate::workshop::{Workshop, now};

/// What Midtrans answers about a payment that it does not know yet.
const NOT_KNOWN: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";

/// An order over 10 000 that was made this long ago, with a payment at Midtrans under the same name.
async fn ordered(database: &Database, code: &str, ago: Span) {
    let then = move || now().plus(Span::millis(-ago.as_millis()));
    let workshop = Workshop::open_at(database, then);
    let chance = uuid::Uuid::now_v7().as_u128() & (u128::MAX >> 52);
    let line = Line {
        sku: "tea".to_owned(),
        name: None,
        quantity: 1,
        unit_minor: 10_000,
        stocked: false,
    };
    let made = workshop
        .submit(Action::CreateOrder(Box::new(CreateOrder {
            fresh: RootId::new(first_id(then()) | chance),
            code: code.to_owned(),
            currency: Currency::new("IDR").expect("it has three letters"),
            lines: vec![line],
            discount_minor: 0,
            shipping_minor: 0,
            customer: Customer::default(),
            slot: None,
            hold: Span::hours(24),
            take_over: None,
            payment: Some(("midtrans".to_owned(), code.to_owned())),
            metadata: "{}".to_owned(),
        })))
        .await;
    assert!(matches!(made, Outcome::Root(_)), "{made:?}");
    workshop.close().await;
}

/// A server that asks Midtrans at this address for what has been open for a minute.
async fn impatient(midtrans: &Handler, database: &Database) -> Shop {
    let url = format!("http://{}", midtrans.address);
    let asking = "[asking]\nreconcile_minutes = 1\n[outgoing]\n";
    let changes = [("{midtrans}", url.as_str()), ("[outgoing]\n", asking)];
    Shop::changed(&changes, database).await
}

/// What Midtrans says of a payment of 10 000 that was made.
fn paid(shop: &Shop, reference: &str) -> Value {
    let webhook = shop.webhook(reference, "one", 10_000);
    serde_json::from_slice(&webhook.body).expect("it is JSON")
}

/// The metric that says whether Midtrans is silent.
async fn silence(shop: &Shop) -> Option<bool> {
    let metrics = shop.get("/metrics").await.text;
    let line = metrics.lines().find(|line| {
        line.starts_with("tollgate_source_silent{")
            && line.contains("shop=\"main\"")
            && line.contains("source=\"midtrans\"")
    })?;
    Some(line.ends_with(" 1"))
}

async fn until_silence(shop: &Shop, is: bool) {
    let since = Instant::now();
    while silence(shop).await != Some(is) {
        assert!(since.elapsed() < PATIENCE, "it is never {is}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// A webhook that never comes: the provider is asked for what has been open for long, its answer pays the
/// order, and nothing that is young is asked for. What comes late after all finds nothing left to do.
#[tokio::test]
async fn a_payment_without_a_webhook_is_found_and_pays_its_order() {
    let mut provider = Handler::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::lasting(folder.path());
    ordered(&database, "OLD-1", Span::minutes(10)).await;
    let shop = impatient(&provider, &database).await;
    let young = json!({
        "source": "midtrans", "reference": "YOUNG-1", "amount": 10_000, "currency": "IDR",
    });
    assert_eq!(shop.post("/v1/payments", &young).await.status, 201);

    let (asked, reply) = provider.next().await;
    assert!(asked.head.starts_with("GET /v2/OLD-1/status "), "{asked:?}");
    reply
        .send(answer(&paid(&shop, "OLD-1")))
        .expect("the worker waits for it");
    let completed = |order: &Value| order["status"] == "completed";
    let order = until(&shop, "/v1/orders/OLD-1", completed).await;
    assert_eq!(order["captured_amount"], 10_000);
    let heard = shop.get("/v1/events").await.body;
    assert_eq!(heard["data"], json!([]), "no webhook has come");

    let late = shop.webhook("OLD-1", "one", 10_000);
    let taken = shop.deliver("/webhooks/midtrans", &late).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let entries = kinds(&shop, "OLD-1").await;
    let count = |kind: &str| entries.iter().filter(|known| *known == kind).count();
    assert_eq!(
        (count("order.paid"), count("receipt.issued")),
        (1, 1),
        "{entries:?}"
    );
    let asked = shop.get("/v1/effects?kind=ask").await.body;
    assert_eq!(
        asked["data"].as_array().map(Vec::len),
        Some(1),
        "nothing asks for what is young or settled: {asked:#}"
    );
    shop.close().await;
}

/// An event whose payment is not registered is asked about when it has waited for `parked_ask_minutes`, and
/// not before; what the provider says waits with it, so the order is born paid.
#[tokio::test]
async fn a_parked_event_is_asked_about_when_it_has_waited() {
    let mut provider = Handler::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::lasting(folder.path());
    let shop = Shop::asking(provider.address, &database).await;
    let early = shop.webhook("EARLY-1", "one", 10_000);
    let taken = shop.deliver("/webhooks/midtrans", &early).await;
    assert_eq!(taken.body["events"][0]["outcome"], "parked", "{taken:?}");
    shop.close().await;
    assert!(provider.try_next().is_none(), "it is not asked about yet");
    let quarter = 15 * 60_000;
    let wait = "select due_at - received_at from events where state = 'parked'";
    assert_eq!(database.number(wait), quarter);

    // Fifteen minutes pass.
    database.change(&format!(
        "update events set due_at = due_at - {quarter}, received_at = received_at - {quarter}"
    ));
    let shop = Shop::asking(provider.address, &database).await;
    let (asked, reply) = provider.next().await;
    assert!(
        asked.head.starts_with("GET /v2/EARLY-1/status "),
        "{asked:?}"
    );
    reply
        .send(answer(&paid(&shop, "EARLY-1")))
        .expect("the worker waits for it");
    let answered = |asked: &Value| asked["data"][0]["state"] == "done";
    until(&shop, "/v1/effects?kind=ask", answered).await;
    let event = shop.get("/v1/events").await.body;
    assert_eq!(event["data"][0]["state"], "parked", "{event:#}");

    let order = json!({
        "code": "E-1", "currency": "IDR",
        "lines": [{ "sku": "t", "quantity": 1, "unit_amount": 10_000, "stocked": false }],
        "payment": { "source": "midtrans", "reference": "EARLY-1" },
    });
    let made = shop.post("/v1/orders", &order).await;
    assert_eq!(
        (made.status, &made.body["status"]),
        (201, &json!("paid")),
        "{made:?}"
    );
    assert_eq!(made.body["captured_amount"], 10_000, "not twice");
    shop.close().await;
}

/// A source of which nothing is heard while its payments are open is an alarm: raised once, however often
/// it is looked at, and over when something is heard.
#[tokio::test]
async fn a_source_that_has_fallen_silent_is_an_alarm_until_it_is_heard() {
    let log = Log::default();
    let _kept = log.keep();
    let provider = Handler::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::lasting(folder.path());
    ordered(&database, "OPEN-1", Span::minutes(10)).await;
    // Old enough to be asked for only in a later round.
    ordered(&database, "OPEN-2", Span::seconds(52)).await;
    let shop = impatient(&provider, &database).await;
    until_silence(&shop, true).await;
    let alarms = || log.count("ERROR", "a source is silent");
    assert_eq!(alarms(), 1);
    assert_eq!(log.count("ERROR", "source=\"midtrans\" shop=\"main\""), 1);

    // It says that it knows nothing of the payments: an answer is not what we wait for.
    let mut asked = provider.answering(NOT_KNOWN);
    let second = async {
        while let Some(asked) = asked.recv().await {
            if asked.head.starts_with("GET /v2/OPEN-2/status ") {
                return;
            }
        }
    };
    let waited = tokio::time::timeout(PATIENCE, second).await;
    waited.expect("it is asked for in its turn");
    until_silence(&shop, true).await;
    assert_eq!(alarms(), 1, "raised once");

    let webhook = shop.webhook("OTHER-1", "one", 10_000);
    let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
    assert_eq!(taken.body["events"][0]["outcome"], "parked", "{taken:?}");
    until_silence(&shop, false).await;
    assert_eq!(log.count("INFO", "a silent source is heard again"), 1);
    assert_eq!(alarms(), 1);
    shop.close().await;
}

/// The other end of the alarm: nothing is open any more.
#[tokio::test]
async fn a_silence_is_over_when_nothing_waits_to_be_heard() {
    let mut provider = Handler::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::lasting(folder.path());
    ordered(&database, "OPEN-1", Span::minutes(10)).await;
    let shop = impatient(&provider, &database).await;
    until_silence(&shop, true).await;
    let (_, reply) = provider.next().await;
    reply
        .send(answer(&paid(&shop, "OPEN-1")))
        .expect("the worker waits for it");
    until_silence(&shop, false).await;
    shop.close().await;
}
