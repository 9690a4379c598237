//! The language that somebody chooses, kept in a cookie.

use tollgate_receipt::Locale;

use crate::asked::Method;
use crate::failure::Failure;
use crate::reply::Response;
use crate::routes::{For, Route};
use crate::visit::Visit;
use crate::words::LANGUAGE_COOKIE;

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Post,
    path: "/language",
    who: For::Anybody,
    make: |visit| Box::pin(choose(visit)),
}];

/// A year.
const KEPT_SECONDS: u32 = 31_536_000;

async fn choose(visit: &Visit<'_>) -> Result<Response, Failure> {
    let wanted = visit.form.get("language").and_then(Locale::of_tag);
    let locale = wanted.unwrap_or(visit.locale).as_str();
    let cookie = format!(
        "{LANGUAGE_COOKIE}={locale}; Path=/; HttpOnly; SameSite=Lax; Max-Age={KEPT_SECONDS}"
    );
    Ok(Response::Go(visit.address.clone(), vec![cookie]))
}
