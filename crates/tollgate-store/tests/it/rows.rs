//! Rows of the database behind a store, changed by hand: what a test does that plants a fault.

use tollgate_store::Place;

/// Runs statements on the database, whichever it is, as anyone who owns it.
pub(crate) fn run(place: &Place, statements: &str) {
    match place {
        Place::File(path) => {
            let rows = rusqlite::Connection::open(path).expect("it opens beside the store");
            rows.busy_timeout(std::time::Duration::from_secs(5))
                .expect("it can wait");
            let checked = "pragma ignore_check_constraints = on";
            rows.execute_batch(checked).expect("it is a pragma");
            rows.execute_batch(statements)
                .unwrap_or_else(|error| panic!("{statements}: {error}"));
        }
        Place::Server(server) => on_server(&server.url, statements),
        Place::Memory => panic!("no other process can open it"),
    }
}

/// Runs statements over a connection of their own.
pub(crate) fn on_server(url: &str, statements: &str) {
    apart(|| {
        runtime().block_on(async {
            let client = connect(url).await;
            client
                .batch_execute(statements)
                .await
                .unwrap_or_else(|error| panic!("{statements}: {error:?}"));
        });
    });
}

/// The only column of the first row, as text.
pub(crate) fn text(place: &Place, query: &str) -> Option<String> {
    match place {
        Place::File(path) => {
            let rows = rusqlite::Connection::open(path).expect("it opens beside the store");
            rows.query_row(query, [], |row| row.get(0)).ok()
        }
        Place::Server(server) => apart(|| {
            runtime().block_on(async {
                let client = connect(&server.url).await;
                let row = client
                    .query_opt(query, &[])
                    .await
                    .unwrap_or_else(|error| panic!("{query}: {error:?}"));
                row.and_then(|row| row.get(0))
            })
        }),
        Place::Memory => panic!("no other process can open it"),
    }
}

/// How many rows a table has.
pub(crate) fn count(place: &Place, table: &str) -> usize {
    let query = format!("select cast(count(*) as text) from {table}");
    let count = text(place, &query).expect("a count has a row");
    count.parse().expect("a count is a number")
}

/// A connection, driven by the runtime it was made on.
pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .expect("the server answers");
    tokio::spawn(connection);
    client
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("it says why it fails"))
}
