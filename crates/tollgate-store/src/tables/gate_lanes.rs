//! The last batch of each lane.

use tollgate_core::time::Timestamp;

use crate::db::{Error, Sql, WriteBatch, on_postgres, on_sqlite};

/// Which lane writes, and its batch: so that a commit in doubt can be looked up (docs/gate.md).
pub(crate) struct Lane<'a> {
    /// Of which process, and which of its lanes.
    pub(crate) name: &'a str,
    /// The batch's own number.
    pub(crate) batch: [u8; 16],
}

/// `gate_lanes.put`: written by every batch. On PostgreSQL with its time, for the rows of processes
/// that are gone are removed some day.
const PUT: Sql = on_sqlite(
    "insert into gate_lanes (lane, batch) values (?1, ?2)
         on conflict (lane) do update set batch = excluded.batch",
);
const PUT_DATED: Sql = on_postgres(
    "insert into gate_lanes (lane, batch, at) values (?1, ?2, ?3)
         on conflict (lane) do update set batch = excluded.batch, at = excluded.at",
);

pub(crate) fn put(
    writes: &mut WriteBatch<'_>,
    now: Timestamp,
    lane: &Lane<'_>,
) -> Result<(), Error> {
    match writes {
        WriteBatch::Sqlite(_) => writes.put(PUT, &[&lane.name, &lane.batch]),
        WriteBatch::Postgres(..) => {
            writes.put(PUT_DATED, &[&lane.name, &lane.batch, &now.as_millis()])
        }
    }
}
