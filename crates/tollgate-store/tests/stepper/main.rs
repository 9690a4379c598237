//! The stepper (docs/gate.md, What the simulator cannot see): several Gates on one PostgreSQL database, held
//! before each of their round trips and let go one at a time; and the same Gates with the server taken
//! away from under them.
//!
//! It needs a server: the variable `TOLLGATE_TEST_POSTGRES` names one, which scripts/test sets.

mod broken;
mod claims;
mod doubt;
mod lane;
mod pairs;
mod poison;
mod proxy;
mod server;
mod several;
mod shops;

#[path = "../it/table.rs"]
mod table;
#[path = "../it/words.rs"]
#[allow(dead_code, reason = "suites share them, and none needs all of them")]
mod words;
#[expect(
    dead_code,
    reason = "shared with the other suite, which uses all of it"
)]
#[path = "../it/world.rs"]
mod world;
