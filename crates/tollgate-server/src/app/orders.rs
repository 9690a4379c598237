//! Orders.

use tollgate_core::command::{
    Action, AttentionOf, ChangeOrder, CreateOrder, OrderRef, RefuseCreation, Unknown,
};
use tollgate_core::id::{RootId, ShopId};
use tollgate_core::order::{AttentionCode, Root};
use tollgate_store::{Between, OrderFilter, Page, Seek, Story};

use super::{Answered, App, AppError, Asking, Caller, Keyed};

/// What an order takes beside its request's bytes while it waits.
const OVERHEAD_BYTES: usize = 1024;

/// What a change of metadata takes while it waits, about.
pub(super) const KEPT_BYTES: usize = 8 * 1024;

impl App {
    /// Creates an order with all its holds, or nothing. `bytes` is the size of the request.
    pub(crate) async fn create_order(
        &self,
        caller: &Caller,
        keyed: Keyed,
        wanted: CreateOrder,
        bytes: usize,
    ) -> Result<Answered, AppError> {
        let shop = caller.shop();
        let source = wanted.payment.as_ref().map(|(source, _)| source);
        let action = match source.is_none_or(|source| self.knows_source(shop, source)) {
            true => Action::CreateOrder(Box::new(wanted)),
            false => Action::RefuseCreation(RefuseCreation {
                code: Some(wanted.code),
                payment: wanted.payment,
                unknown: Unknown::Source,
            }),
        };
        let asking = Asking::new(action).keyed(Some(keyed));
        self.ask(caller, asking.bytes(bytes + OVERHEAD_BYTES)).await
    }

    /// Refuses an order that names what there is not; what it repeats is reported first.
    pub(crate) async fn refuse_order(
        &self,
        caller: &Caller,
        keyed: Keyed,
        wanted: RefuseCreation,
    ) -> Result<Answered, AppError> {
        let action = Action::RefuseCreation(wanted);
        self.ask(caller, Asking::new(action).keyed(Some(keyed)))
            .await
    }

    /// Cancels an order, or lets it close while a payment is open.
    pub(crate) async fn cancel_order(
        &self,
        caller: &Caller,
        keyed: Keyed,
        order: OrderRef,
    ) -> Result<Answered, AppError> {
        let action = Action::CancelOrder(order);
        self.ask(caller, Asking::new(action).keyed(Some(keyed)))
            .await
    }

    /// Changes what is kept with an order.
    pub(crate) async fn change_order(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        wanted: ChangeOrder,
    ) -> Result<Answered, AppError> {
        let action = Action::ChangeOrder(Box::new(wanted));
        self.ask(caller, Asking::new(action).keyed(keyed).bytes(KEPT_BYTES))
            .await
    }

    /// Notes that a person has looked at something about an order or a payment.
    pub(crate) async fn resolve_attention(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        of: AttentionOf,
        code: AttentionCode,
        note: String,
    ) -> Result<Answered, AppError> {
        let action = Action::ResolveAttention { of, code, note };
        self.ask(caller, Asking::new(action).keyed(keyed)).await
    }

    /// The order of an id or code.
    pub(crate) async fn order(&self, shop: ShopId, order: &OrderRef) -> Result<Root, AppError> {
        let root = match order {
            OrderRef::Id(id) => self.inner.store.root(shop, id.root()).await?,
            OrderRef::Code(code) => self.inner.store.root_by_code(shop, code).await?,
        };
        root.filter(|root| root.order.is_some())
            .ok_or(AppError::NotFound)
    }

    /// A page of orders.
    pub(crate) async fn orders(
        &self,
        shop: ShopId,
        filter: OrderFilter,
        seek: Seek<RootId>,
    ) -> Result<Page<Root, RootId>, AppError> {
        Ok(self.inner.store.orders(shop, filter, seek).await?)
    }

    /// The next roots in which something happened in a stretch of time.
    pub(crate) async fn roots_between(
        &self,
        shop: ShopId,
        between: Between,
        past: Option<RootId>,
    ) -> Result<Page<Root, RootId>, AppError> {
        Ok(self.inner.store.roots_between(shop, between, past).await?)
    }

    /// An order with all that is told of it.
    pub(crate) async fn timeline(&self, shop: ShopId, order: &OrderRef) -> Result<Story, AppError> {
        let root = self.order(shop, order).await?;
        let story = self.inner.store.story(shop, root.id).await?;
        story.ok_or(AppError::NotFound)
    }

    /// Payments can only be expected from a source that is configured, or by hand.
    pub(super) fn knows_source(&self, shop: ShopId, source: &str) -> bool {
        source == tollgate_core::payment::MANUAL_SOURCE || self.source(shop, source).is_some()
    }
}
