//! The way out by mail: what a customer is written when an order is paid, a receipt is issued or money
//! goes back.
//!
//! A [`Letter`] says what is to be written; [`Mailer::compose`] makes of it a [`Message`], the same
//! bytes every time; [`Mailer::send`] hands it to the operator's mail server and says whether it may
//! have been taken ([`Sending`]). docs/mail.md is the operator's side of it.

mod settings;
mod templates;
mod message;
mod smtp;

pub use message::{Attachment, BadLetter, Letter, Message, Note, is_address};
pub use settings::{Encryption, MailServer, MailSettings, Typed};
pub use smtp::{Mailer, Sending};
pub use templates::{MailContext, MailFact, MailKind, MailLine};
