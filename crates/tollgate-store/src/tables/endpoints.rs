//! Merchants' endpoints: who subscribes to what, and where.
//!
//! A batch looks at the filters only; they are kept beside the Gate and read again when the shop's head
//! says that they have changed. Everything else about an endpoint is for the worker.

use std::sync::Arc;

use tollgate_core::id::{EndpointId, ShopId};
use tollgate_core::time::Timestamp;

use crate::db::{Corrupt, Db, Error, Row, WriteBatch, corrupt, id_at, id_bytes};
use crate::tables::document::{from_json, to_json};
use crate::tables::sealed::{SealedPlace, SecretKeys, Unopened};
use crate::tables::targets;

/// A merchant's endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointRow {
    /// Whose.
    pub shop: ShopId,
    /// Its id.
    pub id: EndpointId,
    /// Where it is.
    pub url: String,
    /// What it subscribes to: types, groups (`order.*`) or `*`.
    pub events: Vec<String>,
    /// For people.
    pub description: String,
    /// The secrets that sign, the newest first, each with the time it is good until.
    pub secrets: Vec<(String, Option<Timestamp>)>,
    /// That its secrets cannot be opened here; then there are none above, and those stay as they are stored until it
    /// is given others.
    pub unopened: Option<Unopened>,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Since when it gets nothing, and why.
    pub disabled: Option<(Timestamp, String)>,
}

impl std::fmt::Debug for EndpointRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointRow")
            .field("shop", &self.shop)
            .field("id", &self.id)
            .field("url", &self.url)
            .field("events", &self.events)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// An endpoint as it is written: its secrets are sealed before it waits for the Gate.
#[derive(Clone)]
pub(crate) struct EndpointWrite {
    /// The endpoint.
    pub(crate) row: EndpointRow,
    sealed: String,
}

/// Without a key that seals, what is written is the secrets themselves.
impl std::fmt::Debug for EndpointWrite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointWrite")
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}

impl EndpointWrite {
    pub(crate) fn new(row: EndpointRow, keys: &SecretKeys) -> EndpointWrite {
        let sealed = match &row.unopened {
            Some(unopened) => unopened.stored().to_owned(),
            None => keys.seal(
                &SealedPlace::of_endpoint(row.shop, row.id),
                &secrets_of(&row),
            ),
        };
        EndpointWrite { row, sealed }
    }
}

/// What a batch knows of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) id: EndpointId,
    pub(crate) events: Vec<String>,
}

/// Endpoints of a shop at the most: every public entry is matched against each.
pub const ENDPOINTS_MAX: usize = 100;

/// `endpoints.listeners`: by primary key.
const LISTENERS: &str = "\
    select id, events
      from endpoints
     where shop_id = ?1 and disabled_at is null
     order by id";

/// The endpoints of a shop that are not disabled. One whose filters cannot be read is passed over: it must
/// not hold up the shop's money.
pub(crate) fn listeners(db: &Db, shop: ShopId) -> Result<Arc<[Listener]>, Error> {
    let found = db.all(LISTENERS, &[&shop.0], |row| {
        let id = EndpointId::from_u128(id_at(row, 0)?);
        let events = from_json("endpoint", row.text(1)?);
        Ok(events
            .map(|events| Listener { id, events })
            .map_err(|error| (id, error)))
    })?;
    let readable = found.into_iter().filter_map(|found| match found {
        Ok(listener) => Some(listener),
        Err((endpoint, error)) => {
            tracing::error!(%endpoint, %error, "failed to read an endpoint's filters; it is sent nothing");
            None
        }
    });
    Ok(readable.collect())
}

/// `endpoints.put`.
const PUT: &str = "\
    insert into endpoints (shop_id, id, url, events, description, secrets, created_at, updated_at,
                           disabled_at, disabled_reason)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        on conflict (shop_id, id) do update
       set url = excluded.url, events = excluded.events, description = excluded.description,
           secrets = excluded.secrets, updated_at = excluded.updated_at,
           disabled_at = excluded.disabled_at, disabled_reason = excluded.disabled_reason";

/// `endpoints.delete`: by primary key.
const DELETE: &str = "delete from endpoints where shop_id = ?1 and id = ?2";

/// `endpoints.change`: by primary key, only as it was read: nothing that was done meanwhile is lost.
const CHANGE: &str = "\
    update endpoints
       set url = ?3, events = ?4, description = ?5, secrets = ?6, updated_at = ?7,
           disabled_at = ?8, disabled_reason = ?9
     where shop_id = ?1 and id = ?2 and updated_at = ?10";

/// `endpoints.disable`: by primary key; one that is disabled already keeps its reason. Anyone who has read
/// it before must read it again to change it.
const DISABLE: &str = "\
    update endpoints
       set disabled_at = ?3, disabled_reason = ?4, updated_at = updated_at + 1
     where shop_id = ?1 and id = ?2 and disabled_at is null";

pub(crate) fn disable(
    writes: &mut WriteBatch<'_>,
    now: Timestamp,
    shop: ShopId,
    id: EndpointId,
    reason: &str,
) -> Result<(), Error> {
    writes.put(
        DISABLE,
        &[&shop.0, &id_bytes(id.as_u128()), &now.as_millis(), &reason],
    )
}

/// A change of an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct EndpointChange {
    /// As it is afterwards.
    pub(crate) write: EndpointWrite,
    /// When the one that was read was last changed.
    pub(crate) read_at: Timestamp,
}

fn secrets_of(row: &EndpointRow) -> String {
    let secrets: Vec<(&str, Option<i64>)> = row
        .secrets
        .iter()
        .map(|(secret, until)| (secret.as_str(), until.map(Timestamp::as_millis)))
        .collect();
    to_json(&secrets)
}

/// Writes an endpoint.
pub(crate) fn put(db: &Db, write: &EndpointWrite) -> Result<usize, Error> {
    let EndpointWrite { row, sealed } = write;
    targets::forget_endpoint(db, row.shop, row.id)?;
    let (disabled_at, reason) = match &row.disabled {
        Some((at, reason)) => (Some(at.as_millis()), Some(reason)),
        None => (None, None),
    };
    db.run(
        PUT,
        &[
            &row.shop.0,
            &id_bytes(row.id.as_u128()),
            &row.url,
            &to_json(&row.events),
            &row.description,
            sealed,
            &row.created_at.as_millis(),
            &row.updated_at.as_millis(),
            &disabled_at,
            &reason,
        ],
    )
}

/// Changes an endpoint, unless somebody else has done so since it was read: then no row is changed.
pub(crate) fn change(db: &Db, change: &EndpointChange) -> Result<usize, Error> {
    let EndpointWrite { row, sealed } = &change.write;
    let (disabled_at, reason) = match &row.disabled {
        Some((at, reason)) => (Some(at.as_millis()), Some(reason)),
        None => (None, None),
    };
    let changed = db.run(
        CHANGE,
        &[
            &row.shop.0,
            &id_bytes(row.id.as_u128()),
            &row.url,
            &to_json(&row.events),
            &row.description,
            sealed,
            &row.updated_at.as_millis(),
            &disabled_at,
            &reason,
            &change.read_at.as_millis(),
        ],
    )?;
    if 0 < changed {
        targets::forget_endpoint(db, row.shop, row.id)?;
    }
    Ok(changed)
}

/// Deletes an endpoint. What is pending for it is given up when a worker comes to it.
pub(crate) fn delete(db: &Db, shop: ShopId, id: EndpointId) -> Result<usize, Error> {
    targets::forget_endpoint(db, shop, id)?;
    db.run(DELETE, &[&shop.0, &id_bytes(id.as_u128())])
}

/// `endpoints.get`: by primary key. The columns are those of [`read`].
pub(crate) const GET: &str = "\
    select shop_id, id, url, events, description, secrets, created_at, updated_at, disabled_at,
           disabled_reason
      from endpoints
     where shop_id = ?1 and id = ?2";

/// `endpoints.list`: by primary key, newest first.
pub(crate) const LIST: &str = "\
    select shop_id, id, url, events, description, secrets, created_at, updated_at, disabled_at,
           disabled_reason
      from endpoints
     where shop_id = ?1 and id < ?2
     order by id desc
     limit ?3";

/// Reads an endpoint, with its secrets as far as they can be opened.
pub(crate) fn read(row: &Row<'_>, keys: &SecretKeys) -> Result<EndpointRow, Error> {
    let shop = ShopId(row.get(0)?);
    let id = EndpointId::from_u128(id_at(row, 1)?);
    let (secrets, unopened) = match keys.open(&SealedPlace::of_endpoint(shop, id), row.text(5)?) {
        Ok(opened) => (read_secrets(&opened)?, None),
        Err(unopened) => (Vec::new(), Some(unopened)),
    };
    let disabled_at: Option<i64> = row.get(8)?;
    let reason: Option<String> = row.get(9)?;
    Ok(EndpointRow {
        shop,
        id,
        url: row.get(2)?,
        events: from_json("endpoint", row.text(3)?).map_err(corrupt)?,
        description: row.get(4)?,
        secrets,
        unopened,
        created_at: Timestamp::from_millis(row.get(6)?),
        updated_at: Timestamp::from_millis(row.get(7)?),
        disabled: disabled_at.map(|at| (Timestamp::from_millis(at), reason.unwrap_or_default())),
    })
}

fn read_secrets(text: &str) -> Result<Vec<(String, Option<Timestamp>)>, Error> {
    let secrets: Vec<(String, Option<i64>)> = from_json("endpoint", text).map_err(corrupt)?;
    if secrets.is_empty() {
        return Err(corrupt(Corrupt::new("endpoint", "it has no secret")));
    }
    let read = |(secret, until): (String, Option<i64>)| (secret, until.map(Timestamp::from_millis));
    Ok(secrets.into_iter().map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::id::RootId;

    #[test]
    fn what_waits_to_be_written_shows_no_secret() {
        let at = Timestamp::from_millis(0);
        let row = EndpointRow {
            shop: ShopId(1),
            id: EndpointId::on(RootId::new(7 << 16), 0),
            url: "https://shop.example.test/hook".to_owned(),
            events: Vec::new(),
            description: String::new(),
            secrets: vec![("whsec_dGVzdA==".to_owned(), None)],
            unopened: None,
            created_at: at,
            updated_at: at,
            disabled: None,
        };
        let write = EndpointWrite::new(row, &SecretKeys::default());
        assert!(write.sealed.contains("whsec_"), "there is no key");
        let change = EndpointChange { write, read_at: at };
        let shown = format!("{change:?}");
        assert!(!shown.contains("whsec"), "{shown}");
    }
}
