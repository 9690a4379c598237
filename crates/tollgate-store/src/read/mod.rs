//! Pages: what the API and the dashboard read, beside the writer.
//!
//! Lists are keyset pages by id, newest or oldest first: an id carries its time, so bounds in time are bounds
//! of ids and need no index of their own. Receipts are listed by when they were issued, which no id
//! carries. A filter without an index walks the ids, but not further
//! than [`ROWS_LOOKED_AT_MAX`] rows a page (I9): then the page ends where it is, with what it has
//! found, and its cursor goes on from there. So a rare filter costs many short pages and never one
//! long read.

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

use tollgate_core::id::{ShopId, first_id};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::{Db, Error, id_at, id_bytes};

/// Items on a page, whatever is asked for.
pub const PAGE_ITEMS_MAX: u32 = 1_000;

/// Rows that one page looks at to find its items.
pub const ROWS_LOOKED_AT_MAX: usize = 20_000;

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

/// Rows that are looked at in one statement.
const CHUNK_ROWS_MAX: usize = 2_000;

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
    chunk_max: usize,
    mut nth: impl FnMut(Stretch, usize) -> Result<Option<u128>, Error>,
    mut look: impl FnMut(Stretch, usize) -> Result<Vec<Looked>, Error>,
) -> Result<Page<u128, u128>, Error> {
    let mut items = Vec::new();
    let mut passed = None;
    let mut chunk = (limit + 1).min(chunk_max);
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
        if items.len() == limit || ROWS_LOOKED_AT_MAX <= rows || BYTES_SEARCHED_MAX <= bytes {
            return Ok(Page {
                items,
                next: passed,
            });
        }
        chunk = (chunk * 4).min(chunk_max).min(ROWS_LOOKED_AT_MAX - rows);
    }
}

/// The id of a stretch that so many lower ones precede, among those that an index has named.
fn nth_of_these(
    ids: &std::collections::BTreeSet<u128>,
    stretch: Stretch,
    count: usize,
) -> Option<u128> {
    if stretch.below <= stretch.from {
        return None;
    }
    ids.range(stretch.from..stretch.below).nth(count).copied()
}

/// The same in a table; `statement` walks its ids upwards.
fn nth_of_table(
    db: &Db,
    statement: &'static str,
    shop: ShopId,
    stretch: Stretch,
    count: usize,
) -> Result<Option<u128>, Error> {
    let (from, below) = (id_bytes(stretch.from), id_bytes(stretch.below));
    let values: &[&dyn crate::db::Bind] = &[&shop.0, &from, &below, &(count as i64)];
    db.one(statement, values, |row| id_at(row, 0))
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

/// Looks at single ids of a stretch, the highest first, where an index has named them.
fn look_at_these(
    ids: &std::collections::BTreeSet<u128>,
    stretch: Stretch,
    chunk: usize,
    mut look: impl FnMut(Stretch, usize) -> Result<Vec<Looked>, Error>,
) -> Result<Vec<Looked>, Error> {
    let mut looked = Vec::new();
    if stretch.below <= stretch.from {
        return Ok(looked);
    }
    for id in ids.range(stretch.from..stretch.below).rev().take(chunk) {
        let only = Stretch {
            from: *id,
            below: *id + 1,
        };
        let gone = Looked {
            id: *id,
            matches: false,
            bytes: 0,
        };
        looked.push(look(only, 1)?.pop().unwrap_or(gone));
    }
    Ok(looked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

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
                CHUNK_ROWS_MAX,
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
        let pages = pages(count, 30_000, 10, 0);
        let found: Vec<u128> = pages.iter().flat_map(|page| page.items.clone()).collect();
        assert_eq!(found, [30_000, 0]);
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
        assert_eq!(lengths(rare, 30_000, 10, 0), [1, 1, 0]);
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
        let looked = look_at_these(&ids, stretch, 2, |only, _| {
            Ok(vec![Looked {
                id: only.from,
                matches: true,
                bytes: 0,
            }])
        })
        .expect("it reads nothing");
        let seen: Vec<u128> = looked.iter().map(|looked| looked.id).collect();
        assert_eq!(seen, [8, 5]);
    }
}
