//! A process of its own for a test that ends it, or that lets it alone meet a full disk: this same binary,
//! started again for one ignored test.

use std::io::{BufRead, BufReader};
use std::process::Command;

use tollgate_store::Store;

use crate::world::{Rows, TestClock, options, place};

/// Where the child finds its database.
const DATABASE: &str = "TOLLGATE_TEST_DATABASE";

/// The command that runs one ignored test of this binary over a database.
pub(crate) fn child(test: &str, database: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command
        .args([test, "--exact", "--ignored", "--nocapture"])
        .env(DATABASE, database);
    command
}

/// The path or URL that a child was given.
pub(crate) fn database_of_child() -> String {
    std::env::var(DATABASE).expect("only a test starts this, and names the database")
}

/// Opens a database as a child does.
pub(crate) fn open(database: &str) -> Store {
    Store::open(options(place(database), &TestClock::new())).expect("it opens")
}

/// Says something on standard output, at once and on a line of its own.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{text}").expect("the parent reads");
    out.flush().expect("the parent reads");
}

/// Says that this number is acknowledged.
pub(crate) fn acknowledge(number: u64) {
    say(&format!("acknowledged {number}"));
}

/// The numbers that a child has acknowledged until it ended.
pub(crate) fn acknowledged(out: impl std::io::Read) -> Vec<u64> {
    BufReader::new(out)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("acknowledged ").map(str::to_owned))
        .map(|number| number.parse().expect("a number"))
        .collect()
}

/// The database has no broken page, and no commit was kept in part: every order that is there was
/// answered, and every event that was applied has its order.
pub(crate) fn whole(rows: &Rows) {
    if let Rows::File(_) = rows {
        assert_eq!(rows.texts("pragma integrity_check"), ["ok"]);
    }
    let length = rows.either(
        "json_array_length(doc, '$.story')",
        "json_array_length(cast(doc as json) -> 'story')",
    );
    let none = [
        format!("select count(*) from roots where {length} = 0"),
        "select count(*) from roots
          where not exists (select 1 from codes where codes.order_id = roots.id)"
            .to_owned(),
        "select count(*) from events
          where state = 'applied' and not exists (select 1 from roots where roots.id = events.root)"
            .to_owned(),
    ];
    for sql in none {
        assert_eq!(rows.number(&sql), 0, "{sql}");
    }
    assert_eq!(
        rows.number("select coalesce(max(position), 0) from timeline"),
        rows.number("select coalesce(max(position), 0) from shop_heads")
    );
}
