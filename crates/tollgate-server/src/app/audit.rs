//! Who changed what.

use tollgate_core::id::ShopId;
use tollgate_store::{AuditEntry, AuditFilter, AuditPlace, Page, Seek};

use super::{App, AppError};

impl App {
    /// A page of changes, newest first.
    pub(crate) async fn audit(
        &self,
        shop: ShopId,
        filter: AuditFilter,
        seek: Seek<AuditPlace>,
    ) -> Result<Page<AuditEntry, AuditPlace>, AppError> {
        Ok(self.inner.store.audit(shop, filter, seek).await?)
    }
}
