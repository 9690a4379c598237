//! The program from outside: a server in this process on a port of its own, spoken to over HTTP. With TOLLGATE_TEST_POSTGRES every server has
//! a database of its own on that server, else SQLite.

#[path = "../harness/database.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod database;
#[path = "../harness/log.rs"]
mod log;
#[path = "../harness/workshop.rs"]
mod workshop;

#[path = "../../../tollgate-outbound/tests/it/tls/mod.rs"]
mod tls;

#[path = "../../../tollgate-receipt/tests/it/drawn_font.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod drawn_font;

#[path = "../harness/rpc.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod rpc;

mod shop;
mod tidy;
mod changes;
mod citations;
mod dependencies;
mod picture;
mod orders;
mod timeline;
mod lists;
mod search;
mod exports;
mod names;
mod idempotency;
mod idempotency_doors;
mod grpc;
mod grpc_watch;
mod webhooks;
mod sources;
mod refusals;
mod bodies;
mod books;
mod capacity;
mod changed;
mod access;
mod isolation;
mod sign_in;
mod dashboard;
mod strangers;
mod audit;
mod effect_pages;
mod receipts;
mod letters;
mod endpoints;
mod asking;
mod reconciling;
mod refunds;
mod voids;
mod waiting;
mod down;
mod giving_up;
mod connections;
mod https;
mod limits;
mod origins;
mod tickets;
mod effects;
mod alerts;
mod shapes;
mod papers;
