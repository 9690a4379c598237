//! Renews the lease of a claim while an effect of it runs, and notifies the tasks whose leases are lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tollgate_core::effect::Lease;
use tollgate_core::id::{EffectId, ShopId};
use tollgate_store::Renew;

use crate::effects::Context;

use super::duration;

/// One renewal for all effects of a claim.
pub(super) struct LeaseRenewal {
    running: Arc<Mutex<BTreeMap<EffectId, watch::Sender<bool>>>>,
}

/// Through which a task learns that its lease is lost. Once it is dropped its effect is not renewed.
pub(super) struct LeaseWatch {
    id: EffectId,
    running: Arc<Mutex<BTreeMap<EffectId, watch::Sender<bool>>>>,
    lost: watch::Receiver<bool>,
}

impl LeaseRenewal {
    /// Starts to renew; ends when no effect of the claim runs any more.
    pub(super) fn start(
        renewals: &mut JoinSet<()>,
        context: Context,
        shop: ShopId,
        lease: Lease,
        ids: Vec<EffectId>,
    ) -> LeaseRenewal {
        let senders = ids.into_iter().map(|id| (id, watch::Sender::new(false)));
        let running: Arc<Mutex<BTreeMap<_, _>>> = Arc::new(Mutex::new(senders.collect()));
        let theirs = Arc::clone(&running);
        if !lock(&running).is_empty() {
            renewals.spawn(renew(context, shop, lease, theirs));
        }
        LeaseRenewal { running }
    }

    /// For the task that does this effect.
    pub(super) fn watch(&self, id: EffectId) -> LeaseWatch {
        let lost = lock(&self.running)
            .entry(id)
            .or_insert_with(|| watch::Sender::new(false))
            .subscribe();
        LeaseWatch {
            id,
            running: Arc::clone(&self.running),
            lost,
        }
    }
}

fn lock(
    running: &Mutex<BTreeMap<EffectId, watch::Sender<bool>>>,
) -> std::sync::MutexGuard<'_, BTreeMap<EffectId, watch::Sender<bool>>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn renew(
    context: Context,
    shop: ShopId,
    lease: Lease,
    running: Arc<Mutex<BTreeMap<EffectId, watch::Sender<bool>>>>,
) {
    let settings = &context.config().worker;
    let lease_for = settings.lease;
    let every = duration(lease_for) / 3;
    loop {
        tokio::time::sleep(every).await;
        let effects: Vec<EffectId> = lock(&running).keys().copied().collect();
        if effects.is_empty() {
            return;
        }
        let request = Renew {
            shop,
            lease,
            effects: effects.clone(),
            lease_for,
        };
        match context.store().renew(request).await {
            Ok(held) => {
                let running = lock(&running);
                for id in effects.iter().filter(|id| !held.contains(id)) {
                    if let Some(lost) = running.get(id) {
                        tracing::warn!(effect = %id, "a lease was lost");
                        lost.send_replace(true);
                    }
                }
            }
            // The lease may still hold; the next renewal shows it, and every write about it is fenced.
            Err(error) => tracing::debug!(%error, "failed to renew a lease"),
        }
    }
}

impl LeaseWatch {
    /// Ends when the lease is lost.
    pub(super) async fn lost(&mut self) {
        // Without a sender it can no longer be lost.
        if self.lost.wait_for(|lost| *lost).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for LeaseWatch {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.id);
    }
}
