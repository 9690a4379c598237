//! Writes that need no decision: verbs of their tables. They travel through the Gate like everything else, so
//! that there is one writer and one commit.

use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::id::{DeliveryId, EndpointId, KeyId, ShopId};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error};
use crate::gate::claims::{self, Claim, Claimed, Renew};
use crate::gate::retention::Forget;
use crate::gate::submission::Reply;
use crate::tables::deliveries::{self, Rejected};
use crate::tables::endpoints::{self, EndpointChange, EndpointRow};
use crate::tables::idempotency;
use crate::tables::keys::{self, KeyRow};
use crate::tables::stream_tickets::{self, TicketRow};

/// A write that needs no decision.
#[derive(Debug, Clone)]
pub(crate) enum TableWrite {
    /// Keep a delivery that was refused.
    KeepRejected(Rejected),
    /// A kept delivery was verified after all.
    MarkVerified(ShopId, DeliveryId),
    /// Keep an API key.
    CreateKey(KeyRow),
    /// An API key is no longer good.
    RevokeKey {
        /// Whose.
        shop: ShopId,
        /// Which.
        id: KeyId,
        /// Since when.
        at: Timestamp,
    },
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
    PutEndpoint(EndpointRow),
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
    /// Proves that writing works.
    Nothing,
}

impl TableWrite {
    /// Whose rows it writes; `None` where they are no shop's in particular.
    pub(crate) fn shop(&self) -> Option<ShopId> {
        match self {
            TableWrite::KeepRejected(rejected) => Some(rejected.shop),
            TableWrite::MarkVerified(shop, _) | TableWrite::RevokeKey { shop, .. } => Some(*shop),
            TableWrite::CreateKey(key) => Some(key.shop),
            TableWrite::CreateTicket { ticket, .. } => Some(ticket.shop),
            TableWrite::TakeTicket { shop, .. } => Some(*shop),
            TableWrite::Forget(forget) => Some(forget.shop()),
            TableWrite::PutEndpoint(row) => Some(row.shop),
            TableWrite::ChangeEndpoint(change) => Some(change.row.shop),
            TableWrite::DeleteEndpoint(shop, _) => Some(*shop),
            TableWrite::Claim(claim) => Some(claim.shop),
            TableWrite::Renew(renew) => Some(renew.shop),
            TableWrite::DueAgain { shop, .. } => Some(*shop),
            TableWrite::ForgetRecords { .. } | TableWrite::Nothing => None,
        }
    }

    /// Does it, inside the batch's transaction; how many rows it changed.
    pub(crate) fn run(&self, db: &Db) -> Result<usize, Error> {
        match self {
            TableWrite::KeepRejected(rejected) => deliveries::keep(db, rejected),
            TableWrite::MarkVerified(shop, delivery) => {
                deliveries::mark_verified(db, *shop, *delivery)
            }
            TableWrite::CreateKey(key) => keys::create(db, key),
            TableWrite::RevokeKey { shop, id, at } => keys::revoke(db, *shop, *id, *at),
            TableWrite::CreateTicket { ticket, most, now } => {
                stream_tickets::create(db, ticket, *most, *now)
            }
            TableWrite::TakeTicket { shop, hash, now } => {
                stream_tickets::take(db, *shop, *hash, *now)
            }
            TableWrite::ForgetRecords { before } => idempotency::forget(db, *before),
            TableWrite::Forget(forget) => forget.run(db),
            TableWrite::PutEndpoint(row) => endpoints::put(db, row),
            TableWrite::ChangeEndpoint(change) => endpoints::change(db, change),
            TableWrite::DeleteEndpoint(shop, id) => endpoints::delete(db, *shop, *id),
            TableWrite::DueAgain { shop, target, at } => claims::due_again(db, *shop, target, *at),
            TableWrite::Claim(_) | TableWrite::Renew(_) | TableWrite::Nothing => Ok(0),
        }
    }

    /// What its caller is answered, by the rows it changed.
    pub(crate) fn outcome(&self, changed: usize) -> Outcome {
        match self {
            TableWrite::ChangeEndpoint(_)
            | TableWrite::CreateTicket { .. }
            | TableWrite::TakeTicket { .. }
                if changed == 0 =>
            {
                Outcome::Refused(Refusal::NotFound)
            }
            _ => Outcome::Done,
        }
    }

    /// It looks at what the batch has written, so it is done last.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, TableWrite::Claim(_) | TableWrite::Renew(_))
    }

    /// The shop whose endpoints are others afterwards.
    pub(crate) fn changes_endpoints_of(&self) -> Option<ShopId> {
        match self {
            TableWrite::PutEndpoint(row) => Some(row.shop),
            TableWrite::ChangeEndpoint(change) => Some(change.row.shop),
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
