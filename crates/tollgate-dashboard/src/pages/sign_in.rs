//! Signing in and out.

use maud::{Markup, html};
use serde_json::json;

use crate::asked::Method;
use crate::failure::{Failure, Problem};
use crate::layout;
use crate::parts::{Field, Input};
use crate::reply::{Page, Response};
use crate::routes::{For, Route};
use crate::visit::{Visit, local};
use crate::words::{common, texts};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/sign-in",
        who: For::Anybody,
        make: |visit| Box::pin(show(visit)),
    },
    Route {
        method: Method::Post,
        path: "/sign-in",
        who: For::Anybody,
        make: |visit| Box::pin(sign_in(visit)),
    },
    Route {
        method: Method::Post,
        path: "/sign-out",
        who: For::Viewers,
        make: |visit| Box::pin(sign_out(visit)),
    },
];

texts! {
    EMAIL: "Mail address", "Alamat surel", "כתובת דוא״ל", "मेल पता", "Адрес почты";
    PASSWORD: "Password", "Kata sandi", "סיסמה", "पासवर्ड", "Пароль";
    SHOP_ABOUT: "Shop, if it is another than your own", "Toko, bila bukan toko Anda sendiri", "חנות, אם אינה שלך", "दुकान, यदि आपकी अपनी न हो", "Магазин, если не ваш";
}

async fn show(visit: &Visit<'_>) -> Result<Response, Failure> {
    Ok(page(visit, visit.query.get("next").unwrap_or("/"), None).into())
}

async fn sign_in(visit: &Visit<'_>) -> Result<Response, Failure> {
    let next = local(visit.form.get("next").unwrap_or("/"));
    let mut body = json!({
        "email": visit.form.get("email").unwrap_or_default(),
        "password": visit.form.get("password").unwrap_or_default(),
    });
    if let Some(shop) = visit.form.get("shop") {
        body["shop"] = shop.trim().into();
    }
    match visit.send_plain("POST", "/v1/session", Some(body)).await {
        Ok(answer) => Ok(Response::Go(
            next.to_owned(),
            answer.cookie.into_iter().collect(),
        )),
        Err(Failure::Refused(problem)) => Ok(page(visit, next, Some(&problem)).into()),
        Err(failure) => Err(failure),
    }
}

async fn sign_out(visit: &Visit<'_>) -> Result<Response, Failure> {
    let answer = visit.send_plain("DELETE", "/v1/session", None).await?;
    let cookies = answer.cookie.into_iter().collect();
    Ok(Response::Go("/sign-in".to_owned(), cookies))
}

fn page(visit: &Visit<'_>, next: &str, refused: Option<&Problem>) -> Page {
    Page {
        title: visit.say(common::SIGN_IN).to_owned(),
        here: "",
        topics: "",
        body: form(visit, next, refused),
    }
}

fn form(visit: &Visit<'_>, next: &str, refused: Option<&Problem>) -> Markup {
    let email = visit.form.get("email").unwrap_or_default();
    let shop = visit.form.get("shop").unwrap_or_default();
    html! {
        @if let Some(problem) = refused { (layout::refused(visit, problem)) }
        form.sign-in method="post" action="/sign-in" {
            input type="hidden" name="next" value=(next);
            (Field::new("email", visit.say(EMAIL), Input::Email).holding(email).required().markup(visit))
            (Field::new("password", visit.say(PASSWORD), Input::Password).required().markup(visit))
            details open[!shop.is_empty()] {
                summary { (visit.say(common::SHOP)) }
                (Field::new("shop", visit.say(SHOP_ABOUT), Input::Text).holding(shop).markup(visit))
            }
            button type="submit" { (visit.say(common::SIGN_IN)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_texts_are_whole() {
        crate::words::check(ALL);
    }
}
