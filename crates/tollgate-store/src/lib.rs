//! What we remember: the Gate that decides and commits in batches, and pages to read.
//!
//! The modules stand in reading order: how to open it, how to hand a command to it and what comes
//! back; then the way of a command through queue, load, decide and write; then what works beside it.

mod options;
mod error;
mod looking;
mod opening;
mod store;
mod figures;
mod report;
mod seldom;
mod gate;
mod tables;
mod read;
mod schema;
mod maintenance;
mod inspect;
mod db;

pub use db::CopyProgress;
pub use db::Error as DatabaseError;
pub use db::OpenError;
pub use db::{HostSeen, HostState, LostCommits};
pub use error::{ReadError, SubmitError};
pub use figures::{Figures, Spread, Spreads, TALLY_BUCKETS};
pub use gate::claims::{Claim, Claimed, Renew};
pub use gate::observed::{Observed, Observer};
pub use gate::submission::{Answer, Class, Render, Reply, Submission};
pub use inspect::doctor::{Examination, server_schema};
pub use inspect::letters::{ShopLetters, WaitingReceipt};
pub use inspect::peer::{PeerFigures, per_request_serializable};
pub use inspect::scratch::Scratch;
pub use maintenance::backup::{About, BackedUp, BackupError, BackupPlan, BackupStep, Counted};
pub use maintenance::failover::{AcceptError, Accepted, Failover, Unvouched};
pub use maintenance::moving::{MoveError, MoveStep, MovedTables};
pub use maintenance::prune::{
    PruneError, PrunedMonth, Pruning, STOPS_LISTED_MAX, Stop, TableShare,
};
pub use maintenance::restore::{RestoreError, RestorePlan, Restored};
pub use maintenance::restored::{Followed, LastReceipt, LastReceiptError};
pub use options::{
    Clock, DecideFn, Isolation, Limits, MakeSlots, Options, Pause, Place, ReceiptYear, ServerPlace,
};
pub use read::{
    ATTENTION_READ_MAX, AuditEntry, AuditFilter, AuditPlace, BYTES_SEARCHED_MAX, Between,
    CALENDARS_MAX, CalendarTaken, Counts, DOCUMENTS_LOOKED_AT_MAX, DeliveryFilter, EFFECTS_MAX,
    EffectFilter, EffectLine, EffectsWatched, ErrorCounts, ErrorFilter, ErrorKindCount, ErrorsOf,
    EventFilter, FeedEntry, Found, Happened, Hit, KeptDelivery, NeedsPerson, OPEN_COUNTED_MAX,
    Open, OpenPayment, OpenPayments, OpenSession, Order, OrderFilter, PAGE_ITEMS_MAX, Page,
    PaymentFilter, ROWS_LOOKED_AT_MAX, ReceiptFilter, ReceiptPlace, ReceiptRow, SEARCH_HITS_MAX,
    SLOTS_MAX, SearchPlace, SearchQuery, Seek, Standbys, Story, TIMELINE_ENTRIES_MAX,
    TimelineEntry, disk_room, is_like,
};
pub use report::{Checked, Level, Report, SEEN_MAX, Totals};
pub use schema::migrate::Step;
pub use schema::month::{Month, MonthError};
pub use store::Store;
pub use tables::audit::AuditRecord;
pub use tables::deliveries::Rejected;
pub use tables::effects::effect_id;
pub use tables::endpoint_figures::Telling;
pub use tables::endpoints::{ENDPOINTS_MAX, EndpointRow};
pub use tables::errors::{ERROR_DAYS_MAX, ErrorLevel, ErrorRow, NO_SHOP};
pub use tables::instances::InstanceRow;
pub use tables::kept_secrets::KeptSecrets;
pub use tables::keys::{KEYS_MAX, KeyRotation, KeyRow, USE_NOTED_EVERY};
pub use tables::origin::Origin;
pub use tables::sealed::{NoSecretKey, SecretKey, SecretKeys, Unopened};
pub use tables::sessions::{NewSession, SessionRow};
pub use tables::sign_ins::{SignInFailure, SignInTry, subject_at};
pub use tables::stream_tickets::TicketRow;
pub use tables::timeline::Actor;
pub use tables::users::{USERS_MAX, UserChange, UserRow};
