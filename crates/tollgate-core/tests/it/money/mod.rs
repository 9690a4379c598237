//! Stories of money: what is paid, kept, given back and issued receipts for, in every order of arrival
//! (docs/money.md).

mod fees;
mod given_back;
mod late;
mod amounts;
mod receipts;
mod refused;
mod alone;
mod timeline;
mod books;
