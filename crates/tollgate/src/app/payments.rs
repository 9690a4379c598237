//! Payments.

use std::sync::Arc;

use tollgate_core::command::{Action, AttentionOf, RefundPayment, RegisterPayment, Unknown};
use tollgate_core::id::{PaymentId, RefundId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::payment::MANUAL_SOURCE;
use tollgate_store::{Page, PaymentFilter, Seek};

use super::orders::{attention_code, order_ref};
use super::{Answered, App, Asking, Caller, Keyed, known_currency, unreadable};
use crate::body::{CaptureBody, Metadata, PaymentBody, RefundBody};
use crate::error::{NOT_FOUND, Problem, REFUND_NOT_SUPPORTED};
use crate::{ids, render};

impl App {
    /// Registers a payment of an order, or one that stands alone.
    pub(crate) async fn register_payment(
        &self,
        caller: &Caller,
        keyed: Keyed,
        body: PaymentBody,
    ) -> Result<Answered, Problem> {
        let currency = body
            .currency
            .as_ref()
            .map(|code| known_currency(code.as_str()));
        let order = body.order.as_ref().map(|order| order_ref(order.as_str()));
        let unknown = if !self.knows_source(caller.shop(), body.source.as_str()) {
            Some(Unknown::Source)
        } else if currency == Some(None) {
            Some(Unknown::Currency)
        } else if matches!(order, Some(Err(_))) {
            Some(Unknown::Order)
        } else {
            None
        };
        let action = Action::RegisterPayment(RegisterPayment {
            fresh: ids::root(),
            order: order.and_then(Result::ok),
            source: body.source.0,
            reference: body.reference.0,
            minor: body.amount.map(|amount| amount.0),
            currency: currency.flatten(),
            expires_at: body.expires_at.map(|time| time.0),
            metadata: Metadata::text(body.metadata.as_ref()),
            unknown,
        });
        self.ask(
            caller,
            Asking::new(action, render::payment_created).keyed(Some(keyed)),
        )
        .await
    }

    /// Records cash or a transfer on a payment of source `manual`.
    pub(crate) async fn capture_payment(
        &self,
        caller: &Caller,
        keyed: Keyed,
        payment: &str,
        body: CaptureBody,
    ) -> Result<Answered, Problem> {
        let action = Action::CapturePayment {
            payment: payment_id(payment)?,
            minor: body.amount.0,
            note: body.note.map_or_else(String::new, |note| note.0),
            fresh: ids::root(),
        };
        self.ask(
            caller,
            Asking::new(action, render::payment_changed).keyed(Some(keyed)),
        )
        .await
    }

    /// Notes that a person has looked at something about a payment.
    pub(crate) async fn resolve_payment_attention(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        payment: &str,
        code: &str,
        note: String,
    ) -> Result<Answered, Problem> {
        let action = Action::ResolveAttention {
            of: AttentionOf::Payment(payment_id(payment)?),
            code: attention_code(code)?,
            note,
        };
        self.ask(
            caller,
            Asking::new(action, render::payment_changed).keyed(keyed),
        )
        .await
    }

    /// Asks for money to be given back. It is set aside from what may still be refunded at once; the
    /// provider is called by whoever does effects.
    pub(crate) async fn refund_payment(
        &self,
        caller: &Caller,
        keyed: Keyed,
        payment: &str,
        body: RefundBody,
    ) -> Result<Answered, Problem> {
        let (id, root) = self.payment(caller.shop(), payment).await?;
        let named = root.payment(id).map_or("", |known| known.source.as_str());
        let source = self.source(caller.shop(), named);
        let recorded = body.recorded.unwrap_or_default();
        if named != MANUAL_SOURCE && !recorded && !source.is_some_and(|source| source.can_refund())
        {
            return Err(REFUND_NOT_SUPPORTED.into());
        }
        let restock = body.restock.into_iter().flatten();
        let action = Action::RefundPayment(RefundPayment {
            payment: id,
            minor: body.amount.0,
            reason: body.reason.map_or_else(String::new, |reason| reason.0),
            restock: restock.map(|line| (line.sku.0, line.quantity.0)).collect(),
            release_slot: body.release_slot.unwrap_or_default(),
            recorded,
        });
        self.ask(
            caller,
            Asking::new(action, render::refund_created).keyed(Some(keyed)),
        )
        .await
    }

    /// Corrects the receipts of a payment that do not say what its ledger says.
    pub(crate) async fn correct_receipts(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        payment: &str,
    ) -> Result<Answered, Problem> {
        let action = Action::CorrectPapers(payment_id(payment)?);
        self.ask(
            caller,
            Asking::new(action, render::payment_changed).keyed(keyed),
        )
        .await
    }

    /// The root on which a refund hangs.
    pub(crate) async fn refund(
        &self,
        shop: ShopId,
        refund: &str,
    ) -> Result<(RefundId, Root), Problem> {
        let id: RefundId = refund.parse().map_err(|_| Problem::from(NOT_FOUND))?;
        let root = self
            .inner
            .store
            .root(shop, id.root())
            .await
            .map_err(unreadable)?;
        let is_here = |root: &Root| root.refunds.iter().any(|refund| refund.id == id);
        let root = root.filter(is_here);
        root.map(|root| (id, root)).ok_or_else(|| NOT_FOUND.into())
    }

    /// The root on which a payment hangs.
    pub(crate) async fn payment(
        &self,
        shop: ShopId,
        payment: &str,
    ) -> Result<(PaymentId, Root), Problem> {
        let id = payment_id(payment)?;
        let root = self
            .inner
            .store
            .root(shop, id.root())
            .await
            .map_err(unreadable)?;
        let root = root.filter(|root| root.payment(id).is_some());
        root.map(|root| (id, root)).ok_or_else(|| NOT_FOUND.into())
    }

    /// A page of payments.
    pub(crate) async fn payments(
        &self,
        shop: ShopId,
        filter: PaymentFilter,
        seek: Seek<PaymentId>,
    ) -> Result<Page<(PaymentId, Arc<Root>), PaymentId>, Problem> {
        self.inner
            .store
            .payments(shop, filter, seek)
            .await
            .map_err(unreadable)
    }
}

fn payment_id(text: &str) -> Result<PaymentId, Problem> {
    text.parse().map_err(|_| NOT_FOUND.into())
}
