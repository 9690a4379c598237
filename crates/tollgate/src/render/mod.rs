//! Answers: how roots, events and capacity look on the wire.
//!
//! Everything is written straight from core's types into bytes; answers to requests with an
//! Idempotency-Key are written inside the batch that decides them (K7).

mod fields;
mod orders;
mod payments;
mod checked;
mod capacity;
mod events;
mod notice;
mod story;
mod effects;
mod endpoints;
mod receipts;
mod keys;
mod codes;

use serde::Serialize;
use tollgate_core::id::RootId;
use tollgate_store::Answer;

pub(crate) use capacity::{
    CalendarView, HoldView, SlotView, StockView, calendar_changed, hold_changed, hold_created,
    slots_changed, stock_changed,
};
pub(crate) use checked::CheckedView;
pub(crate) use codes::codes_page;
pub(crate) use effects::{EffectView, effect_retried, effect_settled};
pub(crate) use endpoints::EndpointView;
pub(crate) use events::{DeliveryView, EventView, event_replayed};
pub(crate) use keys::KeyView;
pub(crate) use notice::{endpoint_test, notice};
pub(crate) use orders::{OrderView, order_changed, order_created};
pub(crate) use payments::{
    PaymentView, RefundView, payment_changed, payment_created, refund_created,
};
pub(crate) use receipts::{PublicReceipt, ReceiptView, STYLE as RECEIPT_STYLE, no_receipt_page};
pub(crate) use story::StoryView;

/// A document with a status.
pub(crate) fn answer(status: u16, document: &impl Serialize) -> Answer {
    let body =
        serde_json::to_vec(document).expect("a document of texts and numbers can be written");
    Answer { status, body }
}

/// A page of a list.
#[derive(Serialize)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    pub(crate) next_cursor: Option<String>,
}

/// A cursor: where a page of a list goes on.
pub(crate) fn cursor(id: u128) -> String {
    tollgate_core::id::encode(id)
}

/// The number of a cursor.
pub(crate) fn read_cursor(text: &str) -> Option<u128> {
    tollgate_core::id::decode(text)
}

/// The root of a cursor.
pub(crate) fn cursor_of_root(id: RootId) -> String {
    cursor(id.as_u128())
}
