//! Roots: orders, payments without orders and carts' holds, each with all that belongs to it.

mod order;
mod payment;
mod hold;
mod receipt;
mod attention;

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tollgate_core::id::{RootId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::snapshot::{Key, Known, Snapshot};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::{Error, Row, Value, WriteBatch, corrupt, id_at, id_bytes};
use crate::tables;
use crate::tables::document::{Read, from_json, is_empty, read_all, text, to_json, word};
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::search_terms;
use crate::tables::write::Changes;

use attention::{AttentionDoc, read_attention, write_attention};
use hold::{HoldDoc, hold_word, read_hold, write_hold};
pub(crate) use order::read_customer;
use order::{OrderDoc, read_order, write_order};
use payment::{PaymentDoc, RefundDoc, read_payment, read_refund, write_payment, write_refund};
use receipt::{ReceiptDoc, read_receipt, write_receipt};

/// `roots.get`: by `roots_id`. The columns are those of [`read`].
pub(crate) const GET: &str = "\
    select shop_id, id, code, status, version, created_at, updated_at, doc
      from roots
     where shop_id = ?1 and id = ?2";

pub(crate) struct ById;

pub(crate) type Wanted = Keys<ById>;

impl Lookup for ById {
    type Key = (ShopId, RootId);
    type Row = Root;
    type Found = Option<Root>;
    const SQL: &'static str = GET;

    fn values((shop, id): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), lookup::id(id.as_u128())]
    }

    fn read(row: &Row<'_>) -> Result<Root, Error> {
        read(row)
    }

    fn note(at: Self::Key, found: Option<Root>, loading: &mut Loading<'_>) {
        loading.known.roots.load(at, found);
        match loading.known.roots.get(&at) {
            Known::Found(root) => closure(loading.known, root, &mut loading.next),
            Known::Absent | Known::NotLoaded => {
                loading.gone.insert(at);
            }
        }
    }
}

pub(crate) fn want(wanted: &mut tables::Wanted, at: (ShopId, RootId), loading: &mut Loading<'_>) {
    match loading.known.roots.get(&at) {
        Known::NotLoaded => wanted.roots.insert(at),
        // One that this batch has made or changed may hold what was not looked up yet.
        Known::Found(root) => closure(loading.known, root, &mut loading.next),
        Known::Absent => {
            loading.gone.insert(at);
        }
    }
}

/// What hangs on a root: stock of its lines and holds, its booked slots, its payments' names.
fn closure(known: &Snapshot, root: &Root, next: &mut BTreeSet<Key>) {
    let shop = root.shop;
    let lines = root.order.iter().flat_map(|order| &order.lines);
    let skus = lines.filter(|line| line.stocked).map(|line| &line.sku);
    let held = root
        .holds
        .iter()
        .flat_map(|hold| hold.lines.iter().map(|(sku, _)| sku));
    for sku in skus.chain(held) {
        next.insert(Key::Stock(shop, sku.clone()));
    }
    for booking in root.holds.iter().filter_map(|hold| hold.booking.as_ref()) {
        next.insert(Key::SlotAt(
            shop,
            booking.calendar.clone(),
            booking.starts_at,
        ));
    }
    for payment in &root.payments {
        let name = (shop, payment.source.clone(), payment.reference.clone());
        if !known.names.knows(&name) {
            next.insert(Key::Name(name.0, name.1, name.2));
        }
    }
}

/// Reads a root.
pub(crate) fn read(row: &Row<'_>) -> Result<Root, Error> {
    let columns = Columns {
        shop: ShopId(row.get(0)?),
        id: RootId::new(id_at(row, 1)?),
        code: row.get(2)?,
        status: row.get(3)?,
        version: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    };
    let doc = from_json("root", row.text(7)?).map_err(corrupt)?;
    root_of(columns, doc).map_err(corrupt)
}

/// What a document keeps of a payment for people who read rows: it follows from the facts beside it.
#[derive(Deserialize)]
pub(crate) struct StoredSums {
    pub(crate) status: String,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
}

/// Reads what a document keeps of its payments for people.
pub(crate) fn read_sums(doc: &str) -> Read<Vec<StoredSums>> {
    #[derive(Deserialize)]
    struct Payments {
        #[serde(default)]
        payments: Vec<StoredSums>,
    }
    from_json::<Payments>("root", doc).map(|doc| doc.payments)
}

/// Writes the rows that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    let mut words = search_terms::Rows::default();
    for ((_, id), row) in batch.known.roots.dirty() {
        if let Some(root) = &row.value {
            write(writes, *id, root, row.stored)?;
            if !row.stored {
                words.insert(root);
                continue;
            }
            let at = (root.shop, *id);
            if let Some(before) = batch.additions.searched_before.get(&at) {
                words.change(root, before);
            }
            if let Some(ids) = batch.additions.new_ids.get(&at) {
                words.insert_ids(root, ids);
            }
        }
    }
    words.write(writes)
}

/// `roots.insert`.
const INSERT: &str = "\
    insert into roots (shop_id, id, kind, code, status, attention, due_at, version,
                       created_at, updated_at, doc)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// `roots.update`: by `roots_id`. Kind, code and birth never change.
const UPDATE: &str = "\
    update roots
       set status = ?3, attention = ?4, due_at = ?5, version = ?6, updated_at = ?7, doc = ?8
     where shop_id = ?1 and id = ?2";

fn write(writes: &mut WriteBatch<'_>, id: RootId, root: &Root, stored: bool) -> Result<(), Error> {
    let id = id_bytes(id.as_u128());
    let status = status_of(root);
    let attention = root.open_attention().count() as i64;
    let due_at = root.due_at().map(Timestamp::as_millis);
    let doc = to_json(&doc_of(root));
    let updated_at = root.updated_at.as_millis();
    if stored {
        writes.put(
            UPDATE,
            &[
                &root.shop.0,
                &id,
                &status,
                &attention,
                &due_at,
                &root.version,
                &updated_at,
                &doc,
            ],
        )?;
    } else {
        let code = root.order.as_ref().map(|order| &order.code);
        writes.put(
            INSERT,
            &[
                &root.shop.0,
                &id,
                &kind_of(root),
                &code,
                &status,
                &attention,
                &due_at,
                &root.version,
                &root.created_at.as_millis(),
                &updated_at,
                &doc,
            ],
        )?;
    }
    Ok(())
}

/// What a root is, as its column says.
pub(crate) fn kind_of(root: &Root) -> &'static str {
    match (&root.order, root.payments.is_empty()) {
        (Some(_), _) => "order",
        (None, false) => "payment",
        (None, true) => "hold",
    }
}

/// The order's status, the lone payment's, or the cart's hold's.
pub(crate) fn status_of(root: &Root) -> &'static str {
    if let Some(order) = &root.order {
        return order.status.word();
    }
    if let Some(payment) = root.payments.first() {
        return payment.projection().status.word();
    }
    root.hold().map_or("none", |hold| hold_word(hold.state))
}

/// The columns of a root beside its document.
pub(crate) struct Columns {
    pub(crate) shop: ShopId,
    pub(crate) id: RootId,
    pub(crate) code: Option<String>,
    pub(crate) status: String,
    pub(crate) version: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// A root's document.
#[derive(Serialize, Deserialize)]
pub(crate) struct RootDoc<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderDoc<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    payments: Vec<PaymentDoc<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<RefundDoc<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holds: Vec<HoldDoc<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    receipts: Vec<ReceiptDoc<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attention: Vec<AttentionDoc<'a>>,
    #[serde(default = "no_metadata", skip_serializing_if = "is_no_metadata")]
    metadata: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_empty")]
    story: Cow<'a, [i64]>,
}

fn no_metadata() -> Cow<'static, str> {
    text("{}")
}

fn is_no_metadata(text: &str) -> bool {
    text == "{}"
}

pub(crate) fn doc_of(root: &Root) -> RootDoc<'_> {
    RootDoc {
        order: root.order.as_ref().map(write_order),
        payments: root.payments.iter().map(write_payment).collect(),
        refunds: root.refunds.iter().map(write_refund).collect(),
        holds: root.holds.iter().map(write_hold).collect(),
        receipts: root.receipts.iter().map(write_receipt).collect(),
        attention: root.attention.iter().map(write_attention).collect(),
        metadata: text(&root.metadata),
        story: Cow::Borrowed(&root.timeline),
    }
}

/// The document of a root as the feed keeps it: the positions of its story are its own affair, and would be kept
/// again with each entry.
pub(crate) fn frozen_doc_of(root: &Root) -> RootDoc<'_> {
    RootDoc {
        story: Cow::Borrowed(&[]),
        ..doc_of(root)
    }
}

pub(crate) fn root_of(columns: Columns, doc: RootDoc<'_>) -> Read<Root> {
    let order = doc
        .order
        .map(|order| read_order(order, columns.code, word(&columns.status)?))
        .transpose()?;
    Ok(Root {
        shop: columns.shop,
        id: columns.id,
        order,
        payments: read_all(doc.payments, read_payment)?,
        refunds: read_all(doc.refunds, read_refund)?,
        holds: read_all(doc.holds, read_hold)?,
        receipts: read_all(doc.receipts, read_receipt)?,
        attention: read_all(doc.attention, read_attention)?,
        metadata: doc.metadata.into_owned(),
        version: columns.version,
        created_at: Timestamp::from_millis(columns.created_at),
        updated_at: Timestamp::from_millis(columns.updated_at),
        timeline: doc.story.into_owned(),
    })
}
