//! The provider's answer to a question that was asked through the API.

use schemars::JsonSchema;
use serde::Serialize;

use super::response::PaymentView;
use crate::app::Checked;

/// A payment after its provider was asked.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CheckedView<'a> {
    payment: Option<PaymentView<'a>>,
    provider: ProviderView<'a>,
}

#[derive(Serialize, JsonSchema)]
struct ProviderView<'a> {
    asked: bool,
    state: &'static str,
    answer: AnswerView<'a>,
}

#[derive(Serialize, JsonSchema)]
struct AnswerView<'a> {
    status: Option<u16>,
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
