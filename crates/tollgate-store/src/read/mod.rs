//! Pages: what the API and the dashboard read, beside the writer.
//!
//! Lists are keyset pages, newest first, by id: an id carries its time, so bounds in time are bounds
//! of ids and need no index of their own. A filter without an index walks the ids, but not further
//! than [`ROWS_LOOKED_AT_MAX`] rows a page (I9): then the page ends where it is, with what it has
//! found, and its cursor goes on from there. So a rare filter costs many short pages and never one
//! long read.

pub(crate) mod readers;
mod capacity;
mod counts;
mod deliveries;
mod effects;
mod endpoints;
mod events;
mod keys;
mod open;
mod orders;
mod receipts;
mod timeline;

pub use counts::Counts;
pub use deliveries::{DeliveryFilter, KeptDelivery};
pub use effects::{EffectFilter, EffectLine};
pub use events::EventFilter;
pub use open::{OpenPayment, OpenPayments};
pub use orders::{OrderFilter, PaymentFilter};
pub use receipts::ReceiptRow;
pub use timeline::{FeedEntry, TimelineEntry};

use tollgate_core::id::first_id;
use tollgate_core::time::Timestamp;

use crate::db::Error;

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

/// Keys that are listed.
pub const KEYS_MAX: u32 = 1_000;

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
    /// Only what is older than this: the `next` of the page before. `None`: the newest.
    pub before: Option<K>,
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
            before: None,
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
    /// Everything before a cursor, made after and before some time by their ids.
    fn of(before: Option<u128>, after: Option<Timestamp>, until: Option<Timestamp>) -> Stretch {
        let moved = |time: Timestamp, by: i64| {
            first_id(Timestamp::from_millis(time.as_millis().saturating_add(by)))
        };
        let from = after.map_or(0, |time| moved(time, -ID_SLACK_MS));
        let until = until.map_or(u128::MAX, |time| moved(time, ID_SLACK_MS));
        Stretch {
            from,
            below: before.unwrap_or(u128::MAX).min(until),
        }
    }
}

/// Walks a stretch of ids downwards, chunk by chunk, until the page is full, the stretch ends or
/// enough was looked at; the ids that belong on the page, and where the next one begins.
///
/// `look` looks at the highest ids of a stretch, at most so many.
fn sift(
    limit: usize,
    mut stretch: Stretch,
    chunk_max: usize,
    mut look: impl FnMut(Stretch, usize) -> Result<Vec<Looked>, Error>,
) -> Result<Page<u128, u128>, Error> {
    let mut items = Vec::new();
    let mut chunk = (limit + 1).min(chunk_max);
    let (mut rows, mut bytes) = (0, 0);
    loop {
        let looked = look(stretch, chunk)?;
        let is_last = looked.len() < chunk;
        for row in looked {
            if items.len() == limit {
                return Ok(Page {
                    items,
                    next: Some(stretch.below),
                });
            }
            stretch.below = row.id;
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
                next: Some(stretch.below),
            });
        }
        chunk = (chunk * 4).min(chunk_max).min(ROWS_LOOKED_AT_MAX - rows);
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
        let mut pages = Vec::new();
        let mut before = None;
        loop {
            let stretch = Stretch::of(before, None, None);
            let page = sift(limit, stretch, CHUNK_ROWS_MAX, |stretch, chunk| {
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
            })
            .expect("it reads nothing");
            before = page.next;
            pages.push(page);
            if before.is_none() {
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
            let expected: Vec<u128> = (0..count).rev().filter(|id| id % step == 0).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn ids_that_an_index_has_named_are_looked_at_from_above() {
        let ids = BTreeSet::from([3, 5, 8, 13]);
        let stretch = Stretch { from: 0, below: 13 };
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
