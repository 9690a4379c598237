//! Writes that need no decision: verbs of their tables. They travel through the Gate like everything else, so
//! that there is one writer and one commit.

use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::id::{DeliveryId, EndpointId, ShopId};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error};
use crate::gate::access_write::AccessWrite;
use crate::gate::claims::{self, Claim, Claimed, Renew};
use crate::gate::retention::Forget;
use crate::gate::submission::Reply;
use crate::tables::alerts::{self, ClaimRound};
use crate::tables::audit::AuditRecord;
use crate::tables::deliveries::{self, Rejected};
use crate::tables::endpoints::{self, EndpointChange, EndpointWrite};
use crate::tables::errors::{KeepErrors, NO_SHOP};
use crate::tables::idempotency;
use crate::tables::instances::{self, InstanceRow};
use crate::tables::shop_figures::AddFigures;
use crate::tables::stream_tickets::{self, TicketRow};

/// What a write keeps in the queue that says nothing else, and a row of kept errors.
const USUAL_BYTES: usize = 512;
const ROW_BYTES: usize = 1024;

/// A write that needs no decision.
#[derive(Debug, Clone)]
pub(crate) enum TableWrite {
    /// Keep a delivery that was refused.
    KeepRejected(Rejected),
    /// A kept delivery was verified after all.
    MarkVerified(ShopId, DeliveryId),
    /// Something about keys, users and sessions.
    Access(Box<AccessWrite>),
    /// Something that a person or a key does, with the record of it.
    Recorded(Box<TableWrite>, Box<AuditRecord>),
    /// Keep a ticket of the live stream, if its shop has fewer.
    CreateTicket {
        /// The ticket.
        ticket: TicketRow,
        /// How many it may have.
        most: i64,
        /// The time now.
        now: Timestamp,
    },
    /// A ticket of the live stream is used, unless it was or is too old.
    TakeTicket {
        /// Whose.
        shop: ShopId,
        /// Which.
        hash: [u8; 32],
        /// The time now.
        now: Timestamp,
    },
    /// Forget idempotency records made before this, a thousand at the most.
    ForgetRecords {
        /// The limit.
        before: Timestamp,
    },
    /// Take what retention no longer keeps, a few rows.
    Forget(Forget),
    /// Make or change a merchant's endpoint.
    PutEndpoint(Box<EndpointWrite>),
    /// Change one that has not changed since it was read.
    ChangeEndpoint(Box<EndpointChange>),
    /// Delete one.
    DeleteEndpoint(ShopId, EndpointId),
    /// A worker takes effects.
    Claim(Claim),
    /// A worker is still at work.
    Renew(Renew),
    /// What waits to be tried again for a target is due at once.
    DueAgain {
        /// Whose.
        shop: ShopId,
        /// What is addressed to it.
        target: String,
        /// From when on.
        at: Timestamp,
    },
    /// Keep what was refused and what has failed, of one shop or of none.
    KeepErrors(KeepErrors),
    /// Add what a door has counted to a shop's figures.
    AddFigures(AddFigures),
    /// An instance wants to be the one that looks for alerts that are no single instance's.
    ClaimAlertRound(ClaimRound),
    /// Forget a shop's alerts that ended before this.
    ForgetAlerts {
        /// Whose.
        shop: ShopId,
        /// The limit.
        before: Timestamp,
    },
    /// An instance says that it is there.
    NoteInstance(Box<InstanceRow>),
    /// An instance has ended.
    EndInstance(ShopId, u128),
    /// Proves that writing works.
    Nothing,
}

impl TableWrite {
    /// Whose rows it writes; `None` where they are no shop's in particular.
    pub(crate) fn shop(&self) -> Option<ShopId> {
        match self {
            TableWrite::KeepRejected(rejected) => Some(rejected.shop),
            TableWrite::MarkVerified(shop, _) => Some(*shop),
            TableWrite::Access(write) => Some(write.shop()),
            TableWrite::Recorded(_, record) => Some(record.shop),
            TableWrite::CreateTicket { ticket, .. } => Some(ticket.shop),
            TableWrite::TakeTicket { shop, .. } => Some(*shop),
            TableWrite::Forget(forget) => some_shop(forget.shop()),
            TableWrite::PutEndpoint(write) => Some(write.row.shop),
            TableWrite::ChangeEndpoint(change) => Some(change.write.row.shop),
            TableWrite::DeleteEndpoint(shop, _) => Some(*shop),
            TableWrite::Claim(claim) => Some(claim.shop),
            TableWrite::Renew(renew) => Some(renew.shop),
            TableWrite::DueAgain { shop, .. } => Some(*shop),
            TableWrite::KeepErrors(keep) => some_shop(keep.shop),
            TableWrite::AddFigures(add) => Some(add.shop),
            TableWrite::ClaimAlertRound(claim) => Some(claim.shop),
            TableWrite::ForgetAlerts { shop, .. } => Some(*shop),
            TableWrite::NoteInstance(row) => Some(row.shop),
            TableWrite::EndInstance(shop, _) => Some(*shop),
            TableWrite::ForgetRecords { .. } | TableWrite::Nothing => None,
        }
    }

    /// About how many bytes it keeps in the queue.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            TableWrite::KeepErrors(keep) => keep.rows.len() * ROW_BYTES,
            _ => USUAL_BYTES,
        }
    }

    /// Does it, inside the batch's transaction; how many rows it changed.
    pub(crate) fn run(&self, db: &Db) -> Result<usize, Error> {
        match self {
            TableWrite::KeepRejected(rejected) => deliveries::keep(db, rejected),
            TableWrite::MarkVerified(shop, delivery) => {
                deliveries::mark_verified(db, *shop, *delivery)
            }
            TableWrite::Access(write) => write.run(db),
            TableWrite::Recorded(write, _) => write.run(db),
            TableWrite::CreateTicket { ticket, most, now } => {
                stream_tickets::create(db, ticket, *most, *now)
            }
            TableWrite::TakeTicket { shop, hash, now } => {
                stream_tickets::take(db, *shop, *hash, *now)
            }
            TableWrite::ForgetRecords { before } => idempotency::forget(db, *before),
            TableWrite::Forget(forget) => forget.run(db),
            TableWrite::PutEndpoint(write) => endpoints::put(db, write),
            TableWrite::ChangeEndpoint(change) => endpoints::change(db, change),
            TableWrite::DeleteEndpoint(shop, id) => endpoints::delete(db, *shop, *id),
            TableWrite::DueAgain { shop, target, at } => claims::due_again(db, *shop, target, *at),
            TableWrite::KeepErrors(keep) => keep.run(db),
            TableWrite::AddFigures(add) => add.run(db),
            TableWrite::ClaimAlertRound(claim) => claim.run(db),
            TableWrite::ForgetAlerts { shop, before } => alerts::forget(db, *shop, *before),
            TableWrite::NoteInstance(row) => instances::note(db, row),
            TableWrite::EndInstance(shop, id) => instances::end(db, *shop, *id),
            TableWrite::Claim(_) | TableWrite::Renew(_) | TableWrite::Nothing => Ok(0),
        }
    }

    /// What its caller is answered, by the rows it changed.
    pub(crate) fn outcome(&self, changed: usize) -> Outcome {
        match self {
            TableWrite::Recorded(write, _) => write.outcome(changed),
            TableWrite::ChangeEndpoint(_)
            | TableWrite::Access(_)
            | TableWrite::CreateTicket { .. }
            | TableWrite::TakeTicket { .. }
            | TableWrite::ClaimAlertRound(_)
                if changed == 0 =>
            {
                Outcome::Refused(Refusal::NotFound)
            }
            _ => Outcome::Done,
        }
    }

    /// The record of what was done, if rows were changed; of what has no rows in any case.
    pub(crate) fn record(&self, changed: usize) -> Option<&AuditRecord> {
        match self {
            TableWrite::Recorded(write, record) => {
                (0 < changed || matches!(**write, TableWrite::Nothing)).then_some(record)
            }
            _ => None,
        }
    }

    /// It keeps errors of no shop, whose rows instances share without a head to be locked.
    pub(crate) fn is_nobodys(&self) -> bool {
        matches!(self, TableWrite::KeepErrors(keep) if keep.shop == NO_SHOP)
    }

    /// It looks at what the batch has written, so it is done last.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, TableWrite::Claim(_) | TableWrite::Renew(_))
    }

    /// The shop whose endpoints are others afterwards.
    pub(crate) fn changes_endpoints_of(&self) -> Option<ShopId> {
        match self {
            TableWrite::Recorded(write, _) => write.changes_endpoints_of(),
            TableWrite::PutEndpoint(write) => Some(write.row.shop),
            TableWrite::ChangeEndpoint(change) => Some(change.write.row.shop),
            TableWrite::DeleteEndpoint(shop, _) => Some(*shop),
            _ => None,
        }
    }

    /// Does what is done last. An instance whose clock is not to be trusted claims nothing.
    pub(crate) fn run_late(&self, db: &Db, now: Timestamp, rests: bool) -> Result<Reply, Error> {
        match self {
            TableWrite::Claim(_) if rests => Ok(Reply::Claimed(Claimed::default())),
            TableWrite::Claim(claim) => claim.run(db, now).map(Reply::Claimed),
            TableWrite::Renew(renew) => renew.run(db, now).map(Reply::Renewed),
            _ => Ok(Reply::Decided {
                outcome: Outcome::Done,
                answer: None,
            }),
        }
    }
}

/// What is no shop's has no head to be locked.
fn some_shop(shop: ShopId) -> Option<ShopId> {
    (shop != NO_SHOP).then_some(shop)
}
