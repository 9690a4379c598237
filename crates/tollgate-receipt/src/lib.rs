//! Receipts as PDF: a frozen document in, the bytes of a PDF out.
//!
//! When a receipt is issued, what it says and how often is decided elsewhere. Here is a pure function of
//! the document and of this version of the program: no clock, no randomness, no file of the machine, so
//! that rendering a receipt again gives the same bytes. The modules stand in reading order.

mod document;
mod taxes;
mod pdf;
mod layout;
mod table;
mod closing;
mod sheet;
mod text;
mod fonts;
mod code;
mod wording;
mod amounts;
mod dates;

pub use amounts::money as amount_text;
pub use document::{Buyer, Line, Locale, Paid, ReceiptDocument, Seller};
pub use pdf::{RenderError, Rendered, render};
pub use taxes::{Percent, PercentError, Tax, TaxRate, shared, taxes};
pub use wording::extras;
