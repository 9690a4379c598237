//! Users of a store that is open in this process and has no server: requests and answers are those of the API.

use secrecy::SecretString;
use serde_json::{Value, json};
use tollgate_core::id::{ShopId, UserId};

use super::request::{PasswordBody, UserBody, UserChangeBody};
use super::response::UserView;
use crate::api::local::{NotMade, shop_named};
use crate::app::{App, Caller};
use crate::config::MAIN_SHOP;
use crate::http::body;
use crate::http::problem::Problem;
use crate::http::reply::List;

/// Makes a user from the body of a `POST /v1/users`.
pub async fn create_user(app: &App, wanted: &Value) -> Result<Value, NotMade> {
    let body: UserBody = body::read(wanted.to_string().as_bytes())?;
    let named = body.shop.as_ref().map_or(MAIN_SHOP, |shop| shop.as_str());
    let shop = shop_named(app, named)?;
    let caller = Caller::command_line(shop);
    let made = app.create_user(&caller, body.wanted(), None).await;
    let row = made.map_err(Problem::from)?;
    Ok(json!(UserView::of(&row, app.shop_name(shop))))
}

/// The users of a shop.
pub async fn list_users(app: &App, shop: &str) -> Result<Value, NotMade> {
    let id = shop_named(app, shop)?;
    let rows = app.users(id).await.map_err(Problem::from)?;
    let data: Vec<UserView<'_>> = rows.iter().map(|row| UserView::of(row, shop)).collect();
    Ok(json!(List {
        data,
        next_cursor: None
    }))
}

/// Changes a user with the body of a `PATCH /v1/users/{id}`, of a shop, or of any where none is named; nothing if
/// there is no such user.
pub async fn change_user(
    app: &App,
    id: UserId,
    shop: Option<&str>,
    wanted: &Value,
) -> Result<Option<Value>, NotMade> {
    let body: UserChangeBody = body::read(wanted.to_string().as_bytes())?;
    let Some(shop) = shop_of_user(app, id, shop).await? else {
        return Ok(None);
    };
    let caller = Caller::command_line(shop);
    let changed = app.change_user(&caller, (shop, id), body.wanted()).await;
    let row = changed.map_err(Problem::from)?;
    Ok(Some(json!(UserView::of(&row, app.shop_name(shop)))))
}

/// Gives a user another password, of a shop, or of any where none is named; whether there is such a user.
pub async fn set_password(
    app: &App,
    id: UserId,
    shop: Option<&str>,
    wanted: &Value,
) -> Result<bool, NotMade> {
    let body: PasswordBody = body::read(wanted.to_string().as_bytes())?;
    let Some(shop) = shop_of_user(app, id, shop).await? else {
        return Ok(false);
    };
    let caller = Caller::command_line(shop);
    let password = SecretString::from(body.password.0);
    let changed = app.change_password(&caller, (shop, id), None, &password);
    changed.await.map_err(Problem::from)?;
    Ok(true)
}

/// The shop that has the user: the one that is named, or whichever.
async fn shop_of_user(
    app: &App,
    id: UserId,
    named: Option<&str>,
) -> Result<Option<ShopId>, NotMade> {
    let shops = match named {
        None => app.shops().to_vec(),
        Some(name) => vec![shop_named(app, name)?],
    };
    for shop in shops {
        if app.user(shop, id).await.is_ok() {
            return Ok(Some(shop));
        }
    }
    Ok(None)
}
