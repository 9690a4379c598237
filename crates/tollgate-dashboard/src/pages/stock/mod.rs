//! Stock: how much there is of each sku, how it came to that, and changing it by hand.

mod list;
mod paste;
mod show;
#[cfg(test)]
mod tests;
mod texts;

use maud::{Markup, html};
use serde::Deserialize;

use crate::parts::{number, toned};
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::sets::Tone;

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/stock" => list::show;
    Post "/stock" => list::put;
    Get "/stock-paste" => paste::ask;
    Post "/stock-paste" => paste::preview;
    Post "/stock-paste/put" => paste::put;
    Get "/stock/{}" => show::show;
    Post "/stock/{}/adjust" => show::adjust;
    Post "/stock/{}/put" => show::put;
    Post "/stock/{}/remove" => show::remove;
};

/// The stock of a sku.
#[derive(Deserialize)]
struct Stock {
    sku: String,
    on_hand: i64,
    held: i64,
    available: i64,
    sold: i64,
    low_at: Option<i64>,
    version: i64,
}

/// A page of stock.
#[derive(Deserialize)]
struct Stocks {
    data: Vec<Stock>,
    next_cursor: Option<String>,
}

impl Stock {
    /// How it stands: nothing left, little left, or enough.
    fn tone(&self) -> Tone {
        match self.low_at {
            _ if self.available <= 0 => Tone::Bad,
            Some(low_at) if self.available <= low_at => Tone::Warn,
            Some(_) | None => Tone::Good,
        }
    }

    /// What may still be sold, in the colour of how it stands.
    fn free(&self, visit: &Visit<'_>) -> Markup {
        toned(&units(visit, self.available), self.tone())
    }
}

/// Units, in the form of the language.
fn units(visit: &Visit<'_>, units: i64) -> String {
    let digits = number(visit.locale, units.unsigned_abs());
    match units < 0 {
        true => format!("−{digits}"),
        false => digits,
    }
}

/// Units more or fewer, with their sign.
fn change(visit: &Visit<'_>, delta: i64) -> Markup {
    let sign = if 0 < delta { "+" } else { "" };
    html! { bdi.amount dir="ltr" { (sign) (units(visit, delta)) } }
}
