//! How we speak out: calls over HTTP, mail, and the API of a running server as our commands call it; and
//! the languages of messages to customers.
//!
//! Who is called and what is written is decided elsewhere: nothing here knows an order, an effect or a
//! database. Calls and mails distinguish what surely never left, what was answered, and what may have
//! arrived. The modules stand in reading order.

pub mod calls;
pub mod mail;
pub mod remote;
pub mod language;
mod setting;

pub use setting::SettingError;
