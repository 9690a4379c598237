//! What instances on one server share besides the data: the key under which secrets are redacted, and the clock.

use tollgate_core::time::Span;

use crate::Store;
use crate::db::OpenError;
use crate::db::{Corrupt, Db, Error, Postgres, Server, Sql, corrupt, on_postgres};
use crate::error::ReadError;
use crate::options::{Clock, ServerPlace};
use crate::tables::kept_secrets::{self, REDACTION};
use crate::tables::sealed::SecretKeys;

/// `secrets.insert`: the first to come makes it. Two at once: the second waits for the first and
/// changes nothing.
const INSERT_SECRET: Sql =
    on_postgres("insert into secrets (name, value) values (?1, ?2) on conflict (name) do nothing");

/// `secrets.get`: by primary key, in a statement after the insert, which sees what another has made.
const SECRET: Sql = on_postgres("select value from secrets where name = ?1");

/// `clock.read`: the server's time at this moment, not the transaction's.
const SERVER_TIME: Sql =
    on_postgres("select cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)");

/// A longer round trip says too little about the server's clock.
const ROUND_TRIP_MAX: Span = Span::seconds(1);

impl Store {
    /// The key under which all instances on this server redact secrets: `fresh`, if there is none yet. `None` if it
    /// is sealed under a key that is not among these. The schema has to be there.
    pub fn shared_key(
        place: &ServerPlace,
        fresh: [u8; 32],
        keys: &SecretKeys,
    ) -> Result<Option<[u8; 32]>, OpenError> {
        connected(place, |db| {
            let sealed = kept_secrets::seal_shared(keys, &fresh);
            db.run(INSERT_SECRET, &[&REDACTION, &sealed])?;
            let stored: Option<Vec<u8>> = db.one(SECRET, &[&REDACTION], |row| row.get(0))?;
            let Ok(key) = kept_secrets::open_shared(keys, &stored.unwrap_or(sealed)) else {
                return Ok(None);
            };
            let wrong = |_| corrupt(Corrupt::new("shared key", "it is not of 32 bytes"));
            key.try_into().map(Some).map_err(wrong)
        })
    }

    /// How far the server's clock is ahead of this one, before the store is opened; `None` if the
    /// answer took too long to say.
    pub fn clock_ahead_on(place: &ServerPlace, clock: &Clock) -> Result<Option<Span>, OpenError> {
        connected(place, |db| clock_ahead(db, clock))
    }

    /// The same over an open store. A file has no clock of its own.
    pub async fn clock_ahead(&self, clock: &Clock) -> Result<Option<Span>, ReadError> {
        let clock = clock.clone();
        self.read(move |db| match db {
            Db::Sqlite(_) => Ok(None),
            Db::Postgres(_) => clock_ahead(db, &clock),
        })
        .await
    }
}

/// Does something over a connection of its own.
fn connected<T: Send>(
    place: &ServerPlace,
    work: impl FnOnce(&Db) -> Result<T, Error> + Send,
) -> Result<T, OpenError> {
    let server = Server::of(place)?;
    crate::looking::apart(|| {
        let db = Db::Postgres(Box::new(Postgres::open_writer(&server)?));
        work(&db).map_err(|error| server.refuse(error))
    })
}

/// The server's time was read somewhere on the round trip; the middle of it is half a round trip wrong at
/// the most.
fn clock_ahead(db: &Db, clock: &Clock) -> Result<Option<Span>, Error> {
    let before = clock().as_millis();
    let theirs: Option<i64> = db.one(SERVER_TIME, &[], |row| row.get(0))?;
    let after = clock().as_millis();
    let pipeline = Span::millis(after - before);
    Ok(theirs
        .filter(|_| pipeline <= ROUND_TRIP_MAX)
        .map(|theirs| Span::millis(theirs - (before + after) / 2)))
}
