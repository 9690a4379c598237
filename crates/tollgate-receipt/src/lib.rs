//! Receipts as PDF: a frozen document in, the bytes of a PDF out.
//!
//! When a receipt is issued, what it says and how often is decided elsewhere. Here is a pure function of
//! the document, of fonts that are handed in as bytes, and of this version of the program: no clock, no
//! randomness, no file of the machine, so that rendering a receipt again gives the same bytes. The modules stand in reading order.

mod document;
mod taxes;
mod shares;
mod colour;
mod logo;
mod pdf;
mod layout;
mod table;
mod closing;
mod sheet;
mod text;
mod fonts;
mod added;
mod scripts;
mod code;
mod wording;
mod told;
mod amounts;
mod dates;

pub use added::{FontError, FontFault, FontFile};
pub use amounts::{
    exponent as currency_decimals, money as amount_text, money_in_full as amount_text_in_full,
};
pub use colour::Colour;
pub use dates::text as date_text;
pub use document::{
    Buyer, Line, Locale, Look, Method, Paid, Part, ReceiptDocument, Seller, UsedFont,
};
pub use fonts::Fonts;
pub use logo::{LOGO_BYTES_MAX, Logo};
pub use pdf::{RenderError, Rendered, render};
pub use scripts::{Lack, Package, lacks};
pub use shares::Running;
pub use taxes::{Percent, PercentError, Tax, TaxRate, taxes};
pub use told::Told;
pub use wording::{amount_label, cannot_be_fulfilled, extras, method_text, title};
