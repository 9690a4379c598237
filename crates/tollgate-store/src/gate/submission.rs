//! What is handed to the Gate, and what comes back.

use std::sync::Arc;

use tollgate_core::command::{Action, Command};
use tollgate_core::decision::Outcome;
use tollgate_core::id::{EffectId, ShopId};
use tollgate_core::idempotency::Idempotency;

use crate::gate::claims::Claimed;
use crate::tables::origin::Origin;
use crate::tables::timeline::Actor;

/// One command, its share, and how its answer is written.
#[derive(Clone)]
pub struct Submission {
    /// What is to be decided.
    pub command: Command,
    /// Who wants it; `None` where a provider, a time or a worker does.
    pub by: Option<Actor>,
    /// The request it goes back to, where that has a name.
    pub origin: Option<Arc<Origin>>,
    /// Whose share of the batch it takes.
    pub class: Class,
    /// About how many bytes it keeps in the queue.
    pub bytes: usize,
    /// The request's Idempotency-Key, if it has one. Needs `render`.
    pub idempotency: Option<Idempotency>,
    /// Writes the answer from the outcome, so that key, answer and rows are one commit (K7).
    pub render: Option<Render>,
}

/// What a command keeps in the queue that says nothing else.
const USUAL_BYTES: usize = 512;

impl Submission {
    /// A command without an Idempotency-Key.
    pub fn new(shop: ShopId, action: Action, class: Class) -> Submission {
        Submission {
            command: Command { shop, action },
            by: None,
            origin: None,
            class,
            bytes: USUAL_BYTES,
            idempotency: None,
            render: None,
        }
    }

    /// Wanted by somebody.
    pub fn by(mut self, actor: Actor) -> Submission {
        self.by = Some(actor);
        self
    }

    /// Going back to a request.
    pub fn caused_by(mut self, origin: Option<Arc<Origin>>) -> Submission {
        self.origin = origin;
        self
    }

    /// With about so many bytes in the queue.
    pub fn of_bytes(mut self, bytes: usize) -> Submission {
        self.bytes = bytes;
        self
    }

    /// Under a key, whose answer is written so.
    pub fn under(mut self, idempotency: Idempotency, render: Render) -> Submission {
        self.idempotency = Some(idempotency);
        self.render = Some(render);
        self
    }
}

/// Writes the answer from the outcome. Pure: it may run more than once.
pub type Render = Arc<dyn Fn(&Outcome) -> Answer + Send + Sync>;

/// An answer as a door has written it; a door gets back what it gave. The store looks into neither part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What kind of answer it is, in the door's own numbers.
    pub code: u16,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Decided and on disk.
    Decided {
        /// What the decision came to.
        outcome: Outcome,
        /// The answer, where the submission could write one.
        answer: Option<Answer>,
    },
    /// The key was used by the same request before; this is what it was answered (K7).
    Replayed(Answer),
    /// The key was used by another request (K6).
    KeyReused,
    /// Effects were claimed.
    Claimed(Claimed),
    /// Which effects a worker still has.
    Renewed(Vec<EffectId>),
}

/// The classes of work. Each has its share of every batch; the rest goes in this order (I10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// What providers say.
    Money,
    /// What effects came to, answers to questions.
    Settles,
    /// What the shop asks for.
    Orders,
    /// What has come due.
    Expiry,
    /// Deliveries that were refused, to be kept.
    Rejected,
}
