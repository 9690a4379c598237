//! Stock, calendars with their slots, carts' holds.

use tollgate_core::capacity::{Calendar, Hold, HoldState, Late, NewSlot, Slot, Stock, Unit};
use tollgate_core::command::{Action, NewStock, TakeHold};
use tollgate_core::id::{HoldId, RootId, ShopId};
use tollgate_core::money::Currency;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{Page, Seek, TimelineEntry};

use super::{Answered, App, AppError, Asking, Caller, Keyed};
use crate::calendar::{self, Rules, Weekly};

/// The hours of a calendar as they are wished for.
pub(crate) struct Hours {
    /// Where they are local; the shop's time zone where nothing is said.
    pub(crate) timezone: Option<String>,
    /// How long a slot is.
    pub(crate) slot_minutes: i64,
    /// How far ahead slots are made.
    pub(crate) days_ahead: i64,
    /// The hours of each week.
    pub(crate) weekly: Vec<Weekly>,
    /// Dates without hours.
    pub(crate) closed: Vec<String>,
}

/// What the rules of a calendar make from now on.
pub(crate) struct Plan {
    name: String,
    rules: Rules,
    slots: Vec<NewSlot>,
    now: Timestamp,
    until: Timestamp,
}

/// What a calendar says of its slots.
pub(crate) struct Terms {
    /// What they count.
    pub(crate) unit: Unit,
    /// How much of it each has.
    pub(crate) capacity: i64,
    /// The currency of amounts; any where nothing is said.
    pub(crate) currency: Option<Currency>,
    /// How long before its start a slot is shown.
    pub(crate) visible_lead: Span,
    /// How long before its start it can last be booked.
    pub(crate) booking_lead: Span,
    /// Which slot a late payment may take.
    pub(crate) late: Late,
}

impl App {
    /// Says how much there is of a sku, if its version is still the one that is named.
    pub(crate) async fn put_stock(
        &self,
        caller: &Caller,
        sku: String,
        on_hand: i64,
        low_at: Option<i64>,
        if_version: Option<i64>,
    ) -> Result<Answered, AppError> {
        let action = Action::PutStock {
            sku,
            on_hand,
            if_version,
            low_at,
        };
        self.ask(caller, Asking::new(action)).await
    }

    /// The same of several skus, all of it or nothing. `bytes` is the size of the request.
    pub(crate) async fn put_stocks(
        &self,
        caller: &Caller,
        wanted: Vec<NewStock>,
        bytes: usize,
    ) -> Result<Answered, AppError> {
        let action = Action::PutStocks(wanted);
        self.ask(caller, Asking::new(action).bytes(bytes)).await
    }

    /// Stocks a sku no more.
    pub(crate) async fn remove_stock(&self, caller: &Caller, sku: String) -> Result<(), AppError> {
        let action = Action::RemoveStock(sku);
        self.ask(caller, Asking::new(action)).await.map(drop)
    }

    /// What people and refunds have done to the stock of a sku, newest first; that of one that is stocked no
    /// more, too.
    pub(crate) async fn stock_entries(
        &self,
        shop: ShopId,
        sku: &str,
        seek: Seek<i64>,
    ) -> Result<Page<TimelineEntry, i64>, AppError> {
        Ok(self.inner.store.stock_entries(shop, sku, seek).await?)
    }

    /// Gives a calendar up.
    pub(crate) async fn remove_calendar(
        &self,
        caller: &Caller,
        name: String,
    ) -> Result<(), AppError> {
        let action = Action::RemoveCalendar(name);
        self.ask(caller, Asking::new(action)).await.map(drop)
    }

    /// Corrects how much there is of a sku.
    pub(crate) async fn adjust_stock(
        &self,
        caller: &Caller,
        keyed: Keyed,
        sku: String,
        delta: i64,
        reason: String,
    ) -> Result<Answered, AppError> {
        let action = Action::AdjustStock { sku, delta, reason };
        self.ask(caller, Asking::new(action).keyed(Some(keyed)))
            .await
    }

    /// The units of a sku.
    pub(crate) async fn stock(&self, shop: ShopId, sku: &str) -> Result<Stock, AppError> {
        let stock = self.inner.store.stock(shop, sku).await?;
        stock.ok_or(AppError::NotFound)
    }

    /// A page of stock, by sku.
    pub(crate) async fn stock_page(
        &self,
        shop: ShopId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Stock, String>, AppError> {
        Ok(self.inner.store.stock_page(shop, after, limit).await?)
    }

    /// What a calendar of these hours has ahead.
    pub(crate) fn plan_calendar(
        &self,
        shop: ShopId,
        name: String,
        hours: Hours,
    ) -> Result<Plan, AppError> {
        let now = self.now();
        let timezone = hours.timezone;
        let rules = Rules {
            timezone: timezone.unwrap_or_else(|| self.timezone(shop).to_owned()),
            slot_minutes: hours.slot_minutes,
            days_ahead: hours.days_ahead,
            weekly: hours.weekly,
            closed: hours.closed,
        };
        let until = calendar::horizon(&rules, now);
        let most = calendar::SLOTS_AHEAD_MAX;
        let slots = calendar::slots(&name, &rules, now, until);
        Ok(Plan {
            slots: slots.ok_or(AppError::TooManySlots { most })?,
            name,
            rules,
            now,
            until,
        })
    }

    /// Makes or changes a calendar with the slots its rules make.
    pub(crate) async fn put_calendar(
        &self,
        caller: &Caller,
        plan: Plan,
        terms: Terms,
    ) -> Result<Answered, AppError> {
        let Plan {
            name,
            rules,
            slots,
            now,
            until,
        } = plan;
        let wanted = Calendar {
            name,
            unit: terms.unit,
            capacity: terms.capacity,
            currency: terms.currency,
            visible_lead: terms.visible_lead,
            booking_lead: terms.booking_lead,
            late: terms.late,
            made_until: until,
            make_at: (!rules.weekly.is_empty()).then(|| calendar::make_at(&rules, now)),
            rules: rules.text(),
            version: 0,
        };
        let action = Action::PutCalendar {
            calendar: Box::new(wanted),
            slots,
        };
        self.ask(caller, Asking::new(action).bytes(4096)).await
    }

    /// Puts single slots of a calendar.
    pub(crate) async fn put_slots(
        &self,
        caller: &Caller,
        calendar: String,
        slots: Vec<NewSlot>,
    ) -> Result<Answered, AppError> {
        let action = Action::PutSlots { calendar, slots };
        self.ask(caller, Asking::new(action).bytes(4096)).await
    }

    /// A calendar.
    pub(crate) async fn calendar(&self, shop: ShopId, name: &str) -> Result<Calendar, AppError> {
        let calendar = self.inner.store.calendar(shop, name).await?;
        calendar.ok_or(AppError::NotFound)
    }

    /// All calendars by name.
    pub(crate) async fn calendars(&self, shop: ShopId) -> Result<Vec<Calendar>, AppError> {
        Ok(self.inner.store.calendars(shop).await?)
    }

    /// Slots of a calendar, oldest first, that start in a stretch of time; by default from now on.
    pub(crate) async fn slots(
        &self,
        shop: ShopId,
        name: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Vec<Slot>, AppError> {
        self.calendar(shop, name).await?;
        let from = from.unwrap_or_else(|| self.now());
        let to = to.unwrap_or_else(|| Timestamp::from_millis(i64::MAX));
        Ok(self.inner.store.slots(shop, name, from, to).await?)
    }

    /// Sets capacity aside for a cart.
    pub(crate) async fn take_hold(
        &self,
        caller: &Caller,
        keyed: Keyed,
        wanted: TakeHold,
    ) -> Result<Answered, AppError> {
        let action = Action::TakeHold(wanted);
        self.ask(caller, Asking::new(action).keyed(Some(keyed)))
            .await
    }

    /// Gives a cart's hold back; the second time changes nothing.
    pub(crate) async fn release_hold(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        hold: HoldId,
    ) -> Result<Answered, AppError> {
        let action = Action::ReleaseHold(hold);
        self.ask(caller, Asking::new(action).keyed(keyed)).await
    }

    /// A hold, a cart's or an order's. One that an order has taken over is the order's.
    pub(crate) async fn hold(&self, shop: ShopId, id: HoldId) -> Result<Hold, AppError> {
        let found = self.hold_on(shop, id.root(), id).await?;
        match found {
            Some(Hold {
                state: HoldState::TakenOver(order),
                ..
            }) => self.hold_on(shop, order.root(), id).await?,
            found => found,
        }
        .ok_or(AppError::NotFound)
    }

    async fn hold_on(
        &self,
        shop: ShopId,
        root: RootId,
        id: HoldId,
    ) -> Result<Option<Hold>, AppError> {
        let root = self.inner.store.root(shop, root).await?;
        Ok(root.and_then(|root| root.holds.into_iter().find(|hold| hold.id == id)))
    }
}
