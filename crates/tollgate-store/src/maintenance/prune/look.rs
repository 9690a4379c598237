//! What there is of the months, table by table, and what is open in them.
//!
//! Every table is walked along its key, chunk by chunk, beside everything else.

use std::collections::BTreeMap;

use tollgate_core::id::{EffectId, EventId, RootId, ShopId, first_id};
use tollgate_core::time::Timestamp;

use super::{Of, PrunedMonth, Pruning, Stop, guards, open, shops};
use crate::db::{Db, Error, Row, id_at, id_bytes, maybe_id_at};
use crate::schema::month::Month;
use crate::tables::roots;

/// Roots of one chunk: their documents are read.
const ROOTS_CHUNK: i64 = 500;

/// Rows of one chunk of which little is read.
const CHUNK: i64 = 5_000;

/// `prune.roots`: walks `roots_id`. The first columns are those of `roots.get`.
const ROOTS: &str = "\
    select shop_id, id, code, status, version, created_at, updated_at, doc,
           cast(octet_length(doc) as bigint)
      from roots
     where shop_id = ?1 and ?2 < id and id < ?3
     order by id
     limit ?4";

/// `prune.effects`: walks the primary key.
const EFFECTS: &str = "\
    select id, key, state, cast(octet_length(content) as bigint)
      from effects
     where shop_id = ?1 and ?2 < id and id < ?3
     order by id
     limit ?4";

/// `prune.events`: walks `events_id`.
const EVENTS: &str = "\
    select id, state,
           cast(octet_length(said) + octet_length(headers) + octet_length(body) as bigint)
      from events
     where shop_id = ?1 and ?2 < id and id < ?3
     order by id
     limit ?4";

/// `prune.lines`: walks the primary key.
const LINES: &str = "\
    select position, root, at, cast(octet_length(entries) as bigint)
      from timeline
     where shop_id = ?1 and ?2 < position
     order by position
     limit ?3";

/// The months as they are looked at.
struct Looking<'a> {
    db: &'a Db,
    now: Timestamp,
    before: Month,
    shop: ShopId,
    shop_name: &'a str,
    months: &'a mut BTreeMap<Month, PrunedMonth>,
}

/// Looks at everything that was made before a month.
pub(super) fn look(db: &Db, before: Month, now: Timestamp) -> Result<Pruning, Error> {
    let mut months = BTreeMap::new();
    for (shop, name) in &shops(db)? {
        let mut looking = Looking {
            db,
            now,
            before,
            shop: *shop,
            shop_name: name,
            months: &mut months,
        };
        looking.roots()?;
        looking.effects()?;
        looking.events()?;
        looking.lines()?;
        guards::walk_names(db, *shop, &mut |page| {
            for payment in page.iter().filter_map(|(_, payment)| *payment) {
                looking.count(payment, Of::Names, 0);
            }
            Ok(())
        })?;
        guards::walk_terms(db, *shop, &mut |page| {
            for (_, root) in page {
                looking.count(*root, Of::SearchTerms, 0);
            }
            Ok(())
        })?;
        guards::walk_codes(db, *shop, &mut |page| {
            for order in page.iter().filter_map(|(_, order)| *order) {
                looking.count(order, Of::Codes, 0);
            }
            Ok(())
        })?;
    }
    Ok(Pruning {
        months: months.into_values().collect(),
    })
}

impl Looking<'_> {
    fn roots(&mut self) -> Result<(), Error> {
        self.walk(ROOTS, ROOTS_CHUNK, 1, |looking, row| {
            let id = id_at(row, 1)?;
            looking.count(id, Of::Roots, row.get::<i64>(8)? as usize);
            match roots::read(row) {
                Ok(root) => {
                    for (what, shown, why) in open::of_root(&root, looking.now) {
                        looking.stop(id, what, shown, why);
                    }
                }
                Err(error) => {
                    let shown = format!("{:?}", RootId::new(id));
                    looking.stop(id, "document", shown, error.to_string());
                }
            }
            Ok(())
        })
    }

    fn effects(&mut self) -> Result<(), Error> {
        self.walk(EFFECTS, CHUNK, 0, |looking, row| {
            let id = id_at(row, 0)?;
            looking.count(id, Of::Effects, row.get::<i64>(3)? as usize);
            let state = row.text(2)?;
            if open::is_unfinished(state) {
                let why = format!("{state}: {}", row.text(1)?);
                let shown = EffectId::from_u128(id).to_string();
                looking.stop(id, "effect", shown, why);
            }
            Ok(())
        })
    }

    fn events(&mut self) -> Result<(), Error> {
        self.walk(EVENTS, CHUNK, 0, |looking, row| {
            let id = id_at(row, 0)?;
            looking.count(id, Of::Events, row.get::<i64>(2)? as usize);
            let state = row.text(1)?;
            if open::waits(state) {
                let shown = EventId::from_u128(id).to_string();
                looking.stop(id, "event", shown, state.to_owned());
            }
            Ok(())
        })
    }

    /// Lines are kept by position; what one is about says its month (tables/timeline.rs, `insert`).
    fn lines(&mut self) -> Result<(), Error> {
        let mut after = 0;
        loop {
            let values: &[&dyn crate::db::Bind] = &[&self.shop.0, &after, &CHUNK];
            let rows = self.db.all(LINES, values, |row| {
                let about = maybe_id_at(row, 1)?;
                let at = Timestamp::from_millis(row.get(2)?);
                let dated = about.unwrap_or_else(|| first_id(at));
                Ok((row.get::<i64>(0)?, dated, row.get::<i64>(3)? as usize))
            })?;
            for (_, dated, bytes) in &rows {
                self.count(*dated, Of::Timeline, *bytes);
            }
            match rows.last() {
                Some((position, ..)) => after = *position,
                None => return Ok(()),
            }
        }
    }

    /// Walks a table by its ids, up to those of the month that stays.
    fn walk(
        &mut self,
        sql: &'static str,
        chunk: i64,
        id_column: usize,
        mut see: impl FnMut(&mut Self, &Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let below = id_bytes(first_id(self.before.first()));
        let mut after = [0; 16];
        loop {
            let (db, shop) = (self.db, self.shop.0);
            let values: &[&dyn crate::db::Bind] = &[&shop, &after, &below, &chunk];
            let ids = db.all(sql, values, |row| {
                see(self, row)?;
                id_at(row, id_column)
            })?;
            match ids.last() {
                Some(last) => after = id_bytes(*last),
                None => return Ok(()),
            }
        }
    }

    fn count(&mut self, id: u128, table: Of, bytes: usize) {
        if let Some(month) = self.month_of(id) {
            month.count(table, bytes);
        }
    }

    fn stop(&mut self, id: u128, what: &'static str, shown: String, why: String) {
        let shop = self.shop_name.to_owned();
        if let Some(month) = self.month_of(id) {
            month.stop(Stop {
                shop,
                what,
                id: shown,
                why,
            });
        }
    }

    /// The month that an id dates something to, if it may go.
    fn month_of(&mut self, id: u128) -> Option<&mut PrunedMonth> {
        let month = Month::of(RootId::new(id).made_at());
        (month < self.before).then(|| {
            let entry = self.months.entry(month);
            entry.or_insert_with(|| PrunedMonth::new(month))
        })
    }
}
