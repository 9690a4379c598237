//! Roots as tables of a stretch of time want them: all of which something may have happened in it, the oldest
//! first.

use tollgate_core::id::{RootId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::time::Timestamp;

use super::orders::NTH_ROOT;
use super::{ID_SLACK_MS, Page, Stretch, nth_of_table};
use crate::Store;
use crate::db::{Bind, Db, Error, id_bytes};
use crate::error::ReadError;
use crate::tables::roots;

/// Rows that one page looks at; it has all of them that count, unless they are large.
const ROWS_MAX: usize = 1_000;

/// Roots that are read in one statement.
const READ_TOGETHER: usize = 25;

/// A page with documents of so many bytes is full: what is held while it is sent has a bound, however large orders
/// are. Those that are read together may all be beyond it.
const BYTES_MAX: usize = 2 << 20;

/// A stretch of time: from a time on, and before another one. What is not said is without bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Between {
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}

impl Between {
    /// It has this time in it.
    pub fn holds(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }
}

/// `roots.changed_since`: walks `roots_id`, a part of a chunk. The columns are those of `roots.get`.
const CHANGED_SINCE: &str = "\
    select shop_id, id, code, status, version, created_at, updated_at, doc
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3 and ?4 <= updated_at
     order by id
     limit ?5";

/// The column of the document.
const DOCUMENT: usize = 7;

impl Store {
    /// The next roots of a shop that were made before the end of a stretch and changed since its beginning: what
    /// happened in it happened to these. A page may have none although there are more.
    pub async fn roots_between(
        &self,
        shop: ShopId,
        between: Between,
        past: Option<RootId>,
    ) -> Result<Page<Root, RootId>, ReadError> {
        self.read(move |db| db.at_once(|db| page(db, shop, between, past)))
            .await
    }
}

fn page(
    db: &Db,
    shop: ShopId,
    between: Between,
    past: Option<RootId>,
) -> Result<Page<Root, RootId>, Error> {
    let last = between.to.map_or(u128::MAX, |to| {
        let to = to.as_millis().saturating_add(ID_SLACK_MS);
        tollgate_core::id::first_id(Timestamp::from_millis(to))
    });
    let stretch = Stretch {
        from: past.map_or(0, |past| past.as_u128() + 1),
        below: last,
    };
    let end = nth_of_table(db, NTH_ROOT, shop, stretch, ROWS_MAX)?;
    let below = id_bytes(end.unwrap_or(stretch.below));
    let since = between.from.map_or(i64::MIN, Timestamp::as_millis);
    let mut items: Vec<Root> = Vec::new();
    let (mut from, mut bytes) = (stretch.from, 0);
    loop {
        let values: &[&dyn Bind] = &[
            &shop.0,
            &id_bytes(from),
            &below,
            &since,
            &(READ_TOGETHER as i64),
        ];
        let read = db.all(CHANGED_SINCE, values, |row| {
            bytes += row.text(DOCUMENT)?.len();
            roots::read(row)
        })?;
        let is_last = read.len() < READ_TOGETHER;
        items.extend(read);
        match items.last() {
            Some(last) if !is_last && bytes < BYTES_MAX => from = last.id.as_u128() + 1,
            Some(last) if !is_last => {
                let next = Some(last.id);
                return Ok(Page { items, next });
            }
            _ => break,
        }
    }
    Ok(Page {
        items,
        next: end.map(|end| RootId::new(end - 1)),
    })
}
