//! Names, codes and words: what leads to payments and orders. They have no months of their own, so they are
//! walked once, and those that lead to what is gone are deleted, page by page.

use std::collections::BTreeSet;

use tollgate_core::id::{RootId, ShopId, first_id};

use crate::db::{Db, Error, id_at, id_bytes, maybe_id_at};
use crate::schema::month::Month;

/// Rows of one page, and of one commit.
const PAGE: i64 = 2_000;

/// `prune.names`, `prune.codes`, `prune.terms`: walk their primary keys.
const NAMES: &str = "\
    select source, name, payment
      from names
     where shop_id = ?1 and (source, name) > (?2, ?3)
     order by source, name
     limit ?4";
const CODES: &str = "\
    select code, order_id
      from codes
     where shop_id = ?1 and ?2 < code
     order by code
     limit ?3";
const TERMS: &str = "\
    select term, root
      from search_terms
     where shop_id = ?1 and (term, root) > (?2, ?3)
     order by term, root
     limit ?4";

/// `prune.forget_names`, `prune.forget_codes`, `prune.forget_terms`: a stretch of the primary key, of one month.
const FORGET_NAMES: &str = "\
    delete from names
     where shop_id = ?1 and (source, name) > (?2, ?3) and (source, name) <= (?4, ?5)
       and ?6 <= payment and payment < ?7";
const FORGET_CODES: &str = "\
    delete from codes
     where shop_id = ?1 and ?2 < code and code <= ?3 and ?4 <= order_id and order_id < ?5";
const FORGET_TERMS: &str = "\
    delete from search_terms
     where shop_id = ?1 and (term, root) > (?2, ?3) and (term, root) <= (?4, ?5)
       and ?6 <= root and root < ?7";

/// A name, and the payment it leads to.
type Named = ((String, String), Option<u128>);

/// A code, and the order it leads to.
type Coded = (String, Option<u128>);

/// A word, and the order that is found by it.
type Worded = (String, u128);

/// Shows every name, page by page.
pub(super) fn walk_names(
    db: &Db,
    shop: ShopId,
    see: &mut dyn FnMut(&[Named]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = (String::new(), String::new());
    loop {
        let page = names(db, shop, &after)?;
        see(&page)?;
        match page.into_iter().next_back() {
            Some((last, _)) => after = last,
            None => return Ok(()),
        }
    }
}

/// Shows every code, page by page.
pub(super) fn walk_codes(
    db: &Db,
    shop: ShopId,
    see: &mut dyn FnMut(&[Coded]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let page = codes(db, shop, &after)?;
        see(&page)?;
        match page.into_iter().next_back() {
            Some((last, _)) => after = last,
            None => return Ok(()),
        }
    }
}

/// Shows every word, page by page.
pub(super) fn walk_terms(
    db: &Db,
    shop: ShopId,
    see: &mut dyn FnMut(&[Worded]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = (String::new(), 0);
    loop {
        let page = terms(db, shop, &after)?;
        see(&page)?;
        match page.into_iter().next_back() {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

fn terms(db: &Db, shop: ShopId, after: &Worded) -> Result<Vec<Worded>, Error> {
    let root = id_bytes(after.1);
    let values: &[&dyn crate::db::Bind] = &[&shop.0, &after.0, &root, &PAGE];
    db.all(TERMS, values, |row| Ok((row.get(0)?, id_at(row, 1)?)))
}

fn names(db: &Db, shop: ShopId, after: &(String, String)) -> Result<Vec<Named>, Error> {
    let values: &[&dyn crate::db::Bind] = &[&shop.0, &after.0, &after.1, &PAGE];
    db.all(NAMES, values, |row| {
        Ok(((row.get(0)?, row.get(1)?), maybe_id_at(row, 2)?))
    })
}

fn codes(db: &Db, shop: ShopId, after: &str) -> Result<Vec<Coded>, Error> {
    let values: &[&dyn crate::db::Bind] = &[&shop.0, &after, &PAGE];
    db.all(CODES, values, |row| Ok((row.get(0)?, maybe_id_at(row, 1)?)))
}

/// Something that deletes rows; how many.
pub(super) type Deletion<'a> = &'a dyn Fn(&Db) -> Result<usize, Error>;

/// Runs a deletion as the only writer of a shop, and commits it.
pub(super) type Alone<'a> = &'a mut dyn FnMut(Deletion<'_>) -> Result<usize, Error>;

/// Deletes what leads to these months.
pub(super) fn forget(
    db: &Db,
    shop: ShopId,
    months: &BTreeSet<Month>,
    alone: Alone<'_>,
) -> Result<(), Error> {
    let mut after = (String::new(), String::new());
    walk_names(db, shop, &mut |page| {
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        let gone = months_of(page.iter().map(|(_, payment)| *payment), months);
        if !gone.is_empty() {
            alone(&|db| {
                let mut rows = 0;
                for month in &gone {
                    let (from, below) = bounds(*month);
                    let values: &[&dyn crate::db::Bind] =
                        &[&shop.0, &after.0, &after.1, &last.0, &last.1, &from, &below];
                    rows += db.run(FORGET_NAMES, values)?;
                }
                Ok(rows)
            })?;
        }
        after = last.clone();
        Ok(())
    })?;
    let mut after = String::new();
    walk_codes(db, shop, &mut |page| {
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        let gone = months_of(page.iter().map(|(_, order)| *order), months);
        if !gone.is_empty() {
            alone(&|db| {
                let mut rows = 0;
                for month in &gone {
                    let (from, below) = bounds(*month);
                    rows += db.run(FORGET_CODES, &[&shop.0, &after, last, &from, &below])?;
                }
                Ok(rows)
            })?;
        }
        after = last.clone();
        Ok(())
    })?;
    forget_terms(db, shop, months, alone)
}

fn forget_terms(
    db: &Db,
    shop: ShopId,
    months: &BTreeSet<Month>,
    alone: Alone<'_>,
) -> Result<(), Error> {
    let mut after: Worded = (String::new(), 0);
    walk_terms(db, shop, &mut |page| {
        let Some(last) = page.last() else {
            return Ok(());
        };
        let gone = months_of(page.iter().map(|(_, root)| Some(*root)), months);
        if !gone.is_empty() {
            alone(&|db| {
                let mut rows = 0;
                let (root, last_root) = (id_bytes(after.1), id_bytes(last.1));
                for month in &gone {
                    let (from, below) = bounds(*month);
                    let values: &[&dyn crate::db::Bind] =
                        &[&shop.0, &after.0, &root, &last.0, &last_root, &from, &below];
                    rows += db.run(FORGET_TERMS, values)?;
                }
                Ok(rows)
            })?;
        }
        after = last.clone();
        Ok(())
    })
}

/// Those of the months to which some of these ids belong.
fn months_of(ids: impl Iterator<Item = Option<u128>>, months: &BTreeSet<Month>) -> BTreeSet<Month> {
    ids.flatten()
        .map(|id| Month::of(RootId::new(id).made_at()))
        .filter(|month| months.contains(month))
        .collect()
}

/// The first id of a month, and the first after it.
pub(super) fn bounds(month: Month) -> ([u8; 16], [u8; 16]) {
    (
        id_bytes(first_id(month.first())),
        id_bytes(first_id(month.below())),
    )
}
