//! The pages, a file or folder for each noun.

pub(crate) mod sign_in;
pub(crate) mod welcome;
pub(crate) mod first_steps;
pub(crate) mod language;
pub(crate) mod overview;
pub(crate) mod search;
pub(crate) mod orders;
pub(crate) mod payments;
mod attention;
pub(crate) mod events;
pub(crate) mod parked;
pub(crate) mod deliveries;
pub(crate) mod effects;
pub(crate) mod sources;
pub(crate) mod health;
pub(crate) mod receipts;
pub(crate) mod stock;
pub(crate) mod slots;
pub(crate) mod endpoints;
pub(crate) mod errors;
pub(crate) mod settings;

use crate::routes::Route;

/// Every page, and what forms do.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    const NOUNS: &[&[Route]] = &[
        sign_in::ROUTES,
        welcome::ROUTES,
        language::ROUTES,
        overview::ROUTES,
        search::ROUTES,
        orders::ROUTES,
        payments::ROUTES,
        events::ROUTES,
        parked::ROUTES,
        deliveries::ROUTES,
        effects::ROUTES,
        sources::ROUTES,
        health::ROUTES,
        receipts::ROUTES,
        stock::ROUTES,
        slots::ROUTES,
        endpoints::ROUTES,
        errors::ROUTES,
        settings::ROUTES,
    ];
    NOUNS.iter().copied().flatten()
}
