//! Deliveries that were refused and kept.

use tollgate_core::event::DeliveryVerdict;
use tollgate_core::id::{DeliveryId, ShopId};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use super::{Looked, Page, Reach, Seek, Stretch, nth_of_table, sift};
use crate::Store;
use crate::db::Corrupt;
use crate::db::{Db, Error, Row, corrupt, id_at, id_bytes};
use crate::error::{ReadError, SubmitError};
use crate::gate::table_write::TableWrite;
use crate::tables::audit::AuditRecord;
use crate::tables::deliveries::Rejected;
use crate::tables::document::word;

/// A delivery that was refused and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDelivery {
    /// The delivery. In lists its body is left out.
    pub delivery: Rejected,
    /// What has become of it.
    pub verdict: DeliveryVerdict,
    /// How long its body is.
    pub body_bytes: u64,
}

/// Which deliveries; what is not said is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryFilter {
    /// With this verdict.
    pub verdict: Option<DeliveryVerdict>,
    /// Of this source.
    pub source: Option<String>,
}

impl Store {
    /// A page of kept deliveries without their bodies.
    pub async fn deliveries(
        &self,
        shop: ShopId,
        filter: DeliveryFilter,
        seek: Seek<DeliveryId>,
    ) -> Result<Page<KeptDelivery, DeliveryId>, ReadError> {
        self.read(move |db| db.at_once(|db| deliveries(db, shop, &filter, seek)))
            .await
    }

    /// One kept delivery with its body.
    pub async fn delivery(
        &self,
        shop: ShopId,
        id: DeliveryId,
    ) -> Result<Option<KeptDelivery>, ReadError> {
        self.read(move |db| delivery(db, shop, id.as_u128(), true))
            .await
    }

    /// Notes that a kept delivery was verified after all; a second time changes nothing.
    pub async fn mark_verified(
        &self,
        shop: ShopId,
        id: DeliveryId,
        record: Option<AuditRecord>,
    ) -> Result<(), SubmitError> {
        let write = TableWrite::MarkVerified(shop, id);
        self.write_recorded(write, record).await.map(|_| ())
    }
}

/// `deliveries.get`: by `deliveries_id`.
const DELIVERY: &str = "\
    select id, source, at, verdict, code, detail, peer, headers, length(body),
           case when ?3 = 1 then body end
      from deliveries
     where shop_id = ?1 and id = ?2";

fn delivery(
    db: &Db,
    shop: ShopId,
    id: u128,
    with_body: bool,
) -> Result<Option<KeptDelivery>, Error> {
    db.one(DELIVERY, &[&shop.0, &id_bytes(id), &with_body], |row| {
        read_delivery(row, shop)
    })
}

fn read_delivery(row: &Row<'_>, shop: ShopId) -> Result<KeptDelivery, Error> {
    let peer: Option<String> = row.get(6)?;
    let peer = peer.map(|peer| peer.parse()).transpose();
    let bytes: i64 = row.get(8)?;
    Ok(KeptDelivery {
        delivery: Rejected {
            shop,
            delivery: DeliveryId::from_u128(id_at(row, 0)?),
            source: row.get(1)?,
            at: Timestamp::from_millis(row.get(2)?),
            code: row.get(4)?,
            detail: row.get(5)?,
            peer: peer.map_err(|error| corrupt(Corrupt::new("address", error)))?,
            headers: row.get(7)?,
            body: row.get::<Option<Vec<u8>>>(9)?.unwrap_or_default(),
        },
        verdict: word(row.text(3)?).map_err(corrupt)?,
        body_bytes: u64::try_from(bytes).unwrap_or(0),
    })
}

/// `deliveries.nth`: walks `deliveries_id` upwards.
const NTH_DELIVERY: &str = "\
    select id
      from deliveries
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id
     limit 1 offset ?4";

/// `deliveries.look`: walks `deliveries_id` downwards, a chunk of it.
const LOOK_AT_DELIVERIES: &str = "\
    select id, source, verdict
      from deliveries
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id desc
     limit ?4";

fn deliveries(
    db: &Db,
    shop: ShopId,
    filter: &DeliveryFilter,
    seek: Seek<DeliveryId>,
) -> Result<Page<KeptDelivery, DeliveryId>, Error> {
    let past = seek.past.map(DeliveryId::as_u128);
    let stretch = Stretch::of((past, seek.order), None, None);
    let nth = |stretch, count| nth_of_table(db, NTH_DELIVERY, shop, stretch, count);
    let list = (seek.limit(), seek.order);
    let page = sift(list, stretch, Reach::ROWS, nth, |stretch, chunk| {
        let from = id_bytes(stretch.from);
        let below = id_bytes(stretch.below);
        let values: &[&dyn crate::db::Bind] = &[&shop.0, &from, &below, &(chunk as i64)];
        db.all(LOOK_AT_DELIVERIES, values, |row| {
            let source = row.text(1)?;
            let verdict = row.text(2)?;
            Ok(Looked {
                id: id_at(row, 0)?,
                matches: filter.source.as_ref().is_none_or(|asked| asked == source)
                    && filter.verdict.is_none_or(|asked| asked.word() == verdict),
                bytes: 0,
            })
        })
    })?;
    let mut items = Vec::with_capacity(page.items.len());
    for id in page.items {
        items.extend(delivery(db, shop, id, false)?);
    }
    Ok(Page {
        items,
        next: page.next.map(DeliveryId::from_u128),
    })
}
