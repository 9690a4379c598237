//! What was refused and what has failed: pages of it, and statistics.

use std::collections::BTreeMap;

use tollgate_core::id::{ErrorId, KeyId, ShopId};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use super::{Looked, Order, Page, Reach, Seek, Stretch, sift};
use crate::Store;
use crate::db::{Bind, Db, Error, Row, Sql, corrupt, id_at, id_bytes, maybe_id_at, two};
use crate::error::ReadError;
use crate::tables::document::word;
use crate::tables::errors::{ErrorLevel, ErrorRow, NO_SHOP};

/// Which errors; what is not said is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorFilter {
    /// Those of no shop, too.
    pub with_nobodys: bool,
    /// With this code.
    pub code: Option<String>,
    /// With this cause.
    pub cause: Option<String>,
    /// As bad as this.
    pub level: Option<ErrorLevel>,
    /// About this source.
    pub source: Option<String>,
    /// Whose first was then or later.
    pub since: Option<Timestamp>,
    /// Whose first was before.
    pub until: Option<Timestamp>,
    /// With this text somewhere in what it says, whatever the case of its letters.
    pub search: Option<String>,
}

/// How many there were of what, in one hour or of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorCounts {
    /// By the beginning of the hour; hours without any are not there.
    pub hours: BTreeMap<Timestamp, u64>,
    /// By kind.
    pub kinds: Vec<ErrorKindCount>,
}

/// How many there were of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorKindCount {
    /// How bad it is.
    pub level: ErrorLevel,
    /// What it is called.
    pub code: String,
    /// What tells it apart.
    pub cause: String,
    /// What was wanted.
    pub operation: String,
    /// The source it is about; empty where there is none.
    pub source: String,
    /// How many.
    pub count: u64,
}

impl Store {
    /// A page of errors, newest first.
    pub async fn errors(
        &self,
        shop: ShopId,
        filter: ErrorFilter,
        (limit, past): (u32, Option<ErrorId>),
    ) -> Result<Page<ErrorRow, ErrorId>, ReadError> {
        let seek = Seek {
            limit,
            past,
            order: Order::NewestFirst,
        };
        self.read(move |db| db.at_once(|db| errors(db, shop, &filter, seek)))
            .await
    }

    /// How many there were since the beginning of an hour, of a shop and, where they are asked for, of none.
    pub async fn error_counts(
        &self,
        shop: ShopId,
        with_nobodys: bool,
        since: Timestamp,
    ) -> Result<ErrorCounts, ReadError> {
        self.read(move |db| db.at_once(|db| counts(db, shop, with_nobodys, since)))
            .await
    }
}

/// `errors.look`: walks the primary key downwards, a chunk of it.
const LOOK_AT_ERRORS: &str = "\
    select id, at, level, code, cause, source,
           operation, key_name, request_id, last_request_id, about, detail
      from errors
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id desc
     limit ?4";

/// `errors.look_at_code`: the same along `errors_code`, which SQLite would leave aside without figures about its rows.
const LOOK_AT_CODE: Sql = two(
    "select id, at, level, code, cause, source,
           operation, key_name, request_id, last_request_id, about, detail
      from errors indexed by errors_code
     where shop_id = ?1 and code = ?5 and ?2 <= id and id < ?3
     order by id desc
     limit ?4",
    "select id, at, level, code, cause, source,
           operation, key_name, request_id, last_request_id, about, detail
      from errors
     where shop_id = ?1 and code = ?5 and ?2 <= id and id < ?3
     order by id desc
     limit ?4",
);

/// `errors.get`: by primary key.
const GET: &str = "\
    select id, at, last_at, count, level, code, cause, operation, source, key_id, key_name,
           status, request_id, last_request_id, about, detail
      from errors
     where shop_id = ?1 and id = ?2";

/// The shops whose rows are asked for.
fn shops(shop: ShopId, with_nobodys: bool) -> Vec<ShopId> {
    match with_nobodys {
        true => vec![shop, NO_SHOP],
        false => vec![shop],
    }
}

fn errors(
    db: &Db,
    shop: ShopId,
    filter: &ErrorFilter,
    seek: Seek<ErrorId>,
) -> Result<Page<ErrorRow, ErrorId>, Error> {
    let past = seek.past.map(ErrorId::as_u128);
    let stretch = Stretch::of((past, seek.order), filter.since, filter.until);
    let search = filter.search.as_ref().map(|text| text.to_lowercase());
    let shops = shops(shop, filter.with_nobodys);
    // Only a list that begins with the oldest asks for it.
    let nth = |_, _| Ok(None);
    let list = (seek.limit(), seek.order);
    let page = sift(list, stretch, Reach::ROWS, nth, |stretch, chunk| {
        let mut looked = Vec::new();
        for shop in &shops {
            looked.extend(look(db, *shop, filter, search.as_deref(), stretch, chunk)?);
        }
        looked.sort_by_key(|row| std::cmp::Reverse(row.id));
        looked.truncate(chunk);
        Ok(looked)
    })?;
    let mut items = Vec::with_capacity(page.items.len());
    for id in page.items {
        for shop in &shops {
            items.extend(db.one(GET, &[&shop.0, &id_bytes(id)], |row| read(row, *shop))?);
        }
    }
    Ok(Page {
        items,
        next: page.next.map(ErrorId::from_u128),
    })
}

fn look(
    db: &Db,
    shop: ShopId,
    filter: &ErrorFilter,
    search: Option<&str>,
    stretch: Stretch,
    chunk: usize,
) -> Result<Vec<Looked>, Error> {
    let (from, below) = (id_bytes(stretch.from), id_bytes(stretch.below));
    let chunk = chunk as i64;
    let mut values: Vec<&dyn Bind> = vec![&shop.0, &from, &below, &chunk];
    let sql = match &filter.code {
        Some(code) => {
            values.push(code);
            LOOK_AT_CODE
        }
        None => Sql::from(LOOK_AT_ERRORS),
    };
    db.all(sql, &values, |row| {
        let at = Timestamp::from_millis(row.get(1)?);
        let (mut found, mut bytes) = (search.is_none(), 0);
        if let Some(search) = search {
            for column in 3..12 {
                let text = row.maybe_text(column)?.unwrap_or_default();
                bytes += text.len();
                found = found || text.to_lowercase().contains(search);
            }
        }
        let level = row.text(2)?;
        let matches = found
            && filter.level.is_none_or(|asked| asked.word() == level)
            && is_asked(&filter.cause, row.maybe_text(4)?)
            && is_asked(&filter.source, row.maybe_text(5)?)
            && filter.since.is_none_or(|since| since <= at)
            && filter.until.is_none_or(|until| at < until);
        Ok(Looked {
            id: id_at(row, 0)?,
            matches,
            bytes,
        })
    })
}

fn is_asked(asked: &Option<String>, text: Option<&str>) -> bool {
    asked.as_deref().is_none_or(|asked| Some(asked) == text)
}

fn read(row: &Row<'_>, shop: ShopId) -> Result<ErrorRow, Error> {
    Ok(ErrorRow {
        shop,
        id: ErrorId::from_u128(id_at(row, 0)?),
        at: Timestamp::from_millis(row.get(1)?),
        last_at: Timestamp::from_millis(row.get(2)?),
        count: number(row, 3)?,
        level: word(row.text(4)?).map_err(corrupt)?,
        code: row.get(5)?,
        cause: row.get(6)?,
        operation: row.get(7)?,
        source: row.get(8)?,
        key: maybe_id_at(row, 9)?.map(KeyId::from_u128),
        key_name: row.get(10)?,
        status: u16::try_from(row.get::<i64>(11)?).unwrap_or(0),
        request_id: row.get(12)?,
        last_request_id: row.get(13)?,
        about: row.get(14)?,
        detail: row.get(15)?,
    })
}

fn number(row: &Row<'_>, column: usize) -> Result<u64, Error> {
    Ok(u64::try_from(row.get::<i64>(column)?).unwrap_or(0))
}

/// `error_hours.by_hour`, `error_hours.by_kind`: a stretch of the primary key. The worst level is the word that comes
/// first: `error` before `warn`.
const BY_HOUR: &str = "\
    select hour, cast(sum(count) as bigint)
      from error_hours
     where shop_id = ?1 and ?2 <= hour
     group by hour";
const BY_KIND: &str = "\
    select code, cause, operation, source, min(level), cast(sum(count) as bigint)
      from error_hours
     where shop_id = ?1 and ?2 <= hour
     group by code, cause, operation, source";

fn counts(
    db: &Db,
    shop: ShopId,
    with_nobodys: bool,
    since: Timestamp,
) -> Result<ErrorCounts, Error> {
    let mut counts = ErrorCounts::default();
    let since = since.as_millis();
    for shop in shops(shop, with_nobodys) {
        let hours = db.all(BY_HOUR, &[&shop.0, &since], |row| {
            Ok((Timestamp::from_millis(row.get(0)?), number(row, 1)?))
        })?;
        for (hour, count) in hours {
            *counts.hours.entry(hour).or_default() += count;
        }
        counts
            .kinds
            .extend(db.all(BY_KIND, &[&shop.0, &since], |row| {
                Ok(ErrorKindCount {
                    code: row.get(0)?,
                    cause: row.get(1)?,
                    operation: row.get(2)?,
                    source: row.get(3)?,
                    level: word(row.text(4)?).map_err(corrupt)?,
                    count: number(row, 5)?,
                })
            })?);
    }
    Ok(counts)
}
