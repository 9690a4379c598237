//! Receipts from outside, as they are printed.

mod rendered;
