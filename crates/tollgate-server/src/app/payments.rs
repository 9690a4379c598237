//! Payments.

use std::sync::Arc;

use tollgate_core::command::{
    Action, MetadataChange, RefundPayment, RefuseCreation, RegisterPayment, Unknown,
};
use tollgate_core::id::{PaymentId, RefundId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::payment::MANUAL_SOURCE;
use tollgate_store::{Page, PaymentFilter, Seek};

use super::orders::KEPT_BYTES;
use super::{Answered, App, AppError, Asking, Caller, Keyed};
use crate::ids;

impl App {
    /// Registers a payment of an order, or one that stands alone.
    pub(crate) async fn register_payment(
        &self,
        caller: &Caller,
        keyed: Keyed,
        wanted: RegisterPayment,
    ) -> Result<Answered, AppError> {
        let shop = caller.shop();
        let action = match self.knows_source(shop, &wanted.source) {
            true => Action::RegisterPayment(wanted),
            false => Action::RefuseCreation(RefuseCreation {
                code: None,
                payment: Some((wanted.source, wanted.reference)),
                unknown: Unknown::Source,
            }),
        };
        self.ask(caller, Asking::new(action).keyed(Some(keyed)))
            .await
    }

    /// Refuses a payment that names what there is not; that its source is not configured is reported before
    /// that, and what it repeats before everything.
    pub(crate) async fn refuse_payment(
        &self,
        caller: &Caller,
        keyed: Keyed,
        mut wanted: RefuseCreation,
    ) -> Result<Answered, AppError> {
        let shop = caller.shop();
        let source = wanted.payment.as_ref().map(|(source, _)| source);
        if source.is_some_and(|source| !self.knows_source(shop, source)) {
            wanted.unknown = Unknown::Source;
        }
        let action = Action::RefuseCreation(wanted);
        self.ask(caller, Asking::new(action).keyed(Some(keyed)))
            .await
    }

    /// Changes the metadata of a payment that stands alone.
    pub(crate) async fn change_payment(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        payment: PaymentId,
        metadata: Option<MetadataChange>,
    ) -> Result<Answered, AppError> {
        let action = Action::ChangePayment { payment, metadata };
        self.ask(caller, Asking::new(action).keyed(keyed).bytes(KEPT_BYTES))
            .await
    }

    /// Records cash or a transfer on a payment of source `manual`.
    pub(crate) async fn capture_payment(
        &self,
        caller: &Caller,
        keyed: Keyed,
        payment: PaymentId,
        minor: i64,
        note: String,
    ) -> Result<Answered, AppError> {
        let action = Action::CapturePayment {
            payment,
            minor,
            note,
            fresh: ids::root(),
        };
        self.ask(caller, Asking::new(action).keyed(Some(keyed)))
            .await
    }

    /// Asks for money to be given back. It is set aside from what may still be refunded at once; the worker
    /// calls the provider.
    pub(crate) async fn refund_payment(
        &self,
        caller: &Caller,
        keyed: Keyed,
        wanted: RefundPayment,
    ) -> Result<Answered, AppError> {
        let shop = caller.shop();
        let root = self.payment(shop, wanted.payment).await?;
        let payment = root.payment(wanted.payment);
        let named = payment.map_or("", |known| known.source.as_str());
        let source = self.source(shop, named);
        let goes_back = source.is_some_and(|source| source.can_refund());
        if named != MANUAL_SOURCE && !wanted.recorded && !goes_back {
            return Err(AppError::CannotRefund);
        }
        let action = Action::RefundPayment(wanted);
        self.ask(caller, Asking::new(action).keyed(Some(keyed)))
            .await
    }

    /// Corrects the receipts of a payment that do not say what its ledger says.
    pub(crate) async fn correct_receipts(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        payment: PaymentId,
    ) -> Result<Answered, AppError> {
        let action = Action::CorrectReceipts(payment);
        self.ask(caller, Asking::new(action).keyed(keyed)).await
    }

    /// The root on which a refund hangs.
    pub(crate) async fn refund(&self, shop: ShopId, id: RefundId) -> Result<Root, AppError> {
        let root = self.inner.store.root(shop, id.root()).await?;
        let is_here = |root: &Root| root.refunds.iter().any(|refund| refund.id == id);
        root.filter(is_here).ok_or(AppError::NotFound)
    }

    /// The root on which a payment hangs.
    pub(crate) async fn payment(&self, shop: ShopId, id: PaymentId) -> Result<Root, AppError> {
        let root = self.inner.store.root(shop, id.root()).await?;
        let root = root.filter(|root| root.payment(id).is_some());
        root.ok_or(AppError::NotFound)
    }

    /// A page of payments.
    pub(crate) async fn payments(
        &self,
        shop: ShopId,
        filter: PaymentFilter,
        seek: Seek<PaymentId>,
    ) -> Result<Page<(PaymentId, Arc<Root>), PaymentId>, AppError> {
        Ok(self.inner.store.payments(shop, filter, seek).await?)
    }
}
