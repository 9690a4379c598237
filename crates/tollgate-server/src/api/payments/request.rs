//! The bodies of requests about payments and refunds. What is written of them, and in which order, makes
//! their fingerprints (K5).

use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tollgate_core::command::{RefundPayment, RefuseCreation, RegisterPayment, Unknown};
use tollgate_core::id::{PaymentId, RootId};

use crate::api::orders::{LINES_MAX, order_ref};
use crate::http::body::{
    Body, CatalogueName, CurrencyCode, List, Metadata, Name, Note, OrderName, Positive, Reference,
    Text, Time, Together, Wrong, known_currency, none, said, wrong,
};
use crate::http::reply::Named;

/// `POST /v1/payments`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{
    "source": "manual", "reference": "TILL-1-0042", "amount": 15000000, "currency": "IDR"
    }]), extend("anyOf" = [
    {"required": ["order"], "properties": {"order": {"type": "string"}, "metadata": {"type": "null"}}},
    {"required": ["amount", "currency"], "properties": {"order": {"type": "null"}, "amount": {"type": "integer"},
    "currency": {"type": "string"}}}
]))]
pub(crate) struct PaymentBody {
    /// How much it is over, in minor units; what the order still owes if absent, and required without an order.
    #[serde(skip_serializing_if = "none")]
    pub(crate) amount: Option<Positive>,
    /// Three letters of ISO 4217; the order's if absent, and required without an order.
    #[serde(skip_serializing_if = "none")]
    pub(crate) currency: Option<CurrencyCode>,
    /// When the attempt ends by your word; never if absent.
    #[serde(skip_serializing_if = "none")]
    pub(crate) expires_at: Option<Time>,
    /// Yours, kept as it came; only of a payment without an order.
    #[serde(skip_serializing_if = "Metadata::says_nothing")]
    pub(crate) metadata: Option<Metadata>,
    /// The id or code of the order that it pays; it stands alone if absent.
    #[serde(skip_serializing_if = "none")]
    pub(crate) order: Option<OrderName>,
    /// The name by which the source knows it.
    pub(crate) reference: Reference,
    /// A configured source, or `manual`.
    pub(crate) source: Name,
}

impl Body for PaymentBody {
    const TOGETHER: Together = &[("", alone_or_not)];

    fn is_whole(&self) -> bool {
        match self.order {
            Some(_) => self.metadata.is_none(),
            None => self.amount.is_some() && self.currency.is_some(),
        }
    }
}

/// The judge of a payment: what it says depends on whether it has an order.
fn alone_or_not(text: &str) -> Vec<Wrong> {
    #[derive(Deserialize)]
    struct Said {
        amount: Option<IgnoredAny>,
        currency: Option<IgnoredAny>,
        metadata: Option<IgnoredAny>,
        order: Option<IgnoredAny>,
    }
    let Ok(said) = serde_json::from_str::<Said>(text) else {
        return Vec::new();
    };
    if said.order.is_some() {
        let detail = "only a payment without an order has metadata of its own";
        return said
            .metadata
            .map(|_| wrong("/metadata", detail))
            .into_iter()
            .collect();
    }
    let detail = "a payment without an order says how much it is";
    [("/amount", said.amount), ("/currency", said.currency)]
        .into_iter()
        .filter(|(_, said)| said.is_none())
        .map(|(below, _)| (below.to_owned(), "missing", detail.to_owned()))
        .collect()
}

impl PaymentBody {
    /// What it names that there may not be.
    pub(crate) fn named(&self) -> [Named<'_>; 3] {
        [
            ("/currency", self.currency.as_ref().map(Text::as_str)),
            ("/order", self.order.as_ref().map(Text::as_str)),
            ("/source", Some(self.source.as_str())),
        ]
    }

    /// What core is asked for; a payment in no currency, or of an order that can be none, is refused
    /// there, too, but as that. `fresh` is the id it will have if it stands alone.
    pub(crate) fn wanted(self, fresh: RootId) -> Result<RegisterPayment, RefuseCreation> {
        let currency = self.currency.map(|code| known_currency(code.as_str()));
        let order = self.order.map(|order| order_ref(order.as_str()));
        let unknown = match (&currency, &order) {
            (Some(None), _) => Some(Unknown::Currency),
            (_, Some(None)) => Some(Unknown::Order),
            _ => None,
        };
        if let Some(unknown) = unknown {
            return Err(RefuseCreation {
                code: None,
                payment: Some((self.source.0, self.reference.0)),
                unknown,
            });
        }
        Ok(RegisterPayment {
            fresh,
            order: order.flatten(),
            source: self.source.0,
            reference: self.reference.0,
            minor: self.amount.map(|amount| amount.0),
            currency: currency.flatten(),
            expires_at: self.expires_at.map(|time| time.0),
            metadata: Metadata::text(self.metadata.as_ref()),
        })
    }
}

/// `PATCH /v1/payments/{id}`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"metadata": {"till": 3}}]))]
pub(crate) struct PaymentChangeBody {
    /// Laid over what is kept as a JSON merge patch (RFC 7386); `null` empties it.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "none")]
    #[schemars(with = "Option<Metadata>")]
    pub(crate) metadata: Option<Option<Metadata>>,
}

impl Body for PaymentChangeBody {}

/// `POST /v1/payments/{id}/capture`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"amount": 15000000, "note": "cash"}]))]
pub(crate) struct CaptureBody {
    /// How much came, in minor units.
    pub(crate) amount: Positive,
    /// How it came: `cash`, `bank transfer: BCA`, or whatever else is to be said.
    #[serde(skip_serializing_if = "none")]
    pub(crate) note: Option<Note>,
}

impl Body for CaptureBody {}

/// `POST /v1/payments/{id}/refund`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"amount": 40000, "reason": "scratched"}]))]
pub(crate) struct RefundBody {
    /// How much goes back, in minor units.
    pub(crate) amount: Positive,
    /// Why.
    #[serde(skip_serializing_if = "none")]
    pub(crate) reason: Option<Note>,
    /// Units that have come back, by sku.
    #[serde(skip_serializing_if = "none")]
    pub(crate) restock: Option<List<RestockBody, 0, LINES_MAX>>,
    /// The order gives its slot back.
    #[serde(skip_serializing_if = "none")]
    pub(crate) release_slot: Option<bool>,
    /// The money has gone back already, by another way: no provider is called.
    #[serde(skip_serializing_if = "none")]
    pub(crate) recorded: Option<bool>,
}

/// Units of one sku that have come back with a refund.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestockBody {
    /// The sku.
    pub(crate) sku: CatalogueName,
    /// How many units of it.
    pub(crate) quantity: Positive,
}

impl RefundBody {
    /// What core is asked for.
    pub(crate) fn wanted(self, payment: PaymentId) -> RefundPayment {
        let restock = self.restock.into_iter().flatten();
        RefundPayment {
            payment,
            minor: self.amount.0,
            reason: self.reason.map_or_else(String::new, |reason| reason.0),
            restock: restock.map(|line| (line.sku.0, line.quantity.0)).collect(),
            release_slot: self.release_slot.unwrap_or_default(),
            recorded: self.recorded.unwrap_or_default(),
        }
    }
}

impl Body for RefundBody {}
