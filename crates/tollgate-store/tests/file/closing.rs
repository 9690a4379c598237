//! What is left of a store that is closed: one file, or nothing.

use std::path::Path;

use tollgate_store::{Place, Store};

use crate::child::open;
use crate::words::{create, order, root_id};
use crate::world::{Database, SHOP, TestClock, options, submission};

/// A store in memory leaves nothing behind.
#[tokio::test]
async fn a_store_in_memory_is_gone_when_it_is_closed() {
    let clock = TestClock::new();
    let options = options(Place::Memory, &clock);
    let store = Store::open(options.clone()).expect("it opens");
    store
        .submit(submission(create(order(1, "C1"))))
        .await
        .expect("it is decided");
    store.close();
    drop(store);
    let store = Store::open(options).expect("it opens");
    assert_eq!(store.root(SHOP, root_id(1)).await.expect("it reads"), None);
}

/// Anyone who copies the file of a store that is closed has all of it.
#[tokio::test]
async fn a_closed_store_is_one_file() {
    let database = Database::file();
    for number in 1..=50 {
        let store = open(&database.name());
        store
            .submit(submission(create(order(number, &format!("C{number}")))))
            .await
            .expect("it is decided");
        store.close();
        let log = format!("{}-wal", database.name());
        assert!(
            !Path::new(&log).exists(),
            "the log is left behind, in round {number}"
        );
    }
}
