//! The pages, a file or folder for each noun.

pub(crate) mod sign_in;
pub(crate) mod welcome;
pub(crate) mod first_steps;
pub(crate) mod language;
pub(crate) mod overview;
pub(crate) mod search;
pub(crate) mod orders;

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
    ];
    NOUNS.iter().copied().flatten()
}
