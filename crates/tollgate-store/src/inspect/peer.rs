//! What a shop without a Gate does for each order: a SERIALIZABLE transaction of its own, tried five
//! times. `tollgate bench hot-slot` measures it beside ours, on the same server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::db::OpenError;
use crate::db::{Db, Failure, Postgres, Server, Sql, meaning, on_postgres};
use crate::options::ServerPlace;

/// How often an order is tried.
const TRIES_MAX: u32 = 5;

const TABLES: &str = "\
    create table peer_slots (
        id bigint primary key,
        capacity bigint not null,
        held bigint not null,
        check (held <= capacity)
    );
    create table peer_orders (
        id bigint primary key,
        slot bigint not null,
        document text not null
    );
    insert into peer_slots values (1, 1000000000000, 0)";

const FIND: Sql = on_postgres(
    "select id
       from peer_slots
      where held < capacity
      order by id
      limit 1",
);
const HOLD: Sql = on_postgres("update peer_slots set held = held + 1 where id = ?1");
const INSERT: Sql = on_postgres("insert into peer_orders (id, slot, document) values (?1, ?2, ?3)");

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeerFigures {
    /// Orders a second that were taken.
    pub rate: f64,
    /// Tries for one order, on the average.
    pub tries: f64,
    /// The part of the tries that another transaction was in the way of.
    pub conflicts: f64,
    /// The part of the orders that were given up after five tries.
    pub given_up: f64,
}

#[derive(Default)]
struct Count {
    orders: AtomicU64,
    tries: AtomicU64,
    conflicts: AtomicU64,
    given_up: AtomicU64,
}

/// Takes orders on one slot over so many connections for so long.
pub fn per_request_serializable(
    place: &ServerPlace,
    connections: usize,
    length: Duration,
    document: &str,
) -> Result<PeerFigures, OpenError> {
    let server = Server::of(place)?;
    let count = Arc::new(Count::default());
    let elapsed = std::thread::scope(|scope| {
        let tables = scope.spawn(|| {
            let db = Postgres::open_plain(&server)?;
            db.script(TABLES).map_err(|error| server.refuse(error))
        });
        tables.join().expect("it does not panic")?;
        let mut connected = Vec::new();
        for _ in 0..connections {
            let db = scope.spawn(|| Postgres::open_plain(&server));
            connected.push(db.join().expect("it does not panic")?);
        }
        let begun = Instant::now();
        let threads: Vec<_> = connected
            .into_iter()
            .enumerate()
            .map(|(number, db)| {
                let (count, server) = (&count, &server);
                scope.spawn(move || {
                    let db = Db::Postgres(Box::new(db));
                    let mut order = (number as i64) << 40;
                    while begun.elapsed() < length {
                        order += 1;
                        take(&db, order, document, count).map_err(|e| server.refuse(e))?;
                    }
                    Ok::<(), OpenError>(())
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("it does not panic")?;
        }
        Ok::<Duration, OpenError>(begun.elapsed())
    })?;
    let read = |figure: &AtomicU64| figure.load(Ordering::Relaxed) as f64;
    let (orders, given_up) = (read(&count.orders), read(&count.given_up));
    let all = (orders + given_up).max(1.0);
    Ok(PeerFigures {
        rate: orders / elapsed.as_secs_f64(),
        tries: read(&count.tries) / all,
        conflicts: read(&count.conflicts) / read(&count.tries).max(1.0),
        given_up: given_up / all,
    })
}

/// Takes one order.
fn take(db: &Db, order: i64, document: &str, count: &Count) -> Result<(), crate::db::Error> {
    for _ in 0..TRIES_MAX {
        count.tries.fetch_add(1, Ordering::Relaxed);
        let tried = db
            .script("begin isolation level serializable")
            .and_then(|()| {
                let slot: Option<i64> = db.one(FIND, &[], |row| row.get(0))?;
                let slot = slot.unwrap_or(0);
                db.run(HOLD, &[&slot])?;
                db.run(INSERT, &[&order, &slot, &document])?;
                db.script("commit")
            });
        match tried {
            Ok(()) => {
                count.orders.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            Err(error) if meaning(&error) == Failure::Retry => {
                count.conflicts.fetch_add(1, Ordering::Relaxed);
                db.script("rollback")?;
            }
            Err(error) => return Err(error),
        }
    }
    count.given_up.fetch_add(1, Ordering::Relaxed);
    Ok(())
}
