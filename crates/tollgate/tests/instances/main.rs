//! Several instances of the real binary on one PostgreSQL database: what they do at the same instant,
//! what they do for each other, and what becomes of it when one of them, a connection or the server is
//! gone. What was answered is there, nothing is there twice, nothing is oversold.
//!
//! `TOLLGATE_TEST_POSTGRES` names a server; tests that stop a server have one of their own. What holds
//! at the end is asked of the database itself (`invariants.rs`).

#[path = "../harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each suite uses its part")]
mod harness;

#[path = "../harness/rpc.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod rpc;

/// A pooler before the suite's server; the store's suite has the same.
#[path = "../../../tollgate-store/tests/server/pooler.rs"]
mod pooler;

mod crew;
mod fleet;
mod invariants;
mod load;

mod poolers;
mod races;
mod access;
mod welcome;
mod keys;
mod sharing;
mod sweeps;
mod clocks;
mod kills;
mod upgrade;
mod workers;
mod recovery;
mod stalls;
mod outages;
mod balancer;
mod standby;
mod moving;
mod put_back;
mod failover;
mod stream;
