//! Payments that are open: whose provider has not said the last word.

use tollgate_core::id::{PaymentId, RootId, ShopId, first_id};
use tollgate_core::payment::PaymentStatus;
use tollgate_core::time::Timestamp;

use super::CHUNK_ROWS_MAX;
use crate::Store;
use crate::db::{Db, Error, Sql, id_at, id_bytes, two};
use crate::error::ReadError;
use crate::tables::{names, roots};

/// A payment that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPayment {
    /// Which.
    pub id: PaymentId,
    /// Whose source.
    pub source: String,
    /// The name it was registered under.
    pub reference: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When its provider was asked last.
    pub asked_at: Option<Timestamp>,
    /// A question about it has not been answered.
    pub is_asked: bool,
}

/// Open payments, and how far they were looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenPayments {
    /// Oldest root first.
    pub items: Vec<OpenPayment>,
    /// Behind which root there is more to look at; `None`: that was all.
    pub after: Option<RootId>,
}

/// `roots.open_payments`: walks `roots_id`, a chunk of it.
const OPEN: Sql = two(
    "select id,
           case when kind <> 'hold'
                then (select count(*)
                        from json_each(doc, '$.payments')
                       where value ->> '$.status' in ('pending', 'authorized', 'review'))
                else 0
            end
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id
     limit ?4",
    "select id,
           case when kind <> 'hold'
                then (select count(*)
                        from json_array_elements(cast(doc as json) -> 'payments')
                       where value ->> 'status' in ('pending', 'authorized', 'review'))
                else 0
            end
      from roots
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id
     limit ?4",
);

impl Store {
    /// Open payments of roots that were made from `from` on and before `below`, behind `after`, oldest
    /// first. It looks at two thousand roots and no more (I9): anyone who wants all goes on from where it
    /// ended.
    pub async fn open_payments(
        &self,
        shop: ShopId,
        from: Timestamp,
        below: Timestamp,
        after: Option<RootId>,
    ) -> Result<OpenPayments, ReadError> {
        self.read(move |db| db.at_once(|db| open_payments(db, shop, from, below, after)))
            .await
    }
}

fn open_payments(
    db: &Db,
    shop: ShopId,
    from: Timestamp,
    below: Timestamp,
    after: Option<RootId>,
) -> Result<OpenPayments, Error> {
    let behind = after.map_or(0, |after| after.as_u128().saturating_add(1));
    let from = id_bytes(first_id(from).max(behind));
    let below_id = id_bytes(first_id(below));
    let limit = CHUNK_ROWS_MAX as i64;
    let rows = db.all(OPEN, &[&shop.0, &from, &below_id, &limit], |row| {
        Ok((RootId::new(id_at(row, 0)?), row.get::<i64>(1)?))
    })?;
    let mut found = OpenPayments::default();
    if rows.len() == CHUNK_ROWS_MAX {
        found.after = rows.last().map(|(id, _)| *id);
    }
    for (id, _) in rows.iter().filter(|(_, open)| 0 < *open) {
        let Some(root) = db.one(roots::GET, &[&shop.0, &id_bytes(id.as_u128())], roots::read)?
        else {
            continue;
        };
        for payment in &root.payments {
            let is_open = match payment.projection().status {
                PaymentStatus::Pending | PaymentStatus::Authorized | PaymentStatus::Review => true,
                PaymentStatus::Paid
                | PaymentStatus::PartiallyRefunded
                | PaymentStatus::Refunded
                | PaymentStatus::ChargedBack
                | PaymentStatus::Failed
                | PaymentStatus::Expired
                | PaymentStatus::Cancelled => false,
            };
            if !is_open || below <= payment.created_at {
                continue;
            }
            let (source, reference) = (&payment.source, &payment.reference);
            let rendezvous = db.one(names::GET, &[&shop.0, source, reference], names::read)?;
            let question = rendezvous.and_then(|rendezvous| rendezvous.question);
            found.items.push(OpenPayment {
                id: payment.id,
                source: source.clone(),
                reference: reference.clone(),
                created_at: payment.created_at,
                asked_at: question.and_then(|question| question.asked_at),
                is_asked: question.is_some_and(|question| question.open),
            });
        }
    }
    Ok(found)
}
