//! Tollgate from outside: the real binary, real HTTP, signed webhooks, crashes.
//!
//! Every test starts a server of its own on a port the system chooses. What a test checks it reads
//! through the API; the scenario's code (docs/scenarios.md) stands above it. With TOLLGATE_TEST_POSTGRES
//! every server has a database of its own on that server, else a SQLite file; what only a file has is in
//! tests/file, what several servers on one database do in tests/instances.

#[path = "../harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each suite uses its part")]
mod harness;

#[path = "../harness/rpc.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod rpc;

#[path = "../../../tollgate-outbound/tests/it/tls/mod.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod tls;

mod early;
mod batches;
mod stock;
mod slots;
mod refusals;
mod reload;
mod repeats;
mod payments;
mod amounts;
mod inbox;
mod secrets;
mod sealed;
mod sizes;
mod forgery;
mod refused_webhooks;
mod log;
mod errors;
mod stats;
mod bodies;
mod setup;
mod starting;
mod stopping;
mod keys;
mod users;
mod welcome;
mod effects;
mod elsewhere;
mod crash;
mod idle;
mod tools;
mod operating;
mod described;
mod prune;
mod stream;
mod tail;
mod telemetry;
mod forward;
mod top;
mod shown;
mod profiles;
mod watch;
mod grpc;
