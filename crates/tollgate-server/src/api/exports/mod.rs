//! `/v1/exports`: orders, payments, refunds and receipts as tables for an accountant.

mod handlers;
mod period;
mod receipts;
mod rows;

pub(in crate::api) use handlers::operations;
pub(in crate::api) use period::{Period, schema_of_begin};
