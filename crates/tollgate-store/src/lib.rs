//! What we remember: the Gate that decides and commits in batches, and pages to read.
//!
//! The modules stand in reading order: how to open it, how to hand a command to it and what comes
//! back; then the way of a command through queue, load, decide and write; then what works beside it.

mod options;
mod submission;
mod error;
mod store;
mod queue;
mod gate;
mod batch;
mod commit;
mod load;
mod write;
mod quarantine;
mod chore;
mod claims;
mod endpoints;
mod news;
mod namesake;
mod sweep;
mod checkpoint;
mod readers;
mod pages;
mod doctor;
mod verify;
mod report;
mod forgotten;
mod retention;
mod prune;
mod month;
mod rejected;
mod recent;
mod figures;
mod scratch;
mod peer;
mod doc;
mod effect_doc;
mod db;
mod lock;
mod partitions;
mod keeper;
mod instances;
mod migrate;
mod views;

pub use chore::{KeyRow, Rejected};
pub use claims::{Claim, Claimed, Renew};
pub use db::Error as DatabaseError;
pub use doctor::Examination;
pub use endpoints::{ENDPOINTS_MAX, EndpointRow};
pub use error::{OpenError, ReadError, SubmitError};
pub use figures::{Figures, Spread, Spreads, TALLY_BUCKETS};
pub use migrate::Step;
pub use month::{Month, MonthError};
pub use options::{
    Clock, DecideFn, Isolation, Limits, MakeSlots, Options, Pause, Place, ReceiptYear, ServerPlace,
};
pub use pages::{
    BYTES_SEARCHED_MAX, CALENDARS_MAX, Counts, DeliveryFilter, EFFECTS_MAX, EffectFilter,
    EffectLine, EventFilter, FeedLine, KEYS_MAX, KeptDelivery, OpenPayment, OpenPayments,
    OrderFilter, PAGE_ITEMS_MAX, Page, PaymentFilter, ROWS_LOOKED_AT_MAX, ReceiptRow, SLOTS_MAX,
    STORY_LINES_MAX, Seek, StoryLine,
};
pub use peer::{PeerFigures, per_request_serializable};
pub use prune::{PruneError, PrunedMonth, Pruning, STOPS_TOLD_MAX, Stop, TableShare};
pub use report::{Checked, Level, Report, SEEN_MAX};
pub use scratch::Scratch;
pub use store::Store;
pub use submission::{Answer, Class, Render, Reply, Submission};
pub use write::effect_id;
