//! Every provider against deliveries and answers whose outcome is known, and against changed ones.

mod amounts;
mod arbitrary;
mod case;
mod configuring;
mod fixtures;
mod forgery;
mod inbox;
mod likely_causes;
mod methods;
mod questions;
mod refunds;
mod samples;
mod shapes;
mod states;
mod table;
