//! What people who have signed in come with.

use tollgate_core::id::{ShopId, UserId};
use tollgate_core::time::{Span, Timestamp};

use crate::db::{Db, Error, id_bytes};
use crate::tables::keys::USE_NOTED_EVERY;
use crate::tables::{sign_ins, users};

/// A session. Of its token only a hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The shop of its user.
    pub shop: ShopId,
    /// SHA-256 of its token.
    pub hash: [u8; 32],
    /// Whose.
    pub user: UserId,
    /// The shop that it opens.
    pub opens: ShopId,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used, to a minute.
    pub seen_at: Timestamp,
    /// When it ends, however much it is used.
    pub ends_at: Timestamp,
    /// From which address it was begun; none is known of those of an earlier version.
    pub address: Option<String>,
}

/// Somebody has signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The session.
    pub row: SessionRow,
    /// The password's hash that was looked at: another one, and nobody has signed in.
    pub password: String,
    /// Under which shop tries are counted.
    pub counted_under: ShopId,
    /// What was counted against its user, first from where it has signed in: it is forgotten.
    pub forgotten: Vec<String>,
    /// What was counted against others of the same name: but for this try it stays.
    pub taken_back: Vec<String>,
    /// What was counted against the address: but for this user's tries from there it stays, since whoever has one
    /// good password has not the others'.
    pub lowered: String,
    /// How long a session may rest.
    pub idle: Span,
    /// Sessions that a user has open at the most; the oldest end.
    pub most: u32,
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSession")
            .field("user", &self.row.user)
            .finish_non_exhaustive()
    }
}

/// `sessions.insert`: by the user's primary key, as it was read.
const INSERT_SESSION: &str = "\
    insert into sessions (shop_id, hash, user_id, opens, created_at, seen_at, ends_at, address)
    select ?1, ?2, id, ?4, ?5, ?5, ?6, ?8
      from users
     where shop_id = ?1 and id = ?3 and disabled_at is null and password = ?7";

/// `sessions.sweep`: by primary key, those of a shop.
const SWEEP: &str = "\
    delete from sessions
     where shop_id = ?1 and (ends_at <= ?2 or seen_at <= ?3)";

/// `sessions.make_room`: by `sessions_user`.
const MAKE_ROOM: &str = "\
    delete from sessions
     where shop_id = ?1
       and hash in (select hash from sessions
                     where shop_id = ?1 and user_id = ?2
                     order by created_at desc, hash
                     limit 1000 offset ?3)";

/// `sessions.end`: by primary key.
const END: &str = "delete from sessions where shop_id = ?1 and hash = ?2";

/// `sessions.end_all`: by `sessions_user`.
const END_ALL: &str = "delete from sessions where shop_id = ?1 and user_id = ?2";

/// `sessions.end_others`: by `sessions_user`.
const END_OTHERS: &str = "delete from sessions where shop_id = ?1 and user_id = ?2 and hash <> ?3";

/// `sessions.used`: by primary key.
const USED: &str = "\
    update sessions
       set seen_at = ?3
     where shop_id = ?1 and hash = ?2 and seen_at <= ?4";

/// Begins one, and forgets what was counted against its user. What is over of the shop's goes.
pub(crate) fn begin(db: &Db, new: &NewSession) -> Result<usize, Error> {
    let row = &new.row;
    let now = row.created_at;
    let user = id_bytes(row.user.as_u128());
    let idle_since = now.plus(Span::millis(-new.idle.as_millis())).as_millis();
    db.run(SWEEP, &[&row.shop.0, &now.as_millis(), &idle_since])?;
    db.run(
        MAKE_ROOM,
        &[&row.shop.0, &user, &i64::from(new.most.saturating_sub(1))],
    )?;
    let begun = db.run(
        INSERT_SESSION,
        &[
            &row.shop.0,
            &row.hash,
            &user,
            &row.opens.0,
            &now.as_millis(),
            &row.ends_at.as_millis(),
            &new.password,
            &row.address,
        ],
    )?;
    if 0 < begun {
        take_back_tries(db, new)?;
        users::signed_in(db, row.shop, row.user, now)?;
    }
    Ok(begun)
}

/// What was counted against whoever has signed in was no failure after all.
fn take_back_tries(db: &Db, new: &NewSession) -> Result<(), Error> {
    let shop = new.counted_under;
    let own = match new.forgotten.first() {
        Some(own) => sign_ins::failures(db, shop, own, new.row.created_at)?,
        None => 0,
    };
    for subject in &new.forgotten {
        sign_ins::forget(db, shop, subject)?;
    }
    for subject in &new.taken_back {
        sign_ins::take_back(db, shop, subject, 1)?;
    }
    sign_ins::take_back(db, shop, &new.lowered, own.max(1))?;
    Ok(())
}

/// Ends one.
pub(crate) fn end(db: &Db, shop: ShopId, hash: &[u8; 32]) -> Result<usize, Error> {
    db.run(END, &[&shop.0, hash])
}

/// Ends all that a user has open.
pub(crate) fn end_all(db: &Db, shop: ShopId, user: UserId) -> Result<usize, Error> {
    db.run(END_ALL, &[&shop.0, &id_bytes(user.as_u128())])
}

/// Ends all that a user has open but this one.
pub(crate) fn end_others(
    db: &Db,
    (shop, user): (ShopId, UserId),
    but: &[u8; 32],
) -> Result<usize, Error> {
    db.run(END_OTHERS, &[&shop.0, &id_bytes(user.as_u128()), but])
}

/// One was used.
pub(crate) fn used(db: &Db, shop: ShopId, hash: &[u8; 32], at: Timestamp) -> Result<usize, Error> {
    let noted_before = at.as_millis() - USE_NOTED_EVERY.as_millis();
    db.run(USED, &[&shop.0, hash, &at.as_millis(), &noted_before])
}
