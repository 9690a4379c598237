//! Receipts: the documents over money that came or went back, as they were frozen.

mod list;
mod show;
#[cfg(test)]
mod tests;
mod texts;

use maud::Markup;

use crate::parts::{foreign, toned};
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::sets::Tone;

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/receipts" => list::show;
    Get "/receipts/{}" => show::show;
};

/// Whether money came or went back.
fn kind(visit: &Visit<'_>, kind: &str) -> Markup {
    let (text, tone) = match kind {
        "sale" => (texts::SALE, Tone::Good),
        "refund" => (texts::REFUND, Tone::Quiet),
        "reversal" => (texts::REVERSAL, Tone::Warn),
        unknown => return foreign(unknown),
    };
    toned(visit.say(text), tone)
}
