//! Stock, calendars and slots.

use tollgate_core::capacity::{Calendar, Slot, Stock};
use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;

use super::{CALENDARS_MAX, PAGE_ITEMS_MAX, Page, SLOTS_MAX};
use crate::Store;
use crate::error::ReadError;
use crate::tables::{calendars, slots, stock};

/// `stock.page`: by primary key.
const STOCK_PAGE: &str = "\
    select sku, on_hand, held, version, low_at, sold
      from stock
     where shop_id = ?1 and ?2 < sku
     order by sku
     limit ?3";

/// `calendars.list`: by primary key.
const CALENDARS: &str = "\
    select name, make_at, version, doc
      from calendars
     where shop_id = ?1
     order by name
     limit ?2";

/// `slots.list`: by primary key.
const SLOTS: &str = "\
    select id, calendar, starts_at, ends_at, visible_at, capacity, held, sold, by_hand
      from slots
     where shop_id = ?1 and calendar = ?2 and ?3 <= starts_at and starts_at < ?4
     order by starts_at
     limit ?5";

impl Store {
    /// The units of one sku.
    pub async fn stock(&self, shop: ShopId, sku: &str) -> Result<Option<Stock>, ReadError> {
        let sku = sku.to_owned();
        self.read(move |db| db.one(stock::GET, &[&shop.0, &sku], stock::read))
            .await
    }

    /// Units by sku, in the order of skus, at most `limit` and [`PAGE_ITEMS_MAX`]; `after` is the
    /// `next` of the page before.
    pub async fn stock_page(
        &self,
        shop: ShopId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Stock, String>, ReadError> {
        let after = after.unwrap_or_default().to_owned();
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        self.read(move |db| {
            let mut items = db.all(STOCK_PAGE, &[&shop.0, &after, &(limit + 1)], stock::read)?;
            let limit = limit as usize;
            let more = limit < items.len();
            items.truncate(limit);
            let next = items.last().filter(|_| more).map(|stock| stock.sku.clone());
            Ok(Page { items, next })
        })
        .await
    }

    /// One calendar.
    pub async fn calendar(&self, shop: ShopId, name: &str) -> Result<Option<Calendar>, ReadError> {
        let name = name.to_owned();
        self.read(move |db| db.one(calendars::GET, &[&shop.0, &name], calendars::read))
            .await
    }

    /// The calendars by name, at most [`CALENDARS_MAX`].
    pub async fn calendars(&self, shop: ShopId) -> Result<Vec<Calendar>, ReadError> {
        self.read(move |db| db.all(CALENDARS, &[&shop.0, &CALENDARS_MAX], calendars::read))
            .await
    }

    /// The slots of a calendar that start at `from` or later and before `to`, at most
    /// [`SLOTS_MAX`].
    pub async fn slots(
        &self,
        shop: ShopId,
        calendar: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Slot>, ReadError> {
        let calendar = calendar.to_owned();
        let (from, to) = (from.as_millis(), to.as_millis());
        self.read(move |db| {
            db.all(
                SLOTS,
                &[&shop.0, &calendar, &from, &to, &SLOTS_MAX],
                slots::read,
            )
        })
        .await
    }
}
