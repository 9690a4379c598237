//! Orders: the list, and what may be done with one.

mod list;

use crate::routes::{Route, routes};

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/orders" => list::show;
};
