//! How a store is opened: where it is, whose clock it reads, and every bound it keeps (I9).

use std::path::PathBuf;
use std::sync::Arc;

use tollgate_core::capacity::{Calendar, NewSlot};
use tollgate_core::command::{Command, ReceiptMail, Rules};
use tollgate_core::decision::Verdict;
use tollgate_core::receipt_number::NumberFormat;
use tollgate_core::snapshot::Snapshot;
use tollgate_core::time::Timestamp;

use crate::gate::observed::Observer;
use crate::tables::sealed::SecretKeys;

/// The program's clock. It goes back only when the clock that it follows was set back and stays so.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The function that decides; [`tollgate_core::decide::decide`] unless a test wants it to fail.
pub type DecideFn = Arc<dyn Fn(Timestamp, &Rules, &Command, &Snapshot) -> Verdict + Send + Sync>;

/// Makes a calendar's next slots from its rules: the slots, up to where they reach, and when to
/// make more. Comes from the program, because local times need a time zone database.
pub type MakeSlots =
    Arc<dyn Fn(&Calendar, Timestamp) -> Option<(Vec<NewSlot>, Timestamp, Timestamp)> + Send + Sync>;

/// The year of a time in the time zone of the shop with this name, for the numbers of receipts. Comes
/// from the program, as [`MakeSlots`] does.
pub type ReceiptYear = Arc<dyn Fn(&str, Timestamp) -> i32 + Send + Sync>;

/// What a lane calls before each round trip of a batch to the server, with a word for it: `begin` (the
/// locks that are free, with it), `wait` (for locks that somebody has), `load` (a lookup batch), `write` (a
/// statement), `commit`. Each is a round trip of its own then; else they travel together
/// (docs/adr/0009).
pub type Pause = Arc<dyn Fn(&'static str) + Send + Sync>;

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A SQLite file.
    File(PathBuf),
    /// A SQLite database in memory, gone when the store is closed.
    Memory,
    /// A PostgreSQL server.
    Server(ServerPlace),
}

/// A PostgreSQL server, and how it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerPlace {
    /// `postgres://user:password@host:port,host:port/database?sslmode=require`. Never printed.
    pub url: String,
    /// How transactions are kept apart.
    pub isolation: Isolation,
    /// Whom to trust besides the system's certificates: a PEM file.
    pub root_certificate: Option<PathBuf>,
    /// Batches that are decided at once, each of other shops.
    pub lanes: usize,
}

impl std::fmt::Debug for ServerPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerPlace")
            .field("url", &"***")
            .field("isolation", &self.isolation)
            .field("root_certificate", &self.root_certificate)
            .field("lanes", &self.lanes)
            .finish()
    }
}

/// How PostgreSQL keeps transactions apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// Enough, because anyone who writes to a shop is alone there.
    #[default]
    ReadCommitted,
    /// The same code, proved by the database: with several instances most batches are tried again.
    Serializable,
}

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Where the data is.
    pub place: Place,
    /// The shops by name; new ones get the next number.
    pub shops: Vec<String>,
    /// The configured times that decisions depend on. What differs from shop to shop is said by `mailing` and
    /// `number_formats`, by the shops' names.
    pub rules: Rules,
    /// The shops that write mails, and how they send receipts.
    pub mailing: Vec<(String, ReceiptMail)>,
    /// How shops number their receipts, those that do it in a form of their own.
    pub number_formats: Vec<(String, NumberFormat)>,
    /// Makes a new database where others' files lie beside its path: those of one that is missing.
    pub create: bool,
    /// The keys that secrets in rows are sealed under.
    pub secret_keys: SecretKeys,
    /// Every bound.
    pub limits: Limits,
    /// The program's clock.
    pub clock: Clock,
    /// The function that decides.
    pub decide: DecideFn,
    /// Makes a calendar's next slots.
    pub make_slots: MakeSlots,
    /// The year that a receipt is numbered in.
    pub receipt_year: ReceiptYear,
    /// Called by a lane before each round trip to the server. For tests that step through what two
    /// instances do.
    pub pause: Option<Pause>,
    /// Is shown each decision that is committed.
    pub observer: Option<Observer>,
}

/// The bounds of queue, batch and log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Commands that may wait.
    pub queue_commands_max: usize,
    /// Bytes that may wait.
    pub queue_bytes_max: usize,
    /// Commands decided in one commit.
    pub batch_commands_max: usize,
    /// Bytes decided in one commit.
    pub batch_bytes_max: usize,
    /// How long a batch may go on taking commands, in milliseconds inside the transaction.
    pub batch_ms_max: u64,
    /// The log's size at which the writer starts it again.
    pub wal_bytes_restart: u64,
    /// The log's size at which an alert is raised: somebody else's reader holds it up.
    pub wal_bytes_alert: u64,
    /// The log's size at which nothing more is taken.
    pub wal_bytes_max: u64,
    /// How long an idempotency record is kept, in milliseconds.
    pub idempotency_ms: i64,
    /// Rejected deliveries kept a minute and source.
    pub rejected_per_minute_max: u32,
    /// Rejected deliveries kept per source.
    pub rejected_per_source_max: u32,
    /// Bytes of rejected deliveries kept in all.
    pub rejected_bytes_max: u64,
    /// How long events are kept, in milliseconds; 0 is for ever. What waits is kept longer.
    pub events_ms: i64,
    /// How long the keys of events are kept, in milliseconds; 0 is for ever.
    pub keys_ms: i64,
    /// How long refused deliveries are kept, in milliseconds; 0 is for ever.
    pub rejected_ms: i64,
    /// How long what was refused and what has failed is kept, in milliseconds; 0 is for ever.
    pub errors_ms: i64,
    /// Rows about it that are kept of a shop.
    pub errors_rows_max: u64,
    /// How long records of who changed what are kept, in milliseconds; 0 is for ever.
    pub audit_ms: i64,
    /// How long records of tries to sign in that have failed are kept, in milliseconds; shorter where all records are.
    pub failed_sign_ins_ms: i64,
    /// How many of them are kept of a shop.
    pub failed_sign_ins_max: u32,
    /// PostgreSQL: leave months that are detached as tables, instead of dropping them.
    pub keep_detached: bool,
    /// Connections that read beside the writer.
    pub readers: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            queue_commands_max: 20_000,
            queue_bytes_max: 64 << 20,
            batch_commands_max: 512,
            batch_bytes_max: 8 << 20,
            batch_ms_max: 50,
            wal_bytes_restart: 64 << 20,
            wal_bytes_alert: 256 << 20,
            wal_bytes_max: 2 << 30,
            idempotency_ms: 72 * 3600 * 1000,
            rejected_per_minute_max: 100,
            rejected_per_source_max: 10_000,
            rejected_bytes_max: 256 << 20,
            events_ms: 0,
            keys_ms: 90 * 24 * 3600 * 1000,
            rejected_ms: 30 * 24 * 3600 * 1000,
            errors_ms: 30 * 24 * 3600 * 1000,
            errors_rows_max: 100_000,
            audit_ms: 0,
            failed_sign_ins_ms: 90 * 24 * 3600 * 1000,
            failed_sign_ins_max: 10_000,
            keep_detached: false,
            readers: 4,
        }
    }
}
