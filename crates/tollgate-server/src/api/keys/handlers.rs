//! `/v1/keys`

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{delete, post};
use secrecy::ExposeSecret;
use tollgate_core::id::KeyId;
use tollgate_core::word::Word;

use super::request::KeyBody;
use super::response::KeyView;
use crate::app::App;
use crate::http::access::Admin;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::reply::{self, List, Reply, cursor};

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/keys", post(create).get(list))
        .route("/v1/keys/{id}", delete(revoke))
}

/// The key is shown once, so an Idempotency-Key is checked and no answer kept under it.
async fn create(
    State(app): State<App>,
    caller: Admin,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let body: KeyBody = bytes.read()?;
    let scopes = body.scopes.iter().map(|scope| scope.0.word()).collect();
    let shop = body.shop.as_ref().map(|shop| shop.as_str());
    let made = app.create_key(caller.caller(), (body.name.as_str(), &scopes), shop);
    let (row, key) = made.await?;
    Ok(reply::with_status(
        201,
        &KeyView::of(&row, app.shop_name(row.shop), Some(key.expose_secret())),
    ))
}

async fn list(State(app): State<App>, caller: Admin, query: Query) -> Reply {
    let query = query.only(&["shop"])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let rows = app.keys(shop).await?;
    let before = query.seek(KeyId::from_u128)?.past;
    let (rows, next_cursor) = query.page(
        rows,
        |row| before.is_none_or(|before| row.id < before),
        |row| cursor(row.id.as_u128()),
    )?;
    let name = app.shop_name(shop);
    let data: Vec<KeyView<'_>> = rows
        .iter()
        .map(|row| KeyView::of(row, name, None))
        .collect();
    Ok(reply::ok(&List { data, next_cursor }))
}

async fn revoke(
    State(app): State<App>,
    caller: Admin,
    Path(key): Path<String>,
    query: Query,
) -> Reply {
    let query = query.just(&["shop"])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    app.revoke_key(shop, id(&key)?).await?;
    Ok(reply::no_content())
}
