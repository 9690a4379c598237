//! Units by sku.

use tollgate_core::capacity::{Named, Stock};
use tollgate_core::id::ShopId;

use crate::db::{Error, Row, Value, WriteBatch};
use crate::tables;
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::write::Changes;

/// `stock.get`: by primary key. The columns are those of [`read`].
pub(crate) const GET: &str = "\
    select sku, on_hand, held, version, low_at, sold
      from stock
     where shop_id = ?1 and sku = ?2";

pub(crate) struct BySku;

pub(crate) type Wanted = Keys<BySku>;

impl Lookup for BySku {
    type Key = Named;
    type Row = Stock;
    type Found = Option<Stock>;
    const SQL: &'static str = GET;

    fn values((shop, sku): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), lookup::text(sku)]
    }

    fn read(row: &Row<'_>) -> Result<Stock, Error> {
        read(row)
    }

    fn note(at: Self::Key, found: Option<Stock>, loading: &mut Loading<'_>) {
        loading.known.stock.load(at, found);
    }
}

pub(crate) fn want(wanted: &mut tables::Wanted, at: Named, loading: &mut Loading<'_>) {
    if !loading.known.stock.knows(&at) {
        wanted.stock.insert(at);
    }
}

/// Reads units of a sku.
pub(crate) fn read(row: &Row<'_>) -> Result<Stock, Error> {
    Ok(Stock {
        sku: row.get(0)?,
        on_hand: row.get(1)?,
        held: row.get(2)?,
        version: row.get(3)?,
        low_at: row.get(4)?,
        sold: row.get(5)?,
    })
}

/// Writes the rows that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    for ((shop, sku), row) in batch.known.stock.dirty() {
        match &row.value {
            Some(stock) => write(writes, *shop, stock, row.stored)?,
            None if row.stored => writes.put(DELETE, &[&shop.0, sku])?,
            None => {}
        }
    }
    Ok(())
}

/// `stock.delete`.
const DELETE: &str = "delete from stock where shop_id = ?1 and sku = ?2";

/// `stock.insert`.
const INSERT: &str = "\
    insert into stock (shop_id, sku, on_hand, held, version, low_at, sold)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// `stock.update`: the CHECK is the last guard of I6.
const UPDATE: &str = "\
    update stock
       set on_hand = ?3, held = ?4, version = ?5, low_at = ?6, sold = ?7
     where shop_id = ?1 and sku = ?2";

fn write(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    stock: &Stock,
    stored: bool,
) -> Result<(), Error> {
    writes.put(
        if stored { UPDATE } else { INSERT },
        &[
            &shop.0,
            &stock.sku,
            &stock.on_hand,
            &stock.held,
            &stock.version,
            &stock.low_at,
            &stock.sold,
        ],
    )?;
    Ok(())
}
