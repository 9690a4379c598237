//! Who changed what.

use tollgate_core::decision::Detail;
use tollgate_core::id::ShopId;
use tollgate_store::{Actor, AuditEntry, AuditFilter, AuditPlace, AuditRecord, Page, Seek};

use super::{App, AppError};

/// How long a record may take.
const RECORD_WAIT: std::time::Duration = std::time::Duration::from_secs(2);

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

    /// Records that other configuration is gone by. Whoever may signal the process has no name here. A database that is
    /// away keeps no configuration from being taken over: the log has it, too.
    pub(crate) async fn record_reload(&self, keys: String) {
        let record = AuditRecord {
            shop: self.shops()[0],
            by: Actor {
                key: None,
                user: None,
                name: "SIGHUP".into(),
                request: None,
            },
            operation: "reload_configuration".to_owned(),
            target: Some(self.inner.instance.name().to_owned()),
            detail: vec![("changed", Detail::Text(keys))],
        };
        let recorded = tokio::time::timeout(RECORD_WAIT, self.inner.store.record(record)).await;
        if !matches!(recorded, Ok(Ok(()))) {
            tracing::warn!(
                "the new configuration is gone by, and the list of changes does not have it"
            );
        }
    }
}
