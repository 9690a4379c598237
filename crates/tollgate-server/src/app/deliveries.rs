//! Deliveries that were refused: reading them, and verifying them again after a secret was mended.

use bytes::Bytes;
use tollgate_core::id::{DeliveryId, ShopId};
use tollgate_providers::Source;
use tollgate_store::{DeliveryFilter, KeptDelivery, Page, Seek};

use super::access::text;
use super::{App, AppError, Caller, Incoming, Taken};
use crate::headers::{self, Kept};
use crate::redaction::Redactor;

impl App {
    /// A page of refused deliveries without their bodies.
    pub(crate) async fn deliveries(
        &self,
        shop: ShopId,
        filter: DeliveryFilter,
        seek: Seek<DeliveryId>,
    ) -> Result<Page<KeptDelivery, DeliveryId>, AppError> {
        Ok(self.inner.store.deliveries(shop, filter, seek).await?)
    }

    /// A refused delivery with its body.
    pub(crate) async fn delivery(
        &self,
        shop: ShopId,
        delivery: DeliveryId,
    ) -> Result<KeptDelivery, AppError> {
        let kept = self.inner.store.delivery(shop, delivery).await?;
        kept.ok_or(AppError::NotFound)
    }

    /// Verifies a refused delivery by the clock of its arrival and takes it if it is good now (D1).
    pub(crate) async fn verify_delivery(
        &self,
        caller: &Caller,
        delivery: DeliveryId,
    ) -> Result<Taken, AppError> {
        let shop = caller.shop();
        let kept = self.delivery(shop, delivery).await?.delivery;
        let source = self
            .source(shop, &kept.source)
            .ok_or(AppError::SourceUnknown)?;
        let webhook = self
            .inner
            .webhook_sources
            .values()
            .find(|webhook| webhook.shop == shop && std::sync::Arc::ptr_eq(&webhook.source, source))
            .ok_or(AppError::SourceUnknown)?;
        let mut request = headers::read(&kept.headers).unwrap_or_default();
        restore_secrets(source, &self.inner.redactor, &mut request);
        let pairs: Vec<(&str, &[u8])> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect();
        let incoming = Incoming {
            method: &request.method,
            path: &request.path,
            query: &request.query,
            headers: &pairs,
            body: Bytes::from(kept.body),
            encoded: None,
            peer: kept.peer,
            origin: caller.origin(),
            by: Some(caller.actor()),
            received_at: kept.at,
        };
        let taken = self.take(webhook, incoming, false).await?;
        let detail = vec![("source", text(&kept.source))];
        let record = caller.record(shop, "verify_delivery", kept.delivery, detail);
        let store = &self.inner.store;
        store
            .mark_verified(shop, kept.delivery, Some(record))
            .await?;
        Ok(taken)
    }
}

/// Puts back a secret header that the source accepts: an equal HMAC proves that it is the same.
fn restore_secrets(source: &Source, redactor: &Redactor, request: &mut Kept) {
    for (name, value) in source.secret_headers() {
        let redacted = redactor.redact(value.as_bytes()).into_bytes();
        for (kept_name, kept_value) in &mut request.headers {
            if kept_name.eq_ignore_ascii_case(name) && *kept_value == redacted {
                *kept_value = value.as_bytes().to_vec();
            }
        }
    }
}
