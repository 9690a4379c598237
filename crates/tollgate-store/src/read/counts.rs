//! Counts over all of a shop: for checking, showing and measuring, not for every request.

use std::collections::BTreeMap;

use tollgate_core::id::ShopId;
use tollgate_core::order::OrderStatus;
use tollgate_core::snapshot::EventState;

use crate::Store;
use crate::db::{Db, Error, corrupt, id_at, id_bytes};
use crate::error::ReadError;
use crate::tables::document::word;

/// Rows counted in one read, so that none keeps the log from being begun again.
const CHUNK: i64 = 20_000;

/// How much there is of what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Orders by status.
    pub orders: BTreeMap<OrderStatus, u64>,
    /// Payments without an order.
    pub lone_payments: u64,
    /// Carts' holds.
    pub cart_holds: u64,
    /// Orders and payments a person must look at.
    pub attention: u64,
    /// Events by state.
    pub events: BTreeMap<EventState, u64>,
    /// Effects by kind and state.
    pub effects: BTreeMap<(String, String), u64>,
    /// Units not yet sold, over all skus.
    pub stock_on_hand: i64,
    /// Units of them set aside.
    pub stock_held: i64,
    /// Units set aside, over all slots.
    pub slots_held: i64,
    /// Units sold, over all slots.
    pub slots_sold: i64,
}

impl Store {
    /// Counts everything, chunk by chunk: it reads every row once, and while others write the
    /// figures are of slightly different moments.
    pub async fn counts(&self, shop: ShopId) -> Result<Counts, ReadError> {
        let mut counts = self.read(move |db| sums(db, shop)).await?;
        let mut after = Some(0);
        while let Some(from) = after {
            let (rows, next) = self.read(move |db| chunk(db, ROOTS, shop, from)).await?;
            rows.into_iter()
                .try_for_each(|(kind, status, attention)| {
                    counts.attention += u64::from(0 < attention);
                    match kind.as_str() {
                        "order" => {
                            *counts.orders.entry(word(&status)?).or_default() += 1;
                        }
                        "payment" => counts.lone_payments += 1,
                        _ => counts.cart_holds += 1,
                    }
                    Ok(())
                })
                .map_err(|error| ReadError::Corrupt(corrupt(error)))?;
            after = next;
        }
        after = Some(0);
        while let Some(from) = after {
            let (rows, next) = self.read(move |db| chunk(db, EVENTS, shop, from)).await?;
            rows.into_iter()
                .try_for_each(|(_, state, _)| {
                    *counts.events.entry(word(&state)?).or_default() += 1;
                    Ok(())
                })
                .map_err(|error| ReadError::Corrupt(corrupt(error)))?;
            after = next;
        }
        after = Some(0);
        while let Some(from) = after {
            let (rows, next) = self.read(move |db| chunk(db, EFFECTS, shop, from)).await?;
            for (kind, state, _) in rows {
                *counts.effects.entry((kind, state)).or_default() += 1;
            }
            after = next;
        }
        Ok(counts)
    }
}

/// `roots.count`, `events.count`, `effects.count`: by their ids, a chunk each.
const ROOTS: &str = "\
    select id, kind, status, attention
      from roots
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";
const EVENTS: &str = "\
    select id, kind, state, 0
      from events
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";
const EFFECTS: &str = "\
    select id, kind, state, 0
      from effects
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";

/// Kind, state and attention of the rows of a chunk, and where the next begins.
type Chunk = (Vec<(String, String, i64)>, Option<u128>);

fn chunk(db: &Db, sql: &'static str, shop: ShopId, after: u128) -> Result<Chunk, Error> {
    let mut last = after;
    let rows = db.all(sql, &[&shop.0, &id_bytes(after), &CHUNK], |row| {
        last = id_at(row, 0)?;
        Ok((row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let next = (rows.len() as i64 == CHUNK).then_some(last);
    Ok((rows, next))
}

/// `stock.sums`, `slots.sums`: over one shop, by primary key.
const STOCK_SUMS: &str = "\
    select cast(coalesce(sum(on_hand), 0) as bigint), cast(coalesce(sum(held), 0) as bigint)
      from stock
     where shop_id = ?1";
const SLOT_SUMS: &str = "\
    select cast(coalesce(sum(held), 0) as bigint), cast(coalesce(sum(sold), 0) as bigint)
      from slots
     where shop_id = ?1";

fn sums(db: &Db, shop: ShopId) -> Result<Counts, Error> {
    let pair = |sql| db.one(sql, &[&shop.0], |row| Ok((row.get(0)?, row.get(1)?)));
    let (stock_on_hand, stock_held) = pair(STOCK_SUMS)?.unwrap_or_default();
    let (slots_held, slots_sold) = pair(SLOT_SUMS)?.unwrap_or_default();
    Ok(Counts {
        stock_on_hand,
        stock_held,
        slots_held,
        slots_sold,
        ..Counts::default()
    })
}
