//! Search: by code, name at a source, receipt's number and the customer's words; page by page, each thing once.

use tollgate_core::command::{Action, ChangeOrder, CreateOrder, CustomerChange};
use tollgate_core::order::Customer;
use tollgate_store::{Found, Hit, SearchPlace, SearchQuery};

use crate::rows;
use crate::words::{TRUSTED, by_code, create, event, order, paid_by, register_alone, take_at};
use crate::world::{SHOP, World};

fn customer(name: &str, email: &str, phone: &str) -> Customer {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Customer {
        name: some(name),
        email: some(email),
        phone: some(phone),
        ..Customer::default()
    }
}

async fn make(world: &World, number: u64, code: &str, customer: Customer) {
    let order = CreateOrder {
        customer,
        ..paid_by(order(number, code), &format!("Ref-{number}"))
    };
    world.act(create(order)).await;
}

async fn page(
    world: &World,
    text: &str,
    limit: u32,
    past: Option<SearchPlace>,
) -> (Vec<Hit>, Option<SearchPlace>) {
    let query = SearchQuery {
        text: text.to_owned(),
        sources: Vec::new(),
        limit,
    };
    let page = world.store.search(SHOP, query, past).await;
    let page = page.expect("it reads");
    assert!(page.items.len() <= limit as usize);
    (page.items, page.next)
}

/// Everything that a text finds over pages of every length, which is the same each time: what kind, the title and
/// the member that matched.
async fn found(world: &World, text: &str) -> Vec<String> {
    let mut all: Option<Vec<String>> = None;
    for limit in [50, 1, 2, 3] {
        let (mut hits, mut next) = page(world, text, limit, None).await;
        while next.is_some() {
            let (more, after) = page(world, text, limit, next.take()).await;
            hits.extend(more);
            next = after;
        }
        let shown: Vec<String> = hits.iter().map(shown).collect();
        match &all {
            Some(all) => assert_eq!(*all, shown, "{text:?} in pages of {limit}"),
            None => all = Some(shown),
        }
    }
    all.expect("it was asked for")
}

fn shown(hit: &Hit) -> String {
    let kind = match hit.found {
        Found::Order(_) => "order",
        Found::Payment(_) => "payment",
        Found::Event(_) => "event",
        Found::Receipt(_) => "receipt",
        Found::Customer(_) => "customer",
    };
    format!("{kind} [{}] by {}", hit.title, hit.matched)
}

async fn people() -> World {
    let world = World::new();
    for (number, code, name, email, phone) in [
        (1, "A-1", "Budi Santoso", "budi@example.com", "+62 811-1111"),
        (2, "A-2", "Budiman Sari", "sari@example.com", ""),
        (3, "A-10", "Sari Budi", "", "0812 3456 789"),
        (
            4,
            "a-3",
            "\u{5d3}\u{5d5}\u{5d3} \u{5db}\u{5d4}\u{5df}",
            "",
            "",
        ),
        (
            5,
            "B-1",
            "\u{418}\u{432}\u{430}\u{43d} \u{41f}\u{435}\u{442}\u{440}\u{43e}\u{432}",
            "",
            "",
        ),
        (
            6,
            "B-2",
            "\u{935}\u{93f}\u{937}\u{94d}\u{923}\u{941} \u{936}\u{930}\u{94d}\u{92e}\u{93e}",
            "",
            "",
        ),
        (7, "C%_'1", "100% \"Sure\"", "", ""),
    ] {
        make(&world, number, code, customer(name, email, phone)).await;
    }
    world
}

#[tokio::test]
async fn what_is_called_so_comes_first_and_then_what_begins_so() {
    let world = people().await;
    assert_eq!(
        found(&world, "A-1").await,
        [
            "order [A-1 \u{b7} Budi Santoso] by code",
            "order [A-10 \u{b7} Sari Budi] by code"
        ]
    );
    // As it may have been typed.
    assert_eq!(
        found(&world, "A-3").await,
        ["order [a-3 \u{b7} \u{5d3}\u{5d5}\u{5d3} \u{5db}\u{5d4}\u{5df}] by code"]
    );
    assert_eq!(
        found(&world, "Ref-7").await,
        ["payment [bank \u{b7} Ref-7 \u{b7} C%_'1] by reference"]
    );
    assert_eq!(found(&world, "Ref-").await.len(), 7);
    world.act(register_alone(20, "Ref-", 5)).await;
    let all = found(&world, "Ref-").await;
    assert_eq!(
        (all.len(), all[0].as_str()),
        (8, "payment [bank \u{b7} Ref-] by reference")
    );
    assert_eq!(found(&world, "nobody").await, Vec::<String>::new());
    assert_eq!(found(&world, " ").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_customer_is_found_by_beginnings_of_words_in_every_script() {
    let world = people().await;
    let customer = |title: &str, by: &str| format!("customer [{title}] by customer.{by}");
    let (first, second, third) = (
        "Budi Santoso \u{b7} A-1",
        "Budiman Sari \u{b7} A-2",
        "Sari Budi \u{b7} A-10",
    );
    // Who has the whole word comes first, of these the newest, and each once although two words begin so.
    assert_eq!(
        found(&world, "bUDI").await,
        [
            customer(third, "name"),
            customer(first, "name"),
            customer(second, "name")
        ]
    );
    assert_eq!(
        found(&world, "bud sar").await,
        [customer(third, "name"), customer(second, "name")]
    );
    assert_eq!(
        found(&world, "sari budim").await,
        [customer(second, "name")]
    );
    assert_eq!(
        found(&world, "SARI@example").await,
        [customer(second, "email")]
    );
    assert_eq!(
        found(&world, "budi@example.com").await,
        [customer(first, "email")]
    );
    assert_eq!(found(&world, "0812-3456").await, [customer(third, "phone")]);
    assert_eq!(found(&world, "+62811").await, [customer(first, "phone")]);
    for (text, title) in [
        (
            "\u{200f}\u{5db}\u{5d4}",
            "\u{5d3}\u{5d5}\u{5d3} \u{5db}\u{5d4}\u{5df} \u{b7} a-3",
        ),
        (
            "\u{41f}\u{415}\u{422}",
            "\u{418}\u{432}\u{430}\u{43d} \u{41f}\u{435}\u{442}\u{440}\u{43e}\u{432} \u{b7} B-1",
        ),
        (
            "\u{935}\u{93f}\u{937}\u{94d}",
            "\u{935}\u{93f}\u{937}\u{94d}\u{923}\u{941} \u{936}\u{930}\u{94d}\u{92e}\u{93e} \u{b7} B-2",
        ),
    ] {
        assert_eq!(
            found(&world, text).await,
            [customer(title, "name")],
            "{text}"
        );
    }
}

#[tokio::test]
async fn signs_of_patterns_and_of_texts_are_plain_letters() {
    let world = people().await;
    assert_eq!(
        found(&world, "C%_'").await,
        ["order [C%_'1 \u{b7} 100% \"Sure\"] by code"]
    );
    for text in [
        "%",
        "_",
        "'",
        "\"",
        "\\",
        "a\0",
        "*",
        "\u{10ffff}",
        "\u{202e}",
    ] {
        assert_eq!(found(&world, text).await, Vec::<String>::new(), "{text:?}");
    }
}

#[tokio::test]
async fn what_a_customer_was_called_finds_nothing_after_a_change() {
    let world = people().await;
    let before = rows::count(&world.options.place, "search_terms");
    let change = ChangeOrder {
        order: by_code("A-2"),
        if_version: None,
        customer: CustomerChange {
            name: Some(Some("Agus Sari".to_owned())),
            email: Some(None),
            ..CustomerChange::default()
        },
        metadata: None,
        note: None,
    };
    world.act(Action::ChangeOrder(Box::new(change))).await;
    assert_eq!(found(&world, "budiman").await, Vec::<String>::new());
    assert_eq!(found(&world, "sari@example").await, Vec::<String>::new());
    let agus = ["customer [Agus Sari \u{b7} A-2] by customer.name"];
    assert_eq!(found(&world, "agus").await, agus);
    assert_eq!(found(&world, "agus sari").await, agus);
    // One word and the address went, one word came.
    let after = rows::count(&world.options.place, "search_terms");
    assert_eq!(after, before - 1);
}

#[tokio::test]
async fn a_payment_is_found_by_the_id_that_its_provider_gave_it_later() {
    let world = people().await;
    let mut said = event("evt-key-1", &["Ref-1", "prov-777"], "paid 100");
    said.provider_payment_id = Some("prov-777".to_owned());
    world
        .act(take_at(world.clock.now(), 100, said, TRUSTED))
        .await;
    let payment = "payment [bank \u{b7} Ref-1 \u{b7} A-1] by provider_payment_id";
    for text in ["prov-777", "prov-7", "PROV-777"] {
        assert_eq!(found(&world, text).await, [payment], "{text}");
    }
    // Also where the event does not call the payment by it.
    let mut said = event("evt-key-3", &["Ref-2"], "paid 100");
    said.provider_payment_id = Some("trx-ABC".to_owned());
    world
        .act(take_at(world.clock.now(), 102, said, TRUSTED))
        .await;
    let payment = "payment [bank \u{b7} Ref-2 \u{b7} A-2] by provider_payment_id";
    for text in ["trx-abc", "TRX-"] {
        assert_eq!(found(&world, text).await, [payment], "{text}");
    }
    let event = found(&world, "evt-key-1").await;
    assert_eq!(event.len(), 1, "{event:?}");
    assert!(event[0].starts_with("event [bank"), "{event:?}");
    assert!(event[0].ends_with("by key"), "{event:?}");
    // One that waits for its payment is found at the name where it waits.
    let waits = crate::words::event("evt-key-2", &["Late-1"], "paid 100");
    world
        .act(take_at(world.clock.now(), 101, waits, TRUSTED))
        .await;
    let waiting = found(&world, "Late-1").await;
    assert!(waiting[0].ends_with("by reference"), "{waiting:?}");
}

/// What an order of before the index is found by is written when the database is opened.
#[tokio::test]
async fn a_database_without_the_words_gets_them_when_it_is_opened() {
    let world = people().await;
    let words =
        "select cast(count(*) as text) || ' ' || min(term) || ' ' || max(term) from search_terms";
    let before = rows::text(&world.options.place, words);
    let budi = found(&world, "budi").await;
    let shut = world.shut();
    let undo = "drop table search_terms; delete from migrations where version = 8;";
    shut.database.rows().run(undo);
    if crate::world::server().is_some() {
        let undo = "drop table words_left; delete from migrations where version = 10;";
        shut.database.rows().run(undo);
    }
    let store = tollgate_store::Store::open(shut.options.clone()).expect("it opens again");
    let world = World {
        store,
        options: shut.options,
        clock: crate::world::TestClock::new(),
        database: shut.database,
    };
    assert_eq!(rows::text(&world.options.place, words), before);
    assert_eq!(found(&world, "budi").await, budi);
}

/// What very many have is walked and not gathered: the whole word first, then the longer ones, each order once.
#[tokio::test]
async fn a_word_of_very_many_is_walked_from_the_newest_whole_one() {
    let world = people().await;
    let place = &world.options.place;
    // More than are gathered, which lead to orders that are not there.
    let many = world
        .rows()
        .either(
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < 6000)
         insert into search_terms (shop_id, term, root)
         select 1, 'budi' || char(97 + i % 20), randomblob(16) from n",
            "insert into search_terms (shop_id, term, root)
         select 1, 'budi' || chr(97 + i % 20), sha256(int4send(i))::bytea
           from generate_series(1, 6000) as n (i)",
        )
        .to_owned();
    let many = many.replace(
        "sha256(int4send(i))::bytea",
        "substr(sha256(int4send(i)), 1, 16)",
    );
    rows::run(place, &many);
    let (mut hits, mut next) = page(&world, "budi", 50, None).await;
    let mut pages = 1;
    while next.is_some() {
        let (more, after) = page(&world, "budi", 50, next.take()).await;
        hits.extend(more);
        (next, pages) = (after, pages + 1);
    }
    let shown: Vec<String> = hits.iter().map(shown).collect();
    assert_eq!(
        shown,
        [
            "customer [Sari Budi \u{b7} A-10] by customer.name",
            "customer [Budi Santoso \u{b7} A-1] by customer.name",
            "customer [Budiman Sari \u{b7} A-2] by customer.name",
        ]
    );
    assert!(
        (3..20).contains(&pages),
        "{pages} pages, each of a bounded read"
    );
}
