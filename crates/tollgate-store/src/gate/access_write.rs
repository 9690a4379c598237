//! Writes about who may do what: keys, users, sessions, tries to sign in.

use tollgate_core::id::{KeyId, ShopId, UserId};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error};
use crate::tables::keys::{self, KeyRotation, KeyRow};
use crate::tables::sessions::{self, NewSession};
use crate::tables::sign_ins::{self, SignInFailure, SignInTry};
use crate::tables::users::{self, UserChange, UserRow};

/// One of them. Where it changes no row, what it is about is not there or not as it was read.
#[derive(Debug, Clone)]
pub(crate) enum AccessWrite {
    /// Keep an API key.
    CreateKey(KeyRow),
    /// An API key is no longer good.
    RevokeKey(ShopId, KeyId, Timestamp),
    /// An API key has a new secret.
    RotateKey(KeyRotation),
    /// An API key is called otherwise.
    RenameKey(ShopId, KeyId, String),
    /// An API key was used.
    KeyUsed(ShopId, KeyId, Timestamp),
    /// Keep a user.
    CreateUser(UserRow),
    /// Keep a user, if its shop has none.
    CreateFirstUser(UserRow),
    /// Change one.
    ChangeUser(UserChange),
    /// Delete one, unless it is the last of this role.
    DeleteUser(ShopId, UserId, Option<String>),
    /// Somebody tries to sign in.
    TrySignIn(SignInTry),
    /// Somebody has tried and failed.
    SignInFailed(SignInFailure),
    /// Somebody has signed in.
    BeginSession(NewSession),
    /// A session ends.
    EndSession(ShopId, [u8; 32]),
    /// All sessions of a user end but this one.
    EndOtherSessions(ShopId, UserId, [u8; 32]),
    /// A session was used.
    SessionUsed(ShopId, [u8; 32], Timestamp),
}

impl AccessWrite {
    /// Whose rows it writes.
    pub(crate) fn shop(&self) -> ShopId {
        match self {
            AccessWrite::CreateKey(key) => key.shop,
            AccessWrite::RotateKey(rotation) => rotation.shop,
            AccessWrite::CreateUser(user) | AccessWrite::CreateFirstUser(user) => user.shop,
            AccessWrite::ChangeUser(change) => change.shop,
            AccessWrite::TrySignIn(new) => new.shop,
            AccessWrite::SignInFailed(failure) => failure.shop,
            AccessWrite::BeginSession(new) => new.row.shop,
            AccessWrite::RevokeKey(shop, ..)
            | AccessWrite::RenameKey(shop, ..)
            | AccessWrite::KeyUsed(shop, ..)
            | AccessWrite::DeleteUser(shop, ..)
            | AccessWrite::EndSession(shop, _)
            | AccessWrite::EndOtherSessions(shop, ..)
            | AccessWrite::SessionUsed(shop, ..) => *shop,
        }
    }

    /// Does it, inside the batch's transaction; how many rows it changed.
    pub(crate) fn run(&self, db: &Db) -> Result<usize, Error> {
        match self {
            AccessWrite::CreateKey(key) => keys::create(db, key),
            AccessWrite::RevokeKey(shop, id, at) => keys::revoke(db, *shop, *id, *at),
            AccessWrite::RotateKey(rotation) => keys::rotate(db, rotation),
            AccessWrite::RenameKey(shop, id, name) => keys::rename(db, *shop, *id, name),
            AccessWrite::KeyUsed(shop, id, at) => keys::used(db, *shop, *id, *at),
            AccessWrite::CreateUser(user) => users::create(db, user),
            AccessWrite::CreateFirstUser(user) => users::create_first(db, user),
            AccessWrite::ChangeUser(change) => users::change(db, change),
            AccessWrite::DeleteUser(shop, id, not_the_last) => {
                users::delete(db, (*shop, *id), not_the_last.as_deref())
            }
            AccessWrite::TrySignIn(new) => sign_ins::count(db, new),
            AccessWrite::SignInFailed(failure) => sign_ins::failed(db, failure),
            AccessWrite::BeginSession(new) => sessions::begin(db, new),
            AccessWrite::EndSession(shop, hash) => sessions::end(db, *shop, hash),
            AccessWrite::EndOtherSessions(shop, user, but) => {
                sessions::end_others(db, (*shop, *user), but)
            }
            AccessWrite::SessionUsed(shop, hash, at) => sessions::used(db, *shop, hash, *at),
        }
    }
}
