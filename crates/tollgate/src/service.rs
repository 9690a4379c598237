//! What a service manager is told (sd_notify): that the server is ready, reloads, stops, how it stands, and that it
//! makes progress. Without `NOTIFY_SOCKET` there is nobody to be told.

use std::time::Duration;

use sd_notify::NotifyState;

/// How much longer a start may take that waits for its database, each time that it is said.
const START_MORE: Duration = Duration::from_secs(30);

/// How often it is said.
pub(crate) const START_EVERY: Duration = Duration::from_secs(10);

/// Tells the service manager. Nobody is in need of it, so what fails is said once in the log and no more.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        static SAID: std::sync::Once = std::sync::Once::new();
        SAID.call_once(|| {
            tracing::warn!(%error, "the service manager cannot be told how it stands (NOTIFY_SOCKET)");
        });
    }
}

/// It starts, and may take longer than the unit says: a database that is away is waited for.
pub(crate) fn starting() {
    let more = u32::try_from(START_MORE.as_micros()).unwrap_or(u32::MAX);
    tell(&[
        NotifyState::ExtendTimeoutUsec(more),
        NotifyState::Status("starting: the database is not open yet"),
    ]);
}

/// It works, and how.
pub(crate) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// It reads its configuration again; [`ready`] ends that. The manager compares the time with that of its own order.
pub(crate) fn reloading() {
    let mut states = vec![NotifyState::Reloading];
    states.extend(NotifyState::monotonic_usec_now());
    states.push(NotifyState::Status("reading the configuration again"));
    tell(&states);
}

/// It was asked to stop.
pub(crate) fn stopping() {
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("stopping: finishing what runs"),
    ]);
}

/// Says that it makes progress, as often as the manager wants it (`WatchdogSec=`), for as long as it does: `progress`
/// ends when whatever must not stand still has answered; where it does not, the manager does what its unit says. Ends
/// at once where nobody watches.
pub(crate) async fn watch<F: Future<Output = ()>>(progress: impl Fn() -> F) {
    if let Some(within) = sd_notify::watchdog_enabled() {
        watch_within(within, progress, || tell(&[NotifyState::Watchdog])).await;
    }
}

/// The same, for a manager that wants a word within this time: it gets two.
async fn watch_within<F: Future<Output = ()>>(
    within: Duration,
    progress: impl Fn() -> F,
    say: impl Fn(),
) {
    let mut rounds = tokio::time::interval((within / 2).max(Duration::from_millis(1)));
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        progress().await;
        say();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{Semaphore, watch};

    use super::*;

    const WITHIN: Duration = Duration::from_millis(10);

    #[tokio::test]
    async fn what_makes_no_progress_is_not_said_to_make_some() {
        let (said, mut heard) = watch::channel(0);
        let going = Semaphore::new(3);
        let progress = || async { going.acquire().await.expect("it is open").forget() };
        let say = || said.send_modify(|count| *count += 1);
        let telling = async {
            heard
                .wait_for(|count| *count == 3)
                .await
                .expect("it is open");
            let more = tokio::time::timeout(WITHIN * 20, heard.changed()).await;
            assert!(more.is_err(), "it stands still");
            going.add_permits(1);
            heard
                .wait_for(|count| *count == 4)
                .await
                .expect("it is open");
        };
        tokio::select! {
            () = watch_within(WITHIN, progress, say) => {}
            () = telling => {}
        }
    }
}
