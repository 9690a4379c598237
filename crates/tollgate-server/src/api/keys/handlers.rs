//! `/v1/keys`

use axum::extract::{Path, State};
use secrecy::ExposeSecret;
use tollgate_core::id::KeyId;
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use super::request::{KeyBody, KeyChangeBody, RotateBody};
use super::response::KeyView;
use crate::app::{App, NewKey};
use crate::http::access::Admin;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::fields::Shown;
use crate::http::operation::{Noun, Parameter, Repeating, delete, get, patch, post};
use crate::http::problem::{FORMER_SECRET_GOOD, KEY_ENDED, TOO_MANY_KEYS};
use crate::http::reply::{self, List, Reply, cursor};

/// Whose keys are meant.
const SHOP: Parameter = Parameter::text(
    "shop",
    "",
    "The name of another shop than the caller's own.",
);

/// A key as a path names it.
const KEY: Parameter =
    Parameter::of::<Shown<KeyId>>("id", "key_01kfjv7m00e008000000000001", "The key's id.");

/// What may be asked about API keys.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Keys",
        "What opens this API. Only the key of the configuration makes, lists and changes keys of \
         other shops.",
        [
            post("/v1/keys", create)
                .named("createKey", "Create an API key")
                .about("The key itself is in the answer this once.")
                .key(Repeating::Checked)
                .gives::<KeyView<'_>>(201, "The key.")
                .refuses(&[TOO_MANY_KEYS])
                .leads(
                    "/id",
                    "id",
                    &["showKey", "changeKey", "rotateKey", "revokeKey"],
                ),
            get("/v1/keys", list)
                .named("listKeys", "List API keys")
                .about("Revoked ones too; the newest first.")
                .pages(&[SHOP])
                .gives::<List<KeyView<'_>>>(200, "A page of keys.")
                .leads(
                    "/data/0/id",
                    "id",
                    &["showKey", "changeKey", "rotateKey", "revokeKey"],
                ),
            get("/v1/keys/{id}", show)
                .named("showKey", "Show an API key")
                .about("Nothing of the key itself but what it begins with.")
                .path(KEY)
                .query(&[SHOP])
                .gives::<KeyView<'_>>(200, "The key."),
            patch("/v1/keys/{id}", change)
                .named("changeKey", "Change an API key")
                .about("What it is called; all else stays.")
                .path(KEY)
                .query(&[SHOP])
                .gives::<KeyView<'_>>(200, "The key."),
            post("/v1/keys/{id}/rotate", rotate)
                .named("rotateKey", "Give an API key another secret")
                .about(
                    "The new one is in the answer this once; the former one opens for its overlap.",
                )
                .path(KEY)
                .query(&[SHOP])
                .key(Repeating::Checked)
                .gives::<KeyView<'_>>(200, "The key, with its new secret.")
                .refuses(&[KEY_ENDED, FORMER_SECRET_GOOD]),
            delete("/v1/keys/{id}", revoke)
                .named("revokeKey", "Revoke an API key")
                .about(
                    "It opens nothing any more, at once here and within five seconds on other \
                     instances. Again is the same.",
                )
                .path(KEY)
                .query(&[SHOP])
                .gives_nothing(204, "It is revoked."),
        ],
    )
}

/// The key is shown once, so an Idempotency-Key is checked and no answer kept under it.
async fn create(
    State(app): State<App>,
    caller: Admin,
    _: IdempotencyKey,
    bytes: JsonBytes<KeyBody>,
) -> Reply {
    let body = bytes.read()?;
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
    let query = query.only(&[SHOP])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let below = query.seek(KeyId::from_u128)?.past;
    let rows = app.keys(shop, below).await?;
    let (rows, next_cursor) = query.page(rows, |_| true, |row| cursor(row.id.as_u128()))?;
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
    let query = query.just(&[SHOP])?;
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
    bytes: JsonBytes<KeyChangeBody>,
) -> Reply {
    let query = query.just(&[SHOP])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let body = bytes.read()?;
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
    bytes: JsonBytes<RotateBody>,
) -> Reply {
    let query = query.just(&[SHOP])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let body = bytes.read()?;
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
    let query = query.just(&[SHOP])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    app.revoke_key(caller.caller(), (shop, id(&key)?)).await?;
    Ok(reply::no_content())
}
