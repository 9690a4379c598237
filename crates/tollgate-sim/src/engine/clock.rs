//! What comes due.

use tollgate_core::command::Action;
use tollgate_core::effect::EffectState;
use tollgate_core::id::EventId;
use tollgate_core::order::Root;
use tollgate_core::snapshot::Known;
use tollgate_core::time::Timestamp;

use super::{Engine, SHOP};

impl Engine {
    /// When something comes due next by itself or by a worker, later than this; `None`: never.
    pub fn next_due_after(&self, now: i64) -> Option<i64> {
        let effects = self.open_effects.iter().filter_map(|id| {
            let effect = self.effect(*id)?;
            let is_open = effect.state == EffectState::Pending || self.was_lost(*id, effect);
            let due = effect.due_at.filter(|_| is_open)?;
            let rests = match self.known.breakers.get(&(SHOP, effect.content.target())) {
                Known::Found(breaker) => breaker.open_until,
                Known::Absent | Known::NotLoaded => None,
            };
            Some(due.max(rests.unwrap_or(due)))
        });
        let roots = self.orders.iter().chain(&self.alone);
        let roots = roots.filter_map(|id| self.root(*id)?.due_at());
        let parked = self.parked.iter().filter_map(|id| self.parked_due(*id));
        effects
            .chain(roots)
            .chain(parked)
            .map(Timestamp::as_millis)
            .filter(|due| now < *due)
            .min()
    }

    fn parked_due(&self, id: EventId) -> Option<Timestamp> {
        match self.known.events.get(&(SHOP, id)) {
            Known::Found(event) => event.due_at,
            Known::Absent | Known::NotLoaded => None,
        }
    }

    /// Lets the first thing that has come due by itself happen. False: there is none.
    pub fn sweep_one(&mut self) -> bool {
        if self.backend.is_some() {
            return self.sweep_there();
        }
        match self.first_due() {
            Some(due) => {
                self.act(due);
                true
            }
            None => false,
        }
    }

    fn first_due(&self) -> Option<Action> {
        let now = self.time();
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let mut roots = self.orders.iter().chain(&self.alone);
        let root = roots.find(|id| is_due(self.root(**id).and_then(Root::due_at)));
        let mut parked = self.parked.iter();
        let event = parked.find(|id| is_due(self.parked_due(**id)));
        root.map(|id| Action::RootDue(*id))
            .or(event.map(|id| Action::ParkedDue(*id)))
    }

    /// A backend finds by itself all that is due. What it has not found it does not find a moment later.
    fn sweep_there(&mut self) -> bool {
        let before = (self.first_due(), self.slots_are_due());
        if before == (None, false) {
            return false;
        }
        self.commands += 1;
        self.changed.clear();
        self.with_backend(|backend, now| backend.sweep(now));
        before != (self.first_due(), self.slots_are_due())
    }
}
