//! What is called exactly as was typed: looked up by keys, a handful of rows.

use tollgate_core::id::{EventId, OrderId, PaymentId, ReceiptId, RootId, ShopId};
use tollgate_core::order::Root;

use super::{Found, Hit, Search, titled};
use crate::db::{Error, Sql, id_at, id_bytes, two};
use crate::read::orders::{mentions, order_of_code, root};
use crate::tables::event_keys;
use crate::tables::events;
use crate::tables::key_hash::key_hash;
use crate::tables::search_terms::{cut, id_term};

/// Receipts of one number, and events that wait at one name, that are shown.
const ALIKE_MAX: usize = 20;

/// `receipts.called`: by `receipts_text`.
const OF_NUMBER: Sql = two(
    // The index is named: without figures about its rows SQLite would rather walk all receipts in the order that is wanted.
    "select id
      from receipts indexed by receipts_text
     where shop_id = ?1 and number = ?2
     order by id desc
     limit 20",
    "select id
      from receipts
     where shop_id = ?1 and number = ?2
     order by id desc
     limit 20",
);

/// `search_terms.of_id`: by primary key.
const OF_ID: &str = "\
    select root
      from search_terms
     where shop_id = ?1 and term = ?2
     order by root desc
     limit 20";

/// `receipts.number_of`: by `receipts_id`.
const NUMBER: &str = "select number from receipts where shop_id = ?1 and id = ?2";

/// Everything that is called so, each once.
pub(super) fn look_up(search: &Search<'_>, text: &str) -> Result<Vec<Hit>, Error> {
    let mut looking = Looking {
        search,
        hits: Vec::new(),
    };
    looking.by_id(text)?;
    for spelled in &search.spelled {
        looking.by_code(spelled)?;
        looking.by_name(spelled)?;
        looking.by_number(spelled)?;
        looking.by_event_key(spelled)?;
    }
    looking.by_provider_id(text)?;
    Ok(looking.hits)
}

struct Looking<'a> {
    search: &'a Search<'a>,
    hits: Vec<Hit>,
}

impl Looking<'_> {
    fn add(&mut self, hit: Option<Hit>) {
        let known = |found: Found| self.hits.iter().any(|hit| hit.found == found);
        if let Some(hit) = hit
            && !known(hit.found)
        {
            self.hits.push(hit);
        }
    }

    fn by_id(&mut self, text: &str) -> Result<(), Error> {
        let (db, shop) = (self.search.db, self.search.shop);
        if let Ok(id) = text.parse::<OrderId>() {
            let hit = self.search.order(id, "id")?;
            self.add(hit);
        } else if let Ok(id) = text.parse::<PaymentId>() {
            let root = root(db, shop, id.root())?;
            let hit = root.as_ref().and_then(|root| {
                let payment = root.payment(id)?;
                Some(self.search.payment_hit(root, payment, "id"))
            });
            self.add(hit);
        } else if let Ok(id) = text.parse::<ReceiptId>() {
            let bytes = id_bytes(id.as_u128());
            let number: Option<String> = db.one(NUMBER, &[&shop.0, &bytes], |row| row.get(0))?;
            if let Some(number) = number {
                let hit = self.search.receipt(id, &number, "id")?;
                self.add(Some(hit));
            }
        } else if let Ok(id) = text.parse::<EventId>() {
            let hit = self.event(id, "id")?;
            self.add(hit);
        }
        Ok(())
    }

    fn by_code(&mut self, code: &str) -> Result<(), Error> {
        let order = order_of_code(self.search.db, self.search.shop, code)?;
        if let Some(order) = order {
            let hit = self.search.order(OrderId::from_u128(order), "code")?;
            self.add(hit);
        }
        Ok(())
    }

    fn by_name(&mut self, name: &str) -> Result<(), Error> {
        let found = mentions(self.search.db, self.search.shop, name)?;
        for payment in found.payments.into_iter().rev() {
            let payment = PaymentId::from_u128(payment);
            let hit = self.search.payment(payment, name, None)?;
            self.add(hit);
        }
        for event in found.parked.into_iter().rev().take(ALIKE_MAX) {
            let hit = self.event(EventId::from_u128(event), "reference")?;
            self.add(hit);
        }
        Ok(())
    }

    fn by_provider_id(&mut self, own: &str) -> Result<(), Error> {
        let (db, shop) = (self.search.db, self.search.shop);
        let wanted = id_term(own);
        let roots = db.all(OF_ID, &[&shop.0, &cut(&wanted)], |row| id_at(row, 0))?;
        for id in roots {
            let Some(root) = root(db, shop, RootId::new(id))? else {
                continue;
            };
            for payment in &root.payments {
                let own = payment.provider_payment_id.as_deref();
                if own.is_some_and(|own| id_term(own) == wanted) {
                    let hit = self
                        .search
                        .payment_hit(&root, payment, "provider_payment_id");
                    self.add(Some(hit));
                }
            }
        }
        Ok(())
    }

    fn by_number(&mut self, number: &str) -> Result<(), Error> {
        let (db, shop) = (self.search.db, self.search.shop);
        for id in db.all(OF_NUMBER, &[&shop.0, &number], |row| id_at(row, 0))? {
            let hit = self
                .search
                .receipt(ReceiptId::from_u128(id), number, "number")?;
            self.add(Some(hit));
        }
        Ok(())
    }

    fn by_event_key(&mut self, key: &str) -> Result<(), Error> {
        for source in &self.search.sources {
            if let Some(id) = self.event_of_key(self.search.shop, source, key)? {
                let hit = self.event(id, "key")?;
                self.add(hit);
            }
        }
        Ok(())
    }

    fn event_of_key(
        &self,
        shop: ShopId,
        source: &str,
        key: &str,
    ) -> Result<Option<EventId>, Error> {
        let hash = key_hash(source, key);
        let found = self
            .search
            .db
            .one(event_keys::GET, &[&shop.0, &hash], |row| id_at(row, 0))?;
        Ok(found.map(EventId::from_u128))
    }

    fn event(&self, id: EventId, matched: &'static str) -> Result<Option<Hit>, Error> {
        let (db, shop) = (self.search.db, self.search.shop);
        let bytes = id_bytes(id.as_u128());
        let Some((_, stored)) = db.one(events::GET, &[&shop.0, &bytes], events::read)? else {
            return Ok(None);
        };
        let root = match stored.root {
            Some(id) => root(db, shop, id)?,
            None => None,
        };
        Ok(Some(Hit {
            found: Found::Event(id),
            title: titled(&[Some(&stored.source), Some(&stored.event.kind)]),
            matched,
            order: root.as_ref().and_then(Root::order_id),
        }))
    }
}
