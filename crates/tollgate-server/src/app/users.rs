//! Users: made, changed, given new passwords, deleted.

use secrecy::{ExposeSecret, SecretString};
use tollgate_core::id::{ShopId, UserId};
use tollgate_core::word::Word;
use tollgate_store::{USERS_MAX, UserChange, UserRow};

use super::access::text;
use super::lockout::Counted;
use super::{App, AppError, Caller};
use crate::ids;
use crate::keys::{Role, Scope};
use crate::passwords::NotHashed;

/// A user that is to be made.
pub(crate) struct NewUser {
    /// What it signs in with.
    pub(crate) email: String,
    /// For people.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) role: Role,
    /// Its password.
    pub(crate) password: SecretString,
}

/// What is to be changed about a user; the rest stays.
pub(crate) struct WantedChange {
    /// For people.
    pub(crate) name: Option<String>,
    /// What it may do.
    pub(crate) role: Option<Role>,
    /// Whether it may sign in.
    pub(crate) disabled: Option<bool>,
    /// What was counted against it is forgotten.
    pub(crate) unlock: bool,
}

impl From<NotHashed> for AppError {
    fn from(error: NotHashed) -> AppError {
        match error {
            NotHashed::Crowded => AppError::Contended,
            NotHashed::Broken => AppError::Internal,
        }
    }
}

impl App {
    /// A new user.
    pub(crate) async fn create_user(
        &self,
        caller: &Caller,
        wanted: NewUser,
        shop: Option<&str>,
    ) -> Result<UserRow, AppError> {
        let shop = self.shop_of(caller, shop)?;
        let store = &self.inner.store;
        self.check_rank(caller, shop, [wanted.role.word()])?;
        check_password(&wanted.password, &wanted.email, &wanted.name)?;
        if let Some(known) = store.user_by_email(shop, wanted.email.clone()).await? {
            return Err(AppError::UserExists(known.id));
        }
        let now = self.now();
        let row = UserRow {
            shop,
            id: UserId::on(ids::root(), 0),
            email: wanted.email,
            name: wanted.name,
            role: wanted.role.word().to_owned(),
            password: self.inner.passwords.hash(&wanted.password).await?,
            created_at: now,
            updated_at: now,
            disabled_at: None,
            signed_in_at: None,
        };
        let detail = vec![
            ("email", text(&row.email)),
            ("name", text(&row.name)),
            ("role", text(&row.role)),
        ];
        let record = caller.record(shop, "create_user", row.id, detail);
        if store.create_user(row.clone(), Some(record)).await? {
            return Ok(row);
        }
        // Another request was faster, or there is no room.
        match store.user_by_email(shop, row.email).await? {
            Some(known) => Err(AppError::UserExists(known.id)),
            None => Err(AppError::TooManyUsers { most: USERS_MAX }),
        }
    }

    /// The users of a shop.
    pub(crate) async fn users(&self, shop: ShopId) -> Result<Vec<UserRow>, AppError> {
        Ok(self.inner.store.users(shop).await?)
    }

    /// A user of a shop.
    pub(crate) async fn user(&self, shop: ShopId, id: UserId) -> Result<UserRow, AppError> {
        let row = self.inner.store.user(shop, id).await?;
        row.ok_or(AppError::NotFound)
    }

    /// Changes a user. Another role, or none any more, ends what it has open.
    pub(crate) async fn change_user(
        &self,
        caller: &Caller,
        (shop, id): (ShopId, UserId),
        wanted: WantedChange,
    ) -> Result<UserRow, AppError> {
        let before = self.user(shop, id).await?;
        let role = wanted.role.map(|role| role.word().to_owned());
        let after = role.as_ref().unwrap_or(&before.role);
        self.check_rank(caller, shop, [&before.role, after])?;
        let mut detail = Vec::new();
        if let Some(name) = wanted.name.as_ref().filter(|name| **name != before.name) {
            detail.push(("name", text(name)));
        }
        let other_role = role.as_ref().filter(|role| **role != before.role);
        let is_other_role = other_role.is_some();
        if let Some(role) = other_role {
            detail.push(("role", text(role)));
            detail.push(("role_before", text(&before.role)));
        }
        let is_disabled = before.disabled_at.is_some();
        if let Some(disabled) = wanted.disabled.filter(|wanted| *wanted != is_disabled) {
            detail.push(("disabled", text(disabled)));
        }
        if wanted.unlock {
            detail.push(("unlocked", text(true)));
        }
        if detail.is_empty() {
            return Ok(before);
        }
        let unlock = match wanted.unlock {
            true => Some(self.unlocked_by(caller, shop, &before.email).await?),
            false => None,
        };
        let change = UserChange {
            name: wanted.name,
            role,
            disabled: wanted.disabled,
            unlock,
            not_the_last: self.must_stay(caller, (shop, id)),
            ends_sessions: is_other_role || wanted.disabled == Some(true),
            ..self.no_change(shop, id)
        };
        let record = caller.record(shop, "change_user", id, detail);
        self.write_change(change, record).await
    }

    /// Gives a user another password, and ends what it has open. Users do so to themselves with the one they have;
    /// to others whoever manages them.
    pub(crate) async fn change_password(
        &self,
        caller: &Caller,
        (shop, id): (ShopId, UserId),
        current: Option<&SecretString>,
        password: &SecretString,
    ) -> Result<(), AppError> {
        let is_own = caller.user() == Some((id, shop));
        if !is_own && !caller.may(Scope::Admin) {
            return Err(AppError::NotFound);
        }
        let row = self.user(shop, id).await?;
        self.check_rank(caller, shop, [&row.role])?;
        check_password(password, &row.email, &row.name)?;
        if is_own {
            self.check_current(&row, current).await?;
        }
        let change = UserChange {
            password: Some(self.inner.passwords.hash(password).await?),
            unlock: Some(self.unlocked_by(caller, shop, &row.email).await?),
            ends_sessions: true,
            ..self.no_change(shop, id)
        };
        let record = caller.record(shop, "change_password", id, Vec::new());
        self.write_change(change, record).await.map(|_| ())
    }

    /// Deletes a user with what it has open. Its records stay.
    pub(crate) async fn delete_user(
        &self,
        caller: &Caller,
        (shop, id): (ShopId, UserId),
    ) -> Result<(), AppError> {
        let row = self.user(shop, id).await?;
        self.check_rank(caller, shop, [&row.role])?;
        let detail = vec![("email", text(row.email)), ("role", text(row.role))];
        let record = caller.record(shop, "delete_user", id, detail);
        let must_stay = self.must_stay(caller, (shop, id));
        let store = &self.inner.store;
        let deleted = store
            .delete_user((shop, id), must_stay, Some(record))
            .await?;
        self.forget_user(id);
        match deleted {
            true => Ok(()),
            false => Err(self.why_not(shop, id).await?),
        }
    }

    /// A session that was left open does not give the password away. A wrong one counts as a try to sign in.
    async fn check_current(
        &self,
        row: &UserRow,
        current: Option<&SecretString>,
    ) -> Result<(), AppError> {
        let unfit = |why: &str| AppError::Unfit {
            pointer: "/current",
            why: why.to_owned(),
        };
        let current = current.ok_or_else(|| unfit("the password that you have is missing"))?;
        let counted = Counted::of(&[row.shop], &row.email, None);
        self.count_try(&counted).await?;
        let passwords = &self.inner.passwords;
        match passwords
            .verify(current, Some(row.password.clone()))
            .await?
        {
            true => Ok(()),
            false => {
                self.note_failure(&counted, None).await?;
                Err(unfit("it is not the password that you have"))
            }
        }
    }

    fn no_change(&self, shop: ShopId, id: UserId) -> UserChange {
        UserChange {
            shop,
            id,
            at: self.now(),
            name: None,
            role: None,
            disabled: None,
            password: None,
            unlock: None,
            not_the_last: None,
            ends_sessions: false,
        }
    }

    async fn write_change(
        &self,
        change: UserChange,
        record: tollgate_store::AuditRecord,
    ) -> Result<UserRow, AppError> {
        let (shop, id) = (change.shop, change.id);
        let changed = self.inner.store.change_user(change, Some(record)).await?;
        self.forget_user(id);
        match changed {
            true => self.user(shop, id).await,
            false => Err(self.why_not(shop, id).await?),
        }
    }

    /// Admins of main stand above the shops; who does not makes none, and changes none.
    fn check_rank<const N: usize>(
        &self,
        caller: &Caller,
        shop: ShopId,
        roles: [&str; N],
    ) -> Result<(), AppError> {
        let is_above = shop == self.shops()[0] && roles.contains(&Role::Admin.word());
        match is_above && !caller.stands_above() {
            true => Err(AppError::RankMissing),
            false => Ok(()),
        }
    }

    /// The role of which a shop keeps one user that may sign in. Who stands above the shops can make another one, and
    /// is not held up, but for taking themselves away.
    fn must_stay(&self, caller: &Caller, (shop, id): (ShopId, UserId)) -> Option<String> {
        let is_own = caller.user() == Some((id, shop));
        (is_own || !caller.stands_above()).then(|| Role::Admin.word().to_owned())
    }

    /// Why a user was neither changed nor deleted.
    async fn why_not(&self, shop: ShopId, id: UserId) -> Result<AppError, AppError> {
        Ok(match self.inner.store.user(shop, id).await? {
            Some(_) => AppError::LastAdmin,
            None => AppError::NotFound,
        })
    }
}

/// What everybody would try first is no password. Its length was judged when it was read.
pub(super) fn check_password(
    password: &SecretString,
    email: &str,
    name: &str,
) -> Result<(), AppError> {
    let password = password.expose_secret().to_lowercase();
    let user = email.split('@').next().unwrap_or(email);
    let is_told = [email, user, name]
        .iter()
        .any(|told| password == told.to_lowercase());
    let first = password.chars().next();
    let is_one_letter = password.chars().all(|letter| Some(letter) == first);
    let why = match (is_told, is_one_letter) {
        (true, _) => "a password is neither the name nor the address",
        (_, true) => "a password has more than one letter in it",
        (false, false) => return Ok(()),
    };
    Err(AppError::Unfit {
        pointer: "/password",
        why: why.to_owned(),
    })
}
