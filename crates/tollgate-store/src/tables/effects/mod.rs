//! Effects: what was decided to be done outside, and what came of it.

mod content;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tollgate_core::effect::{Attempt, Effect, EffectContent, Lease, StoredEffect};
use tollgate_core::id::{EffectId, RootId, ShopId};
use tollgate_core::snapshot::{Key, Snapshot};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::{
    Db, Error, Row, Sql, Value, WriteBatch, corrupt, id_bytes, maybe_id_at, on_postgres,
};
use crate::tables;
use crate::tables::document::{Read, from_json, to_json, word};
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::origin::Origin;
use crate::tables::write::Changes;

pub(crate) use content::read_content;
use content::write_content;

/// `effects.get`: by primary key. The columns are those of [`read`].
pub(crate) const GET: &str = "\
    select key, kind, state, root, due_at, content, order_key, lease, tries, reason, attempts,
           settled_at
      from effects
     where shop_id = ?1 and id = ?2";

pub(crate) struct ById;

pub(crate) type Wanted = Keys<ById>;

impl Lookup for ById {
    type Key = (ShopId, EffectId);
    type Row = StoredEffect;
    type Found = Option<StoredEffect>;
    const SQL: &'static str = GET;

    fn values((shop, id): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), lookup::id(id.as_u128())]
    }

    fn read(row: &Row<'_>) -> Result<StoredEffect, Error> {
        read(row)
    }

    fn note(at: Self::Key, found: Option<StoredEffect>, loading: &mut Loading<'_>) {
        if let Some(effect) = &found {
            closure(at.0, effect, &mut loading.next);
        }
        loading.known.effects.load(at, found);
    }
}

pub(crate) fn want(wanted: &mut tables::Wanted, at: (ShopId, EffectId), loading: &mut Loading<'_>) {
    if !loading.known.effects.knows(&at) {
        wanted.effects.insert(at);
    }
}

/// What hangs on an effect: its root, and what a question is about.
fn closure(shop: ShopId, effect: &StoredEffect, next: &mut BTreeSet<Key>) {
    next.extend(effect.root.map(|root| Key::Root(shop, root)));
    if let EffectContent::Ask {
        source,
        object,
        event,
        ..
    } = &effect.content
    {
        next.insert(Key::Name(shop, source.clone(), object.clone()));
        next.extend(event.map(|event| Key::Event(shop, event)));
    }
}

/// Reads an effect.
pub(crate) fn read(row: &Row<'_>) -> Result<StoredEffect, Error> {
    let key: String = row.get(0)?;
    let order_key: Option<String> = row.get(6)?;
    Ok(StoredEffect {
        content: read_content(row.text(1)?, &key, row.text(5)?).map_err(corrupt)?,
        key,
        state: word(row.text(2)?).map_err(corrupt)?,
        root: maybe_id_at(row, 3)?.map(RootId::new),
        due_at: row.get::<Option<i64>>(4)?.map(Timestamp::from_millis),
        keeps_waiting: order_key.is_some(),
        order_key,
        lease: maybe_id_at(row, 7)?.map(Lease),
        tries: row.get(8)?,
        reason: row.get(9)?,
        attempts: read_attempts(row.maybe_text(10)?).map_err(corrupt)?,
        settled_at: row.get::<Option<i64>>(11)?.map(Timestamp::from_millis),
    })
}

/// Writes the effects that were decided, then those that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    let mut requested = BTreeSet::new();
    for (effect, position, origin) in &batch.additions.effects {
        if !is_requested_already(batch.db, effect, &mut requested)? {
            insert(writes, batch.now, effect, (*position, origin.as_deref()))?;
        }
    }
    for ((shop, id), row) in batch.known.effects.dirty() {
        if let Some(effect) = &row.value {
            update(writes, *shop, *id, effect)?;
        }
    }
    Ok(())
}

/// `effects.insert`: I4; an effect that was decided before stays as it was.
const INSERT: &str = "\
    insert into effects (shop_id, id, key, kind, state, root, due_at, created_at, content, target,
                         order_key, position, origin)
    values (?1, ?2, ?3, ?4, 'pending', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        on conflict do nothing";

fn insert(
    writes: &mut WriteBatch<'_>,
    now: Timestamp,
    effect: &Effect,
    (position, origin): (i64, Option<&Origin>),
) -> Result<(), Error> {
    writes.put(
        INSERT,
        &[
            &effect.shop.0,
            &id_bytes(effect_id(effect.dated_by, &effect.key).as_u128()),
            &effect.key,
            &effect.content.kind().word(),
            &effect.root.map(|root| id_bytes(root.as_u128())),
            &effect.due_at.as_millis(),
            &now.as_millis(),
            &write_content(&effect.content),
            &effect.content.target(),
            &effect.order_key,
            &position,
            &origin.map(Origin::write),
        ],
    )?;
    Ok(())
}

/// `effects.requested`: by `effects_requested`.
const REFUND_REQUEST: Sql = on_postgres(
    "select 1 from effects where shop_id = ?1 and key = ?2 and kind = 'refund_request' limit 1",
);

/// Whether a refund was asked for under this key before. The same money may be asked back for an order
/// once, and once for an event that has found none: one key, and another id each time (I4). In a file the
/// unique key sees to it; on a server an id is unique in its month only, so the key is looked up. Other
/// keys name what their id is dated by.
fn is_requested_already<'a>(
    db: &Db,
    effect: &'a Effect,
    requested: &mut BTreeSet<(ShopId, &'a str)>,
) -> Result<bool, Error> {
    match (db, &effect.content) {
        (Db::Postgres(_), EffectContent::RefundRequest { .. }) => {
            if !requested.insert((effect.shop, &effect.key)) {
                return Ok(true);
            }
            let found = db.one(REFUND_REQUEST, &[&effect.shop.0, &effect.key], |_| Ok(()))?;
            Ok(found.is_some())
        }
        _ => Ok(false),
    }
}

/// The id of an effect that was decided: a UUIDv7 whose time is what it is dated by, and whose other bits
/// are its key's. So anyone who has the decision can name the row.
pub fn effect_id(dated_by: RootId, key: &str) -> EffectId {
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let mut bytes = dated_by.as_u128().to_be_bytes();
    bytes[6..].copy_from_slice(&digest[..10]);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    EffectId::from_u128(u128::from_be_bytes(bytes))
}

/// `effects.update`: by primary key. I5: anyone who decided has seen that the claim still holds, and is the
/// only writer of the shop. Key, kind, target, position and
/// origin never change.
const UPDATE: &str = "\
    update effects
       set state = ?3, due_at = ?4, content = ?5, order_key = ?6, lease = ?7, tries = ?8,
           reason = ?9, attempts = ?10, settled_at = ?11
     where shop_id = ?1 and id = ?2";

fn update(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    id: EffectId,
    effect: &StoredEffect,
) -> Result<(), Error> {
    let order_key = effect.order_key.as_ref().filter(|_| effect.keeps_waiting);
    writes.put(
        UPDATE,
        &[
            &shop.0,
            &id_bytes(id.as_u128()),
            &effect.state.word(),
            &effect.due_at.map(Timestamp::as_millis),
            &write_content(&effect.content),
            &order_key,
            &effect.lease.map(|lease| id_bytes(lease.0)),
            &effect.tries,
            &effect.reason,
            &write_attempts(&effect.attempts),
            &effect.settled_at.map(Timestamp::as_millis),
        ],
    )
}

/// `effects.wake_next`: the next of an order key, by `effects_order`. It may have been put aside because
/// this one was before it.
const WAKE_NEXT: &str = "\
    update effects
       set due_at = ?3
     where shop_id = ?1
       and due_at is null
       and state = 'pending'
       and id = (select id
                   from effects
                  where shop_id = ?1 and order_key = ?2
                  order by position
                  limit 1)";

/// Wakes what waited for effects that this batch has ended, each the next of its order key: after
/// all of it was written.
pub(crate) fn wake_next(db: &Db, now: Timestamp, ended: &[(ShopId, String)]) -> Result<(), Error> {
    for (shop, order_key) in ended {
        db.run(WAKE_NEXT, &[&shop.0, order_key, &now.as_millis()])?;
    }
    Ok(())
}

/// The order keys of effects that keep those behind them waiting no longer.
pub(crate) fn ended_in_order(known: &mut Snapshot) -> Vec<(ShopId, String)> {
    let ended = |(shop, effect): (ShopId, &StoredEffect)| {
        let order_key = effect.order_key.clone().filter(|_| !effect.keeps_waiting);
        order_key.map(|order_key| (shop, order_key))
    };
    let dirty = known.effects.dirty();
    dirty
        .filter_map(|((shop, _), row)| row.value.as_ref().map(|effect| (*shop, effect)))
        .filter_map(ended)
        .collect()
}

#[derive(Serialize, Deserialize)]
struct AttemptDoc {
    at: i64,
    took_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
}

/// Writes what was tried; nothing where nothing was.
fn write_attempts(attempts: &[Attempt]) -> Option<String> {
    let docs: Vec<AttemptDoc> = attempts
        .iter()
        .map(|attempt| AttemptDoc {
            at: attempt.at.as_millis(),
            took_ms: attempt.took_ms,
            status: attempt.status,
            error: attempt.error.clone(),
            head: attempt.head.clone(),
        })
        .collect();
    (!docs.is_empty()).then(|| to_json(&docs))
}

/// Reads what was tried.
fn read_attempts(text: Option<&str>) -> Read<Vec<Attempt>> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let docs: Vec<AttemptDoc> = from_json("attempts", text)?;
    Ok(docs
        .into_iter()
        .map(|doc| Attempt {
            at: Timestamp::from_millis(doc.at),
            took_ms: doc.took_ms,
            status: doc.status,
            error: doc.error,
            head: doc.head,
        })
        .collect())
}
