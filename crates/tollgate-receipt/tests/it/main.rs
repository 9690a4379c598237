//! Receipts from outside, as they are printed.

mod added;
mod drawn_font;
mod earlier;
mod look;
mod paper;
mod parts;
mod rendered;
