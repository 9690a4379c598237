//! Payments and refunds.

mod handlers;
pub(super) mod request;
mod response;
mod checked;

pub(super) use handlers::*;
pub(crate) use response::{FactView, PaymentHeadView, PaymentView};
