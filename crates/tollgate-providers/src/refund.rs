//! Giving money back at a provider, as pure requests and responses.

use tollgate_core::event::RefundState;
use tollgate_core::money::Money;

use crate::question::{CannotAsk, HttpRequest, HttpResponse, Token};

/// A refund that a provider is to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// The references of the payment; ours first.
    pub names: Vec<String>,
    /// The provider's id of the payment, where it is known.
    pub provider_payment_id: Option<String>,
    /// The provider's objects that have brought the payment's money.
    pub captured_objects: Vec<String>,
    /// Our name for the refund, the same at every try: at most 63 letters, digits and underscores.
    pub refund_key: String,
    /// How much.
    pub money: Money,
    /// In the merchant's words; may be empty.
    pub reason: String,
    /// Others of the same payment were sent before.
    pub has_earlier: bool,
}

/// What a provider says to a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAnswer {
    /// It has taken it.
    Taken {
        /// The name under which its messages speak of the refund; `None` where they use our key.
        provider_refund_id: Option<String>,
        /// How it stands.
        state: RefundState,
    },
    /// It will not do it, now or later.
    Refused(String),
    /// It has done nothing, or what it has done it does not do twice: the same order may be sent again.
    Unavailable(String),
    /// Our credentials are not accepted; it has done nothing.
    Unauthorized(String),
    /// It may have done it.
    Unclear(String),
}

/// How a provider is told to give money back.
pub(crate) trait Refunds {
    /// Whether the provider promises that an order with the same key is done once, however often it is
    /// sent.
    fn is_repeatable(&self) -> bool;

    /// The order itself.
    fn request(&self, order: &RefundOrder, token: Option<&Token>)
    -> Result<HttpRequest, CannotAsk>;

    /// What the answer says.
    fn read(&self, order: &RefundOrder, response: &HttpResponse<'_>) -> RefundAnswer;
}
