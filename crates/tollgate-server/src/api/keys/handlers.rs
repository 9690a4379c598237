//! `/v1/keys`

use axum::extract::{Path, State};
use secrecy::ExposeSecret;
use tollgate_core::id::KeyId;
use tollgate_core::word::Word;

use super::request::KeyBody;
use super::response::KeyView;
use crate::app::App;
use crate::http::access::Admin;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::fields::Shown;
use crate::http::operation::{Noun, Parameter, Repeating, delete, get, post};
use crate::http::reply::{self, List, Reply, cursor};

/// Whose keys are meant.
const SHOP: Parameter = Parameter::text("shop", "", "The name of another shop than the key's own.");

/// What may be asked about API keys.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Keys",
        "What opens this API. Only the key of the configuration makes, lists and revokes keys of other shops.",
        [
            post("/v1/keys", create)
                .named("createKey", "Create an API key")
                .about("The key itself is in the answer this once.")
                .key(Repeating::Checked)
                .gives::<KeyView<'_>>(201, "The key.")
                .leads("/id", "id", &["revokeKey"]),
            get("/v1/keys", list)
                .named("listKeys", "List API keys")
                .about("Revoked ones too; the newest first.")
                .pages(&[SHOP])
                .gives::<List<KeyView<'_>>>(200, "A page of keys."),
            delete("/v1/keys/{id}", revoke)
                .named("revokeKey", "Revoke an API key")
                .about("It opens nothing any more, at once here and within five seconds on other instances. Again is the \
                        same.")
                .path(Parameter::of::<Shown<KeyId>>("id", "key_01kfjv7m00e008000000000001", "The key's id."))
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
    let made = app.create_key(caller.caller(), (body.name.as_str(), &scopes), shop);
    let (row, key) = made.await?;
    Ok(reply::with_status(
        201,
        &KeyView::of(&row, app.shop_name(row.shop), Some(key.expose_secret())),
    ))
}

async fn list(State(app): State<App>, caller: Admin, query: Query) -> Reply {
    let query = query.only(&[SHOP])?;
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
    let query = query.just(&[SHOP])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    app.revoke_key(shop, id(&key)?).await?;
    Ok(reply::no_content())
}
