//! Words of orders (`tables/search_terms.rs`) that a server had before there were any: written beside instances
//! that go on working, page by page, and gone on with by the next start if this one ends before.
//!
//! An instance of an earlier version that works beside later ones writes no words for what it takes. So for some
//! days a start writes those again that were made since the migration.

use tollgate_core::id::first_id;
use tollgate_core::time::{Span, Timestamp};

use super::migrate::PATIENCE;
use crate::db::{Db, Error, Sql, id_bytes, on_postgres};
use crate::tables::search_terms::{gather, put_gathered};

/// The step that makes the table.
pub(super) const VERSION: i64 = 10;

/// Orders of one transaction: the shop's head is kept for so long, some tens of milliseconds.
const PAGE: i64 = 500;

/// Instances of an earlier version are not beside us for longer.
const BESIDE: Span = Span::hours(24 * 7);

/// Clocks of instances differ by less.
const BEFORE: Span = Span::hours(1);

/// `words_left.shops`: a handful.
const SHOPS: Sql = on_postgres("select shop_id from words_left order by shop_id");

/// `words_left.get`: by primary key; nothing while another instance writes them.
const AFTER: Sql =
    on_postgres("select after from words_left where shop_id = ?1 for update skip locked");

/// `words_left.put`, `words_left.delete`: by primary key.
const PUT: Sql = on_postgres("update words_left set after = ?2 where shop_id = ?1");
const DELETE: Sql = on_postgres("delete from words_left where shop_id = ?1");

/// `words_left.since`: by primary key.
const SINCE: Sql = on_postgres("select at from migrations where version = ?1");

/// `words_left.lock_head`: by primary key. Whoever has it is the only one that writes words of the shop.
const LOCK_HEAD: Sql = on_postgres("select 1 from shop_heads where shop_id = ?1 for no key update");

/// `words_left.orders`: walks `roots_id`.
const ORDERS: Sql = on_postgres(
    "select shop_id, id, cast(cast(doc as json) #> '{order,customer}' as text),
            (select string_agg(value ->> 'provider_id', chr(10))
               from json_array_elements(cast(doc as json) -> 'payments'))
       from roots
      where shop_id = ?1 and id > ?2
      order by id
      limit ?3",
);

/// Writes what is left. A search finds what has words, and all else works without them, so a start goes on if
/// this fails.
pub(super) fn write(db: &Db, now: i64) {
    if let Err(error) = write_all(db, now) {
        // The failure itself is what counts; a failed rollback follows from it.
        let _ = db.script("rollback");
        tracing::warn!(
            %error,
            "orders of before are not all found by their customers yet; the next start goes on"
        );
    }
}

fn write_all(db: &Db, now: i64) -> Result<(), Error> {
    for shop in db.all(SHOPS, &[], |row| row.get::<i64>(0))? {
        loop {
            db.script("begin")?;
            db.script(PATIENCE)?;
            let is_last = write_page(db, shop, now)?;
            db.script("commit")?;
            if is_last {
                break;
            }
        }
    }
    Ok(())
}

/// Writes the words of some orders, in a transaction; whether those were the last of the shop.
fn write_page(db: &Db, shop: i64, now: i64) -> Result<bool, Error> {
    let Some(after) = db.one(AFTER, &[&shop], |row| row.get::<[u8; 16]>(0))? else {
        return Ok(true);
    };
    db.one(LOCK_HEAD, &[&shop], |_| Ok(()))?;
    let mut gathered = Vec::new();
    let orders = db.all(ORDERS, &[&shop, &after, &PAGE], |row| {
        gather(row, &mut gathered)
    })?;
    put_gathered(db, &mut gathered)?;
    match orders.last() {
        Some((_, last)) if orders.len() == PAGE as usize => {
            db.run(PUT, &[&shop, last])?;
            Ok(false)
        }
        _ => end(db, shop, now).map(|()| true),
    }
}

/// A shop has all its words: from where on they are written again by the next start, if by any.
fn end(db: &Db, shop: i64, now: i64) -> Result<(), Error> {
    let since = db.one(SINCE, &[&VERSION], |row| row.get::<i64>(0))?;
    let since = Timestamp::from_millis(since.unwrap_or(now));
    if since.plus(BESIDE) < Timestamp::from_millis(now) {
        db.run(DELETE, &[&shop])?;
        return Ok(());
    }
    let from = first_id(since.plus(Span::millis(-BEFORE.as_millis())));
    db.run(PUT, &[&shop, &id_bytes(from)])?;
    Ok(())
}
