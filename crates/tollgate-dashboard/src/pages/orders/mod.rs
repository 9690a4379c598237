//! Orders: the list, the page of each, and what may be done with one.

mod actions;
mod document;
mod list;
mod show;
mod story;
#[cfg(test)]
mod tests;
mod words;

use crate::routes::{Route, routes};

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/orders" => list::show;
    Get "/orders/{}" => show::show;
    Post "/orders/{}/cancel" => actions::cancel;
    Post "/orders/{}/note" => actions::note;
    Post "/orders/{}/customer" => actions::customer;
    Post "/orders/{}/attention/{}/resolve" => actions::resolve;
    Post "/orders/{}/payments/{}/check" => actions::check;
    Post "/orders/{}/payments/{}/capture" => actions::capture;
    Post "/orders/{}/payments/{}/refund" => actions::refund;
};
