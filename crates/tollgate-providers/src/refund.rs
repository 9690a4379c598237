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
    /// It is all that the payment has brought, and nothing of it was given back before.
    pub whole: bool,
    /// In the merchant's words; may be empty.
    pub reason: String,
    /// Others of the same payment were sent before.
    pub has_earlier: bool,
}

/// A way to give money back. Every order begins with `Refund`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefundStep {
    /// A refund of its own.
    #[default]
    Refund,
    /// The payment is called off before it is settled, which gives all of it back.
    Cancel,
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
    /// It has done nothing and does not do it in this way; in the other it may.
    NextStep(RefundStep, String),
    /// It was ordered before, or is done already: ask how it stands before anything else is done. If it
    /// is not there, it was refused.
    Duplicate(String),
    /// It will not do it, now or later.
    Refused(String),
    /// It has done nothing, or what it has done it does not do twice: the same order may be sent again.
    Unavailable(String),
    /// Our credentials are not accepted; it has done nothing.
    Unauthorized(String),
    /// It may have done it.
    Unclear(String),
}

/// How a refund that was ordered stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundStatus {
    /// The provider knows it.
    Known {
        /// Its own name for the refund, where it has given one. Its messages may use it or our key.
        provider_refund_id: Option<String>,
        /// How it stands.
        state: RefundState,
        /// How much it is, in minor units of the payment's currency, where that is said.
        minor: Option<i64>,
    },
    /// It is sure that it has no such refund. Of one that it has taken before it means "not yet".
    NotThere(String),
    /// It knows the payment and does not mention this refund. Ask again.
    Undecided(String),
    /// Busy or broken; ask again later.
    Unavailable(String),
    /// Our credentials are not accepted.
    Unauthorized(String),
    /// It answered about something else, or what cannot be read: it proves nothing.
    Other(String),
}

/// How a provider is asked to give money back.
pub(crate) trait Refunds {
    /// Whether the provider promises that an order with the same key is done once, however often it is
    /// sent.
    fn is_repeatable(&self) -> bool;

    /// The order itself.
    fn request(&self, order: &RefundOrder, token: Option<&Token>)
    -> Result<HttpRequest, CannotAsk>;

    /// What the answer says.
    fn read(&self, order: &RefundOrder, response: &HttpResponse<'_>) -> RefundAnswer;

    /// The way to call a payment off before it is settled; `None` where there is none.
    fn cancels(&self) -> Option<&dyn Cancels>;

    /// The way to ask how a refund stands; `None` where there is none.
    fn status_query(&self) -> Option<&dyn RefundQuery>;
}

/// How a provider is asked to call a payment off: money that was set aside is let go, money that was
/// taken and not settled goes back, all of it.
pub(crate) trait Cancels {
    /// The order itself.
    fn request(&self, order: &RefundOrder, token: Option<&Token>)
    -> Result<HttpRequest, CannotAsk>;

    /// What the answer says.
    fn read(&self, order: &RefundOrder, response: &HttpResponse<'_>) -> RefundAnswer;
}

/// How a provider is asked how a refund stands.
pub(crate) trait RefundQuery {
    /// The question, by our name for the refund or for its payment.
    fn request(&self, order: &RefundOrder, token: Option<&Token>)
    -> Result<HttpRequest, CannotAsk>;

    /// What the answer says. `known_id` is the provider's own name for the refund, where it has given one.
    fn read(
        &self,
        order: &RefundOrder,
        known_id: Option<&str>,
        response: &HttpResponse<'_>,
    ) -> RefundStatus;
}
