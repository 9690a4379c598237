//! `/v1/keys`

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use secrecy::ExposeSecret;
use tollgate_core::id::KeyId;
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use super::request::{KeyBody, KeyChangeBody, RotateBody};
use super::response::KeyView;
use crate::app::{App, NewKey};
use crate::http::access::Admin;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::reply::{self, List, Reply, cursor};

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/keys", post(create).get(list))
        .route("/v1/keys/{id}", get(show).patch(change).delete(revoke))
        .route("/v1/keys/{id}/rotate", post(rotate))
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
    let wanted = NewKey {
        name: body.name.as_str(),
        scopes: &scopes,
        expires_at: body.expires_at.map(|time| time.0),
    };
    let (row, key) = app.create_key(caller.caller(), wanted, shop).await?;
    let view = KeyView::of(&row, app.shop_name(row.shop), app.now());
    Ok(reply::with_status(201, &view.with(key.expose_secret())))
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
    let (name, now) = (app.shop_name(shop), app.now());
    let data: Vec<KeyView<'_>> = rows.iter().map(|row| KeyView::of(row, name, now)).collect();
    Ok(reply::ok(&List { data, next_cursor }))
}

async fn show(
    State(app): State<App>,
    caller: Admin,
    Path(key): Path<String>,
    query: Query,
) -> Reply {
    let query = query.just(&["shop"])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let row = app.key(shop, id(&key)?).await?;
    let name = app.shop_name(shop);
    Ok(reply::ok(&KeyView::of(&row, name, app.now())))
}

async fn change(
    State(app): State<App>,
    caller: Admin,
    Path(key): Path<String>,
    query: Query,
    bytes: JsonBytes,
) -> Reply {
    let query = query.just(&["shop"])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let body: KeyChangeBody = bytes.read()?;
    let id = id(&key)?;
    let row = match &body.name {
        Some(name) => {
            app.rename_key(caller.caller(), (shop, id), name.as_str())
                .await?
        }
        None => app.key(shop, id).await?,
    };
    let name = app.shop_name(shop);
    Ok(reply::ok(&KeyView::of(&row, name, app.now())))
}

/// The secret is shown once, so an Idempotency-Key is checked and no answer kept under it.
async fn rotate(
    State(app): State<App>,
    caller: Admin,
    Path(key): Path<String>,
    query: Query,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let query = query.just(&["shop"])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let body: RotateBody = bytes.read()?;
    let overlap = Span::hours(body.overlap());
    let rotated = app.rotate_key(caller.caller(), (shop, id(&key)?), overlap);
    let (row, secret) = rotated.await?;
    let view = KeyView::of(&row, app.shop_name(shop), app.now());
    Ok(reply::ok(&view.with(secret.expose_secret())))
}

async fn revoke(
    State(app): State<App>,
    caller: Admin,
    Path(key): Path<String>,
    query: Query,
) -> Reply {
    let query = query.just(&["shop"])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    app.revoke_key(caller.caller(), (shop, id(&key)?)).await?;
    Ok(reply::no_content())
}
