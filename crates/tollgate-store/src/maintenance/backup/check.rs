//! Whether a copy is whole: every page and index, a schema that this program knows, feeds up to their heads, and the
//! receipts' files with the hashes that they were issued with.

use std::path::Path;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tollgate_core::id::ShopId;

use super::BackupError;
use crate::db::{Bind, Db, Error, Sql, Sqlite, on_sqlite, refuse};
use crate::looking::apart;
use crate::schema::migrate;

/// What a database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Orders, payments without one, and carts' holds.
    pub roots: u64,
    /// Events.
    pub events: u64,
    /// Receipts that are issued.
    pub receipts: u64,
}

/// How nice the check is to everybody else: it waits for whoever wants the processor.
const NICENESS: i32 = 19;

/// Receipts that are read at once.
const RECEIPTS: i64 = 50;

/// `check.roots`, `check.events`: a walk each, over a copy that nobody waits for.
const ROOTS: Sql = on_sqlite("select count(*) from roots");
const EVENTS: Sql = on_sqlite("select count(*) from events");

/// `check.receipts`: walks `receipts_id`.
const RECEIPT: &str = "\
    select shop_id, id, sha256, pdf
      from receipts
     where (shop_id, id) > (?1, ?2)
     order by shop_id, id
     limit ?3";

/// `check.feeds`: by primary key each.
const FEEDS: &str = "\
    select shop_id, position,
           coalesce((select max(position) from timeline where timeline.shop_id = shop_heads.shop_id), 0)
      from shop_heads
     order by shop_id";

/// Looks at a copy; `of` is what it is a copy of, for messages, and `remedy` what to do if it is not whole.
pub(crate) fn check(copy: &Path, of: &Path, remedy: &'static str) -> Result<Counted, BackupError> {
    apart(|| {
        // Of a thread of its own: the copy itself was made as fast as was wanted.
        let _ = rustix::process::setpriority_process(None, NICENESS);
        let damaged = |found: String| BackupError::Damaged {
            path: of.to_owned(),
            found,
            remedy,
        };
        let said = |error| match refuse(of, error) {
            crate::db::OpenError::Damaged { source, .. } => damaged(source.to_string()),
            refused => refused.into(),
        };
        let mut file = Sqlite::open_to_look(copy)?;
        let faults = file.faults(rests()).map_err(said)?;
        if let Some(fault) = faults.into_iter().next() {
            return Err(damaged(fault));
        }
        let db = Db::Sqlite(file);
        migrate::steps_left(&db, of)?;
        let count = |sql: Sql| -> Result<u64, Error> {
            let count = db.one(sql, &[], |row| row.get::<i64>(0))?;
            Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
        };
        Ok(Counted {
            receipts: look(&db).map_err(said)?.map_err(damaged)?,
            roots: count(ROOTS).map_err(said)?,
            events: count(EVENTS).map_err(said)?,
        })
    })
}

/// Rests as long as it works, half of the time at the most: a disk knows nothing of niceness.
fn rests() -> impl FnMut() + Send + 'static {
    let mut since = Instant::now();
    move || {
        let rest = since.elapsed().min(Duration::from_millis(20));
        std::thread::sleep(rest);
        since = Instant::now();
    }
}

/// Looks at what rows say of each other: how many receipts there are, or the first thing that is wrong.
pub(crate) fn look(db: &Db) -> Result<Result<u64, String>, Error> {
    let feeds = db.all(FEEDS, &[], |row| {
        Ok((ShopId(row.get(0)?), row.get::<i64>(1)?, row.get::<i64>(2)?))
    })?;
    for (shop, head, last) in feeds {
        if head < last {
            return Ok(Err(format!(
                "the feed of shop {} goes to {last}, its head is at {head}",
                shop.0
            )));
        }
    }
    let (mut shop, mut id, mut receipts) = (0_i64, [0_u8; 16], 0);
    loop {
        let mut wrong = None;
        let values: &[&dyn Bind] = &[&shop, &id, &RECEIPTS];
        let read = db.all(RECEIPT, values, |row| {
            let hash: [u8; 32] = Sha256::digest(row.bytes(3)?).into();
            let at = (row.get::<i64>(0)?, row.get::<[u8; 16]>(1)?);
            if row.get::<[u8; 32]>(2)? != hash {
                wrong = Some(at);
            }
            Ok(at)
        })?;
        if let Some((_, id)) = wrong {
            let id = tollgate_core::id::ReceiptId::from_u128(u128::from_be_bytes(id));
            return Ok(Err(format!(
                "the file of {id} has another hash than it was issued with"
            )));
        }
        receipts += read.len() as u64;
        match read.last() {
            Some(last) => (shop, id) = *last,
            None => break,
        }
    }
    Ok(Ok(receipts))
}
