//! Orders, payments and what else is a root.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tollgate_core::id::{ORDINAL_MAX, PaymentId, RootId, ShopId};
use tollgate_core::order::{OrderStatus, Root};
use tollgate_core::payment::PaymentStatus;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use super::attention::{ids_with_attention, nth_with_attention};
use super::{
    Look, Looked, NAMED_ROWS_MAX, Order, Page, Reach, Seek, Stretch, is_asked, nth_of_table,
    nth_of_these, rows_of, sift,
};
use crate::Store;
use crate::db::Corrupt;
use crate::db::{Db, Error, Row, Sql, Value, corrupt, id_at, id_bytes, maybe_id_at, two};
use crate::error::ReadError;
use crate::tables::document::word;
use crate::tables::roots;

/// Which orders; what is not said is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderFilter {
    /// In one of these; empty is any.
    pub status: Vec<OrderStatus>,
    /// With this code.
    pub code: Option<String>,
    /// With a payment that some source knows by this name.
    pub reference: Option<String>,
    /// Whose customer's name has this in it, or whose mail address or telephone number this is, in any case:
    /// of an address or a number a part is another person's.
    pub customer: Option<String>,
    /// That has one of these in its code, in a reference of its payments, or in name, address or number of its
    /// customer, in any case; empty is any.
    pub search: Vec<String>,
    /// A person must look at it, or need not.
    pub attention: Option<bool>,
    /// Made at this time or later.
    pub created_after: Option<Timestamp>,
    /// Made before this time.
    pub created_before: Option<Timestamp>,
}

/// Which payments; what is not said is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentFilter {
    /// That some source knows by this name.
    pub reference: Option<String>,
    /// In one of these; empty is any.
    pub status: Vec<PaymentStatus>,
    /// A person must look at it or at its order, or need not.
    pub attention: Option<bool>,
}

impl Store {
    /// An order, a payment without an order, or a cart's hold.
    pub async fn root(&self, shop: ShopId, id: RootId) -> Result<Option<Root>, ReadError> {
        self.read(move |db| root(db, shop, id)).await
    }

    /// The order with this code.
    pub async fn root_by_code(&self, shop: ShopId, code: &str) -> Result<Option<Root>, ReadError> {
        let code = code.to_owned();
        self.read(move |db| match order_of_code(db, shop, &code)? {
            Some(id) => root(db, shop, RootId::new(id)),
            None => Ok(None),
        })
        .await
    }

    /// Orders. Code, reference and open attention are found by index, and so is what waits for money while there is not
    /// too much of it; the rest is looked for.
    pub async fn orders(
        &self,
        shop: ShopId,
        filter: OrderFilter,
        seek: Seek<RootId>,
    ) -> Result<Page<Root, RootId>, ReadError> {
        self.read(move |db| db.at_once(|db| orders(db, shop, &filter, seek)))
            .await
    }

    /// Payments with the roots they hang on: in the order of their roots, and on a root of their own.
    /// A reference and open attention are found by index; a status is looked for.
    pub async fn payments(
        &self,
        shop: ShopId,
        filter: PaymentFilter,
        seek: Seek<PaymentId>,
    ) -> Result<Page<(PaymentId, Arc<Root>), PaymentId>, ReadError> {
        self.read(move |db| db.at_once(|db| payments(db, shop, &filter, seek)))
            .await
    }
}

pub(super) fn root(db: &Db, shop: ShopId, id: RootId) -> Result<Option<Root>, Error> {
    db.one(roots::GET, &[&shop.0, &id_bytes(id.as_u128())], roots::read)
}

/// `codes.order`: by primary key.
const ORDER_OF_CODE: &str = "select order_id from codes where shop_id = ?1 and code = ?2";

pub(super) fn order_of_code(db: &Db, shop: ShopId, code: &str) -> Result<Option<u128>, Error> {
    let order = db.one(ORDER_OF_CODE, &[&shop.0, &code], |row| maybe_id_at(row, 0))?;
    Ok(order.flatten())
}

/// `names.next_source`: one step along the primary key, from source to source.
const NEXT_SOURCE: &str = "\
    select source
      from names
     where shop_id = ?1 and ?2 < source
     order by source
     limit 1";

/// `names.leads_to`: by primary key.
const LEADS_TO: &str = "\
    select payment, parked
      from names
     where shop_id = ?1 and source = ?2 and name = ?3";

/// What stands at a name, at whichever source: the payments it leads to, and who waits there.
#[derive(Default)]
pub(super) struct Mentions {
    pub(super) payments: BTreeSet<u128>,
    pub(super) parked: BTreeSet<u128>,
}

/// Looks the name up at every source, of which a shop has a handful.
pub(super) fn mentions(db: &Db, shop: ShopId, name: &str) -> Result<Mentions, Error> {
    let mut found = Mentions::default();
    let mut source = String::new();
    while let Some(next) = db.one(NEXT_SOURCE, &[&shop.0, &source], |row| row.get(0))? {
        source = next;
        let row = db.one(LEADS_TO, &[&shop.0, &source, &name], |row| {
            Ok((maybe_id_at(row, 0)?, row.get::<Vec<u8>>(1)?))
        })?;
        let Some((payment, parked)) = row else {
            continue;
        };
        found.payments.extend(payment);
        let parked = parked
            .chunks_exact(16)
            .map(|chunk| u128::from_be_bytes(chunk.try_into().expect("a chunk has sixteen bytes")));
        found.parked.extend(parked);
    }
    Ok(found)
}

fn roots_of(payments: &BTreeSet<u128>) -> BTreeSet<u128> {
    payments
        .iter()
        .map(|payment| RootId::new(*payment).as_u128())
        .collect()
}

/// `roots.nth`: walks `roots_id` upwards.
pub(super) const NTH_ROOT: &str = "\
    select id
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id
     limit 1 offset ?4";

/// `roots.look`: walks `roots_id` downwards, a chunk of it. The customer and what else is searched only where
/// they are asked for.
const LOOK_AT_ORDERS: Sql = two(
    "select id, kind, status, attention, created_at,
           case when ?5 = 1 then doc -> '$.order.customer' end,
           case when ?6 = 1 then code end,
           case when ?6 = 1 and kind = 'order'
                then (select group_concat(value ->> '$.reference', char(10))
                        from json_each(doc, '$.payments'))
            end,
           case when ?5 = 1 then length(doc) else 0 end
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id desc
     limit ?4",
    "select id, kind, status, attention, created_at,
           case when ?5 = 1 then cast(cast(doc as json) #> '{order,customer}' as text) end,
           case when ?6 = 1 then code end,
           case when ?6 = 1 and kind = 'order'
                then (select string_agg(value ->> 'reference', chr(10))
                        from json_array_elements(cast(doc as json) -> 'payments'))
            end,
           case when ?5 = 1 then cast(length(doc) as bigint) else 0 end
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id desc
     limit ?4",
);

fn orders(
    db: &Db,
    shop: ShopId,
    filter: &OrderFilter,
    seek: Seek<RootId>,
) -> Result<Page<Root, RootId>, Error> {
    let is_open = filter.attention == Some(true);
    let named = match named_orders(db, shop, filter)? {
        None if !is_open => due_orders(db, shop, filter)?,
        named => named,
    };
    let wanted = OrderMatch {
        filter,
        statuses: filter.status.iter().map(|status| status.word()).collect(),
        customer: filter.customer.as_ref().map(|text| text.to_lowercase()),
        search: filter
            .search
            .iter()
            .map(|text| text.to_lowercase())
            .collect(),
    };
    let look = Look {
        statement: LOOK_AT_ORDERS,
        shop,
        others: vec![
            Value::Integer(i64::from(wanted.reads_documents())),
            Value::Integer(i64::from(!wanted.search.is_empty())),
        ],
    };
    let looked = |row: &Row<'_>| wanted.looked(row);
    let stretch = Stretch::of(
        (seek.past.map(RootId::as_u128), seek.order),
        filter.created_after,
        filter.created_before,
    );
    let page = sift(
        (seek.limit(), seek.order),
        stretch,
        match wanted.reads_documents() {
            true => Reach::DOCUMENTS,
            false => Reach::ROWS,
        },
        |stretch, count| match &named {
            Some(ids) => Ok(nth_of_these(ids, stretch, count)),
            None if is_open => nth_with_attention(db, shop, stretch, count),
            None => nth_of_table(db, NTH_ROOT, shop, stretch, count),
        },
        |stretch, chunk| match &named {
            Some(ids) => look.looked_at_these(db, ids, stretch, chunk, looked),
            None if is_open => {
                let ids = ids_with_attention(db, shop, stretch, chunk)?;
                look.looked_at_these(db, &ids, stretch, chunk, looked)
            }
            None => look.at(db, stretch, chunk, looked),
        },
    )?;
    Ok(Page {
        items: rows_of(db, roots::GET, shop, &page.items, roots::read)?,
        next: page.next.map(RootId::new),
    })
}

/// `roots.look_at_due`: along `roots_due`.
const LOOK_AT_DUE: Sql = two(
    "select id, status
      from roots indexed by roots_due
     where shop_id = ?1 and due_at is not null
     limit ?2",
    "select id, status
      from roots
     where shop_id = ?1 and due_at is not null
     order by due_at
     limit ?2",
);

/// The orders that are asked for, where they are such as wait until a time: each has a hold that ends, or a last word to
/// come. `None` where others are asked for, or very many are due: then a walk meets some soon.
fn due_orders(
    db: &Db,
    shop: ShopId,
    filter: &OrderFilter,
) -> Result<Option<BTreeSet<u128>>, Error> {
    let mut wanted = filter.status.iter().copied();
    if filter.status.is_empty() || !wanted.all(OrderStatus::waits_for_money) {
        return Ok(None);
    }
    let most = NAMED_ROWS_MAX as i64 + 1;
    let due = db.all(LOOK_AT_DUE, &[&shop.0, &most], |row| {
        Ok((id_at(row, 0)?, is_asked(&filter.status, row.text(1)?)))
    })?;
    let named = || due.iter().filter(|(_, is)| *is).map(|(id, _)| *id);
    Ok((due.len() <= NAMED_ROWS_MAX).then(|| named().collect()))
}

/// The ids that code and reference lead to; `None` where neither is asked for.
fn named_orders(
    db: &Db,
    shop: ShopId,
    filter: &OrderFilter,
) -> Result<Option<BTreeSet<u128>>, Error> {
    let by_code = match &filter.code {
        Some(code) => Some(order_of_code(db, shop, code)?.into_iter().collect()),
        None => None,
    };
    let by_reference = match &filter.reference {
        Some(name) => Some(roots_of(&mentions(db, shop, name)?.payments)),
        None => None,
    };
    Ok([by_code, by_reference]
        .into_iter()
        .flatten()
        .reduce(|one, other| &one & &other))
}

/// A filter made ready for looking at rows.
struct OrderMatch<'a> {
    filter: &'a OrderFilter,
    statuses: Vec<&'static str>,
    /// In lower case.
    customer: Option<String>,
    /// In lower case.
    search: Vec<String>,
}

impl OrderMatch<'_> {
    /// Rows alone do not say whether they match.
    fn reads_documents(&self) -> bool {
        self.customer.is_some() || !self.search.is_empty()
    }

    /// Of a row of `roots.look`, whether it is asked for.
    fn looked(&self, row: &Row<'_>) -> Result<Looked, Error> {
        let filter = self.filter;
        let attention: i64 = row.get(3)?;
        let created_at = Timestamp::from_millis(row.get(4)?);
        let status = row.text(2)?;
        let matches = row.text(1)? == "order"
            && (self.statuses.is_empty() || self.statuses.contains(&status))
            && filter.attention.is_none_or(|open| open == (0 < attention))
            && filter.created_after.is_none_or(|after| after <= created_at)
            && filter
                .created_before
                .is_none_or(|before| created_at < before)
            && match &self.customer {
                Some(text) => is_customer(row.maybe_text(5)?, text)?,
                None => true,
            }
            && (self.search.is_empty() || is_found(row, &self.search)?);
        let searched: i64 = row.get(8)?;
        Ok(Looked {
            id: id_at(row, 0)?,
            matches,
            bytes: usize::try_from(searched).unwrap_or(usize::MAX),
        })
    }
}

/// A text has another one in it, in any case; `part` is in lower case. Nothing is in no text.
fn has(text: Option<&str>, part: &str) -> bool {
    text.is_some_and(|text| !part.is_empty() && text.to_lowercase().contains(part))
}

/// A row has one of these in its code, its references or what is said of its customer.
fn is_found(row: &Row<'_>, search: &[String]) -> Result<bool, Error> {
    let named = [row.maybe_text(6)?, row.maybe_text(7)?];
    let customer = customer_of(row.maybe_text(5)?)?;
    let said = ["name", "email", "phone"].map(|member| said(&customer, member));
    Ok(search.iter().any(|text| {
        let mut texts = named.iter().chain(&said);
        texts.any(|found| has(*found, text))
    }))
}

/// The customer of a document has this in the name, or this address or number; `text` is in lower case.
fn is_customer(customer: Option<&str>, text: &str) -> Result<bool, Error> {
    let customer = customer_of(customer)?;
    let is = |member| said(&customer, member).is_some_and(|said| said.to_lowercase() == text);
    Ok(!text.is_empty() && (has(said(&customer, "name"), text) || is("email") || is("phone")))
}

type CustomerMembers = serde_json::Map<String, serde_json::Value>;

fn customer_of(document: Option<&str>) -> Result<CustomerMembers, Error> {
    match document {
        None => Ok(CustomerMembers::new()),
        Some(text) => {
            serde_json::from_str(text).map_err(|error| corrupt(Corrupt::new("customer", error)))
        }
    }
}

fn said<'a>(customer: &'a CustomerMembers, member: &str) -> Option<&'a str> {
    customer.get(member).and_then(serde_json::Value::as_str)
}

/// `roots.look_for_payments`: walks `roots_id` downwards, a chunk of it; each with its payments as
/// the document lists them. A document is taken apart only if it has the text that is looked for.
const LOOK_AT_PAYMENTS: Sql = two(
    "select id,
           case when kind <> 'hold' and (?5 is null or 0 < instr(doc, ?5))
                then (select group_concat(value ->> '$.id' || ' ' || (value ->> '$.status'), ' ')
                        from json_each(doc, '$.payments'))
            end,
           attention
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id desc
     limit ?4",
    "select id,
           case when kind <> 'hold' and (cast(?5 as text) is null or 0 < position(?5 in doc))
                then (select string_agg((value ->> 'id') || ' ' || (value ->> 'status'), ' ')
                        from json_array_elements(cast(doc as json) -> 'payments'))
            end,
           attention
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id desc
     limit ?4",
);

fn payments(
    db: &Db,
    shop: ShopId,
    filter: &PaymentFilter,
    seek: Seek<PaymentId>,
) -> Result<Page<(PaymentId, Arc<Root>), PaymentId>, Error> {
    let named = match &filter.reference {
        Some(name) => Some(mentions(db, shop, name)?.payments),
        None => None,
    };
    let roots = named.as_ref().map(roots_of);
    let is_open = filter.attention == Some(true);
    // The cursor is a payment; its root is looked at again, for the payments that come after it.
    let past = seek.past.map(PaymentId::as_u128);
    let stretch = match (past, seek.order) {
        (None, _) => Stretch {
            from: 0,
            below: u128::MAX,
        },
        (Some(past), Order::NewestFirst) => Stretch {
            from: 0,
            below: past,
        },
        (Some(past), Order::OldestFirst) => Stretch {
            from: RootId::new(past).as_u128(),
            below: u128::MAX,
        },
    };
    let is_past = |payment: u128| match seek.order {
        Order::NewestFirst => past.is_none_or(|past| payment < past),
        Order::OldestFirst => past.is_none_or(|past| past < payment),
    };
    let mut found: BTreeMap<u128, Vec<PaymentId>> = BTreeMap::new();
    // As it is written (tables/roots/payment.rs); one in what a customer wrote has its quotation marks masked.
    let has = match filter.status.as_slice() {
        [status] => Value::Text(format!("\"status\":\"{}\"", status.word()).into()),
        _ => Value::Null,
    };
    let look = Look {
        statement: LOOK_AT_PAYMENTS,
        shop,
        others: vec![has],
    };
    let asked = |row: &Row<'_>| asked_payments(filter, row);
    let mut note = |rows: Vec<(u128, Vec<PaymentId>)>| {
        let mut looked = Vec::with_capacity(rows.len());
        for (id, mut payments) in rows {
            payments.retain(|payment| {
                let payment = payment.as_u128();
                is_past(payment) && named.as_ref().is_none_or(|ids| ids.contains(&payment))
            });
            looked.push(Looked {
                id,
                matches: !payments.is_empty(),
                bytes: 0,
            });
            if !payments.is_empty() {
                found.insert(id, payments);
            }
        }
        looked
    };
    let look_at_these = |ids: &BTreeSet<u128>, stretch, chunk| {
        let rows = look.at_these(db, ids, stretch, chunk, asked)?;
        let rows = rows.into_iter();
        Ok::<_, Error>(
            rows.map(|(id, row)| (id, row.unwrap_or_default()))
                .collect::<Vec<_>>(),
        )
    };
    let page = sift(
        (seek.limit(), seek.order),
        stretch,
        match filter.status.as_slice() {
            [] | [_] => Reach::TEXTS,
            _ => Reach::DOCUMENTS,
        },
        |stretch, count| match &roots {
            Some(ids) => Ok(nth_of_these(ids, stretch, count)),
            None if is_open => nth_with_attention(db, shop, stretch, count),
            None => nth_of_table(db, NTH_ROOT, shop, stretch, count),
        },
        |stretch, chunk| {
            let rows = match &roots {
                Some(ids) => look_at_these(ids, stretch, chunk)?,
                None if is_open => {
                    let ids = ids_with_attention(db, shop, stretch, chunk)?;
                    look_at_these(&ids, stretch, chunk)?
                }
                None => look.at(db, stretch, chunk, |row| Ok((id_at(row, 0)?, asked(row)?)))?,
            };
            Ok(note(rows))
        },
    )?;
    // What is past a root is past all of its payments.
    let next = page.next.map(|root| match seek.order {
        Order::NewestFirst => root,
        Order::OldestFirst => root | u128::from(ORDINAL_MAX),
    });
    let mut listed = Vec::new();
    for root in page.items {
        let mut payments = found.remove(&root).unwrap_or_default();
        payments.sort_unstable();
        if seek.order == Order::NewestFirst {
            payments.reverse();
        }
        listed.extend(payments);
    }
    cut_payments(db, shop, listed, next, seek.limit())
}

/// The payments that fit on the page, with their roots. `next` is where the roots go on.
fn cut_payments(
    db: &Db,
    shop: ShopId,
    mut found: Vec<PaymentId>,
    next: Option<u128>,
    limit: usize,
) -> Result<Page<(PaymentId, Arc<Root>), PaymentId>, Error> {
    let mut next = next.map(PaymentId::from_u128);
    if limit < found.len() {
        found.truncate(limit);
        next = found.last().copied();
    }
    let mut ids: Vec<u128> = found.iter().map(|id| id.root().as_u128()).collect();
    ids.dedup();
    let roots = rows_of(db, roots::GET, shop, &ids, roots::read)?;
    let roots: BTreeMap<RootId, Arc<Root>> = roots
        .into_iter()
        .map(|root| (root.id, Arc::new(root)))
        .collect();
    let with_root = |payment: PaymentId| Some((payment, Arc::clone(roots.get(&payment.root())?)));
    let items = found.into_iter().filter_map(with_root).collect();
    Ok(Page { items, next })
}

/// Of a row of `roots.look_for_payments` those of its payments that stand as is asked for.
fn asked_payments(filter: &PaymentFilter, row: &Row<'_>) -> Result<Vec<PaymentId>, Error> {
    let list = row.maybe_text(1)?.unwrap_or_default();
    let is_open = 0 < row.get::<i64>(2)?;
    let mut payments = Vec::new();
    if filter.attention.is_some_and(|asked| asked != is_open) {
        return Ok(payments);
    }
    let mut words = list.split_ascii_whitespace();
    while let (Some(id), Some(standing)) = (words.next(), words.next()) {
        let standing = word::<PaymentStatus>(standing).map_err(corrupt)?;
        if filter.status.is_empty() || filter.status.contains(&standing) {
            let id = id.parse();
            payments.push(id.map_err(|error| corrupt(Corrupt::new("payment", error)))?);
        }
    }
    Ok(payments)
}
