//! What follows from other rows and could be made again: words of search, figures, how many errors are kept.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::id::RootId;
use tollgate_core::order::Root;
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;

use super::Verifying;
use super::names::look_up_roots;
use crate::db::{Bind, Db, Error, LookupBatch, Sql, Value, id_at, id_bytes, on_postgres};
use crate::tables::search_terms::terms;
use crate::tables::shop_figures;

/// Rows of one chunk.
const CHUNK: i64 = 500;

/// `verify.word`: by primary key.
const WORD: &str = "\
    select 1
      from search_terms
     where shop_id = ?1 and term = ?2 and root = ?3";

/// `verify.words_left`: by primary key. Words of orders of before are still being written.
const WORDS_LEFT: Sql = on_postgres("select 1 from words_left where shop_id = ?1");

/// The words of these orders are there.
pub(super) fn look_for_words(verifying: &mut Verifying<'_>, roots: &[&Root]) -> Result<(), Error> {
    let shop = || Value::Integer(i64::from(verifying.shop.0));
    let wanted = roots.iter();
    let wanted: Vec<(RootId, String)> = wanted
        .flat_map(|root| terms(root).into_iter().map(|term| (root.id, term)))
        .collect();
    let mut lookups = LookupBatch::default();
    let keys = wanted.iter().map(|(root, term)| {
        let term = Value::Text(std::borrow::Cow::Borrowed(term.as_str()));
        vec![shop(), term, Value::Id(id_bytes(root.as_u128()))]
    });
    let asked = lookups.ask(WORD, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    let found = found.firsts(asked, |_| Ok(()))?;
    let missing = wanted
        .iter()
        .zip(found)
        .filter(|(_, there)| there.is_none());
    let missing: Vec<&(RootId, String)> = missing.map(|(wanted, _)| wanted).collect();
    if missing.is_empty() || are_left(verifying)? {
        return Ok(());
    }
    for (root, term) in missing {
        let (root_text, term) = literals(verifying.db, *root, term);
        let shop = verifying.shop.0;
        let seen = format!(
            "{root:?} is not found by a word of its own; \
             insert into search_terms (shop_id, term, root) values ({shop}, {term}, {root_text});"
        );
        verifying.warn("search_words", seen);
    }
    Ok(())
}

fn are_left(verifying: &Verifying<'_>) -> Result<bool, Error> {
    match verifying.db {
        Db::Sqlite(_) => Ok(false),
        Db::Postgres(_) => {
            let left = verifying
                .db
                .one(WORDS_LEFT, &[&verifying.shop.0], |_| Ok(()))?;
            Ok(left.is_some())
        }
    }
}

/// A root and a word as a statement has them. The word is a customer's: it is written so that it cannot be read over
/// somebody's shoulder, or in a log.
fn literals(db: &Db, root: RootId, term: &str) -> (String, String) {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let (root, term) = (hex(&id_bytes(root.as_u128())), hex(term.as_bytes()));
    match db {
        Db::Sqlite(_) => (format!("x'{root}'"), format!("cast(x'{term}' as text)")),
        Db::Postgres(_) => (
            format!("'\\x{root}'"),
            format!("convert_from('\\x{term}', 'UTF8')"),
        ),
    }
}

/// `verify.words`: walks the primary key.
const WORDS: &str = "\
    select term, root
      from search_terms
     where shop_id = ?1 and (term, root) > (?2, ?3)
     order by term, root
     limit ?4";

/// Every word leads to an order that has it.
pub(super) fn walk_words(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = (String::new(), [0; 16]);
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let values: &[&dyn Bind] = &[&verifying.shop.0, &after.0, &after.1, &CHUNK];
            let rows = db.all(WORDS, values, |row| {
                Ok((row.get::<String>(0)?, RootId::new(id_at(row, 1)?)))
            })?;
            let ids: BTreeSet<RootId> = rows.iter().map(|(_, root)| *root).collect();
            let ids: Vec<RootId> = ids.into_iter().collect();
            let shop = Value::Integer(i64::from(verifying.shop.0));
            let found = look_up_roots(db, shop, &ids, terms)?;
            let found: BTreeMap<&RootId, Option<BTreeSet<String>>> =
                ids.iter().zip(found).collect();
            for (term, root) in &rows {
                let own = found.get(root).and_then(Option::as_ref);
                let was_pruned = own.is_none() && root.made_at() < verifying.horizon.roots;
                if was_pruned || own.is_some_and(|own| own.contains(term)) {
                    continue;
                }
                let (root_text, term) = literals(db, *root, term);
                let shop = verifying.shop.0;
                let seen = format!(
                    "{root:?} is found by a word of another; delete from search_terms \
                     where shop_id = {shop} and term = {term} and root = {root_text};"
                );
                verifying.warn("search_words", seen);
            }
            Ok(rows.into_iter().next_back())
        })?;
        match last {
            Some((term, root)) => after = (term, id_bytes(root.as_u128())),
            None => return Ok(()),
        }
    }
}

/// How often each kind of entry stands in the feed, by the quarters of an hour for which figures are kept.
pub(super) struct Figures {
    from: i64,
    below: i64,
    counted: BTreeMap<(i64, &'static str), i64>,
}

/// `verify.figures`: the beginning of the primary key.
const FIGURES: &str = "\
    select at, name, amount
      from shop_figures
     where shop_id = ?1 and ?2 <= at and at < ?3 and unit = ''";

/// `verify.first_figure`: by primary key.
const FIRST: &str = "select min(at) from shop_figures where shop_id = ?1";

/// The timeline tells how often it is counted.
fn is_comparable(kind: EntryKind) -> bool {
    shop_figures::COUNTED.contains(&kind) && !shop_figures::TOLD_IN_STEPS.contains(&kind)
}

impl Figures {
    /// None yet: of the quarters that are over, and of which all lines are there.
    pub(super) fn begin(verifying: &Verifying<'_>) -> Result<Figures, Error> {
        let first = verifying
            .db
            .one(FIRST, &[&verifying.shop.0], |row| row.get(0))?;
        let first: Option<i64> = first.flatten();
        // What an earlier version decided in the first one was not added.
        let first = first.map_or(i64::MAX, |at| at.saturating_add(shop_figures::QUARTER_MS));
        let kept = verifying.now.as_millis() - shop_figures::KEPT.as_millis();
        let taken = verifying.horizon.at.as_millis();
        let from = first
            .max(kept)
            .max(taken)
            .saturating_add(shop_figures::QUARTER_MS);
        Ok(Figures {
            from,
            below: shop_figures::quarter_of(verifying.now),
            counted: BTreeMap::new(),
        })
    }

    /// Notes an entry of a line.
    pub(super) fn take(&mut self, at: i64, kind: EntryKind) {
        let quarter = shop_figures::quarter_of(tollgate_core::time::Timestamp::from_millis(at));
        if is_comparable(kind) && (self.from..self.below).contains(&quarter) {
            *self.counted.entry((quarter, kind.word())).or_default() += 1;
        }
    }

    /// Compares them with what was added up.
    pub(super) fn compare(mut self, verifying: &mut Verifying<'_>) -> Result<(), Error> {
        let shop = verifying.shop.0;
        let rows = verifying
            .db
            .all(FIGURES, &[&shop, &self.from, &self.below], |row| {
                Ok((
                    row.get::<i64>(0)?,
                    row.get::<String>(1)?,
                    row.get::<i64>(2)?,
                ))
            })?;
        for (at, name, amount) in rows {
            let counted = shop_figures::COUNTED
                .iter()
                .find(|kind| kind.word() == name);
            let Some(kind) = counted.filter(|kind| is_comparable(**kind)) else {
                continue;
            };
            let told = self.counted.remove(&(at, kind.word())).unwrap_or(0);
            if told != amount {
                let seen = format!(
                    "{name} of {at} is {amount}, and the timeline tells of {told}; \
                     update shop_figures set amount = {told} \
                     where shop_id = {shop} and at = {at} and name = '{name}' and unit = '';"
                );
                verifying.warn("figures", seen);
            }
        }
        for ((at, name), told) in self.counted {
            let seen = format!(
                "{name} of {at} is not there, and the timeline tells of {told}; \
                 insert into shop_figures values ({shop}, {at}, '{name}', '', {told});"
            );
            verifying.warn("figures", seen);
        }
        Ok(())
    }
}

/// `verify.errors_kept`: how many are said to be there, and how many are.
const KEPT: &str = "\
    select coalesce((select kept from errors_kept where shop_id = ?1), 0),
           (select count(*) from errors where shop_id = ?1)";

/// As many errors are kept as is said.
pub(super) fn count_errors(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let shop = verifying.shop.0;
    let kept = verifying.db.one(KEPT, &[&shop], |row| {
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))
    })?;
    let (said, are) = kept.unwrap_or_default();
    if said != are {
        let seen = format!(
            "{said} are said to be kept, and {are} are; \
             update errors_kept set kept = {are} where shop_id = {shop};"
        );
        verifying.warn("errors", seen);
    }
    Ok(())
}
