//! The ways out from outside: calls and mails to servers that answer by a script.

mod calls;
mod mail;
mod tls;
