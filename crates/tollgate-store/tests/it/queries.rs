//! The queries of docs/queries.md: each runs on both databases, finds what it says, and finds nothing
//! where nothing is right.

use tollgate_core::event::Event;
use tollgate_core::id::DeliveryId;
use tollgate_store::Rejected;

use crate::views::issue_receipts;
use crate::words::{
    calendar, create, currency, event, fact, hear, hold, in_slot, order_of, paid_by, put_calendar,
    root_id, slots, stock, take,
};
use crate::world::{SHOP, START, World};

const DOCUMENT: &str = include_str!("../../../../docs/queries.md");

/// The order that the document asks about.
const CODE: &str = "ZVR-20260122-ABC";

/// A query of the document, with the heading it stands under.
struct Query {
    heading: String,
    sqlite: String,
    /// Where it needs other words than the first.
    postgres: Option<String>,
}

fn queries() -> Vec<Query> {
    let mut queries: Vec<Query> = Vec::new();
    let mut heading = "";
    let mut lines = DOCUMENT.lines();
    while let Some(line) = lines.next() {
        if let Some(words) = line.strip_prefix("## ") {
            heading = words;
        }
        if line != "```sql" && line != "```psql" {
            continue;
        }
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = text.join("\n");
        if line == "```sql" {
            queries.push(Query {
                heading: heading.to_owned(),
                sqlite: text,
                postgres: None,
            });
        } else {
            let first = queries.last_mut().expect("the one for SQLite stands first");
            assert_eq!(first.heading, heading, "both stand under one heading");
            first.postgres = Some(text);
        }
    }
    queries
}

/// A day in a shop: something of everything the document asks about.
async fn live(world: &World) {
    let reference = format!("{CODE}-1737558000");
    let kept = |number: u64, code: &str| {
        let order = paid_by(
            order_of(number, code, "A", 1),
            &format!("{code}-1737558000"),
        );
        create(in_slot(order, "kitchen"))
    };
    let dollars = Event {
        facts: vec![tollgate_core::event::Fact {
            money: Some(tollgate_core::money::Money {
                minor: 100,
                currency: currency("USD"),
            }),
            ..fact("paid 100")
        }],
        ..event("e-foreign", &["FOREIGN-1737558000"], "paid 100")
    };
    for action in [
        stock("A", 10),
        put_calendar(calendar("kitchen", 5), slots(4..8)),
        // An early webhook, the order it is for, and the same fact under another key.
        hear(11, "e-1", &reference, "paid 100"),
        kept(1, CODE),
        hear(12, "e-2", &reference, "pending"),
        // An order that waits, one that is paid in part, one that got another currency, and a cart.
        kept(2, "WAITS"),
        kept(3, "PART"),
        hear(13, "e-3", "PART-1737558000", "paid 40"),
        kept(4, "FOREIGN"),
        take(14, dollars),
        hold(5, "A", 2),
        // A webhook that nothing waits for.
        hear(15, "e-5", "nobody-registered-this", "paid 100"),
    ] {
        world.act(action).await;
    }
    issue_receipts(world, 1, 1).await;
    world.store.keep_rejected(Rejected {
        shop: SHOP,
        delivery: DeliveryId::on(root_id(16), 0),
        source: "bank".to_owned(),
        at: START,
        code: "signature_invalid".to_owned(),
        detail: "the signature is another one".to_owned(),
        peer: None,
        headers: "[]".to_owned(),
        body: b"{}".to_vec(),
    });
    world.store.ready().await.expect("it takes writes");
}

#[tokio::test]
async fn every_query_of_the_document_runs_and_finds_what_it_says() {
    let world = World::new();
    live(&world).await;
    let rows = world.rows();
    let queries = queries();
    assert!(20 <= queries.len(), "{} queries are there", queries.len());
    for query in &queries {
        let Query {
            heading, sqlite, ..
        } = query;
        let sql = rows.either(sqlite, query.postgres.as_ref().unwrap_or(sqlite));
        let found = rows.table(sql).rows;
        // What is asked about the real time is not asked about that of the test.
        if sqlite.contains("'now'") {
            continue;
        }
        let is_right = found.is_empty() == sql.contains("-- nothing is right");
        assert!(is_right, "{heading}: {found:?}\n{sql}");
    }
}
