//! Calendars. Loaded along with their slots.

use serde::{Deserialize, Serialize};
use tollgate_core::capacity::{Calendar, Named};
use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::db::{Error, Row, Value, WriteBatch, corrupt};
use crate::tables;
use crate::tables::document::{Read, currency, from_json, to_json, word};
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::write::Changes;

/// `calendars.get`: by primary key.
pub(crate) const GET: &str =
    "select name, make_at, version, doc from calendars where shop_id = ?1 and name = ?2";

pub(crate) struct ByName;

pub(crate) type Wanted = Keys<ByName>;

impl Lookup for ByName {
    type Key = Named;
    type Row = Calendar;
    type Found = Option<Calendar>;
    const SQL: &'static str = GET;

    fn values((shop, name): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), lookup::text(name)]
    }

    fn read(row: &Row<'_>) -> Result<Calendar, Error> {
        read(row)
    }

    fn note(at: Self::Key, found: Option<Calendar>, loading: &mut Loading<'_>) {
        loading.known.calendars.load(at, found);
    }
}

pub(crate) fn want(wanted: &mut tables::Wanted, at: Named, loading: &mut Loading<'_>) {
    if !loading.known.calendars.knows(&at) {
        wanted.calendars.insert(at);
    }
}

/// Reads a calendar.
pub(crate) fn read(row: &Row<'_>) -> Result<Calendar, Error> {
    calendar_of(row.get(0)?, row.get(1)?, row.get(2)?, row.text(3)?).map_err(corrupt)
}

/// Writes the rows that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    for ((shop, name), row) in batch.known.calendars.dirty() {
        match &row.value {
            Some(calendar) => put(writes, *shop, calendar)?,
            None if row.stored => writes.put(DELETE, &[&shop.0, name])?,
            None => {}
        }
    }
    Ok(())
}

/// `calendars.delete`.
const DELETE: &str = "delete from calendars where shop_id = ?1 and name = ?2";

/// `calendars.put`.
const PUT: &str = "\
    insert into calendars (shop_id, name, make_at, version, doc)
    values (?1, ?2, ?3, ?4, ?5)
        on conflict (shop_id, name) do update
       set make_at = excluded.make_at, version = excluded.version, doc = excluded.doc";

fn put(writes: &mut WriteBatch<'_>, shop: ShopId, calendar: &Calendar) -> Result<(), Error> {
    writes.put(
        PUT,
        &[
            &shop.0,
            &calendar.name,
            &calendar.make_at.map(Timestamp::as_millis),
            &calendar.version,
            &write_doc(calendar),
        ],
    )?;
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct CalendarDoc {
    unit: String,
    capacity: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    visible_lead_ms: i64,
    booking_lead_ms: i64,
    late: String,
    made_until: i64,
    rules: String,
}

/// Name, version and `make_at` are columns.
fn write_doc(calendar: &Calendar) -> String {
    to_json(&CalendarDoc {
        unit: calendar.unit.word().to_owned(),
        capacity: calendar.capacity,
        currency: calendar.currency.map(|currency| currency.to_string()),
        visible_lead_ms: calendar.visible_lead.as_millis(),
        booking_lead_ms: calendar.booking_lead.as_millis(),
        late: calendar.late.word().to_owned(),
        made_until: calendar.made_until.as_millis(),
        rules: calendar.rules.clone(),
    })
}

fn calendar_of(name: String, make_at: Option<i64>, version: i64, doc: &str) -> Read<Calendar> {
    let doc: CalendarDoc = from_json("calendar", doc)?;
    Ok(Calendar {
        name,
        unit: word(&doc.unit)?,
        capacity: doc.capacity,
        currency: doc.currency.as_deref().map(currency).transpose()?,
        visible_lead: Span::millis(doc.visible_lead_ms),
        booking_lead: Span::millis(doc.booking_lead_ms),
        late: word(&doc.late)?,
        made_until: Timestamp::from_millis(doc.made_until),
        make_at: make_at.map(Timestamp::from_millis),
        rules: doc.rules,
        version,
    })
}
