//! Slots: how much of each is sold and set aside, and changing what fits into one.

mod calendar;
mod day;
mod list;
mod rule;
mod slot;
#[cfg(test)]
mod tests;
mod texts;

use maud::{Markup, html};
use serde::Deserialize;
use tollgate_core::money::Currency;
use tollgate_receipt::amount_text;

use crate::parts::{amount, number};
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::Text;

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/slots" => list::show;
    Post "/slots" => rule::create;
    Get "/slots/{}" => calendar::show;
    Post "/slots/{}/rule" => rule::change;
    Post "/slots/{}/remove" => rule::remove;
    Get "/slots/{}/{}" => slot::show;
    Post "/slots/{}/{}/capacity" => slot::change;
    Post "/slots/{}/{}/close" => slot::close;
};

/// A calendar with the rules by which its slots are made.
#[derive(Deserialize)]
struct Calendar {
    name: String,
    unit: String,
    capacity: i64,
    currency: Option<String>,
    late: String,
    booking_lead_minutes: i64,
    visible_lead_minutes: i64,
    made_until: String,
    slot_minutes: Option<i64>,
    days_ahead: Option<i64>,
    timezone: Option<String>,
    #[serde(default)]
    weekly: Vec<Hours>,
    #[serde(default)]
    closed: Vec<String>,
}

/// Hours of some days of the week.
#[derive(Deserialize)]
struct Hours {
    days: Vec<String>,
    opens: String,
    closes: String,
}

/// A slot.
#[derive(Deserialize)]
struct Slot {
    starts_at: String,
    ends_at: String,
    capacity: i64,
    held: i64,
    sold: i64,
    available: i64,
}

/// A page of slots.
#[derive(Deserialize)]
struct Slots {
    data: Vec<Slot>,
    next_cursor: Option<String>,
}

impl Calendar {
    /// What its slots count, in the form of that: an amount, or a number.
    fn counted(&self, visit: &Visit<'_>, value: i64) -> Markup {
        match &self.currency {
            Some(currency) if self.unit == "amount" => amount(visit.locale, value, currency),
            Some(_) | None => html! { (whole(visit, value)) },
        }
    }

    /// The unit, as people read it.
    fn unit(&self, visit: &Visit<'_>) -> String {
        let text = unit_text(&self.unit);
        text.map_or(&*self.unit, |text| visit.say(text)).to_owned()
    }
}

/// What people read for a unit that is known.
fn unit_text(unit: &str) -> Option<Text> {
    match unit {
        "orders" => Some(texts::UNIT_ORDERS),
        "items" => Some(texts::UNIT_ITEMS),
        "amount" => Some(texts::UNIT_AMOUNT),
        _ => None,
    }
}

/// The same within a sentence.
fn said(visit: &Visit<'_>, calendar: &Calendar, value: i64) -> String {
    let currency = calendar.currency.as_deref().and_then(Currency::new);
    match currency.filter(|_| calendar.unit == "amount") {
        Some(currency) => amount_text(visit.locale, value, currency),
        None => whole(visit, value),
    }
}

/// How full something is: a bar of what is sold, set aside and free.
fn load(visit: &Visit<'_>, capacity: i64, sold: i64, held: i64) -> Markup {
    let share = |part: i64| {
        let part = i128::from(part.max(0)) * 100;
        let share = part / i128::from(capacity.max(sold.saturating_add(held)).max(1));
        u64::try_from(share).unwrap_or(0).min(100)
    };
    let (sold_wide, held_wide) = (share(sold), share(held));
    let free = capacity.saturating_sub(sold).saturating_sub(held);
    let said = [sold, held, free].map(|count| whole(visit, count));
    let said = texts::LOAD.with(visit.locale, &[&said[0], &said[1], &said[2]]);
    html! {
        svg.load viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label=(said) {
            title { (said) }
            rect.free x="0" y="0" width="100" height="10" {}
            rect.sold x="0" y="0" width=(sold_wide) height="10" {}
            rect.held x=(sold_wide) y="0" width=(held_wide.min(100 - sold_wide)) height="10" {}
        }
    }
}

fn whole(visit: &Visit<'_>, value: i64) -> String {
    let digits = number(visit.locale, value.unsigned_abs());
    match value < 0 {
        true => format!("−{digits}"),
        false => digits,
    }
}
