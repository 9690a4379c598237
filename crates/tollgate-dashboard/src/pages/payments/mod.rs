//! Payments: the list, the page of each, and what may be done with one.

pub(crate) mod actions;
pub(crate) mod document;
mod list;
mod show;
pub(crate) mod shown;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use crate::failure::Failure;
use crate::parts::encoded;
use crate::reply::Response;
use crate::routes::{Route, routes};
use crate::visit::Visit;

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/payments" => list::show;
    Get "/payments/{}" => show::show;
    Post "/payments/{}/check" => check;
    Post "/payments/{}/capture" => capture;
    Post "/payments/{}/refund" => refund;
    Post "/payments/{}/correct" => actions::correct;
    Post "/payments/{}/attention/{}/resolve" => resolve;
};

fn page(visit: &Visit<'_>) -> String {
    format!("/payments/{}", encoded(visit.parameter(0)))
}

async fn check(visit: &Visit<'_>) -> Result<Response, Failure> {
    actions::check(visit, visit.parameter(0), page(visit)).await
}

async fn capture(visit: &Visit<'_>) -> Result<Response, Failure> {
    actions::capture(visit, visit.parameter(0), page(visit)).await
}

async fn refund(visit: &Visit<'_>) -> Result<Response, Failure> {
    actions::refund(visit, visit.parameter(0), page(visit)).await
}

async fn resolve(visit: &Visit<'_>) -> Result<Response, Failure> {
    let noun = format!("payments/{}", encoded(visit.parameter(0)));
    actions::resolve(visit, &noun, visit.parameter(1)).await
}
