//! The heart of a claim: renews its lease while something of it runs, and tells whose lease is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tollgate_core::effect::Lease;
use tollgate_core::id::{EffectId, ShopId};
use tollgate_store::Renew;

use crate::effects::Context;

use super::duration;

/// One beat for all effects of a claim.
pub(super) struct Heart {
    beating: Arc<Mutex<BTreeMap<EffectId, watch::Sender<bool>>>>,
}

/// Tells a task when its lease is lost; dropped, its effect is renewed no more.
pub(super) struct Pulse {
    id: EffectId,
    beating: Arc<Mutex<BTreeMap<EffectId, watch::Sender<bool>>>>,
    lost: watch::Receiver<bool>,
}

impl Heart {
    /// Starts to beat; ends when nothing of the claim runs any more.
    pub(super) fn start(
        beats: &mut JoinSet<()>,
        context: Context,
        shop: ShopId,
        lease: Lease,
        ids: Vec<EffectId>,
    ) -> Heart {
        let pulses = ids.into_iter().map(|id| (id, watch::Sender::new(false)));
        let beating: Arc<Mutex<BTreeMap<_, _>>> = Arc::new(Mutex::new(pulses.collect()));
        let theirs = Arc::clone(&beating);
        if !lock(&beating).is_empty() {
            beats.spawn(beat(context, shop, lease, theirs));
        }
        Heart { beating }
    }

    /// For the task that does this effect.
    pub(super) fn watch(&self, id: EffectId) -> Pulse {
        let lost = lock(&self.beating)
            .entry(id)
            .or_insert_with(|| watch::Sender::new(false))
            .subscribe();
        Pulse {
            id,
            beating: Arc::clone(&self.beating),
            lost,
        }
    }
}

fn lock(
    beating: &Mutex<BTreeMap<EffectId, watch::Sender<bool>>>,
) -> std::sync::MutexGuard<'_, BTreeMap<EffectId, watch::Sender<bool>>> {
    beating.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn beat(
    context: Context,
    shop: ShopId,
    lease: Lease,
    beating: Arc<Mutex<BTreeMap<EffectId, watch::Sender<bool>>>>,
) {
    let settings = &context.config().worker;
    let lease_for = settings.lease;
    let every = duration(lease_for) / 3;
    loop {
        tokio::time::sleep(every).await;
        let effects: Vec<EffectId> = lock(&beating).keys().copied().collect();
        if effects.is_empty() {
            return;
        }
        let renew = Renew {
            shop,
            lease,
            effects: effects.clone(),
            lease_for,
        };
        match context.store().renew(renew).await {
            Ok(held) => {
                let beating = lock(&beating);
                for id in effects.iter().filter(|id| !held.contains(id)) {
                    if let Some(lost) = beating.get(id) {
                        tracing::warn!(effect = %id, "a lease was lost");
                        lost.send_replace(true);
                    }
                }
            }
            // The lease may still hold; the next beat tells, and every write about it is fenced.
            Err(error) => tracing::debug!(%error, "failed to renew a lease"),
        }
    }
}

impl Pulse {
    /// Ends when the lease is lost.
    pub(super) async fn lost(&mut self) {
        // Without a sender nobody can lose it any more.
        if self.lost.wait_for(|lost| *lost).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        lock(&self.beating).remove(&self.id);
    }
}
