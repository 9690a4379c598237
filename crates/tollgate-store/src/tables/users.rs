//! People who sign in. A user is one shop's.

use tollgate_core::id::{ShopId, UserId};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, Row, id_at, id_bytes};
use crate::tables::{sessions, sign_ins};

/// A person who signs in.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Whose.
    pub shop: ShopId,
    /// Its id.
    pub id: UserId,
    /// What it signs in with, in small letters; one of its shop's.
    pub email: String,
    /// For people.
    pub name: String,
    /// What it may do, in the server's word.
    pub role: String,
    /// The password's hash, as a PHC string.
    pub password: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Since when it may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// When it last signed in.
    pub signed_in_at: Option<Timestamp>,
}

impl std::fmt::Debug for UserRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserRow")
            .field("shop", &self.shop)
            .field("id", &self.id)
            .field("role", &self.role)
            .field("disabled_at", &self.disabled_at)
            .finish_non_exhaustive()
    }
}

/// What is to be changed about a user; the rest stays.
#[derive(Clone, PartialEq, Eq)]
pub struct UserChange {
    /// Whose.
    pub shop: ShopId,
    /// Which.
    pub id: UserId,
    /// When.
    pub at: Timestamp,
    /// What it is called.
    pub name: Option<String>,
    /// What it may do.
    pub role: Option<String>,
    /// Whether it may sign in.
    pub disabled: Option<bool>,
    /// The hash of its new password.
    pub password: Option<String>,
    /// What was counted against it is forgotten: the shop and the users' subjects in the table of tries.
    pub unlock: Option<(ShopId, Vec<String>)>,
    /// Where it has this role and may sign in, it is changed only if it is not the last one of those, or stays one.
    pub not_the_last: Option<String>,
    /// What it has open ends.
    pub ends_sessions: bool,
}

impl std::fmt::Debug for UserChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserChange")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// Users of a shop at the most.
pub const USERS_MAX: u32 = 1_000;

/// `users.insert`: a mail address is one user's of a shop.
const INSERT_USER: &str = "\
    insert into users (shop_id, id, email, name, role, password, created_at, updated_at)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7
     where (select count(*) from users where shop_id = ?1) < ?8
        on conflict (shop_id, email) do nothing";

/// `users.insert_first`: by primary key. The batch holds its shop's head, so no other makes one meanwhile.
const INSERT_FIRST_USER: &str = "\
    insert into users (shop_id, id, email, name, role, password, created_at, updated_at)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7
     where not exists (select 1 from users where shop_id = ?1)";

/// `users.change`: by primary key. Nobody was changed before being made, though a clock has stepped back.
const CHANGE_USER: &str = "\
    update users
       set name = coalesce(?3, name), role = coalesce(?4, role), password = coalesce(?5, password),
           disabled_at = case when ?6 = 1 then coalesce(disabled_at, ?7)
                              when ?6 = 0 then null
                              else disabled_at end,
           updated_at = case when ?7 < created_at then created_at else ?7 end
     where shop_id = ?1 and id = ?2
       and (cast(?8 as text) is null or role <> ?8 or disabled_at is not null
            or (coalesce(?4, ?8) = ?8 and coalesce(?6, 0) = 0)
            or exists (select 1 from users other
                        where other.shop_id = ?1 and other.id <> ?2 and other.role = ?8
                          and other.disabled_at is null))";

/// `users.signed_in`: by primary key.
const SIGNED_IN: &str = "\
    update users
       set signed_in_at = ?3
     where shop_id = ?1 and id = ?2";

/// `users.delete`: by primary key.
const DELETE_USER: &str = "\
    delete from users
     where shop_id = ?1 and id = ?2
       and (cast(?3 as text) is null or role <> ?3 or disabled_at is not null
            or exists (select 1 from users other
                        where other.shop_id = ?1 and other.id <> ?2 and other.role = ?3
                          and other.disabled_at is null))";

/// Keeps one, unless its address is another's or the shop has as many as it may have.
pub(crate) fn create(db: &Db, user: &UserRow) -> Result<usize, Error> {
    db.run(
        INSERT_USER,
        &[
            &user.shop.0,
            &id_bytes(user.id.as_u128()),
            &user.email,
            &user.name,
            &user.role,
            &user.password,
            &user.created_at.as_millis(),
            &USERS_MAX,
        ],
    )
}

/// Keeps one, unless the shop has any.
pub(crate) fn create_first(db: &Db, user: &UserRow) -> Result<usize, Error> {
    db.run(
        INSERT_FIRST_USER,
        &[
            &user.shop.0,
            &id_bytes(user.id.as_u128()),
            &user.email,
            &user.name,
            &user.role,
            &user.password,
            &user.created_at.as_millis(),
        ],
    )
}

/// Changes one, and ends what it has open where that is said.
pub(crate) fn change(db: &Db, change: &UserChange) -> Result<usize, Error> {
    let changed = db.run(
        CHANGE_USER,
        &[
            &change.shop.0,
            &id_bytes(change.id.as_u128()),
            &change.name,
            &change.role,
            &change.password,
            &change.disabled,
            &change.at.as_millis(),
            &change.not_the_last,
        ],
    )?;
    if changed == 0 {
        return Ok(0);
    }
    if let Some((shop, subjects)) = &change.unlock {
        for subject in subjects {
            sign_ins::forget_user(db, *shop, subject)?;
        }
    }
    if change.ends_sessions {
        sessions::end_all(db, change.shop, change.id)?;
    }
    Ok(changed)
}

/// Deletes one with what it has open, unless it is the last that has this role and may sign in.
pub(crate) fn delete(
    db: &Db,
    (shop, id): (ShopId, UserId),
    not_the_last: Option<&str>,
) -> Result<usize, Error> {
    let deleted = db.run(
        DELETE_USER,
        &[&shop.0, &id_bytes(id.as_u128()), &not_the_last],
    )?;
    if 0 < deleted {
        sessions::end_all(db, shop, id)?;
    }
    Ok(deleted)
}

/// Notes that one has signed in.
pub(crate) fn signed_in(db: &Db, shop: ShopId, id: UserId, at: Timestamp) -> Result<usize, Error> {
    db.run(
        SIGNED_IN,
        &[&shop.0, &id_bytes(id.as_u128()), &at.as_millis()],
    )
}

/// `users.get`: by primary key. The columns are those of [`read`].
pub(crate) const GET_USER: &str = "\
    select shop_id, id, email, name, role, password, created_at, updated_at, disabled_at, signed_in_at
      from users
     where shop_id = ?1 and id = ?2";

/// `users.by_email`: by `users_email`.
pub(crate) const USER_BY_EMAIL: &str = "\
    select shop_id, id, email, name, role, password, created_at, updated_at, disabled_at, signed_in_at
      from users
     where shop_id = ?1 and email = ?2";

/// `users.list`: by primary key, newest first.
pub(crate) const LIST_USERS: &str = "\
    select shop_id, id, email, name, role, password, created_at, updated_at, disabled_at, signed_in_at
      from users
     where shop_id = ?1
     order by id desc
     limit ?2";

/// Reads one.
pub(crate) fn read(row: &Row<'_>) -> Result<UserRow, Error> {
    let time = |column| -> Result<Option<Timestamp>, Error> {
        Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_millis))
    };
    Ok(UserRow {
        shop: ShopId(row.get(0)?),
        id: UserId::from_u128(id_at(row, 1)?),
        email: row.get(2)?,
        name: row.get(3)?,
        role: row.get(4)?,
        password: row.get(5)?,
        created_at: Timestamp::from_millis(row.get(6)?),
        updated_at: Timestamp::from_millis(row.get(7)?),
        disabled_at: time(8)?,
        signed_in_at: time(9)?,
    })
}
