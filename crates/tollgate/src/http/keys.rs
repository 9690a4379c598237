//! `/v1/keys`

use axum::extract::{Path, State};
use secrecy::ExposeSecret;
use tollgate_core::id::KeyId;

use super::extract::{IdempotencyKey, JsonBytes, Query};
use super::reply::{self, Reply};
use crate::app::{App, Caller};
use crate::body::KeyBody;
use crate::error::{NOT_FOUND, Problem};
use crate::keys::Scope;
use crate::render::{KeyView, List, cursor};

/// The key is told once, so an Idempotency-Key is checked and no answer kept under it.
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Admin)?;
    let body: KeyBody = bytes.read_closely()?;
    let (row, key) = app.create_key(&caller, &body).await?;
    Ok(reply::with_status(
        201,
        &KeyView::of(&row, Some(key.expose_secret())),
    ))
}

pub(crate) async fn list(State(app): State<App>, caller: Caller, query: Query) -> Reply {
    caller.need(Scope::Admin)?;
    let query = query.only(&[])?;
    let rows = app.keys(caller.shop()).await?;
    let before = query.seek(KeyId::from_u128)?.before;
    let (rows, next_cursor) = query.page(
        rows,
        |row| before.is_none_or(|before| row.id < before),
        |row| cursor(row.id.as_u128()),
    )?;
    let data: Vec<KeyView<'_>> = rows.iter().map(|row| KeyView::of(row, None)).collect();
    Ok(reply::ok(&List { data, next_cursor }))
}

pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Reply {
    caller.need(Scope::Admin)?;
    let id: KeyId = key.parse().map_err(|_| Problem::from(NOT_FOUND))?;
    app.revoke_key(caller.shop(), id).await?;
    Ok(reply::no_content())
}
