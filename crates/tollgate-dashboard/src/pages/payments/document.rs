//! What pages read of a payment: members of the API's documents, named as they are there.

use serde::Deserialize;
use tollgate_core::payment::RefundProgress;
use tollgate_core::word::Word;

/// A payment, within its order or by itself.
#[derive(Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) reference: String,
    pub(crate) status: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) captured_amount: i64,
    pub(crate) refunded_amount: i64,
    #[serde(default)]
    pub(crate) fee_amount: i64,
    pub(crate) provider_payment_id: Option<String>,
    pub(crate) method: Option<Method>,
    pub(crate) expires_at: Option<String>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) created_at: String,
    /// Of a payment by itself; those of an order are the order's.
    #[serde(default)]
    pub(crate) order_id: Option<String>,
    #[serde(default)]
    pub(crate) attention: Vec<String>,
    #[serde(default)]
    pub(crate) facts: Vec<Fact>,
    #[serde(default)]
    pub(crate) metadata: Option<serde_json::Value>,
}

impl Payment {
    /// What is on its way back.
    pub(crate) fn reserved(&self) -> i64 {
        let open = self.refunds.iter().filter(|refund| refund.is_open());
        open.fold(0, |sum, refund| i64::saturating_add(sum, refund.amount))
    }

    /// What may still go back, as far as the document says: the API has the last word.
    pub(crate) fn refundable(&self) -> i64 {
        let gone = self.refunded_amount.saturating_add(self.reserved());
        self.captured_amount.saturating_sub(gone).max(0)
    }

    /// Whether money of it is recorded by hand.
    pub(crate) fn is_manual(&self) -> bool {
        self.source == "manual"
    }
}

/// How it was paid.
#[derive(Deserialize)]
pub(crate) struct Method {
    pub(crate) kind: String,
    pub(crate) detail: Option<String>,
}

/// Money that goes back.
#[derive(Deserialize)]
pub(crate) struct Refund {
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) state: String,
    pub(crate) reason: String,
    pub(crate) provider_refund_id: Option<String>,
    pub(crate) ordered_by: String,
    pub(crate) created_at: String,
}

impl Refund {
    fn is_open(&self) -> bool {
        RefundProgress::of(&self.state).is_some_and(RefundProgress::reserves)
    }
}

/// What its provider says of one object.
#[derive(Deserialize)]
pub(crate) struct Fact {
    pub(crate) object: String,
    pub(crate) says: String,
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) strength: String,
    pub(crate) occurred_at: Option<String>,
}

/// `GET /v1/…/receipts`
#[derive(Deserialize)]
pub(crate) struct Receipts {
    pub(crate) data: Vec<Receipt>,
}

/// A receipt.
#[derive(Deserialize)]
pub(crate) struct Receipt {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    pub(crate) kind: String,
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) state: String,
    pub(crate) issued_at: Option<String>,
    pub(crate) pdf: Option<String>,
}
