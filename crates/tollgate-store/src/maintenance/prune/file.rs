//! Taking months from a file, which no other process has open: a few rows at a time, each few in a commit.

use std::collections::BTreeSet;

use tollgate_core::id::{RootId, ShopId, first_id};
use tollgate_core::time::Timestamp;

use super::{Pruning, guards, look, shops};
use crate::db::{Db, Error, id_bytes, maybe_id_at};
use crate::schema::month::Month;
use crate::tables::{audit, horizon};

/// Rows that are deleted in one commit.
const ROWS_MAX: i64 = 500;

/// Pages in the log at which it is moved into the file.
const LOG_PAGES_MAX: u64 = 8_192;

/// `prune.forget_roots`, `prune.forget_effects`, `prune.forget_events`: by `roots_id`, by the primary key,
/// by `events_id`.
const FORGET_ROOTS: &str = "\
    delete from roots
     where shop_id = ?1
       and id in (select id from roots
                   where shop_id = ?1 and ?2 <= id and id < ?3 order by id limit ?4)";
const FORGET_EFFECTS: &str = "\
    delete from effects
     where shop_id = ?1
       and id in (select id from effects
                   where shop_id = ?1 and ?2 <= id and id < ?3 order by id limit ?4)";
const FORGET_EVENTS: &str = "\
    delete from events
     where shop_id = ?1
       and id in (select id from events
                   where shop_id = ?1 and ?2 <= id and id < ?3 order by id limit ?4)";

/// `prune.lines_dated`: walks the primary key.
const LINES: &str = "\
    select position, root, at
      from timeline
     where shop_id = ?1 and ?2 < position
     order by position
     limit ?3";

/// `prune.forget_lines`: a stretch of the primary key, of one month.
const FORGET_LINES: &str = "\
    delete from timeline
     where shop_id = ?1 and ?2 < position and position <= ?3
       and (?4 <= root and root < ?5 or root is null and ?6 <= at and at < ?7)";

/// Takes every month before one in which nothing is open.
pub(super) fn take(
    db: &Db,
    before: Month,
    now: Timestamp,
    step: &mut dyn FnMut(u64),
) -> Result<Pruning, Error> {
    let mut pruning = look::look(db, before, now)?;
    let free = pruning.months.iter_mut().filter(|month| month.is_free());
    let mut months = BTreeSet::new();
    for month in free {
        month.is_taken = true;
        months.insert(month.month);
    }
    for shop in shops(db)?.into_keys() {
        let mut taking = Taking { db, shop, step };
        taking.note(&months, now)?;
        // Anyone who looks for a guard of what is gone finds it leads nowhere; what leads somewhere is
        // never without its guard. So the roots go first.
        for month in &months {
            for sql in [FORGET_ROOTS, FORGET_EFFECTS, FORGET_EVENTS] {
                taking.rows(sql, *month)?;
            }
        }
        guards::forget(db, shop, &months, &mut |delete| taking.commit(delete))?;
        taking.lines(&months)?;
    }
    Ok(pruning)
}

/// One shop's rows being taken.
struct Taking<'a> {
    db: &'a Db,
    shop: ShopId,
    step: &'a mut dyn FnMut(u64),
}

impl Taking<'_> {
    /// Notes what is about to be taken: from now on it is not missed.
    fn note(&mut self, months: &BTreeSet<Month>, now: Timestamp) -> Result<(), Error> {
        let Some(last) = months.last() else {
            return Ok(());
        };
        let heads = self.db.begin(&[self.shop], true)?;
        let position = heads.get(&self.shop).map_or(0, |head| head.position);
        horizon::note_month(self.db, self.shop, last.below(), position, now)?;
        for month in months {
            let (name, place) = (month.to_string(), (self.shop, position));
            audit::insert_prune(self.db, place, (&name, month.below()), now)?;
        }
        self.db.commit()
    }

    /// Deletes the rows of a month from a table that goes by ids.
    fn rows(&mut self, sql: &'static str, month: Month) -> Result<(), Error> {
        let (from, below) = guards::bounds(month);
        let shop = self.shop.0;
        loop {
            let rows = self.commit(&|db| db.run(sql, &[&shop, &from, &below, &ROWS_MAX]))?;
            if rows < ROWS_MAX as usize {
                return Ok(());
            }
        }
    }

    /// Deletes the lines that are about something of these months, or of their time and about nothing.
    fn lines(&mut self, months: &BTreeSet<Month>) -> Result<(), Error> {
        let (db, shop) = (self.db, self.shop.0);
        let mut after = 0;
        loop {
            let rows = db.all(LINES, &[&shop, &after, &ROWS_MAX], |row| {
                let at = Timestamp::from_millis(row.get(2)?);
                let dated = maybe_id_at(row, 1)?.map_or(at, |id| RootId::new(id).made_at());
                Ok((row.get::<i64>(0)?, Month::of(dated)))
            })?;
            let Some((last, _)) = rows.last() else {
                return Ok(());
            };
            let gone: BTreeSet<Month> = rows.iter().map(|(_, month)| *month).collect();
            for month in gone.intersection(months) {
                let (first, below) = (month.first(), month.below());
                let (from, to) = (id_bytes(first_id(first)), id_bytes(first_id(below)));
                let (first, below) = (first.as_millis(), below.as_millis());
                self.commit(&|db| {
                    let values: &[&dyn crate::db::Bind] =
                        &[&shop, &after, last, &from, &to, &first, &below];
                    db.run(FORGET_LINES, values)
                })?;
            }
            after = *last;
        }
    }

    /// Deletes rows in a commit of its own.
    fn commit(&mut self, delete: guards::Deletion<'_>) -> Result<usize, Error> {
        self.db.begin(&[self.shop], true)?;
        let rows = delete(self.db)?;
        self.db.commit()?;
        (self.step)(rows as u64);
        if let Db::Sqlite(sqlite) = self.db
            && LOG_PAGES_MAX < sqlite.log_pages()
        {
            sqlite.checkpoint_restart()?;
        }
        Ok(rows)
    }
}
