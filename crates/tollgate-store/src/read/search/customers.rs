//! Customers: orders of whose customer every word that was typed begins a word.
//!
//! One of the words is walked along its index, that which finds the fewest, and the others are looked for in the
//! documents of what it finds. What few orders have is gathered and comes in the order of time, whatever word it
//! is of; of what very many have, the whole word comes first, the newest order first, and then the longer words.

use std::collections::BTreeMap;

use tollgate_core::order::Root;

use super::{Found, Hit, Search, SearchPlace, Walked, after_all_of, titled};
use crate::db::{Bind, Error, LookupBatch, Value, id_at, id_bytes};
use crate::read::{DOCUMENTS_LOOKED_AT_MAX, ROWS_LOOKED_AT_MAX};
use crate::tables::lookup;
use crate::tables::roots;
use crate::tables::search_terms::{Said, cut, said};

/// Words that all begin a word of the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needs(pub(super) Vec<String>);

/// Rows of an index that are gathered; of what has more it is walked.
const GATHERED_MAX: usize = 5_000;

/// Documents that are read at a time.
const DOCUMENTS_CHUNK: usize = 100;

/// `search_terms.of_word`: a stretch of the primary key.
const OF_WORD: &str = "\
    select term, root
      from search_terms
     where shop_id = ?1 and ?2 <= term and term < ?3
     order by term, root
     limit ?4";

/// `search_terms.count`: how many rows begin so, up to a bound.
const COUNT: &str = "\
    select count(*)
      from (select 1
              from search_terms
             where shop_id = ?1 and ?2 <= term and term < ?3
             limit ?4) as few";

/// `search_terms.whole`: one word, downwards.
const WHOLE: &str = "\
    select term, root
      from search_terms
     where shop_id = ?1 and term = ?2 and root < ?3
     order by root desc
     limit ?4";

/// `search_terms.longer`: words that begin so and are longer, downwards.
const LONGER: &str = "\
    select term, root
      from search_terms
     where shop_id = ?1 and ?2 < term and (term, root) < (?3, ?4)
     order by term desc, root desc
     limit ?5";

/// How the words of a search are walked, decided when it begins and kept in its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    /// The word that is walked.
    driver: usize,
    /// All of its rows are gathered.
    is_gathered: bool,
}

impl Way {
    /// As a cursor has it; none is nought.
    fn number(self) -> u32 {
        u32::try_from(self.driver * 2).unwrap_or(0) + u32::from(self.is_gathered) + 1
    }

    fn of(number: u32, needs: &Needs) -> Option<Way> {
        let number = number.checked_sub(1)?;
        let driver = number as usize / 2;
        (driver < needs.0.len()).then_some(Way {
            driver,
            is_gathered: number % 2 == 1,
        })
    }
}

/// The next hits behind a place.
pub(super) fn walk(
    search: &Search<'_>,
    needs: &Needs,
    past: Option<SearchPlace>,
    room: usize,
) -> Result<Walked, Error> {
    let known = past.as_ref().and_then(|past| Way::of(past.way, needs));
    let way = match known {
        Some(way) => way,
        None => decide(search, needs)?,
    };
    let past = past.filter(|_| known.is_some());
    let mut walked = match way.is_gathered {
        true => gathered(search, needs, way, past, room)?,
        false => along(search, needs, way, past, room)?,
    };
    if let Some(next) = &mut walked.next {
        next.way = way.number();
    }
    Ok(walked)
}

/// The word that the fewest rows begin with.
fn decide(search: &Search<'_>, needs: &Needs) -> Result<Way, Error> {
    let mut fewest = (0, usize::MAX);
    for (place, need) in needs.0.iter().enumerate() {
        let count = count(search, need)?;
        if count < fewest.1 {
            fewest = (place, count);
        }
    }
    Ok(Way {
        driver: fewest.0,
        is_gathered: fewest.1 <= GATHERED_MAX,
    })
}

fn count(search: &Search<'_>, need: &str) -> Result<usize, Error> {
    let (from, below) = (cut(need), after_all_of(cut(need)));
    let most = GATHERED_MAX as i64 + 1;
    let values: &[&dyn Bind] = &[&search.shop.0, &from, &below, &most];
    let count = search.db.one(COUNT, values, |row| row.get::<i64>(0))?;
    Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX))
}

/// Every order that a word finds, and whether it has the whole word; `None` where there are too many.
fn all_of(
    search: &Search<'_>,
    need: &str,
    most: usize,
) -> Result<Option<BTreeMap<u128, bool>>, Error> {
    let (from, below) = (cut(need), after_all_of(cut(need)));
    let values: &[&dyn Bind] = &[&search.shop.0, &from, &below, &(most as i64 + 1)];
    let rows = search.db.all(OF_WORD, values, |row| {
        Ok((row.text(0)? == from, id_at(row, 1)?))
    })?;
    if most < rows.len() {
        return Ok(None);
    }
    let mut found = BTreeMap::new();
    for (is_whole, root) in rows {
        *found.entry(root).or_default() |= is_whole;
    }
    Ok(Some(found))
}

/// What few orders have: those with the whole word first, and of each the newest first. In a cursor's text `=`
/// stands for the whole word.
fn gathered(
    search: &Search<'_>,
    needs: &Needs,
    way: Way,
    past: Option<SearchPlace>,
    room: usize,
) -> Result<Walked, Error> {
    // It may have become more since the first page.
    let Some(mut found) = all_of(search, &needs.0[way.driver], ROWS_LOOKED_AT_MAX)? else {
        return Ok(Walked::default());
    };
    for (place, need) in needs.0.iter().enumerate() {
        if place != way.driver
            && let Some(others) = all_of(search, need, GATHERED_MAX)?
        {
            found.retain(|root, _| others.contains_key(root));
        }
    }
    let mut ordered: Vec<(bool, u128)> = found
        .into_iter()
        .map(|(root, is_whole)| (is_whole, root))
        .collect();
    ordered.sort_unstable_by(|one, other| other.cmp(one));
    if let Some(past) = past {
        let past = (past.text == "=", past.id);
        ordered.retain(|place| *place < past);
    }
    let mut walked = Walked::default();
    let mut looked = 0;
    for chunk in ordered.chunks(DOCUMENTS_CHUNK) {
        let ids: Vec<u128> = chunk.iter().map(|(_, root)| *root).collect();
        let roots = read(search, &ids)?;
        for (is_whole, id) in chunk {
            if walked.hits.len() == room || DOCUMENTS_LOOKED_AT_MAX <= looked {
                return Ok(walked);
            }
            looked += 1;
            let hit = roots.get(id).and_then(|root| hit(root, needs));
            walked.hits.extend(hit);
            walked.next = Some(SearchPlace {
                text: if *is_whole { "=" } else { "<" }.to_owned(),
                id: *id,
                ..SearchPlace::default()
            });
        }
    }
    walked.next = None;
    Ok(walked)
}

/// What very many orders have, along the index.
fn along(
    search: &Search<'_>,
    needs: &Needs,
    way: Way,
    past: Option<SearchPlace>,
    room: usize,
) -> Result<Walked, Error> {
    let need = &needs.0[way.driver];
    let whole = cut(need);
    let mut at = past.map_or_else(
        || (whole.to_owned(), u128::MAX),
        |past| (past.text, past.id),
    );
    let mut walked = Walked::default();
    let mut looked = 0;
    loop {
        let rows = rows_below(search, whole, &at, DOCUMENTS_CHUNK)?;
        let is_last_of_part = rows.len() < DOCUMENTS_CHUNK;
        let ids: Vec<u128> = rows.iter().map(|(_, root)| *root).collect();
        let roots = read(search, &ids)?;
        for (term, id) in rows {
            if walked.hits.len() == room || DOCUMENTS_LOOKED_AT_MAX <= looked {
                walked.next = Some(SearchPlace {
                    text: at.0,
                    id: at.1,
                    ..SearchPlace::default()
                });
                return Ok(walked);
            }
            looked += 1;
            if let Some(root) = roots.get(&id)
                && is_first(root, need, whole, &term)
            {
                walked.hits.extend(hit(root, needs));
            }
            at = (term, id);
        }
        if is_last_of_part {
            if at.0 != whole {
                return Ok(walked);
            }
            // The whole word is done; the longer ones begin with the last.
            at = (after_all_of(whole), 0);
        }
    }
}

/// The next rows of a word: of the whole one, or of the longer ones behind it.
fn rows_below(
    search: &Search<'_>,
    whole: &str,
    at: &(String, u128),
    count: usize,
) -> Result<Vec<(String, u128)>, Error> {
    let (id, count) = (id_bytes(at.1), count as i64);
    let (sql, values): (&'static str, &[&dyn Bind]) = match at.0 == whole {
        true => (WHOLE, &[&search.shop.0, &whole, &id, &count]),
        false => (LONGER, &[&search.shop.0, &whole, &at.0, &id, &count]),
    };
    search
        .db
        .all(sql, values, |row| Ok((row.get(0)?, id_at(row, 1)?)))
}

/// An order with several words that begin so is found at the first of them that is walked.
fn is_first(root: &Root, need: &str, whole: &str, term: &str) -> bool {
    let said = said_of(root);
    let mut own: Vec<&str> = said
        .iter()
        .filter(|said| said.text.starts_with(need))
        .map(|said| cut(&said.text))
        .collect();
    own.sort_unstable_by(|one, other| (*other == whole, *other).cmp(&(*one == whole, *one)));
    own.first().is_none_or(|first| *first == term)
}

fn read(search: &Search<'_>, ids: &[u128]) -> Result<BTreeMap<u128, Root>, Error> {
    let shop = search.shop;
    let keys: Vec<Vec<Value<'_>>> = ids
        .iter()
        .map(|id| vec![lookup::shop(shop), lookup::id(*id)])
        .collect();
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut lookups = LookupBatch::default();
    let look_up = lookups.ask(roots::GET, keys);
    let found = search.db.look_up(lookups)?;
    let found = found.firsts(look_up, roots::read)?;
    let found = found.into_iter().flatten();
    Ok(found.map(|root| (root.id.as_u128(), root)).collect())
}

fn said_of(root: &Root) -> Vec<Said> {
    let order = root.order.as_ref();
    order.map_or_else(Vec::new, |order| said(&order.customer))
}

/// The hit of an order of whose customer all of it is said.
fn hit(root: &Root, needs: &Needs) -> Option<Hit> {
    let order = root.order.as_ref()?;
    let said = said(&order.customer);
    let by = |need: &String| {
        let whole = said.iter().find(|said| said.text == **need);
        whole.or_else(|| {
            said.iter()
                .find(|said| said.text.starts_with(need.as_str()))
        })
    };
    let mut matched = None;
    for need in &needs.0 {
        let by = by(need)?;
        matched = matched.or(Some(by.member));
    }
    let customer = &order.customer;
    let name = customer.name.as_deref();
    let known_by = name.or(customer.email.as_deref());
    let known_by = known_by.or(customer.phone.as_deref());
    let id = root.order_id()?;
    Some(Hit {
        found: Found::Customer(id),
        title: titled(&[known_by, Some(&order.code)]),
        matched: matched?,
        order: Some(id),
    })
}
