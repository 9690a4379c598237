//! Seals again: brings every secret of a database under the key that the configuration seals with now.
//!
//! A shop is done in one transaction that is its only writer, and what is done already is passed over. So it may be
//! ended in the middle and run again, and on a server beside instances at work, as long as each of them opens what is
//! written: a new key is given to all as one that opens before it is the one that seals (docs/operating.md).

use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;

use crate::Store;
use crate::db::{Db, Error, OpenError, Postgres, Source, Sqlite, refuse};
use crate::error::ReadError;
use crate::looking::{apart, look_at, source_of};
use crate::options::Place;
use crate::schema::{lock, migrate};
use crate::tables::kept_secrets::{self, KeptSecrets};
use crate::tables::sealed::SecretKeys;

/// `reseal.shops`: a handful.
const SHOPS: &str = "select shop_id, name from shops order by shop_id";

impl Store {
    /// How the secrets of a database are kept. It is only read, also beside the process that serves it.
    pub fn kept_secrets_at(place: &Place, keys: &SecretKeys) -> Result<KeptSecrets, OpenError> {
        look_at(place, |db| look(db, keys))
    }

    /// The same of the database that is open here.
    pub async fn kept_secrets(&self) -> Result<KeptSecrets, ReadError> {
        let keys = self.secret_keys().clone();
        self.read(move |db| look(db, &keys)).await
    }

    /// Writes every secret as the keys write now: sealed under the one that seals, or in clear where none does. What
    /// cannot be opened stays as it is. `step` is called with the shops that are done and all there are.
    ///
    /// A file must not be served meanwhile: its server does the same at its start.
    pub fn reseal(
        place: &Place,
        keys: &SecretKeys,
        now: Timestamp,
        step: &mut (dyn FnMut(usize, usize) + Send),
    ) -> Result<KeptSecrets, OpenError> {
        match source_of(place)? {
            Source::File { path, .. } => {
                if !path.exists() {
                    return Err(OpenError::CannotOpen { path });
                }
                let _lock = lock::take(&path)?;
                let mut db = Db::Sqlite(Sqlite::open_unchanged(&path)?);
                migrate::pending(&db, &path)?;
                if let Db::Sqlite(sqlite) = &mut db {
                    sqlite.become_writer(&path, true)?;
                }
                migrate::migrate(&db, &path, now.as_millis())?;
                reseal(&db, keys, step).map_err(|error| refuse(&path, error))
            }
            Source::Server(server) => apart(|| {
                let db = Db::Postgres(Box::new(Postgres::open_writer(&server)?));
                let name = server.to_string();
                migrate::migrate(&db, name.as_ref(), now.as_millis())?;
                reseal(&db, keys, step).map_err(|error| server.refuse(error))
            }),
        }
    }
}

fn shops(db: &Db) -> Result<Vec<(ShopId, String)>, Error> {
    db.all(SHOPS, &[], |row| Ok((ShopId(row.get(0)?), row.get(1)?)))
}

fn look(db: &Db, keys: &SecretKeys) -> Result<KeptSecrets, Error> {
    let mut kept = kept_secrets::shared(db, keys, false)?;
    for (shop, name) in shops(db)? {
        kept.add(kept_secrets::of_shop(db, keys, (shop, &name), false)?);
    }
    Ok(kept)
}

/// The same over a connection that writes.
pub(crate) fn reseal(
    db: &Db,
    keys: &SecretKeys,
    step: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<KeptSecrets, Error> {
    let shops = shops(db)?;
    let mut kept = kept_secrets::shared(db, keys, true)?;
    for (done, (shop, name)) in shops.iter().enumerate() {
        kept.add(reseal_shop(db, keys, (*shop, name))?);
        step(done + 1, shops.len());
    }
    Ok(kept)
}

fn reseal_shop(
    db: &Db,
    keys: &SecretKeys,
    (shop, name): (ShopId, &str),
) -> Result<KeptSecrets, Error> {
    let seen = kept_secrets::of_shop(db, keys, (shop, name), false)?;
    // Where nothing has to be written no shop's writers wait.
    if seen.waiting(keys) == 0 {
        return Ok(seen);
    }
    db.begin(&[shop], true)?;
    let kept = kept_secrets::of_shop(db, keys, (shop, name), true);
    match kept {
        Ok(_) => db.commit()?,
        Err(_) => db.rollback()?,
    }
    kept
}
