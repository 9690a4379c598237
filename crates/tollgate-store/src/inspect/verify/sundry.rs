//! Tables that hang on nothing else: kept answers, records, refused deliveries, calendars, endpoints; and whose rows
//! they all are.

use tollgate_core::id::{DeliveryId, RootId, ShopId, encode};

use super::{Verifying, lasting};
use crate::db::{Bind, Db, Error, id_at, id_bytes};
use crate::tables::document::from_json;
use crate::tables::key_hash::key_hash;
use crate::tables::{alerts, calendars, sealed};

/// Rows of one chunk.
const CHUNK: i64 = 1_000;

/// `verify.idempotency`: walks the primary key.
const ANSWERS: &str = "\
    select hash, at, operation, key, status, length(fingerprint)
      from idempotency
     where shop_id = ?1 and (hash, at) > (?2, ?3)
     order by hash, at
     limit ?4";

/// Every answer is kept under the hash of what it is kept under.
pub(super) fn walk_answers(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = ([0; 16], i64::MIN);
    loop {
        let values: &[&dyn Bind] = &[&verifying.shop.0, &after.0, &after.1, &CHUNK];
        let rows = verifying.db.all(ANSWERS, values, |row| {
            let of = (row.get::<String>(2)?, row.get::<String>(3)?);
            let at = (row.get::<[u8; 16]>(0)?, row.get::<i64>(1)?);
            Ok((at, of, row.get::<i64>(4)?, row.get::<i64>(5)?))
        })?;
        let Some((last, ..)) = rows.last() else {
            return Ok(());
        };
        after = *last;
        for ((hash, at), (operation, key), status, fingerprint) in rows {
            let fault = match () {
                () if key_hash(&operation, &key) != hash => "has another hash",
                () if !(100..600).contains(&status) => "was answered with no status of HTTP",
                () if fingerprint == 0 => "has no fingerprint: any request would be taken for it",
                () => {
                    let ahead = at - verifying.now.as_millis();
                    if super::money::AHEAD_MS < ahead {
                        let ahead = lasting(ahead);
                        let seen = format!(
                            "the answer of {operation} under {key:?} is of {ahead} from now"
                        );
                        verifying.warn("time.ahead", seen);
                    }
                    continue;
                }
            };
            let seen = format!("{operation} under {key:?} at {at} {fault}");
            verifying.fail("idempotency", seen);
        }
    }
}

/// `verify.audit`: walks the primary key.
const RECORDS: &str = "\
    select position, id, at, detail
      from audit
     where shop_id = ?1 and (position, id) > (?2, ?3)
     order by position, id
     limit ?4";

/// `verify.head_of_records`: by primary key.
const HEAD: &str = "select position from shop_heads where shop_id = ?1";

/// Every record stands at a position that was given out, and at the time of its id.
pub(super) fn walk_records(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = (i64::MIN, [0; 16]);
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let values: &[&dyn Bind] = &[&verifying.shop.0, &after.0, &after.1, &CHUNK];
            let rows = db.all(RECORDS, values, |row| {
                let detail = from_json::<serde::de::IgnoredAny>("audit", row.text(3)?);
                let id = id_at(row, 1)?;
                Ok((row.get::<i64>(0)?, id, row.get::<i64>(2)?, detail))
            })?;
            let head: i64 = db
                .one(HEAD, &[&verifying.shop.0], |row| row.get(0))?
                .unwrap_or(0);
            for (position, id, at, detail) in &rows {
                if let Err(error) = detail {
                    verifying.fail("documents", format!("record {}: {error}", encode(*id)));
                }
                let made_at = RootId::new(*id).made_at().as_millis();
                let fault = match () {
                    () if head < *position => {
                        format!("stands at {position}, the feed ends at {head}")
                    }
                    () if made_at != *at => format!("says {at}, and was made at {made_at}"),
                    () => continue,
                };
                verifying.fail("records", format!("record {} {fault}", encode(*id)));
            }
            Ok(rows
                .last()
                .map(|(position, id, ..)| (*position, id_bytes(*id))))
        })?;
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// `verify.deliveries`: walks `deliveries_id`.
const DELIVERIES: &str = "\
    select id, at, code, headers
      from deliveries
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";

/// Every refused delivery says why, and its headers can be read.
pub(super) fn walk_deliveries(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = [0; 16];
    loop {
        let values: &[&dyn Bind] = &[&verifying.shop.0, &after, &CHUNK];
        let rows = verifying.db.all(DELIVERIES, values, |row| {
            let headers = from_json::<serde::de::IgnoredAny>("headers", row.text(3)?);
            let id = DeliveryId::from_u128(id_at(row, 0)?);
            Ok((id, row.get::<i64>(1)?, row.text(2)?.is_empty(), headers))
        })?;
        let Some((last, ..)) = rows.last() else {
            return Ok(());
        };
        after = id_bytes(last.as_u128());
        for (id, at, has_no_code, headers) in rows {
            if let Err(error) = headers {
                verifying.fail("documents", format!("{id}: {error}"));
            }
            if has_no_code {
                verifying.fail("documents", format!("{id} was refused for no reason"));
            }
            let apart = (at - id.root().made_at().as_millis()).abs();
            if super::feed::BACK_MS < apart {
                let apart = lasting(apart);
                verifying.warn(
                    "time.back",
                    format!("{id} came {apart} from when it was made"),
                );
            }
        }
    }
}

/// `verify.calendars`, `verify.alerts`, `verify.filters`: by their primary keys, few.
const CALENDARS: &str = "select name, make_at, version, doc from calendars where shop_id = ?1";
const ALERTS: &str = "\
    select rule, subject, since, last_seen_at, ended_at, count, times, what, remedy, key
      from alerts
     where shop_id = ?1";
const FILTERS: &str = "select id, events, secrets from endpoints where shop_id = ?1";

/// The documents of calendars, alerts and endpoints can be read.
pub(super) fn read_documents(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let (db, shop) = (verifying.db, verifying.shop.0);
    let mut unread = db.all(CALENDARS, &[&shop], |row| {
        let name: String = row.get(0)?;
        Ok(calendars::read(row)
            .err()
            .map(|error| format!("calendar {name}: {error}")))
    })?;
    unread.extend(db.all(ALERTS, &[&shop], |row| {
        let rule = tollgate_core::word::Word::of(row.text(0)?);
        let key: String = row.get(9)?;
        let read = rule.map(|rule| alerts::read(row, rule));
        Ok(match read {
            Some(Ok(_)) => None,
            Some(Err(error)) => Some(format!("alert {key}: {error}")),
            None => Some(format!("alert {key}: its rule is none we know")),
        })
    })?);
    unread.extend(db.all(FILTERS, &[&shop], |row| {
        let id = tollgate_core::id::EndpointId::from_u128(id_at(row, 0)?);
        let events = from_json::<Vec<String>>("endpoint", row.text(1)?);
        let fault = match events {
            Ok(_) => fault_of_secrets(row.text(2)?).map(str::to_owned),
            Err(error) => Some(error.to_string()),
        };
        Ok(fault.map(|fault| format!("{id}: {fault}")))
    })?);
    for seen in unread.into_iter().flatten() {
        verifying.fail("documents", seen);
    }
    Ok(())
}

/// What is wrong with the secrets of an endpoint. Whether sealed ones open is doctor's to say, who has the keys. The error
/// of what cannot be read is not told: it may quote a secret.
fn fault_of_secrets(stored: &str) -> Option<&'static str> {
    if stored.starts_with(sealed::MARK) {
        let is_well_formed = sealed::is_well_formed(stored);
        return (!is_well_formed).then_some("its secrets are sealed in no form that we know");
    }
    match serde_json::from_str::<Vec<(String, Option<i64>)>>(stored) {
        Ok(secrets) if secrets.first().is_some_and(|(_, until)| until.is_none()) => None,
        Ok(_) => Some("none of its secrets signs"),
        Err(_) => Some("its secrets cannot be read"),
    }
}

/// Tables whose rows are each of a shop; `errors` and what is added up of them may be of none (0).
const OF_SHOPS: &[(&str, &str)] = &[
    (
        "shop_heads",
        "select min(shop_id) from shop_heads where shop_id > ?1",
    ),
    ("roots", "select min(shop_id) from roots where shop_id > ?1"),
    (
        "events",
        "select min(shop_id) from events where shop_id > ?1",
    ),
    (
        "event_keys",
        "select min(shop_id) from event_keys where shop_id > ?1",
    ),
    ("names", "select min(shop_id) from names where shop_id > ?1"),
    ("codes", "select min(shop_id) from codes where shop_id > ?1"),
    ("stock", "select min(shop_id) from stock where shop_id > ?1"),
    (
        "calendars",
        "select min(shop_id) from calendars where shop_id > ?1",
    ),
    ("slots", "select min(shop_id) from slots where shop_id > ?1"),
    (
        "effects",
        "select min(shop_id) from effects where shop_id > ?1",
    ),
    (
        "timeline",
        "select min(shop_id) from timeline where shop_id > ?1",
    ),
    (
        "idempotency",
        "select min(shop_id) from idempotency where shop_id > ?1",
    ),
    (
        "receipts",
        "select min(shop_id) from receipts where shop_id > ?1",
    ),
    (
        "endpoints",
        "select min(shop_id) from endpoints where shop_id > ?1",
    ),
    (
        "api_keys",
        "select min(shop_id) from api_keys where shop_id > ?1",
    ),
    ("users", "select min(shop_id) from users where shop_id > ?1"),
    (
        "sessions",
        "select min(shop_id) from sessions where shop_id > ?1",
    ),
    ("audit", "select min(shop_id) from audit where shop_id > ?1"),
    (
        "alerts",
        "select min(shop_id) from alerts where shop_id > ?1",
    ),
    (
        "search_terms",
        "select min(shop_id) from search_terms where shop_id > ?1",
    ),
    (
        "shop_figures",
        "select min(shop_id) from shop_figures where shop_id > ?1",
    ),
    (
        "targets",
        "select min(shop_id) from targets where shop_id > ?1",
    ),
    (
        "forgotten",
        "select min(shop_id) from forgotten where shop_id > ?1",
    ),
];

/// Rows belong to shops that are there: each table is asked for the shops it has, one after the other.
pub(super) fn rows_without_shop(db: &Db, shops: &[ShopId]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for (table, sql) in OF_SHOPS {
        let mut after = 0i64;
        while let Some(shop) = db
            .one(*sql, &[&after], |row| row.get::<Option<i64>>(0))?
            .flatten()
        {
            after = shop;
            if !shops.iter().any(|known| i64::from(known.0) == shop) {
                found.push(format!("{table} has rows of shop {shop}, which is none"));
            }
        }
    }
    Ok(found)
}
