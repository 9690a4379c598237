//! Search: what a person types into one field, found by indexes alone (docs/adr/0018).
//!
//! First comes what is called exactly so, then what begins so, a *walk* for each index: codes, receipt numbers,
//! names at sources, and last the customers. Within a walk of codes, numbers and names the highest comes first,
//! which is the newest where they count up.

mod customers;
mod exact;

use std::collections::BTreeSet;

use tollgate_core::id::{EventId, OrderId, PaymentId, ReceiptId, RootId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::payment::Payment;

use super::Page;
use super::orders::root;
use crate::Store;
use crate::db::{Db, Error, id_at, id_bytes, maybe_id_at};
use crate::error::ReadError;
use crate::tables::search_terms::{cut, digits, fold, id_term, words};

use customers::Needs;

/// Hits on a page, whatever is asked for.
pub const SEARCH_HITS_MAX: u32 = 50;

/// Words that a search goes by; the rest of what was typed is not looked at.
const NEEDS_MAX: usize = 8;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchQuery {
    /// What was typed, in its one spelling.
    pub text: String,
    /// The sources that the shop has now.
    pub sources: Vec<String>,
    /// Hits on the page, 1 to [`SEARCH_HITS_MAX`].
    pub limit: u32,
}

/// What a search may find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// An order by its id or code.
    Order(OrderId),
    /// A payment by its id or a name of it.
    Payment(PaymentId),
    /// An event by its id, its key, or the name at which it waits.
    Event(EventId),
    /// A receipt by its id or number.
    Receipt(ReceiptId),
    /// A customer: who is meant is said by an order of theirs.
    Customer(OrderId),
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// What it is.
    pub found: Found,
    /// What a person knows it by.
    pub title: String,
    /// The member that matched.
    pub matched: &'static str,
    /// The order it belongs to.
    pub order: Option<OrderId>,
}

/// Where a search goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchPlace {
    /// Which walk.
    pub walk: u32,
    /// How it is walked, where that is decided at its beginning.
    pub way: u32,
    /// The text of the last row.
    pub text: String,
    /// The id of the last row.
    pub id: u128,
}

/// Something to be walked through.
enum Walk {
    Exact,
    Codes(String),
    Numbers(String),
    Names(String, String),
    Ids(String),
    Customers(Needs),
}

/// What a part of a walk has come to.
#[derive(Default)]
struct Walked {
    hits: Vec<Hit>,
    /// Where the walk goes on; `None` at its end.
    next: Option<SearchPlace>,
}

/// A search under way.
struct Search<'a> {
    db: &'a Db,
    shop: ShopId,
    /// As it may be written in what is compared letter by letter: as it was typed, in capitals, in small letters,
    /// and in these with a capital at the beginning.
    spelled: Vec<String>,
    sources: Vec<String>,
    /// What is called exactly so, and comes in no later walk.
    exact: Vec<Hit>,
}

impl Store {
    /// What a text finds: what is called so, what begins so, and customers of whose name, address and number each
    /// of its words begins one.
    pub async fn search(
        &self,
        shop: ShopId,
        query: SearchQuery,
        past: Option<SearchPlace>,
    ) -> Result<Page<Hit, SearchPlace>, ReadError> {
        self.read(move |db| db.at_once(|db| search(db, shop, &query, past.clone())))
            .await
    }
}

fn search(
    db: &Db,
    shop: ShopId,
    query: &SearchQuery,
    past: Option<SearchPlace>,
) -> Result<Page<Hit, SearchPlace>, Error> {
    let text = query.text.trim();
    let none = Page {
        items: Vec::new(),
        next: None,
    };
    if text.is_empty() || text.contains('\0') {
        return Ok(none);
    }
    let mut search = Search {
        db,
        shop,
        spelled: spelled(text),
        sources: sources(db, shop, &query.sources)?,
        exact: Vec::new(),
    };
    search.exact = exact::look_up(&search, text)?;
    let limit = query.limit.clamp(1, SEARCH_HITS_MAX) as usize;
    let walks = search.walks(text);
    let mut hits: Vec<Hit> = Vec::new();
    let mut past = past.unwrap_or_default();
    for (number, walk) in walks.iter().enumerate().skip(past.walk as usize) {
        let walk_number = u32::try_from(number).unwrap_or(u32::MAX);
        if hits.len() == limit {
            past = SearchPlace {
                walk: walk_number,
                ..SearchPlace::default()
            };
            return Ok(Page {
                items: hits,
                next: Some(past),
            });
        }
        let within = std::mem::take(&mut past);
        let within = (within.walk == walk_number && within.is_begun()).then_some(within);
        let walked = search.walk(walk, within, limit - hits.len())?;
        hits.extend(walked.hits);
        if let Some(next) = walked.next {
            return Ok(Page {
                items: hits,
                next: Some(SearchPlace {
                    walk: walk_number,
                    ..next
                }),
            });
        }
    }
    Ok(Page {
        items: hits,
        next: None,
    })
}

impl SearchPlace {
    fn is_begun(&self) -> bool {
        !self.text.is_empty() || self.id != 0 || self.way != 0
    }
}

/// The spellings of a text in which a code or a name may have been made.
fn spelled(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    let (capitals, small) = (text.to_uppercase(), text.to_lowercase());
    let mut letters = small.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let begun = first + letters.as_str();
    for other in [capitals, small, begun] {
        if !all.contains(&other) {
            all.push(other);
        }
    }
    all
}

/// `names.next_source`: one step along the primary key, from source to source.
const NEXT_SOURCE: &str = "\
    select source
      from names
     where shop_id = ?1 and ?2 < source
     order by source
     limit 1";

/// The sources of the configuration, and those that have left something.
fn sources(db: &Db, shop: ShopId, configured: &[String]) -> Result<Vec<String>, Error> {
    let mut all: BTreeSet<String> = configured.iter().cloned().collect();
    let mut source = String::new();
    while let Some(next) = db.one(NEXT_SOURCE, &[&shop.0, &source], |row| row.get(0))? {
        source = next;
        all.insert(source.clone());
    }
    Ok(all.into_iter().collect())
}

/// The first text that does not begin so, as both databases compare texts.
fn after_all_of(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

impl Search<'_> {
    fn walks(&self, text: &str) -> Vec<Walk> {
        let mut walks = vec![Walk::Exact];
        walks.extend(self.spelled.iter().cloned().map(Walk::Codes));
        walks.extend(self.spelled.iter().cloned().map(Walk::Numbers));
        for source in &self.sources {
            for spelled in &self.spelled {
                walks.push(Walk::Names(source.clone(), spelled.clone()));
            }
        }
        walks.push(Walk::Ids(id_term(text)));
        walks.extend(needs(text).into_iter().map(Walk::Customers));
        walks
    }

    fn walk(&self, walk: &Walk, past: Option<SearchPlace>, room: usize) -> Result<Walked, Error> {
        match walk {
            Walk::Exact => Ok(self.exact_from(past, room)),
            Walk::Codes(prefix) => self.codes(prefix, past, room),
            Walk::Numbers(prefix) => self.numbers(prefix, past, room),
            Walk::Names(source, prefix) => self.names(source, prefix, past, room),
            Walk::Ids(prefix) => self.ids(prefix, past, room),
            Walk::Customers(needs) => customers::walk(self, needs, past, room),
        }
    }

    fn exact_from(&self, past: Option<SearchPlace>, room: usize) -> Walked {
        let from = past.map_or(0, |past| usize::try_from(past.id).unwrap_or(usize::MAX));
        let hits: Vec<Hit> = self.exact.iter().skip(from).take(room).cloned().collect();
        let reached = from.saturating_add(hits.len());
        let next = (reached < self.exact.len()).then(|| SearchPlace {
            id: reached as u128,
            ..SearchPlace::default()
        });
        Walked { hits, next }
    }

    fn is_exact(&self, found: Found) -> bool {
        self.exact.iter().any(|hit| hit.found == found)
    }

    /// The rows of an index that begin so, downwards, until there are enough hits: `read` reads some below a
    /// text and an id, `make` makes a hit of one.
    fn downwards<T>(
        &self,
        (prefix, past): (&str, Option<SearchPlace>),
        room: usize,
        read: impl Fn(&str, u128, usize) -> Result<Vec<(String, u128, T)>, Error>,
        make: impl Fn(&str, T) -> Result<Option<Hit>, Error>,
    ) -> Result<Walked, Error> {
        let (mut below, mut id) = match past {
            Some(past) => (past.text, past.id),
            None => (after_all_of(prefix), 0),
        };
        let mut walked = Walked::default();
        let rows = read(&below, id, room + 1)?;
        let is_last = rows.len() <= room;
        for (text, at, row) in rows.into_iter().take(room) {
            let hit = make(&text, row)?;
            walked.hits.extend(hit);
            (below, id) = (text, at);
        }
        walked.next = (!is_last).then_some(SearchPlace {
            text: below,
            id,
            ..SearchPlace::default()
        });
        Ok(walked)
    }
}

/// `codes.beginning`: walks the primary key downwards.
const CODES: &str = "\
    select code, order_id
      from codes
     where shop_id = ?1 and ?2 <= code and code < ?3
     order by code desc
     limit ?4";

/// `receipts.beginning`: walks `receipts_text` downwards.
const NUMBERS: &str = "\
    select number, id
      from receipts
     where shop_id = ?1 and ?2 <= number and (number, id) < (?3, ?4)
     order by number desc, id desc
     limit ?5";

/// `names.beginning`: walks the primary key downwards, within a source.
const NAMES: &str = "\
    select name, payment
      from names
     where shop_id = ?1 and source = ?2 and ?3 <= name and name < ?4
     order by name desc
     limit ?5";

/// `search_terms.beginning`: walks the primary key downwards.
const IDS: &str = "\
    select term, root
      from search_terms
     where shop_id = ?1 and ?2 <= term and (term, root) < (?3, ?4)
     order by term desc, root desc
     limit ?5";

impl Search<'_> {
    fn codes(&self, prefix: &str, past: Option<SearchPlace>, room: usize) -> Result<Walked, Error> {
        let read = |below: &str, _, count: usize| {
            let count = count as i64;
            self.db
                .all(CODES, &[&self.shop.0, &prefix, &below, &count], |row| {
                    Ok((row.get(0)?, 0, maybe_id_at(row, 1)?))
                })
        };
        self.downwards((prefix, past), room, read, |_, order| {
            let Some(order) = order else { return Ok(None) };
            let found = Found::Order(OrderId::from_u128(order));
            match self.is_exact(found) {
                true => Ok(None),
                false => self.order(OrderId::from_u128(order), "code"),
            }
        })
    }

    fn numbers(
        &self,
        prefix: &str,
        past: Option<SearchPlace>,
        room: usize,
    ) -> Result<Walked, Error> {
        let read = |below: &str, id: u128, count: usize| {
            let (id, count) = (id_bytes(id), count as i64);
            let values: &[&dyn crate::db::Bind] = &[&self.shop.0, &prefix, &below, &id, &count];
            self.db.all(NUMBERS, values, |row| {
                let id = id_at(row, 1)?;
                Ok((row.get(0)?, id, id))
            })
        };
        self.downwards((prefix, past), room, read, |number, id| {
            let id = ReceiptId::from_u128(id);
            match self.is_exact(Found::Receipt(id)) {
                true => Ok(None),
                false => self.receipt(id, number, "number").map(Some),
            }
        })
    }

    fn names(
        &self,
        source: &str,
        prefix: &str,
        past: Option<SearchPlace>,
        room: usize,
    ) -> Result<Walked, Error> {
        let read = |below: &str, _, count: usize| {
            let count = count as i64;
            let values: &[&dyn crate::db::Bind] = &[&self.shop.0, &source, &prefix, &below, &count];
            self.db.all(NAMES, values, |row| {
                Ok((row.get(0)?, 0, maybe_id_at(row, 1)?))
            })
        };
        self.downwards((prefix, past), room, read, |name, payment| {
            let Some(payment) = payment.map(PaymentId::from_u128) else {
                return Ok(None);
            };
            match self.is_exact(Found::Payment(payment)) {
                true => Ok(None),
                false => self.payment(payment, name, Some(prefix)),
            }
        })
    }

    /// Payments by the ids of their providers, but those that are found by their references already.
    fn ids(&self, prefix: &str, past: Option<SearchPlace>, room: usize) -> Result<Walked, Error> {
        let prefix = cut(prefix);
        let read = |below: &str, id: u128, count: usize| {
            let (id, count) = (id_bytes(id), count as i64);
            let values: &[&dyn crate::db::Bind] = &[&self.shop.0, &prefix, &below, &id, &count];
            self.db.all(IDS, values, |row| {
                let id = id_at(row, 1)?;
                Ok((row.get(0)?, id, id))
            })
        };
        self.downwards((prefix, past), room, read, |term, id| {
            let root = root(self.db, self.shop, RootId::new(id))?;
            let Some(root) = &root else { return Ok(None) };
            let has_id = |payment: &&Payment| {
                let own = payment.provider_payment_id.as_deref();
                own.is_some_and(|own| cut(&id_term(own)) == term)
            };
            let found = root.payments.iter().find(has_id).filter(|payment| {
                let named = |spelled: &String| payment.reference.starts_with(spelled.as_str());
                !self.is_exact(Found::Payment(payment.id)) && !self.spelled.iter().any(named)
            });
            Ok(found.map(|payment| self.payment_hit(root, payment, "provider_payment_id")))
        })
    }

    /// The hit of an order; `None` for one that is gone.
    fn order(&self, id: OrderId, matched: &'static str) -> Result<Option<Hit>, Error> {
        let root = root(self.db, self.shop, id.root())?;
        let Some((order, root)) = root
            .as_ref()
            .and_then(|root| Some((root.order.as_ref()?, root)))
        else {
            return Ok(None);
        };
        let customer = order.customer.name.as_deref();
        Ok(Some(Hit {
            found: Found::Order(id),
            title: titled(&[Some(&order.code), customer]),
            matched,
            order: root.order_id(),
        }))
    }

    /// The hit of a payment that has this name. Among what begins so a payment is found once: by its reference,
    /// else by the id of its provider, which has a walk of its own, else by another name.
    fn payment(
        &self,
        id: PaymentId,
        name: &str,
        prefix: Option<&str>,
    ) -> Result<Option<Hit>, Error> {
        let root = root(self.db, self.shop, id.root())?;
        let Some((payment, root)) = root
            .as_ref()
            .and_then(|root| Some((root.payment(id)?, root)))
        else {
            return Ok(None);
        };
        if let Some(prefix) = prefix {
            let own = payment.provider_payment_id.as_deref();
            let mut better = std::iter::once(payment.reference.as_str()).chain(own);
            if payment.reference != name && better.any(|better| better.starts_with(prefix)) {
                return Ok(None);
            }
        }
        let matched = match name {
            name if payment.reference == name => "reference",
            name if payment.provider_payment_id.as_deref() == Some(name) => "provider_payment_id",
            _ => "name",
        };
        Ok(Some(self.payment_hit(root, payment, matched)))
    }

    fn payment_hit(&self, root: &Root, payment: &Payment, matched: &'static str) -> Hit {
        let code = root.order.as_ref().map(|order| order.code.as_str());
        Hit {
            found: Found::Payment(payment.id),
            title: titled(&[Some(&payment.source), Some(&payment.reference), code]),
            matched,
            order: root.order_id(),
        }
    }

    fn receipt(&self, id: ReceiptId, number: &str, matched: &'static str) -> Result<Hit, Error> {
        let root = root(self.db, self.shop, id.root())?;
        let order = root.as_ref().and_then(|root| root.order.as_ref());
        let code = order.map(|order| order.code.as_str());
        Ok(Hit {
            found: Found::Receipt(id),
            title: titled(&[Some(number), code]),
            matched,
            order: root.as_ref().and_then(Root::order_id),
        })
    }
}

/// What is known of something, in one line.
fn titled(parts: &[Option<&str>]) -> String {
    let parts: Vec<&str> = parts.iter().flatten().copied().collect();
    parts.join(" \u{b7} ")
}

/// What customers are searched for: each is a search of its own.
fn needs(text: &str) -> Vec<Needs> {
    let number = digits(text);
    if !number.is_empty() {
        return vec![Needs(vec![number])];
    }
    let mut needs = Vec::new();
    for typed in text.split_whitespace() {
        let number = digits(typed);
        let of_one = match (typed.contains('@'), number.is_empty()) {
            (true, _) => vec![fold(typed)],
            (false, false) => vec![number],
            (false, true) => words(typed),
        };
        for need in of_one {
            if !need.is_empty() && !needs.contains(&need) {
                needs.push(need);
            }
        }
    }
    needs.truncate(NEEDS_MAX);
    let mut all = Vec::new();
    // `budi.s` may be the beginning of a mail address as well as two words.
    let whole = fold(text);
    if !whole.contains([' ', '@']) && needs != [whole.clone()] && !whole.is_empty() {
        all.push(Needs(vec![whole]));
    }
    if !needs.is_empty() {
        all.push(Needs(needs));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_words_addresses_and_numbers() {
        let of = |text: &str| -> Vec<Vec<String>> {
            needs(text).into_iter().map(|needs| needs.0).collect()
        };
        for (text, expected) in [
            ("Budi SANT", vec![vec!["budi", "sant"]]),
            ("Dewi@Example.c", vec![vec!["dewi@example.c"]]),
            ("+62 812 345", vec![vec!["62812345"]]),
            ("budi 0812-3456", vec![vec!["budi", "08123456"]]),
            ("budi.s", vec![vec!["budi.s"], vec!["budi", "s"]]),
            ("%", vec![vec!["%"]]),
            ("a a", vec![vec!["a"]]),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        assert_eq!(of("a b c d e f g h i j")[0].len(), NEEDS_MAX);
    }
}
