//! `/v1/users`

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use secrecy::SecretString;
use tollgate_core::id::UserId;

use super::request::{PasswordBody, UserBody, UserChangeBody};
use super::response::UserView;
use crate::app::App;
use crate::http::access::{Admin, Reader};
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::reply::{self, List, Reply, cursor};

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/users", post(create).get(list))
        .route("/v1/users/{id}", get(show).patch(change).delete(delete))
        .route("/v1/users/{id}/password", post(change_password))
}

/// A repetition finds the address taken, so an Idempotency-Key is checked and no answer kept under it.
async fn create(
    State(app): State<App>,
    caller: Admin,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let body: UserBody = bytes.read()?;
    let shop = body.shop.clone();
    let shop = shop.as_ref().map(|shop| shop.as_str());
    let made = app.create_user(caller.caller(), body.wanted(), shop);
    let row = made.await?;
    let view = UserView::of(&row, app.shop_name(row.shop));
    Ok(reply::with_status(201, &view))
}

async fn list(State(app): State<App>, caller: Admin, query: Query) -> Reply {
    let query = query.only(&["shop"])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let rows = app.users(shop).await?;
    let before = query.seek(UserId::from_u128)?.past;
    let (rows, next_cursor) = query.page(
        rows,
        |row| before.is_none_or(|before| row.id < before),
        |row| cursor(row.id.as_u128()),
    )?;
    let name = app.shop_name(shop);
    let data: Vec<UserView<'_>> = rows.iter().map(|row| UserView::of(row, name)).collect();
    Ok(reply::ok(&List { data, next_cursor }))
}

async fn show(
    State(app): State<App>,
    caller: Admin,
    Path(user): Path<String>,
    query: Query,
) -> Reply {
    let query = query.just(&["shop"])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let row = app.user(shop, id(&user)?).await?;
    Ok(reply::ok(&UserView::of(&row, app.shop_name(shop))))
}

async fn change(
    State(app): State<App>,
    caller: Admin,
    Path(user): Path<String>,
    query: Query,
    bytes: JsonBytes,
) -> Reply {
    let query = query.just(&["shop"])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let body: UserChangeBody = bytes.read()?;
    let changed = app.change_user(caller.caller(), (shop, id(&user)?), body.wanted());
    let row = changed.await?;
    Ok(reply::ok(&UserView::of(&row, app.shop_name(shop))))
}

/// Users change their own, whatever their role: in their own shop, whichever they have opened.
async fn change_password(
    State(app): State<App>,
    caller: Reader,
    Path(user): Path<String>,
    query: Query,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let query = query.just(&["shop"])?;
    let id: UserId = id(&user)?;
    let own = caller.caller().user().filter(|(known, _)| *known == id);
    let shop = match own {
        Some((_, home)) => home,
        None => app.shop_of(caller.caller(), query.text("shop").as_deref())?,
    };
    let body: PasswordBody = bytes.read()?;
    let current = body.current.map(|current| SecretString::from(current.0));
    let password = SecretString::from(body.password.0);
    app.change_password(caller.caller(), (shop, id), current.as_ref(), &password)
        .await?;
    Ok(reply::no_content())
}

async fn delete(
    State(app): State<App>,
    caller: Admin,
    Path(user): Path<String>,
    query: Query,
) -> Reply {
    let query = query.just(&["shop"])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    app.delete_user(caller.caller(), (shop, id(&user)?)).await?;
    Ok(reply::no_content())
}
