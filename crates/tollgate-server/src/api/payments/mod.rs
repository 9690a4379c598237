//! Payments and refunds.

mod handlers;
pub(super) mod request;
pub(super) mod response;
pub(super) mod checked;

pub(super) use handlers::*;
pub(crate) use response::{FactView, PaymentHeadView, PaymentView};
