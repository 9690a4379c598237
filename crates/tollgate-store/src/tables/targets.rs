//! Targets of effects, and how each has fared.

use tollgate_core::breaker::Breaker;
use tollgate_core::capacity::Named;
use tollgate_core::id::{EndpointId, ShopId};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, Row, Value, WriteBatch};
use crate::tables;
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::write::Changes;

/// `targets.get`: by primary key. The columns are those of [`read`].
pub(crate) const GET: &str = "\
    select failures, failing_since, open_until, opened, probing
      from targets
     where shop_id = ?1 and target = ?2";

pub(crate) struct ByTarget;

pub(crate) type Wanted = Keys<ByTarget>;

impl Lookup for ByTarget {
    type Key = Named;
    type Row = Breaker;
    type Found = Option<Breaker>;
    const SQL: &'static str = GET;

    fn values((shop, target): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), lookup::text(target)]
    }

    fn read(row: &Row<'_>) -> Result<Breaker, Error> {
        read(row)
    }

    fn note(at: Self::Key, found: Option<Breaker>, loading: &mut Loading<'_>) {
        loading.known.breakers.load(at, found);
    }
}

pub(crate) fn want(wanted: &mut tables::Wanted, at: Named, loading: &mut Loading<'_>) {
    if !loading.known.breakers.knows(&at) {
        wanted.targets.insert(at);
    }
}

/// Reads how a target fares.
pub(crate) fn read(row: &Row<'_>) -> Result<Breaker, Error> {
    Ok(Breaker {
        failures: row.get(0)?,
        failing_since: row.get::<Option<i64>>(1)?.map(Timestamp::from_millis),
        open_until: row.get::<Option<i64>>(2)?.map(Timestamp::from_millis),
        opened: row.get(3)?,
        probing: row.get::<i64>(4)? != 0,
    })
}

/// Writes the rows that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    for ((shop, target), row) in batch.known.breakers.dirty() {
        if let Some(breaker) = &row.value {
            put(writes, *shop, target, breaker)?;
        }
    }
    Ok(())
}

/// `targets.put`.
const PUT: &str = "\
    insert into targets (shop_id, target, failures, failing_since, open_until, opened, probing)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        on conflict (shop_id, target) do update
       set failures = excluded.failures, failing_since = excluded.failing_since,
           open_until = excluded.open_until, opened = excluded.opened, probing = excluded.probing";

fn put(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    target: &str,
    breaker: &Breaker,
) -> Result<(), Error> {
    writes.put(
        PUT,
        &[
            &shop.0,
            &target,
            &breaker.failures,
            &breaker.failing_since.map(Timestamp::as_millis),
            &breaker.open_until.map(Timestamp::as_millis),
            &breaker.opened,
            &i64::from(breaker.probing),
        ],
    )
}

/// `targets.forget`: by primary key.
const FORGET: &str = "delete from targets where shop_id = ?1 and target = ?2";

/// An endpoint that a person has changed is tried at once, and what is pending for one that is deleted is
/// given up at once: neither waits for the breaker.
pub(crate) fn forget_endpoint(db: &Db, shop: ShopId, id: EndpointId) -> Result<usize, Error> {
    db.run(FORGET, &[&shop.0, &format!("notify:{id}")])
}
