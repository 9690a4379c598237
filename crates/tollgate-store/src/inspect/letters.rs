//! The letters that papers of recent orders need, and receipts that wait: a bounded look, for those who know the
//! fonts.

use std::collections::BTreeMap;

use tollgate_core::effect::TargetKind;
use tollgate_core::id::EffectId;
use tollgate_core::order::Root;
use tollgate_core::word::Word;

use crate::Store;
use crate::db::OpenError;
use crate::db::{Db, Error, id_at};
use crate::error::ReadError;
use crate::inspect::doctor;
use crate::looking::look_at;
use crate::options::Place;
use crate::tables::roots;

/// The newest orders of a shop that are looked at.
const ORDERS_MAX: u32 = 500;

/// Receipts of a shop that are listed.
const WAITING_MAX: u32 = 100;

/// What a shop's papers need.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShopLetters {
    /// The shop's name.
    pub shop: String,
    /// Every letter of its newest orders, with the code of the newest that has it.
    pub letters: BTreeMap<char, String>,
    /// Receipts that were tried and are tried again.
    pub waiting: Vec<WaitingReceipt>,
}

/// A receipt that was tried and is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingReceipt {
    /// The effect that issues it.
    pub effect: EffectId,
    /// Why.
    pub reason: String,
}

/// `letters.shops`: all of them; they are few.
const SHOPS: &str = "select shop_id, name from shops order by shop_id";

/// `letters.orders`: walks `roots_id` downwards. The columns are those of `roots.get`.
const ORDERS: &str = "\
    select shop_id, id, code, status, version, created_at, updated_at, doc
      from roots
     where shop_id = ?1
     order by id desc
     limit ?2";

/// `letters.waiting`: by `effects_due`.
const WAITING: &str = "\
    select id, reason
      from effects
     where shop_id = ?1 and target = ?2 and due_at is not null and state = 'pending'
       and reason is not null
     order by due_at
     limit ?3";

impl Store {
    /// What the papers of every shop need, over a connection of its own.
    pub async fn recent_letters(&self) -> Result<Vec<ShopLetters>, ReadError> {
        self.read_apart(|db, _| run(db)).await
    }

    /// The same of a database that is not open here, or that another process serves.
    pub fn recent_letters_at(place: &Place) -> Result<Vec<ShopLetters>, OpenError> {
        look_at(place, run)
    }
}

fn run(db: &Db) -> Result<Vec<ShopLetters>, Error> {
    if !doctor::has_schema(db) {
        return Ok(Vec::new());
    }
    let shops = db.all(SHOPS, &[], |row| {
        Ok((row.get::<u32>(0)?, row.get::<String>(1)?))
    })?;
    let mut found = Vec::with_capacity(shops.len());
    for (id, shop) in shops {
        let mut letters = BTreeMap::new();
        // One that cannot be read is for `verify` to find.
        let roots = db.all(ORDERS, &[&id, &ORDERS_MAX], |row| Ok(roots::read(row).ok()))?;
        for root in roots.iter().flatten() {
            add_letters(&mut letters, root);
        }
        let receipts = TargetKind::Receipt.word();
        let waiting = db.all(WAITING, &[&id, &receipts, &WAITING_MAX], |row| {
            Ok(WaitingReceipt {
                effect: EffectId::from_u128(id_at(row, 0)?),
                reason: row.get(1)?,
            })
        })?;
        found.push(ShopLetters {
            shop,
            letters,
            waiting,
        });
    }
    Ok(found)
}

/// The letters of what stands on paper.
fn add_letters(letters: &mut BTreeMap<char, String>, root: &Root) {
    let mut texts: Vec<&str> = Vec::new();
    let mut name = String::new();
    if let Some(order) = &root.order {
        name.clone_from(&order.code);
        let customer = &order.customer;
        texts.push(&order.code);
        for said in [&customer.name, &customer.email, &customer.phone] {
            texts.extend(said.as_deref());
        }
        for line in &order.lines {
            texts.push(&line.sku);
            texts.extend(line.name.as_deref());
        }
    }
    for payment in &root.payments {
        texts.push(&payment.reference);
        if name.is_empty() {
            name.clone_from(&payment.reference);
        }
    }
    for letter in texts.into_iter().flat_map(str::chars) {
        letters.entry(letter).or_insert_with(|| name.clone());
    }
}
