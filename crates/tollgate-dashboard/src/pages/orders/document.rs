//! What pages read of an order: members of the API's documents, named as they are there.

use serde::Deserialize;

use crate::pages::payments::document::Payment;

/// An order.
#[derive(Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) status: String,
    pub(super) attention: Vec<String>,
    pub(super) currency: String,
    pub(super) total_amount: i64,
    pub(super) captured_amount: i64,
    pub(super) refunded_amount: i64,
    #[serde(default)]
    pub(super) fee_amount: i64,
    pub(super) discount_amount: i64,
    pub(super) shipping_amount: i64,
    pub(super) lines: Vec<Line>,
    pub(super) customer: Customer,
    pub(super) note: Option<String>,
    pub(super) slot: Option<Slot>,
    pub(super) hold: Option<Hold>,
    pub(super) payments: Vec<Payment>,
    pub(super) metadata: serde_json::Value,
    pub(super) created_at: String,
    pub(super) updated_at: String,
}

/// What is bought.
#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) sku: String,
    pub(super) name: Option<String>,
    pub(super) quantity: i64,
    pub(super) unit_amount: i64,
    pub(super) stocked: bool,
}

/// Who buys.
#[derive(Deserialize)]
pub(super) struct Customer {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) address: Option<String>,
    pub(super) tax_id: Option<String>,
}

impl Customer {
    /// What the customer is called, by whatever is known.
    pub(super) fn called(&self) -> Option<&str> {
        let known = [&self.name, &self.email, &self.phone];
        known.into_iter().find_map(|one| one.as_deref())
    }
}

/// The slot that is booked.
#[derive(Deserialize)]
pub(super) struct Slot {
    pub(super) calendar: String,
    pub(super) starts_at: String,
    pub(super) ends_at: String,
}

/// What is set aside.
#[derive(Deserialize)]
pub(super) struct Hold {
    pub(super) state: String,
    pub(super) expires_at: String,
}

/// `GET /v1/orders/{id}/timeline`
#[derive(Deserialize)]
pub(super) struct Timeline {
    pub(super) data: Vec<Entry>,
    pub(super) waits_for: Vec<Wait>,
}

/// What happened.
#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) position: i64,
    pub(super) at: String,
    pub(super) kind: String,
    pub(super) summary: String,
    pub(super) by: Option<By>,
    pub(super) event_id: Option<String>,
    pub(super) effect_id: Option<String>,
    pub(super) detail: serde_json::Value,
}

/// Who did it.
#[derive(Deserialize)]
pub(super) struct By {
    pub(super) who: String,
    pub(super) name: Option<String>,
}

/// What is waited for.
#[derive(Deserialize)]
pub(super) struct Wait {
    pub(super) what: String,
    pub(super) summary: String,
    pub(super) effect_id: Option<String>,
    pub(super) next_at: Option<String>,
}

/// `GET /v1/effects`
#[derive(Deserialize)]
pub(super) struct Effects {
    pub(super) data: Vec<Effect>,
}

/// What happens outside for the order.
#[derive(Deserialize)]
pub(super) struct Effect {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) tries: u32,
    pub(super) due_at: Option<String>,
    pub(super) settled_at: Option<String>,
    pub(super) reason: Option<String>,
}
