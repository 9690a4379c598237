//! Prune: takes whole months of orders, payments and holds, with all that is of those months.
//!
//! Only a person's command leads here (retention.rs takes the rest by itself). A month goes as a whole or
//! stays as a whole: it stays as long as anything of it is open. With it go its orders, payments and
//! holds with their names and codes, its effects, its events, and the lines of the timeline that are about
//! them or of that time. Keys of events stay for `keys_days`, so that a second delivery is known.
//!
//! What is taken is noted first (tables/horizon.rs). From then on it is not missed: `verify` looks there, and a
//! name that still leads to a payment that is gone leads nowhere (tables/pruned.rs). So whenever this is ended
//! in the middle, all is well, and the next run finishes.

mod file;
mod guards;
mod look;
mod open;
mod server;

use std::collections::BTreeMap;

use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};

use crate::Store;
use crate::db::OpenError;
use crate::db::{Db, Error, Postgres, Source, Sqlite, refuse};
use crate::looking::{apart, look_at, source_of};
use crate::options::Place;
use crate::schema::lock;
use crate::schema::migrate;
use crate::schema::month::Month;

/// What stops a month is listed up to this; more is only counted.
pub const STOPS_LISTED_MAX: usize = 20;

/// How long a month has been over: ids are made ahead, and commands wait.
const OVER: Span = Span::hours(1);

/// The months that are looked at, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pruning {
    /// Those in which there is anything.
    pub months: Vec<PrunedMonth>,
}

/// What a month has, and what stops it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrunedMonth {
    /// Which.
    pub month: Month,
    /// What there is of it, by table.
    pub tables: [TableShare; 7],
    /// What is open in it, the first [`STOPS_LISTED_MAX`].
    pub stops: Vec<Stop>,
    /// How much is open in it.
    pub stops_count: u64,
    /// It was taken.
    pub is_taken: bool,
}

/// What there is of a month in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableShare {
    /// The table.
    pub table: &'static str,
    /// Rows.
    pub rows: u64,
    /// Bytes of what they say, without the database's own.
    pub bytes: u64,
}

/// Something that is open, for whose sake a month stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Whose.
    pub shop: String,
    /// What it is: `order`, `payment`, `hold`, `slot`, `refund`, `attention`, `effect`, `event`, …
    pub what: &'static str,
    /// Its id.
    pub id: String,
    /// What is open about it.
    pub why: String,
}

/// Why nothing, or not all, was pruned.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// The database cannot be opened, read or written.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Months that are not over yet would be taken.
    #[error("prune before {before}: the month before it is not over; the latest is {latest}")]
    NotOver {
        /// What was asked for.
        before: Month,
        /// What may be asked for.
        latest: Month,
    },
    /// Somebody reads the tables all the time.
    #[error(
        "take {month}: somebody reads or writes its tables all the time; end long transactions \
         (`tollgate doctor` names them) and run it again"
    )]
    HeldUp {
        /// Which month.
        month: Month,
    },
}

/// The tables, as [`PrunedMonth::tables`] has them.
#[derive(Debug, Clone, Copy)]
enum Of {
    Roots,
    Names,
    Codes,
    Effects,
    Timeline,
    Events,
    SearchTerms,
}

impl PrunedMonth {
    fn new(month: Month) -> PrunedMonth {
        let share = |table| TableShare {
            table,
            rows: 0,
            bytes: 0,
        };
        PrunedMonth {
            month,
            tables: [
                "roots",
                "names",
                "codes",
                "effects",
                "timeline",
                "events",
                "search_terms",
            ]
            .map(share),
            stops: Vec::new(),
            stops_count: 0,
            is_taken: false,
        }
    }

    /// Nothing is open in it.
    pub fn is_free(&self) -> bool {
        self.stops_count == 0
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|share| share.rows).sum()
    }

    fn count(&mut self, table: Of, bytes: usize) {
        let share = &mut self.tables[table as usize];
        share.rows += 1;
        share.bytes += bytes as u64;
    }

    fn stop(&mut self, stop: Stop) {
        self.stops_count += 1;
        if self.stops.len() < STOPS_LISTED_MAX {
            self.stops.push(stop);
        }
    }
}

impl Store {
    /// What pruning would take now, and what stops it. The database is only read, also beside the
    /// process that serves it.
    pub fn look_at_prune(
        place: &Place,
        before: Month,
        now: Timestamp,
    ) -> Result<Pruning, PruneError> {
        check_over(before, now)?;
        Ok(look_at(place, |db| look::look(db, before, now))?)
    }

    /// Takes every month before one in which nothing is open; what was taken and what was not.
    ///
    /// A file must not be served meanwhile; on a server all instances may go on. `step` is called with the
    /// rows that are gone, as they go. With `keep_detached` a server's months stay as tables of their own.
    pub fn prune(
        place: &Place,
        before: Month,
        now: Timestamp,
        keep_detached: bool,
        step: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Pruning, PruneError> {
        check_over(before, now)?;
        match source_of(place)? {
            Source::File { path, .. } => {
                if !path.exists() {
                    return Err(OpenError::CannotOpen { path }.into());
                }
                let _lock = lock::take(&path)?;
                let mut db = Db::Sqlite(Sqlite::open_unchanged(&path)?);
                migrate::pending(&db, &path)?;
                if let Db::Sqlite(sqlite) = &mut db {
                    sqlite.become_writer(&path, true)?;
                }
                migrate::migrate(&db, &path, now.as_millis())?;
                let taken = file::take(&db, before, now, step);
                Ok(taken.map_err(|error| refuse(&path, error))?)
            }
            Source::Server(server) => apart(|| {
                let db = Db::Postgres(Box::new(Postgres::open_writer(&server)?));
                let name = server.to_string();
                migrate::migrate(&db, name.as_ref(), now.as_millis())?;
                server::take(&db, before, now, keep_detached, step).map_err(|broken| match broken {
                    server::Broken::Failed(error) => server.refuse(error).into(),
                    server::Broken::HeldUp(month) => PruneError::HeldUp { month },
                })
            }),
        }
    }
}

fn check_over(before: Month, now: Timestamp) -> Result<(), PruneError> {
    let latest = Month::of(now.plus(Span::millis(-OVER.as_millis())));
    match before <= latest {
        true => Ok(()),
        false => Err(PruneError::NotOver { before, latest }),
    }
}

/// A shop: its number and its name.
type Shops = BTreeMap<ShopId, String>;

/// `prune.shops`: a handful.
const SHOPS: &str = "select shop_id, name from shops order by shop_id";

/// All shops, those that the configuration no longer names too.
fn shops(db: &Db) -> Result<Shops, Error> {
    let read = db.all(SHOPS, &[], |row| Ok((ShopId(row.get(0)?), row.get(1)?)))?;
    Ok(read.into_iter().collect())
}
