//! What is on the shelf: what was put there, less what was sold, as the feed tells both (L5).
//!
//! Whoever puts stock, or corrects it, says how much there is then; from there on it is added up. A sku that was put
//! before retention took lines of the feed is not known any more. What was sold of it is counted from where it was
//! put first, so it is known where no line of before is missing, or where the sku was removed since.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::id::{HoldId, RootId};
use tollgate_core::timeline::EntryKind;

use super::Verifying;
use super::feed::Entry;
use super::names::look_up_roots;
use crate::db::{Bind, Error, Value};

/// Rows of stock read at a time.
const ROWS_MAX: i64 = 1_000;

/// `verify.on_hand`: walks the primary key.
const ON_HAND: &str = "\
    select sku, on_hand, sold
      from stock
     where shop_id = ?1 and ?2 < sku
     order by sku
     limit ?3";

/// How much of each sku there is by the feed, up to where it was read.
#[derive(Default)]
pub(super) struct Shelf {
    on_hand: BTreeMap<String, i64>,
    /// What was sold of it since it was put first.
    sold: BTreeMap<String, i64>,
    /// Skus that were removed where the feed is whole: the next put is the first.
    removed: BTreeSet<String>,
    /// What happened since, in its order.
    happened: Vec<Happened>,
    /// An order that was paid is not there, so it is not known what it has sold.
    lost_count: bool,
}

enum Happened {
    /// There is so much, since this position; `None` where it is stocked no more.
    Put(i64, String, Option<i64>),
    Back(String, i64),
    Sold(HoldId),
}

impl Shelf {
    /// Notes an entry.
    pub(super) fn take(&mut self, position: i64, entry: &Entry) {
        use tollgate_core::word::Word;
        let sku = || entry.sku.clone().unwrap_or_default();
        let happened = match EntryKind::of(&entry.kind) {
            Some(EntryKind::StockPut | EntryKind::StockAdjusted) => {
                Happened::Put(position, sku(), entry.on_hand)
            }
            Some(EntryKind::StockRemoved) => Happened::Put(position, sku(), None),
            Some(EntryKind::StockReturned) => Happened::Back(sku(), entry.units.unwrap_or(0)),
            Some(EntryKind::OrderPaid) => {
                let hold = entry.hold.as_deref().and_then(|id| id.parse().ok());
                let Some(hold) = hold else { return };
                Happened::Sold(hold)
            }
            _ => return,
        };
        self.happened.push(happened);
    }

    /// Adds up what was noted.
    pub(super) fn sell(&mut self, verifying: &Verifying<'_>) -> Result<(), Error> {
        let happened = std::mem::take(&mut self.happened);
        // A hold that was a cart's stands in its order, too, which has other lines; so both are looked at.
        let sold = happened.iter().filter_map(|one| match one {
            Happened::Sold(hold) => Some(*hold),
            Happened::Put(..) | Happened::Back(..) => None,
        });
        let sold: Vec<HoldId> = sold.collect();
        let shop = || Value::Integer(i64::from(verifying.shop.0));
        let ids: Vec<RootId> = sold.iter().map(|hold| hold.root()).collect();
        let holders = look_up_roots(verifying.db, shop(), &ids, |root| {
            let holds = root.holds.clone();
            (root.order.is_some(), holds)
        })?;
        let orders = holders.iter().zip(&sold).filter_map(|(found, id)| {
            let (is_order, holds) = found.as_ref()?;
            let hold = holds.iter().find(|hold| hold.id == *id)?;
            match hold.state {
                tollgate_core::capacity::HoldState::TakenOver(order) if !is_order => {
                    Some((*id, order.root()))
                }
                _ => None,
            }
        });
        let taken: Vec<(HoldId, RootId)> = orders.collect();
        let ids: Vec<RootId> = taken.iter().map(|(_, order)| *order).collect();
        let takers = look_up_roots(verifying.db, shop(), &ids, |root| root.holds.clone())?;
        let mut lines: BTreeMap<HoldId, Vec<(String, i64)>> = BTreeMap::new();
        let mut keep = |id: HoldId, holds: &[tollgate_core::capacity::Hold]| {
            if let Some(hold) = holds.iter().find(|hold| hold.id == id) {
                lines.insert(id, hold.lines.clone());
            }
        };
        for (id, found) in sold.iter().zip(&holders) {
            if let Some((true, holds)) = found {
                keep(*id, holds);
            }
        }
        for ((id, _), holds) in taken.iter().zip(&takers) {
            keep(*id, holds.as_deref().unwrap_or_default());
        }
        for one in happened {
            match one {
                Happened::Put(position, sku, on_hand) => {
                    let is_known = verifying.horizon.position < position;
                    let is_whole = verifying.horizon.position == 0;
                    match on_hand {
                        Some(_) if is_whole || self.removed.contains(&sku) => {
                            self.sold.entry(sku.clone()).or_insert(0);
                        }
                        Some(_) => {}
                        None => {
                            self.sold.remove(&sku);
                            if is_known {
                                self.removed.insert(sku.clone());
                            }
                        }
                    }
                    match on_hand.filter(|_| is_known) {
                        Some(on_hand) => self.on_hand.insert(sku, on_hand),
                        None => self.on_hand.remove(&sku),
                    };
                }
                Happened::Back(sku, units) => self.add(&sku, units),
                Happened::Sold(hold) => match lines.get(&hold) {
                    Some(lines) => {
                        for (sku, units) in lines {
                            self.add(sku, units.saturating_neg());
                        }
                    }
                    None => self.lost_count = true,
                },
            }
        }
        Ok(())
    }

    /// Units come back to the shelf, or go.
    fn add(&mut self, sku: &str, units: i64) {
        if let Some(sold) = self.sold.get_mut(sku) {
            *sold = sold.saturating_sub(units).max(0);
        }
        if let Some(on_hand) = self.on_hand.get_mut(sku) {
            *on_hand = on_hand.saturating_add(units);
        }
    }

    /// A count of units sold that is another, with the statement that puts it right.
    fn mended(verifying: &Verifying<'_>, sku: &str, sold: i64, told: i64) -> String {
        let (shop, quoted) = (verifying.shop.0, sku.replace('\'', "''"));
        format!(
            "{sku}: sold is {sold}, and the feed tells of {told}; update stock set sold = {told} where shop_id = {shop} \
             and sku = '{quoted}' and sold = {sold}"
        )
    }

    /// Compares it with the rows, over the state of the database in which the feed has ended.
    pub(super) fn compare(&mut self, verifying: &mut Verifying<'_>) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let values: &[&dyn Bind] = &[&verifying.shop.0, &after, &ROWS_MAX];
            let rows = verifying.db.all(ON_HAND, values, |row| {
                Ok((
                    row.get::<String>(0)?,
                    row.get::<i64>(1)?,
                    row.get::<i64>(2)?,
                ))
            })?;
            let Some((last, ..)) = rows.last() else { break };
            after = last.clone();
            for (sku, on_hand, sold) in rows {
                let told = self.on_hand.remove(&sku);
                if let Some(told) = told
                    && told != on_hand
                    && !self.lost_count
                {
                    let seen = format!("{sku}: on_hand is {on_hand}, and the feed tells of {told}");
                    verifying.fail("stock.on_hand", seen);
                }
                if let Some(told) = self.sold.remove(&sku)
                    && told != sold
                    && !self.lost_count
                {
                    let seen = Self::mended(verifying, &sku, sold, told);
                    verifying.warn("stock.sold", seen);
                }
            }
        }
        for (sku, told) in std::mem::take(&mut self.on_hand) {
            let seen = format!("{sku}: the feed tells of {told}, and there is no such sku");
            verifying.fail("stock.on_hand", seen);
        }
        Ok(())
    }
}
