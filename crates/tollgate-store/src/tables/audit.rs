//! What a person or a key changed that no entry of the timeline tells (docs/adr/0015).

use tollgate_core::decision::Detail;
use tollgate_core::id::{ShopId, first_id};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, WriteBatch, id_bytes};
use crate::tables::document::to_json;
use crate::tables::timeline::Actor;

/// Who did what, to be written in the commit that does it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// Whose.
    pub shop: ShopId,
    /// Who did it.
    pub by: Actor,
    /// What was done, as `create_key`.
    pub operation: String,
    /// On what: an id, or a name.
    pub target: Option<String>,
    /// What changed; never a secret.
    pub detail: Vec<(&'static str, Detail)>,
}

/// What changed, as a JSON object.
fn write_detail(detail: &[(&'static str, Detail)]) -> String {
    let members = detail.iter().map(|(name, value)| match value {
        Detail::Text(text) => ((*name).to_owned(), text.as_str().into()),
        Detail::Integer(integer) => ((*name).to_owned(), (*integer).into()),
    });
    to_json(&members.collect::<serde_json::Map<String, serde_json::Value>>())
}

/// `audit.insert`.
const INSERT: &str = "\
    insert into audit (shop_id, position, id, at, operation, target, actor, key_id, user_id, request, detail)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// Writes one at its place: the last position of the shop's feed, and its number.
pub(crate) fn insert(
    writes: &mut WriteBatch<'_>,
    now: Timestamp,
    (position, id): (i64, u128),
    record: &AuditRecord,
) -> Result<(), Error> {
    let by = &record.by;
    writes.put(
        INSERT,
        &[
            &record.shop.0,
            &position,
            &id_bytes(id),
            &now.as_millis(),
            &record.operation,
            &record.target,
            &&*by.name,
            &by.key.map(|key| id_bytes(key.as_u128())),
            &by.user.map(|user| id_bytes(user.as_u128())),
            &by.request.as_deref(),
            &write_detail(&record.detail),
        ],
    )
}

/// `audit.insert_prune`: one that was ended in the middle and is run again says so once.
const INSERT_PRUNE: &str = "\
    insert into audit (shop_id, position, id, at, operation, target, actor, detail)
    values (?1, ?2, ?3, ?4, 'prune', ?5, ?6, '{}')
        on conflict (shop_id, position, id) do nothing";

/// Who takes months and puts databases back, which only the command line does.
const COMMAND_LINE: &str = "command_line";

/// Writes that a month is taken of a shop, in the transaction that says so; `month` ends at `below`. No batch has
/// drawn a number for it: the month's end is it.
pub(crate) fn insert_prune(
    db: &Db,
    (shop, position): (ShopId, i64),
    (month, below): (&str, Timestamp),
    now: Timestamp,
) -> Result<(), Error> {
    let id = first_id(now) | (first_id(below) >> 80);
    db.run(
        INSERT_PRUNE,
        &[
            &shop.0,
            &position,
            &id_bytes(id),
            &now.as_millis(),
            &month,
            &COMMAND_LINE,
        ],
    )?;
    Ok(())
}

/// `audit.insert_restore`.
const INSERT_RESTORE: &str = "\
    insert into audit (shop_id, position, id, at, operation, actor, detail)
    values (?1, ?2, ?3, ?4, 'restore', ?5, '{}')
        on conflict (shop_id, position, id) do nothing";

/// Writes that a shop was put back to a state of before, in the transaction in which it goes on behind all that may
/// have been told since.
pub(crate) fn insert_restore(
    db: &Db,
    (shop, position): (ShopId, i64),
    id: u128,
    now: Timestamp,
) -> Result<(), Error> {
    let values: &[&dyn crate::db::Bind] = &[
        &shop.0,
        &position,
        &id_bytes(id),
        &now.as_millis(),
        &COMMAND_LINE,
    ];
    db.run(INSERT_RESTORE, values).map(|_| ())
}

/// `audit.oldest`: the first entry of the primary key.
pub(crate) const OLDEST_RECORD: &str = "\
    select at
      from audit
     where shop_id = ?1
     order by position, id
     limit 1";

/// `audit.forget`: the beginning of the primary key, which is in the order of commits.
const FORGET: &str = "\
    delete from audit
     where shop_id = ?1
       and at < ?2
       and (position, id) in (select position, id from audit
                               where shop_id = ?1
                               order by position, id
                               limit ?3)";

/// Takes the oldest of a shop, so many of those made before `before`.
pub(crate) fn forget(db: &Db, shop: ShopId, before: Timestamp, most: i64) -> Result<usize, Error> {
    db.run(FORGET, &[&shop.0, &before.as_millis(), &most])
}

/// `audit.oldest_failed`: the first entry of `audit_failed_sign_ins`.
pub(crate) const OLDEST_FAILED: &str = "\
    select at
      from audit
     where shop_id = ?1 and operation = 'sign_in_failed'
     order by position, id
     limit 1";

/// `audit.failed_beyond`: walks `audit_failed_sign_ins` from its end.
pub(crate) const FAILED_BEYOND: &str = "\
    select at
      from audit
     where shop_id = ?1 and operation = 'sign_in_failed'
     order by position desc, id desc
     limit 1 offset ?2";

/// `audit.forget_failed`: the beginning of `audit_failed_sign_ins`.
const FORGET_FAILED: &str = "\
    delete from audit
     where shop_id = ?1
       and at < ?2
       and (position, id) in (select position, id from audit
                               where shop_id = ?1 and operation = 'sign_in_failed'
                               order by position, id
                               limit ?3)";

/// `audit.forget_failed_beyond`: walks `audit_failed_sign_ins` from its end.
const FORGET_FAILED_BEYOND: &str = "\
    delete from audit
     where shop_id = ?1
       and (position, id) in (select position, id from audit
                               where shop_id = ?1 and operation = 'sign_in_failed'
                               order by position desc, id desc
                               limit ?3 offset ?2)";

/// Takes tries to sign in of a shop that have failed: those made before `before`, and those older than the newest
/// `kept`; of each so many.
pub(crate) fn forget_failed(
    db: &Db,
    shop: ShopId,
    (before, kept): (Timestamp, u32),
    most: i64,
) -> Result<usize, Error> {
    let old = db.run(FORGET_FAILED, &[&shop.0, &before.as_millis(), &most])?;
    let beyond = db.run(FORGET_FAILED_BEYOND, &[&shop.0, &kept, &most])?;
    Ok(old + beyond)
}
