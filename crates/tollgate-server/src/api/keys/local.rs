//! Keys of a store that is open in this process and has no server: requests and answers are those of the
//! API.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tollgate_core::id::KeyId;
use tollgate_core::word::Word;

use super::request::KeyBody;
use super::response::KeyView;
use crate::app::App;
use crate::config::MAIN_SHOP;
use crate::http::body;
use crate::http::problem::{Problem, ResponseContext};
use crate::http::reply::List;
use tollgate_outbound::language::Language;

/// Why a key was not made, not listed or not revoked.
#[derive(Debug)]
pub enum NotMade {
    /// The problem document that the API would answer with.
    Refused(Value),
    /// There is no shop of this name.
    NoShop(String),
}

impl From<Problem> for NotMade {
    fn from(problem: Problem) -> NotMade {
        let context = ResponseContext {
            request_id: String::new(),
            origin: None,
            language: Language::English,
        };
        let answer = problem.answer(&context);
        NotMade::Refused(serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}

/// Makes a key from the body of a `POST /v1/keys`; the answer is the only one that has the key in it.
pub async fn create_key(app: &App, wanted: &Value) -> Result<Value, NotMade> {
    // Read as the API reads it, so that the same names are good.
    let body: KeyBody = body::read(wanted.to_string().as_bytes())?;
    let named = body.shop.as_ref().map_or(MAIN_SHOP, |shop| shop.as_str());
    let Some(shop) = app.shop_named(named) else {
        return Err(NotMade::NoShop(named.to_owned()));
    };
    let scopes: Vec<&str> = body.scopes.iter().map(|scope| scope.0.word()).collect();
    let made = app.new_key(shop, body.name.as_str(), &scopes).await;
    let (row, key) = made.map_err(Problem::from)?;
    let name = app.shop_name(shop);
    Ok(json!(KeyView::of(&row, name, Some(key.expose_secret()))))
}

/// The keys of a shop, revoked ones too.
pub async fn list_keys(app: &App, shop: &str) -> Result<Value, NotMade> {
    let Some(id) = app.shop_named(shop) else {
        return Err(NotMade::NoShop(shop.to_owned()));
    };
    let rows = app.keys(id).await.map_err(Problem::from)?;
    let data: Vec<KeyView<'_>> = rows
        .iter()
        .map(|row| KeyView::of(row, shop, None))
        .collect();
    Ok(json!(List {
        data,
        next_cursor: None
    }))
}

/// Revokes a key of a shop, or of any where none is named; whether there was one to revoke.
pub async fn revoke_key(app: &App, id: KeyId, shop: Option<&str>) -> Result<bool, NotMade> {
    let shops = match shop {
        None => app.shops().to_vec(),
        Some(name) => match app.shop_named(name) {
            Some(shop) => vec![shop],
            None => return Err(NotMade::NoShop(name.to_owned())),
        },
    };
    for shop in shops {
        if app.revoke_key(shop, id).await.is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}
