//! Receipts that are issued, as they were frozen.

use tollgate_core::effect::ReceiptKind;
use tollgate_core::id::{ReceiptId, ShopId};
use tollgate_core::time::Timestamp;

use super::{Looked, Order, Page, Reach, Seek, Stretch, is_asked, sift};
use crate::Store;
use crate::db::{Bind, Db, Error, LookupBatch, Row, Sql, Value, id_at, id_bytes, two};
use crate::error::ReadError;
use crate::tables::lookup;

/// A receipt that is issued, without its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Whose.
    pub shop: ShopId,
    /// Its id.
    pub id: ReceiptId,
    /// The year it is numbered in.
    pub year: i32,
    /// Its number in that year.
    pub sequence: i64,
    /// `sale`, `refund` or `reversal`.
    pub kind: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The word by which anybody may look it up.
    pub token: String,
    /// SHA-256 of its file.
    pub sha256: [u8; 32],
    /// The frozen content as JSON.
    pub document: String,
    /// What people call it.
    pub number: String,
}

/// Which receipts that are issued; what is not said is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiptFilter {
    /// Of one of these kinds; none is any.
    pub kinds: Vec<ReceiptKind>,
    /// With this number, as people call it.
    pub number: Option<String>,
    /// Issued at this time or later.
    pub from: Option<Timestamp>,
    /// Issued before this time.
    pub to: Option<Timestamp>,
}

/// Where a receipt stands in the list: by when it was issued, and of those of one millisecond by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReceiptPlace(u128);

/// The bits of a place behind its time: sixteen of the year, and those of the number in it.
const NUMBER_BITS: u32 = 64;
const YEAR_BITS: u32 = 16;

impl ReceiptPlace {
    fn of(issued_at: Timestamp, (year, sequence): (i32, i64)) -> ReceiptPlace {
        let millis = u128::from(issued_at.as_millis().max(0).unsigned_abs());
        let year = u128::from(u16::try_from(year).unwrap_or(0));
        let sequence = u128::from(sequence.max(0).unsigned_abs());
        ReceiptPlace(millis << (YEAR_BITS + NUMBER_BITS) | year << NUMBER_BITS | sequence)
    }

    /// The first of a time.
    fn first_of(time: Timestamp) -> u128 {
        ReceiptPlace::of(time, (0, 0)).0
    }

    /// What the columns are compared with.
    fn columns(place: u128) -> (i64, i64, i64) {
        let part = |bits: u128| i64::try_from(bits).unwrap_or(i64::MAX);
        let year = (place >> NUMBER_BITS) & u128::from(u16::MAX);
        (
            part(place >> (YEAR_BITS + NUMBER_BITS)),
            part(year),
            part(place & u128::from(u64::MAX)),
        )
    }

    /// As a cursor has it.
    pub fn as_u128(self) -> u128 {
        self.0
    }

    /// From a cursor.
    pub fn from_u128(place: u128) -> ReceiptPlace {
        ReceiptPlace(place)
    }
}

/// `receipts.look`: walks `receipts_issued` downwards, a chunk of it, and reads nothing else.
const LOOK_AT_RECEIPTS: &str = "\
    select issued_at, year, sequence, kind
      from receipts
     where shop_id = ?1
       and (issued_at, year, sequence) >= (?2, ?3, ?4)
       and (issued_at, year, sequence) < (?5, ?6, ?7)
     order by issued_at desc, year desc, sequence desc
     limit ?8";

/// `receipts.nth`: walks `receipts_issued` upwards.
const NTH_RECEIPT: &str = "\
    select issued_at, year, sequence
      from receipts
     where shop_id = ?1
       and (issued_at, year, sequence) >= (?2, ?3, ?4)
       and (issued_at, year, sequence) < (?5, ?6, ?7)
     order by issued_at, year, sequence
     limit 1 offset ?8";

/// `receipts.of_number`: by `receipts_text`. Two are called alike only where the shop's form has changed.
const OF_NUMBER: Sql = two(
    // The index is named: without figures about its rows SQLite would rather walk all receipts in the order that is wanted.
    "select issued_at, year, sequence, kind
      from receipts indexed by receipts_text
     where shop_id = ?1 and number = ?2
     order by issued_at desc, year desc, sequence desc
     limit 100",
    "select issued_at, year, sequence, kind
      from receipts
     where shop_id = ?1 and number = ?2
     order by issued_at desc, year desc, sequence desc
     limit 100",
);

/// `receipts.of_sequence`: by `receipts_number`. The columns are those of [`read`].
const OF_SEQUENCE: &str = "\
    select shop_id, id, year, sequence, kind, issued_at, token, sha256, document, number
      from receipts
     where shop_id = ?1 and year = ?2 and sequence = ?3";

/// `receipts.get`: by `receipts_id`. The columns are those of [`read`].
const RECEIPT: &str = "\
    select shop_id, id, year, sequence, kind, issued_at, token, sha256, document, number
      from receipts
     where shop_id = ?1 and id = ?2";

/// `receipts.of_token`: by its unique token.
const OF_TOKEN: &str = "\
    select shop_id, id, year, sequence, kind, issued_at, token, sha256, document, number
      from receipts
     where token = ?1";

/// `receipts.pdf`: by `receipts_id`.
const PDF: &str = "select pdf from receipts where shop_id = ?1 and id = ?2";

/// `receipts.files`: walks `receipts_id`, what was issued since a time is of the newest roots.
const SINCE: &str = "\
    select shop_id, id, year, sequence, kind, issued_at, token, sha256, document, number
      from receipts
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";

impl Store {
    /// A receipt that is issued.
    pub async fn receipt(
        &self,
        shop: ShopId,
        id: ReceiptId,
    ) -> Result<Option<ReceiptRow>, ReadError> {
        self.read(move |db| db.one(RECEIPT, &[&shop.0, &id_bytes(id.as_u128())], read))
            .await
    }

    /// The receipt with this token, of whichever shop.
    pub async fn receipt_of_token(&self, token: String) -> Result<Option<ReceiptRow>, ReadError> {
        self.read(move |db| db.one(OF_TOKEN, &[&token], read)).await
    }

    /// The file of a receipt that is issued.
    pub async fn receipt_pdf(
        &self,
        shop: ShopId,
        id: ReceiptId,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        self.read(move |db| db.one(PDF, &[&shop.0, &id_bytes(id.as_u128())], |row| row.get(0)))
            .await
    }

    /// Receipts that are issued, the latest first. A number is found by index; a kind is looked for.
    pub async fn receipts(
        &self,
        shop: ShopId,
        filter: ReceiptFilter,
        seek: Seek<ReceiptPlace>,
    ) -> Result<Page<ReceiptRow, ReceiptPlace>, ReadError> {
        self.read(move |db| db.at_once(|db| receipts(db, shop, &filter, seek)))
            .await
    }

    /// Receipts of a shop in the order of their ids, after one, at most `limit`.
    pub async fn receipts_after(
        &self,
        shop: ShopId,
        after: ReceiptId,
        limit: u32,
    ) -> Result<Vec<ReceiptRow>, ReadError> {
        self.read(move |db| db.all(SINCE, &[&shop.0, &id_bytes(after.as_u128()), &limit], read))
            .await
    }
}

fn receipts(
    db: &Db,
    shop: ShopId,
    filter: &ReceiptFilter,
    seek: Seek<ReceiptPlace>,
) -> Result<Page<ReceiptRow, ReceiptPlace>, Error> {
    let mut stretch = Stretch {
        from: filter.from.map_or(0, ReceiptPlace::first_of),
        below: filter.to.map_or(u128::MAX, ReceiptPlace::first_of),
    };
    if let Some(past) = seek.past {
        stretch.pass(past.as_u128(), seek.order);
    }
    let page = match &filter.number {
        Some(number) => {
            let mut items = db.all(OF_NUMBER, &[&shop.0, number], |row| {
                Ok((place(row)?, is_asked(&filter.kinds, row.text(3)?)))
            })?;
            if seek.order == Order::OldestFirst {
                items.reverse();
            }
            Page {
                items: items
                    .into_iter()
                    .filter(|(place, matches)| {
                        *matches && (stretch.from..stretch.below).contains(place)
                    })
                    .map(|(place, _)| place)
                    .collect(),
                next: None,
            }
        }
        None => sift(
            (seek.limit(), seek.order),
            stretch,
            Reach::ROWS,
            |stretch, count| nth_receipt(db, shop, stretch, count),
            |stretch, chunk| look_at_receipts(db, shop, filter, stretch, chunk),
        )?,
    };
    Ok(Page {
        items: of_sequences(db, shop, &page.items)?,
        next: page.next.map(ReceiptPlace),
    })
}

/// The receipts that stand at these places, in one round trip.
fn of_sequences(db: &Db, shop: ShopId, places: &[u128]) -> Result<Vec<ReceiptRow>, Error> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let keys = places.iter().map(|place| {
        let (_, year, sequence) = ReceiptPlace::columns(*place);
        vec![
            lookup::shop(shop),
            Value::Integer(year),
            Value::Integer(sequence),
        ]
    });
    let mut lookups = LookupBatch::default();
    let asked = lookups.ask(OF_SEQUENCE, keys.collect());
    let found = db.look_up(lookups)?.firsts(asked, read)?;
    Ok(found.into_iter().flatten().collect())
}

fn look_at_receipts(
    db: &Db,
    shop: ShopId,
    filter: &ReceiptFilter,
    stretch: Stretch,
    chunk: usize,
) -> Result<Vec<Looked>, Error> {
    let [a, b, c, d, e, f] = edges(stretch);
    let values: &[&dyn Bind] = &[&shop.0, &a, &b, &c, &d, &e, &f, &(chunk as i64)];
    db.all(LOOK_AT_RECEIPTS, values, |row| {
        let kind = row.text(3)?;
        Ok(Looked {
            id: place(row)?,
            matches: is_asked(&filter.kinds, kind),
            bytes: 0,
        })
    })
}

/// The place of a stretch that so many earlier ones precede.
fn nth_receipt(
    db: &Db,
    shop: ShopId,
    stretch: Stretch,
    count: usize,
) -> Result<Option<u128>, Error> {
    let [a, b, c, d, e, f] = edges(stretch);
    let values: &[&dyn Bind] = &[&shop.0, &a, &b, &c, &d, &e, &f, &(count as i64)];
    db.one(NTH_RECEIPT, values, place)
}

/// What the columns of a place are compared with: its first, and the one behind its last.
fn edges(stretch: Stretch) -> [i64; 6] {
    let (from, below) = (
        ReceiptPlace::columns(stretch.from),
        ReceiptPlace::columns(stretch.below),
    );
    [from.0, from.1, from.2, below.0, below.1, below.2]
}

/// The place that a row's first columns say.
fn place(row: &Row<'_>) -> Result<u128, Error> {
    let at = Timestamp::from_millis(row.get(0)?);
    Ok(ReceiptPlace::of(at, (row.get(1)?, row.get(2)?)).0)
}

fn read(row: &Row<'_>) -> Result<ReceiptRow, Error> {
    let sha256: Vec<u8> = row.get(7)?;
    Ok(ReceiptRow {
        shop: ShopId(row.get(0)?),
        id: ReceiptId::from_u128(id_at(row, 1)?),
        year: row.get(2)?,
        sequence: row.get(3)?,
        kind: row.get(4)?,
        issued_at: Timestamp::from_millis(row.get(5)?),
        token: row.get(6)?,
        sha256: sha256.try_into().unwrap_or([0; 32]),
        document: row.get(8)?,
        number: row.get(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_ordered_by_time_then_number_and_survives() {
        let place =
            |ms, year, sequence| ReceiptPlace::of(Timestamp::from_millis(ms), (year, sequence));
        let places = [
            place(0, 0, 0),
            place(1_769_076_000_000, 2025, 900),
            place(1_769_076_000_000, 2026, 1),
            place(1_769_076_000_000, 2026, 2),
            place(1_769_076_000_001, 2025, 1),
            place(253_402_207_200_000, 9999, i64::MAX),
        ];
        assert!(places.is_sorted());
        for one in places {
            let (ms, year, sequence) = ReceiptPlace::columns(one.as_u128());
            let year = i32::try_from(year).expect("it is a year");
            assert_eq!(place(ms, year, sequence), one);
            assert!(one.as_u128() < u128::MAX);
        }
        let first = ReceiptPlace::first_of(Timestamp::from_millis(1_769_076_000_000));
        assert!(places[0].0 < first && first < places[1].0);
    }
}
