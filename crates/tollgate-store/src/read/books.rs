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

/// Rows that one page looks at; it has all of them that count.
const ROWS_MAX: usize = 1_000;

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

/// `roots.changed_since`: walks `roots_id`, a chunk of it. The columns are those of `roots.get`.
const CHANGED_SINCE: &str = "\
    select shop_id, id, code, status, version, created_at, updated_at, doc
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3 and ?4 <= updated_at
     order by id";

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
    let (from, below) = (
        id_bytes(stretch.from),
        id_bytes(end.unwrap_or(stretch.below)),
    );
    let since = between.from.map_or(i64::MIN, Timestamp::as_millis);
    let values: &[&dyn Bind] = &[&shop.0, &from, &below, &since];
    Ok(Page {
        items: db.all(CHANGED_SINCE, values, roots::read)?,
        next: end.map(|end| RootId::new(end - 1)),
    })
}
