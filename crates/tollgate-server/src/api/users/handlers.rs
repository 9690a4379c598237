//! `/v1/users`

use axum::extract::{Path, State};
use secrecy::SecretString;
use tollgate_core::id::UserId;

use super::first;
use super::request::{PasswordBody, UserBody, UserChangeBody};
use super::response::UserView;
use crate::app::App;
use crate::http::access::{Admin, Reader};
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::fields::Shown;
use crate::http::operation::{Noun, Parameter, Repeating, delete, get, patch, post};
use crate::http::problem::{
    ALREADY_EXISTS, LAST_ADMIN, RANK_MISSING, SIGN_IN_LOCKED, TOO_MANY_USERS,
};
use crate::http::reply::{self, List, Reply, cursor};

/// Whose users are meant.
const SHOP: Parameter = Parameter::text(
    "shop",
    "",
    "The name of another shop than the caller's own.",
);

/// A user as a path names it.
const USER: Parameter =
    Parameter::of::<Shown<UserId>>("id", "usr_01kfjv7m00e008000000000001", "The user's id.");

/// What may be asked about users.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Users",
        "People who sign in, each with a role. Users of shop main and the key of the configuration may name other shops.",
        [
            post("/v1/users", create)
                .named("createUser", "Create a user")
                .key(Repeating::Checked)
                .gives::<UserView<'_>>(201, "The user.")
                .refuses(&[ALREADY_EXISTS, RANK_MISSING, TOO_MANY_USERS])
                .leads("/id", "id", &["showUser", "changeUser", "changePassword", "deleteUser"]),
            first::operation(),
            get("/v1/users", list)
                .named("listUsers", "List users")
                .about("Those that are disabled, too; the newest first.")
                .pages(&[SHOP])
                .gives::<List<UserView<'_>>>(200, "A page of users.")
                .leads(
                    "/data/0/id",
                    "id",
                    &["showUser", "changeUser", "changePassword", "deleteUser"],
                ),
            get("/v1/users/{id}", show)
                .named("showUser", "Show a user")
                .path(USER)
                .query(&[SHOP])
                .gives::<UserView<'_>>(200, "The user."),
            patch("/v1/users/{id}", change)
                .named("changeUser", "Change a user")
                .about("Another role, or disabled: the user's sessions end.")
                .path(USER)
                .query(&[SHOP])
                .gives::<UserView<'_>>(200, "The user.")
                .refuses(&[RANK_MISSING, LAST_ADMIN]),
            post("/v1/users/{id}/password", change_password)
                .named("changePassword", "Change a user's password")
                .about("Users change their own with the current one, an admin anybody's. The user's sessions end.")
                .path(USER)
                .query(&[SHOP])
                .key(Repeating::Checked)
                .gives_nothing(204, "It is changed.")
                .refuses(&[RANK_MISSING, SIGN_IN_LOCKED]),
            delete("/v1/users/{id}", delete_user)
                .named("deleteUser", "Delete a user")
                .about("What the user did keeps the name.")
                .path(USER)
                .query(&[SHOP])
                .gives_nothing(204, "The user is gone.")
                .refuses(&[RANK_MISSING, LAST_ADMIN]),
        ],
    )
}

/// A repetition finds the address taken, so an Idempotency-Key is checked and no answer kept under it.
async fn create(
    State(app): State<App>,
    caller: Admin,
    _: IdempotencyKey,
    bytes: JsonBytes<UserBody>,
) -> Reply {
    let body = bytes.read()?;
    let shop = body.shop.clone();
    let shop = shop.as_ref().map(|shop| shop.as_str());
    let made = app.create_user(caller.caller(), body.wanted(), shop);
    let row = made.await?;
    let view = UserView::of(&row, app.shop_name(row.shop));
    Ok(reply::with_status(201, &view))
}

async fn list(State(app): State<App>, caller: Admin, query: Query) -> Reply {
    let query = query.only(&[SHOP])?;
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
    let query = query.just(&[SHOP])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let row = app.user(shop, id(&user)?).await?;
    Ok(reply::ok(&UserView::of(&row, app.shop_name(shop))))
}

async fn change(
    State(app): State<App>,
    caller: Admin,
    Path(user): Path<String>,
    query: Query,
    bytes: JsonBytes<UserChangeBody>,
) -> Reply {
    let query = query.just(&[SHOP])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    let body = bytes.read()?;
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
    bytes: JsonBytes<PasswordBody>,
) -> Reply {
    let query = query.just(&[SHOP])?;
    let id: UserId = id(&user)?;
    let own = caller.caller().user().filter(|(known, _)| *known == id);
    let shop = match own {
        Some((_, home)) => home,
        None => app.shop_of(caller.caller(), query.text("shop").as_deref())?,
    };
    let body = bytes.read()?;
    let current = body.current.map(|current| SecretString::from(current.0));
    let password = SecretString::from(body.password.0);
    app.change_password(caller.caller(), (shop, id), current.as_ref(), &password)
        .await?;
    Ok(reply::no_content())
}

async fn delete_user(
    State(app): State<App>,
    caller: Admin,
    Path(user): Path<String>,
    query: Query,
) -> Reply {
    let query = query.just(&[SHOP])?;
    let shop = app.shop_of(caller.caller(), query.text("shop").as_deref())?;
    app.delete_user(caller.caller(), (shop, id(&user)?)).await?;
    Ok(reply::no_content())
}
