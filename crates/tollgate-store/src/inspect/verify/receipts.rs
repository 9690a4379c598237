//! Receipts: numbers without gaps, and every issued one known to its root and the other way round.
//!
//! Numbers are given out while roots are walked. So only those are asked for that were given out when the
//! walk began: anyone who has one of them was there then.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use tollgate_core::effect::Receipt;
use tollgate_core::id::{ReceiptId, RootId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::word::Word;

use super::{Verifying, shown};
use crate::db::{Db, Error, LookupBatch, Row, Value, id_at, id_bytes};
use crate::tables::roots;

/// Receipts of one chunk.
const CHUNK: i64 = 100;

/// Gaps of a year that are listed.
const GAPS_MAX: usize = 20;

/// `verify.head_of_receipts`: by primary key.
const HEAD: &str = "select receipts_year, receipts from shop_heads where shop_id = ?1";

/// `verify.receipts`: walks `receipts_id`.
const RECEIPTS: &str = "\
    select id, kind, issued_at, number, token, sha256, document, pdf
      from receipts
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";

/// `verify.receipt`: by `receipts_id`.
const RECEIPT: &str = "select year, sequence from receipts where shop_id = ?1 and id = ?2";

/// The numbers that roots have, by year, and what was given out when the walk began.
pub(super) struct Numbers {
    year: i32,
    given: i64,
    seen: BTreeMap<i32, Stretches>,
}

/// Numbers as stretches of one after the other, each its first with its last: roots come nearly in the order of their
/// receipts, so there are few, however many numbers they have.
#[derive(Default)]
struct Stretches(BTreeMap<i64, i64>);

impl Stretches {
    /// Adds a number; `false` if it is there already.
    fn insert(&mut self, number: i64) -> bool {
        let before = self.0.range(..=number).next_back();
        let before = before.map(|(first, last)| (*first, *last));
        if before.is_some_and(|(_, last)| number <= last) {
            return false;
        }
        let first = match before {
            Some((first, last)) if last + 1 == number => first,
            Some(_) | None => number,
        };
        let next = number.checked_add(1);
        let last = next.and_then(|next| self.0.remove(&next));
        self.0.insert(first, last.unwrap_or(number));
        true
    }

    fn contains(&self, number: i64) -> bool {
        let before = self.0.range(..=number).next_back();
        before.is_some_and(|(_, last)| number <= *last)
    }

    fn last(&self) -> Option<i64> {
        self.0.last_key_value().map(|(_, last)| *last)
    }
}

fn head(db: &Db, shop: ShopId) -> Result<(i32, i64), Error> {
    let head = db.one(HEAD, &[&shop.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(head.unwrap_or((0, 0)))
}

impl Numbers {
    /// None yet, as of now.
    pub(super) fn begin(verifying: &Verifying<'_>) -> Result<Numbers, Error> {
        let (year, given) = head(verifying.db, verifying.shop)?;
        Ok(Numbers {
            year,
            given,
            seen: BTreeMap::new(),
        })
    }

    /// Notes the numbers of a root.
    pub(super) fn take(&mut self, verifying: &mut Verifying<'_>, root: &Root) {
        for receipt in &root.receipts {
            let Some(number) = &receipt.number else {
                let seen = format!("{}: {} has no number", shown(root), receipt.id);
                verifying.fail("receipt.number", seen);
                continue;
            };
            if !self
                .seen
                .entry(number.year)
                .or_default()
                .insert(number.sequence)
            {
                let seen = format!("{}: {number} is another one's too", shown(root));
                verifying.fail("receipt.number", seen);
            }
        }
    }

    /// What was given out is what roots have.
    pub(super) fn compare(&self, verifying: &mut Verifying<'_>) -> Result<(), Error> {
        let (year_now, given_now) = head(verifying.db, verifying.shop)?;
        let is_pruned = 0 < verifying.horizon.roots.as_millis();
        let mut years: BTreeSet<i32> = self.seen.keys().copied().collect();
        years.insert(self.year);
        let none = Stretches::default();
        for year in years {
            let seen = self.seen.get(&year).unwrap_or(&none);
            let last = seen.last().unwrap_or(0);
            let given = match year == self.year {
                true => self.given,
                false if year < self.year => last,
                // They were begun after the walk was.
                false => 0,
            };
            // A refund of an order that was taken may have had any number, also a late one.
            let first = match is_pruned {
                true => given + 1,
                false => 1,
            };
            let gaps: Vec<i64> = (first..=given)
                .filter(|n| !seen.contains(*n) && !verifying.lost.has_number(year, *n))
                .take(GAPS_MAX)
                .collect();
            for gap in gaps {
                let seen = format!("number {gap} of {year} was given out, and no receipt has it");
                verifying.fail("receipt.number", seen);
            }
            let is_ahead = year_now < year || year == year_now && given_now < last;
            if is_ahead {
                let seen = format!(
                    "number {last} of {year} was never given out: the last is {given_now} of {year_now}"
                );
                verifying.fail("receipt.number", seen);
            }
        }
        Ok(())
    }
}

/// A receipt that its root says is issued.
pub(super) struct Issued {
    id: ReceiptId,
    number: Option<(i32, i64)>,
}

/// The receipts that a root says are issued.
pub(super) fn issued(root: &Root) -> impl Iterator<Item = Issued> {
    let issued = root
        .receipts
        .iter()
        .filter(|receipt| receipt.issued_at.is_some());
    issued.map(|receipt| Issued {
        id: receipt.id,
        number: receipt.number.as_ref().map(|n| (n.year, n.sequence)),
    })
}

/// Looks up the files of what roots say is issued.
pub(super) fn follow(verifying: &mut Verifying<'_>, issued: &[Issued]) -> Result<(), Error> {
    let shop = || Value::Integer(i64::from(verifying.shop.0));
    let mut lookups = LookupBatch::default();
    let keys = issued.iter();
    let keys = keys.map(|issued| vec![shop(), Value::Id(id_bytes(issued.id.as_u128()))]);
    let asked = lookups.ask(RECEIPT, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    let found = found.firsts(asked, |row| Ok((row.get::<i32>(0)?, row.get::<i64>(1)?)))?;
    for (issued, found) in issued.iter().zip(found) {
        if found.is_none() || found != issued.number {
            let number = |number: Option<(i32, i64)>| match number {
                Some((year, sequence)) => format!("R-{year:04}-{sequence:06}"),
                None => "nothing".to_owned(),
            };
            let (is, says) = (number(found), number(issued.number));
            let seen = format!("{}: its root says {says}, and issued was {is}", issued.id);
            verifying.fail("receipt.issued", seen);
        }
    }
    Ok(())
}

/// Looks at every receipt that is issued: its root says so.
pub(super) fn walk(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = [0; 16];
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, &after, &CHUNK];
            let rows = db.all(RECEIPTS, values, read_paper)?;
            let roots: BTreeSet<RootId> = rows.iter().map(|paper| paper.id.root()).collect();
            let roots = roots_of(verifying, roots)?;
            for paper in &rows {
                let id = paper.id;
                let known = match roots.get(&id.root()) {
                    // It cannot be read, which is reported elsewhere.
                    Some(None) => continue,
                    Some(Some(root)) => root.receipts.iter().find(|known| known.id == id),
                    None if id.root().made_at() < verifying.horizon.roots => continue,
                    None => None,
                };
                match known.filter(|known| known.issued_at.is_some()) {
                    Some(known) => look_at_paper(verifying, paper, known),
                    None => {
                        let seen = format!("{id} is issued, and its root does not know it");
                        verifying.fail("receipt.issued", seen);
                    }
                }
            }
            Ok(rows.last().map(|paper| paper.id))
        })?;
        match last {
            Some(last) => after = id_bytes(last.as_u128()),
            None => return Ok(()),
        }
    }
}

/// A receipt as it was issued.
struct Paper {
    id: ReceiptId,
    kind: String,
    issued_at: i64,
    number: String,
    has_token: bool,
    /// The hash that is kept is that of its bytes.
    is_unchanged: bool,
    document: Result<(), serde_json::Error>,
}

fn read_paper(row: &Row<'_>) -> Result<Paper, Error> {
    let bytes = row.bytes(7)?;
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let document = serde_json::from_str::<serde::de::IgnoredAny>(row.text(6)?);
    Ok(Paper {
        id: ReceiptId::from_u128(id_at(row, 0)?),
        kind: row.get(1)?,
        issued_at: row.get(2)?,
        number: row.get(3)?,
        has_token: !row.text(4)?.is_empty(),
        is_unchanged: *row.bytes(5)? == digest,
        document: document.map(|_| ()),
    })
}

/// What is on paper is what its root has.
fn look_at_paper(verifying: &mut Verifying<'_>, paper: &Paper, known: &Receipt) {
    let id = paper.id;
    let issued_at = known.issued_at.map(|at| at.as_millis());
    let number = known.number.as_ref().map(|number| number.text.as_str());
    let fault = match () {
        () if paper.kind != known.kind.word() => "is of another kind than its root says",
        () if Some(paper.issued_at) != issued_at => "was issued at another time than its root says",
        () if Some(paper.number.as_str()) != number => "is called otherwise than its root says",
        () if !paper.is_unchanged => "has other bytes than those that were hashed",
        () if !paper.has_token => "cannot be fetched by its customer: it has no token",
        () => "",
    };
    if !fault.is_empty() {
        verifying.fail("receipt.paper", format!("{id} {fault}"));
    }
    if let Err(error) = &paper.document {
        verifying.fail("documents", format!("{id}: {error}"));
    }
}

/// The roots that are there; `None` where one cannot be read.
fn roots_of(
    verifying: &Verifying<'_>,
    ids: BTreeSet<RootId>,
) -> Result<BTreeMap<RootId, Option<Root>>, Error> {
    let shop = || Value::Integer(i64::from(verifying.shop.0));
    let mut lookups = LookupBatch::default();
    let keys = ids
        .iter()
        .map(|id| vec![shop(), Value::Id(id_bytes(id.as_u128()))]);
    let asked = lookups.ask(roots::GET, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    let found = found.firsts(asked, |row| Ok(roots::read(row).ok()))?;
    let there = ids.into_iter().zip(found);
    Ok(there.filter_map(|(id, root)| Some((id, root?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_have_what_a_set_has_and_grow_together() {
        // Each number up to 1 000 in an order of its own, and every third a second time.
        let mut stretches = Stretches::default();
        let mut set = BTreeSet::new();
        for step in 0..1_400 {
            let number = match step {
                0..1_000 => step * 617 % 1_000,
                _ => step * 3 % 1_000,
            };
            assert_eq!(stretches.insert(number), set.insert(number), "{number}");
            assert_eq!(stretches.last(), set.last().copied());
            for near in number - 2..=number + 2 {
                assert_eq!(stretches.contains(near), set.contains(&near), "{near}");
            }
        }
        assert_eq!(stretches.0, BTreeMap::from([(0, 999)]));
        assert!(stretches.insert(i64::MAX) && !stretches.insert(i64::MAX));
    }
}
