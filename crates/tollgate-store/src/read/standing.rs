//! How a shop stands: what has happened since a time, and what is open now. Every figure is read from what was added
//! up, or counted along an index and no further than a bound.

use std::collections::BTreeMap;

use tollgate_core::effect::EffectState;
use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::Store;
use crate::db::{Db, Error, Sql, two};
use crate::error::ReadError;
use crate::tables::shop_figures::{EARLY, MONEY_CAME, MONEY_WENT};

/// What is open is counted up to this, which stands for as many or more.
pub const OPEN_COUNTED_MAX: u32 = 10_000;

/// What has happened since a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Happened {
    /// How many of what, by the kind of entry or by what a door has called it.
    pub counts: BTreeMap<String, u64>,
    /// What of it a door has counted, by source.
    pub by_source: BTreeMap<String, BTreeMap<String, u64>>,
    /// Money that came and that went back, by currency.
    pub money: BTreeMap<String, (i64, i64)>,
    /// Events that came before their payment and were applied.
    pub early: u64,
    /// Orders and carts that were refused because there was no stock or no slot for them.
    pub oversells_refused: u64,
}

/// What is open now; each up to [`OPEN_COUNTED_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Open {
    /// Orders that wait for something until a time, by status.
    pub orders: BTreeMap<String, u64>,
    /// Orders and payments that a person should look at.
    pub attention: u64,
    /// Effects that are due or have a time, by state.
    pub effects: BTreeMap<String, u64>,
    /// Effects that are given up or whose end is not known, by state.
    pub effects_lost: BTreeMap<String, u64>,
    /// Events that wait, by state: how many, and since when the oldest does.
    pub events: BTreeMap<String, (u64, Timestamp)>,
}

impl Happened {
    fn add(&mut self, name: String, unit: String, amount: i64) {
        let count = u64::try_from(amount).unwrap_or(0);
        match name.as_str() {
            MONEY_CAME => self.money.entry(unit).or_default().0 += amount,
            MONEY_WENT => self.money.entry(unit).or_default().1 += amount,
            EARLY => self.early += count,
            _ => {
                *self.counts.entry(name.clone()).or_default() += count;
                if !unit.is_empty() {
                    let of_source = self.by_source.entry(unit).or_default();
                    *of_source.entry(name).or_default() += count;
                }
            }
        }
    }
}

impl Store {
    /// What has happened in a shop since each of these times.
    pub async fn happened_since(
        &self,
        shop: ShopId,
        since: Vec<Timestamp>,
    ) -> Result<Vec<Happened>, ReadError> {
        self.read(move |db| {
            db.at_once(|db| {
                since
                    .iter()
                    .map(|since| happened(db, shop, *since))
                    .collect()
            })
        })
        .await
    }

    /// What has happened in a shop, step by step: each begins at one of these times, in their order, and ends where
    /// the next begins. They are whole hours apart.
    pub async fn happened_in_steps(
        &self,
        shop: ShopId,
        begins: Vec<Timestamp>,
    ) -> Result<Vec<Happened>, ReadError> {
        self.read(move |db| db.at_once(|db| in_steps(db, shop, &begins)))
            .await
    }

    /// What is open in a shop.
    pub async fn open_now(&self, shop: ShopId) -> Result<Open, ReadError> {
        self.read(move |db| db.at_once(|db| open(db, shop))).await
    }

    /// When each source was heard last, of those that are among the shop's newest `HEARD_EVENTS_MAX` events.
    pub async fn sources_heard(
        &self,
        shop: ShopId,
    ) -> Result<BTreeMap<String, Timestamp>, ReadError> {
        self.read(move |db| {
            let heard = db.all(HEARD, &[&shop.0, &HEARD_EVENTS_MAX], |row| {
                Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?)))
            })?;
            Ok(heard.into_iter().collect())
        })
        .await
    }

    /// Adds to a shop's figures what a door has counted: how many of what, and by which source.
    pub async fn add_figures(
        &self,
        shop: ShopId,
        counted: Vec<(&'static str, String, u64)>,
    ) -> Result<(), crate::SubmitError> {
        let (_, clock) = self.source_and_clock();
        let at = clock();
        let add = crate::tables::shop_figures::AddFigures { shop, at, counted };
        self.write_beside(crate::gate::table_write::TableWrite::AddFigures(add))
            .await
    }
}

const HOUR_MS: i64 = 3_600_000;

/// `shop_figures.since`, `error_hours.oversells`: a stretch of the primary key.
const SINCE: &str = "\
    select name, unit, cast(sum(amount) as bigint)
      from shop_figures
     where shop_id = ?1 and ?2 <= at
     group by name, unit";
const OVERSELLS: &str = "\
    select cast(coalesce(sum(count), 0) as bigint)
      from error_hours
     where shop_id = ?1 and ?2 <= hour
       and code in ('out_of_stock', 'slot_full', 'no_slot_with_room')";

/// Events that are looked at to find when a source was heard last.
const HEARD_EVENTS_MAX: u32 = 5_000;

/// `events.heard`: walks `events_id` downwards, so far.
const HEARD: &str = "\
    select source, max(received_at)
      from (select source, received_at
              from events
             where shop_id = ?1
             order by id desc
             limit ?2) as counted
     group by source";

fn happened(db: &Db, shop: ShopId, since: Timestamp) -> Result<Happened, Error> {
    let mut happened = Happened::default();
    let rows = db.all(SINCE, &[&shop.0, &since.as_millis()], |row| {
        Ok((
            row.get::<String>(0)?,
            row.get::<String>(1)?,
            row.get::<i64>(2)?,
        ))
    })?;
    for (name, unit, amount) in rows {
        happened.add(name, unit, amount);
    }
    let hour = since.as_millis().div_euclid(HOUR_MS) * HOUR_MS;
    let oversells = db.one(OVERSELLS, &[&shop.0, &hour], |row| row.get::<i64>(0))?;
    happened.oversells_refused = u64::try_from(oversells.unwrap_or(0)).unwrap_or(0);
    Ok(happened)
}

/// `shop_figures.by_hour`, `error_hours.oversells_by_hour`: a stretch of the primary key; hours are counted from the
/// first step's beginning.
const BY_HOUR: &str = "\
    select (at - ?2) / 3600000, name, unit, cast(sum(amount) as bigint)
      from shop_figures
     where shop_id = ?1 and ?2 <= at
     group by 1, name, unit";
const OVERSELLS_BY_HOUR: &str = "\
    select hour, cast(sum(count) as bigint)
      from error_hours
     where shop_id = ?1 and ?2 <= hour
       and code in ('out_of_stock', 'slot_full', 'no_slot_with_room')
     group by hour";

fn in_steps(db: &Db, shop: ShopId, begins: &[Timestamp]) -> Result<Vec<Happened>, Error> {
    let mut steps = vec![Happened::default(); begins.len()];
    let Some(first) = begins.first().map(|first| first.as_millis()) else {
        return Ok(steps);
    };
    let step_at = |millis: i64| {
        let behind = begins.partition_point(|begin| begin.as_millis() <= millis);
        behind.saturating_sub(1)
    };
    let rows = db.all(BY_HOUR, &[&shop.0, &first], |row| {
        Ok((
            row.get::<i64>(0)?,
            row.get::<String>(1)?,
            row.get::<String>(2)?,
            row.get::<i64>(3)?,
        ))
    })?;
    for (hour, name, unit, amount) in rows {
        let at = first.saturating_add(hour.saturating_mul(HOUR_MS));
        steps[step_at(at)].add(name, unit, amount);
    }
    let hour = first.div_euclid(HOUR_MS) * HOUR_MS;
    let rows = db.all(OVERSELLS_BY_HOUR, &[&shop.0, &hour], |row| {
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))
    })?;
    for (hour, count) in rows {
        steps[step_at(hour)].oversells_refused += u64::try_from(count).unwrap_or(0);
    }
    Ok(steps)
}

/// `roots.waiting`: along `roots_due`. `effects.waiting`: along `effects_due`. `events.waiting`: along `events_due`.
const ORDERS: &str = "\
    select status, count(*)
      from (select status
              from roots
             where shop_id = ?1 and due_at is not null and kind = 'order'
             order by due_at
             limit ?2) as counted
     group by status";
const EFFECTS: &str = "\
    select state, count(*)
      from (select state
              from effects
             where shop_id = ?1 and due_at is not null
             order by target, due_at
             limit ?2) as counted
     group by state";
const EVENTS: &str = "\
    select state, count(*), min(received_at)
      from (select state, received_at
              from events
             where shop_id = ?1 and due_at is not null and state in ('parked', 'queued')
             order by due_at
             limit ?2) as counted
     group by state";

/// `roots.attention`: along `roots_attention`. `effects.lost`: along `effects_lost`.
const ATTENTION: Sql = two(
    // Written as the index is, and named: without figures about its rows SQLite would rather walk all of a shop's.
    "select count(*)
      from (select attention
              from roots indexed by roots_attention
             where shop_id = ?1 and attention > 0
             limit ?2) as counted",
    "select count(*)
      from (select attention
              from roots
             where shop_id = ?1 and attention > 0
             order by id
             limit ?2) as counted",
);
const LOST: Sql = two(
    "select count(*)
      from (select state
              from effects indexed by effects_lost
             where shop_id = ?1 and state in ('dead', 'unknown') and state = ?3
             limit ?2) as counted",
    "select count(*)
      from (select state
              from effects
             where shop_id = ?1 and state in ('dead', 'unknown') and state = ?3
             limit ?2) as counted",
);

fn open(db: &Db, shop: ShopId) -> Result<Open, Error> {
    let by_word = |sql: &'static str| -> Result<BTreeMap<String, u64>, Error> {
        let rows = db.all(sql, &[&shop.0, &OPEN_COUNTED_MAX], |row| {
            Ok((row.get::<String>(0)?, row.get::<i64>(1)?))
        })?;
        let counted = rows.into_iter();
        Ok(counted
            .map(|(word, count)| (word, u64::try_from(count).unwrap_or(0)))
            .collect())
    };
    let attention = db.one(ATTENTION, &[&shop.0, &OPEN_COUNTED_MAX], |row| {
        row.get::<i64>(0)
    })?;
    // Each state by itself: a crowd of one hides no other.
    let mut effects_lost = BTreeMap::new();
    for state in [EffectState::Dead, EffectState::Unknown] {
        let values = (&shop.0, &OPEN_COUNTED_MAX, &state.word());
        let count = db.one(LOST, &[values.0, values.1, values.2], |row| {
            row.get::<i64>(0)
        })?;
        let count = u64::try_from(count.unwrap_or(0)).unwrap_or(0);
        if 0 < count {
            effects_lost.insert(state.word().to_owned(), count);
        }
    }
    let events = db.all(EVENTS, &[&shop.0, &OPEN_COUNTED_MAX], |row| {
        let count = u64::try_from(row.get::<i64>(1)?).unwrap_or(0);
        let oldest = Timestamp::from_millis(row.get(2)?);
        Ok((row.get::<String>(0)?, (count, oldest)))
    })?;
    Ok(Open {
        orders: by_word(ORDERS)?,
        attention: u64::try_from(attention.unwrap_or(0)).unwrap_or(0),
        effects: by_word(EFFECTS)?,
        effects_lost,
        events: events.into_iter().collect(),
    })
}
