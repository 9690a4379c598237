//! Orders' codes: the order that has each, and the events that wait there.

use std::collections::BTreeSet;

use tollgate_core::capacity::Named;
use tollgate_core::id::{OrderId, RootId, ShopId};
use tollgate_core::snapshot::{CodeRendezvous, Key, Known, Snapshot};

use crate::db::{Error, Row, Value, WriteBatch, id_bytes, maybe_id_at};
use crate::tables;
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::parked::{read_parked, write_parked};
use crate::tables::write::Changes;

/// `codes.get`: by primary key.
const GET: &str = "select order_id, parked from codes where shop_id = ?1 and code = ?2";

pub(crate) struct ByCode;

pub(crate) type Wanted = Keys<ByCode>;

impl Lookup for ByCode {
    type Key = Named;
    type Row = CodeRendezvous;
    type Found = Option<CodeRendezvous>;
    const SQL: &'static str = GET;

    fn values((shop, code): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), lookup::text(code)]
    }

    fn read(row: &Row<'_>) -> Result<CodeRendezvous, Error> {
        Ok(CodeRendezvous {
            order: maybe_id_at(row, 0)?.map(OrderId::from_u128),
            parked: read_parked(row.bytes(1)?),
        })
    }

    fn note(at: Self::Key, found: Option<CodeRendezvous>, loading: &mut Loading<'_>) {
        if let Some(rendezvous) = &found {
            closure(at.0, rendezvous, &mut loading.next);
        }
        loading.known.codes.load(at, found);
    }
}

pub(crate) fn want(wanted: &mut tables::Wanted, at: Named, loading: &mut Loading<'_>) {
    if !loading.known.codes.knows(&at) {
        wanted.codes.insert(at);
    }
}

/// What a code leads to: its order, the events that wait there.
fn closure(shop: ShopId, rendezvous: &CodeRendezvous, next: &mut BTreeSet<Key>) {
    next.extend(rendezvous.order.map(|order| Key::Root(shop, order.root())));
    next.extend(
        rendezvous
            .parked
            .iter()
            .map(|event| Key::Event(shop, *event)),
    );
}

/// Writes the rows that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    for ((shop, code), row) in batch.known.codes.dirty() {
        if let Some(rendezvous) = &row.value {
            write(writes, *shop, code, rendezvous, row.stored)?;
        }
    }
    Ok(())
}

/// `codes.insert`.
const INSERT: &str = "insert into codes (shop_id, code, order_id, parked) values (?1, ?2, ?3, ?4)";

/// `codes.update`.
const UPDATE: &str = "update codes set order_id = ?3, parked = ?4 where shop_id = ?1 and code = ?2";

fn write(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    code: &str,
    rendezvous: &CodeRendezvous,
    stored: bool,
) -> Result<(), Error> {
    let order = rendezvous.order.map(|order| id_bytes(order.as_u128()));
    writes.put(
        if stored { UPDATE } else { INSERT },
        &[&shop.0, &code, &order, &write_parked(&rendezvous.parked)],
    )?;
    Ok(())
}

/// The codes that lead to an order among these roots.
pub(super) fn bound_to(known: &Snapshot, roots: &BTreeSet<RootId>) -> Vec<Named> {
    let leads_there = |rendezvous: &CodeRendezvous| {
        rendezvous
            .order
            .is_some_and(|id| roots.contains(&id.root()))
    };
    known.codes.filter(leads_there).cloned().collect()
}

/// Lets the codes that lead to one of these roots lead nowhere.
pub(super) fn unbind(known: &mut Snapshot, codes: Vec<Named>, pruned: &BTreeSet<(ShopId, RootId)>) {
    for code in codes {
        if let Known::Found(rendezvous) = known.codes.get(&code)
            && let Some(order) = rendezvous.order
            && pruned.contains(&(code.0, order.root()))
        {
            let mut unbound = rendezvous.clone();
            unbound.order = None;
            known.codes.follow(code, unbound);
        }
    }
}
