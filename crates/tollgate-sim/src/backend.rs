//! Where the engine's rows are between two commands: in a snapshot in memory, without a backend, or in
//! a backend that writes and can die.

use tollgate_core::command::Command;
use tollgate_core::decision::Outcome;
use tollgate_core::effect::Lease;
use tollgate_core::id::EffectId;
use tollgate_core::snapshot::Snapshot;
use tollgate_core::time::Timestamp;

use crate::engine::Figures;
use crate::law::Breach;

/// How a process dies, and where the command stands that it is working on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Nothing is under way.
    Idle,
    /// The command is decided and nothing of it is written.
    BeforeCommit,
    /// The command is written and not answered.
    AfterCommit,
    /// The log holds the command's writes up to so many sixty-fourths.
    TornLog(u8),
}

impl Death {
    /// The death of a number that a step holds.
    pub fn of(how: u8) -> Death {
        match how % 4 {
            0 => Death::Idle,
            1 => Death::BeforeCommit,
            2 => Death::AfterCommit,
            _ => Death::TornLog(how / 4),
        }
    }
}

/// Keeps the rows outside.
pub trait Backend {
    /// Decides a command and keeps what it comes to. With a number it is a request that says the same
    /// however often it is sent. `None`: the process has died, and it is not known what became of it.
    fn act(&mut self, now: Timestamp, command: Command, request: Option<u64>) -> Option<Outcome>;

    /// The worker takes all that is due.
    fn claim(&mut self, now: Timestamp);

    /// The claim under which the worker has an effect.
    fn lease_of(&self, effect: EffectId) -> Option<Lease>;

    /// Everything that has come due by itself happens.
    fn sweep(&mut self, now: Timestamp);

    /// The rows as they stand there, read again after what was done last.
    fn known(&self) -> &Snapshot;

    /// The process dies after so many commands more.
    fn dies(&mut self, after: u8, death: Death);

    /// How often it has died.
    fn deaths(&self) -> u64;

    /// What it has counted of the shop.
    fn figures(&self) -> Figures;

    /// The story is over: it looks at itself.
    fn look_back(&mut self, now: Timestamp);

    /// What it has seen that must not be.
    fn faults(&mut self) -> Vec<Breach>;
}
