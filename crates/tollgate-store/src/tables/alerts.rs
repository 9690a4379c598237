//! Alerts, and who looks for those that are no single instance's.

use tollgate_core::alert::{Alert, AlertRule};
use tollgate_core::capacity::Named;
use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::{Db, Error, Row, Value, WriteBatch, corrupt};
use crate::tables;
use crate::tables::document::word;
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::write::Changes;

/// `alerts.get`: by primary key. The columns are those of [`read`].
pub(crate) const GET: &str = "\
    select rule, subject, since, last_seen_at, ended_at, count, times, what, remedy
      from alerts
     where shop_id = ?1 and key = ?2";

pub(crate) struct ByKey;

pub(crate) type Wanted = Keys<ByKey>;

impl Lookup for ByKey {
    type Key = Named;
    type Row = Alert;
    type Found = Option<Alert>;
    const SQL: &'static str = GET;

    fn values((shop, key): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), lookup::text(key)]
    }

    fn read(row: &Row<'_>) -> Result<Alert, Error> {
        let rule = word(row.text(0)?).map_err(corrupt)?;
        read(row, rule)
    }

    fn note(at: Self::Key, found: Option<Alert>, loading: &mut Loading<'_>) {
        loading.known.alerts.load(at, found);
    }
}

pub(crate) fn want(wanted: &mut tables::Wanted, at: Named, loading: &mut Loading<'_>) {
    if !loading.known.alerts.knows(&at) {
        wanted.alerts.insert(at);
    }
}

/// Reads an alert of a rule.
pub(crate) fn read(row: &Row<'_>, rule: AlertRule) -> Result<Alert, Error> {
    Ok(Alert {
        rule,
        subject: row.get(1)?,
        since: Timestamp::from_millis(row.get(2)?),
        last_seen_at: Timestamp::from_millis(row.get(3)?),
        ended_at: row.get::<Option<i64>>(4)?.map(Timestamp::from_millis),
        count: row.get(5)?,
        times: row.get(6)?,
        what: row.get(7)?,
        remedy: row.get(8)?,
    })
}

/// Writes the rows that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    for ((shop, key), row) in batch.known.alerts.dirty() {
        if let Some(alert) = &row.value {
            put(writes, *shop, key, alert)?;
        }
    }
    Ok(())
}

/// `alerts.put`.
const PUT: &str = "\
    insert into alerts (shop_id, key, rule, subject, since, last_seen_at, ended_at, count, times,
                        what, remedy)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        on conflict (shop_id, key) do update
       set since = excluded.since, last_seen_at = excluded.last_seen_at,
           ended_at = excluded.ended_at, count = excluded.count, times = excluded.times,
           what = excluded.what, remedy = excluded.remedy";

fn put(writes: &mut WriteBatch<'_>, shop: ShopId, key: &str, alert: &Alert) -> Result<(), Error> {
    writes.put(
        PUT,
        &[
            &shop.0,
            &key,
            &alert.rule.word(),
            &alert.subject,
            &alert.since.as_millis(),
            &alert.last_seen_at.as_millis(),
            &alert.ended_at.map(Timestamp::as_millis),
            &alert.count,
            &alert.times,
            &alert.what,
            &alert.remedy,
        ],
    )
}

/// `alerts.forget`: a shop's few, by the beginning of the primary key.
const FORGET: &str = "delete from alerts where shop_id = ?1 and ended_at < ?2";

/// Forgets what ended before a time.
pub(crate) fn forget(db: &Db, shop: ShopId, before: Timestamp) -> Result<usize, Error> {
    db.run(FORGET, &[&shop.0, &before.as_millis()])
}

/// `alert_rounds.claim`: by primary key.
const CLAIM: &str = "\
    insert into alert_rounds (shop_id, holder, until) values (?1, ?2, ?3)
        on conflict (shop_id) do update
       set holder = excluded.holder, until = excluded.until
     where alert_rounds.holder = excluded.holder or alert_rounds.until < ?4";

/// An instance wants to be the one that looks.
#[derive(Debug, Clone)]
pub(crate) struct ClaimRound {
    /// Under which shop it stands: main.
    pub(crate) shop: ShopId,
    /// The instance.
    pub(crate) holder: String,
    /// Until when it is the one.
    pub(crate) until: Timestamp,
    /// The time now.
    pub(crate) now: Timestamp,
}

impl ClaimRound {
    /// Claims it; no row where another instance has it.
    pub(crate) fn run(&self, db: &Db) -> Result<usize, Error> {
        let (until, now) = (self.until.as_millis(), self.now.as_millis());
        db.run(CLAIM, &[&self.shop.0, &self.holder, &until, &now])
    }
}
