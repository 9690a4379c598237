//! The provider's answer to a question that was asked through the API.

use schemars::JsonSchema;
use serde::Serialize;

use super::response::PaymentView;
use crate::app::Checked;

/// A payment after its provider was asked.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"payment": {"id": "pay_01kfjv7m00e008000000000001", "source": "midtrans", "reference": "ZVR-20260122-ABC-1737558000",
    "status": "paid", "amount": 15000000, "currency": "IDR", "captured_amount": 15000000, "refunded_amount": 0,
    "provider_payment_id": "9aed5972", "method": {"kind": "virtual_account", "detail": "BCA"}, "expires_at": null,
    "refunds": [], "created_at": "2026-01-22T10:00:00.000Z", "updated_at": "2026-01-22T10:01:00.000Z", "order_id": "ord_01kfjv7m00e008000000000000", "attention": [],
    "facts": [{"object": "9aed5972", "says": "settled", "amount": 15000000, "currency": "IDR", "strength": "asked",
    "occurred_at": "2026-01-22T10:00:59.000Z"}]},
    "provider": {"asked": true, "state": "done", "answer": {"status": 200, "error": null}}}]))]
pub(crate) struct CheckedView<'a> {
    /// The payment as it stands now.
    payment: Option<PaymentView<'a>>,
    /// What its provider said.
    provider: ProviderView<'a>,
}

/// What a provider said when it was asked.
#[derive(Serialize, JsonSchema)]
struct ProviderView<'a> {
    /// Whether it was reached.
    asked: bool,
    /// `done`: it was decided about; `pending`: it said nothing decisive and is asked again; `dead`: it could
    /// not be asked.
    state: &'static str,
    /// Its answer.
    answer: AnswerView<'a>,
}

/// How a provider has answered.
#[derive(Serialize, JsonSchema)]
struct AnswerView<'a> {
    /// The HTTP status.
    status: Option<u16>,
    /// What went wrong.
    error: Option<&'a str>,
}

impl<'a> CheckedView<'a> {
    /// What a check has come to.
    pub(crate) fn of(checked: &'a Checked) -> CheckedView<'a> {
        let said = &checked.said;
        CheckedView {
            payment: PaymentView::of(&checked.root, checked.payment),
            provider: ProviderView {
                asked: said.status.is_some(),
                state: said.state,
                answer: AnswerView {
                    status: said.status,
                    error: said.error.as_deref(),
                },
            },
        }
    }
}
