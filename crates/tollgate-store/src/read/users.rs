//! Users, their sessions, and tries to sign in.

use tollgate_core::id::{ShopId, UserId};
use tollgate_core::time::Timestamp;

use crate::Store;
use crate::db::{Error, Row, id_at, id_bytes};
use crate::error::{ReadError, SubmitError};
use crate::gate::access_write::AccessWrite;
use crate::gate::table_write::TableWrite;
use crate::tables::audit::AuditRecord;
use crate::tables::sessions::{NewSession, SessionRow};
use crate::tables::sign_ins::{GET_TRIES, SignInFailure, SignInTry};
use crate::tables::users::{
    GET_USER, LIST_USERS, USER_BY_EMAIL, USERS_MAX, UserChange, UserRow, read,
};

/// `sessions.by_hash`: by `sessions_hash`, with its user by primary key. The columns are those of
/// [`read_session`].
const SESSION_BY_HASH: &str = "\
    select sessions.shop_id, sessions.hash, user_id, opens, sessions.created_at, seen_at, ends_at,
           users.name, users.role, users.email, sessions.address
      from sessions
      join users on users.shop_id = sessions.shop_id and users.id = sessions.user_id
     where sessions.hash = ?1 and users.disabled_at is null";

/// `sessions.of_user`: by `sessions_user`, with their user by primary key. The columns are those of [`read_session`].
const SESSIONS_OF_USER: &str = "\
    select sessions.shop_id, sessions.hash, user_id, opens, sessions.created_at, seen_at, ends_at,
           users.name, users.role, users.email, sessions.address
      from sessions
      join users on users.shop_id = sessions.shop_id and users.id = sessions.user_id
     where sessions.shop_id = ?1 and user_id = ?2 and users.disabled_at is null
     order by sessions.created_at desc, sessions.hash
     limit ?3";

/// More than a user may have open, as the configuration bounds it.
const SESSIONS_READ_MAX: i64 = 1_000;

/// A session with what is to be known of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// The session.
    pub row: SessionRow,
    /// What its user is called.
    pub name: String,
    /// What its user may do.
    pub role: String,
    /// What its user has signed in with.
    pub email: String,
}

fn read_session(row: &Row<'_>) -> Result<OpenSession, Error> {
    let time =
        |column| -> Result<Timestamp, Error> { Ok(Timestamp::from_millis(row.get(column)?)) };
    Ok(OpenSession {
        row: SessionRow {
            shop: ShopId(row.get(0)?),
            hash: row.get(1)?,
            user: UserId::from_u128(id_at(row, 2)?),
            opens: ShopId(row.get(3)?),
            created_at: time(4)?,
            seen_at: time(5)?,
            ends_at: time(6)?,
            address: row.get(10)?,
        },
        name: row.get(7)?,
        role: row.get(8)?,
        email: row.get(9)?,
    })
}

impl Store {
    /// Keeps a new user; `false` if its address is another's of the shop, or there are [`USERS_MAX`].
    pub async fn create_user(
        &self,
        user: UserRow,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        self.write_access(AccessWrite::CreateUser(user), record)
            .await
    }

    /// Keeps the first user of its shop; `false` if the shop has one, whoever made it.
    pub async fn create_first_user(
        &self,
        user: UserRow,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        self.write_access(AccessWrite::CreateFirstUser(user), record)
            .await
    }

    /// Changes a user; `false` if there is no such user, or it is the last that has to be left.
    pub async fn change_user(
        &self,
        change: UserChange,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        self.write_access(AccessWrite::ChangeUser(change), record)
            .await
    }

    /// Deletes a user with what it has open; `false` if there is no such user, or it is the last of this role that
    /// may sign in.
    pub async fn delete_user(
        &self,
        (shop, id): (ShopId, UserId),
        not_the_last: Option<String>,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        self.write_access(AccessWrite::DeleteUser(shop, id, not_the_last), record)
            .await
    }

    /// The shop's users, newest first; at most [`USERS_MAX`].
    pub async fn users(&self, shop: ShopId) -> Result<Vec<UserRow>, ReadError> {
        self.read(move |db| db.all(LIST_USERS, &[&shop.0, &USERS_MAX], read))
            .await
    }

    /// A user of the shop.
    pub async fn user(&self, shop: ShopId, id: UserId) -> Result<Option<UserRow>, ReadError> {
        self.read(move |db| db.one(GET_USER, &[&shop.0, &id_bytes(id.as_u128())], read))
            .await
    }

    /// The user of the shop with this address, in small letters.
    pub async fn user_by_email(
        &self,
        shop: ShopId,
        email: String,
    ) -> Result<Option<UserRow>, ReadError> {
        self.read(move |db| db.one(USER_BY_EMAIL, &[&shop.0, &email], read))
            .await
    }

    /// Counts a try to sign in; `false` if it has to wait, and is not counted.
    pub async fn try_sign_in(&self, new: SignInTry) -> Result<bool, SubmitError> {
        self.write_access(AccessWrite::TrySignIn(new), None).await
    }

    /// Notes that a try was a failure.
    pub async fn sign_in_failed(
        &self,
        failure: SignInFailure,
        record: Option<AuditRecord>,
    ) -> Result<(), SubmitError> {
        let write = AccessWrite::SignInFailed(failure);
        self.write_access(write, record).await.map(|_| ())
    }

    /// Until when the next try of these has to wait, if it has to.
    pub async fn sign_in_waits(
        &self,
        shop: ShopId,
        subjects: Vec<String>,
    ) -> Result<Option<Timestamp>, ReadError> {
        self.read(move |db| {
            let mut latest = None;
            for subject in &subjects {
                let until = db.one(GET_TRIES, &[&shop.0, subject], |row| row.get::<i64>(2))?;
                latest = latest.max(until.filter(|until| 0 < *until));
            }
            Ok(latest.map(Timestamp::from_millis))
        })
        .await
    }

    /// Begins a session; `false` if its user was disabled, deleted or given another password meanwhile.
    pub async fn begin_session(
        &self,
        new: NewSession,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        self.write_access(AccessWrite::BeginSession(new), record)
            .await
    }

    /// Ends a session; `false` if there is no such session.
    pub async fn end_session(
        &self,
        shop: ShopId,
        hash: [u8; 32],
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        self.write_access(AccessWrite::EndSession(shop, hash), record)
            .await
    }

    /// Ends every session of a user but this one; `false` if there is no other.
    pub async fn end_other_sessions(
        &self,
        (shop, user): (ShopId, UserId),
        but: [u8; 32],
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        self.write_access(AccessWrite::EndOtherSessions(shop, user, but), record)
            .await
    }

    /// The sessions of a user, the newest first; whether their time is over or not.
    pub async fn sessions_of(
        &self,
        shop: ShopId,
        user: UserId,
    ) -> Result<Vec<OpenSession>, ReadError> {
        self.read(move |db| {
            let values: &[&dyn crate::db::Bind] =
                &[&shop.0, &id_bytes(user.as_u128()), &SESSIONS_READ_MAX];
            db.all(SESSIONS_OF_USER, values, read_session)
        })
        .await
    }

    /// Notes that a session was used. Nobody waits for it, and in one minute it is written once.
    pub fn note_session_use(&self, shop: ShopId, hash: [u8; 32], at: Timestamp) {
        let write = AccessWrite::SessionUsed(shop, hash, at);
        self.write_aside(TableWrite::Access(Box::new(write)));
    }

    /// The session with this hash, of a user who may sign in; whether its time is over or not.
    pub async fn session(&self, hash: [u8; 32]) -> Result<Option<OpenSession>, ReadError> {
        self.read(move |db| db.one(SESSION_BY_HASH, &[&hash], read_session))
            .await
    }
}
