//! How many bytes an order takes in the database, as docs/sizing.md has it.

use std::collections::BTreeMap;

use serde_json::json;
use tollgate_providers::SampleStatus;

use crate::harness::{Home, Said, Tollgate, until};

/// Orders that are made first, so that what every table has once is not counted, and those that are measured.
const FIRST: usize = 40;
const MEASURED: usize = 160;

const TOTAL: i64 = 15_020_000;

/// How far a figure may be from the one of the page: pages of tables are filled unequally.
const BOUND_PERCENT: i64 = 30;

/// Bytes of every table, and of its indexes.
type Sizes = BTreeMap<String, (i64, i64)>;

const ON_SQLITE: &str = "\
    select group_concat(line, char(10))
      from (select s.tbl_name || ' ' ||
                   sum(case when s.type = 'table' then d.pgsize else 0 end) || ' ' ||
                   sum(case when s.type = 'table' then 0 else d.pgsize end) as line
              from dbstat d
              join sqlite_schema s on s.name = d.name
             group by s.tbl_name)";

const ON_POSTGRES: &str = "\
    select string_agg(name || ' ' || rows || ' ' || indexes, chr(10))
      from (select coalesce(p.relname, c.relname) as name,
                   sum(pg_table_size(c.oid)) as rows, sum(pg_indexes_size(c.oid)) as indexes
              from pg_class c
              left join pg_inherits i on i.inhrelid = c.oid
              left join pg_class p on p.oid = i.inhparent
             where c.relkind = 'r' and c.relnamespace = cast('public' as regnamespace)
             group by 1) as tables";

fn is_server() -> bool {
    std::env::var("TOLLGATE_TEST_POSTGRES").is_ok()
}

fn sizes(home: &Home) -> Sizes {
    let query = if is_server() { ON_POSTGRES } else { ON_SQLITE };
    let lines = home.database().ask(query);
    let read = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next()?.to_owned();
        let mut number = || words.next()?.parse::<i64>().ok();
        Some((name, (number()?, number()?)))
    };
    let sizes = lines
        .lines()
        .map(|line| read(line).expect("a table and two sizes"));
    sizes.collect()
}

/// An order as a shop makes it: two things, a customer, a payment at a provider that reports it twice, a receipt.
fn sell(home: &Home, server: &Tollgate, number: usize) {
    let mut client = server.client();
    let (code, reference) = (
        format!("ZVR-20260122-{number:05}"),
        format!("ZVR-20260122-{number:05}-1737558000"),
    );
    let order = json!({
        "code": code,
        "currency": "IDR",
        "lines": [
            { "sku": "BATIK-M", "name": "Batik shirt M", "quantity": 2, "unit_amount": 7_500_000 },
            { "sku": "GIFT-WRAP", "name": "Gift wrapping", "quantity": 1, "unit_amount": 20_000, "stocked": false },
        ],
        "customer": {
            "name": format!("Dewi Lestari {number}"), "email": format!("dewi.{number}@example.com"),
            "phone": format!("+62 812 5550 {number:04}"), "locale": "id",
        },
        "payment": { "source": "midtrans", "reference": reference },
    });
    client.create("/v1/orders", &order).expect(201);
    for status in [SampleStatus::Pending, SampleStatus::Paid] {
        let webhook = home.webhook(Said::paid("midtrans", &reference, TOTAL).status(status));
        client.deliver("midtrans", &webhook).event();
    }
}

/// The row of docs/sizing.md that has all tables.
fn documented() -> i64 {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sizing.md");
    let page = std::fs::read_to_string(page).expect("it is there");
    let row = page.lines().find(|line| line.starts_with("| **all** |"));
    let row = row.expect("the table of docs/sizing.md has a row of all");
    let column = if is_server() { 4 } else { 3 };
    let digits = row
        .split('|')
        .nth(column - 1)
        .expect("it has such a column");
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("it is a number")
}

#[test]
fn an_order_takes_as_many_bytes_as_the_page_on_sizing_says() {
    let mut home = Home::new();
    // Its lines are counted, too, and they come faster here than in a shop.
    home.set("log", "decision_lines_per_second", 10_000);
    let server = Tollgate::start(&home);
    server
        .client()
        .put("/v1/stock/BATIK-M", &json!({ "on_hand": 1_000_000 }));
    let mut before = Sizes::new();
    for number in 0..FIRST + MEASURED {
        if number == FIRST {
            before = sizes(&home);
        }
        sell(&home, &server, number);
        if number % 20 == 19 {
            until_issued(&home, number + 1);
        }
    }
    let after = sizes(&home);
    let each = |bytes: i64| bytes / MEASURED as i64;
    let mut all = 0;
    for (name, (rows, indexes)) in &after {
        let was = before.get(name).copied().unwrap_or_default();
        let (rows, indexes) = (each(rows - was.0), each(indexes - was.1));
        all += rows + indexes;
        if 0 < rows + indexes {
            eprintln!("| `{name}` | {rows} | {indexes} |");
        }
    }
    eprintln!("| **all** | {all} |");
    let receipt = home.number("select cast(avg(length(pdf)) as integer) from receipts");
    eprintln!("a receipt has {receipt} bytes");
    let log = server.stop_and_read_log();
    eprintln!(
        "an order has {} bytes of log",
        log.len() / (FIRST + MEASURED)
    );
    let documented = documented();
    let off = (all - documented).abs() * 100 / documented;
    assert!(
        off <= BOUND_PERCENT,
        "an order takes {all} bytes and docs/sizing.md says {documented}: run this test with --no-capture on both \
         databases and put its figures there"
    );
}

/// Waits until so many receipts are there: what is decided last about an order.
fn until_issued(home: &Home, count: usize) {
    until("every receipt is there", || {
        let issued = home.number("select count(*) from receipts where pdf is not null");
        (i64::try_from(count) == Ok(issued)).then_some(())
    });
}
