//! Rows that somebody else keeps locked, as they were found out: a command that needs one is refused alone
//! (docs/gate.md, One writer of a shop).

use std::time::{Duration, Instant};

use tollgate_core::decision::Change;
use tollgate_core::id::{RootId, ShopId};
use tollgate_core::snapshot::{Snapshot, Table};
use tollgate_core::time::Timestamp;

use crate::db::{Bind, Db, Error, Sql, on_postgres};

/// After so long a command that needs the row is tried, by itself.
const TRIED_EVERY: Duration = Duration::from_secs(1);

/// As long as a row was found locked within this, rows are waited for only a moment.
const HURRIED_FOR: Duration = Duration::from_secs(10);

/// More are not remembered: then it is found out again.
const ROWS_MAX: usize = 1_000;

/// `stock.free`, `slots.free`: by primary key, in a transaction of its own; nothing if somebody has the row.
const STOCK_FREE: Sql = on_postgres(
    "select 1 from stock
      where shop_id = ?1 and sku = ?2
        for no key update skip locked",
);
const SLOT_FREE: Sql = on_postgres(
    "select 1 from slots
      where shop_id = ?1 and calendar = ?2 and starts_at = ?3
        for no key update skip locked",
);

/// A row that several commands may need.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RowKey {
    Root(RootId),
    Stock(String),
    Slot(String, Timestamp),
    Target(String),
}

/// A row that somebody else keeps locked.
struct LockedRow {
    shop: ShopId,
    key: RowKey,
    /// When it was found locked last.
    at: Instant,
    /// By whom.
    reason: String,
}

/// What becomes of a command, by the rows that it changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// Nothing is known against it.
    Free,
    /// It needs a row that is locked, and by whom.
    Locked(String),
    /// It is time to try again, by itself.
    Try,
}

/// All that are known.
#[derive(Default)]
pub(crate) struct LockedRows {
    rows: Vec<LockedRow>,
    found: Option<Instant>,
    /// A row of figures was found locked.
    figures: Option<Instant>,
}

impl LockedRows {
    /// Rows are waited for only a moment: some were locked lately.
    pub(crate) fn hurries(&self) -> bool {
        self.found.is_some_and(|at| at.elapsed() < HURRIED_FOR)
    }

    /// Somebody had a row of figures lately: nothing is added to them.
    pub(crate) fn figures_rest(&self) -> bool {
        self.figures.is_some_and(|at| at.elapsed() < HURRIED_FOR)
    }

    /// Somebody keeps a row of figures locked.
    pub(crate) fn let_figures_rest(&mut self) {
        self.figures = Some(Instant::now());
    }

    /// Somebody keeps a row locked, whichever.
    pub(crate) fn found(&mut self) {
        self.found = Some(Instant::now());
        self.rows.retain(|row| row.at.elapsed() < HURRIED_FOR);
    }

    /// A command that was alone in its batch met a lock in this table. If it has changed one row there, that
    /// is the one; of several those are that cannot be had.
    pub(crate) fn note(
        &mut self,
        db: &Db,
        shop: ShopId,
        (table, reason): (&str, &str),
        known: &mut Snapshot,
    ) -> Result<(), Error> {
        let mut locked = changed(table, known);
        if 1 < locked.len() {
            let mut kept = Vec::new();
            for key in locked {
                if !is_free(db, shop, &key)? {
                    kept.push(key);
                }
            }
            locked = kept;
        }
        for key in locked {
            self.rows.retain(|row| (row.shop, &row.key) != (shop, &key));
            if self.rows.len() < ROWS_MAX {
                self.rows.push(LockedRow {
                    shop,
                    key,
                    at: Instant::now(),
                    reason: reason.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// A command that was alone in its batch has got what it needed.
    pub(crate) fn forget(&mut self, shop: ShopId, known: &mut Snapshot) {
        for table in ["roots", "stock", "slots", "targets"] {
            for key in changed(table, known) {
                self.rows.retain(|row| (row.shop, &row.key) != (shop, &key));
            }
        }
    }

    /// What becomes of a command that makes these changes.
    pub(crate) fn judge(&self, shop: ShopId, changes: &[Change]) -> Judged {
        if self.rows.is_empty() {
            return Judged::Free;
        }
        let mut judged = Judged::Free;
        for key in changes.iter().filter_map(key_of) {
            let known = |row: &&LockedRow| row.shop == shop && row.key == key;
            match self.rows.iter().find(known) {
                Some(row) if row.at.elapsed() < TRIED_EVERY => {
                    return Judged::Locked(row.reason.clone());
                }
                Some(_) => judged = Judged::Try,
                None => {}
            }
        }
        judged
    }

    /// None are known.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Whether a row can be had now.
fn is_free(db: &Db, shop: ShopId, key: &RowKey) -> Result<bool, Error> {
    let found = match key {
        RowKey::Stock(sku) => db.one(STOCK_FREE, &[&shop.0, sku], |_| Ok(())),
        RowKey::Slot(calendar, start) => {
            let values: [&dyn Bind; 3] = [&shop.0, calendar, &start.as_millis()];
            db.one(SLOT_FREE, &values, |_| Ok(()))
        }
        // No command changes two of them.
        RowKey::Root(_) | RowKey::Target(_) => Ok(None),
    };
    found.map(|found| found.is_some())
}

fn key_of(change: &Change) -> Option<RowKey> {
    match change {
        Change::Root(root) => Some(RowKey::Root(root.id)),
        Change::Stock(stock) => Some(RowKey::Stock(stock.sku.clone())),
        Change::RemoveStock(sku) => Some(RowKey::Stock(sku.clone())),
        Change::Slot(slot) => Some(RowKey::Slot(slot.calendar.clone(), slot.starts_at)),
        Change::RemoveSlot(calendar, start) => Some(RowKey::Slot(calendar.clone(), *start)),
        Change::Breaker { target, .. } => Some(RowKey::Target(target.clone())),
        // Each of them is one command's.
        Change::Event(..)
        | Change::EventKey { .. }
        | Change::Name { .. }
        | Change::Code { .. }
        | Change::Calendar(_)
        | Change::RemoveCalendar(_)
        | Change::Effect(..)
        | Change::Alert(_)
        | Change::Written(_) => None,
    }
}

/// The rows of a table that were there and are to be written. A month's table is called after the whole.
fn changed(table: &str, known: &mut Snapshot) -> Vec<RowKey> {
    match table {
        "stock" => stored(&mut known.stock, |(_, sku)| RowKey::Stock(sku.clone())),
        "slots" => stored(&mut known.slots, |(_, calendar, start)| {
            RowKey::Slot(calendar.clone(), *start)
        }),
        "targets" => stored(&mut known.breakers, |(_, name)| {
            RowKey::Target(name.clone())
        }),
        table if table.starts_with("roots") => {
            stored(&mut known.roots, |(_, root)| RowKey::Root(*root))
        }
        _ => Vec::new(),
    }
}

fn stored<K: Ord, V>(table: &mut Table<K, V>, key: impl Fn(&K) -> RowKey) -> Vec<RowKey> {
    let stored = table.dirty().filter(|(_, row)| row.stored);
    stored.map(|(found, _)| key(found)).collect()
}
