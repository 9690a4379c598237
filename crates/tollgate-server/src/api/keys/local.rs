//! Keys of a store that is open in this process and has no server: requests and answers are those of the
//! API.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tollgate_core::id::{KeyId, ShopId};
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use super::request::{KeyBody, RotateBody};
use super::response::KeyView;
use crate::api::local::{NotMade, shop_named};
use crate::app::{App, Caller, NewKey};
use crate::config::MAIN_SHOP;
use crate::http::body;
use crate::http::problem::Problem;
use crate::http::reply::List;

/// Makes a key from the body of a `POST /v1/keys`; the answer is the only one that has the key in it.
pub async fn create_key(app: &App, wanted: &Value) -> Result<Value, NotMade> {
    // Read as the API reads it, so that the same names are good.
    let body: KeyBody = body::read(wanted.to_string().as_bytes())?;
    let named = body.shop.as_ref().map_or(MAIN_SHOP, |shop| shop.as_str());
    let shop = shop_named(app, named)?;
    let scopes = body.scopes.iter().map(|scope| scope.0.word()).collect();
    let wanted = NewKey {
        name: body.name.as_str(),
        scopes: &scopes,
        expires_at: body.expires_at.map(|time| time.0),
    };
    let caller = Caller::command_line(shop);
    let made = app.create_key(&caller, wanted, None).await;
    let (row, key) = made.map_err(Problem::from)?;
    let view = KeyView::of(&row, app.shop_name(shop), app.now());
    Ok(json!(view.with(key.expose_secret())))
}

/// The keys of a shop, revoked ones too.
pub async fn list_keys(app: &App, shop: &str) -> Result<Value, NotMade> {
    let id = shop_named(app, shop)?;
    let (mut rows, mut below) = (Vec::new(), None);
    loop {
        let page = app.keys(id, below).await.map_err(Problem::from)?;
        below = page.last().map(|row| row.id);
        rows.extend(page);
        if below.is_none() {
            break;
        }
    }
    let now = app.now();
    let data: Vec<KeyView<'_>> = rows.iter().map(|row| KeyView::of(row, shop, now)).collect();
    Ok(json!(List {
        data,
        next_cursor: None
    }))
}

/// Gives a key a new secret from the body of a `POST /v1/keys/{id}/rotate`, of a shop, or of any where none is
/// named; nothing if there is no such key.
pub async fn rotate_key(
    app: &App,
    id: KeyId,
    shop: Option<&str>,
    wanted: &Value,
) -> Result<Option<Value>, NotMade> {
    let body: RotateBody = body::read(wanted.to_string().as_bytes())?;
    let Some(shop) = shop_of_key(app, id, shop).await? else {
        return Ok(None);
    };
    let caller = Caller::command_line(shop);
    let rotated = app.rotate_key(&caller, (shop, id), Span::hours(body.overlap()));
    let (row, secret) = rotated.await.map_err(Problem::from)?;
    let view = KeyView::of(&row, app.shop_name(shop), app.now());
    Ok(Some(json!(view.with(secret.expose_secret()))))
}

/// Revokes a key of a shop, or of any where none is named; whether there was one to revoke.
pub async fn revoke_key(app: &App, id: KeyId, shop: Option<&str>) -> Result<bool, NotMade> {
    let Some(shop) = shop_of_key(app, id, shop).await? else {
        return Ok(false);
    };
    let caller = Caller::command_line(shop);
    let revoked = app.revoke_key(&caller, (shop, id)).await;
    revoked.map_err(Problem::from)?;
    Ok(true)
}

/// The shop that has the key: the one that is named, or whichever.
async fn shop_of_key(app: &App, id: KeyId, named: Option<&str>) -> Result<Option<ShopId>, NotMade> {
    let shops = match named {
        None => app.shops().to_vec(),
        Some(name) => vec![shop_named(app, name)?],
    };
    for shop in shops {
        if app.key(shop, id).await.is_ok() {
            return Ok(Some(shop));
        }
    }
    Ok(None)
}
