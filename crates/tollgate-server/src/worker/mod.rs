//! The worker: claims effects that are due, does them, and settles what became of them.
//!
//! For each shop one loop claims; each effect is done by a task of its own. No transaction is open while an
//! effect talks to the outside. What is claimed is held under a lease that is renewed as long as the task
//! runs, and never past its hard end; a task that has lost its lease changes nothing (I5). Claims and
//! settles go through the Gate, so a worker that dies at any point leaves a row that another picks up.
//!
//! It is woken by commits of this process (a hint) and by the time of what is due next; a server is asked
//! from time to time what other instances have left.

mod lease_renewal;
mod settle;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tollgate_core::effect::Lease;
use tollgate_core::effect::TargetKind;
use tollgate_core::id::{EffectId, ShopId};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;
use tollgate_store::{Claim, Place};

use crate::effects::{self, Context, Work};

use lease_renewal::LeaseRenewal;

/// How often a server is asked what other instances have left undone. A file has only one instance.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long the worker waits after the database has refused a claim.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// A worker that runs. Dropping it ends it like a crash would; [`Worker::stop`] ends it in order.
pub(crate) struct Worker {
    stop: watch::Sender<bool>,
    loops: JoinSet<()>,
    /// Looks after the receipts' folder.
    copies: JoinSet<()>,
}

impl Worker {
    /// Starts a loop for every shop.
    pub(crate) fn start(context: &Context) -> Worker {
        let (stop, stopped) = watch::channel(false);
        let in_flight_max = context.config().worker.in_flight_max;
        let slots = Arc::new(Slots::new(in_flight_max));
        let share = (in_flight_max / context.shops().len().max(1)).max(1);
        let mut loops = JoinSet::new();
        for shop in context.shops() {
            let claiming = Claiming {
                context: context.clone(),
                shop: *shop,
                slots: Arc::clone(&slots),
                share,
                stopped: stopped.clone(),
            };
            loops.spawn(claiming.run());
        }
        let mut copies = JoinSet::new();
        copies.spawn(effects::tend_copies(context.clone()));
        Worker {
            stop,
            loops,
            copies,
        }
    }

    /// Claims nothing more and lets what runs come to its end, but not longer than `patience`; what has
    /// not ended then is given back where that is safe.
    pub(crate) async fn stop(mut self, patience: Duration) {
        self.stop.send_replace(true);
        self.copies.shutdown().await;
        let all = async { while self.loops.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("effects that have not ended are left to their leases");
        }
    }
}

/// Room for effects that are done at once, for all shops together.
struct Slots {
    free: std::sync::Mutex<usize>,
    freed: Notify,
}

impl Slots {
    fn new(count: usize) -> Slots {
        Slots {
            free: std::sync::Mutex::new(count),
            freed: Notify::new(),
        }
    }

    /// Takes as many as are free, at most so many.
    fn take(&self, wanted: usize) -> usize {
        let mut free = self
            .free
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let taken = wanted.min(*free);
        *free -= taken;
        taken
    }

    fn give_back(&self, count: usize) {
        if count == 0 {
            return;
        }
        *self
            .free
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) += count;
        self.freed.notify_waiters();
    }
}

/// The loop of one shop.
struct Claiming {
    context: Context,
    shop: ShopId,
    slots: Arc<Slots>,
    /// What one claim asks for at the most. It has these slots until it is answered, so a claim that the
    /// database does not answer leaves the other shops theirs (F14).
    share: usize,
    stopped: watch::Receiver<bool>,
}

/// What the loop knows between two claims.
struct State {
    /// How many effects of each target run.
    running: BTreeMap<String, usize>,
    tasks: JoinSet<String>,
    /// The lease renewals of the claims that run.
    renewals: JoinSet<()>,
    /// When something is due, as far as is known.
    next: Option<Timestamp>,
    /// A wake-up has come: there is something to do.
    woken: bool,
}

impl Claiming {
    async fn run(mut self) {
        let mut wake = self.context.store().effects_wake();
        let mut moved = self.context.clock_moved();
        let shares = matches!(self.context.config().place, Place::Server(_));
        let mut state = State {
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
            renewals: JoinSet::new(),
            next: None,
            woken: true,
        };
        // Fonts are read at the start: a receipt that has waited for one is tried with them.
        if let Err(error) = self
            .context
            .store()
            .due_again(self.shop, TargetKind::Receipt)
            .await
        {
            tracing::warn!(%error, "failed to try receipts again that wait; they are when their time comes");
        }
        while !*self.stopped.borrow() {
            let now = self.context.now();
            if state.woken || state.next.is_some_and(|next| next <= now) {
                state.woken = false;
                state.next = None;
                if !self.claim(&mut state).await {
                    tokio::select! {
                        () = tokio::time::sleep(AGAIN_AFTER) => state.woken = true,
                        _ = self.stopped.changed() => {}
                    }
                    continue;
                }
            }
            let freed = self.slots.freed.notified();
            tokio::select! {
                _ = self.stopped.changed() => {}
                Ok(()) = wake.changed() => state.woken = true,
                Ok(()) = moved.changed() => state.woken = true,
                () = wait_until(&self.context, state.next) => {}
                () = tokio::time::sleep(LOOK_EVERY), if shares => self.look(&mut state).await,
                () = freed, if state.next.is_some() => state.woken = true,
                Some(ended) = state.tasks.join_next() => self.ended(&mut state, ended),
            }
            // Others that have ended meanwhile make room for the same claim.
            while let Some(ended) = state.tasks.try_join_next() {
                self.ended(&mut state, ended);
            }
            while state.renewals.try_join_next().is_some() {}
        }
        while let Some(ended) = state.tasks.join_next().await {
            self.ended(&mut state, ended);
        }
        state.renewals.shutdown().await;
    }

    /// A task has ended: its target has room again.
    fn ended(&self, state: &mut State, ended: Result<String, tokio::task::JoinError>) {
        match ended {
            Ok(target) => {
                if let Some(count) = state.running.get_mut(&target) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        state.running.remove(&target);
                    }
                }
            }
            // Its target stays counted until the loop is idle; its lease ends by itself.
            Err(error) => tracing::error!(%error, "an effect's task has panicked"),
        }
        if state.tasks.is_empty() {
            state.running.clear();
        }
        state.woken = true;
    }

    /// Looks whether another instance has left something that is due.
    async fn look(&self, state: &mut State) {
        match self
            .context
            .store()
            .next_effect(self.shop, TargetKind::ALL)
            .await
        {
            Ok(next) => {
                state.next = match (state.next, next) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
            Err(error) => tracing::debug!(%error, "failed to look for effects"),
        }
    }

    /// Claims what there is room for and begins it. False: the database takes no writes now.
    async fn claim(&self, state: &mut State) -> bool {
        let settings = &self.context.config().worker;
        let per_target = settings.in_flight_per_target_max;
        let room = self.slots.take(self.share);
        if room == 0 {
            // A slot that is given back wakes us.
            state.next = Some(self.context.now().plus(Span::seconds(1)));
            return true;
        }
        let lease = Lease(fresh_lease());
        let rooms = state
            .running
            .iter()
            .map(|(target, count)| (target.clone(), per_target.saturating_sub(*count)))
            .collect();
        let per_kind = settings.in_flight_per_kind_max;
        let mut rooms_of_kinds = BTreeMap::new();
        for (target, count) in &state.running {
            let Some(kind) = TargetKind::of_target(target) else {
                continue;
            };
            let room = rooms_of_kinds.entry(kind).or_insert(per_kind);
            *room = room.saturating_sub(*count);
        }
        let claim = Claim {
            shop: self.shop,
            lease,
            lease_for: settings.lease,
            lease_max: settings.lease_max,
            room,
            room_of_target: per_target,
            rooms,
            room_of_kind: per_kind,
            rooms_of_kinds,
            kinds: TargetKind::ALL.to_vec(),
            asks_per_second: self.context.config().asking.per_second_max,
        };
        let claimed = match self.context.store().claim(claim).await {
            Ok(claimed) => claimed,
            Err(error) => {
                self.slots.give_back(room);
                tracing::debug!(%error, "failed to claim effects");
                return false;
            }
        };
        self.slots.give_back(room - claimed.effects.len());
        self.context
            .metrics()
            .rescued
            .inc_by(claimed.rescued as u64);
        state.next = claimed.next;
        let ids: Vec<EffectId> = claimed.effects.iter().map(|(id, _)| *id).collect();
        let renewal = LeaseRenewal::start(
            &mut state.renewals,
            self.context.clone(),
            self.shop,
            lease,
            ids,
        );
        let mut origins = claimed.origins;
        for (id, effect) in claimed.effects {
            let target = effect.content.target();
            *state.running.entry(target.clone()).or_default() += 1;
            let work = Work {
                shop: self.shop,
                id,
                lease,
                effect,
                origin: origins.remove(&id),
            };
            let doing = settle::do_and_settle(
                self.context.caused_by(work.origin.clone()),
                work,
                renewal.watch(id),
                self.stopped.clone(),
            );
            let slot = Slot(Arc::clone(&self.slots));
            state.tasks.spawn(async move {
                doing.await;
                drop(slot);
                target
            });
        }
        true
    }
}

/// One slot, given back whatever happens to its task.
struct Slot(Arc<Slots>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.give_back(1);
    }
}

async fn wait_until(context: &Context, next: Option<Timestamp>) {
    match next {
        Some(next) => {
            let wait = next.as_millis().saturating_sub(context.now().as_millis());
            tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or(0))).await;
        }
        None => std::future::pending().await,
    }
}

/// A span as timers count it.
fn duration(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(0))
}

/// 128 random bits: no two claims have the same, on any instance.
fn fresh_lease() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    u128::from_be_bytes(bytes)
}

/// Chance, 0 to 999.
pub(crate) fn chance() -> u16 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    u16::try_from(u32::from_be_bytes(bytes) % 1000).unwrap_or(0)
}
