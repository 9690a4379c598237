//! Stock, calendars with their slots, carts' holds.

use tollgate_core::capacity::{Calendar, Hold, HoldState, Late, NewSlot, Slot, Stock, Unit};
use tollgate_core::command::{Action, TakeHold};
use tollgate_core::id::{HoldId, RootId, ShopId};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;
use tollgate_store::Page;

use super::{Answered, App, Asking, Caller, Keyed, known_currency, unreadable};
use crate::body::{AdjustBody, CalendarBody, HoldBody, SlotsBody, StockBody, is_name, slot_wish};
use crate::calendar::{self, Rules, Weekly};
use crate::error::{NOT_FOUND, Problem, currency_unknown};
use crate::{ids, render};

/// A sku or calendar out of a path; `parameter` is what the path's template calls it.
fn name(text: &str, parameter: &str) -> Result<String, Problem> {
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err(Problem::invalid_at(
            parameter,
            "a name is 1 to 128 characters of A-Z a-z 0-9 . _ : + -",
        )),
    }
}

impl App {
    /// Says how much there is of a sku.
    pub(crate) async fn put_stock(
        &self,
        caller: &Caller,
        sku: &str,
        if_version: Option<i64>,
        body: StockBody,
    ) -> Result<Answered, Problem> {
        let action = Action::PutStock {
            sku: name(sku, "{sku}")?,
            on_hand: body.on_hand.0,
            if_version,
            low_at: body.low_at.map(|low_at| low_at.0),
        };
        self.ask(caller, Asking::new(action, render::stock_changed))
            .await
    }

    /// Corrects how much there is of a sku.
    pub(crate) async fn adjust_stock(
        &self,
        caller: &Caller,
        keyed: Keyed,
        sku: &str,
        body: AdjustBody,
    ) -> Result<Answered, Problem> {
        let action = Action::AdjustStock {
            sku: name(sku, "{sku}")?,
            delta: body.delta.0,
            reason: body.reason.map_or_else(String::new, |reason| reason.0),
        };
        self.ask(
            caller,
            Asking::new(action, render::stock_changed).keyed(Some(keyed)),
        )
        .await
    }

    /// The units of a sku.
    pub(crate) async fn stock(&self, shop: ShopId, sku: &str) -> Result<Stock, Problem> {
        let stock = self
            .inner
            .store
            .stock(shop, sku)
            .await
            .map_err(unreadable)?;
        stock.ok_or_else(|| NOT_FOUND.into())
    }

    /// A page of stock, by sku.
    pub(crate) async fn stock_page(
        &self,
        shop: ShopId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Stock, String>, Problem> {
        self.inner
            .store
            .stock_page(shop, after, limit)
            .await
            .map_err(unreadable)
    }

    /// Makes or changes a calendar with the slots its rules make.
    pub(crate) async fn put_calendar(
        &self,
        caller: &Caller,
        calendar: &str,
        body: CalendarBody,
    ) -> Result<Answered, Problem> {
        let name = name(calendar, "{name}")?;
        let now = self.now();
        let timezone = body.timezone.map_or_else(
            || self.timezone(caller.shop()).to_owned(),
            |timezone| timezone.0,
        );
        let weekly = body.weekly.unwrap_or_default();
        // Without weekly hours nothing is cut; with them its shape wants a length.
        let slot_minutes = body.slot_minutes.map_or(60, |minutes| minutes.0);
        let rules = Rules {
            timezone,
            slot_minutes,
            days_ahead: body.days_ahead.map_or(7, |days| days.0),
            weekly: weekly
                .into_iter()
                .map(|weekly| Weekly {
                    days: weekly.days.into_iter().map(|day| day.0).collect(),
                    opens: weekly.opens.0,
                    closes: weekly.closes.0,
                })
                .collect(),
            closed: body.closed.into_iter().flatten().map(|day| day.0).collect(),
        };
        let until = calendar::horizon(&rules, now);
        let slots = calendar::slots(&name, &rules, now, until).ok_or_else(|| {
            let most = calendar::SLOTS_AHEAD_MAX;
            Problem::invalid_at(
                "/days_ahead",
                format!("these rules make more than {most} slots"),
            )
        })?;
        let minutes = |minutes: Option<i64>| Span::minutes(minutes.unwrap_or(0));
        let wanted = Calendar {
            name,
            unit: Unit::of(body.unit.as_str()).unwrap_or(Unit::Orders),
            capacity: body.capacity.0,
            currency: match body.currency {
                None => None,
                Some(code) => Some(known_currency(code.as_str()).ok_or_else(currency_unknown)?),
            },
            visible_lead: minutes(body.visible_lead_minutes.map(|lead| lead.0)),
            booking_lead: minutes(body.booking_lead_minutes.map(|lead| lead.0)),
            late: body
                .late
                .and_then(|late| Late::of(late.as_str()))
                .unwrap_or(Late::Same),
            made_until: until,
            make_at: (!rules.weekly.is_empty()).then(|| calendar::make_at(&rules, now)),
            rules: serde_json::to_string(&rules).expect("rules of texts can be written"),
            version: 0,
        };
        let mut asking = Asking::new(
            Action::PutCalendar {
                calendar: Box::new(wanted),
                slots,
            },
            render::calendar_changed,
        );
        asking.bytes = 4096;
        self.ask(caller, asking).await
    }

    /// Puts single slots of a calendar.
    pub(crate) async fn put_slots(
        &self,
        caller: &Caller,
        calendar: &str,
        body: SlotsBody,
    ) -> Result<Answered, Problem> {
        let name = name(calendar, "{name}")?;
        let slots = body
            .slots
            .into_iter()
            .map(|slot| NewSlot {
                id: calendar::slot_id(&name, slot.starts_at.0),
                starts_at: slot.starts_at.0,
                ends_at: slot.ends_at.0,
                capacity: slot.capacity.map(|capacity| capacity.0),
            })
            .collect();
        let mut asking = Asking::new(
            Action::PutSlots {
                calendar: name,
                slots,
            },
            render::slots_changed,
        );
        asking.bytes = 4096;
        self.ask(caller, asking).await
    }

    /// A calendar.
    pub(crate) async fn calendar(&self, shop: ShopId, name: &str) -> Result<Calendar, Problem> {
        let calendar = self
            .inner
            .store
            .calendar(shop, name)
            .await
            .map_err(unreadable)?;
        calendar.ok_or_else(|| NOT_FOUND.into())
    }

    /// All calendars by name.
    pub(crate) async fn calendars(&self, shop: ShopId) -> Result<Vec<Calendar>, Problem> {
        self.inner.store.calendars(shop).await.map_err(unreadable)
    }

    /// Slots of a calendar, oldest first, that start in a stretch of time; by default from now on.
    pub(crate) async fn slots(
        &self,
        shop: ShopId,
        name: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Vec<Slot>, Problem> {
        self.calendar(shop, name).await?;
        let from = from.unwrap_or_else(|| self.now());
        let to = to.unwrap_or_else(|| Timestamp::from_millis(i64::MAX));
        self.inner
            .store
            .slots(shop, name, from, to)
            .await
            .map_err(unreadable)
    }

    /// Sets capacity aside for a cart.
    pub(crate) async fn take_hold(
        &self,
        caller: &Caller,
        keyed: Keyed,
        body: HoldBody,
    ) -> Result<Answered, Problem> {
        let hold = Span::seconds(body.seconds());
        let slot = body.slot.and_then(|slot| {
            let wish = slot_wish(slot.calendar, slot.not_before, slot.slot_id)?;
            Some((wish, slot.units.0))
        });
        let lines: Vec<(String, i64)> = body
            .lines
            .into_iter()
            .flatten()
            .map(|line| (line.sku.0, line.quantity.0))
            .collect();
        let skus = lines.iter().map(|(sku, _)| sku.clone()).collect();
        let action = Action::TakeHold(TakeHold {
            fresh: ids::root(),
            lines,
            slot,
            hold,
        });
        let mut asking = Asking::new(action, render::hold_created).keyed(Some(keyed));
        asking.skus = skus;
        self.ask(caller, asking).await
    }

    /// Gives a cart's hold back; the second time changes nothing.
    pub(crate) async fn release_hold(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        hold: &str,
    ) -> Result<Answered, Problem> {
        let action = Action::ReleaseHold(hold_id(hold)?);
        self.ask(
            caller,
            Asking::new(action, render::hold_changed).keyed(keyed),
        )
        .await
    }

    /// A hold, a cart's or an order's. One that an order has taken over is the order's.
    pub(crate) async fn hold(&self, shop: ShopId, hold: &str) -> Result<Hold, Problem> {
        let id = hold_id(hold)?;
        let found = self.hold_on(shop, id.root(), id).await?;
        match found {
            Some(Hold {
                state: HoldState::TakenOver(order),
                ..
            }) => self.hold_on(shop, order.root(), id).await?,
            found => found,
        }
        .ok_or_else(|| NOT_FOUND.into())
    }

    async fn hold_on(
        &self,
        shop: ShopId,
        root: RootId,
        id: HoldId,
    ) -> Result<Option<Hold>, Problem> {
        let root = self
            .inner
            .store
            .root(shop, root)
            .await
            .map_err(unreadable)?;
        Ok(root.and_then(|root| root.holds.into_iter().find(|hold| hold.id == id)))
    }
}

fn hold_id(text: &str) -> Result<HoldId, Problem> {
    text.parse().map_err(|_| NOT_FOUND.into())
}
