//! What has happened in a shop, added up by quarters of an hour: of the timeline's entries in the commit that makes
//! them, and of what a door has counted, for each source by itself.

use std::collections::BTreeMap;

use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;

use crate::db::{Db, Error, WriteBatch};
use crate::tables::write::Changes;
use crate::tables::{endpoint_figures, events};

/// A day begins at a quarter of an hour in every time zone.
pub(crate) const QUARTER_MS: i64 = 15 * 60 * 1000;

/// Figures are kept for so long.
pub(crate) const KEPT: Span = Span::hours(24 * 35);

/// The entries that are added up.
pub(crate) const COUNTED: &[EntryKind] = &[
    EntryKind::OrderCreated,
    EntryKind::OrderPaid,
    EntryKind::OrderPartiallyPaid,
    EntryKind::OrderCompleted,
    EntryKind::OrderExpired,
    EntryKind::OrderCancelled,
    EntryKind::OrderRefunded,
    EntryKind::ReceiptIssued,
    EntryKind::EffectDead,
    EntryKind::EventOrphaned,
];

/// Those of them that are told at every step and counted at one: an entry does not say at which it was.
pub(crate) const TOLD_IN_STEPS: &[EntryKind] =
    &[EntryKind::OrderPartiallyPaid, EntryKind::OrderRefunded];

/// Money that came, and money that went back, by currency; less of it than was said is added with a minus.
pub(crate) const MONEY_CAME: &str = "money.came";
pub(crate) const MONEY_WENT: &str = "money.went";

/// Events that came before their payment and are applied.
pub(crate) const EARLY: &str = "event.early";

/// `shop_figures.add`: by primary key. What no integer holds stays at the highest or lowest there is: a figure is no
/// reason to refuse what it counts. Less may have come than was said, so what is added may be negative.
const ADD: &str = "\
    insert into shop_figures (shop_id, at, name, unit, amount)
    values (?1, ?2, ?3, ?4, ?5)
        on conflict (shop_id, at, name, unit) do update
       set amount = case when shop_figures.amount
                              > 9223372036854775807 - case when excluded.amount > 0 then excluded.amount else 0 end
                         then 9223372036854775807
                         when shop_figures.amount
                              < -9223372036854775807 - case when excluded.amount < 0 then excluded.amount else 0 end
                         then -9223372036854775807
                         else shop_figures.amount + excluded.amount end";

/// `shop_figures.forget`: the beginning of the primary key.
const FORGET: &str = "delete from shop_figures where shop_id = ?1 and at < ?2";

/// The beginning of a quarter of an hour.
pub(crate) fn quarter_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(QUARTER_MS) * QUARTER_MS
}

/// Adds up what a batch has decided.
pub(crate) fn add_decided(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    let mut figures: BTreeMap<(ShopId, &str, &str), i64> = BTreeMap::new();
    let mut add = |shop, name, unit, amount: i64| {
        if amount != 0 {
            let figure = figures.entry((shop, name, unit)).or_default();
            *figure = figure.saturating_add(amount);
        }
    };
    for row in &batch.additions.timeline {
        for entry in &row.entries {
            if entry.is_counted && COUNTED.contains(&entry.kind) {
                add(row.shop, entry.kind.word(), "", 1);
            }
            for moved in &entry.moved {
                let currency = moved.currency.as_str();
                add(row.shop, MONEY_CAME, currency, moved.came_minor);
                add(row.shop, MONEY_WENT, currency, moved.went_minor);
            }
        }
    }
    for shop in events::caught_early(batch.known) {
        add(shop, EARLY, "", 1);
    }
    let at = quarter_of(batch.now);
    for ((shop, name, unit), amount) in figures {
        writes.put(ADD, &[&shop.0, &at, &name, &unit, &amount])?;
    }
    Ok(())
}

/// What a door has counted in a shop.
#[derive(Debug, Clone)]
pub(crate) struct AddFigures {
    /// Whose.
    pub(crate) shop: ShopId,
    /// When.
    pub(crate) at: Timestamp,
    /// How many of what, and by which source.
    pub(crate) counted: Vec<(&'static str, String, u64)>,
}

impl AddFigures {
    /// Adds it, and forgets what is old.
    pub(crate) fn run(&self, db: &Db) -> Result<usize, Error> {
        let at = quarter_of(self.at);
        for (name, source, count) in &self.counted {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            db.run(ADD, &[&self.shop.0, &at, name, source, &count])?;
        }
        endpoint_figures::forget(db, self.shop, self.at)?;
        let before = self.at.plus(Span::millis(-KEPT.as_millis()));
        db.run(FORGET, &[&self.shop.0, &before.as_millis()])
    }
}
