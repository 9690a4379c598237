//! Writing: the rows a batch has changed, each once, however many commands changed it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tollgate_core::effect::{Effect, IssuedReceipt, Receipt};
use tollgate_core::id::{EndpointId, RootId, ShopId};
use tollgate_core::idempotency::{Idempotency, Record};
use tollgate_core::snapshot::Snapshot;
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, Head, WriteBatch};
use crate::tables::audit::AuditRecord;
use crate::tables::gate_lanes::{self, Lane};
use crate::tables::origin::Origin;
use crate::tables::timeline::{self, TimelineRow};
use crate::tables::{
    audit, endpoint_figures, endpoints, receipts, shop_figures, shop_heads, write_changed,
};

/// What a batch writes beside the rows of its snapshot.
#[derive(Default)]
pub(crate) struct Additions {
    /// Effects that were decided, each with the feed's position at its decision and the request it goes back
    /// to.
    pub(crate) effects: Vec<(Effect, i64, Option<Arc<Origin>>)>,
    /// Receipts that were issued.
    pub(crate) receipts: Vec<(ShopId, Receipt, IssuedReceipt)>,
    /// Endpoints that get nothing more, and why.
    pub(crate) disabled: Vec<(ShopId, EndpointId, String)>,
    /// The words by which orders were found whose customers were changed.
    pub(crate) searched_before: BTreeMap<(ShopId, RootId), BTreeSet<String>>,
    /// The words of the ids that providers have named of payments of roots that were there.
    pub(crate) new_ids: BTreeMap<(ShopId, RootId), BTreeSet<String>>,
    /// Rows of the timeline.
    pub(crate) timeline: Vec<TimelineRow>,
    /// What else persons and keys did, each with the feed's position then and its number.
    pub(crate) audit: Vec<(i64, u128, AuditRecord)>,
    /// Answers kept under idempotency keys.
    pub(crate) records: Vec<(Idempotency, Record)>,
    /// Somebody keeps a row of figures: they are not added to, so that orders are taken.
    pub(crate) figures_rest: bool,
    /// What was given out last, for the shops of this batch.
    pub(crate) heads: BTreeMap<ShopId, Head>,
    /// The shops whose heads are to be written.
    pub(crate) new_heads: BTreeSet<ShopId>,
}

/// What a batch has come to, for the tables to take their rows from.
pub(crate) struct Changes<'a> {
    pub(crate) db: &'a Db,
    pub(crate) now: Timestamp,
    pub(crate) known: &'a mut Snapshot,
    pub(crate) additions: &'a Additions,
}

/// Writes all of it onto the write batch. Anyone who writes is the only one that writes to these shops
/// (docs/adr/0007), so the order of tables is for reading only.
pub(crate) fn write(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
    lane: &Lane<'_>,
) -> Result<(), Error> {
    write_changed(writes, batch)?;
    if !batch.additions.figures_rest {
        shop_figures::add_decided(writes, batch)?;
        endpoint_figures::add_settled(writes, batch)?;
    }
    let Changes { now, additions, .. } = *batch;
    for (shop, receipt, issued) in &additions.receipts {
        receipts::insert(writes, *shop, receipt, issued)?;
    }
    for (shop, endpoint, reason) in &additions.disabled {
        endpoints::disable(writes, now, *shop, *endpoint, reason)?;
    }
    for row in &additions.timeline {
        timeline::insert(writes, now, row)?;
    }
    for (position, id, record) in &additions.audit {
        audit::insert(writes, now, (*position, *id), record)?;
    }
    let is_new = |shop: &ShopId| additions.new_heads.contains(shop);
    for (shop, head) in additions.heads.iter().filter(|(shop, _)| is_new(shop)) {
        shop_heads::put(writes, *shop, head)?;
    }
    gate_lanes::put(writes, now, lane)
}
