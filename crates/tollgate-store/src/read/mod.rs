//! Pages: what the API and the dashboard read, beside the writer.
//!
//! Lists are keyset pages by id, newest or oldest first: an id carries its time, so bounds in time are bounds
//! of ids and need no index of their own. Receipts are listed by when they were issued, which no id
//! carries. A filter without an index walks the ids, but not further
//! than [`ROWS_LOOKED_AT_MAX`] rows a page (I9), or [`DOCUMENTS_LOOKED_AT_MAX`] where the rows' documents
//! have to be read for it: then the page ends where it is, with what it has found, and its cursor goes on
//! from there. So a rare filter costs many short pages and never one long read.

pub(crate) mod readers;
mod attention;
mod alerts;
mod books;
mod capacity;
mod counts;
mod deliveries;
mod effects;
mod endpoints;
mod errors;
mod events;
mod instances;
mod keys;
mod users;
mod audit;
mod open;
mod orders;
mod receipts;
mod search;
mod standing;
mod stream_tickets;
mod timeline;

pub use alerts::{CalendarTaken, EffectsWatched, ErrorsOf, Standbys, disk_room};
pub use attention::{ATTENTION_READ_MAX, NeedsPerson};
pub use audit::{AuditEntry, AuditFilter, AuditPlace};
pub use books::Between;
pub use counts::Counts;
pub use deliveries::{DeliveryFilter, KeptDelivery};
pub use effects::{EffectFilter, EffectLine};
pub use errors::{ErrorCounts, ErrorFilter, ErrorKindCount};
pub use events::EventFilter;
pub use open::{OpenPayment, OpenPayments};
pub use orders::{OrderFilter, PaymentFilter};
pub use receipts::{ReceiptFilter, ReceiptPlace, ReceiptRow};
pub use search::{Found, Hit, SEARCH_HITS_MAX, SearchPlace, SearchQuery};
pub use standing::{Happened, OPEN_COUNTED_MAX, Open};
pub use timeline::{FeedEntry, Story, TimelineEntry};
pub use users::OpenSession;

use std::collections::BTreeSet;

use tollgate_core::id::{ShopId, first_id};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::{Bind, Db, Error, LookupBatch, Row, Sql, Value, id_at, id_bytes};
use crate::tables::lookup;

/// Items on a page, whatever is asked for.
pub const PAGE_ITEMS_MAX: u32 = 1_000;

/// Rows that one page looks at to find its items.
pub const ROWS_LOOKED_AT_MAX: usize = 10_000;

/// Rows of which one page reads the documents to find its items.
pub const DOCUMENTS_LOOKED_AT_MAX: usize = 1_500;

/// Bytes of bodies that one page searches, give or take one chunk.
pub const BYTES_SEARCHED_MAX: usize = 32 << 20;

/// Calendars that are listed.
pub const CALENDARS_MAX: u32 = 1_000;

/// Slots that are listed at a time: more than three months of quarter hours.
pub const SLOTS_MAX: u32 = 10_000;

/// Effects of one root that are read.
pub const EFFECTS_MAX: u32 = 10_000;

/// Entries of one root's timeline that are read: the newest, where there are more.
pub const TIMELINE_ENTRIES_MAX: usize = 10_000;

/// Rows that an index names for one page. Where there are more, ids are walked, which meets some of them soon.
const NAMED_ROWS_MAX: usize = 5_000;

/// Rows that are looked at in one statement.
const CHUNK_ROWS_MAX: usize = 2_000;

/// Rows whose documents are read in one statement.
const DOCUMENTS_CHUNK_MAX: usize = 200;

/// A row's id and the `created_at` or `received_at` beside it may differ by so much: the time a
/// command waits, and what the clocks of two machines may differ.
const ID_SLACK_MS: i64 = 5 * 60 * 1000;

/// Where a page begins, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seek<K> {
    /// Items on the page, 1 to [`PAGE_ITEMS_MAX`].
    pub limit: u32,
    /// Only what comes after this in the list: the `next` of the page before. `None`: its beginning.
    pub past: Option<K>,
    /// Which end of time the list begins at.
    pub order: Order,
}

/// Which end of time a list begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// What was made last comes first.
    #[default]
    NewestFirst,
    /// What was made first comes first.
    OldestFirst,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// What was found. May be fewer than were asked for although there are more, and even none.
    pub items: Vec<T>,
    /// Where the next page begins; `None` where there is nothing more.
    pub next: Option<K>,
}

impl<K> Seek<K> {
    /// The first page.
    pub fn first(limit: u32) -> Seek<K> {
        Seek {
            limit,
            past: None,
            order: Order::NewestFirst,
        }
    }

    fn limit(&self) -> usize {
        self.limit.clamp(1, PAGE_ITEMS_MAX) as usize
    }
}

/// How far one page looks.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// Rows in one statement.
    chunk: usize,
    /// Rows in all.
    rows: usize,
}

impl Reach {
    /// Where columns say what matches.
    const ROWS: Reach = Reach {
        chunk: CHUNK_ROWS_MAX,
        rows: ROWS_LOOKED_AT_MAX,
    };

    /// Where documents have to be looked through for a word, and few are taken apart.
    const TEXTS: Reach = Reach {
        chunk: CHUNK_ROWS_MAX,
        rows: ROWS_LOOKED_AT_MAX / 2,
    };

    /// Where documents have to be read for it.
    const DOCUMENTS: Reach = Reach {
        chunk: DOCUMENTS_CHUNK_MAX,
        rows: DOCUMENTS_LOOKED_AT_MAX,
    };
}

/// A row that was looked at.
struct Looked {
    /// Its id.
    id: u128,
    /// It belongs on the page.
    matches: bool,
    /// Bytes that were searched for it.
    bytes: usize,
}

/// Which ids are looked at: those below `below` and not below `from`.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: u128,
    below: u128,
}

impl Stretch {
    /// Everything past a cursor, made after and before some time by their ids.
    fn of(
        (past, order): (Option<u128>, Order),
        after: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Stretch {
        let moved = |time: Timestamp, by: i64| {
            first_id(Timestamp::from_millis(time.as_millis().saturating_add(by)))
        };
        let mut stretch = Stretch {
            from: after.map_or(0, |time| moved(time, -ID_SLACK_MS)),
            below: until.map_or(u128::MAX, |time| moved(time, ID_SLACK_MS)),
        };
        if let Some(past) = past {
            stretch.pass(past, order);
        }
        stretch
    }

    /// What lies past an id.
    fn pass(&mut self, id: u128, order: Order) {
        match order {
            Order::NewestFirst => self.below = self.below.min(id),
            Order::OldestFirst => self.from = self.from.max(id.saturating_add(1)),
        }
    }
}

/// Walks a stretch of ids chunk by chunk until the page is full, the stretch ends or enough was looked at; the
/// ids that belong on the page, and where the next one begins.
///
/// `look` looks at the highest ids of a stretch, at most so many. For a list that begins with the oldest,
/// `nth` finds the id of a stretch that so many lower ones precede, and `look` is given what lies below it.
fn sift(
    (limit, order): (usize, Order),
    mut stretch: Stretch,
    reach: Reach,
    mut nth: impl FnMut(Stretch, usize) -> Result<Option<u128>, Error>,
    mut look: impl FnMut(Stretch, usize) -> Result<Vec<Looked>, Error>,
) -> Result<Page<u128, u128>, Error> {
    let mut items = Vec::new();
    let mut passed = None;
    let mut chunk = (limit + 1).min(reach.chunk);
    let (mut rows, mut bytes) = (0, 0);
    loop {
        let (looked, is_last) = match order {
            Order::NewestFirst => {
                let looked = look(stretch, chunk)?;
                let is_last = looked.len() < chunk;
                (looked, is_last)
            }
            Order::OldestFirst => {
                let end = nth(stretch, chunk)?;
                let below = end.unwrap_or(stretch.below);
                let mut looked = look(Stretch { below, ..stretch }, chunk)?;
                looked.reverse();
                (looked, end.is_none())
            }
        };
        for row in looked {
            if items.len() == limit {
                return Ok(Page {
                    items,
                    next: passed,
                });
            }
            stretch.pass(row.id, order);
            passed = Some(row.id);
            rows += 1;
            bytes += row.bytes;
            if row.matches {
                items.push(row.id);
            }
        }
        if is_last {
            return Ok(Page { items, next: None });
        }
        if items.len() == limit || reach.rows <= rows || BYTES_SEARCHED_MAX <= bytes {
            return Ok(Page {
                items,
                next: passed,
            });
        }
        chunk = (chunk * 4).min(reach.chunk).min(reach.rows - rows);
    }
}

/// The id of a stretch that so many lower ones precede, among those that an index has named.
fn nth_of_these(ids: &BTreeSet<u128>, stretch: Stretch, count: usize) -> Option<u128> {
    if stretch.below <= stretch.from {
        return None;
    }
    ids.range(stretch.from..stretch.below).nth(count).copied()
}

/// The highest ids of a stretch among those, at most so many, from above.
fn highest_of_these(ids: &BTreeSet<u128>, stretch: Stretch, count: usize) -> Vec<u128> {
    if stretch.below <= stretch.from {
        return Vec::new();
    }
    let ids = ids.range(stretch.from..stretch.below).rev().take(count);
    ids.copied().collect()
}

/// The id that so many lower ones of a stretch precede, in a table; `statement` walks its ids upwards.
fn nth_of_table(
    db: &Db,
    statement: &'static str,
    shop: ShopId,
    stretch: Stretch,
    count: usize,
) -> Result<Option<u128>, Error> {
    let (from, below) = (id_bytes(stretch.from), id_bytes(stretch.below));
    let values: &[&dyn Bind] = &[&shop.0, &from, &below, &(count as i64)];
    db.one(statement, values, |row| id_at(row, 0))
}

/// The rows of these ids, in their order and in one round trip; one that is gone is left out. `statement` finds one by
/// its shop and id.
fn rows_of<T>(
    db: &Db,
    statement: &'static str,
    shop: ShopId,
    ids: &[u128],
    read: impl Fn(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys = ids
        .iter()
        .map(|id| vec![lookup::shop(shop), lookup::id(*id)]);
    let mut lookups = LookupBatch::default();
    let asked = lookups.ask(statement, keys.collect());
    let found = db.look_up(lookups)?.firsts(asked, read)?;
    Ok(found.into_iter().flatten().collect())
}

/// Whether a word is one of those that are asked for; none is any.
fn is_asked<W: Word>(asked: &[W], word: &str) -> bool {
    asked.is_empty() || asked.iter().any(|asked| asked.word() == word)
}

/// Whether a text is the one that is asked for, or begins as that does before its `*`.
pub fn is_like(asked: &str, text: &str) -> bool {
    match asked.strip_suffix('*') {
        Some(beginning) => text.starts_with(beginning),
        None => text == asked,
    }
}

/// How rows of a table are looked at: a statement that takes the shop, the first id of a stretch and the one after its
/// last, how many rows, and what else it asks for.
struct Look<'a> {
    statement: Sql,
    shop: ShopId,
    others: Vec<Value<'a>>,
}

impl<'a> Look<'a> {
    fn values(&self, stretch: Stretch, count: usize) -> Vec<Value<'a>> {
        let mut values = vec![
            lookup::shop(self.shop),
            lookup::id(stretch.from),
            lookup::id(stretch.below),
            Value::Integer(count as i64),
        ];
        values.extend(self.others.iter().cloned());
        values
    }

    /// The highest rows of a stretch, at most so many.
    fn at<T>(
        &self,
        db: &Db,
        stretch: Stretch,
        count: usize,
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let values = self.values(stretch, count);
        let values: Vec<&dyn Bind> = values.iter().map(|value| value as &dyn Bind).collect();
        db.all(self.statement, &values, read)
    }

    /// The highest of these ids in a stretch, which an index has named, in one round trip; each with its row, where that
    /// is still there.
    fn at_these<T>(
        &self,
        db: &Db,
        ids: &BTreeSet<u128>,
        stretch: Stretch,
        count: usize,
        read: impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<(u128, Option<T>)>, Error> {
        let ids = highest_of_these(ids, stretch, count);
        let only = |id: u128| Stretch {
            from: id,
            below: id + 1,
        };
        let keys = ids.iter().map(|id| self.values(only(*id), 1));
        let mut lookups = LookupBatch::default();
        let asked = lookups.ask(self.statement, keys.collect());
        let found = db.look_up(lookups)?.firsts(asked, read)?;
        Ok(ids.into_iter().zip(found).collect())
    }

    /// The same of rows of which it is asked whether they belong on the page.
    fn looked_at_these(
        &self,
        db: &Db,
        ids: &BTreeSet<u128>,
        stretch: Stretch,
        count: usize,
        read: impl Fn(&Row<'_>) -> Result<Looked, Error>,
    ) -> Result<Vec<Looked>, Error> {
        let found = self.at_these(db, ids, stretch, count, read)?;
        let gone = |id| Looked {
            id,
            matches: false,
            bytes: 0,
        };
        let looked = found.into_iter();
        Ok(looked
            .map(|(id, row)| row.unwrap_or_else(|| gone(id)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two of twice as many as a page looks at match.
    const RARE: u128 = ROWS_LOOKED_AT_MAX as u128 * 3 / 2;

    /// Ids 0 to `count`, of which every `step`th matches.
    fn pages(count: u128, step: u128, limit: usize, bytes: usize) -> Vec<Page<u128, u128>> {
        pages_in(Order::NewestFirst, count, step, limit, bytes)
    }

    fn pages_in(
        order: Order,
        count: u128,
        step: u128,
        limit: usize,
        bytes: usize,
    ) -> Vec<Page<u128, u128>> {
        let mut pages = Vec::new();
        let mut past = None;
        let nth = |stretch: Stretch, place: usize| {
            Ok((stretch.from..stretch.below.min(count)).nth(place))
        };
        loop {
            let stretch = Stretch::of((past, order), None, None);
            let page = sift(
                (limit, order),
                stretch,
                Reach::ROWS,
                nth,
                |stretch, chunk| {
                    let top = stretch.below.min(count);
                    Ok((stretch.from..top)
                        .rev()
                        .take(chunk)
                        .map(|id| Looked {
                            id,
                            matches: id % step == 0,
                            bytes,
                        })
                        .collect())
                },
            )
            .expect("it reads nothing");
            past = page.next;
            pages.push(page);
            if past.is_none() {
                return pages;
            }
        }
    }

    #[test]
    fn pages_are_full_while_everything_matches_and_the_last_has_no_cursor() {
        let lengths = |count, limit| -> Vec<usize> {
            let pages = pages(count, 1, limit, 0);
            pages.iter().map(|page| page.items.len()).collect()
        };
        assert_eq!(lengths(7, 3), [3, 3, 1]);
        assert_eq!(lengths(6, 3), [3, 3]);
        assert_eq!(lengths(0, 3), [0]);
        assert_eq!(lengths(2500, 1000), [1000, 1000, 500]);
    }

    #[test]
    fn a_rare_filter_ends_its_page_and_goes_on_with_the_next() {
        let count = 2 * ROWS_LOOKED_AT_MAX as u128 + 5;
        let pages = pages(count, RARE, 10, 0);
        let found: Vec<u128> = pages.iter().flat_map(|page| page.items.clone()).collect();
        assert_eq!(found, [RARE, 0]);
        assert_eq!(pages.len(), 3);
    }

    #[test]
    fn a_search_ends_its_page_after_so_many_bytes() {
        let pages = pages(1000, 1000, 10, BYTES_SEARCHED_MAX / 100);
        assert!(2 < pages.len(), "{} pages", pages.len());
        assert_eq!(pages.iter().map(|page| page.items.len()).sum::<usize>(), 1);
    }

    #[test]
    fn no_id_comes_twice_and_none_is_left_out() {
        for (count, step, limit) in [(5000, 7, 50), (100, 1, 1), (4001, 2, 1000)] {
            let pages = pages(count, step, limit, 0);
            let found: Vec<u128> = pages.iter().flat_map(|page| page.items.clone()).collect();
            let mut expected: Vec<u128> = (0..count).rev().filter(|id| id % step == 0).collect();
            assert_eq!(found, expected);
            let pages = pages_in(Order::OldestFirst, count, step, limit, 0);
            let found: Vec<u128> = pages.iter().flat_map(|page| page.items.clone()).collect();
            expected.reverse();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_list_from_the_oldest_on_has_pages_of_the_same_bounds() {
        let lengths = |count, step, limit, bytes| -> Vec<usize> {
            let pages = pages_in(Order::OldestFirst, count, step, limit, bytes);
            pages.iter().map(|page| page.items.len()).collect()
        };
        assert_eq!(lengths(7, 1, 3, 0), [3, 3, 1]);
        assert_eq!(lengths(6, 1, 3, 0), [3, 3]);
        assert_eq!(lengths(0, 1, 3, 0), [0]);
        let rare = 2 * ROWS_LOOKED_AT_MAX as u128 + 5;
        assert_eq!(lengths(rare, RARE, 10, 0), [1, 1, 0]);
        assert!(2 < lengths(1000, 1000, 10, BYTES_SEARCHED_MAX / 100).len());
    }

    #[test]
    fn a_star_at_the_end_stands_for_whatever_follows() {
        for (asked, text, is) in [
            ("order.paid", "order.paid", true),
            ("order.paid", "order.paid.late", false),
            ("order.*", "order.paid", true),
            ("order.*", "orders", false),
            ("*", "", true),
            ("*.paid", "order.paid", false),
        ] {
            assert_eq!(is_like(asked, text), is, "{asked} {text}");
        }
    }

    #[test]
    fn ids_that_an_index_has_named_are_looked_at_from_above() {
        let ids = BTreeSet::from([3, 5, 8, 13]);
        let stretch = Stretch { from: 0, below: 13 };
        assert_eq!(nth_of_these(&ids, stretch, 1), Some(5));
        assert_eq!(nth_of_these(&ids, stretch, 3), None);
        assert_eq!(highest_of_these(&ids, stretch, 2), [8, 5]);
        let none = Stretch { from: 9, below: 9 };
        assert_eq!(highest_of_these(&ids, none, 2), [0; 0]);
    }
}
