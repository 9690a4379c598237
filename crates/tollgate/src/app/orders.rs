//! Orders.

use tollgate_core::command::{Action, AttentionOf, CreateOrder, OrderRef, Unknown};
use tollgate_core::id::{OrderId, PREFIXES, RootId, ShopId};
use tollgate_core::order::{AttentionCode, Line, Root};
use tollgate_core::time::Span;
use tollgate_core::word::Word;
use tollgate_store::{OrderFilter, Page, Seek, StoryLine};

use super::{Answered, App, Asking, Caller, Keyed, known_currency, no_currency, unreadable};
use crate::body::{CustomerBody, Metadata, OrderBody, is_name, slot_wish};
use crate::error::{NOT_FOUND, Problem};
use crate::{ids, render};

/// Which order is meant by an id or a code; what can be neither means none.
pub(crate) fn order_ref(text: &str) -> Result<OrderRef, Problem> {
    if let Ok(id) = text.parse::<OrderId>() {
        return Ok(OrderRef::Id(id));
    }
    let like_an_id = text
        .split_once('_')
        .is_some_and(|(prefix, _)| PREFIXES.contains(&prefix));
    match is_name(text) && !like_an_id {
        true => Ok(OrderRef::Code(text.to_owned())),
        false => Err(NOT_FOUND.into()),
    }
}

impl App {
    /// Creates an order with all its holds, or nothing.
    pub(crate) async fn create_order(
        &self,
        caller: &Caller,
        keyed: Keyed,
        body: OrderBody,
        bytes: usize,
    ) -> Result<Answered, Problem> {
        let currency = known_currency(body.currency.as_str());
        let source = body.payment.as_ref().map(|payment| payment.source.as_str());
        let unknown = if body.lines.is_empty() {
            Some(Unknown::Lines)
        } else if currency.is_none() {
            Some(Unknown::Currency)
        } else if source.is_some_and(|source| !self.knows_source(caller.shop(), source)) {
            Some(Unknown::Source)
        } else {
            None
        };
        let hold = Span::seconds(body.hold_seconds());
        let take_over = body
            .hold
            .as_ref()
            .and_then(|hold| hold.as_str().parse().ok());
        let slot = body
            .slot
            .and_then(|slot| slot_wish(slot.calendar, slot.not_before, slot.slot_id));
        let fresh = ids::root();
        let skus = body.lines.iter().map(|line| line.sku.0.clone()).collect();
        let create = CreateOrder {
            fresh,
            code: body
                .code
                .map_or_else(|| ids::order_code(fresh), |code| code.0),
            currency: currency.unwrap_or_else(no_currency),
            lines: body
                .lines
                .into_iter()
                .map(|line| Line {
                    sku: line.sku.0,
                    name: line.name.map(|name| name.0),
                    quantity: line.quantity.0,
                    unit_minor: line.unit_amount.0,
                    stocked: line.stocked.unwrap_or(true),
                })
                .collect(),
            discount_minor: body.discount_amount.unwrap_or_default().0,
            shipping_minor: body.shipping_amount.unwrap_or_default().0,
            customer: CustomerBody::customer(body.customer),
            slot,
            hold,
            take_over,
            payment: body
                .payment
                .map(|payment| (payment.source.0, payment.reference.0)),
            metadata: Metadata::text(body.metadata.as_ref()),
            unknown,
        };
        let action = Action::CreateOrder(Box::new(create));
        let mut asking = Asking::new(action, render::order_created).keyed(Some(keyed));
        asking.skus = skus;
        asking.bytes = bytes + 1024;
        self.ask(caller, asking).await
    }

    /// Cancels an order, or lets it close while a payment is open.
    pub(crate) async fn cancel_order(
        &self,
        caller: &Caller,
        keyed: Keyed,
        order: &str,
    ) -> Result<Answered, Problem> {
        let action = Action::CancelOrder(order_ref(order)?);
        self.ask(
            caller,
            Asking::new(action, render::order_changed).keyed(Some(keyed)),
        )
        .await
    }

    /// Notes that a person has looked at something.
    pub(crate) async fn resolve_attention(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        order: &str,
        code: &str,
        note: String,
    ) -> Result<Answered, Problem> {
        let action = Action::ResolveAttention {
            of: AttentionOf::Order(order_ref(order)?),
            code: attention_code(code)?,
            note,
        };
        self.ask(
            caller,
            Asking::new(action, render::order_changed).keyed(keyed),
        )
        .await
    }

    /// The order of an id or code.
    pub(crate) async fn order(&self, shop: ShopId, order: &str) -> Result<Root, Problem> {
        let root = match order_ref(order)? {
            OrderRef::Id(id) => self.inner.store.root(shop, id.root()).await,
            OrderRef::Code(code) => self.inner.store.root_by_code(shop, &code).await,
        };
        let root = root.map_err(unreadable)?;
        root.filter(|root| root.order.is_some())
            .ok_or_else(|| NOT_FOUND.into())
    }

    /// A page of orders.
    pub(crate) async fn orders(
        &self,
        shop: ShopId,
        filter: OrderFilter,
        seek: Seek<RootId>,
    ) -> Result<Page<Root, RootId>, Problem> {
        self.inner
            .store
            .orders(shop, filter, seek)
            .await
            .map_err(unreadable)
    }

    /// What happened to an order, oldest first.
    pub(crate) async fn timeline(
        &self,
        shop: ShopId,
        order: &str,
    ) -> Result<Vec<StoryLine>, Problem> {
        let root = self.order(shop, order).await?;
        self.inner
            .store
            .timeline(shop, root.id)
            .await
            .map_err(unreadable)
    }

    /// Payments can only be expected from a source that is configured, or by hand.
    pub(super) fn knows_source(&self, shop: ShopId, source: &str) -> bool {
        source == tollgate_core::payment::MANUAL_SOURCE || self.source(shop, source).is_some()
    }
}

/// The attention a path names.
pub(super) fn attention_code(code: &str) -> Result<AttentionCode, Problem> {
    AttentionCode::of(code).ok_or_else(|| NOT_FOUND.into())
}
